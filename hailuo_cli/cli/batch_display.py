"""What a person or a program sees of a batch: its plan, its rows while they move, and how they stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from ..batch import documents
from ..batch.events import Delivered, NotOrdered, Ordered, Paused, RowEvent, Stopped
from ..batch.planning import Plan, Take
from ..batch.report.outcomes import Report, usd
from ..documents import job_document
from ..durations import spoken
from ..orders.events import DownloadProgress, Finished, Retrying, StatusChecked
from .display import Display, Step, Tally
from .follow import count_end, display_of, word_of
from .show import Show, clean, file_size, table, terminal_width


def planned_lines(plan: Plan) -> list[str]:
    """A plan as a table, what has changed in it, and what it comes to."""
    lines = _table(plan)
    for take in plan.takes:
        lines += [f"{label(take)}: {name} was {was!r}, is {now!r}" for name, (was, now) in take.changes.items()]
    return [*lines, "", planned_line(plan)]


def planned_line(plan: Plan) -> str:
    """What the orders of a plan come to: 12 orders, 3.36 USD, 2 of unknown price."""
    totals = documents.planned_totals(plan)
    if not totals["orders"]:
        return "nothing to order" + (", some to fetch" if plan.has_work else "")
    prices = sum((take.prepared.cost.usd or Decimal(0) for take in plan.to_order), Decimal(0))
    parts = [f"{totals['orders']} order{'s' * (totals['orders'] != 1)}"]
    if totals["unknown_prices"] < totals["orders"]:
        parts.append(usd(prices))
    if totals["unknown_prices"]:
        parts.append(f"{totals['unknown_prices']} of unknown price")
    return ", ".join(parts)


def status_lines(plan: Plan) -> list[str]:
    """How the rows of a batch stand, and their counts."""
    return [*_table(plan), "", Report(plan.batch.name, documents.outcomes(plan), "").summary]


def label(take: Take) -> str:
    """What a take is called: the row's id, with its number where there are several."""
    return f"{take.row.id} take {take.number}" if take.row.takes > 1 else take.row.id


def _table(plan: Plan) -> list[str]:
    rows = [
        [
            outcome.label,
            outcome.state,
            outcome.provider or "",
            outcome.model or "",
            f"{outcome.duration} s {outcome.resolution}",
            usd(outcome.price_usd),
            outcome.error or "",
        ]
        for outcome in documents.outcomes(plan)
    ]
    header = ["ROW", "STATE", "PROVIDER", "MODEL", "LENGTH", "PRICE", ""]
    return table(rows, header, terminal_width()) if rows else []


@dataclass
class BatchTally(Tally):
    """The line above the rows: done, running, still to be ordered, failed, spent of the budget, time left."""

    queued: int = 0
    running: int = 0
    not_ordered: int = 0
    spent: str = ""
    clock: Callable[[], float] = time.monotonic
    began: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        parts = [f"{self.done}/{self.count} done"]
        parts += [f"{self.running} running"] if self.running else []
        parts += [f"{self.queued} queued"] if self.queued else []
        parts += self.not_done()
        parts += [self.spent] if self.spent else []
        parts += [f"about {spoken(self._left)} left"] if self._left else []
        return ", ".join(parts)

    def not_done(self) -> list[str]:
        """The counts of those that came to another end, also of those that were not ordered."""
        return [*super().not_done(), *([f"{self.not_ordered} not ordered"] if self.not_ordered else [])]

    @property
    def over(self) -> int:
        """How many nobody waits for any more, or will."""
        return super().over + self.not_ordered

    def line(self, words: Iterable[str]) -> str:
        """The counts; the words of the rows at work are in them already."""
        return str(self)

    @property
    def _left(self) -> float | None:
        """Seconds, by how long those took that are done."""
        if self.done < 3 or not self.left:
            return None
        return (self.clock() - self.began) / self.done * self.left


class BatchDisplay:
    """Shows and tells every event of a run as it comes."""

    def __init__(self, show: Show, display: Display, tally: BatchTally, budget: str = "") -> None:
        self._show = show
        self._display = display
        self._tally = tally
        self._budget = budget
        self._spent = 0.0
        self._doubted: set[str] = set()
        self._said: dict[str, tuple[str, float | None]] = {}

    def __call__(self, event: RowEvent) -> None:
        match event:
            case Ordered():
                self._ordered(event)
            case NotOrdered():
                self._not_ordered(event)
            case Paused():
                self._show.warn(f"{event.error.message}; {event.provider} is left alone for {event.seconds:.0f} s")
            case Stopped():
                where = f" at {event.provider}" if event.provider else ""
                self._display.tell(f"no more orders{where}: {clean(event.error.message)}")
            case Delivered():
                self._delivered(event)

    def _ordered(self, event: Ordered) -> None:
        job = event.job
        self._tally.queued -= 1
        self._tally.running += 1
        self._spent += job.price_usd or 0
        self._tally.spent = f"{self._spent:.2f}{self._budget} USD"
        self._event("submitted", event.take, ref=job.ref, job=job_document(job))
        self._display.step(Step(job, "ordered", label=label(event.take)))

    def _not_ordered(self, event: NotOrdered) -> None:
        error = event.error
        self._tally.queued -= 1
        self._tally.unconfirmed += event.is_doubted
        self._tally.failed += event.is_refused
        self._tally.not_ordered += not (event.is_doubted or event.is_refused)
        self._event("error", event.take, code=error.code, message=error.message)
        self._display.tell(f"{label(event.take)}: {clean(error.message)}")

    def _delivered(self, told: Delivered) -> None:
        take, event = told.take, told.event
        job, name = event.job, label(told.take)
        if isinstance(event, Retrying):
            error = event.retry.error
            wait = round(event.retry.wait, 1)
            self._event("retry", take, ref=job.ref, code=error.code, message=error.message, wait=wait)
            if job.id not in self._doubted:
                self._doubted.add(job.id)
                self._show.warn(f"{name}: {error.message}; retrying")
            return
        self._doubted.discard(job.id)
        if isinstance(event, StatusChecked):
            self._checked(take, event)
        elif isinstance(event, DownloadProgress):
            amount = event.amount
            self._event("downloading", take, ref=job.ref, bytes=amount.done, total=amount.total)
            share = amount.done / amount.total if amount.total else None
            self._display.step(Step(job, "downloading", share, file_size(amount.done), label=name, is_transfer=True))
        elif isinstance(event, Finished):
            self._finished(take, event)

    def _checked(self, take: Take, event: StatusChecked) -> None:
        progress, job = event.progress, event.job
        word, percent = self._said.get(job.id, ("", None))
        facts = {"state": progress.state.value, "provider_state": progress.word, "progress": progress.percent}
        if progress.word != word or job.id not in self._said:
            self._event("state", take, ref=job.ref, **facts)
        elif progress.percent != percent:
            self._event("progress", take, ref=job.ref, **facts)
        self._said[job.id] = (progress.word, progress.percent)
        share = progress.percent / 100 if progress.percent is not None else None
        eta = None if progress.state.over else event.eta
        self._display.step(Step(job, word_of(progress), share, eta=eta, label=label(take)))

    def _finished(self, take: Take, event: Finished) -> None:
        job, name = event.job, label(take)
        self._tally.running -= 1
        self._display.end(job)
        count_end(self._tally, event)
        if event.error:
            code, message = event.error.code, event.error.message
            self._event("error", take, code=code, message=message, job=job_document(job))
            self._display.tell(f"{name}: {clean(message)}")
            return
        self._event("saved", take, ref=job.ref, path=job.path, bytes=job.bytes, sha256=job.sha256)
        verb = "already there" if event.already else "saved"
        self._display.tell(f"{name}: {verb}: {job.path} ({file_size(job.bytes or 0)})")
        self._show.path(job.path)

    def _event(self, kind: str, take: Take, **values: object) -> None:
        self._show.event(kind, row=take.row.id, take=take.number, **values)


@contextmanager
def displayed(show: Show, tally: BatchTally, budget: str) -> Iterator[BatchDisplay]:
    """The display of a run, for as long as it is at work."""
    with display_of(show, tally) as display:
        yield BatchDisplay(show, display, tally, budget)
