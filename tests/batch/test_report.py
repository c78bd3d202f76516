"""The report as tables, and what GitHub Actions is told: every text is a text there."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from hailuo_cli.batch.report import github, tables
from hailuo_cli.batch.report.outcomes import STATES, Report, RowOutcome, usd
from hailuo_cli.batch.report.page import as_html

HERE = Path("/srv/page")
DONE = RowOutcome(
    id="sku-1",
    take=1,
    state="done",
    prompt="A boat\nat dawn",
    provider="pixazo",
    model="hailuo-2.3",
    duration=6,
    resolution="768P",
    price_usd=Decimal("0.28"),
    price_source="pixazo.ai (2026-11-20)",
    output=str(HERE / "out" / "sku-1.mp4"),
    job="pixazo:t1",
    extra={"page": "home"},
)


def report(*rows: RowOutcome) -> Report:
    return Report("spring", rows, "2026-11-26T14:00:00Z")


def test_the_summary_counts_states_and_adds_exact_prices() -> None:
    rows = [replace(DONE, id=str(n), price_usd=Decimal("0.1")) for n in range(3)]
    rows += [replace(DONE, state="failed", price_usd=None), replace(DONE, state="new", job=None)]
    assert report(*rows).summary == "3 done, 1 new, 1 failed, 0.30 USD, 1 of unknown price"
    assert report().summary == "no rows, 0.00 USD"


@pytest.mark.parametrize(
    ("amount", "text"), [("0.28", "0.28 USD"), ("0.0525", "0.0525 USD"), ("13.3", "13.30 USD"), ("40", "40.00 USD")]
)
def test_an_amount_has_two_decimals_or_as_many_as_it_needs(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text


def test_json_lines_say_everything_and_paths_as_from_the_folder() -> None:
    (line,) = tables.as_jsonl(report(DONE), HERE).splitlines()
    found = json.loads(line)
    assert found["output"] == "out/sku-1.mp4"
    assert found["price_usd"] == 0.28
    assert found["extra"] == {"page": "home"}
    assert found["prompt"] == "A boat\nat dawn"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_cell_is_a_formula(start: str) -> None:
    nasty = f'{start}cmd|" /C calc"!A0'
    row = replace(DONE, prompt=nasty, error=nasty, model=nasty, extra={nasty: nasty, "n": -1})
    header, cells = csv.reader(io.StringIO(tables.as_csv(report(row), HERE), newline=""))
    assert all(not cell.startswith(("=", "+", "@", "\t", "\r")) for cell in header + cells)
    assert cells[header.index("prompt")] == f"'{nasty}"
    assert [cell for cell in cells if cell.startswith("-")] == ["-1"]  # a number stays one


def test_markdown_takes_nothing_for_markup() -> None:
    row = replace(DONE, state="failed", model="a|b", error="<script> `x` [link](http://a.b) **bold**\nnext | line")
    text = tables.as_markdown(report(row), HERE)
    line = next(line for line in text.splitlines() if line.startswith("| sku"))
    assert line.count(" | ") == 6
    assert "a\\|b" in line
    assert "\\<script\\>" in text
    assert "\\[link\\](http\\://a.b)" in text
    assert "next \\| line" in text


def test_a_step_summary_that_github_would_drop_is_only_the_totals() -> None:
    rows = [replace(DONE, id=f"row-{n}", model="m" * 3000) for n in range(1000)]
    assert github.step_summary(report(*rows), HERE) == "### spring\n\n1000 done, 280.00 USD.\n"
    assert "row-7" in github.step_summary(report(*rows[:10]), HERE)


def test_failures_are_annotations_and_nothing_of_them_is_a_command() -> None:
    row = replace(DONE, id="a", takes=2, take=2, state="failed", error="100%\n::set-output name=x::y")
    (line,) = github.error_annotations(report(DONE, row))
    assert line == "::error title=spring%3A a take 2::failed: 100%25%0A::set-output name=x::y"


def test_more_failures_than_github_shows_are_counted() -> None:
    lines = github.error_annotations(report(*(replace(DONE, id=str(n), state="unconfirmed") for n in range(25))))
    assert len(lines) == 10
    assert lines[-1].endswith("::16 more rows failed, were refused or are unconfirmed")


def test_the_page_names_every_state_and_finds_videos_from_its_folder() -> None:
    page = as_html(report(*(replace(DONE, state=state) for state in STATES)), HERE)
    assert all(f'data-state="{state}"' in page for state in STATES)
    assert 'src="out/sku-1.mp4"' in page
    assert 'src="../out/sku-1.mp4"' in as_html(report(DONE), HERE / "page")
    assert "http" not in page.replace("http-equiv", "").replace("https://", "http://").split("</style>")[0]
