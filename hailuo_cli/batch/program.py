"""A batch run by a program: a file in, the outcomes of its rows out, with nobody to ask and nothing to show."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from .. import durations
from ..errors import UsageError
from ..ledger.base import Ledger
from ..orders.context import Context
from ..orders.options import BatchOptions
from ..request import build
from . import documents, limits, remembered
from .limits import Limits
from .planning import Action, Rules
from .report.outcomes import Report
from .run import AT_ONCE, MAX_FAILURES, RunOptions, run
from .selection import Selection
from .workspace import Asked, Opened, Workspace


def run_file(
    context: Context, file: Path, options: BatchOptions, folder: Path, ledger: Callable[[], Ledger | None]
) -> Report:
    """Make the rows of a batch file so, and tell where each stands. `folder` is where notes about batches are kept.

    UsageError, with every bad row, NoKey and CostLimit before anything is ordered. What goes wrong with a row is in its outcome.
    """
    asked = Asked(
        file,
        selection=Selection(only=tuple(options.get("rows") or ())),
        rules=Rules(retry_failed=bool(options.get("retry_failed")), keep_changed=bool(options.get("keep_changed"))),
        records=[Path(record)] if (record := options.get("record")) else [],
        assume_price=build.usd("assume_price", options.get("assume_price")),
    )
    workspace = Workspace(context, folder, ledger)
    opened = workspace.open(asked)
    if opened.bad:
        raise UsageError("\n".join(f"row {row.id}, line {row.line}: {row.rule}" for row in opened.bad))
    with workspace.known.running(opened.batch):
        opened = workspace.open(asked)  # once more, now that no other run is at work on it
        how = _options(opened, asked, options)
        costs = [take.prepared.cost for take in opened.plan.to_order]
        limits.refuse_above(how.limits, costs)
        for account in {
            t.prepared.account.name: t.prepared.account for t in opened.plan.takes if t.action is not Action.NOTHING
        }.values():
            context.session(account)
        limits.refuse_above_caps(context, costs, asked.assume_price)
        remembered.take_in(context.ledger, opened.recorded)
        outcome = run(context, workspace.again(opened, asked), how, lambda _: None)
        final = workspace.again(opened, asked)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(context.now()))
    return Report(opened.batch.name, documents.outcomes(final, outcome.errors), at)


def _options(opened: Opened, asked: Asked, options: BatchOptions) -> RunOptions:
    budget = build.usd("budget", options.get("budget"))
    asked_for = Limits(budget, options.get("max_clips"), options.get("max_seconds"), asked.assume_price)
    jobs = [job for orders in opened.attempts.values() for job in orders]
    timeout = options.get("timeout")
    return RunOptions(
        limits=limits.within(asked_for, opened.batch.budget, jobs),
        at_once=options.get("at_once") or AT_ONCE,
        max_failures=options.get("max_failures", MAX_FAILURES),
        timeout=None if timeout is None else durations.seconds(str(timeout)),
        wait=options.get("wait", True),
        record=asked.records[-1] if asked.records else None,
    )
