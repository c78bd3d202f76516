"""Rows of a ledger in PostgreSQL: from a job to columns and back, by statements that name every value."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, LiteralString, cast

from psycopg import sql

from ..errors import LedgerError
from ..model import Job, JobState
from .base import HOLDS_KEY, ID_LENGTH, ID_LETTERS
from .postgres_server import Connection

COLUMNS = [field.name for field in fields(Job) if field.name != "reused"]
LISTED = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
KEPT = (*COLUMNS, "answer", "took", "machine", "login")
"""What another ledger is told of a job."""
NOW = sql.SQL("extract(epoch FROM clock_timestamp())")
HOLDING: LiteralString = cast("Any", ", ".join(f"'{state}'" for state in sorted(HOLDS_KEY)))
BY_TICKET = "provider = %s AND ticket = %s"
Clocked = Mapping[str, sql.Composable]
"""Columns whose value is an expression, such as the database's clock."""


class Rows:
    """Reads and writes jobs over a connection. `redact` takes secrets out of every text before it is written down."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def first(self, db: Connection, where: LiteralString, *values: Any) -> Job | None:
        """The newest job that a condition names."""
        return next(iter(self.all(db, f"({where}) ORDER BY seq DESC LIMIT 1", *values)), None)

    def all(self, db: Connection, where: LiteralString, *values: Any) -> list[Job]:
        """Every job that a condition names, with what may stand behind one."""
        statement = sql.SQL("SELECT {} FROM hailuo_jobs WHERE {}").format(LISTED, sql.SQL(where))
        return [job_of(row) for row in db.execute(statement, [self.plain(value) for value in values])]

    def insert(self, db: Connection, values: Mapping[str, Any], clocked: Clocked) -> Job | None:
        """A new row; None where its id is another job's."""
        names = sql.SQL(", ").join(map(sql.Identifier, (*values, *clocked)))
        marks = sql.SQL(", ").join([*(sql.Placeholder() for _ in values), *clocked.values()])
        statement = sql.SQL("INSERT INTO hailuo_jobs ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING RETURNING {}")
        row = db.execute(statement.format(names, marks, LISTED), [*map(self.plain, values.values())]).fetchone()
        return job_of(row) if row else None

    def update(
        self, db: Connection, changes: Mapping[str, Any], clocked: Clocked, where: LiteralString, *values: Any
    ) -> Job | None:
        """The row that a condition names, changed; None where there is no such row any more."""
        if not changes and not clocked:
            return self.first(db, where, *values)
        pairs = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in changes]
        pairs += [sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in clocked.items()]
        statement = sql.SQL("UPDATE hailuo_jobs SET {} WHERE {} RETURNING {}").format(
            sql.SQL(", ").join(pairs),
            sql.SQL(where),
            LISTED,
        )
        row = db.execute(statement, [*map(self.plain, changes.values()), *values]).fetchone()
        return job_of(row) if row else None

    def plain(self, value: Any) -> Any:
        """Text as it is written down: without a secret, and what PostgreSQL has no characters for in words."""
        if not isinstance(value, str):
            return value
        return self._redact(value).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def new_id() -> str:
    """An id that hardly any job has."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


def job_of(row: Sequence[Any]) -> Job:
    """The job of a row of `COLUMNS`; LedgerError for a state that is not known."""
    values = dict(zip(COLUMNS, row, strict=True))
    try:
        return Job(**{**values, "state": JobState(values["state"])})
    except ValueError:
        raise LedgerError(f"the ledger has a job in a state that is not known: {values['state']}") from None
