"""What is counted while jobs are waited for: failed is what failed or was refused, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hailuo_cli.batch.events import Delivered, NotOrdered, Ordered
from hailuo_cli.batch.planning import Action, Prepared, Take
from hailuo_cli.batch.rows import Row
from hailuo_cli.batch.states import RowState, Standing
from hailuo_cli.cli.batch_display import BatchDisplay, BatchTally
from hailuo_cli.cli.display import Silent, Tally
from hailuo_cli.cli.flags import Globals
from hailuo_cli.cli.follow import count_end
from hailuo_cli.cli.frame import Frame
from hailuo_cli.cli.show import Show
from hailuo_cli.config.profiles import Config
from hailuo_cli.errors import (
    AuthError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobFailed,
    StillRunning,
    Unconfirmed,
)
from hailuo_cli.model import Job, JobState
from hailuo_cli.orders.events import Finished
from hailuo_cli.request.pricing import Price

ENDS: list[tuple[JobState, HailuoError | None]] = [
    (JobState.SAVED, None),
    (JobState.FAILED, JobFailed("no luck")),
    (JobState.FAILED, ContentRefused("not this")),
    (JobState.UNCONFIRMED, Unconfirmed("who knows")),
    (JobState.SUBMITTED, StillRunning("it runs")),
    (JobState.SUCCEEDED, StillRunning("not saved")),
]


def job(state: JobState, error: HailuoError | None = None) -> Job:
    return Job("job00001", "pixazo", state, ticket="t", error_code=error.code if error else None)


def take() -> Take:
    account = Config(Path("hailuo.toml"), {}, None, {}).account("sandbox")
    prepared = Prepared(Row("a", 1, "A boat"), account, "m", 6, "768P", Price(), "h")
    return Take(prepared, 1, Standing(RowState.NEW), Action.ORDER)


def test_of_jobs_that_are_waited_for_those_in_doubt_and_those_that_go_on_have_not_failed() -> None:
    tally = Tally(7)
    for state, error in ENDS:
        count_end(tally, Finished(job(state, error), error))
    assert str(tally) == "1 of 7 saved, 2 failed, 1 unconfirmed, 2 unfinished"
    assert tally.left == 1, "all of them are over for the one who waits"
    frame = Frame([], tally, now=1.0, began=0.0, columns=80, height=24)
    assert frame.share == pytest.approx(6 / 7)


def test_of_a_batch_those_that_were_not_ordered_have_not_failed() -> None:
    tally = BatchTally(11, queued=10, running=1)
    display = BatchDisplay(Show(Globals(quiet=True)), Silent(), tally)
    for state, error in ENDS:
        display(Ordered(take(), job(JobState.SUBMITTED)))
        display(Delivered(take(), Finished(job(state, error), error)))
    refused = InvalidRequest("not so")
    display(NotOrdered(take(), refused.about(job(JobState.REFUSED, refused))))
    key = AuthError("no")
    display(NotOrdered(take(), key.about(job(JobState.REFUSED, key))))
    lost = Unconfirmed("lost")
    display(NotOrdered(take(), lost.about(replace(job(JobState.UNCONFIRMED), ticket=None))))
    assert (
        str(tally) == "1/11 done, 1 running, 1 queued, 3 failed, 2 unconfirmed, 2 unfinished, 1 not ordered, 0.00 USD"
    )
    assert tally.left == 2
