"""Make a batch so: order what is to be ordered, wait, save; from any state, and safe to repeat and to kill at any point."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import DiskError, HailuoError, StillRunning
from ..ledger.limits import Allowance, Cap, Span
from ..model import Job, JobState
from ..orders import delivery, spending, wait_and_save
from ..orders.context import Context
from ..orders.events import Finished
from ..orders.webhooks import Hearing
from ..saving import naming
from . import outputs, record
from .events import Delivered, NotOrdered, RowEvent
from .limits import Limits, Reservations
from .ordering import Orders
from .planning import Action, Plan, Take
from .record import Record, RecordLine
from .states import Key

AT_ONCE = 8
MAX_FAILURES = 5
MOST_WORKERS = 16
"""Looks and downloads at the same time."""
NO_END = 365 * 24 * 3600.0
"""Seconds; how long a run waits where nobody says how long."""


@dataclass(frozen=True)
class RunOptions:
    """How to run a plan. `timeout` is in seconds, None: until all is done; `record` is the file to append to."""

    limits: Limits = field(default_factory=Limits)
    at_once: int = AT_ONCE
    max_failures: int = MAX_FAILURES
    timeout: float | None = None
    wait: bool = True
    record: Path | None = None


@dataclass
class Outcome:
    """What a run did: the orders it made, the videos it saved, and what went wrong with which take."""

    ordered: list[tuple[Take, Job]] = field(default_factory=list)
    saved: int = 0
    errors: dict[Key, HailuoError] = field(default_factory=dict)
    stops: list[HailuoError] = field(default_factory=list)
    not_ordered: list[Take] = field(default_factory=list)
    """The takes that were meant to be ordered, and still are: the reason of each is in `errors`."""

    def leave(self, take: Take, reason: HailuoError) -> None:
        """A take was not ordered, and it is not the take's own fault."""
        self.not_ordered.append(take)
        self.errors[take.key] = reason


def run(
    context: Context,
    plan: Plan,
    options: RunOptions,
    tell: Callable[[RowEvent], None],
    hearing: Hearing | None = None,
) -> Outcome:
    """Do what a plan says; `tell` hears of everything as soon as it is on the disk.

    With `hearing` the providers call when jobs are ready, and looks become rare.

    DiskError before any order where a folder or the record cannot be written. Interrupted and Unconfirmed by a signal
    leave what is in flight to the next run.
    """
    return _Run(context, plan, options, tell, hearing).go()


@dataclass(frozen=True)
class RowDelivery(delivery.Delivery):
    """Each job goes where its row says now, by the job's id; the mapping grows while jobs are waited for."""

    targets: Mapping[str, str] = field(default_factory=dict)

    def target(self, job: Job) -> Path:
        return naming.target(self.targets[job.id], delivery.names(job))


class _Run:
    def __init__(
        self,
        context: Context,
        plan: Plan,
        options: RunOptions,
        tell: Callable[[RowEvent], None],
        hearing: Hearing | None,
    ) -> None:
        self._hearing = hearing
        self._context = context
        self._plan = plan
        self._options = options
        self._tell_outside = tell
        self._outcome = Outcome()
        self._record: Record | None = None
        self._takes: dict[str, Take] = {}
        """The take of each job that is waited for, by the job's id."""
        self._outputs: dict[str, str] = {}

    def go(self) -> Outcome:
        with ExitStack() as opened:
            for folder in _folders(self._plan):
                _make(folder)
            if self._options.record:
                known = {(line.ref, line.event) for line in record.read([self._options.record])}
                self._record = opened.enter_context(Record(self._options.record))
                self._catch_up(known)
            timeout = NO_END if self._options.timeout is None else self._options.timeout
            fetched = self._to_fetch()
            orders = Orders(
                self._context,
                self._plan.batch.name,
                self._plan.to_order,
                Reservations(self._options.limits),
                self._allowance(),
                self._tell,
                self._ordered,
                at_once=self._options.at_once,
                max_failures=self._options.max_failures,
                deadline=self._context.clock() + timeout,
                in_flight=Counter(job.provider for job in fetched),
                hearing=self._hearing,
            )
            if self._options.wait:
                self._deliver(fetched, orders, timeout)
            else:
                self._order_only(orders)
            self._outcome.stops += orders.errors
            for take, reason in orders.left:
                self._outcome.leave(take, reason)
        return self._outcome

    def _allowance(self) -> Allowance:
        """What the ledger holds every order of this run to: the profile's limits, and the budget of the whole batch."""
        assume = self._options.limits.assume_price
        found = spending.allowance(self._context.config.settings.budget, assume) or Allowance(assume_price=assume)
        batch = self._plan.batch
        if batch.budget is None:
            return found
        return replace(found, caps=(*found.caps, Cap(Span.BATCH, batch.budget, batch.name)))

    def _to_fetch(self) -> list[Job]:
        """The jobs that were ordered before and are not on the disk, each with the name it gets there."""
        jobs = []
        for take in self._plan.takes:
            is_fetched = take.action in (Action.FETCH, Action.ORDER_AND_FETCH)
            if take.job is None or take.job.ticket is None or not is_fetched:  # without one another process orders it
                continue
            template = outputs.template_of_take(take.row, take.number)
            if take.action is Action.ORDER_AND_FETCH:  # its name is for what is ordered now
                template = outputs.literal(str(_old_name(naming.target(template, _known(take)))))
            self._outputs[take.job.id] = template
            self._takes[take.job.id] = take
            jobs.append(take.job)
        return jobs

    def _deliver(self, fetched: list[Job], orders: Orders, timeout: float) -> None:
        how = RowDelivery(
            timeout=timeout,
            targets=self._outputs,
            at_once=min(max(self._options.at_once, AT_ONCE), MOST_WORKERS),
            before_saving=self._make_room,
        )
        if self._hearing:
            for job in fetched:
                self._hearing.expect(job, self._context.account_of(job))
        wakeups = self._hearing.wakeups if self._hearing else None
        for event in wait_and_save.deliver(self._context, fetched, how, orders, wakeups):
            take = self._takes[event.job.id]
            if isinstance(event, Finished):
                orders.ended(event.job, event.error)
                self._finished(take, event)
            self._tell(Delivered(take, event))

    def _order_only(self, orders: Orders) -> None:
        while (due := orders.next_due()) is not None and due < math.inf:
            orders.jobs()
            now = self._context.clock()
            if (due := orders.next_due()) is not None and now < due < math.inf:
                self._context.sleep(due - now)

    def _ordered(self, take: Take, job: Job) -> None:
        """An order has its reference: into the record, before anything else is ordered."""
        self._takes[job.id] = take
        self._outputs[job.id] = outputs.template_of_take(take.row, take.number)
        self._outcome.ordered.append((take, job))
        self._write("ordered", take, job)

    def _finished(self, take: Take, event: Finished) -> None:
        if event.error:
            if not (isinstance(event.error, StillRunning) and take.key in self._outcome.errors):
                self._outcome.errors[take.key] = event.error
            return
        self._outcome.saved += 1
        self._write("saved", take, event.job)

    def _tell(self, event: RowEvent) -> None:
        if isinstance(event, NotOrdered):
            self._outcome.errors[event.take.key] = event.error
            if not (event.is_doubted or event.is_refused):
                self._outcome.not_ordered.append(event.take)
        self._tell_outside(event)

    def _catch_up(self, known: Container[tuple[str, str]]) -> None:
        """Into the record what the ledger knows of these rows from runs that had none."""
        for take in self._plan.takes:
            if take.job and take.job.ref:
                event = "saved" if take.job.state is JobState.SAVED else "ordered"
                if (take.job.ref, event) not in known:
                    self._write(event, take, take.job)

    def _write(self, event: str, take: Take, job: Job) -> None:
        if self._record is None or job.ref is None:
            return
        self._record.write(
            RecordLine(
                event="saved" if event == "saved" else "ordered",
                batch=self._plan.batch.name,
                id=take.row.id,
                take=take.number,
                request_hash=job.request_hash or take.prepared.request_hash,
                ref=job.ref,
                price_usd=job.price_usd,
                sha256=job.sha256,
                bytes=job.bytes,
                output=_relative(job.path or self._expected(take, job), self._plan.batch.folder),
                at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._context.now())),
            )
        )

    def _expected(self, take: Take, job: Job) -> str:
        """Where the video of a job that is not saved yet will be."""
        return str(naming.target(outputs.template_of_take(take.row, take.number), delivery.names(job)))

    def _make_room(self, job: Job) -> None:
        """A video that is replaced by a remade one keeps another name; nobody else's file is touched."""
        take = self._takes[job.id]
        old = take.job
        if old is None or old.id == job.id or old.path is None or old.bytes is None:
            return
        path = Path(old.path)
        try:
            if path != naming.target(self._outputs[job.id], _known(take)) or path.stat().st_size != old.bytes:
                return
            kept = _old_name(path)
            path.rename(kept)
            self._context.ledger.note(old, path=str(kept))
        except OSError:  # then the new one gets a number, and both are there
            return


def _old_name(path: Path) -> Path:
    """The first free name for a video that is replaced: NAME.old-1.mp4, NAME.old-2.mp4, …"""
    names = (path.with_name(f"{path.stem}.old-{number}{path.suffix}") for number in range(1, 10_000))
    return next((name for name in names if not os.path.lexists(name)), path)


def _known(take: Take) -> dict[str, str]:
    """The fields of an output template that are known of a take whether or not it was ordered."""
    prepared = take.prepared
    return {
        "provider": prepared.account.name,
        "model": prepared.model,
        "duration": str(prepared.duration),
        "resolution": prepared.resolution,
        "prompt": prepared.row.prompt,
    }


def _relative(path: str, folder: Path) -> str:
    try:
        return Path(path).relative_to(folder.absolute()).as_posix()
    except ValueError:
        return path


def _folders(plan: Plan) -> Iterator[Path]:
    """The folders that videos of this plan go to."""
    seen: dict[str, None] = {}
    for take in plan.takes:
        if take.action is not Action.NOTHING:
            seen[str(naming.target(outputs.template_of_take(take.row, take.number), _known(take)).parent)] = None
    return map(Path, seen)


def _make(folder: Path) -> None:
    """Make a folder and those above it, and see that it can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"cannot make the folder {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DiskError(f"cannot write in {folder}", hint="choose another output, or change its permissions")
