"""A worker: takes rows from the queue, orders each through the ledger, waits for the videos and saves them here.

Whether a row may be ordered is decided in the ledger's own transaction and never by the queue: a row that is handed out
twice is ordered once. A worker that dies leaves its rows to the others, who put them back once it is known to be dead.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ...config.profiles import Account
from ...errors import (
    BalanceError,
    DiskError,
    HailuoError,
    Interrupted,
    LedgerError,
    NetworkError,
    NoKey,
    RateLimited,
)
from ...ledger.postgres import PostgresLedger
from ...model import Job
from ...orders import wait_and_save
from ...orders.context import Context
from ...orders.events import Event, Finished
from ...waiting import polling
from ..run import NO_END, RowDelivery
from . import task_orders
from .queue import Claimed, Queue
from .task_orders import Folders

IDLE_SECONDS = 1.0
"""Between two looks into an empty queue."""
STALLED_LOOK_SECONDS = 10.0
NOT_SENT_PAUSE = 10.0
"""Seconds for which a row that was not sent, and its seller, are left alone where nobody says how long."""
LONGEST_PAUSE = 120.0
RETRIES = 8
"""A seller that could not be reached so often in a row gets no more rows from this worker."""


@dataclass(frozen=True)
class WorkOptions:
    """Where files go, how many jobs may be in flight here, and whether to end when nothing is left to claim."""

    folders: Folders
    at_once: int = 8
    once: bool = False


@dataclass(frozen=True)
class Worked:
    """Something that a worker did about a row: it was ordered, it moved, it ended, it came to nothing."""

    row: str
    take: int
    job: Job | None = None
    event: Event | None = None
    error: HailuoError | None = None


@dataclass
class Done:
    """What a worker did while it lived."""

    ordered: list[Job] = field(default_factory=list)
    saved: int = 0
    errors: list[HailuoError] = field(default_factory=list)


def work(
    context: Context, ledger: PostgresLedger, queue: Queue, options: WorkOptions, tell: Callable[[Worked], None]
) -> Done:
    """Work until a signal comes, or, `once`, until nothing is left to claim and all that was claimed has ended.

    NoKey where this machine has a key for nobody that rows wait for. LedgerError and DiskError end a worker; what it
    had claimed goes back.
    """
    return _Worker(context, ledger, queue, options, tell).go()


class _Worker:
    """A source of jobs for `deliver`: each call makes at most one order."""

    def __init__(
        self,
        context: Context,
        ledger: PostgresLedger,
        queue: Queue,
        options: WorkOptions,
        tell: Callable[[Worked], None],
    ) -> None:
        self._context = context
        self._ledger = ledger
        self._queue = queue
        self._options = options
        self._tell = tell
        self._done = Done()
        self._claimed: dict[str, Claimed] = {}
        """The task of each job that is in flight here, by the job's id."""
        self._targets: dict[str, str] = {}
        self._in_hand: Claimed | None = None
        self._resting_until: dict[str, float] = {}
        self._refusals: dict[str, int] = {}
        self._stalled_look = -math.inf
        self._next_claim = -math.inf
        self._is_exhausted = False

    def go(self) -> Done:
        number = self._queue.start_worker()
        self._ledger.store.register_worker(number)
        how = RowDelivery(timeout=NO_END, targets=self._targets, at_once=min(2 * self._options.at_once, 16))
        try:
            for event in wait_and_save.deliver(self._context, [], how, self):
                self._heard(event)
        except BaseException as error:
            self._give_back()
            if isinstance(error, Interrupted):
                error.next_step = None
                error.notes.append("its rows go on with another worker, or here: hailuo batch work")
            raise
        self._ledger.store.forget_workers([number])
        self._must_have_keys()
        return self._done

    def jobs(self) -> Sequence[Job]:
        """The next order, where there is room for one and a row to be had."""
        now = self._context.clock()
        if len(self._claimed) >= self._options.at_once or now < self._next_claim:
            return []
        if now >= self._stalled_look + STALLED_LOOK_SECONDS:
            self._stalled_look = now
            self._put_stalled_back()
        providers = [name for name in self._providers() if self._resting_until.get(name, 0.0) <= now]
        self._in_hand = self._queue.claim(providers) if providers else None
        if self._in_hand is None:
            self._next_claim = now + IDLE_SECONDS
            resting = any(until < math.inf for until in self._resting_until.values() if until > now)
            self._is_exhausted = self._options.once and not resting
            return []
        job = self._ordered(self._in_hand)
        return [job] if job else []

    def next_due(self) -> float | None:
        """When there may be a row again; see `deliver.JobSource`."""
        if self._is_exhausted:
            return None
        return math.inf if len(self._claimed) >= self._options.at_once else self._next_claim

    def _ordered(self, claimed: Claimed) -> Job | None:
        """One order; None where it came to nothing or is in doubt."""
        task = claimed.task
        try:
            account = replace(self._context.config.account(task.provider), defaults={})
            self._wait_for_slot(account)
            job, template = task_orders.order(self._context, self._ledger, account, task, self._options.folders)
        except HailuoError as error:
            self._in_hand = None
            self._not_ordered(claimed, error)
            if isinstance(error.__cause__, Interrupted) or isinstance(error, LedgerError | DiskError):
                raise
            return None
        self._refusals.pop(task.provider, None)
        if job.id in self._claimed:  # handed out twice, and both came here
            self._queue.done(claimed, is_good=True)
            self._in_hand = None
            return None
        self._targets[job.id] = template
        self._claimed[job.id], self._in_hand = claimed, None
        if not job.reused:
            self._done.ordered.append(job)
        self._tell(Worked(task.id, task.take, job))
        return job

    def _not_ordered(self, claimed: Claimed, error: HailuoError) -> None:
        """What an order that came to nothing means for its row and for its seller."""
        provider = claimed.task.provider
        self._tell(Worked(claimed.task.id, claimed.task.take, error.job, error=error))
        if isinstance(error, RateLimited | NetworkError):
            asked = getattr(error, "retry_after", None)
            pause = min(asked or NOT_SENT_PAUSE, LONGEST_PAUSE)
            self._refusals[provider] = self._refusals.get(provider, 0) + 1
            gives_up = self._refusals[provider] >= RETRIES
            self._rest(provider, math.inf if gives_up else pause)
            self._ledger.store.pause(_place(self._context.config.account(provider)), pause)
            self._queue.put_back(claimed, pause)
            if not gives_up:
                return
        elif isinstance(error, NoKey | BalanceError):
            self._rest(provider, math.inf)
            self._queue.put_back(claimed)
        elif isinstance(error, LedgerError | DiskError):
            with contextlib.suppress(LedgerError):
                self._queue.put_back(claimed)
        else:
            self._queue.done(claimed, is_good=False)
        self._done.errors.append(error)

    def _heard(self, event: Event) -> None:
        claimed = self._claimed.get(event.job.id)
        if claimed is None:
            return
        task = claimed.task
        if isinstance(event, Finished):
            del self._claimed[event.job.id]
            self._ledger.release([event.job])
            self._next_claim = -math.inf
            if isinstance(event.error, DiskError):  # the video is paid for: another machine may have room for it
                self._queue.put_back(claimed)
                raise event.error
            self._queue.done(claimed, is_good=event.error is None)
            if event.error:
                self._done.errors.append(event.error)
            else:
                self._done.saved += 1
        self._tell(Worked(task.id, task.take, event.job, event))

    def _put_stalled_back(self) -> None:
        """The rows of dead workers: whoever claims one next is told by the ledger what became of it."""
        for claimed, worker in self._queue.stalled():
            if worker != self._queue.worker:
                self._queue.put_back(claimed)
        if dead := self._ledger.store.dead_workers():
            for claimed, worker in self._queue.under_way():
                if worker in dead:
                    self._queue.put_back(claimed)
            self._ledger.store.forget_workers(dead)

    def _give_back(self) -> None:
        """What was claimed and has not ended goes on with somebody else, at once."""
        left = [*self._claimed.values(), *([self._in_hand] if self._in_hand else [])]
        for claimed in left:
            with contextlib.suppress(LedgerError):
                self._queue.put_back(claimed, within=1.0)

    def _providers(self) -> list[str]:
        """The sellers that this machine could order from."""
        config = self._context.config
        return [name for name in config.names if config.account(name).has_key]

    def _must_have_keys(self) -> None:
        missing = self._queue.waiting_providers() - set(self._providers())
        if missing and not self._done.ordered:
            raise NoKey(
                f"rows wait for {', '.join(sorted(missing))}, and this machine has no key for that",
                hint="export the key, or work on a machine that has it",
            )

    def _wait_for_slot(self, account: Account) -> None:
        """One order a slot of the rate that all workers share; a long pause of the seller is no business of one order."""
        seconds = self._ledger.store.take_slot(_place(account), polling.RATE)
        if seconds > IDLE_SECONDS:
            error = RateLimited(f"{account.name} is left alone for {seconds:.0f} s, by all workers")
            error.retry_after = seconds
            raise error
        self._context.sleep(seconds)

    def _rest(self, provider: str, seconds: float) -> None:
        self._resting_until[provider] = self._context.clock() + seconds


def _place(account: Account) -> str:
    return f"orders:{account.base_url}"
