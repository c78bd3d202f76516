"""Reaching a ledger in PostgreSQL: the connection, one transaction, the tables, and whether it is still the same cluster.

Nothing here needs more than PgBouncer passes in transaction mode: no prepared statements, no session's locks or
settings, no start-up options.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ..errors import LedgerError, LedgerLocked, UsageError
from ..model import Secret, shown_url
from .postgres_schema import MIGRATION_LOCK, SCHEMA, STEPS, VERSION

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]
DriverError = psycopg.Error
"""Whatever the driver raises, for whoever shares a database with the ledger."""

CONNECT_SECONDS = 5
PATIENCE = 4.0
"""Seconds for which a server that went away is asked again, where asking twice changes nothing."""
PAUSES = (0.0, 0.1, 0.3, 0.8, 1.5, 3.0)
LOCK_SECONDS = 20
_DEFAULTS = {
    "connect_timeout": CONNECT_SECONDS,
    # a server or a network that falls silent is noticed within half a minute
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "application_name": "hailuo",
    "client_encoding": "utf8",
}
BEGIN: LiteralString = cast(
    "Any",
    f"""
BEGIN;
SET LOCAL synchronous_commit = on;
SET LOCAL lock_timeout = '{LOCK_SECONDS}s';
SET LOCAL statement_timeout = '{LOCK_SECONDS + 10}s';
SET LOCAL idle_in_transaction_session_timeout = '{LOCK_SECONDS + 10}s'
""",
)
_WHERE: LiteralString = """
SELECT (SELECT system_identifier::text FROM pg_control_system()),
       (SELECT oid::text FROM pg_database WHERE datname = current_database()),
       left(pg_walfile_name(pg_current_wal_lsn()), 8)
"""
"""Which cluster, which database in it, on which timeline."""
_MISSING = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName, errors.UndefinedObject)
_BUSY = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, errors.SerializationFailure)


class Lost(Exception):
    """When a connection ended while something was asked; whether it was done is not known."""


@dataclass(frozen=True)
class Cluster:
    """What a ledger was written on: another one may lack orders that were paid for."""

    system: str | None = None
    database: str | None = None
    timeline: str | None = None

    @property
    def words(self) -> str:
        return f"cluster {self.system}, database {self.database}, timeline {self.timeline}"


@dataclass
class Server:
    """A database by its address. `password` is asked for when the first connection is made; `learn` hears of secrets."""

    address: str
    password: Callable[[], Secret | None] = lambda: None
    learn: Callable[[Secret], None] = lambda _: None
    _password: Secret | None = field(default=None, init=False, repr=False)
    _is_asked: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The address as it may be shown: without a login and what stands behind a question mark."""
        return shown_url(self.address)

    def connect(self) -> Connection:
        """A new connection; LedgerError where there is none to be had, UsageError where the address is none."""
        asked = self.conninfo()
        try:
            db = psycopg.connect(asked, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            raise self._unreachable(error) from None
        if db.info.password:  # also one of PGPASSFILE or the environment
            self.learn(Secret(db.info.password))
        return db

    def conninfo(self) -> str:
        """The address as libpq reads it, password included where a command prints it; UsageError where it is none."""
        if not self._is_asked:
            self._password, self._is_asked = self.password(), True
        try:
            given = conninfo_to_dict(self.address)
        except psycopg.ProgrammingError as error:
            raise UsageError(
                f"{self.name} is not an address that PostgreSQL's library reads: {_first_line(error)}",
                hint="postgresql://user@host:5432/database",
            ) from None
        if self._password:
            given["password"] = self._password.reveal()
        return make_conninfo(**cast("dict[str, Any]", {**_DEFAULTS, **given}))

    def _unreachable(self, error: psycopg.Error) -> LedgerError:
        text = _first_line(error)
        hint = "is the server up, and is the address right?"
        if "password" in text or "authentication" in text:
            hint = "PGPASSFILE, PGPASSWORD or ledger_command in the config give the password"
        return LedgerError(f"the ledger {self.name} cannot be reached: {text}", hint=hint)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what PostgreSQL says into our errors, by what the user can do about it. Lost where the connection ended."""
        try:
            yield
        except _BUSY as error:
            raise LedgerLocked(f"the ledger {self.name} was busy: {_first_line(error)}", hint="try again") from error
        except _MISSING as error:
            raise LedgerError(
                f"the ledger {self.name} is damaged: {_first_line(error)}; it is left as it is",
                hint="restore it from a backup, or name another database",
            ) from error
        except (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege, errors.InsufficientResources) as error:
            raise LedgerError(
                f"the ledger {self.name} cannot be written: {_first_line(error)}",
                hint="it has to be the primary server, with room, and a role that may write",
            ) from error
        except psycopg.OperationalError as error:
            raise Lost(_first_line(error)) from error


def lost(server: Server, error: Lost) -> LedgerError:
    """The error of a command whose server went away and did not come back."""
    return LedgerError(f"the ledger {server.name} went away: {error}", hint="the same command again, when it is back")


class Database:
    """One connection that is made anew when it breaks, for steps that may be done twice."""

    def __init__(self, server: Server, clock: Callable[[], float] = time.monotonic) -> None:
        self.server = server
        self._clock = clock
        self._db: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection as it is, or a new one."""
        if self._db is None or self._db.closed:
            self._db = self.server.connect()
        return self._db

    def renew(self) -> Connection:
        """A new connection, whatever the old one says of itself."""
        self.close()
        return self.connection

    def close(self) -> None:
        if self._db is not None:
            with suppress(psycopg.Error):
                self._db.close()
            self._db = None

    def repeatedly(self, step: Callable[[Connection], T]) -> T:
        """Do a step that changes nothing when it is done twice, over a connection that may break meanwhile."""
        began, gone = self._clock(), LedgerError(f"the ledger {self.server.name} was not asked")
        for pause in PAUSES:
            time.sleep(pause)
            try:
                with self.server.translated():
                    return step(self.connection)
            except Lost as error:
                self.close()
                gone = lost(self.server, error)
            except LedgerError as error:
                if self._db is not None and not self._db.closed:
                    if self._db.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                        self.close()
                    raise
                gone = error
            if self._clock() - began > PATIENCE:
                break
        raise gone

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction that is not repeated. Lost before its COMMIT: nothing was written. CommitLost: nobody knows."""
        db = self.connection
        with self.server.translated():
            db.execute(BEGIN)
            try:
                yield db
            except BaseException:
                with suppress(psycopg.Error):
                    db.execute("ROLLBACK")
                raise
        try:
            ended = db.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            raise CommitLost(_first_line(error)) from error
        if ended != "COMMIT":
            raise LedgerError(f"the ledger {self.server.name} took a step back: {ended}", hint="try again")


class CommitLost(Lost):
    """When the answer to a COMMIT did not come: it may have been done, may be done later, or never."""


def facts(db: Connection) -> dict[str, str]:
    """What the ledger says of itself; empty where there is none yet."""
    # not to_regclass, which may answer from before another one made the table
    found = db.execute("SELECT 1 FROM pg_class WHERE relname = 'hailuo_facts' AND pg_table_is_visible(oid)")
    if found.fetchone() is None:
        return {}
    return dict(db.execute("SELECT name, value FROM hailuo_facts").fetchall())


def cluster(db: Connection) -> Cluster:
    """Where this connection leads; nothing where this server or this role does not tell."""
    try:
        with db.transaction():  # within another one, a savepoint: it goes on after an error
            return _cluster(db)
    except (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.UndefinedFunction):
        return Cluster()


def _cluster(db: Connection) -> Cluster:
    found = db.execute(_WHERE).fetchone()
    return Cluster(*found) if found else Cluster()


def set_up(database: Database) -> dict[str, str]:
    """The facts of a ledger of this version, which is made or brought up to date where it has to be."""
    found = database.repeatedly(facts)
    _must_be_known(database.server, found)
    if int(found.get("version", 0)) < VERSION:
        for attempt in range(2):
            try:
                with database.transaction() as db:
                    _migrate(db, database.server)
                break
            except Lost as error:  # done or not, the next look tells
                if attempt:
                    raise lost(database.server, error) from None
                database.renew()
        found = database.repeatedly(facts)
    if "id" not in found:
        raise LedgerError(
            f"the ledger {database.server.name} is damaged: it has no id; it is left as it is",
            hint="restore it from a backup, or name another database",
        )
    return found


def _migrate(db: Connection, server: Server) -> None:
    db.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
    found = facts(db)  # another process may have been first
    _must_be_known(server, found)
    version = int(found.get("version", 0))
    if version == VERSION:
        return
    if not version:
        db.execute(SCHEMA)
        db.execute("INSERT INTO hailuo_facts VALUES ('id', %s)", [secrets.token_hex(8)])
        accept(db)
    for step in STEPS[max(version, 1) - 1 :]:
        db.execute(step.encode())
    _put(db, "version", str(VERSION))


def verified(server: Server) -> str:
    """How a ledger is, in words; LedgerError where orders would not be written there. Nothing is changed."""
    database = Database(server)
    try:
        known = database.repeatedly(facts)
        _must_be_known(server, known)
        if not known:
            return f"{server.name} (its tables are made with the first order)"
        database.repeatedly(lambda db: must_be_the_same(server, db, known))
        here = database.repeatedly(cluster)
        jobs = database.repeatedly(lambda db: db.execute("SELECT count(*) FROM hailuo_jobs").fetchone())
        return f"{server.name}: {jobs[0] if jobs else 0} jobs; {here.words}"
    finally:
        database.close()


def accept(db: Connection) -> None:
    """Write down that the ledger is where it is now."""
    here = cluster(db)
    for name, value in (("system", here.system), ("database", here.database), ("timeline", here.timeline)):
        _put(db, name, value or "")


def must_be_the_same(server: Server, db: Connection, known: dict[str, str]) -> None:
    """LedgerError where the ledger was written on another cluster, database or timeline than this connection leads to.

    A ledger on a server that did not tell has nothing to compare.
    """
    there = Cluster(known.get("system") or None, known.get("database") or None, known.get("timeline") or None)
    if there == Cluster():
        return
    here = _cluster(db)
    if here != there:
        raise LedgerError(
            f"the ledger {server.name} is not where it was: now {here.words}; it was written on {there.words}. After a"
            " failover or a restore, orders that were paid for may be missing from it; nothing was sent",
            hint="look at the sellers' consoles for jobs that it does not know, then: hailuo doctor --accept-ledger",
        )


def _must_be_known(server: Server, found: dict[str, str]) -> None:
    version = found.get("version", "0")
    if not version.isdecimal() or int(version) > VERSION:
        raise LedgerError(
            f"the ledger {server.name} was written by a newer hailuo (version {version}, this one knows {VERSION})",
            hint="upgrade hailuo; the ledger is left as it is",
        )


def _put(db: Connection, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO hailuo_facts VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error).strip() or type(error).__name__
    return re.sub(r"\s+", " ", text)[:300]
