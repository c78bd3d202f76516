"""`hailuo batch run`, from the plan that is shown and asked about to the one line at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import durations
from ..batch import documents, limits, remembered
from ..batch.limits import Limits
from ..batch.planning import Action, Plan, Take
from ..batch.report import github
from ..batch.report.outcomes import Report, usd
from ..batch.run import Outcome, RunOptions, run
from ..batch.states import UNDER_WAY, Key, RowState
from ..batch.words import MOST_NAMED, counted, some
from ..errors import AuthError, BalanceError, CostLimit, HailuoError, JobFailed, StillRunning, Unconfirmed, UsageError
from ..model import NextStep
from ..money import shown
from ..request.build import usd as amount
from .batch_display import BatchTally, displayed, label, planned_line, planned_lines
from .batch_options import PaceOptions, SpendingOptions
from .listen_option import Ears, hearing, must_call_back
from .show import Result, Show

if TYPE_CHECKING:
    from ..batch.workspace import Asked, Opened, Workspace
    from ..orders.context import Context

AGAIN = "run the same line again to order what is missing"
FAILURES = frozenset((RowState.FAILED, RowState.REFUSED))
_TOLD = FAILURES | {RowState.UNCONFIRMED, RowState.DONE}
"""The rows of these states are told of together, or need not be."""
SHOWN_ROWS = 40
"""A longer plan is shown by its totals before a run."""


def run_batch(
    context: Context,
    workspace: Workspace,
    opened: Opened,
    asked: Asked,
    spending: SpendingOptions,
    pace: PaceOptions,
    show: Show,
) -> Result:
    """Run a batch that was found good, while nobody else does. Nothing is ordered that was not shown and allowed."""
    plan = opened.plan
    options = _options(opened, asked, spending, pace)
    costs = [take.prepared.cost for take in plan.to_order]
    limits.refuse_above(options.limits, costs)
    _must_have_keys(context, plan)
    limits.refuse_above_caps(context, costs, options.limits.assume_price)
    if pace.listen is not None:
        _must_call_back(plan)
    with hearing(context, pace.listen) as ears:
        must_be_allowed(plan, spending, show, pace.first)
        if opened.recorded:
            remembered.take_in(context.ledger, opened.recorded)
            opened = replace(opened, plan=workspace.again(opened, asked))
        outcome = _made(context, workspace, opened, asked, options, spending, pace, show, ears)
    final = workspace.again(opened, asked)
    made = Report(opened.batch.name, documents.outcomes(final, outcome.errors), _at(context))
    _tell_github(made, opened.batch.folder)
    show.say(_closing(outcome, final))
    data = documents.batch_document(final, _totals(context, outcome), outcome.errors)
    return Result(data, error=worst_of(outcome, final, options.wait, show))


def _made(
    context: Context,
    workspace: Workspace,
    opened: Opened,
    asked: Asked,
    options: RunOptions,
    spending: SpendingOptions,
    pace: PaceOptions,
    show: Show,
    ears: Ears,
) -> Outcome:
    """The run itself, in two parts where the first rows are to be waited for."""
    first, rest = opened.plan, None
    if pace.first is not None and len(opened.plan.to_order) > pace.first:
        first, rest = _split(opened.plan, pace.first)
    outcome = _displayed(context, first, options, show, ears)
    if rest is None:
        return outcome
    meant = {take.key for take in first.to_order}
    now = {take.key: take.state for take in workspace.again(opened, asked).takes}
    is_good = all(now[key] is RowState.DONE for key in meant) and not outcome.stops
    left = planned_line(rest)
    if not is_good:
        show.say(f"the first rows did not all succeed: not ordered: {left}")
        reason = _of_the_first(outcome)
    elif spending.yes or show.ask(f"The first {'is' if len(meant) == 1 else 'are'} saved. Order the rest, {left}?"):
        more = _displayed(context, rest, _less(options, outcome), show, ears)
        more.ordered = outcome.ordered + more.ordered
        more.saved += outcome.saved
        more.errors = {**outcome.errors, **more.errors}
        return more
    else:
        reason = CostLimit("nobody has said yes to them")
    for take in rest.to_order:
        outcome.leave(take, reason)
    return outcome


def _of_the_first(outcome: Outcome) -> HailuoError:
    """Why nothing is ordered behind the first rows: the worst that happened to those."""
    errors = [*outcome.stops, *outcome.errors.values()]
    worst = max(errors, key=lambda error: error.exit, default=None)
    if worst is None:
        return StillRunning("the first rows are not finished")
    if any(worst is outcome.errors[take.key] for take in outcome.not_ordered):
        return worst
    reason = copy(worst)
    reason.message, reason.job = f"the first rows did not all succeed: {worst.message}", None
    return reason


def _displayed(context: Context, plan: Plan, options: RunOptions, show: Show, ears: Ears) -> Outcome:
    orders = len(plan.to_order)
    fetches = sum(take.action in (Action.FETCH, Action.ORDER_AND_FETCH) for take in plan.takes)
    tally = BatchTally(orders + fetches, queued=orders, running=fetches)
    budget = f" of {shown(options.limits.budget)}" if options.limits.budget is not None else ""
    with displayed(show, tally, budget) as tell:
        return run(context, plan, options, tell, ears.listener)


def _split(plan: Plan, count: int) -> tuple[Plan, Plan]:
    """The plan with its first orders alone, and the plan of the others."""
    first = {take.key for take in plan.to_order[:count]}
    orders_later = [
        replace(take, action=Action.NOTHING) if take.action.orders and take.key not in first else take
        for take in plan.takes
    ]
    rest = [take for take in plan.takes if take.action.orders and take.key not in first]
    return replace(plan, takes=tuple(orders_later)), replace(plan, takes=tuple(rest))


def _less(options: RunOptions, outcome: Outcome) -> RunOptions:
    """The same limits, less what was ordered already."""
    had = limits.Reservations(replace(options.limits, budget=None, max_clips=None, max_seconds=None))
    for take, _ in outcome.ordered:
        had.take(take.prepared.cost)
    old = options.limits
    left = replace(
        old,
        budget=None if old.budget is None else old.budget - had.usd,
        max_clips=None if old.max_clips is None else old.max_clips - had.clips,
        max_seconds=None if old.max_seconds is None else old.max_seconds - had.seconds,
    )
    return replace(options, limits=left)


def _options(opened: Opened, asked: Asked, spending: SpendingOptions, pace: PaceOptions) -> RunOptions:
    assume = amount("--assume-price", spending.assume_price)
    asked_for = Limits(amount("--budget", spending.budget), spending.max_clips, spending.max_seconds, assume)
    jobs = [job for orders in opened.attempts.values() for job in orders]
    return RunOptions(
        limits=limits.within(asked_for, opened.batch.budget, jobs),
        at_once=pace.at_once,
        max_failures=pace.max_failures,
        # the timeout of a profile is that of one video
        timeout=None if pace.timeout is None else durations.seconds(pace.timeout),
        wait=not pace.no_wait,
        record=asked.records[-1] if asked.records else None,
    )


def _must_have_keys(context: Context, plan: Plan) -> None:
    """NoKey, before anything is ordered, where an account that is needed has none."""
    accounts = {
        take.prepared.account.name: take.prepared.account for take in plan.takes if take.action is not Action.NOTHING
    }
    for account in accounts.values():
        context.session(account)


def _must_call_back(plan: Plan) -> None:
    """UsageError, before anything is ordered, where an order cannot have an address of its own."""
    for take in plan.to_order:
        if "webhook" in take.row.options:
            raise UsageError(f"{take.row.id} has a webhook, and --listen gives it another one", hint="leave one out")
    must_call_back(take.prepared.account for take in plan.to_order)


def must_be_allowed(plan: Plan, spending: SpendingOptions, show: Show, first: int | None = None) -> None:
    """UsageError where there is something to order and nobody has said yes to it.

    Where the `first` orders are waited for it is asked for them alone.
    """
    if not plan.to_order or spending.yes:
        return
    shown = planned_lines(plan) if len(plan.takes) <= SHOWN_ROWS else [planned_line(plan)]
    for line in shown:
        show.say(line)
    question = f"Order {planned_line(plan)}?"
    if first is not None and len(plan.to_order) > first:
        now, then = map(planned_line, _split(plan, first))
        question = f"Order the first, {now}, and ask again before the rest, {then}?"
    if not show.ask(question):
        raise UsageError("nothing was ordered: nobody has said yes to the spending", hint="--yes orders without asking")


def _totals(context: Context, outcome: Outcome) -> dict[str, Any]:
    """What this run ordered, by what the ledger says of it now."""
    jobs = [context.ledger.again(job) for _, job in outcome.ordered]
    prices = [Decimal(str(job.price_usd)) for job in jobs if job.price_usd is not None]
    unknown = len(jobs) - len(prices)
    return {"orders": len(jobs), "usd": float(sum(prices, Decimal(0))), "unknown_prices": unknown}


def _closing(outcome: Outcome, final: Plan) -> str:
    """The one line at the end: 38 saved, 1 failed, 1 unconfirmed, 13.30 USD."""
    if not (outcome.saved or outcome.ordered or outcome.errors):
        done = sum(take.state is RowState.DONE for take in final.takes)
        return f"nothing was to do: {done} of {len(final.takes)} done"
    keys = {take.key for take, _ in outcome.ordered} | set(outcome.errors)
    keys -= {take.key for take in outcome.not_ordered}
    states = [take.state for take in final.takes if take.key in keys]
    counts = [f"{outcome.saved} saved"] if outcome.saved or not outcome.ordered else [f"{len(outcome.ordered)} ordered"]
    told = (RowState.FAILED, RowState.REFUSED, RowState.UNCONFIRMED, RowState.RUNNING, RowState.READY)
    counts += [f"{states.count(state)} {state}" for state in told if state in states]
    if outcome.not_ordered:
        counts.append(f"{len(outcome.not_ordered)} not ordered")
    spent = sum((take.prepared.cost.usd or Decimal(0) for take, _ in outcome.ordered), Decimal(0))
    doubted = [take for take in final.takes if take.key in outcome.errors and take.state is RowState.UNCONFIRMED]
    spent += sum((take.prepared.cost.usd or Decimal(0) for take in doubted), Decimal(0))
    return ", ".join([*counts, usd(spent)])


def worst_of(outcome: Outcome, final: Plan, is_waited_for: bool, show: Show) -> HailuoError | None:
    """The error that the batch ends with, once the others were said: an unconfirmed row above all, else the highest-numbered one."""
    left = {take.key for take in outcome.not_ordered}
    errors = [*_not_ordered(outcome), *_in_doubt(final), *_broken(final, left)]
    reasons = {id(outcome.errors[key]) for key in left}
    errors += [stop for stop in outcome.stops if id(stop) not in reasons]
    state_of = {take.key: take.state for take in final.takes}
    for key, error in outcome.errors.items():
        if key not in left and state_of[key] not in _TOLD:
            # once an order may be billed nothing ends with 2: a row that cannot be ordered is a refused one
            errors.append(JobFailed(error.message, hint=error.hint) if isinstance(error, UsageError) else error)
    if is_waited_for and not errors and not UNDER_WAY.isdisjoint(state_of.values()):
        errors.append(StillRunning("some rows are not finished yet"))
    queued = sum(state is RowState.QUEUED for state in state_of.values())
    if is_waited_for and not errors and queued:
        message = f"{counted(queued, 'row')} {'waits' if queued == 1 else 'wait'} for a worker"
        errors.append(StillRunning(message, hint="hailuo batch work, on any machine of this ledger"))
    worst = max(errors, key=lambda error: (isinstance(error, Unconfirmed), error.exit), default=None)
    for error in errors:
        if error is not worst:
            show.complain(error)
    return worst


def _not_ordered(outcome: Outcome) -> list[HailuoError]:
    """For each reason one error, of the reason's kind, that counts and names the rows that were not ordered for it."""
    groups: dict[int, list[Take]] = {}
    for take in outcome.not_ordered:
        groups.setdefault(id(outcome.errors[take.key]), []).append(take)
    errors = []
    for takes in groups.values():
        reason = outcome.errors[takes[0].key]
        names = list(map(label, takes))
        message = f"{counted(len(takes), 'row')} {_were(takes)} not ordered ({some(names)}): {reason.message}"
        error = JobFailed(message, hint=reason.hint) if isinstance(reason, UsageError) else copy(reason)
        error.message = message
        if not isinstance(reason, AuthError | BalanceError):  # of those the seller's name tells the way on
            error.job, error.hint = None, f"{reason.hint}; {AGAIN}" if reason.hint else AGAIN
        errors.append(error)
    return errors


def _in_doubt(final: Plan) -> list[HailuoError]:
    takes = [take for take in final.takes if take.state is RowState.UNCONFIRMED]
    if not takes:
        return []
    message = f"{counted(len(takes), 'row')} may have been ordered and billed: {some(list(map(label, takes)))}"
    jobs = tuple(take.job for take in takes if take.job)
    return [Unconfirmed(message, next_step=NextStep("resolve", jobs[:MOST_NAMED]))]


def _broken(final: Plan, left: Container[Key]) -> list[HailuoError]:
    takes = [take for take in final.takes if take.state in FAILURES and take.key not in left]
    if not takes:
        return []
    message = f"{counted(len(takes), 'row')} failed or {_were(takes)} refused: {some(list(map(label, takes)))}"
    hint = "--retry failed orders failed rows again; a refused one has to be changed"
    return [JobFailed(message, hint=hint)]


def _were(takes: Sequence[Take]) -> str:
    return "was" if len(takes) == 1 else "were"


def _tell_github(made: Report, folder: Path) -> None:
    """The step's summary and its annotations, where GitHub Actions runs this."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with suppress(OSError), Path(path).open("a", encoding="utf-8") as file:
            file.write(github.step_summary(made, folder.absolute()))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in github.error_annotations(made):
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - the runner reads commands from stderr too


def _at(context: Context) -> str:
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(context.now()))
