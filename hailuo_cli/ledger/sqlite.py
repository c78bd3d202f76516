"""The local record of every job, written before money moves and before anything is printed.

When a method returns, what it wrote survives a power cut.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..errors import Bug, DiskError, LedgerError, TicketTaken, UsageError
from ..model import Job, JobState
from . import spool
from .row_locks import RowLocks
from .sqlite_file import LedgerFile, told

ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 8

_COLUMNS = [field.name for field in fields(Job)]
_BY_TICKET = "provider = ? AND ticket = ?"
_FINAL = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.GONE, JobState.NOT_SENT, JobState.REFUSED})
_NEXT: dict[JobState, frozenset[JobState]] = {
    JobState.SUBMITTING: frozenset({JobState.NOT_SENT, JobState.REFUSED, JobState.UNCONFIRMED, JobState.SUBMITTED}),
    JobState.UNCONFIRMED: frozenset({JobState.NOT_SENT, JobState.SUBMITTED}),
    JobState.SUBMITTED: frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.GONE}),
    JobState.SUCCEEDED: frozenset({JobState.SAVED, JobState.GONE}),
    # a provider that lost sight of a job may find it again
    JobState.GONE: frozenset({JobState.SUBMITTED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
}


class Ledger:
    """One connection to the ledger file; open it in the thread that uses it.

    `spools` are the second places for what it could not take. `say` hears when another process is waited for.
    """

    def __init__(
        self,
        path: Path,
        *,
        spools: Sequence[Path] = (),
        now: Callable[[], float] = time.time,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.path = path
        self._spools = spools
        self._now = now
        self._file = LedgerFile(path, say)
        self._db = self._file.db
        try:
            with told(path):
                self._alive = RowLocks(path.with_name(f"{path.name}.alive"))
                self._import_spooled_tickets()
                self._mark_orphans_unconfirmed()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def begin(self, intent: Job, *, recent: float = 0) -> tuple[Job, bool]:
        """Write down that a job is about to be paid for, unless it already is: the entry, and whether it is new.

        The same dedupe key gives the earlier entry back instead of a new one. So does the same request less than
        `recent` seconds ago that was left unconfirmed, or whose command died before it could say what became of it.
        Decided and written in one transaction.
        """
        with told(self.path):
            self._mark_orphans_unconfirmed()  # a process may have died since this ledger was opened
        with told(self.path), self._file.writing():
            if intent.dedupe_key:
                found = self._first("dedupe_key = ? AND state NOT IN ('not_sent', 'refused')", intent.dedupe_key)
                if found:
                    return found, False
            if recent:
                found = self._first(
                    "fingerprint = ? AND state = 'unconfirmed' AND created_at > ?",
                    intent.fingerprint,
                    self._now() - recent,
                )
                if found or (found := self._unreported_duplicate(intent, self._now() - recent)):
                    return found, False
            if intent.ticket and (found := self._first(_BY_TICKET, intent.provider, intent.ticket)):
                return found, False
            values = {name: _plain(getattr(intent, name)) for name in _COLUMNS}
            values |= {"id": intent.id or self._new_id(), "created_at": self._now(), "state": intent.state.value}
            marks = ", ".join(f":{name}" for name in _COLUMNS)
            row = self._db.execute(f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({marks})", values)  # noqa: S608
            if intent.state is JobState.SUBMITTING and row.lastrowid:
                self._alive.hold(row.lastrowid)
            return self._get(values["id"]), True

    def mark_reported(self, jobs: Iterable[Job]) -> None:
        """Note that a person or a script has been told of these jobs."""
        with told(self.path), self._file.writing():
            self._db.executemany(
                "UPDATE jobs SET announced_at = ? WHERE id = ? AND announced_at IS NULL",
                [(self._now(), job.id) for job in jobs],
            )

    def adopt(self, provider: str, ticket: str, profile: str | None = None) -> Job:
        """The entry of a job known only by its reference, which may have been submitted on another machine."""
        found = self.by_ticket(provider, ticket)
        return found or self.begin(Job("", provider, JobState.SUBMITTED, ticket=ticket, profile=profile))[0]

    def move(self, job: Job, state: JobState, **changes: Any) -> Job:
        """Bring an entry to its next state; an entry that is already in a final state stays as it is."""
        with told(self.path), self._file.writing():
            now = self._get(job.id)
            if ticket := changes.get("ticket"):
                other = self._first(_BY_TICKET, now.provider, ticket)
                if other and other.id != now.id:
                    raise TicketTaken(f"{now.provider} gave the reference of another job, {other.id}: {ticket}")
            if now.state is not state:
                if state not in _NEXT.get(now.state, frozenset()):
                    return now
                changes["state"] = state.value
                if state in _FINAL | {JobState.SUCCEEDED}:
                    changes.setdefault("finished_at", self._now())
            return self._change(now, changes)

    def note(self, job: Job, **changes: Any) -> Job:
        """Write facts about an entry without changing its state."""
        with told(self.path), self._file.writing():
            return self._change(self._get(job.id), changes)

    def spool(self, job: Job, ticket: str) -> Path | None:
        """Leave a ticket that this ledger does not take in a second place, from where the next command takes it in."""
        return spool.keep(spool.Note(str(self.path.absolute()), job.id, job.provider, ticket), self._spools)

    def answer(self, job: Job) -> str | None:
        """What the provider answered to an order that it neither took nor refused, where that was kept."""
        with told(self.path):
            row = self._db.execute("SELECT answer FROM jobs WHERE id = ?", [job.id]).fetchone()
        return row[0] if row else None

    def again(self, job: Job) -> Job:
        """The entry as it is now, also where its process has died meanwhile."""
        with told(self.path):
            self._mark_orphans_unconfirmed()
            return self._get(job.id)

    def by_ticket(self, provider: str, ticket: str) -> Job | None:
        with told(self.path):
            return self._first(_BY_TICKET, provider, ticket)

    def by_id(self, text: str) -> Job | None:
        """The entry whose id starts with a text of 4 or more characters; UsageError where several do."""
        if len(text) < 4 or not set(text) <= set(ID_LETTERS):
            return None
        with told(self.path):
            found = self._all("id >= ? AND id < ? ORDER BY seq DESC LIMIT 3", text, text + "~")
        if len(found) > 1:
            raise UsageError(
                f"{text} begins several ids: {', '.join(e.id for e in found)}", hint="type one more letter"
            )
        return found[0] if found else None

    def last(self) -> Job | None:
        """The newest entry that is or may be a paid job."""
        with told(self.path):
            return self._first("state NOT IN ('not_sent', 'refused')")

    def recent(self, limit: int = -1) -> list[Job]:
        """Entries, newest first."""
        with told(self.path):
            return self._all("1 ORDER BY seq DESC LIMIT ?", limit)

    def unfinished(self) -> list[Job]:
        """Every entry whose provider may still owe something, oldest first."""
        states = ", ".join(f"'{state}'" for state in JobState if state.unfinished)
        with told(self.path):
            return self._all(f"state IN ({states}) ORDER BY seq")

    def durations(self, like: Job, limit: int) -> list[float]:
        """How many seconds jobs like this one took, newest first; only of jobs that were watched to their end."""
        find = (
            "SELECT took FROM jobs WHERE provider = ? AND model IS ? AND duration IS ? AND resolution IS ?"
            " AND took IS NOT NULL ORDER BY seq DESC LIMIT ?"
        )
        with told(self.path):
            rows = self._db.execute(find, (like.provider, like.model, like.duration, like.resolution, limit))
            return [row[0] for row in rows]

    def _import_spooled_tickets(self) -> None:
        """Bring in the tickets that could not be written down when they came."""
        for path, note in spool.found(self.path.absolute(), self._spools):
            with suppress(DiskError, TicketTaken):  # what still cannot be written stays where it is
                job = self._first("id = ?", note.job)
                if job and job.provider == note.provider:
                    self.move(job, JobState.SUBMITTED, ticket=note.ticket, error=None)
                self.adopt(note.provider, note.ticket)
                path.unlink(missing_ok=True)

    def _unreported_duplicate(self, intent: Job, since: float) -> Job | None:
        """The same order, made since then by a command that died before it could say what became of it."""
        rows = self._db.execute(
            "SELECT seq, id FROM jobs WHERE fingerprint = ? AND created_at > ? AND dedupe_key IS ?"
            " AND ticket IS NOT NULL AND announced_at IS NULL AND state NOT IN ('failed', 'cancelled', 'gone')"
            " ORDER BY seq DESC",
            [intent.fingerprint, since, intent.dedupe_key],
        )
        return next((self._get(entry_id) for seq, entry_id in rows if not self._alive.is_held(seq)), None)

    def _mark_orphans_unconfirmed(self) -> None:
        """An order whose process died before it wrote down the answer is unconfirmed, not on its way."""
        find = "SELECT seq, id FROM jobs WHERE state = 'submitting'"
        dead = [entry_id for seq, entry_id in self._db.execute(find) if not self._alive.is_held(seq)]
        for entry_id in dead:
            died = "the process that ordered it died before the answer was written down"
            self.move(self._get(entry_id), JobState.UNCONFIRMED, error=died)

    def _change(self, job: Job, changes: dict[str, Any]) -> Job:
        if changes:
            assigned = ", ".join(f"{name} = :{name}" for name in changes)
            values = {name: _plain(value) for name, value in changes.items()}
            self._db.execute(f"UPDATE jobs SET {assigned} WHERE id = :id", {"id": job.id, **values})  # noqa: S608
        return self._get(job.id)

    def _get(self, entry_id: str) -> Job:
        found = self._first("id = ?", entry_id)
        if found is None:
            raise Bug(f"the ledger has no entry {entry_id}")
        return found

    def _first(self, where: str, *values: Any) -> Job | None:
        return next(iter(self._all(f"{where} ORDER BY seq DESC LIMIT 1", *values)), None)

    def _all(self, where: str, *values: Any) -> list[Job]:
        rows = self._db.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs WHERE {where}", [_plain(v) for v in values])  # noqa: S608
        return [_entry(row) for row in rows]

    def _new_id(self) -> str:
        while True:
            new = "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))
            if self._first("id = ?", new) is None:
                return new


def _plain(value: Any) -> Any:
    """Text that SQLite can hold: half a character of a server or a file name is written out."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _entry(row: tuple[Any, ...]) -> Job:
    values = dict(zip(_COLUMNS, row, strict=True))
    try:
        return Job(**{**values, "state": JobState(values["state"])})
    except ValueError:
        raise LedgerError(f"the ledger has a job in a state that is not known: {values['state']}") from None
