"""What can be asked of the ledger's file. Nothing here changes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Bug, LedgerError, UsageError
from ..model import Job, JobState
from .base import HOLDS_KEY, ID_LETTERS
from .sqlite_file import translate_errors

if TYPE_CHECKING:
    from .limits import Cap, Spending

COLUMNS = [field.name for field in fields(Job) if field.name != "reused"]
LISTED = ", ".join(f'"{name}"' for name in COLUMNS)
BY_TICKET = "provider = ? AND ticket = ?"


class Questions:
    """The questions of `base.Ledger` that one statement answers; whoever has the connection inherits them."""

    path: Path
    _db: sqlite3.Connection
    _now: Callable[[], float]
    _redact: Callable[[str], str]

    def answer(self, job: Job) -> str | None:
        """What the provider answered to an order that it neither took nor refused, where that was kept."""
        with translate_errors(self.path):
            row = self._db.execute("SELECT answer FROM jobs WHERE id = ?", [job.id]).fetchone()
        return row[0] if row else None

    def by_ticket(self, provider: str, ticket: str) -> Job | None:
        """The job with a provider's ticket."""
        with translate_errors(self.path):
            return self._first(BY_TICKET, provider, ticket)

    def by_key(self, key: str) -> Job | None:
        """The job that stands for a dedupe key, else the newest attempt that had it."""
        with translate_errors(self.path):
            keyed = self._all("dedupe_key = ? ORDER BY seq DESC", key)
        return next((job for job in keyed if job.state in HOLDS_KEY), keyed[0] if keyed else None)

    def by_id(self, text: str) -> Job | None:
        """The job whose id starts with a text of 4 or more characters; UsageError where several do."""
        if len(text) < 4 or not set(text) <= set(ID_LETTERS):
            return None
        with translate_errors(self.path):
            found = self._all("id >= ? AND id < ? ORDER BY seq DESC LIMIT 3", text, text + "~")
        if len(found) > 1:
            raise UsageError(
                f"{text} begins several ids: {', '.join(job.id for job in found)}", hint="type one more letter"
            )
        return found[0] if found else None

    def last(self, *, everyone: bool = False) -> Job | None:
        """The newest job that is or may be paid for; this file is one user's."""
        with translate_errors(self.path):
            return self._first("state NOT IN ('not_sent', 'refused')")

    def recent(self, limit: int = -1) -> list[Job]:
        """Jobs, newest first."""
        with translate_errors(self.path):
            return self._all("1 ORDER BY seq DESC LIMIT ?", limit)

    def unfinished(self, *, everyone: bool = False) -> list[Job]:
        """Every job whose provider may still owe something, oldest first; this file is one user's."""
        unfinished = frozenset(state for state in JobState if state.unfinished)
        with translate_errors(self.path):
            return self._all(f"state IN ({quoted(unfinished)}) ORDER BY seq")

    def durations(self, like: Job, limit: int) -> list[float]:
        """How many seconds jobs like this one took, newest first; only of jobs that were watched to their end."""
        find = (
            "SELECT took FROM jobs WHERE provider = ? AND model IS ? AND duration IS ? AND resolution IS ?"
            " AND took IS NOT NULL ORDER BY seq DESC LIMIT ?"
        )
        with translate_errors(self.path):
            rows = self._db.execute(find, (like.provider, like.model, like.duration, like.resolution, limit))
            return [row[0] for row in rows]

    def spending(self, cap: Cap) -> Spending:
        """What counts against a limit now."""
        with translate_errors(self.path):
            return self._spending(cap)

    def _spending(self, cap: Cap) -> Spending:
        from ..money import dollars  # for an order under a limit alone
        from .limits import OPEN, Spending

        open_ones = quoted(OPEN)
        amount = "coalesce(billed, reserved)"
        # a row without a fingerprint was ordered elsewhere and only heard of here
        row = self._db.execute(
            f"SELECT coalesce(sum(CASE WHEN state IN ({open_ones}) THEN 0 ELSE {amount} END), 0),"  # noqa: S608
            f" coalesce(sum(CASE WHEN state IN ({open_ones}) THEN {amount} ELSE 0 END), 0),"
            f" coalesce(sum(CASE WHEN {amount} IS NULL THEN 1 ELSE 0 END), 0)"
            f" FROM jobs WHERE (created_at >= ? OR state IN ({open_ones})) AND (? IS NULL OR batch = ?)"
            " AND state NOT IN ('not_sent', 'refused') AND fingerprint IS NOT NULL",
            [cap.since(self._now()), cap.batch, cap.batch],
        ).fetchone()
        return Spending(dollars(row[0]), dollars(row[1]), row[2])

    def _get(self, job_id: str) -> Job:
        found = self._first("id = ?", job_id)
        if found is None:
            raise Bug(f"the ledger has no job {job_id}")
        return found

    def _first(self, where: str, *values: Any) -> Job | None:
        return next(iter(self._all(f"{where} ORDER BY seq DESC LIMIT 1", *values)), None)

    def _all(self, where: str, *values: Any) -> list[Job]:
        rows = self._db.execute(f"SELECT {LISTED} FROM jobs WHERE {where}", [self._plain(v) for v in values])  # noqa: S608
        return [_job(row) for row in rows]

    def _plain(self, value: Any) -> Any:
        """Text as it is written down: without a secret, and half a character of a server or a file name in words."""
        return self._redact(value).encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def quoted(states: Iterable[JobState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def _job(row: tuple[Any, ...]) -> Job:
    job_id, provider, state, *facts = row
    try:
        return Job(job_id, provider, JobState(state), *facts)
    except ValueError:
        raise LedgerError(f"the ledger has a job in a state that is not known: {state}") from None
