"""`hailuo sandbox clean` takes away what nobody waits for, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from hailuo_cli.sandbox.tidying import UNSETTLED_SECONDS, Tidied, tidy
from tests.support.command import hailuo

NOW = 2_000_000_000.0


def kept_job(folder: Path, name: str, file: str, age: float = 0.0, size: int = 100) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / file).write_bytes(b"x" * size)
    os.utime(folder / name, (NOW - age, NOW - age))


def test_what_has_ended_goes_and_what_is_wanted_or_at_work_stays(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    kept_job(folder, "sbx_done", "video.mp4")
    kept_job(folder, "sbx_wanted", "video.mp4")
    kept_job(folder, "sbx_failed", "error.txt", size=7)
    kept_job(folder, "sbx_cancelled", "cancelled", size=5)
    kept_job(folder, "sbx_at_work", "job.json")
    kept_job(folder, "sbx_forgotten", "job.json", age=UNSETTLED_SECONDS + 1, size=1)
    kept_job(folder, "sbx_half.new", "job.json", age=UNSETTLED_SECONDS + 1, size=2)
    kept_job(folder, "sbx_almost.gone", "job.json", size=3)
    kept_job(folder, "somebody's", "video.mp4")
    assert tidy(folder, {"sbx_wanted"}, now=lambda: NOW) == Tidied(4, 100 + 7 + 5 + 1 + 2 + 3, 2)
    assert sorted(place.name for place in folder.iterdir()) == ["sbx_at_work", "sbx_wanted", "somebody's"]
    assert tidy(folder, set(), now=lambda: NOW) == Tidied(1, 100, 1)


def test_where_there_never_was_a_sandbox_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert tidy(tmp_path / "none", set()) == Tidied(0, 0, 0)


@pytest.mark.parametrize("state", [JobState.SUBMITTED, JobState.SAVED])
def test_a_job_that_the_ledger_still_wants_is_kept(home: Path, state: JobState) -> None:
    kept_job(home / "data" / "sandbox", "sbx_0123456789abcdef", "video.mp4")
    with Ledger(home / "data" / "ledger.sqlite3") as ledger:
        job, _ = ledger.begin(Job("", "sandbox", JobState.SUBMITTED, ticket="sbx_0123456789abcdef"))
        if state is JobState.SAVED:
            ledger.move(ledger.move(job, JobState.SUCCEEDED), JobState.SAVED)
    ran = hailuo("sandbox", "clean")
    said = "removed 0 jobs of the sandbox, 0 B; 1 kept that are not done"
    assert ran.out.strip() == (said if state is JobState.SUBMITTED else "removed 1 job of the sandbox, 100 B")
    assert (home / "data" / "sandbox" / "sbx_0123456789abcdef").exists() is (state is JobState.SUBMITTED)
