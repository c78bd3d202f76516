"""The ledger in a local file: what `base` promises, by SQLite and one kernel lock a row."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DiskError, TicketTaken
from ..model import Job, JobState
from . import spool
from .base import (
    DIED,
    FINAL,
    HOLDS_KEY,
    ID_LENGTH,
    ID_LETTERS,
    NEXT,
    Choose,
    Earlier,
    OwnerUnknown,
    Row,
    Waiting,
    arrived,
    is_further_on,
)
from .row_locks import RowLocks
from .sqlite_file import LedgerFile, translate_errors
from .sqlite_questions import BY_TICKET, COLUMNS, LISTED, Questions, quoted

if TYPE_CHECKING:
    from .limits import Allowance

_MARKS = ", ".join(f":{name}" for name in COLUMNS)
_KEPT = (*COLUMNS, "answer", "took")
"""What another ledger is told of a job."""


class Ledger(Questions):
    """One connection to the ledger file; open it in the thread that uses it.

    `spools` are the second places for what it could not take. `say` hears when another process is waited for.
    `redact` takes secrets out of every text before it is written down.
    """

    def __init__(
        self,
        path: Path,
        *,
        spools: Sequence[Path] = (),
        now: Callable[[], float] = time.time,
        say: Callable[[str], None] = lambda _: None,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.path = path
        self.name = str(path)
        self._redact = redact
        self._spools = spools
        self._now = now
        self._file = LedgerFile(path, say)
        self._db = self._file.db
        try:
            with translate_errors(path):
                self.id: str = self._db.execute("SELECT value FROM facts WHERE name = 'id'").fetchone()[0]
                self._locks = RowLocks(path.with_name(f"{path.name}.alive"))
                self._import_spooled_tickets()
                self._tell_of_lost_tickets(say)
                self._mark_orphans_unconfirmed()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def together(self) -> AbstractContextManager[None]:
        """What is written inside is one transaction."""
        return self._file.together()

    def begin(
        self, intent: Job, choose: Choose = lambda _: None, allowance: Allowance | None = None
    ) -> tuple[Job, bool]:
        """Write down that a job is about to be paid for, unless `choose` names one that stands for it already.

        The job, and whether it is new. Decided and written in one transaction; what `choose` raises leaves no row, and so
        does CostLimit, where the order would pass a limit of the allowance. A new job takes its dedupe key over from the
        one that had it, and begins a group of its own where the intent names none.
        """
        with translate_errors(self.path):
            self._mark_orphans_unconfirmed()  # a process may have died since this ledger was opened
        with translate_errors(self.path), self._file.writing():
            if chosen := choose(self._earlier(intent)):
                return chosen, False
            if intent.ticket and (found := self._first(BY_TICKET, intent.provider, intent.ticket)):
                return found, False
            if allowance:
                for cap in allowance.caps:
                    allowance.refuse_above(cap, intent.reserved, self._spending(cap))
            if intent.dedupe_key:
                held = f"dedupe_key = ? AND state IN ({quoted(HOLDS_KEY)})"
                self._db.execute(f"UPDATE jobs SET dedupe_key = NULL WHERE {held}", [self._plain(intent.dedupe_key)])  # noqa: S608
            values = {name: self._plain(getattr(intent, name)) for name in COLUMNS}
            values |= {"id": intent.id or self._new_id(), "created_at": self._now(), "state": intent.state.value}
            if intent.state is JobState.SUBMITTING:
                values["group"] = values["group"] or values["id"]
            row = self._db.execute(f"INSERT INTO jobs ({LISTED}) VALUES ({_MARKS})", values)  # noqa: S608
            if intent.state is JobState.SUBMITTING and row.lastrowid:
                self._locks.hold(row.lastrowid)
            return self._get(values["id"]), True

    def renew(self, job: Job) -> None:
        """An order is this process's own for as long as that lives: the kernel says so."""

    def find_out(self, unknown: OwnerUnknown, sleep: Callable[[float], None]) -> None:
        """Never needed here: the kernel knows who lives."""

    def mark_reported(self, jobs: Iterable[Job]) -> None:
        """Note that a person or a script has been told of these jobs."""
        with translate_errors(self.path), self._file.writing():
            self._db.executemany(
                "UPDATE jobs SET announced_at = ? WHERE id = ? AND announced_at IS NULL",
                [(self._now(), job.id) for job in jobs],
            )

    def hold(self, jobs: Iterable[Job]) -> None:
        """Show other processes that this one is at work on these jobs, until it ends or releases them."""
        with translate_errors(self.path):
            for number in self._numbers(jobs):
                self._locks.hold(number)

    def release(self, jobs: Iterable[Job]) -> None:
        """This process is no longer at work on these jobs."""
        with translate_errors(self.path):
            for number in self._numbers(jobs):
                self._locks.release(number)

    def adopt(self, provider: str, ticket: str, profile: str | None = None) -> Job:
        """The job known only by its reference, which may have been submitted on another machine."""
        found = self.by_ticket(provider, ticket)
        return found or self.begin(Job("", provider, JobState.SUBMITTED, ticket=ticket, profile=profile))[0]

    def move(self, job: Job, state: JobState, **changes: Any) -> Job:
        """Bring a job to its next state, with what is known of it; a move that `NEXT` does not have is left undone.

        TicketTaken where the ticket belongs to another job.
        """
        with translate_errors(self.path), self._file.writing():
            now = self._get(job.id)
            if ticket := changes.get("ticket"):
                other = self._first(BY_TICKET, now.provider, ticket)
                if other and other.id != now.id:
                    raise TicketTaken(f"{now.provider} gave the reference of another job, {other.id}: {ticket}")
            if now.state is not state:
                if state not in NEXT.get(now.state, frozenset()):
                    return now
                changes["state"] = state.value
                if state in FINAL | {JobState.SUCCEEDED}:
                    changes.setdefault("finished_at", self._now())
                if now.dedupe_key and state in HOLDS_KEY and now.state not in HOLDS_KEY and self._holder(now):
                    changes["dedupe_key"] = None  # a later attempt has it
            return self._change(now, changes)

    def note(self, job: Job, **changes: Any) -> Job:
        """Write facts about a job without changing its state."""
        with translate_errors(self.path), self._file.writing():
            return self._change(self._get(job.id), changes)

    def forget(self, job: Job) -> None:
        """Remove a job's row for good."""
        with translate_errors(self.path), self._file.writing():
            self._db.execute("DELETE FROM jobs WHERE id = ?", [job.id])

    def spool(self, job: Job, ticket: str) -> Path | None:
        """Leave a ticket that this ledger does not take in a second place, from where the next command takes it in."""
        return spool.keep(spool.Note(self.id, job.id, job.provider, self._redact(ticket)), self._spools)

    def again(self, job: Job) -> Job:
        """The job as it is now, also where the process that ordered it has died meanwhile."""
        with translate_errors(self.path):
            self._mark_orphans_unconfirmed()
            return self._get(job.id)

    def of_batch(self, batch: str) -> list[Job]:
        """Every job that was ordered for a batch, newest first."""
        with translate_errors(self.path):
            self._mark_orphans_unconfirmed()
            return self._all("batch = ? ORDER BY seq DESC", batch)

    def waiting(self, batch: str) -> Mapping[str, Waiting]:
        """No worker takes rows through a file."""
        return {}

    def rows(self) -> Iterator[Row]:
        """Everything that is known of every job, oldest first, for another ledger to take in."""
        listed = ", ".join(f'"{name}"' for name in _KEPT)
        with translate_errors(self.path):
            self._mark_orphans_unconfirmed()
            found = self._db.execute(f"SELECT {listed} FROM jobs ORDER BY seq").fetchall()  # noqa: S608
        for row in found:
            yield dict(zip(_KEPT, row, strict=True))

    def take_in(self, row: Row) -> bool:
        """Write down a job of another ledger, once by its id, then by its ticket; what is further on wins."""
        kept = {name: self._plain(value) for name, value in arrived(row, _KEPT).items()}
        state = JobState(kept["state"])
        with translate_errors(self.path), self._file.writing():
            known = self._first("id = ?", kept["id"])
            if known is None and kept.get("ticket"):
                known = self._first(BY_TICKET, kept["provider"], kept["ticket"])
            if known and not is_further_on(state, known.state):
                return False
            job = known or Job(kept["id"], kept["provider"], state, dedupe_key=kept.get("dedupe_key"))
            if (
                kept.get("dedupe_key")
                and state in HOLDS_KEY
                and self._holder(replace(job, dedupe_key=kept["dedupe_key"]))
            ):
                kept["dedupe_key"] = None
            if known:
                self._change(known, {name: value for name, value in kept.items() if name != "id"})
            else:
                names, marks = (", ".join(form.format(name) for name in kept) for form in ('"{}"', ":{}"))
                self._db.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", kept)  # noqa: S608
            return True

    def _earlier(self, intent: Job) -> Earlier:
        """The same request at any provider, an unconfirmed one of a ledger before hashes included, and the same key."""
        if intent.request_hash is None and intent.dedupe_key is None:
            return Earlier()
        same = self._all(
            "(request_hash = ? AND coalesce(take, 1) = coalesce(?, 1)) OR (request_hash IS NULL AND (fingerprint = ? OR"
            " (state = 'unconfirmed' AND prompt = ? AND duration IS ? AND resolution IS ?))) ORDER BY seq DESC",
            *(intent.request_hash, intent.take, intent.fingerprint),
            *(intent.prompt, intent.duration, intent.resolution),
        )
        keyed = self._all("dedupe_key = ? ORDER BY seq DESC", intent.dedupe_key) if intent.dedupe_key else []
        jobs = {job.id: job for job in (*same, *keyed)}.values()
        held = zip(jobs, self._numbers(jobs), strict=True)
        return Earlier(same, keyed, frozenset(job.id for job, number in held if self._locks.is_held(number)))

    def _holder(self, job: Job) -> Job | None:
        held = f"dedupe_key = ? AND id <> ? AND state IN ({quoted(HOLDS_KEY)})"
        return self._first(held, job.dedupe_key, job.id)

    def _numbers(self, jobs: Iterable[Job]) -> list[int]:
        found = (self._db.execute("SELECT seq FROM jobs WHERE id = ?", [job.id]).fetchone() for job in jobs)
        return [row[0] if row else 0 for row in found]

    def _import_spooled_tickets(self) -> None:
        """Bring in the tickets that could not be written down when they came."""
        for path, note in spool.found(self.id, self._spools, path=self.path):
            with suppress(DiskError, TicketTaken):  # what still cannot be written stays where it is
                job = self._first("id = ?", note.job)
                if job and job.provider == note.provider:
                    self.move(job, JobState.SUBMITTED, ticket=note.ticket, error=None)
                self.adopt(note.provider, note.ticket)
                path.unlink(missing_ok=True)

    def _tell_of_lost_tickets(self, say: Callable[[str], None]) -> None:
        """A ledger without any job says what is noted for another one, which may have been damaged and moved away."""
        if self._db.execute("SELECT 1 FROM jobs LIMIT 1").fetchone() is None:
            for path, note in spool.left(self._spools):
                say(f"{note.provider}:{note.ticket} is paid for and noted for another ledger, in {path}")

    def _mark_orphans_unconfirmed(self) -> None:
        """An order whose process died before it wrote down the answer is unconfirmed, not on its way."""
        find = "SELECT seq, id FROM jobs WHERE state = 'submitting'"
        dead = [job_id for seq, job_id in self._db.execute(find) if not self._locks.is_held(seq)]
        for job_id in dead:
            self.move(self._get(job_id), JobState.UNCONFIRMED, error=DIED)

    def _change(self, job: Job, changes: dict[str, Any]) -> Job:
        if changes:
            assigned = ", ".join(f'"{name}" = :{name}' for name in changes)
            values = {name: self._plain(value) for name, value in changes.items()}
            self._db.execute(f"UPDATE jobs SET {assigned} WHERE id = :id", {"id": job.id, **values})  # noqa: S608
        return self._get(job.id)

    def _new_id(self) -> str:
        while True:
            new = "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))
            if self._first("id = ?", new) is None:
                return new
