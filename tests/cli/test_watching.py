"""What a person sees while jobs are waited for: what is left, told as a range, on a terminal of any width and on none."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest
from rich.console import Console

from hailuo_cli.cli.display import HEARTBEAT, Plain, Step, Tally, remaining
from hailuo_cli.cli.flags import Globals
from hailuo_cli.cli.follow import follow
from hailuo_cli.cli.progress import ROWS, Live
from hailuo_cli.cli.show import Show
from hailuo_cli.durations import spoken_range
from hailuo_cli.errors import JobFailed
from hailuo_cli.model import Job, JobState, RemoteState
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
    assert lines[-2:] == ["0 of 50 saved after 30 s", "12 of 50 saved, 1 failed after 1 min 00 s"]


# the live display


def shown(width: int, count: int, steps: Iterator[Step], tally: Tally) -> list[str]:
    """The lines of the display at its last moment."""
    console = Console(file=io.StringIO(), width=width, height=24, force_terminal=True, color_system=None)
    live = Live(tally, console)
    for step in steps:
        live.step(step)
    with console.capture() as captured:
        console.print(live.picture)
    return captured.get().splitlines()


def running(count: int) -> Iterator[Step]:
    eta = Eta(ABOUT_TWO_MINUTES, time.monotonic())
    return (Step(entry(n), "running (PROCESSING)", eta=eta) for n in range(count))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("count", [1, 2, 200])
def test_H11_the_display_is_a_line_a_job_at_any_width_and_never_taller_than_a_few(width: int, count: int) -> None:
    lines = shown(width, count, running(count), Tally(count, done=0))
    assert len(lines) == min(count, ROWS) + (count > 1) <= 8
    assert all(len(line) <= width for line in lines)
    assert all("min left" in line for line in lines[-min(count, ROWS) :])
    assert "running" in lines[-1]
    if count > 1:
        assert f"0 of {count} saved" in lines[0]
        assert entry(count - 1).id in lines[-1], "the jobs that moved last are the ones that are shown"


def test_a_job_that_ended_makes_room_and_is_counted() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    tally = Tally(3)
    live = Live(tally, console)
    for step in running(3):
        live.step(step)
    tally.done = 1
    live.end(entry(0))
    with console.capture() as captured:
        console.print(live.picture)
    assert "1 of 3 saved" in captured.get()
    assert entry(0).id not in captured.get()
    assert entry(2).id in captured.get()


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
