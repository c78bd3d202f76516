"""The ledger as a file: made whole or not at all, known again, brought up to date, and its troubles named.

SQLite with a rollback journal and `synchronous=EXTRA`: what was committed survives a power cut. A file that is damaged,
foreign or newer is refused and left as it is; an older one is backed up and brought up to date.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from .. import private_files
from ..errors import DiskError, LedgerError, LedgerLocked

T = TypeVar("T")

APPLICATION_ID = 0x4861694C  # "HaiL"
BUSY_SECONDS = 30.0
_MISSPELT = re.compile(r"no such (column|function|table: (?!jobs$|facts$))|near |table \S+ has no column")
SILENT_SECONDS = 1.0
"""A lock by another process is waited for so long before that is said."""

_SCHEMA = f"""
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    ticket TEXT,
    profile TEXT,
    model TEXT,
    prompt TEXT,
    duration INTEGER,
    resolution TEXT,
    image TEXT,
    fingerprint TEXT,
    dedupe_key TEXT,
    price_usd REAL,
    price_source TEXT,
    provider_state TEXT,
    progress REAL,
    video_url TEXT,
    path TEXT,
    sha256 TEXT,
    bytes INTEGER,
    error TEXT,
    created_at REAL,
    finished_at REAL
) STRICT;
CREATE UNIQUE INDEX one_ticket ON jobs (provider, ticket) WHERE ticket IS NOT NULL;
CREATE UNIQUE INDEX one_dedupe_key ON jobs (dedupe_key)
    WHERE dedupe_key IS NOT NULL AND state NOT IN ('not_sent', 'refused');
CREATE INDEX by_fingerprint ON jobs (fingerprint);
CREATE INDEX by_state ON jobs (state);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""
_REQUEST_COLUMNS = (
    "request_hash TEXT",
    "request TEXT",
    "command TEXT",
    "output TEXT",
    "label TEXT",
    '"group" TEXT',
    "take INTEGER",
    "batch TEXT",
    '"row" TEXT',
    "choice TEXT",
    "error_code TEXT",
)
STEPS: Sequence[str] = (
    # what the provider answered to an order that it neither took nor refused
    "ALTER TABLE jobs ADD COLUMN answer TEXT",
    # how many seconds a job took, where a wait watched it end
    "ALTER TABLE jobs ADD COLUMN took REAL",
    "CREATE INDEX by_kind ON jobs (provider, model, duration, resolution, seq) WHERE took IS NOT NULL",
    # when a command had said what became of the order; NULL where it died before
    "ALTER TABLE jobs ADD COLUMN announced_at REAL",
    "UPDATE jobs SET announced_at = created_at",
    # the same thing a second time: the request whoever sells it, and all that is needed to order it again
    *(f"ALTER TABLE jobs ADD COLUMN {column}" for column in _REQUEST_COLUMNS),
    "CREATE INDEX by_request ON jobs (request_hash) WHERE request_hash IS NOT NULL",
    # a dedupe key stands for one video that is delivered: an attempt that failed gives it up
    "DROP INDEX one_dedupe_key",
    """CREATE UNIQUE INDEX one_dedupe_key ON jobs (dedupe_key) WHERE dedupe_key IS NOT NULL
    AND state IN ('submitting', 'unconfirmed', 'submitted', 'succeeded', 'saved')""",
    # a ledger has an id of its own, whatever its folder is called
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "INSERT INTO facts VALUES ('id', lower(hex(randomblob(8))))",
    "CREATE INDEX by_batch ON jobs (batch) WHERE batch IS NOT NULL",
    # where the provider of a job was asked to call
    "ALTER TABLE jobs ADD COLUMN webhook TEXT",
    # what an order counts against limits on spending, in billionths of a dollar
    "ALTER TABLE jobs ADD COLUMN reserved INTEGER",
    "ALTER TABLE jobs ADD COLUMN billed INTEGER",
    "UPDATE jobs SET reserved = CAST(round(price_usd * 1000000000) AS INTEGER) WHERE price_usd BETWEEN 0 AND 1000000",
    "CREATE INDEX by_created ON jobs (created_at)",
)
"""What each version changes: the first step leads from version 1 to 2. A new ledger takes them all."""
VERSION = 1 + len(STEPS)


class LedgerFile:
    """An open ledger file of this version. `say` hears when another process is waited for.

    LedgerError: it is not ours, damaged, newer or locked. DiskError: the place cannot be used.
    """

    def __init__(self, path: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._say = say
        self._is_begun = self._is_together = False
        self._refusal: sqlite3.OperationalError | None = None
        with translate_errors(path):
            if not path.exists():
                _create(path)
            private_files.remove_stale(path.parent.glob(f"{path.name}.*.new*"))
            self.db = _opened(path)
            try:
                self._patiently(lambda: _set_up(self.db))
                if self._patiently(self._version) < VERSION:
                    self._migrate()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the file; everything that was written stays."""
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it is on the disk afterwards, or nothing. Within another one it is a part of that."""
        if self._is_begun:
            self._must_go_on()
            yield
        elif self._is_together:
            self._begin()
            yield
        else:
            with self._undone_where_it_fails():
                self._begin()
                yield
                self._commit()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is one transaction, which the first of it begins: what writes nothing waits for nobody."""
        if self._is_begun or self._is_together:
            yield
            return
        with self._undone_where_it_fails():
            self._is_together = True
            yield
            with translate_errors(self.path):
                self._commit()

    def _begin(self) -> None:
        if self._refusal:  # whoever waited once for another process does not wait again for each write
            raise self._refusal
        if self.db.in_transaction:  # of somebody who was stopped before it was undone
            self.db.execute("ROLLBACK")
        try:
            self._patiently(lambda: self.db.execute("BEGIN IMMEDIATE"))
        except sqlite3.OperationalError as error:
            self._refusal = error
            raise
        self._is_begun = True

    @contextmanager
    def _undone_where_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            if self.db.in_transaction:
                with suppress(sqlite3.Error):
                    self.db.execute("ROLLBACK")
            raise
        finally:
            self._is_begun = self._is_together = False
            self._refusal = None

    def _commit(self) -> None:
        if self._is_begun:
            self._must_go_on()
            self.db.execute("COMMIT")

    def _must_go_on(self) -> None:
        """DiskError where SQLite has taken back by itself what was begun."""
        if not self.db.in_transaction:
            raise DiskError(f"cannot write the ledger {self.path}: SQLite took a change back", hint="free space")

    def _version(self) -> int:
        application = self.db.execute("PRAGMA application_id").fetchone()[0]
        version: int = self.db.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise LedgerError(
                f"{self.path} is not a hailuo ledger, or it was emptied; it is left as it is",
                hint=f"move it away to start a new one: mv {self.path} {self.path}.old",
            )
        if version > VERSION:
            raise LedgerError(
                f"{self.path} was written by a newer hailuo (version {version}, this one knows {VERSION})",
                hint="upgrade hailuo; the ledger is left as it is",
            )
        return version

    def _migrate(self) -> None:
        with self.writing():
            version = self._version()
            if version == VERSION:  # another process was first
                return
            _back_up(self.path, self.path.with_name(f"{self.path.name}.v{version}.backup"))
            for step in STEPS[version - 1 :]:
                self.db.execute(step)
            self.db.execute(f"PRAGMA user_version = {VERSION}")

    def _patiently(self, step: Callable[[], T]) -> T:
        """Do a step that may have to wait for another process, and say so where it takes long."""
        self._wait_for(min(SILENT_SECONDS, BUSY_SECONDS))
        try:
            return step()
        except sqlite3.OperationalError as error:
            if not _is_locked(error) or BUSY_SECONDS <= SILENT_SECONDS:
                raise
            self._say(f"waiting for another process that has locked {self.path}")
            self._wait_for(BUSY_SECONDS - SILENT_SECONDS)
            return step()
        finally:
            self._wait_for(BUSY_SECONDS)

    def _wait_for(self, seconds: float) -> None:
        self.db.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into our errors, by what the user can do about it."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if _is_locked(error):
            raise LedgerLocked(
                f"the ledger {path} was locked by another process for {BUSY_SECONDS:.0f} s", hint="try again"
            ) from error
        if any(word in text for word in ("readonly", "disk I/O", "full", "unable to open")):
            raise DiskError(
                f"cannot write the ledger {path}: {text}", hint="free space, or set HAILUO_DATA_DIR"
            ) from error
        if _is_bug(error):
            raise
        raise _damaged(path, text) from error
    except UnicodeDecodeError as error:  # SQLite says what is damaged in the damaged words
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise DiskError(
            f"cannot use the ledger {path}: {error.strerror or error}", hint="set HAILUO_DATA_DIR to a folder of yours"
        ) from error


def _is_bug(error: sqlite3.DatabaseError) -> bool:
    """Whether our own words to SQLite are wrong (a misspelt column, another thread's call), and not the file."""
    mistaken = (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError)
    return isinstance(error, mistaken) or bool(_MISSPELT.match(str(error)))


def _damaged(path: Path, what: str) -> LedgerError:
    return LedgerError(
        f"the ledger {path} is damaged: {what}; it is left as it is",
        hint=f"move it away to start a new one: mv {path} {path}.damaged",
    )


def _is_locked(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _connect(path: Path) -> sqlite3.Connection:
    db = _opened(path)
    try:
        _set_up(db)
    except BaseException:
        db.close()
        raise
    return db


def _opened(path: Path) -> sqlite3.Connection:
    # mode=rw: a ledger that vanished is not silently made anew and empty
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _set_up(db: sqlite3.Connection) -> None:
    """How a ledger is used; this already waits where another process has locked it for itself alone."""
    db.execute("PRAGMA synchronous = EXTRA")
    db.execute("PRAGMA trusted_schema = OFF")


def _create(path: Path) -> None:
    """Make a whole ledger under another name and give it its own only if nobody else did meanwhile."""
    private_files.make_folder(path.parent)
    new = path.with_name(f"{path.name}.{secrets.token_hex(6)}.new")
    os.close(private_files.create(new))
    try:
        with closing(_connect(new)) as db:
            db.executescript(";\n".join((_SCHEMA, *STEPS, f"PRAGMA user_version = {VERSION}")))
        with suppress(FileExistsError):
            private_files.rename_new(new, path)
        private_files.sync_folder(path.parent)
    finally:
        new.unlink(missing_ok=True)


def _back_up(path: Path, backup: Path) -> None:
    new = backup.with_name(f"{backup.name}.new")
    new.unlink(missing_ok=True)
    os.close(private_files.create(new))
    # a reader of its own: a connection that is about to write cannot be copied from
    with closing(_connect(path)) as source, closing(_connect(new)) as copy:
        source.backup(copy)
    new.replace(backup)
    private_files.sync_folder(backup.parent)
