"""What a ledger in PostgreSQL is asked: finding jobs, listing them, and everything of each for another ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, LiteralString

from psycopg import sql

from ..errors import UsageError
from ..model import Job, JobState
from ..money import dollars
from .base import HOLDS_KEY, ID_LETTERS, Earlier, Row, Waiting
from .leases import Ownership, Who
from .limits import OPEN, Cap, Spending
from .postgres_rows import BY_TICKET, KEPT, NOW, Rows
from .postgres_server import Connection, Database
from .shared import SharedStore


class Questions:
    """The reading half of a ledger: nothing here decides about an order."""

    _database: Database
    _rows: Rows
    _ownership: Ownership
    _who: Who
    store: SharedStore
    """What workers share beside the jobs."""

    def together(self) -> AbstractContextManager[None]:
        """Nothing here: each step is repeated by itself where its connection breaks."""
        return nullcontext()

    def answer(self, job: Job) -> str | None:
        """As in `base`."""
        row = self._row("SELECT answer FROM hailuo_jobs WHERE id = %s", job.id)
        return row[0] if row else None

    def by_ticket(self, provider: str, ticket: str) -> Job | None:
        """As in `base`."""
        return self._one(BY_TICKET, provider, ticket)

    def by_key(self, key: str) -> Job | None:
        """As in `base`."""
        keyed = self._many("dedupe_key = %s ORDER BY seq DESC", key)
        return next((job for job in keyed if job.state in HOLDS_KEY), keyed[0] if keyed else None)

    def by_id(self, text: str) -> Job | None:
        """As in `base`."""
        if len(text) < 4 or not set(text) <= set(ID_LETTERS):
            return None
        found = self._many("id >= %s AND id < %s ORDER BY seq DESC LIMIT 3", text, text + "~")
        if len(found) > 1:
            raise UsageError(
                f"{text} begins several ids: {', '.join(job.id for job in found)}", hint="type one more letter"
            )
        return found[0] if found else None

    def last(self, *, everyone: bool = False) -> Job | None:
        """As in `base`."""
        paid = "state NOT IN ('not_sent', 'refused')"
        if everyone:
            return self._one(paid)
        return self._one(f"machine = %s AND login = %s AND {paid}", self._who.machine, self._who.login)

    def recent(self, limit: int = -1) -> list[Job]:
        """As in `base`."""
        return self._many("true ORDER BY seq DESC LIMIT %s", None if limit < 0 else limit)

    def unfinished(self, *, everyone: bool = False) -> list[Job]:
        """As in `base`."""
        self._ownership.mark_orphans()
        unfinished = "state = ANY(%s)"
        states = sorted(state.value for state in JobState if state.unfinished)
        if everyone:
            return self._many(f"{unfinished} ORDER BY seq", states)
        mine = f"{unfinished} AND machine = %s AND login = %s ORDER BY seq"
        return self._many(mine, states, self._who.machine, self._who.login)

    def of_batch(self, batch: str) -> list[Job]:
        """As in `base`."""
        self._ownership.mark_orphans()
        return self._many("batch = %s ORDER BY seq DESC", batch)

    def waiting(self, batch: str) -> Mapping[str, Waiting]:
        """As in `base`."""
        return self.store.waiting(batch)

    def durations(self, like: Job, limit: int) -> list[float]:
        """As in `base`."""
        find = (
            "SELECT took FROM hailuo_jobs WHERE provider = %s AND model IS NOT DISTINCT FROM %s"
            " AND duration IS NOT DISTINCT FROM %s AND resolution IS NOT DISTINCT FROM %s"
            " AND took IS NOT NULL ORDER BY seq DESC LIMIT %s"
        )
        values = [like.provider, like.model, like.duration, like.resolution, limit]
        return [row[0] for row in self._database.repeatedly(lambda db: db.execute(find, values).fetchall())]

    def spending(self, cap: Cap) -> Spending:
        """As in `base`."""
        return self._database.repeatedly(lambda db: self.spent(db, cap))

    def spent(self, db: Connection, cap: Cap) -> Spending:
        """What counts against a limit, within a transaction; the day and the month are those of the database's clock."""
        clock = db.execute(sql.SQL("SELECT {}").format(NOW)).fetchone()
        since = cap.since(float(clock[0])) if clock else 0.0
        # a row without a fingerprint was ordered elsewhere and only heard of here
        row = db.execute(
            "SELECT coalesce(sum(counted) FILTER (WHERE NOT is_open), 0), coalesce(sum(counted) FILTER (WHERE is_open), 0),"
            " count(*) FILTER (WHERE counted IS NULL) FROM (SELECT coalesce(billed, reserved) AS counted,"
            " state = ANY(%(open)s) AS is_open FROM hailuo_jobs WHERE (created_at >= %(since)s OR state = ANY(%(open)s))"
            " AND (%(batch)s::text IS NULL OR batch = %(batch)s) AND state NOT IN ('not_sent', 'refused')"
            " AND fingerprint IS NOT NULL) AS meant",
            {"open": sorted(OPEN), "since": since, "batch": cap.batch},
        ).fetchone()
        spent, held, unknown = row or (0, 0, 0)
        return Spending(dollars(int(spent)), dollars(int(held)), unknown)

    def earlier(self, db: Connection, intent: Job) -> Earlier:
        """The same request at any provider, an unconfirmed one from before there were hashes included, and the same key."""
        now = db.execute(sql.SQL("SELECT {}").format(NOW)).fetchone()
        clock = float(now[0]) if now else None
        if intent.request_hash is None and intent.dedupe_key is None:
            return Earlier(now=clock)
        same = self._rows.all(
            db,
            "(request_hash = %s AND coalesce(take, 1) = coalesce(%s, 1)) OR (request_hash IS NULL AND (fingerprint = %s"
            " OR (state = 'unconfirmed' AND prompt = %s AND duration IS NOT DISTINCT FROM %s"
            " AND resolution IS NOT DISTINCT FROM %s))) ORDER BY seq DESC",
            *(intent.request_hash, intent.take, intent.fingerprint),
            *(intent.prompt, intent.duration, intent.resolution),
        )
        keyed = self._rows.all(db, "dedupe_key = %s ORDER BY seq DESC", intent.dedupe_key) if intent.dedupe_key else []
        return Earlier(same, keyed, self._ownership.alive(db, [job.id for job in (*same, *keyed)]), clock)

    def rows(self) -> Iterator[Row]:
        """As in `base`."""
        self._ownership.mark_orphans()
        listed = sql.SQL(", ").join(map(sql.Identifier, KEPT))
        statement = sql.SQL("SELECT {} FROM hailuo_jobs ORDER BY seq").format(listed)
        for row in self._database.repeatedly(lambda db: db.execute(statement).fetchall()):
            yield dict(zip(KEPT, row, strict=True))

    def _row(self, statement: LiteralString, *values: Any) -> tuple[Any, ...] | None:
        return self._database.repeatedly(lambda db: db.execute(statement, values).fetchone())

    def _one(self, where: LiteralString, *values: Any) -> Job | None:
        return self._database.repeatedly(lambda db: self._rows.first(db, where, *values))

    def _many(self, where: LiteralString, *values: Any) -> list[Job]:
        return self._database.repeatedly(lambda db: self._rows.all(db, where, *values))
