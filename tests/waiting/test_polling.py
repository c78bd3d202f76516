"""Waiting with a clock of the test's own: when a job is looked at, what is shrugged off, when it is given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_cli.errors import (
    AuthError,
    BadReply,
    Bug,
    ContentRefused,
    HailuoError,
    JobFailed,
    JobGone,
    NetworkError,
    NotSent,
    RateLimited,
    Redirected,
    ServerTrouble,
    StillRunning,
    Unanswered,
    UnsafeReply,
    UsageError,
)
from hailuo_cli.model import RemoteState
from hailuo_cli.orders.context import Context
from hailuo_cli.providers import Progress
from hailuo_cli.waiting.executors import Ended, ResumeAt, SerialExecutor, Task
from hailuo_cli.waiting.polling import (
    GONE_LOOKS,
    LONGEST_GAP,
    LONGEST_RETRY_AFTER,
    LOOKS_WITHOUT_VIDEO,
    NEW_JOB_GRACE,
    SLOWEST,
    Pace,
    PollRetry,
    watch,
)
from hailuo_cli.waiting.scheduler import run

QUEUED = Progress(RemoteState.QUEUED, "queued")
RUNNING = Progress(RemoteState.RUNNING, "running")
DONE = Progress(RemoteState.DONE, "done", video="https://v.example/a.mp4")
NO_VIDEO = Progress(RemoteState.DONE, "done")
FAILED = Progress(RemoteState.FAILED, "failed", fault=JobFailed("no luck"))
Step = Progress | HailuoError
USUAL = Pace(10, 10)


@dataclass
class Clock:
    """A clock that only sleeping moves; every look costs `look` seconds."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    look: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Order:
    """Plays its course, the last step for good, and notes when it was looked at."""

    clock: Clock
    course: list[Step]
    seen: list[float] = field(default_factory=list)

    def __call__(self) -> Progress:
        self.seen.append(self.clock.now)
        assert len(self.seen) < 1000, "a watch without an end"
        self.clock.now += self.clock.look
        step = self.course.pop(0) if len(self.course) > 1 else self.course[0]
        if isinstance(step, HailuoError):
            raise step
        return step

    @property
    def gaps(self) -> list[float]:
        return [after - before for before, after in zip(self.seen, self.seen[1:], strict=False)]


def together(
    watches: Mapping[Any, Iterator[Any]], clock: Clock, deadline: float | None = None
) -> Iterator[tuple[Any, Any]]:
    """Every watch to its end in this thread, whose item is what went wrong or None; here no provider has a quota."""
    tasks = [Task(key, steps) for key, steps in watches.items()]
    for burst in run(tasks, SerialExecutor(clock.sleep), clock, deadline):
        for key, item in burst:
            yield key, item.error if isinstance(item, Ended) else item


def waited(
    course: list[Step], pace: Pace = USUAL, chance: Callable[[], float] = lambda: 0.0, **how: Any
) -> tuple[list[Progress | PollRetry | HailuoError | None], Order]:
    """Everything one watch said, and the job it looked at."""
    clock = Clock()
    job = Order(clock, course)
    if pace.deadline is not None:
        pace = Pace(pace.first, pace.floor, clock() + pace.deadline, pace.growing)
    watches = {"one": watch(job, pace, clock, chance=chance, **how)}
    return [item for _, item in together(watches, clock, pace.deadline)], job


@pytest.mark.parametrize("end", [DONE, FAILED, Progress(RemoteState.CANCELLED, "x"), Progress(RemoteState.GONE, "x")])
def test_a_watch_tells_every_look_and_ends_with_the_end(end: Progress) -> None:
    said, job = waited([QUEUED, RUNNING, end, RUNNING])
    assert said == [QUEUED, RUNNING, end, None]
    assert len(job.seen) == 3


def test_C5_a_job_that_is_over_is_not_looked_at_again() -> None:
    said, job = waited([DONE, RUNNING, DONE])
    assert said == [DONE, None]
    assert len(job.seen) == 1


def test_C4_an_unknown_word_is_waited_on() -> None:
    odd = Progress(RemoteState.RUNNING, "Pondering")
    assert waited([odd, odd, DONE])[0] == [odd, odd, DONE, None]


PASSING: list[HailuoError] = [
    NetworkError("x"),
    NotSent("x"),
    Unanswered("x"),
    ServerTrouble("x"),
    RateLimited("x"),
    BadReply("x"),
    UnsafeReply("x"),
    Redirected("x"),
]
LASTING: list[HailuoError] = [
    AuthError("x"),
    ContentRefused("x"),
    JobFailed("x"),
    UsageError("x"),
    Bug("x"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_C1_passing_trouble_is_survived_for_as_long_as_it_lasts(error: HailuoError) -> None:
    said, job = waited([RUNNING, *[error] * 30, DONE])
    assert said[0] == RUNNING
    assert said[-2:] == [DONE, None]
    troubles = [item for item in said if isinstance(item, PollRetry)]
    assert [trouble.tries for trouble in troubles] == list(range(1, 31))
    assert all(trouble.error is error for trouble in troubles)
    assert job.clock.now - job.seen[0] > 600


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_C3_E1_lasting_trouble_ends_the_watch_at_once(error: HailuoError) -> None:
    said, job = waited([RUNNING, error, DONE])
    assert said == [RUNNING, error]
    assert len(job.seen) == 2


@pytest.mark.parametrize("kind", [AuthError, ContentRefused, JobGone, JobFailed], ids=lambda kind: kind.__name__)
def test_what_somebody_on_the_way_says_never_ends_a_watch(kind: type[HailuoError]) -> None:
    page = kind("HTTP 4xx")
    page.is_foreign = True
    said, job = waited([RUNNING, *[page] * 10, DONE])
    assert said[-2:] == [DONE, None]
    assert len(job.seen) == 12


BOOM = Progress(RemoteState.FAILED, "BOOM_FAILED", fault=JobFailed("BOOM_FAILED is not in its documents"))
MAYBE = Progress(RemoteState.RUNNING, "BOOM_FAILED", if_repeated=BOOM)


def test_a_word_that_plainly_ends_a_job_ends_it_after_three_looks_in_a_row() -> None:
    assert waited([RUNNING, MAYBE, MAYBE, MAYBE, DONE])[0] == [RUNNING, MAYBE, MAYBE, BOOM, None]
    assert waited([MAYBE, MAYBE, RUNNING, MAYBE, MAYBE, DONE])[0][-2:] == [DONE, None]
    # a look that told nothing is between them and takes nothing back
    said, _ = waited([MAYBE, ServerTrouble("x"), MAYBE, MAYBE, DONE])
    assert said[-2:] == [BOOM, None]


def test_C1_after_a_good_look_trouble_is_counted_from_one_again() -> None:
    trouble = ServerTrouble("x")
    said, _ = waited([trouble, trouble, RUNNING, trouble, DONE])
    assert [item.tries for item in said if isinstance(item, PollRetry)] == [1, 2, 1]


def test_C1_trouble_is_backed_off_from_and_never_hammered() -> None:
    _, job = waited([*[ServerTrouble("x")] * 10, DONE], Pace(5, 5))
    assert job.gaps[:4] == [5, 10, 20, 40]
    assert job.gaps == sorted(job.gaps)
    assert max(job.gaps) == 60


def test_a_pause_of_the_user_s_that_is_longer_than_the_longest_backoff_is_kept() -> None:
    _, job = waited([*[ServerTrouble("x")] * 5, DONE], Pace(300, 10))
    assert set(job.gaps) == {300}


def limited(seconds: float | None, kind: type[RateLimited] | type[ServerTrouble] = RateLimited) -> HailuoError:
    error = kind("slow down")
    error.retry_after = seconds
    return error


@pytest.mark.parametrize("kind", [RateLimited, ServerTrouble])
@pytest.mark.parametrize(
    ("asked", "pause"), [(None, 10), (0, 10), (3, 10), (25, 25), (120, 120), (86_400, 120), (1e12, 120)]
)
def test_A8_C8_retry_after_is_kept_up_to_two_minutes(kind: Any, asked: float | None, pause: float) -> None:
    _, job = waited([limited(asked, kind), DONE])
    assert job.gaps == [pause]


@settings(deadline=None)
@given(
    asked=st.none() | st.floats(min_value=0, allow_infinity=True, allow_nan=False),
    tries=st.integers(1, 2000),
    first=st.floats(0.01, 60),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_T6_a_pause_is_never_longer_than_the_cap_nor_shorter_than_the_interval(
    asked: float | None, tries: int, first: float, chance: float
) -> None:
    clock = Clock()

    def look() -> Progress:
        raise limited(asked)

    items = watch(look, Pace(first, 0.01), clock, chance=lambda: chance)
    for _ in range(min(tries, 15)):
        trouble, rest = next(items), next(items)
        assert isinstance(trouble, PollRetry)
        assert isinstance(rest, ResumeAt)
        assert first <= trouble.wait <= LONGEST_RETRY_AFTER
        assert rest.when == clock() + trouble.wait
        clock.now = rest.when


def test_C6_a_job_that_is_done_time_after_time_without_a_video_is_given_up() -> None:
    said, job = waited([RUNNING, NO_VIDEO])
    assert len(job.seen) == 1 + 1 + LOOKS_WITHOUT_VIDEO
    assert isinstance(said[-1], UnsafeReply)
    assert said[-1].exit == 12


def test_C6_a_link_that_comes_a_moment_later_is_waited_for() -> None:
    assert waited([*[NO_VIDEO] * LOOKS_WITHOUT_VIDEO, DONE])[0][-2:] == [DONE, None]


def test_C2_a_new_job_that_the_provider_does_not_know_yet_is_waited_for() -> None:
    said, job = waited([*[JobGone("404")] * 3, RUNNING, DONE], Pace(5, 5), is_new=True)
    assert [type(item) for item in said] == [PollRetry, PollRetry, PollRetry, Progress, Progress, type(None)]
    assert job.seen[2] - job.seen[0] < NEW_JOB_GRACE


def test_C2_a_new_job_that_stays_unknown_for_a_minute_is_a_network_error_and_not_gone() -> None:
    said, job = waited([JobGone("404")], Pace(5, 5), is_new=True)
    assert isinstance(said[-1], NetworkError)
    assert said[-1].exit == 6
    assert job.seen[-1] - job.seen[0] > NEW_JOB_GRACE


def test_C14_a_job_that_was_seen_once_and_is_unknown_again_and_again_is_gone() -> None:
    said, job = waited([RUNNING, JobGone("404")], is_new=True)
    assert isinstance(said[-1], JobGone)
    assert len(job.seen) == 1 + GONE_LOOKS
    assert waited([RUNNING, JobGone("404"), JobGone("404"), DONE], is_new=True)[0][-2:] == [DONE, None]


# when


@pytest.mark.parametrize("deadline", [0, 1, 5, 30, 95, 3600])
def test_C7_a_job_that_does_not_end_is_given_up_at_the_deadline_after_a_last_look(deadline: float) -> None:
    said, job = waited([RUNNING], Pace(10, 10, deadline))
    assert isinstance(said[-1], StillRunning)
    assert said[-1].exit == 5
    assert job.clock.now - job.seen[0] == deadline
    assert job.seen[-1] == job.clock.now


def test_C7_trouble_to_the_end_is_still_running_too() -> None:
    said, job = waited([limited(86_400)], Pace(10, 10, 30))
    assert isinstance(said[-1], StillRunning)
    assert job.clock.now - job.seen[0] == 30


def test_C7_a_video_that_is_ready_at_the_deadline_is_not_given_up() -> None:
    assert waited([RUNNING, RUNNING, RUNNING, DONE], Pace(10, 10, 25, growing=False))[0][-2:] == [DONE, None]


def test_C7_slow_looks_do_not_stretch_the_deadline() -> None:
    clock = Clock(look=7.0)
    job = Order(clock, [RUNNING])
    said = list(together({1: watch(job, Pace(10, 10, clock() + 60), clock)}, clock))
    assert isinstance(said[-1][1], StillRunning)
    assert clock.now <= 1000 + 60 + 7


def test_B11_a_process_that_was_stopped_past_its_deadline_looks_once_more() -> None:
    clock = Clock()
    for course, end in (([RUNNING, DONE], DONE), ([RUNNING, RUNNING], None)):
        job = Order(clock, list(course))
        steps = watch(job, Pace(10, 10, clock() + 60), clock)
        assert next(steps) is RUNNING
        clock.now += 600
        assert next(steps) == ResumeAt(clock.now)
        assert next(steps) is (end or RUNNING)
        if end is None:
            with pytest.raises(StillRunning):
                next(steps)


def test_C16_looks_grow_rarer_up_to_three_times_the_interval() -> None:
    _, job = waited([*[RUNNING] * 40, DONE])
    assert [round(gap, 6) for gap in job.gaps[:3]] == [10, 11, 12.1]
    assert job.gaps == sorted(job.gaps)
    assert max(job.gaps) == 10 * SLOWEST


def test_C16_an_interval_that_was_asked_for_stays_as_it_is() -> None:
    _, job = waited([*[RUNNING] * 40, DONE], Pace(12, 10, growing=False))
    assert {round(gap, 6) for gap in job.gaps} == {12}


def test_C16_no_interval_is_below_the_provider_s_own() -> None:
    _, job = waited([*[RUNNING] * 10, DONE], Pace(0.5, 10, growing=False))
    assert {round(gap, 6) for gap in job.gaps} == {10}


def test_looks_are_sparse_early_and_dense_around_the_expected_end() -> None:
    job_takes_about = 1000 + 300

    def aim(now: float) -> float:
        return abs(job_takes_about - now) / 2

    _, job = waited([*[RUNNING] * 40, DONE], Pace(5, 5, aim=aim))
    assert job.gaps[0] == LONGEST_GAP, "a job may fail early, so somebody looks now and then"
    around = [after - before for before, after in zip(job.seen, job.seen[1:], strict=False) if 1290 < before < 1305]
    assert around
    assert set(around) == {5}


@settings(deadline=None)
@given(
    floor=st.floats(0.05, 60),
    asked=st.lists(st.floats(0, 1e9), min_size=1),
    chances=st.lists(st.floats(0, 1), min_size=1),
)
def test_C16_no_look_is_nearer_than_the_provider_s_interval_whatever_is_expected(
    floor: float, asked: list[float], chances: list[float]
) -> None:
    gaps, draws = iter(asked * 30), iter(chances * 30)
    pace = Pace(floor, floor, aim=lambda _: next(gaps))
    _, job = waited([*[RUNNING] * 20, DONE], pace, chance=lambda: next(draws))
    assert all(floor * 0.999 <= gap <= max(LONGEST_GAP, floor) * 1.0501 for gap in job.gaps)


def test_C7_an_expected_end_far_away_does_not_move_the_deadline() -> None:
    said, job = waited([RUNNING], Pace(5, 5, 50, aim=lambda _: 1000.0))
    assert isinstance(said[-1], StillRunning)
    assert job.clock.now - job.seen[0] == 50
    assert job.seen[-1] == job.clock.now


def test_trouble_is_backed_off_from_as_ever_where_an_end_is_expected() -> None:
    _, job = waited([RUNNING, limited(33), RUNNING, DONE], Pace(5, 5, aim=lambda _: 0.0))
    assert job.gaps == [5, 33, 5]


@settings(deadline=None)
@given(
    first=st.floats(0.01, 100),
    floor=st.floats(0.05, 60),
    chances=st.lists(st.floats(0, 1), min_size=1),
    count=st.integers(1, 40),
)
def test_C16_jitter_only_lengthens_a_pause_and_by_a_fifth_at_most(
    first: float, floor: float, chances: list[float], count: int
) -> None:
    draws = iter(chances * 50)
    _, job = waited([*[RUNNING] * count, DONE], Pace(first, floor), chance=lambda: next(draws))
    base = max(first, floor)
    assert all(base * 0.999 <= gap <= base * SLOWEST * 1.2001 for gap in job.gaps)


def test_C9_waiting_goes_by_the_monotonic_clock() -> None:
    nothing: Any = None
    assert Context(nothing, nothing, nothing, nothing).clock is time.monotonic


def test_C9_the_wall_clock_may_jump_while_a_job_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = iter([1e9, 1e9 + 365 * 86_400, 1e9 - 86_400] * 100)
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    said, job = waited([RUNNING], Pace(10, 10, 95))
    assert isinstance(said[-1], StillRunning)
    assert job.clock.now - job.seen[0] == 95


# many jobs in one thread


def test_every_job_is_looked_at_in_its_own_time_and_ends_on_its_own() -> None:
    clock = Clock()
    courses: dict[str, list[Step]] = {
        "quick": [DONE],
        "slow": [*[RUNNING] * 20, DONE],
        "refused": [RUNNING, AuthError("no")],
        "troubled": [*[ServerTrouble("x")] * 3, DONE],
    }
    jobs = {name: Order(clock, course) for name, course in courses.items()}
    watches = {name: watch(job, Pace(10, 10), clock, chance=lambda: 0.0) for name, job in jobs.items()}
    ends: dict[str, Any] = {}
    for name, item in together(watches, clock):
        assert name not in ends
        if item is None or isinstance(item, HailuoError):
            ends[name] = item
    assert list(ends) == ["quick", "refused", "troubled", "slow"]
    assert isinstance(ends["refused"], AuthError)
    assert [len(jobs[name].seen) for name in courses] == [1, 21, 2, 4]
    assert jobs["slow"].gaps[0] == 10, "the trouble of one does not slow another"


def test_C8_a_429_to_every_job_quiets_every_job() -> None:
    clock = Clock()
    jobs = {n: Order(clock, [limited(30), RUNNING, DONE]) for n in range(500)}
    chances = iter([n % 100 / 100 for n in range(10_000)])
    watches = {n: watch(job, Pace(10, 10), clock, chance=lambda: next(chances)) for n, job in jobs.items()}
    assert sum(item is None for _, item in together(watches, clock)) == 500
    second = sorted(job.seen[1] for job in jobs.values())
    assert second[0] >= 1000 + 30
    assert second[-1] <= 1000 + 36.01
    tenths = [int(moment * 10) for moment in second]
    assert max(tenths.count(tenth) for tenth in set(tenths)) <= 50, "not all in the same tenth of a second"


def test_looks_that_take_long_keep_their_turn() -> None:
    clock = Clock(look=3.0)
    jobs = {n: Order(clock, [*[RUNNING] * 5, DONE]) for n in range(10)}
    watches = {n: watch(job, Pace(10, 10), clock) for n, job in jobs.items()}
    list(together(watches, clock))
    for job in jobs.values():
        assert max(job.gaps) <= 10 * SLOWEST * 1.2 + 10 * 3, "nobody is starved"


def test_nothing_to_watch_ends_at_once_and_an_exception_that_is_ours_alone_escapes() -> None:
    clock = Clock()
    assert list(together({}, clock)) == []

    def broken() -> Iterator[Any]:
        yield RUNNING
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(together({1: broken()}, clock))


def test_a_watch_that_is_left_alone_asks_nothing() -> None:
    clock = Clock()
    job = Order(clock, [DONE])
    items = watch(job, Pace(10, 10), clock)
    assert job.seen == []
    assert next(items) == DONE
