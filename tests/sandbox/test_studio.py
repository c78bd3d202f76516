"""The sandbox's jobs: listed, and stopped before they end. What it draws is in test_animatic."""

from __future__ import annotations

from pathlib import Path

from hailuo_cli.sandbox.server import Studio
from tests.support.command import hailuo, ledger_rows


def test_a_job_is_stopped_before_it_ends_and_not_after(tmp_path: Path) -> None:
    clock = [1000.0]
    studio = Studio(tmp_path, now=lambda: clock[0])
    slow = studio.order({"prompt": "a bear", "seconds": 60})
    assert studio.cancel(slow) == {"id": slow, "status": "cancelled"}
    doomed = studio.order({"prompt": "a bear", "seconds": 1, "fail": "no luck"})
    clock[0] += 2
    assert studio.cancel(doomed) == studio.look(doomed) == {"id": doomed, "status": "failed", "error": "no luck"}
    assert studio.cancel("sbx_0000000000000000") is None


def test_the_newest_jobs_come_first(tmp_path: Path) -> None:
    clock = [0.0]
    studio = Studio(tmp_path, now=lambda: clock[0])
    for number in range(3):
        clock[0] = float(number)
        studio.order({"prompt": f"bear {number}"})
    listed = studio.listed()
    assert [job["prompt"] for job in listed] == ["bear 2", "bear 1", "bear 0"]
    assert listed[0]["created_at"] == "1970-01-01T00:00:02+00:00"


def test_an_order_whose_answer_was_lost_is_found_in_the_list_of_the_sandbox(home: Path) -> None:
    lost = (
        "import os; from hailuo_cli.sandbox.server import Studio; take = Studio.order\n"
        "Studio.order = lambda self, body: (take(self, body), os._exit(86))"
    )
    assert hailuo("submit", "a bear", "-p", "sandbox", first=lost).code == 86
    found = hailuo("jobs", "resolve", "@last")
    assert found.code == 0, found.err
    assert ledger_rows(home) == [("submitted", found.out.strip().partition(":")[2])]


def test_a_job_is_cancelled_by_the_command(home: Path) -> None:
    ordered = hailuo("submit", "a bear", "-p", "sandbox", "--param", "seconds=60").out.strip()
    cancelled = hailuo("cancel", ordered)
    assert cancelled.code == 0, cancelled.err
    assert ledger_rows(home) == [("cancelled", ordered.partition(":")[2])]
    assert hailuo("status", ordered, "--json").json["data"]["jobs"][0]["state"] == "cancelled"
