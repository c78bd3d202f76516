"""Where a take stands, from what was ordered for it."""

from __future__ import annotations

import pytest

from hailuo_cli.batch.states import RowState, standing
from hailuo_cli.model import Job, JobState


def job(state: JobState, request_hash: str = "same") -> Job:
    return Job(f"id-{state}", "pixazo", state, request_hash=request_hash, row="r", take=1)


@pytest.mark.parametrize("request_hash", ["same", "another"])
def test_an_order_that_a_living_process_makes_is_under_way_and_not_in_doubt(request_hash: str) -> None:
    found = standing("same", [job(JobState.FAILED), job(JobState.SUBMITTING, request_hash)], lambda _: False)
    assert found.state is (RowState.RUNNING if request_hash == "same" else RowState.CHANGED)
    assert found.job
    assert found.job.state is JobState.SUBMITTING


def test_an_unconfirmed_order_counts_above_all() -> None:
    attempts = [job(JobState.UNCONFIRMED), job(JobState.SAVED)]
    assert standing("same", attempts, lambda _: True).state is RowState.UNCONFIRMED
