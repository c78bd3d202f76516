"""What workers share beside the jobs: pictures, the limits of batches, rates of sellers, and what waits for a worker."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from psycopg import sql

from .base import Waiting
from .leases import Ownership
from .postgres_rows import NOW
from .postgres_server import Connection, Database

TASK = "hailuo.order"
"""What an order is called in the queue."""
BURST = 3
"""How many requests that were late may follow each other at once."""


class SharedStore:
    """The tables that workers share, over the ledger's own connection."""

    def __init__(self, database: Database, ownership: Ownership) -> None:
        self._database = database
        self._ownership = ownership

    def put_image(self, sha256: str, content: bytes) -> None:
        """Keep a picture by its hash."""
        statement = "INSERT INTO hailuo_images VALUES (%s, %s) ON CONFLICT DO NOTHING"
        self._database.repeatedly(lambda db: db.execute(statement, [sha256, content]))

    def has_image(self, sha256: str) -> bool:
        """Whether a picture is kept."""
        found = "SELECT 1 FROM hailuo_images WHERE sha256 = %s"
        return self._database.repeatedly(lambda db: db.execute(found, [sha256]).fetchone()) is not None

    def image(self, sha256: str) -> bytes | None:
        """A picture by its hash; None where it is not kept."""
        found = "SELECT content FROM hailuo_images WHERE sha256 = %s"
        row = self._database.repeatedly(lambda db: db.execute(found, [sha256]).fetchone())
        return bytes(row[0]) if row else None

    def limit_batch(self, name: str, budget: Decimal | None, assume_price: Decimal | None) -> None:
        """What all orders of a batch may come to, whoever makes them; in USD, None: no limit."""
        statement = (
            "INSERT INTO hailuo_batches VALUES (%s, %s, %s) ON CONFLICT (name)"
            " DO UPDATE SET budget = excluded.budget, assume_price = excluded.assume_price"
        )
        self._database.repeatedly(lambda db: db.execute(statement, [name, budget, assume_price]))

    def batch_limit(self, name: str) -> tuple[Decimal | None, Decimal | None]:
        """What a batch may come to and the price that is assumed for unknown ones, as it was enqueued; in USD."""
        found = "SELECT budget, assume_price FROM hailuo_batches WHERE name = %s"
        row = self._database.repeatedly(lambda db: db.execute(found, [name]).fetchone())
        return (row[0], row[1]) if row else (None, None)

    def take_slot(self, place: str, rate: float) -> float:
        """Seconds until a request may go to a place that takes `rate` of them a second, whoever sends them."""
        statement = sql.SQL(
            "INSERT INTO hailuo_rates AS r VALUES (%(place)s, {now} + 1 / %(rate)s) ON CONFLICT (place) DO UPDATE"
            " SET next_slot = greatest(r.next_slot, {now} - %(burst)s / %(rate)s) + 1 / %(rate)s"
            " RETURNING next_slot - 1 / %(rate)s - {now}"
        ).format(now=NOW)
        values = {"place": place, "rate": rate, "burst": BURST}
        row = self._database.repeatedly(lambda db: db.execute(statement, values).fetchone())
        return max(0.0, float(row[0])) if row else 0.0

    def pause(self, place: str, seconds: float) -> None:
        """Leave a place alone for some seconds, all of us."""
        statement = sql.SQL(
            "INSERT INTO hailuo_rates AS r VALUES (%(place)s, {now} + %(seconds)s) ON CONFLICT (place) DO UPDATE"
            " SET next_slot = greatest(r.next_slot, {now} + %(seconds)s)"
        ).format(now=NOW)
        self._database.repeatedly(lambda db: db.execute(statement, {"place": place, "seconds": seconds}))

    def register_worker(self, number: int) -> None:
        """This process takes rows under a number of the queue's."""
        statement = "INSERT INTO hailuo_workers VALUES (%s, %s) ON CONFLICT DO NOTHING"
        self._database.repeatedly(lambda db: db.execute(statement, [number, self._ownership.who.owner]))

    def dead_workers(self) -> set[int]:
        """The workers that were processes of this machine and have ended without a word."""
        found = "SELECT id, owner FROM hailuo_workers WHERE starts_with(owner, %s)"
        mine = [f"{self._ownership.who.machine}/"]
        rows = self._database.repeatedly(lambda db: db.execute(found, mine).fetchall())
        return {number for number, owner in rows if self._ownership.is_dead(owner)}

    def forget_workers(self, numbers: Iterable[int]) -> None:
        """These workers have ended, and what they had claimed has gone back."""
        gone = list(numbers)
        statement = "DELETE FROM hailuo_workers WHERE id = ANY(%s)"
        self._database.repeatedly(lambda db: db.execute(statement, [gone]))

    def waiting(self, batch: str) -> dict[str, Waiting]:
        """The takes of a batch that workers have still to order, by their dedupe keys."""

        def look(db: Connection) -> dict[str, Waiting]:
            has_queue = db.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
            if has_queue is None or has_queue[0] is None:
                return {}
            found = db.execute(
                "SELECT queueing_lock, args ->> 'form', status = 'doing' FROM procrastinate_jobs WHERE task_name = %s"
                " AND status IN ('todo', 'doing') AND args ->> 'batch' = %s ORDER BY status = 'doing'",
                [TASK, batch],
            )
            return {key: Waiting(form, is_claimed) for key, form, is_claimed in found if key}

        return self._database.repeatedly(look)
