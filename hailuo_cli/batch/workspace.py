"""What the commands about batches have in common: the file, what is known of its rows, and the plan of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ..errors import DiskError, LedgerError, UsageError
from ..ledger.base import Ledger, Waiting
from ..model import Job
from ..orders.context import Context
from . import plan_file, planning, record, remembered, states
from .known import KnownBatches
from .pictures import KnownImages
from .planning import Plan, Prepared, Rules
from .reading import Given, read
from .rows import BadRow, BatchFile
from .selection import Selection


@dataclass(frozen=True)
class Asked:
    """What a command wants to know or have done, in values."""

    file: Path
    given: Given = field(default_factory=Given)
    selection: Selection = field(default_factory=Selection)
    rules: Rules = field(default_factory=Rules)
    records: Sequence[Path] = ()
    ask_price: bool = False
    """Providers that quote are asked what a row costs."""
    assume_price: Decimal | None = None
    """What stands for prices that nobody knows, in USD."""
    never: str | None = None
    """Who is never chosen, beside those that the profile excludes."""
    is_look: bool = False
    """Rows that break a rule today are looked at as they were ordered."""


@dataclass(frozen=True)
class Opened:
    """A batch file, or a plan, held to every local rule. `stale` are the rows of a plan that are not as they were planned."""

    batch: BatchFile
    prepared: tuple[Prepared, ...]
    attempts: states.Attempts
    plan: Plan
    recorded: tuple[Job, ...] = ()
    bad: tuple[BadRow, ...] = ()
    stale: tuple[plan_file.Stale, ...] = ()
    warnings: tuple[str, ...] = ()


class Workspace:
    """Batches of one user. `folder` is where notes about them are kept; `ledger` opens the ledger where there is one."""

    def __init__(self, context: Context, folder: Path, ledger: Callable[[], Ledger | None]) -> None:
        self._context = context
        self._ledger = ledger
        self.known = KnownBatches(folder)
        self._images = KnownImages(folder / "images.json")

    def open(self, asked: Asked) -> Opened:
        """Read a file or a plan and see where each of its rows stands. Nothing is spent; nobody is asked, but for prices.

        UsageError where the file or the choice of a provider is wrong as a whole; what is wrong with rows is in `bad`.
        """
        frozen = plan_file.read(asked.file) if plan_file.is_plan(asked.file) else None
        batch = frozen.batch if frozen else read(asked.file, asked.given)
        if frozen is None:
            self.known.must_be_free(batch)
        prepared, bad, warnings = planning.prepare(batch, self._context.config, self._images, self._choosing(asked))
        self._images.save()
        if asked.ask_price:
            prepared = planning.quoted(self._context, prepared)
        all_bad = sorted([*batch.bad, *bad], key=lambda row: row.line or 0)
        lines = record.read(asked.records)
        recorded = remembered.jobs_of(lines, batch.name, batch.folder)
        known, doubts = self._known_jobs(batch.name)
        if not known and not recorded:
            doubts += self._may_be_renamed(batch, {line.batch for line in lines})
        recorded = remembered.unknown_to(known, recorded)
        attempts = states.grouped([*recorded, *known])
        if asked.is_look:
            broken = {row.id for row in bad}
            prepared += planning.remembered([r for r in batch.rows if r.id in broken], attempts, self._context.config)
            number = {row.id: at for at, row in enumerate(batch.rows)}
            prepared.sort(key=lambda one: number[one.row.id])
        queued = self._queued(batch.name)
        made = planning.plan(batch, prepared, attempts, asked.selection, asked.rules, queued=queued)
        return Opened(
            batch=batch,
            prepared=tuple(prepared),
            attempts=attempts,
            plan=plan_file.carried_out(frozen, made) if frozen else made,
            recorded=tuple(recorded),
            bad=tuple(all_bad),
            stale=tuple(plan_file.stale(frozen, prepared, attempts)) if frozen else (),
            warnings=(*batch.warnings, *warnings, *doubts, *_keyless(prepared)),
        )

    def again(self, opened: Opened, asked: Asked, is_there: Callable[[Job], bool] = states.is_file_there) -> Plan:
        """Where the same rows stand now, as the ledger has it."""
        attempts = states.grouped(reversed(self._context.ledger.of_batch(opened.batch.name)))
        queued = self._queued(opened.batch.name)
        return planning.plan(opened.batch, opened.prepared, attempts, asked.selection, asked.rules, is_there, queued)

    def _queued(self, batch: str) -> Mapping[states.Key, Waiting]:
        """The takes that wait for a worker."""
        try:
            ledger = self._ledger()
            found = ledger.waiting(batch) if ledger else {}
        except (DiskError, LedgerError):  # said already where its jobs could not be read
            return {}
        return {states.key_of_dedupe_key(key): one for key, one in found.items()}

    def file_of(self, text: str) -> Path:
        """The file that a NAME or FILE argument means; UsageError where there is neither."""
        path = Path(text)
        if path.is_file():
            return path
        found = self.known.file_of(text)
        if found is None:
            names = ", ".join(self.known.names()) or "none yet"
            raise UsageError(f"{text} is neither a file nor a known batch", hint=f"known batches: {names}")
        return found

    def _choosing(self, asked: Asked) -> planning.Choosing:
        return planning.Choosing(asked.assume_price, asked.never, self._durations, asked.is_look)

    def _durations(self, like: Job, limit: int) -> Sequence[float]:
        """What the ledger has measured, where there is one."""
        ledger = self._ledger()
        return ledger.durations(like, limit) if ledger else ()

    def _may_be_renamed(self, batch: BatchFile, recorded: Collection[str]) -> list[str]:
        """Words about a batch of which nothing is known, where another one may be meant by it."""
        new = f'nothing is known of a batch "{batch.name}", so every row is new'
        if recorded:
            names = ", ".join(sorted(recorded))
            return [f"{new}; the record is of {names} (--name says which batch a file is)"]
        if not batch.is_named and (old := self.known.renamed(batch)):
            return [
                f"{new}; {old[1]}, which was the batch {old[0]}, is gone: if this is it, --name {shlex.quote(old[0])} goes on with it"
            ]
        return []

    def _known_jobs(self, name: str) -> tuple[list[Job], list[str]]:
        try:
            ledger = self._ledger()
            return (ledger.of_batch(name)[::-1] if ledger else []), []
        except (DiskError, LedgerError) as error:
            return [], [f"the ledger cannot be read, so nothing is known to be ordered: {error.message}"]


def _keyless(prepared: Sequence[Prepared]) -> list[str]:
    accounts = {one.account.name: one.account for one in prepared}
    return [f"there is no key for {name}; a run needs one" for name, account in accounts.items() if not account.has_key]
