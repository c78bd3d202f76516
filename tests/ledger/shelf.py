"""Every kind of ledger, opened and emptied in one way, so that one suite can run over all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hailuo_cli.ledger.base import Ledger
from hailuo_cli.model import Job, JobState
from tests.support.postgres import execute


@dataclass(frozen=True)
class Shelf:
    """One ledger that any number of connections may be opened to. `machine` is a data folder."""

    kind: str
    place: str
    machine: Path

    def open(self, machine: Path | None = None, **how: Any) -> Ledger:
        """A connection to it, from this machine or from another one."""
        if self.kind == "sqlite":
            from hailuo_cli.ledger.sqlite import Ledger as Kept

            return Kept(Path(self.place), **how)
        from hailuo_cli.ledger.postgres import PostgresLedger
        from hailuo_cli.ledger.postgres_server import Server

        return PostgresLedger(Server(self.place), machine or self.machine, **how)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """One statement behind the ledger's back; `{jobs}` is its table."""
        said = statement.format(jobs="jobs" if self.kind == "sqlite" else "hailuo_jobs")
        if self.kind != "sqlite":
            return execute(self.place, said)
        with closing(sqlite3.connect(self.place)) as db, db:
            return list(db.execute(said))


def intent(state: JobState = JobState.SUBMITTING, **facts: Any) -> Job:
    return Job(**{"id": "", "provider": "pixazo", "state": state, "fingerprint": "f", **facts})


Together = Callable[[str, Sequence[str]], list[str]]
