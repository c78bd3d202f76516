"""What a person sees while jobs are waited for: what is left, told as a range, on a terminal of any width and on none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hailuo_cli.cli.closing import closing
from hailuo_cli.cli.display import HEARTBEAT, Plain, Step, Tally, remaining
from hailuo_cli.cli.flags import Globals
from hailuo_cli.cli.follow import follow
from hailuo_cli.cli.show import Result, Show
from hailuo_cli.durations import spoken_about, spoken_range
from hailuo_cli.errors import ContentRefused, JobFailed, StillRunning, Unconfirmed
from hailuo_cli.model import Job, JobState, NextStep, RemoteState
from hailuo_cli.orders.events import Event, Finished, StatusChecked
from hailuo_cli.providers import Progress
from hailuo_cli.waiting.eta import DurationEstimate, Eta, estimate_duration
from tests.waiting.test_polling import Clock

ABOUT_TWO_MINUTES = estimate_duration(120, [118.0, 121.0, 125.0, 117.0, 120.0]) or DurationEstimate(1, 1)


def entry(number: int) -> Job:
    return Job(f"job{number:05}", "pixazo", JobState.SUBMITTED, ticket=f"a-long-ticket-of-a-seller-{number}")


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (0, 4, "under 10 s"),
        (3, 41, "under 50 s"),
        (23, 47, "20 to 50 s"),
        (30, 95, "under 2 min"),
        (61, 170, "1 to 3 min"),
        (600, 6000, "under 2 h"),
    ],
)
def test_a_range_is_written_as_exactly_as_a_guess_deserves(low: float, high: float, written: str) -> None:
    assert spoken_range(low, high) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.1, "1 s"),
        (4.4, "4 s"),
        (12, "10 s"),
        (23, "25 s"),
        (57, "55 s"),
        (70, "1 min"),
        (1000, "17 min"),
        (9000, "2 h"),
    ],
)
def test_an_estimate_is_written_without_false_exactness(seconds: float, written: str) -> None:
    assert spoken_about(seconds) == written


def test_what_is_left_is_a_range_that_shrinks_and_then_an_admission() -> None:
    eta = Eta(ABOUT_TWO_MINUTES, began=1000.0)
    assert remaining(eta, 1000.0) == "1 to 3 min left"
    assert remaining(eta, 1060.0) == "under 2 min left"
    assert remaining(eta, 1900.0) == "longer than usual"
    assert remaining(None, 1000.0) == ""


# lines


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_a_change_and_a_heartbeat_with_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    plain = Plain(Show(Globals()), Tally(1), clock)
    step = Step(entry(1), "running", eta=Eta(ABOUT_TWO_MINUTES, clock()))
    for _ in range(8):
        plain.step(step)
        clock.now += HEARTBEAT / 3
    name = entry(1).called
    assert said(capsys) == [
        f"{name}: running",
        f"{name}: running after 30 s, under 3 min left",
        f"{name}: running after 1 min 00 s, under 2 min left",
    ]


def test_a_sign_of_life_comes_also_where_nothing_happens(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    plain = Plain(Show(Globals()), Tally(1), clock)
    for _ in range(3):
        clock.now += HEARTBEAT
        plain.tick()
        plain.tick()
    assert said(capsys) == [
        "0 of 1 saved after 30 s",
        "0 of 1 saved after 1 min 00 s",
        "0 of 1 saved after 1 min 30 s",
    ]


def test_a_file_that_comes_in_is_told_of_without_a_share_and_not_one_by_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for count in (1, 2):
        plain = Plain(Show(Globals()), Tally(count), Clock())
        plain.step(Step(entry(1), "downloading", 0.0, "0 B", is_transfer=True))
    assert said(capsys) == [f"{entry(1).called}: downloading"]


def test_each_of_several_jobs_is_named_by_its_reference_and_by_what_people_call_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = Plain(Show(Globals()), Tally(2), Clock())
    plain.step(Step(replace(entry(1), prompt="A boat"), "running"))
    plain.step(Step(entry(2), "running", label="sku-1"))
    assert said(capsys) == [f"{entry(1).called} (A boat): running", "sku-1: running"]


def test_the_heartbeat_of_many_jobs_is_one_line_that_counts_them(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    tally = Tally(50)
    plain = Plain(Show(Globals()), tally, clock)
    for _ in range(2):
        for number in range(50):
            plain.step(Step(entry(number), "running"))
        clock.now += HEARTBEAT
    tally.done, tally.failed = 12, 1
    for number in range(50):
        plain.step(Step(entry(number), "running"))
    lines = said(capsys)
    assert len(lines) == 50 + 2
    assert lines[-2:] == [
        "0 of 50 saved, 50 running after 30 s",
        "12 of 50 saved, 1 failed, 50 running after 1 min 00 s",
    ]


def test_following_counts_every_end_and_says_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = []
    for number in range(20):
        events.append(StatusChecked(entry(number), Progress(RemoteState.RUNNING, "PROCESSING")))
        events.append(Finished(entry(number), JobFailed(f"no luck {number}") if number % 5 == 0 else None))
    result = follow(events, Show(Globals(quiet=True)), one=False, count=20)
    assert len(result.data["jobs"]) == 20
    assert result.error
    assert result.error.exit == 8
    assert len([line for line in said(capsys) if "no luck" in line]) == 3, "the last one is said with the result"


def ended(state: JobState, price: float | None = 0.28, **facts: Any) -> Finished:
    return Finished(replace(entry(1), state=state, price_usd=price, reused=facts.pop("reused", None)), **facts)


@pytest.mark.parametrize(
    ("events", "missing", "line"),
    [
        ([ended(JobState.SAVED)] * 3, 0, "3 saved, 0.84 USD"),
        ([ended(JobState.SAVED), ended(JobState.FAILED, error=JobFailed("x"))], 0, "1 saved, 1 failed, 0.56 USD"),
        ([ended(JobState.SAVED, reused="saved"), ended(JobState.SAVED)], 0, "2 saved, 0.28 USD"),
        ([ended(JobState.SUBMITTED, None), ended(JobState.SUCCEEDED)], 0, "0 saved, 1 ready, 1 running, 0.28 USD, 1 of unknown price"),
        ([ended(JobState.FAILED, error=ContentRefused("x"))] * 2, 0, "0 saved, 2 refused, 0.56 USD"),
        ([ended(JobState.SAVED)], 2, "1 saved, 2 not ordered, 0.28 USD"),
        ([ended(JobState.UNCONFIRMED)] * 2, 0, "0 saved, 2 unconfirmed, 0.56 USD"),
    ],
)  # fmt: skip
def test_several_jobs_end_in_one_line(events: list[Finished], missing: int, line: str) -> None:
    assert closing(events, missing) == line


def test_where_nothing_is_to_be_saved_what_is_ready_counts() -> None:
    assert closing([ended(JobState.SUCCEEDED)] * 2, verb="ready") == "2 ready, 0.56 USD"
    assert closing([ended(JobState.SUBMITTED)], verb="ready") == "0 ready, 1 running, 0.28 USD"


def test_an_order_in_doubt_is_not_one_that_was_not_made() -> None:
    assert closing([ended(JobState.SAVED)], 2, [Unconfirmed("x")]) == "1 saved, 1 unconfirmed, 1 not ordered, 0.28 USD"


def test_of_several_failures_one_names_the_command_that_goes_on_with_all(capsys: pytest.CaptureFixture[str]) -> None:
    failures = [
        StillRunning(f"{entry(n).called} runs", next_step=NextStep("wait", (entry(n),))).about(entry(n))
        for n in range(3)
    ]
    show = Show(Globals())
    assert show.result(Result().with_failures([*failures, JobFailed("no luck")], show)) == 8
    lines = said(capsys)
    assert [line for line in lines if "hailuo wait" in line] == [
        f"  → hailuo wait {' '.join(entry(n).called for n in range(3))}"
    ]
    assert sum("runs" in line for line in lines) == 3
