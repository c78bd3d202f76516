"""Settling what waiting cannot: stopping a job, and finding out what became of an unconfirmed order."""

from __future__ import annotations

from ..errors import BadReply, HailuoError, TicketTaken, Unconfirmed, Unsupported, UsageError
from ..model import Entry, Life
from ..providers import Found
from ..wire import check_ticket, converse
from .submit import Desk, about, doubt, how_to_settle, recorded

CLOCK_SKEW = 120.0
ORDER_SPAN = 600.0
"""Seconds before and after an order within which a listed job may be it."""


def cancel(desk: Desk, entry: Entry) -> Entry:
    """Stop a job at the provider; Unsupported where it offers no way, and then the job still bills."""
    account = desk.account_of(entry)
    if entry.ticket is None:
        raise about(Unconfirmed(doubt(entry), hint=how_to_settle(entry)), entry)
    if account.provider.cancel is None:
        still = f"{account.name} cannot cancel; the job goes on and still bills"
        raise about(Unsupported(still, hint=f"hailuo wait {entry.name}"), entry)
    try:
        progress = converse(account.provider.cancel(entry.ticket), desk.session(account).send)
    except HailuoError as error:
        error.message += "; the job may go on and bill"
        error.hint = error.hint or f"hailuo status {entry.name}"
        raise about(error, entry) from None
    return recorded(desk, entry, progress)


def candidates(desk: Desk, entry: Entry) -> list[Found] | None:
    """The provider's jobs that an unconfirmed order may have become: ordered at about that time by this key and
    not known here. None where the provider cannot list its jobs.
    """
    account = desk.account_of(entry)
    if account.provider.find is None:
        return None
    listed = converse(account.provider.find(), desk.session(account).send)
    began = entry.created_at or 0.0
    return [
        found
        for found in listed
        if (found.created is None or -CLOCK_SKEW <= found.created - began <= ORDER_SPAN)
        and found.model in (None, entry.model)
        and desk.ledger.by_ticket(entry.provider, found.ticket) is None
    ]


def resolve(desk: Desk, entry: Entry, *, ticket: str | None = None, never_sent: bool = False) -> Entry:
    """Settle an unconfirmed order: by the ticket or the word of a person, else by the provider's list of jobs.

    Unconfirmed where that leaves more or less than one job that it can be.
    """
    if entry.state is not Life.UNCONFIRMED:
        raise about(UsageError(f"{entry.id} is {entry.state}; there is nothing to resolve"), entry)
    if never_sent:
        return desk.ledger.move(entry, Life.NOT_SENT, error="said never to have been sent")
    if ticket is None:
        found = candidates(desk, entry)
        ways = f"hailuo jobs resolve {entry.id} --ticket T, or --never-sent when it is not in the provider's list"
        if found is None:
            raise about(Unconfirmed(f"{entry.provider} cannot list its jobs; look into its console", hint=ways), entry)
        if len(found) != 1:
            names = ", ".join(f.ticket for f in found) or "none"
            raise about(Unconfirmed(f"jobs at {entry.provider} that it may be: {names}", hint=ways), entry)
        ticket = found[0].ticket
    try:
        return desk.ledger.move(entry, Life.SUBMITTED, ticket=check_ticket(ticket), error=None)
    except BadReply:
        raise about(UsageError(f"{ticket} cannot be a ticket"), entry) from None
    except TicketTaken as error:
        raise about(UsageError(error.message), entry) from None
