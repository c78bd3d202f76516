"""What the display shows at one moment: of one job, of several and of hundreds, in windows of any size."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from hailuo_cli.cli.display import Step, Tally, Told, name_of, remaining, told_by
from hailuo_cli.cli.frame import ASCII, BAR_FROM, MOST_ROWS, Frame, Marks, Row
from hailuo_cli.model import Job, JobState
from hailuo_cli.waiting.eta import DurationEstimate, Eta, estimate_duration

ABOUT_TWO_MINUTES = estimate_duration(120, [118.0, 121.0, 125.0, 117.0, 120.0]) or DurationEstimate(1, 1)
NOW = 50.0
EXAMPLES = Path(__file__).parents[2] / "examples"


def job(number: int, **facts: object) -> Job:
    given = {"ticket": f"a-long-ticket-of-a-seller-{number}", "prompt": f"Boat {number} on a pond at noon", **facts}
    return Job(f"job{number:05}", "pixazo", JobState.SUBMITTED, **given)  # type: ignore[arg-type]


def row(number: int, word: str = "running (PROCESSING)", share: float | None = 0.45, **facts: object) -> Row:
    step = Step(job(number), word, share, eta=Eta(ABOUT_TWO_MINUTES, 0.0), **facts)  # type: ignore[arg-type]
    return Row(step, name_of(step.job), began=0.0, moved=NOW, told=Told(share, NOW, 0.0) if share else None)


def frame(rows: list[Row], columns: int, height: int = 24, **facts: object) -> Frame:
    given = {"tally": Tally(len(rows)), **facts}
    return Frame(rows, now=NOW, began=0.0, columns=columns, height=height, **given)  # type: ignore[arg-type]


def lines(made: Frame) -> list[str]:
    return [line.plain for line in made.lines()]


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [1, 2, 3, 8, 24])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_H11_no_line_is_wider_and_no_display_higher_than_the_window(columns: int, height: int, count: int) -> None:
    shown = frame([row(number) for number in range(count)], columns, height).lines()
    assert 1 <= len(shown) <= max(1, height - 1)
    assert all(line.cell_len <= columns - len("^C") for line in shown), "Ctrl-C is echoed behind the last one"


@pytest.mark.parametrize("columns", [40, 59, 60, 80, 100, 160])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("share", [0.45, None])
def test_there_is_a_bar_from_60_columns_on(columns: int, count: int, share: float | None) -> None:
    shown = lines(frame([row(number, share=share) for number in range(count)], columns))
    assert all((Marks().full in line) is (columns >= BAR_FROM) for line in shown if "saved" not in line)


def test_the_picture_of_one_job() -> None:
    assert lines(frame([row(1)], 80)) == [
        "⠋ Boat 1 on a pond at noon  running  ━━━━━───────  45%  about 1 min left  50 s"
    ]
    assert lines(frame([row(1)], 60)) == ["⠋ Boat 1 …  running  ━━━━────  45%  about 1 min left  50 s"]
    assert lines(frame([row(1)], 40)) == ["⠋ running  45%  about 1 min left  50 s"]


def test_the_picture_of_several_jobs() -> None:
    waiting = row(2, "queued (WAIT)", None)
    loading = row(3, "downloading", 0.8, is_transfer=True, detail="4.2 MB 1.1 MB/s")
    assert lines(frame([row(1), waiting, loading], 80, tally=Tally(5, done=1, failed=1))) == [
        "1 of 5 saved, 1 failed  ━━━━━━━━━━━━━━━━━━━━━━──────────  69%  50 s",
        "⠋ Boat 1 on a pond at noon  running      ━━━━━━────────  45%  about 1 min left",
        "⠋ Boat 2 on a pond at noon  queued       ────────━━━───       under 2 min left",
        "⠋ Boat 3 on a pond at noon  downloading  ━━━━━━━━━━━───  80%  4.2 MB 1.1 MB/s",
    ]


def test_of_many_jobs_those_that_move_are_shown_and_the_others_counted() -> None:
    waiting = [row(number, "queued", None) for number in range(20)]
    moving = [row(number) for number in range(20, 28)]
    shown = lines(frame([*waiting, *moving], 80, height=12, tally=Tally(32, done=2)))
    assert [f"Boat {number} " in "".join(shown) for number in range(20, 28)] == [True] * 8
    assert shown[-1] == "  +21 more: 19 queued, 2 waiting"
    assert len(shown) == 11


def test_who_is_shown_stays_while_it_moves_and_gives_way_when_it_does_not() -> None:
    rows = [row(number) for number in range(MOST_ROWS + 5)]
    first = {each.step.job.id for each in frame(rows, 80).shown()}
    later = [Row(each.step, each.name, 0.0, NOW + number / 10) for number, each in enumerate(rows)]
    again = Frame(later, Tally(len(rows)), NOW + 5, 0.0, 80, 24, before=first)
    assert {each.step.job.id for each in again.shown()} == first
    stuck = [each if each.step.job.id in first else Row(each.step, each.name, 0.0, NOW + 60) for each in rows]
    at_last = Frame(stuck, Tally(len(rows)), NOW + 60, 0.0, 80, 24, before=first)
    assert {"job00012", "job00016"} <= {each.step.job.id for each in at_last.shown()}


def test_a_terminal_without_utf_8_gets_letters_that_it_has() -> None:
    assert all(line.isascii() for line in lines(frame([row(1), row(2)], 80, marks=ASCII)))


# names


@pytest.mark.parametrize(
    ("facts", "label", "name"),
    [
        ({}, None, "Boat 1 on a pond at noon"),
        ({"prompt": "A very long prompt that says everything there is to say"}, None, "A very long prompt that says everything…"),
        ({"prompt": "two\n  lines"}, None, "two lines"),
        ({"take": 2}, None, "Boat 1 on a pond at noon take 2"),
        ({"output": "/films/boat.mp4"}, None, "boat.mp4"),
        ({"output": "/films/boat.mp4", "take": 1}, None, "boat.mp4"),
        ({"output": "/films/boat.mp4", "take": 2}, None, "boat.take-2.mp4"),
        ({"output": "/films/{id}.mp4"}, None, "Boat 1 on a pond at noon"),
        ({"output": "/films/"}, None, "Boat 1 on a pond at noon"),
        ({"output": "/films/boat.mp4", "path": "/films/boat (1).mp4"}, None, "boat (1).mp4"),
        ({"output": "/films/boat.mp4", "label": "the boat"}, None, "the boat"),
        ({"row": "sku-1", "label": "the boat", "take": 2}, None, "sku-1 take 2"),
        ({"row": "sku-1"}, "sku-1 take 3", "sku-1 take 3"),
        ({"prompt": None}, None, "pixazo:a-long-ticket-of-a-seller-1"),
    ],
)  # fmt: skip
def test_a_job_is_called_by_its_row_its_name_its_file_or_the_beginning_of_its_prompt(
    facts: dict[str, object], label: str | None, name: str
) -> None:
    assert name_of(job(1, **facts), label) == name


# what is expected


def test_a_share_tells_what_is_left_from_when_the_work_began() -> None:
    eta = Eta(ABOUT_TWO_MINUTES, began=0.0)
    # it waited for 60 s at nothing, then made a quarter in 10 s
    assert remaining(eta, 70.0, Told(0.25, 70.0, nothing_at=60.0)) == "about 30 s left"
    assert remaining(eta, 80.0, Told(0.25, 70.0, nothing_at=60.0)) == "about 20 s left"
    # nothing is known of its beginning but the order's own time
    assert remaining(eta, 30.0, Told(0.5, 30.0)) == "about 30 s left"
    assert remaining(None, 70.0, Told(0.25, 70.0, nothing_at=60.0)) == "about 30 s left"


def test_a_share_that_tells_nothing_is_no_expectation() -> None:
    eta = Eta(ABOUT_TWO_MINUTES, began=0.0)
    assert remaining(eta, 1.0, Told(0.02, 1.0, 0.0)) == "1 to 3 min left"
    assert remaining(eta, 60.0, Told(0.9, 20.0, 0.0)) == "under 2 min left", "it stands still"
    assert remaining(eta, 900.0, Told(0.9, 20.0, 0.0)) == "longer than usual"
    assert remaining(None, 900.0, Told(0.9, 20.0)) == ""


def test_the_same_share_again_is_no_news() -> None:
    first = told_by(Step(job(1), "running", 0.0), None, 10.0)
    assert first == Told(0.0, 10.0, 10.0)
    then = told_by(Step(job(1), "running", 0.2), first, 20.0)
    assert then == Told(0.2, 20.0, 10.0)
    assert told_by(Step(job(1), "running", 0.2), then, 30.0) == then
    assert told_by(Step(job(1), "downloading", 0.2, is_transfer=True), then, 30.0) is None


# the picture of the README


def test_the_picture_in_the_README_is_made_by_the_display() -> None:
    spec = importlib.util.spec_from_file_location("draw_progress", EXAMPLES / "draw_progress.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    picture = (EXAMPLES / "progress.svg").read_text(encoding="utf-8")
    assert picture == script.svg(script.frame().lines()), "run python examples/draw_progress.py"
    assert {"lighthouse", "downloading", "45%", "1 of 4 saved"} <= set(re.findall(r">([^<>]+)</text>", picture))
    assert "](examples/progress.svg)" in (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
