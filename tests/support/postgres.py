"""A PostgreSQL cluster of one's own, on a socket, run by an unprivileged user and stopped at the end.

Where it cannot be had, `missing()` says why, and tests skip with these words.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

USER = "hailuo"
INITDB = ("-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
_MEMORY = Path("/dev/shm")  # noqa: S108 - a cluster for a test need not reach a disk


@cache
def missing() -> str | None:
    """Why there is no PostgreSQL for tests, None where there is."""
    if os.name == "nt":
        return "the cluster of the tests is on a Unix socket"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if program("initdb") is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql pgbouncer)"
    if os.geteuid() == 0 and _unprivileged() is None:
        return "PostgreSQL does not run as root, and there is no other user to run it as"
    return None


def program(name: str) -> str | None:
    """Where one of PostgreSQL's programs is, which Debian keeps off the PATH."""
    if found := shutil.which(name):
        return found
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(kept[-1]) if kept else shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _unprivileged() -> str | None:
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    return None


class Cluster:
    """A running server, in a folder of its own in `where`, by default in memory.

    `settings` go into its configuration; by default it forgets everything in a power cut.
    """

    def __init__(self, where: Path | None = None, **settings: str) -> None:
        self._settings = {
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
            "listen_addresses": "",
            "log_min_messages": "fatal",
            "autovacuum_naptime": "30s",
            **settings,
        }
        memory = _MEMORY if _MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="hailuo-pg-", dir=where or memory))
        self.data = self.folder / "data"
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cluster:
        try:
            if (user := self.run_as().get("user")) is not None:
                shutil.chown(self.folder, user)
            subprocess.run(
                [str(program("initdb")), "-D", str(self.data), "-U", USER, *INITDB],
                check=True,
                capture_output=True,
                **self.run_as(),
            )
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program("postgres")), "-D", str(self.data), "-k", str(self.folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                **self.run_as(),
            )
        for _ in range(300):
            with contextlib.suppress(Exception), self.connection():
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: quickly (SIGINT), or as in a crash (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    @property
    def pid(self) -> int:
        """The server's own process; those of connections are its children."""
        assert self._process is not None
        return self._process.pid

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"ledger{next(self._numbers)}"
        with self.connection() as db:
            db.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql:///{database}?host={self.folder}&user={USER}"

    def connection(self, database: str = "postgres") -> Any:
        import psycopg

        return psycopg.connect(self.url(database), autocommit=True)

    def run_as(self) -> dict[str, Any]:
        """How a program of this cluster is started: as whom, where."""
        user = _unprivileged() if os.geteuid() == 0 else None
        environ: Mapping[str, str] = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        return {"env": environ, "cwd": "/", **({"user": user, "group": user, "extra_groups": []} if user else {})}


def execute(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """One statement over a connection of its own; its rows, where it gives any."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        done = db.execute(statement.encode(), values)
        return done.fetchall() if done.description else []
