"""Once the intent is on disk: the order is sent, and how it ended is written down before anybody is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..backoff import Backoff
from ..errors import (
    BadReply,
    Bug,
    DiskError,
    HailuoError,
    Interrupted,
    LedgerError,
    LedgerLocked,
    NotSent,
    RateLimited,
    TicketTaken,
    TicketUnsaved,
)
from ..model import Job, JobState, Order
from ..wire import Call, Reply, Upload, check_ticket, run_flow, ticket_in
from . import next_steps, verdict
from .context import Context
from .signal_guard import SignalGuard

if TYPE_CHECKING:
    from ..providers import Provider
    from ..transport import Session

TRIES = 3
"""How often an order is sent after proof that it did not land."""
SECONDS = 20.0
BACKOFF = Backoff(first=1.0, jitter=0.0)
"""Where a server asks for a longer pause than this takes from one, an order is not tried again."""


@dataclass
class _Attempt:
    """Whether the order may have landed: it left, and no answer has ruled it out. `said` is what was answered.

    `ticket_in` reads the ticket in the JSON of an answer.
    """

    ticket_in: Callable[[Any], str | None]
    is_out: bool = False
    said: str | None = None


def send(
    context: Context,
    session: Session,
    job: Job,
    provider: Provider,
    order: Order,
    guard: SignalGuard,
    tries: int,
) -> Job:
    """Send an order whose intent is on disk, and write down how it ended before saying so."""

    def answered(request: Call | Upload) -> Reply:
        guard.allow()
        if isinstance(request, Call) and request.bills:
            return _sent_once(context, session, job, request.extended(order.params), attempt, guard, tries)
        return session.send(request)

    attempt = _Attempt(lambda data: ticket_in(provider.submit(order), data))
    try:
        ticket = check_ticket(run_flow(provider.submit(order), answered))
    except (HailuoError, Interrupted) as error:
        guard.defer()
        raise _ended(context, job, error, attempt) from error
    except Exception as error:  # a bug after the money has left is doubt about the order all the same
        guard.defer()
        bug = Bug(f"a bug in hailuo: {type(error).__name__}")
        raise _ended(context, job, bug, attempt) from error
    try:
        return _ticketed(context, job, ticket)
    except BadReply as error:
        raise _ended(context, job, error, attempt) from error


def _ended(context: Context, job: Job, error: HailuoError | Interrupted, attempt: _Attempt) -> BaseException:
    """What to raise for an order without a ticket, once its state is on disk."""
    state = verdict.state_after(error, attempt.is_out)
    facts: dict[str, Any]
    if isinstance(error, Interrupted):
        facts = {"error": f"stopped by {error.name}"}
    else:
        facts = {"error": error.message, "error_code": error.code}
    if state is JobState.UNCONFIRMED:
        facts["answer"] = error.answer if isinstance(error, HailuoError) and error.answer else attempt.said
    with suppress(DiskError, LedgerError):  # what cannot be written stays `submitting`, which is doubt as well
        job = context.ledger.move(job, state, **facts)
        if state is JobState.REFUSED and job.state is JobState.UNCONFIRMED:  # its lease had run out meanwhile
            job = context.ledger.move(job, JobState.NOT_SENT, **facts)
    if state is JobState.UNCONFIRMED:
        return next_steps.unconfirmed(job, facts["error"], error.hint if isinstance(error, HailuoError) else None)
    if isinstance(error, Interrupted):
        return error
    if state is JobState.NOT_SENT:
        error.message += "; nothing was sent"
    return error.about(job)


def _ticketed(context: Context, job: Job, ticket: str) -> Job:
    """Write the ticket down, in a second place where the ledger does not take it (TicketUnsaved)."""
    try:
        try:
            moved = context.ledger.move(job, JobState.SUBMITTED, ticket=ticket)
        except LedgerLocked:  # what is paid for is worth waiting for once more
            moved = context.ledger.move(job, JobState.SUBMITTED, ticket=ticket)
        if moved.ticket == ticket:
            return moved
        # a person has said meanwhile that it was never sent: it is a job all the same
        return context.ledger.begin(replace(job, id="", state=JobState.SUBMITTED, ticket=ticket, dedupe_key=None))[0]
    except TicketTaken as error:
        raise BadReply(error.message) from None
    except Exception as error:  # whatever happened to the ledger meanwhile, the ticket is not lost
        noted = context.ledger.spool(job, ticket)
        kept = f"it is noted in {noted} for the next command" if noted else "write it down"
        job = replace(job, ticket=ticket, state=JobState.SUBMITTED)
        what = error.message if isinstance(error, HailuoError) else f"{type(error).__name__}: {error}"
        message = f"the job is ordered, but the ledger could not save its reference {job.called} ({what}); {kept}"
        raise TicketUnsaved(message, next_step=next_steps.continuing("wait", [job])).about(job) from error


def _sent_once(
    context: Context, session: Session, job: Job, call: Call, attempt: _Attempt, guard: SignalGuard, tries: int
) -> Reply:
    """Send a call that bills. Tried again only after proof that it did not land: it never left, or a 429."""

    def leaving() -> None:
        context.ledger.renew(job)  # whoever waited for longer than its lease sends nothing
        attempt.is_out = True
        guard.defer_until_reply()

    began = context.clock()
    for number in range(1, tries + 1):
        try:
            reply = _answered(session, call, leaving, attempt)
            guard.defer()
            attempt.said = reply.said
            return reply
        except NotSent as error:
            pause = BACKOFF.pause(number)
            if number == tries or not error.passing or context.clock() + pause - began > SECONDS:
                raise
        except RateLimited as error:
            attempt.is_out = False
            guard.allow()
            if number == tries or error.retry_after is None or error.retry_after > BACKOFF.retry_after_cap:
                raise
            pause = error.retry_after
            context.say(f"{error.message}; retrying in {pause:.0f} s")
        context.sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def _answered(session: Session, call: Call, leaving: Callable[[], None], attempt: _Attempt) -> Reply:
    """The answer to a call that bills; BadReply for one that refuses and names a job in one breath."""
    try:
        return session.send(call, leaving)
    except HailuoError as error:
        ticket = None if error.body is None else attempt.ticket_in(error.body)
        if ticket is None:
            raise
        unclear = BadReply(
            f"{error.message}, and yet the answer names a job: {ticket}", hint="ask the provider about it"
        )
        unclear.answer = error.answer
        raise unclear from error
