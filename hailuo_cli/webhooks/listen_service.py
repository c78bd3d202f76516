"""`hailuo listen`: one address an account and those of the ledger's jobs; every call leads to the job that it is about."""

from __future__ import annotations

import asyncio
import math
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import HailuoError, JobGone
from ..model import Job, JobState
from ..orders.delivery import Delivery
from ..orders.events import Event, Finished
from ..orders.wait_and_save import deliver
from ..waiting.wakeups import Wakeups
from ..wire import is_ticket
from .keyring import Keyring
from .places import address_key, lookup_key
from .receiver import Heard, Mailbox, Receiver

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..orders.context import Context

UNTIL_ORDERED = 90.0
"""Seconds for which a call may be ahead of the answer to the order that it is about."""
RETRY_SECONDS = 1.0
QUIET_SECONDS = 60.0
"""Seconds between two lines about refused calls to the same address."""
MOST_UNKNOWN = 10_000
"""Of so many jobs that a provider did not know it is remembered not to ask again."""


@dataclass(frozen=True)
class _Wanted:
    """A job to look at, by its ledger id or by what its ticket may be; neither: every unfinished one of the account."""

    account: str
    job: str | None = None
    tickets: tuple[str, ...] = ()
    since: float = 0.0


@dataclass
class Attendance:
    """Hears calls in the server's threads, and is asked for their jobs in the thread that owns the context."""

    context: Context
    accounts: Mapping[str, Account]
    addresses: Mapping[str, str]
    """The address of each account."""
    keyring: Keyring
    url: str
    forward: Callable[[Heard], None] = lambda _: None
    wakeups: Wakeups[str] = field(default_factory=Wakeups)

    def __post_init__(self) -> None:
        self.receiver = Receiver(
            mailbox=self._mailbox,
            keys=self.keyring.current,
            renew=self.keyring.renew,
            heard=self._heard,
            refused=self._refused,
        )
        self._mailboxes = {
            address_key(address): Mailbox(name, webhook, address)
            for name, address in self.addresses.items()
            if (webhook := self.accounts[name].provider.webhook)
        }
        self._refused_at: dict[str, float] = {}
        self._wanted: queue.SimpleQueue[_Wanted] = queue.SimpleQueue()
        self._later: list[tuple[float, _Wanted]] = []
        self._followed: set[str] = set()
        self._unknown: set[str] = set()
        self._reading: asyncio.Task[HailuoError | None] | None = None

    def follow(self, how: Delivery) -> Iterator[Event]:
        """The events of every job that is called about, until the process is told to stop.

        Of a job that neither the ledger nor its provider knows there is none.
        """
        for event in deliver(self.context, [], how, self, self.wakeups):
            if isinstance(event, Finished):
                self._followed.discard(event.job.id or event.job.called)
                if isinstance(event.error, JobGone) and not event.job.id:
                    if len(self._unknown) < MOST_UNKNOWN:
                        self._unknown.add(event.job.called)
                    continue
            yield event

    # what comes in, in the threads of the server

    async def _mailbox(self, path: str) -> Mailbox | None:
        key = lookup_key(path)
        # one reading of the ledger at a time serves all who wait, so that wrong paths cost little; the second one has
        # begun after this call came, and has every job that was there then
        for _ in range(2):
            if key in self._mailboxes:
                break
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(asyncio.to_thread(self._read_ledger))
            if trouble := await asyncio.shield(self._reading):
                raise trouble
        return self._mailboxes.get(key)

    def _read_ledger(self) -> HailuoError | None:
        try:
            with self.context.open_ledger() as ledger:
                jobs = ledger.unfinished()
        except HailuoError as error:
            return error
        for job in jobs:
            account = self.accounts.get(job.provider)
            webhook = account.provider.webhook if account else None
            if webhook and job.webhook and job.webhook.startswith(self.url):
                self._mailboxes[address_key(job.webhook)] = Mailbox(job.provider, webhook, job.webhook, job.id)
        return None

    def _heard(self, heard: Heard) -> None:
        mailbox = heard.mailbox
        self._wanted.put(_Wanted(mailbox.account, mailbox.job, heard.tickets, self.context.clock()))
        self.wakeups.nudge()
        self.forward(heard)

    def _refused(self, account: str, reason: str) -> None:
        now = self.context.clock()
        if now - self._refused_at.get(account, -math.inf) >= QUIET_SECONDS:
            self._refused_at[account] = now
            self.context.say(f"warning: a call to the address of {account} was refused: {reason}")

    # what comes of it, in the thread of the command

    def jobs(self) -> Sequence[Job]:
        """The jobs to follow from now on. Those that are followed already are rung for."""
        now = self.context.clock()
        wanted = [one for when, one in self._later if when <= now]
        self._later = [(when, one) for when, one in self._later if when > now]
        while not self._wanted.empty():
            wanted.append(self._wanted.get())
        return [job for one in wanted for job in self._found(one) if self._is_new(job, one)]

    def next_due(self) -> float | None:
        """When to ask for jobs again if nobody calls; it never ends by itself."""
        return min((when for when, _ in self._later), default=math.inf)

    def _found(self, wanted: _Wanted) -> list[Job]:
        ledger = self.context.ledger
        if wanted.job:
            job = ledger.by_id(wanted.job)
            return [ledger.again(job)] if job else []
        known = [job for ticket in wanted.tickets if (job := ledger.by_ticket(wanted.account, ticket))]
        if wanted.tickets and not known:
            return self._strangers(wanted)
        return known or [job for job in ledger.unfinished() if job.provider == wanted.account and job.ticket]

    def _strangers(self, wanted: _Wanted) -> list[Job]:
        """Jobs that may be another machine's. They get a row when their provider says that it knows them."""
        profile = self.accounts[wanted.account].profile
        usable = [ticket for ticket in wanted.tickets if is_ticket(ticket)]
        jobs = [Job("", wanted.account, JobState.SUBMITTED, ticket=ticket, profile=profile) for ticket in usable]
        return [job for job in jobs if job.called not in self._unknown]

    def _is_new(self, job: Job, wanted: _Wanted) -> bool:
        if (job.id or job.called) in self._followed:
            self.wakeups.ring(job.id or job.called)
            return False
        if job.state is JobState.SUBMITTING and self.context.clock() - wanted.since < UNTIL_ORDERED:
            self._later.append((self.context.clock() + RETRY_SECONDS, wanted))
            return False
        if job.state is JobState.UNCONFIRMED and wanted.tickets:
            named = " or ".join(f"{job.provider}:{ticket}" for ticket in wanted.tickets)
            self.context.say(f"the order {job.id} is unconfirmed, and a call to its address is about {named}")
        if job.ticket is None or job.state not in (JobState.SUBMITTED, JobState.SUCCEEDED):
            return False
        try:
            self.context.session(self.context.account_of(job))
        except HailuoError as error:
            self.context.say(f"warning: {job.called} cannot be looked at: {error}")
            return False
        self._followed.add(job.id or job.called)
        self.wakeups.expect(job.id or job.called)
        return True
