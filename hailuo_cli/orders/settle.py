"""Settling what waiting cannot: stopping a job, and finding out what became of an unconfirmed order."""

from __future__ import annotations

from ..errors import BadReply, HailuoError, TicketTaken, Unconfirmed, Unsupported, UsageError
from ..model import Job, JobState
from ..providers import Found
from ..wire import check_ticket, run_flow
from .submit import Context, about, record_progress, resolve_command, unconfirmed_message

CLOCK_SKEW = 120.0
ORDER_SPAN = 600.0
"""Seconds before and after an order within which a listed job may be it."""


def cancel(context: Context, job: Job) -> Job:
    """Stop a job at the provider; Unsupported where it offers no way, and then the job still bills."""
    account = context.account_of(job)
    if job.ticket is None:
        raise about(Unconfirmed(unconfirmed_message(job), hint=resolve_command(job)), job)
    if account.provider.cancel is None:
        still = f"{account.name} cannot cancel; the job goes on and still bills"
        raise about(Unsupported(still, hint=f"hailuo wait {job.name}"), job)
    try:
        progress = run_flow(account.provider.cancel(job.ticket), context.session(account).send)
    except HailuoError as error:
        error.message += "; the job may go on and bill"
        error.hint = error.hint or f"hailuo status {job.name}"
        raise about(error, job) from None
    return record_progress(context, job, progress)


def candidates(context: Context, job: Job) -> list[Found] | None:
    """The provider's jobs that an unconfirmed order may have become: ordered at about that time by this key and
    not known here. None where the provider cannot list its jobs.
    """
    account = context.account_of(job)
    if account.provider.find is None:
        return None
    listed = run_flow(account.provider.find(), context.session(account).send)
    began = job.created_at or 0.0
    return [
        found
        for found in listed
        if (found.created is None or -CLOCK_SKEW <= found.created - began <= ORDER_SPAN)
        and found.model in (None, job.model)
        and context.ledger.by_ticket(job.provider, found.ticket) is None
    ]


def resolve(context: Context, job: Job, *, ticket: str | None = None, never_sent: bool = False) -> Job:
    """Settle an unconfirmed order: by the ticket or the word of a person, else by the provider's list of jobs.

    Unconfirmed where that leaves more or less than one job that it can be.
    """
    if job.state is not JobState.UNCONFIRMED:
        raise about(UsageError(f"{job.id} is {job.state}; there is nothing to resolve"), job)
    if never_sent:
        return context.ledger.move(job, JobState.NOT_SENT, error="said never to have been sent")
    if ticket is None:
        found = candidates(context, job)
        ways = f"hailuo jobs resolve {job.id} --ticket T, or --never-sent when it is not in the provider's list"
        if found is None:
            raise about(Unconfirmed(f"{job.provider} cannot list its jobs; look into its console", hint=ways), job)
        if len(found) != 1:
            names = ", ".join(f.ticket for f in found) or "none"
            raise about(Unconfirmed(f"jobs at {job.provider} that it may be: {names}", hint=ways), job)
        ticket = found[0].ticket
    try:
        return context.ledger.move(job, JobState.SUBMITTED, ticket=check_ticket(ticket), error=None)
    except BadReply:
        raise about(UsageError(f"{ticket} cannot be a ticket"), job) from None
    except TicketTaken as error:
        raise about(UsageError(error.message), job) from None
