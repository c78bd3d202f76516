"""One batch, several machines: rows through a queue, each ordered once, whoever is killed."""

from __future__ import annotations

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Ran, Running, hailuo
from tests.support.postgres import execute
from tests.support.sellers import Sellers

GUARD = 300.0


@pytest.fixture
def sellers(home: Path, monkeypatch: pytest.MonkeyPatch, empty_database: str) -> Iterator[Sellers]:
    monkeypatch.setenv("HAILUO_LEDGER", empty_database)
    with Sellers(0.3) as found:
        found.configure(home, monkeypatch)
        yield found


def rows(*prompts: str, top: str = "") -> None:
    lines = [top, *(f'[[clip]]\nid = "row-{n}"\nprompt = "{prompt}"' for n, prompt in enumerate(prompts))]
    Path("clips.toml").write_text("\n".join(lines) + "\n")


def enqueued(*words: str) -> Ran:
    return hailuo("batch", "enqueue", "clips.toml", "--yes", "--json", *words)


def worker(monkeypatch: pytest.MonkeyPatch, home: Path, name: str, *words: str, first: str = "") -> Running:
    """A worker on a machine of its own."""
    monkeypatch.setenv("HAILUO_DATA_DIR", str(home / name / "data"))
    started = Running("batch", "work", "--output-root", str(home / name / "out"), *words, first=first)
    monkeypatch.setenv("HAILUO_DATA_DIR", str(home / "data"))
    return started


def states() -> Counter[str]:
    ran = hailuo("batch", "status", "clips", "--json")
    return Counter(row["state"] for row in ran.json["data"]["rows"])


def saved(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob("*/out/*.mp4"))


def test_two_workers_make_each_row_once_and_save_it_under_their_own_roots(
    home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers
) -> None:
    rows(*(f"A boat number {n}" for n in range(10)))
    ran = enqueued()
    assert ran.code == 0, ran
    assert ran.json["data"]["totals"]["by_state"] == {"queued": 10}
    assert enqueued().json["data"]["totals"]["orders"] == 0, "what is queued is not enqueued again"
    both = [worker(monkeypatch, home, name, "--once") for name in ("one", "two")]
    ended = [each.end(GUARD) for each in both]
    assert [one.code for one in ended] == [0, 0], ended
    assert Counter(sellers.orders) == Counter(f"A boat number {n}" for n in range(10))
    assert saved(home) == sorted(f"row-{n}.mp4" for n in range(10))
    for name in ("one", "two"):
        shutil.rmtree(home / name / "out")
    assert states() == {"missing": 10}, "saved, but not on this machine"
    assert hailuo("batch", "run", "clips.toml", "--yes", timeout=GUARD).code == 0
    assert len(sellers.orders) == 10
    assert states() == {"done": 10}


def test_a_picture_goes_by_its_content_and_a_worker_s_own_defaults_change_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers, frame: Path
) -> None:
    rows("A boat")
    text = Path("clips.toml").read_text()
    Path("clips.toml").write_text(f'{text}image = "{frame}"\n')
    assert enqueued().code == 0
    Path("clips.toml").unlink()
    ran = worker(monkeypatch, home, "one", "--once").end(GUARD)
    assert ran.code == 0, ran
    assert [path.read_bytes() for path in (home / "one" / "data" / "images").iterdir()] == [frame.read_bytes()]
    assert saved(home) == ["row-0.mp4"]


def test_a_budget_holds_for_all_workers_together(
    home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers, empty_database: str
) -> None:
    rows(*(f"A boat number {n}" for n in range(4)))
    assert enqueued("--budget", "1.39").code == 4, "4 × 0.35"
    assert execute(empty_database, "SELECT count(*) FROM hailuo_batches") == [(0,)]
    assert enqueued("--budget", "1.40").code == 0
    execute(empty_database, "UPDATE hailuo_batches SET budget = 1.00")
    ended = [worker(monkeypatch, home, name, "--once") for name in ("one", "two")]
    codes = [each.end(GUARD).code for each in ended]
    assert len(sellers.orders) == 2
    assert 4 in codes
    assert states() == {"done": 2, "new": 2}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_rows_of_a_worker_that_ended_go_on_with_another_one_and_cost_nothing_twice(
    number: int, home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers
) -> None:
    rows(*(f"A boat number {n}" for n in range(6)))
    sellers.seconds, sellers.orders_before_the_event = 5.0, 3
    assert enqueued().code == 0
    first = worker(monkeypatch, home, "one", "--at-once", "4")
    assert sellers.ordered.wait(GUARD)
    began = time.monotonic()
    first.signal(number)
    ended = first.end(GUARD)
    sellers.seconds = 0.2
    if number == signal.SIGTERM:
        assert time.monotonic() - began < 8
        assert ended.code in (143, 7), ended
    again = worker(monkeypatch, home, "one", "--once").end(GUARD)
    assert max(Counter(sellers.orders).values()) == 1
    found = states()
    assert found["done"] + found["unconfirmed"] == 6, found
    assert found["unconfirmed"] <= 1
    assert again.code == (7 if found["unconfirmed"] and number == signal.SIGKILL else 0), again


def test_a_row_whose_answer_was_lost_is_unconfirmed_and_a_failed_one_is_not_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers
) -> None:
    rows("LOST boat", "FAIL boat", "REFUSE boat", "A boat")
    sellers.slow_down = 2
    assert enqueued().code == 0
    patience = "import hailuo_cli.batch.fleet.work as work; work.NOT_SENT_PAUSE = 0.2"
    ran = worker(monkeypatch, home, "one", "--once", first=patience).end(GUARD)
    assert ran.code == 7, ran
    assert sorted(sellers.orders) == ["A boat", "FAIL boat", "LOST boat"]
    assert states() == {"unconfirmed": 1, "failed": 1, "refused": 1, "done": 1}
    assert worker(monkeypatch, home, "two", "--once").end(GUARD).code == 0
    assert len(sellers.orders) == 3


def test_run_with_a_fleet_enqueues_and_watches_to_the_end(
    home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers
) -> None:
    rows("A boat", "A ship")
    late = hailuo("batch", "run", "clips.toml", "--fleet", "--yes", "--timeout", "1", "--json", timeout=GUARD)
    assert late.code == 5, late
    assert late.json["data"]["totals"]["by_state"] == {"queued": 2}
    helper = worker(monkeypatch, home, "one", "--once")
    ran = hailuo("batch", "run", "clips.toml", "--fleet", "--yes", "--json", timeout=GUARD)
    assert helper.end(GUARD).code == 0
    assert ran.code == 0, ran
    assert ran.json["data"]["totals"]["by_state"] == {"done": 2}
    assert len(sellers.orders) == 2


@pytest.mark.parametrize(
    "words", [("enqueue", "clips.toml", "--yes"), ("work", "--once"), ("run", "clips.toml", "--fleet")]
)
def test_workers_need_a_ledger_that_machines_share(words: Any, home: Path) -> None:
    rows("A boat")
    ran = hailuo("batch", *words)
    assert ran.code == 2
    assert "HAILUO_LEDGER" in ran.err
