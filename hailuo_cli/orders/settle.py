"""Settling what waiting cannot: stopping a job, and finding out what became of an unconfirmed order."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import BadReply, HailuoError, TicketTaken, Unconfirmed, Unsupported, UsageError
from ..model import Job, JobState, NextStep
from ..providers import Cancels, Finds, Found
from ..wire import check_ticket, run_flow
from . import next_steps
from .context import Context
from .lookup import record_progress

CLOCK_SKEW = 120.0
ORDER_SPAN = 600.0
"""Seconds before and after an order within which a listed job may be it."""


def cancel(context: Context, job: Job) -> Job:
    """Stop a job at the provider; Unsupported where it offers no way, and then the job still bills."""
    if job.state is JobState.CANCELLED:
        return job
    if not job.state.unfinished or job.state is JobState.SUCCEEDED:
        step = NextStep("download", (job,)) if job.state is JobState.SUCCEEDED else None
        raise UsageError(f"the job is {job.state}; there is nothing left to cancel", next_step=step).about(job)
    account = context.account_of(job)
    if job.ticket is None:
        raise next_steps.unconfirmed(job)
    provider = account.provider
    if not isinstance(provider, Cancels):
        still = f"{account.name} cannot cancel; the job goes on and still bills"
        raise Unsupported(still, next_step=NextStep("wait", (job,))).about(job)
    try:
        progress = run_flow(provider.cancel(job.ticket), context.session(account).send)
    except HailuoError as error:
        error.message += "; the job may go on and bill"
        error.next_step = error.next_step or NextStep("status", (job,))
        raise error.about(job) from None
    return record_progress(context, job, progress)


def candidates(context: Context, job: Job) -> list[Found] | None:
    """The provider's jobs that an unconfirmed order may have become: ordered at about that time by this key, not known
    here, and of no other prompt where the list has it. None where the provider cannot list its jobs.
    """
    account = context.account_of(job)
    provider = account.provider
    if not isinstance(provider, Finds):
        return None
    listed = run_flow(provider.find(), context.session(account).send)
    began = job.created_at or 0.0
    return [
        found
        for found in listed
        if (found.created is None or -CLOCK_SKEW <= found.created - began <= ORDER_SPAN)
        and found.model in (None, job.model)
        and found.prompt in (None, job.prompt)
        and context.ledger.by_ticket(job.provider, found.ticket) is None
    ]


def resolve(context: Context, job: Job, *, ticket: str | None = None, never_sent: bool = False) -> Job:
    """Settle an unconfirmed order: by the ticket or the word of a person, else by the provider's list of jobs.

    Unconfirmed where that leaves more or less than one job that it can be, or one whose prompt the list does not have:
    that it is the order's is for a person to say. A ticket may be told anew where its job is gone, for it may have been
    the wrong one.
    """
    if job.state is not JobState.UNCONFIRMED and not (ticket and job.state is JobState.GONE):
        raise UsageError(f"{job.id} is {job.state}; there is nothing to resolve").about(job)
    if never_sent:
        return context.ledger.move(job, JobState.NOT_SENT, error="said never to have been sent")
    if ticket is None:
        found = candidates(context, job)
        ways = "name its ticket, or say that it was never sent when it is not in the provider's list"
        settle = NextStep("settle", (job,))
        if found is None:
            message = f"{job.provider} cannot list its jobs; look into its console"
            raise Unconfirmed(message, hint=ways, next_step=settle).about(job)
        if len(found) != 1 or found[0].prompt is None:
            names = ", ".join(f.ticket for f in found) or "none"
            message = f"jobs at {job.provider} that it may be: {names}"
            raise Unconfirmed(message, hint=ways, next_step=settle).about(job)
        ticket = found[0].ticket
    ticket = _of_its_provider(context, job, ticket)
    try:
        return context.ledger.move(job, JobState.SUBMITTED, ticket=check_ticket(ticket), error=None)
    except BadReply:
        raise UsageError(f"{ticket} cannot be a ticket").about(job) from None
    except TicketTaken as error:
        raise UsageError(error.message).about(job) from None


def _of_its_provider(context: Context, job: Job, ticket: str) -> str:
    """A ticket without the name of the job's provider, as which every reference shows it; UsageError for another one's."""
    name, colon, rest = ticket.partition(":")
    if colon and name != job.provider and name in context.config.names:
        raise UsageError(f"{ticket} is a job of {name}, and {job.id} was ordered at {job.provider}").about(job)
    return rest if colon and name == job.provider else ticket


def forget(context: Context, jobs: Sequence[Job], *, even_unfinished: bool = False) -> None:
    """Remove the rows of jobs; UsageError where one may still bill, and then none is removed."""
    for job in jobs:
        if job.state.unfinished and not even_unfinished:
            step = NextStep("resolve" if job.state is JobState.UNCONFIRMED else "wait", (job,))
            message = f"{job.called} is {job.state} and may still bill; the ledger is the only record of it"
            raise UsageError(message, hint="--yes forgets it all the same", next_step=step).about(job)
    for job in jobs:
        context.ledger.forget(job)
