"""What a batch is known by, and what its files may not do: to the user's own ones, to each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Ran, hailuo
from tests.support.sellers import Sellers

ROWS = "id,provider,prompt\none,pixazo,A boat\ntwo,pixazo,A tree\n"


@pytest.fixture
def sellers(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sellers]:
    Path("clips.csv").write_text(ROWS)
    with Sellers() as opened:
        opened.configure(home, monkeypatch)
        yield opened


def run(*words: str) -> Ran:
    return hailuo("batch", "run", *words, "--yes")


@pytest.mark.parametrize("words", [("plan", "clips.csv"), ("report", "clips.csv")], ids=lambda words: words[0])
@pytest.mark.parametrize("name", ["clips.csv", "mine.html", "mine.md", "mine.jsonl"])
def test_what_is_no_plan_or_report_is_not_written_over(sellers: Sellers, words: tuple[str, ...], name: str) -> None:
    if not Path(name).exists():
        Path(name).write_text('{"id": "mine", "takes": 2}\n')
    before = Path(name).read_bytes()
    ran = hailuo("batch", *words, "-o", name)
    assert ran.code == 2
    assert f"{name} is there and is no" in ran.err
    assert Path(name).read_bytes() == before


@pytest.mark.parametrize("name", ["made.html", "made.md", "made.csv", "made.jsonl"])
def test_a_report_takes_the_place_of_an_earlier_one(sellers: Sellers, name: str) -> None:
    assert hailuo("batch", "report", "clips.csv", "-o", name).code == 0
    before = Path(name).read_text()
    assert run("clips.csv").code == 0
    assert hailuo("batch", "report", "clips.csv", "-o", name).code == 0
    assert Path(name).read_text() != before


@pytest.mark.parametrize("words", [("plan", "clips.csv"), ("report", "clips.csv")], ids=lambda words: words[0])
def test_an_empty_file_as_mktemp_makes_it_is_written_to(sellers: Sellers, words: tuple[str, ...]) -> None:
    Path("empty.md").touch()
    assert hailuo("batch", *words, "-o", "empty.md").code == 0
    assert Path("empty.md").stat().st_size > 0


def test_a_plan_takes_the_place_of_an_earlier_one(sellers: Sellers) -> None:
    assert [hailuo("batch", "plan", "clips.csv", "-o", "kept.json").code for _ in range(2)] == [0, 0]


def test_a_file_that_was_renamed_is_asked_about(sellers: Sellers) -> None:
    assert run("clips.csv").code == 0
    Path("clips.csv").rename("films.csv")
    plan = hailuo("batch", "plan", "films.csv")
    assert "every row is new" in plan.err
    assert "--name clips goes on with it" in plan.err
    assert run("films.csv", "--name", "clips").code == 0
    assert sellers.posts == 2


def test_the_name_of_a_batch_is_quoted_where_it_is_to_be_typed(sellers: Sellers) -> None:
    assert run("clips.csv", "--name", "all $(mine)").code == 0
    Path("clips.csv").rename("films.csv")
    assert "--name 'all $(mine)' goes on with it" in hailuo("batch", "plan", "films.csv").err


def test_a_record_of_another_batch_is_told(sellers: Sellers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run("clips.csv", "--record", "kept.record").code == 0
    monkeypatch.setenv("HAILUO_DATA_DIR", str(tmp_path / "another machine"))
    Path("films.csv").write_text(ROWS)
    plan = hailuo("batch", "plan", "films.csv", "--record", "kept.record")
    assert "the record is of clips" in plan.err


def test_a_record_is_given_what_runs_without_one_have_ordered(
    sellers: Sellers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("clips.csv", "--only", "one").code == 0
    assert run("clips.csv", "--record", "kept.record").code == 0
    monkeypatch.setenv("HAILUO_DATA_DIR", str(tmp_path / "another machine"))
    assert run("clips.csv", "--record", "kept.record").code == 0
    assert sellers.posts == 2


def test_the_line_that_goes_on_orders_no_failed_row_again() -> None:
    from hailuo_cli.cli.batch import _without_retry

    typed = ["batch", "run", "a.csv", "--retry", "failed", "--yes", "--retry=failed"]
    assert [*_without_retry(typed)] == ["batch", "run", "a.csv", "--yes"]
