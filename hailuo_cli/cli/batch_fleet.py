"""`hailuo batch enqueue`, `work` and `run --fleet`: one batch for any number of machines."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import durations
from ..batch import documents, limits
from ..batch.planning import Plan
from ..batch.run import Outcome
from ..batch.states import RowState
from ..batch.words import counted, some
from ..documents import job_document
from ..errors import DiskError, HailuoError, JobFailed, LedgerError, Unconfirmed, UsageError
from ..orders.events import Finished, StatusChecked
from ..request import build
from .batch import refused_rows
from .batch_options import PaceOptions, SpendingOptions
from .batch_run import must_be_allowed, worst_of
from .show import Result, Show

if TYPE_CHECKING:
    from ..batch.fleet.work import Done, Worked
    from ..batch.workspace import Asked, Opened, Workspace
    from ..ledger.postgres import PostgresLedger
    from ..orders.context import Context

WATCH_SECONDS = 1.0
PENDING = frozenset((RowState.QUEUED, RowState.RUNNING, RowState.READY))


def enqueue_batch(
    context: Context, workspace: Workspace, asked: Asked, spending: SpendingOptions, show: Show
) -> Result:
    """Hand what a run would order to the workers. Nothing is enqueued that was not shown and allowed."""
    ledger = _shared(context)
    opened = workspace.open(_for_workers(asked))
    if refused := refused_rows(opened, show):
        return refused
    with workspace.known.running(opened.batch):
        _enqueued(context, ledger, opened, spending, show)
    return Result(_document(workspace.again(opened, asked), opened.plan))


def run_by_fleet(
    context: Context, workspace: Workspace, asked: Asked, spending: SpendingOptions, pace: PaceOptions, show: Show
) -> Result:
    """Hand the rows to the workers and watch until all of them have ended, or the time is up."""
    ledger = _shared(context)
    opened = workspace.open(_for_workers(asked))
    if refused := refused_rows(opened, show):
        return refused
    limit = None if pace.timeout is None else durations.seconds(pace.timeout)
    with workspace.known.running(opened.batch):
        _enqueued(context, ledger, opened, spending, show)
        final = _watched(context, workspace, opened, asked, limit, show)
    error = worst_of(Outcome(), final, True, show)
    left = [take.row.id for take in final.takes if take.state in (RowState.NEW, RowState.CHANGED)]
    if error is None and left:
        error = JobFailed(f"{counted(len(left), 'row')} not ordered: {some(left)}", hint="the workers say why")
    return Result(_document(final, opened.plan), error=error)


def work_for_fleet(context: Context, root: Path, at_once: int, once: bool, show: Show) -> Result:
    """Work until a signal comes, or until nothing is left to claim; videos go where their rows say, under `root`."""
    ledger = _shared(context)
    from ..batch.fleet.queue import Queue
    from ..batch.fleet.rates import SharedLimiter
    from ..batch.fleet.task_orders import Folders
    from ..batch.fleet.work import WorkOptions, work
    from ..config.paths import data_folder

    options = WorkOptions(Folders(root, data_folder(os.environ) / "images"), at_once, once)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"cannot make the folder {root}: {error.strerror}") from error
    context.limiter = lambda place, rate: SharedLimiter(ledger.store, place, rate, context.clock)
    with Queue(ledger.server) as queue:
        show.say(f"working for {ledger.name}; videos go to {root.absolute()}")
        done = work(context, ledger, queue, options, lambda worked: _tell(worked, show))
        elsewhere = 0
        with suppress(LedgerError):
            elsewhere = len(queue.under_way())
    show.say(f"{len(done.ordered)} ordered, {done.saved} saved, {len(done.errors)} came to nothing")
    if elsewhere:
        show.say(f"{counted(elsewhere, 'row')} with other workers; those of one that died come back after a minute")
    data = {"ordered": len(done.ordered), "saved": done.saved, "failed": len(done.errors)}
    return Result(data, error=_worst_of_worker(done))


def _for_workers(asked: Asked) -> Asked:
    """The same for a command that can take a row out of the queue again."""
    from ..batch.fleet.enqueue import replaces

    return replace(asked, rules=replace(asked.rules, replaces=replaces))


def _enqueued(context: Context, ledger: PostgresLedger, opened: Opened, spending: SpendingOptions, show: Show) -> None:
    from ..batch.fleet.enqueue import enqueue, tasks_of
    from ..batch.fleet.queue import Queue

    plan = opened.plan
    assume = build.usd("--assume-price", spending.assume_price)
    budgets = [build.usd("--budget", spending.budget), opened.batch.budget]
    budget = min((one for one in budgets if one is not None), default=None)
    costs = [take.prepared.cost for take in plan.to_order]
    limits.refuse_above(limits.Limits(budget, spending.max_clips, spending.max_seconds, assume), costs)
    limits.refuse_above_caps(context, costs, assume)
    tasks = tasks_of(plan, opened.attempts, ledger.waiting(plan.batch.name))
    must_be_allowed(plan, spending, show)
    with Queue(ledger.server) as queue:
        new = enqueue(ledger.store, queue, plan, tasks, budget, assume)
    show.say(f"{new} of {counted(len(tasks), 'row')} enqueued: hailuo batch work, on any machine of this ledger")


def _watched(
    context: Context, workspace: Workspace, opened: Opened, asked: Asked, seconds: float | None, show: Show
) -> Plan:
    """The batch once no row is pending any more; a video that is saved anywhere is saved."""
    began, said = context.clock(), ""
    while True:
        plan = workspace.again(opened, asked, lambda _: True)
        counts = Counter(take.state for take in plan.takes)
        line = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        if line != said:
            show.say(line)
            said = line
        is_late = seconds is not None and context.clock() - began >= seconds
        if is_late or not PENDING & counts.keys():
            return plan
        context.sleep(WATCH_SECONDS)


def _shared(context: Context) -> PostgresLedger:
    """The ledger in force, where it is one that machines share."""
    if not context.config.ledger:
        raise UsageError(
            "workers share a ledger in PostgreSQL, and the one in force is a file",
            hint="export HAILUO_LEDGER=postgresql://user@host/database",
        )
    from ..ledger.postgres import PostgresLedger

    try:
        from ..batch.fleet import queue  # noqa: F401
    except ImportError as error:
        from ..distribution import installation

        raise installation.missing_extra("fleet", f"workers need {error.name}") from None
    ledger = context.ledger
    assert isinstance(ledger, PostgresLedger)  # noqa: S101 - the config names one
    return ledger


def _tell(worked: Worked, show: Show) -> None:
    name = worked.row if worked.take == 1 else f"{worked.row} take {worked.take}"
    facts: dict[str, Any] = {"row": worked.row, "take": worked.take}
    if worked.job:
        facts["job"] = job_document(worked.job)
    if worked.error:
        show.event("error", **facts, code=worked.error.code, message=worked.error.message)
        show.complain(worked.error)
    elif worked.event is None and worked.job:
        show.event("submitted", **facts)
        show.say(f"{name}: {'already ordered' if worked.job.reused else 'ordered'}: {worked.job.called}")
    elif isinstance(worked.event, StatusChecked):
        show.event("state", **facts)
    elif isinstance(worked.event, Finished) and worked.event.error:
        show.event("error", **facts, code=worked.event.error.code, message=worked.event.error.message)
        show.complain(worked.event.error)
    elif isinstance(worked.event, Finished):
        show.event("saved", **facts)
        show.say(f"{name}: saved: {worked.event.job.path}")
        if not show.is_machine and worked.event.job.path:
            show.line(worked.event.job.path)


def _document(now: Plan, planned: Plan) -> dict[str, Any]:
    return documents.batch_document(now, documents.planned_totals(planned))


def _worst_of_worker(done: Done) -> HailuoError | None:
    """An unconfirmed order above all, else the highest-numbered error; each was said when it happened."""
    doubts = [error for error in done.errors if isinstance(error, Unconfirmed)]
    errors = [JobFailed(error.message) if isinstance(error, UsageError) else error for error in done.errors]
    worst = next(iter(doubts), None) or max(errors, key=lambda error: error.exit, default=None)
    if worst is not None:
        worst = copy(worst)
        worst.message = f"{counted(len(errors), 'row')} came to nothing; of the worst: {worst.message}"
    return worst
