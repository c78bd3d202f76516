"""A ledger that release 0.1.0 made (version 6, kept as a file) is brought up to date with nothing lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hailuo_cli.errors import Unconfirmed
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from hailuo_cli.orders.duplicates import Again

RELEASE = Path(__file__).with_name("release-0.1.0.sqlite3")
STATES = {
    "a saved bear": ("saved", "t-saved", "bear"),
    "a running fox": ("submitted", "t-running", None),
    "a failed owl": ("failed", "t-failed", "owl"),
    "an unconfirmed cat": ("unconfirmed", None, None),
    "a refused dog": ("refused", None, None),
    "a hen that was not sent": ("not_sent", None, None),
    "a gone elk": ("gone", "t-gone", None),
}


@pytest.fixture
def path(home: Path) -> Path:
    folder = home / "data"
    folder.mkdir(mode=0o700)
    return Path(shutil.copy(RELEASE, folder / "ledger.sqlite3"))


def test_every_job_is_there_with_its_state_ticket_and_key(path: Path) -> None:
    with Ledger(path) as ledger:
        jobs = {job.prompt: job for job in ledger.recent()}
        assert {prompt: (job.state.value, job.ticket, job.dedupe_key) for prompt, job in jobs.items()} == STATES
        assert all(job.request_hash is None for job in jobs.values())
        assert ledger.answer(jobs["an unconfirmed cat"]) == "<html>"
        assert ledger.durations(jobs["a saved bear"], 5) == [93.0]
        assert len(ledger.id) == 16
    assert path.with_name("ledger.sqlite3.v6.backup").exists()


def test_its_unconfirmed_order_blocks_the_same_request_and_its_key_stands_for_its_video(path: Path) -> None:
    with Ledger(path) as ledger:
        cat = Job("", "pixazo", JobState.SUBMITTING, prompt="an unconfirmed cat", duration=6, resolution="768P")
        with pytest.raises(Unconfirmed):
            ledger.begin(
                Job(**{**vars(cat), "request_hash": "h", "command": "submit"}),
                lambda earlier: Again().choose(earlier, cat, 2e9),
            )
        bear = Job("", "pixazo", JobState.SUBMITTING, prompt="a saved bear", dedupe_key="bear", command="submit")
        found, is_new = ledger.begin(bear, lambda earlier: Again().choose(earlier, bear, 2e9))
        assert (is_new, found.reused, found.ticket) == (False, "saved", "t-saved")
        owl = Job("", "pixazo", JobState.SUBMITTING, prompt="a failed owl", dedupe_key="owl", command="submit")
        assert ledger.begin(owl, lambda earlier: Again().choose(earlier, owl, 2e9))[1], "a failed job gives its key up"


def test_a_failure_that_was_final_then_may_be_revised_now(path: Path) -> None:
    with Ledger(path) as ledger:
        owl = ledger.by_ticket("pixazo", "t-failed")
        assert owl is not None
        assert ledger.move(owl, JobState.SUCCEEDED).state is JobState.SUCCEEDED
