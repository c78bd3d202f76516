"""Many jobs at once: nobody is forgotten, no provider is asked more often than it takes, and one thread reads."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_cli.errors import AuthError, DiskError, HailuoError, RateLimited, StillRunning
from hailuo_cli.model import RemoteState
from hailuo_cli.providers import Progress
from hailuo_cli.waiting import scheduler
from hailuo_cli.waiting.executors import Ended, ResumeAt, SerialExecutor, Task, ThreadExecutor
from hailuo_cli.waiting.polling import Pace, watch
from hailuo_cli.waiting.rate import BURST, RateLimiter
from hailuo_cli.waiting.scheduler import LAST_LOOKS
from tests.waiting.test_polling import DONE, RUNNING, Clock, Order, limited


def run(*how: Any, **more: Any) -> Iterator[tuple[Any, Any]]:
    """What the scheduler tells, with an end as what went wrong: None or an error."""
    for burst in scheduler.run(*how, **more):
        for key, item in burst:
            yield key, item.error if isinstance(item, Ended) else item


GUARD = 60.0
"""Seconds after which a test that hangs fails."""


def course(clock: Clock, looks: int) -> Order:
    """A job that is done after so many looks."""
    return Order(clock, [*[RUNNING] * looks, DONE])


def sequence(clock: Clock, jobs: Mapping[Any, Order], pace: Pace, limiter: RateLimiter) -> list[Task[Any, Any]]:
    chance = random.Random(5).random  # noqa: S311
    return [Task(key, watch(job, pace, clock, chance=chance), limiter) for key, job in jobs.items()]


def played(clock: Clock, tasks: list[Task[Any, Any]], deadline: float | None = None) -> dict[Any, Any]:
    """The last thing that each task said."""
    return dict(run(tasks, SerialExecutor(clock.sleep), clock, deadline))


def busiest(moments: list[float], span: float) -> int:
    """The most moments in any span."""
    ordered, most, start = sorted(moments), 0, 0
    for end, moment in enumerate(ordered):
        while moment - ordered[start] > span:
            start += 1
        most = max(most, end - start + 1)
    return most


def test_C8_the_looks_at_many_jobs_are_spread_from_the_first_one_on() -> None:
    clock = Clock()
    jobs = {n: course(clock, 2) for n in range(200)}
    assert set(played(clock, sequence(clock, jobs, Pace(5, 5), RateLimiter(10))).values()) == {None}
    moments = [moment for job in jobs.values() for moment in job.seen]
    assert len(moments) == 600
    assert busiest(moments, 0.1) <= 0.1 * 200
    assert busiest(moments, 10.0) <= 10 * 10 + BURST + 1


def test_every_job_is_looked_at_at_least_every_jobs_by_rate_and_30_seconds() -> None:
    clock = Clock()
    jobs = {n: course(clock, 8) for n in range(300)}
    played(clock, sequence(clock, jobs, Pace(10, 10), RateLimiter(10)))
    assert max(gap for job in jobs.values() for gap in job.gaps) <= 300 / 10 + 30 + 6


def test_C8_one_refusal_quiets_every_job_of_that_provider_and_of_no_other() -> None:
    clock = Clock()
    refused = {("a", n): Order(clock, [limited(60) if n == 3 else RUNNING, RUNNING, DONE]) for n in range(8)}
    others = {("b", n): course(clock, 3) for n in range(8)}
    tasks = sequence(clock, refused, Pace(5, 5), RateLimiter(10)) + sequence(clock, others, Pace(5, 5), RateLimiter(10))
    assert set(played(clock, tasks).values()) == {None}
    told = refused["a", 3].seen[0]
    after = [moment for job in refused.values() for moment in job.seen if moment > told]
    assert min(after) >= told + 60
    assert max(moment for job in others.values() for moment in job.seen) < told + 60, "the other provider goes on"


@dataclass
class Strict:
    """A server that takes so many requests a second and refuses the rest."""

    clock: Clock
    allowed: int
    seen: list[float] = field(default_factory=list)
    refused: int = 0

    def look(self) -> Progress:
        now = self.clock()
        self.seen.append(now)
        if sum(now - 1 < moment for moment in self.seen[-self.allowed - 1 :]) > self.allowed:
            self.refused += 1
            raise limited(1)
        return RUNNING


@pytest.mark.parametrize("allowed", [2, 7, 40])
def test_C8_a_provider_gets_at_most_twice_what_it_allows_and_little_of_it_in_vain(allowed: int) -> None:
    clock = Clock()
    server = Strict(clock, allowed)
    limiter = RateLimiter(100)
    end = clock() + 200
    tasks = [Task(n, watch(server.look, Pace(5, 5, end), clock), limiter) for n in range(500)]
    assert all(isinstance(last, StillRunning) for last in played(clock, tasks, end).values())
    settled = [moment for moment in server.seen if moment > server.seen[0] + 20]
    assert len(settled) <= 2 * allowed * 180
    assert len(settled) >= 0.4 * allowed * 180, "what it allows is made use of"
    assert server.refused < 0.3 * len(server.seen)


@settings(deadline=None)
@given(full=st.floats(0.1, 1000), lates=st.lists(st.floats(0, 5), min_size=5, max_size=60))
def test_a_quota_is_kept_however_late_the_requests_are(full: float, lates: list[float]) -> None:
    limiter, now, moments = RateLimiter(full), 100.0, list[float]()
    for late in lates:
        now = max(now, limiter.next_slot) + late
        limiter.acquire(now)
        moments.append(now)
    for first in range(len(moments)):
        for last in range(first + 1, len(moments)):
            assert last - first <= (moments[last] - moments[first]) * full * 1.001 + BURST + 1


def test_a_rate_that_was_halved_by_one_burst_of_refusals_comes_back_slowly() -> None:
    limiter = RateLimiter(10)
    for _ in range(8):
        limiter.on_response(100.0, 130.0)
    assert limiter.rate == 5, "answers to requests that were already out count once"
    assert limiter.next_slot == 130
    for _ in range(10):
        limiter.on_response(131.0, None)
    assert 5 < limiter.rate < 6
    for _ in range(1000):
        limiter.on_response(131.0, None)
    assert limiter.rate == 10


def test_C7_at_the_deadline_many_jobs_end_at_once_and_some_have_a_last_look() -> None:
    clock = Clock()
    jobs = {n: Order(clock, [RUNNING]) for n in range(500)}
    end = clock() + 60
    last = played(clock, sequence(clock, jobs, Pace(5, 5, end), RateLimiter(10)), end)
    assert len(last) == 500
    assert all(isinstance(said, StillRunning) for said in last.values())
    assert clock() <= end + LAST_LOOKS
    assert any(job.seen[-1] >= end for job in jobs.values())


def test_a_provider_with_a_long_line_does_not_keep_another_waiting() -> None:
    clock = Clock(look=1.0)
    many, few = {("many", n): course(clock, 4) for n in range(100)}, {"few": course(clock, 4)}
    played(clock, sequence(clock, many, Pace(5, 5), RateLimiter()) + sequence(clock, few, Pace(5, 5), RateLimiter()))
    assert max(job.seen[-1] for job in few.values()) < 1000 + 5 * (5 * 1.6 + 4)


# workers


def test_G21_looks_are_made_by_workers_and_what_they_ask_for_is_done_in_the_reader_s_thread() -> None:
    here, poll_workers, done = threading.get_ident(), set[int](), list[int]()

    def written() -> int:
        done.append(threading.get_ident())
        return 7

    def steps(executor: ThreadExecutor) -> Iterator[Any]:
        poll_workers.add(threading.get_ident())
        yield RUNNING
        assert executor.run_on_main_thread(written) == 7

    with ThreadExecutor(4, 4) as crew:
        ends = dict(run([Task(n, steps(crew)) for n in range(20)], crew, Clock()))
    assert set(ends.values()) == {None}
    assert set(done) == {here}
    assert here not in poll_workers
    assert len(done) == 20
    assert len(poll_workers) <= 4


def test_what_fails_in_the_reader_s_thread_fails_in_the_worker_that_asked_for_it() -> None:
    def full() -> None:
        raise DiskError("full")

    def steps(executor: ThreadExecutor) -> Iterator[Any]:
        try:
            executor.run_on_main_thread(full)
        except DiskError as error:
            raise AuthError(f"saw {error.message}") from error
        yield RUNNING

    with ThreadExecutor(2, 2) as crew:
        ((_, end),) = run([Task("one", steps(crew))], crew, Clock())
    assert isinstance(end, AuthError)
    assert end.message == "saw full"


def held_up(reader: ThreadExecutor, asked: threading.Event, waiting: int) -> Iterator[Any]:
    """Keeps the reader's thread until so many things wait for it."""

    def busy() -> None:
        asked.set()
        deadline = time.monotonic() + GUARD
        while reader._news.qsize() < waiting and time.monotonic() < deadline:
            time.sleep(0.001)

    reader.run_on_main_thread(busy)
    yield DONE


def test_what_came_while_the_reader_was_busy_comes_in_one_burst() -> None:
    asked = threading.Event()

    def steps() -> Iterator[Any]:
        asked.wait(GUARD)
        yield RUNNING

    with ThreadExecutor(4, 1) as crew:
        tasks = [Task(0, held_up(crew, asked, 6)), *(Task(n, steps()) for n in (1, 2, 3))]
        bursts = list(scheduler.run(tasks, crew, Clock()))
    (burst,) = (burst for burst in bursts if any(item is RUNNING for _, item in burst))
    assert {key for key, item in burst if item is RUNNING} == {1, 2, 3}


@pytest.mark.parametrize("fails", [False, True])
def test_what_several_want_written_down_is_written_in_one_go_before_any_of_them_goes_on(fails: bool) -> None:
    asked = threading.Event()
    log: list[str] = []

    @contextmanager
    def together() -> Iterator[None]:
        log.append("begin")
        yield
        if fails:
            raise DiskError("full")
        log.append("commit")

    def steps(executor: ThreadExecutor) -> Iterator[Any]:
        asked.wait(GUARD)
        executor.run_on_main_thread(lambda: log.append("write"))
        log.append("went on")
        yield RUNNING

    with ThreadExecutor(4, 1, together) as crew:
        tasks = [Task(0, held_up(crew, asked, 3)), *(Task(n, steps(crew)) for n in (1, 2, 3))]
        ends = dict(run(tasks, crew, Clock()))
    if fails:
        assert log == ["begin", *["write"] * 3]
        assert [str(ends[n]) for n in (1, 2, 3)] == ["full"] * 3
        assert len({id(ends[n]) for n in (1, 2, 3)}) == 3, "each is said of its own job"
    else:
        assert log == ["begin", *["write"] * 3, "commit", *["went on"] * 3]


def test_what_came_together_with_a_bug_is_heard_before_it() -> None:
    asked = threading.Event()

    def steps(error: Exception | None) -> Iterator[Any]:
        asked.wait(GUARD)
        yield RUNNING
        if error:
            raise error

    heard: list[Any] = []
    with ThreadExecutor(3, 1) as crew:
        tasks = [Task(0, held_up(crew, asked, 4)), Task(1, steps(None)), Task(2, steps(ZeroDivisionError()))]
        with pytest.raises(ZeroDivisionError):
            heard.extend(run(tasks, crew, Clock()))
    assert {(1, RUNNING), (2, RUNNING)} <= {(key, item) for key, item in heard if item is RUNNING}


def test_an_error_ends_its_own_job_and_a_bug_is_raised_where_it_is_read() -> None:
    def steps(error: Exception | None) -> Iterator[Any]:
        yield RUNNING
        if error:
            raise error

    with ThreadExecutor(3, 3) as crew:
        ends = dict(run([Task(1, steps(RateLimited("no"))), Task(2, steps(None))], crew, Clock()))
        assert isinstance(ends[1], HailuoError)
        assert ends[2] is None
        with pytest.raises(ZeroDivisionError):
            list(run([Task(1, steps(ZeroDivisionError())), Task(2, steps(None))], crew, Clock()))


def test_a_download_that_takes_long_does_not_hold_up_the_looks() -> None:
    looked, clock = threading.Event(), Clock()

    def download() -> Iterator[Any]:
        yield ResumeAt(clock(), is_download=True)
        yield looked.wait(GUARD)

    def look() -> Iterator[Any]:
        yield ResumeAt(clock())
        yield RUNNING
        looked.set()

    tasks: list[Task[Any, Any]] = [*(Task(f"download {n}", download()) for n in range(6)), Task("look", look())]
    with ThreadExecutor(1, 2) as crew:
        said = list(run(tasks, crew, clock))
    assert [item for _, item in said if item is False] == [], "every download saw the look"
    assert len([item for _, item in said if item is None]) == 7


def test_no_more_run_at_once_than_there_are_workers() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def steps() -> Iterator[Any]:
        for _ in range(3):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            threading.Event().wait(0.002)
            with lock:
                now[0] -= 1
            yield ResumeAt(0.0)

    with ThreadExecutor(5, 1) as crew:
        assert len(dict(run([Task(n, steps()) for n in range(60)], crew, Clock()))) == 60
    assert 1 < most[0] <= 5


def test_a_reader_that_leaves_early_leaves_no_worker_behind() -> None:
    def steps() -> Iterator[Any]:
        yield RUNNING
        yield Progress(RemoteState.RUNNING)

    before = threading.active_count()
    with ThreadExecutor(4, 4) as crew:
        next(run([Task(n, steps()) for n in range(9)], crew, Clock()))
    for thread in threading.enumerate():
        if thread.daemon and "_work_loop" in thread.name:
            thread.join(GUARD)
    assert threading.active_count() <= before


def test_a_download_that_rests_holds_no_worker_and_goes_on_in_its_time() -> None:
    clock = Clock()
    played: list[tuple[str, float]] = []

    def steps(name: str, rest: float) -> Iterator[Any]:
        yield ResumeAt(clock(), is_download=True)
        played.append((name, clock()))
        if rest:
            yield ResumeAt(clock() + rest, is_download=True)
            played.append((name, clock()))

    tasks = [Task("broken", steps("broken", 20.0)), Task("whole", steps("whole", 0.0))]
    list(run(tasks, SerialExecutor(clock.sleep), clock))
    assert {name for name, _ in played[:2]} == {"broken", "whole"}, "neither waits for the other"
    broken = [moment for name, moment in played if name == "broken"]
    assert broken[1] - broken[0] == pytest.approx(20.0)
