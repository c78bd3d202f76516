"""Who is at work on a job of a shared ledger: a lease on the database's clock, renewed while its process lives.

On one machine a kernel lock tells sooner that a process is dead; between machines only the lease does.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from ..errors import DiskError, HailuoError, LedgerError
from ..model import Job
from ..private_files import make_folder, rename_new
from .base import DIED, OwnerUnknown
from .postgres_server import Connection, Database, Server
from .row_locks import RowLocks

LEASE_SECONDS = 60
RENEW_SECONDS = 15.0
RETRY_SECONDS = 2.0
"""A renewal that failed is tried again so soon."""
STOP_SECONDS = 1.0
"""For so long a renewal that is under way is waited for at the end."""
WATCH_SECONDS = 0.5
"""Between two looks at a lease that is watched."""
LEASE = sql.SQL("clock_timestamp() + make_interval(secs => {})").format(sql.Literal(LEASE_SECONDS))
"""When a lease that is taken now runs out."""
_MACHINE_FILE = "machine"
_numbers: dict[tuple[int, Path], int] = {}


@dataclass(frozen=True)
class Who:
    """This process as the ledger knows it: its machine and user, and a name of its own that begins with the machine's."""

    machine: str
    login: str
    owner: str


class Ownership:
    """What this process holds of a ledger, and what it can tell of other owners. `folder` is this machine's own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        try:
            make_folder(folder)
            self._locks = RowLocks(folder / "owners.alive")
            place = machine(folder)
        except OSError as error:
            raise DiskError(
                f"cannot write in {folder}: {error.strerror or error}", hint="set HAILUO_DATA_DIR to a folder of yours"
            ) from error
        here = (os.getpid(), folder.absolute())
        number = _numbers.setdefault(here, secrets.randbelow(2**31))  # a fork is another process
        self._locks.hold(number)
        self.who = Who(place, login(), f"{place}/{number}")
        self._renewer = _Renewer(database.server, self.who.owner)
        self._known_alive: set[tuple[str, str]] = set()

    def keep(self) -> None:
        """From now on what this process holds is renewed in time."""
        self._renewer.start()

    def close(self) -> None:
        """Give back what is held. An order of which nobody was told waits for its lease: nobody else is to take it over."""
        self._renewer.stop()
        with contextlib.suppress(LedgerError):
            self._release(sql.SQL("announced_at IS NOT NULL"))

    def renew(self, job: Job) -> None:
        """Renew the lease of an order that is about to leave; LedgerError where it has run out or is not ours."""

        def step(db: Connection) -> bool:
            statement = sql.SQL(
                "UPDATE hailuo_jobs SET lease_until = {} WHERE id = %s AND owner = %s AND state = 'submitting'"
                " AND lease_until > clock_timestamp()"
            ).format(LEASE)
            return db.execute(statement, [job.id, self.who.owner]).rowcount == 1

        if not self._database.repeatedly(step):
            raise LedgerError(
                f"the order {job.id} was held for longer than its lease of {LEASE_SECONDS} s",
                hint="the same command again",
            )

    def hold(self, ids: Sequence[str]) -> None:
        """Take the leases of jobs that nobody living holds."""
        if not ids:
            return
        statement = sql.SQL(
            "UPDATE hailuo_jobs SET owner = %s, lease_until = {} WHERE id = ANY(%s) AND state <> 'submitting'"
            " AND (owner IS NULL OR owner = %s OR lease_until <= clock_timestamp())"
        ).format(LEASE)
        self._database.repeatedly(lambda db: db.execute(statement, [self.who.owner, ids, self.who.owner]))
        self.keep()

    def release(self, ids: Sequence[str]) -> None:
        """Give leases back."""
        if ids:
            self._release(sql.SQL("id = ANY(%s)"), ids)

    def find_out(self, job_id: str, sleep: Callable[[float], None]) -> None:
        """Watch a lease until it is renewed, which shows a living owner, or runs out."""

        def look(db: Connection) -> tuple[object, ...] | None:
            return db.execute(
                "SELECT owner, lease_until, lease_until > clock_timestamp() FROM hailuo_jobs WHERE id = %s", [job_id]
            ).fetchone()

        first = self._database.repeatedly(look)
        while (now := self._database.repeatedly(look)) and first and now[0] == first[0] and now[2]:
            if now[1] != first[1]:
                self._known_alive.add((job_id, str(now[0])))
                return
            sleep(WATCH_SECONDS)

    def alive(self, db: Connection, ids: Sequence[str]) -> Alive:
        """Which of these jobs a living process is at work on, as far as that can be told at once."""
        if not ids:
            return Alive(frozenset(), frozenset())
        held = db.execute(
            "SELECT id, owner FROM hailuo_jobs WHERE id = ANY(%s) AND lease_until > clock_timestamp()", [ids]
        ).fetchall()
        here = {job_id for job_id, owner in held if owner.startswith(f"{self.who.machine}/")}
        living = {job_id for job_id, owner in held if job_id in here and not self.is_dead(owner)}
        seen = {job_id for job_id, owner in held if (job_id, owner) in self._known_alive}
        return Alive(frozenset(living | seen), frozenset({job_id for job_id, _ in held} - here - seen))

    def mark_orphans(self) -> None:
        """An order whose owner's lease has run out, or whose process has died on this machine, is unconfirmed."""
        self._database.repeatedly(self._mark_orphans)

    def _mark_orphans(self, db: Connection) -> None:
        out = db.execute(
            "SELECT id, owner, lease_until <= clock_timestamp() FROM hailuo_jobs WHERE state = 'submitting'"
            " AND (owner IS NULL OR lease_until <= clock_timestamp() OR starts_with(owner, %s))",
            [f"{self.who.machine}/"],
        ).fetchall()
        for job_id, owner, has_lapsed in out:
            if has_lapsed or owner is None or self.is_dead(owner):
                db.execute(
                    "UPDATE hailuo_jobs SET state = 'unconfirmed', error = %s WHERE id = %s AND state = 'submitting'"
                    " AND owner IS NOT DISTINCT FROM %s AND (lease_until <= clock_timestamp() OR NOT %s)",
                    [DIED, job_id, owner, bool(has_lapsed)],
                )

    def is_dead(self, owner: str) -> bool:
        """Whether an owner is a process of this machine that has ended; of other machines nobody knows that here."""
        place, _, number = owner.rpartition("/")
        return place == self.who.machine and number.isdecimal() and not self._locks.is_held(int(number))

    def _release(self, where: sql.SQL, *values: object) -> None:
        statement = sql.SQL(
            "UPDATE hailuo_jobs SET owner = NULL, lease_until = NULL WHERE owner = %s AND state <> 'submitting' AND {}"
        ).format(where)
        self._database.repeatedly(lambda db: db.execute(statement, [self.who.owner, *values]))


class Alive:
    """The ids of jobs that somebody is at work on; OwnerUnknown for one whose owner is on another machine."""

    def __init__(self, living: frozenset[str], others: frozenset[str]) -> None:
        self._living = living
        self._others = others

    def __contains__(self, job_id: object) -> bool:
        if job_id in self._others:
            raise OwnerUnknown(str(job_id))
        return job_id in self._living


class _Renewer:
    """Keeps the leases of one owner from running out, in a thread with a connection of its own."""

    def __init__(self, server: Server, owner: str) -> None:
        self._server = server
        self._owner = owner
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="hailuo-leases", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        db: Connection | None = None
        pause = RENEW_SECONDS
        while not self._over.wait(pause):
            try:
                if db is None or db.closed:
                    db = self._server.connect()
                _extend(db, self._owner)
                pause = RENEW_SECONDS
            except (psycopg.Error, HailuoError):  # the lease runs out where this goes on: nothing is sent then
                pause = min(RETRY_SECONDS, RENEW_SECONDS)
                if db is not None:
                    db.close()
        if db is not None:
            db.close()


def _extend(db: Connection, owner: str) -> None:
    """Renew what an owner holds; a lease that has run out is not taken back."""
    statement = sql.SQL(
        "UPDATE hailuo_jobs SET lease_until = {} WHERE owner = %s AND lease_until > clock_timestamp()"
    ).format(LEASE)
    db.execute(statement, [owner])


def machine(folder: Path) -> str:
    """What this machine and this user's data folder are known by together. The folder keeps a name of its own."""
    path = folder / _MACHINE_FILE
    if not path.exists():
        new = path.with_name(f"{_MACHINE_FILE}.{secrets.token_hex(6)}.new")
        new.write_text(secrets.token_hex(6), encoding="utf-8")
        with contextlib.suppress(FileExistsError):
            rename_new(new, path)
        new.unlink(missing_ok=True)
    return f"{socket.gethostname()}/{path.read_text(encoding='utf-8').strip()}"


def login() -> str:
    """Who this process runs as."""
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
