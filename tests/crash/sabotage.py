"""What a test does to the command on purpose, inside a child and nowhere else: weaker promises, and a sudden end.

The weak variants are the negative controls: a harness that does not find them broken is broken itself.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hailuo_cli.ledger import sqlite
from hailuo_cli.ledger.base import Choose
from hailuo_cli.ledger.limits import Allowance
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from tests.support.zygote import GONE

LATE = "the intent is saved after the POST"
UNSYNCED = "write-ahead log and synchronous NORMAL"
TRUSTING = "an unanswered COMMIT is taken for done"
OWN_CLOCK = "a lease is judged by the worker's own clock"


class _LateLedger(Ledger):
    """Writes an order down only once it has a ticket."""

    def begin(
        self, intent: Job, choose: Choose = lambda _: None, allowance: Allowance | None = None
    ) -> tuple[Job, bool]:
        if intent.state is not JobState.SUBMITTING:
            return super().begin(intent, choose, allowance)
        found = self._first("dedupe_key = ?", intent.dedupe_key)
        return (found, False) if found else (replace(intent, id="notyet22"), True)

    def move(self, job: Job, state: JobState, **changes: Any) -> Job:
        if job.id != "notyet22":
            return super().move(job, state, **changes)
        written, _ = super().begin(replace(job, id=""))
        return super().move(written, state, **changes)


class _Unsynced(sqlite3.Connection):
    """Takes less care than it is told to."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith("PRAGMA synchronous"):
            super().execute("PRAGMA journal_mode = WAL")
            sql = "PRAGMA synchronous = NORMAL"
        return super().execute(sql, *values)


def _connect_by(kind: type[sqlite3.Connection]) -> None:
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **named: connect(*args, factory=kind, **named)  # type: ignore[assignment]


def _trust_the_commit() -> None:
    """An intent is sent without being read back."""
    from hailuo_cli.ledger.postgres import PostgresLedger
    from hailuo_cli.ledger.postgres_server import CommitLost

    begun = PostgresLedger._begun
    last: list[tuple[Job, bool]] = []

    def kept(self: Any, *args: Any) -> tuple[Job, bool]:
        last.append(begun(self, *args))
        return last[-1]

    def trusting(self: Any, attempt: Any, doubt: CommitLost) -> Job:
        return last[-1][0]

    PostgresLedger._begun = kept  # type: ignore[method-assign, assignment]
    PostgresLedger._read_back = trusting  # type: ignore[method-assign]
    PostgresLedger.renew = lambda *_: None  # type: ignore[method-assign]


def _lease_by_the_worker() -> None:
    """Whether an order may still leave is asked of this machine's clock and not of the database."""
    import time

    from hailuo_cli.ledger.leases import LEASE_SECONDS, Ownership

    until = time.time() + LEASE_SECONDS

    def renew(self: Ownership, job: Job) -> None:
        if time.time() > until:
            raise TimeoutError

    Ownership.renew = renew  # type: ignore[method-assign]


def weaken(how: str) -> None:
    """Break one promise of this process."""
    if how == LATE:
        sqlite.Ledger = _LateLedger  # type: ignore[misc]
    elif how == UNSYNCED:
        _connect_by(_Unsynced)
    elif how == TRUSTING:
        _trust_the_commit()
    elif how == OWN_CLOCK:
        _lease_by_the_worker()
    elif how:
        raise ValueError(how)


class _Steps:
    """Counts what changes the disk or the wire, and leaves without a word before the last one."""

    def __init__(self, last: int) -> None:
        self._left = last

    def count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(GONE)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            self.count()
            return function(*args, **named)

        return counted

    def heard(self, event: str, _: tuple[Any, ...]) -> None:
        if event in ("open", "os.rename", "os.remove", "os.link", "os.truncate", "os.mkdir", "os.chmod"):
            self.count()


def leave_at(step: int) -> None:
    """End this process before its so-manieth step, with nothing flushed and nothing put away.

    A step is what Python can see: a file opened, renamed, linked or removed, bytes written and synced, a statement of
    SQLite, bytes sent and received. What SQLite does inside a statement is one step.
    """
    steps = _Steps(step)
    sys.addaudithook(steps.heard)
    for name in ("write", "fsync", "ftruncate"):
        setattr(os, name, steps.before(getattr(os, name)))
    for name in ("connect", "send", "sendall", "recv", "recv_into"):
        setattr(socket.socket, name, steps.before(getattr(socket.socket, name)))

    class Connection(sqlite3.Connection):
        execute = steps.before(sqlite3.Connection.execute)
        executescript = steps.before(sqlite3.Connection.executescript)

    _connect_by(Connection)


def shared_steps(act: Callable[[Any], None], step: int) -> None:
    """Do something before the so-manieth statement or connection of a ledger or a queue in PostgreSQL, and go on."""
    import psycopg

    left = step
    execute, connect, queued = psycopg.Connection.execute, psycopg.connect, psycopg.AsyncCursor.execute

    def counted(db: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            act(db)

    def executed(self: Any, *args: Any, **named: Any) -> Any:
        counted(self)
        return execute(self, *args, **named)

    def connected(*args: Any, **named: Any) -> Any:
        counted(None)
        return connect(*args, **named)

    async def executed_for_the_queue(self: Any, *args: Any, **named: Any) -> Any:
        counted(self.connection)
        return await queued(self, *args, **named)

    psycopg.Connection.execute = executed  # type: ignore[method-assign]
    psycopg.AsyncCursor.execute = executed_for_the_queue  # type: ignore[method-assign]
    psycopg.connect = connected


def leave_at_statement(step: int) -> None:
    """End this process before the so-manieth statement, or, where that is the last, at what comes after it."""
    shared_steps(lambda _: os._exit(GONE), step)


def kill_backend_at(step: int, note: str) -> None:
    """Kill the server's process for this connection before the so-manieth statement; the whole server restarts."""

    def kill(db: Any) -> None:
        with open(note, "x"):  # noqa: PTH123 - an empty file says that it was reached
            pass
        if db is not None and not db.closed:
            os.kill(db.info.backend_pid, signal.SIGKILL)

    shared_steps(kill, step)


def settle_meanwhile(address: str, folder: str, words: list[str], environ: dict[str, str]) -> None:
    """Just before an order leaves: its lease runs out, somebody settles it as never sent, and orders it again."""
    import subprocess
    from pathlib import Path

    import psycopg

    from hailuo_cli.ledger.postgres import PostgresLedger
    from hailuo_cli.ledger.postgres_server import Server

    renew = PostgresLedger.renew

    def late(self: PostgresLedger, job: Job) -> None:
        with psycopg.connect(address, autocommit=True) as db:
            db.execute("UPDATE hailuo_jobs SET lease_until = clock_timestamp() - interval '1 s'")
        with PostgresLedger(Server(address), Path(folder)) as other:
            other.move(other.again(job), JobState.NOT_SENT, error="said never to have been sent")
        subprocess.run([sys.executable, "-m", "hailuo_cli", *words], env=environ, check=True, capture_output=True)
        renew(self, job)

    PostgresLedger.renew = late  # type: ignore[method-assign]


def planned(weak: str, last_step: int) -> str:
    """The lines of Python that do this in a child."""
    lines = [f"import {__name__} as sabotage"]
    if weak:
        lines.append(f"sabotage.weaken({weak!r})")
    if last_step:
        lines.append(f"sabotage.leave_at({last_step})")
    return "\n".join(lines) if lines[1:] else ""
