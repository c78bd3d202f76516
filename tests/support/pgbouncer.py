"""PgBouncer in transaction mode in front of a cluster, as Debian has it: nothing is passed that it does not pass."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from functools import cache
from types import TracebackType

from tests.support import postgres
from tests.support.postgres import USER, Cluster, execute

CONFIG = """\
[databases]
* = host={server} port=5432
[pgbouncer]
listen_addr =
listen_port = 5432
unix_socket_dir = {folder}
pool_mode = transaction
default_pool_size = 8
max_client_conn = 500
auth_type = trust
auth_file = {folder}/users
logfile = {folder}/log
pidfile = {folder}/pid
"""


@cache
def missing() -> str | None:
    """Why there is no PgBouncer for tests, None where there is."""
    if postgres.program("pgbouncer") is None:
        return "PgBouncer is not installed (Debian: apt-get install pgbouncer)"
    return postgres.missing()


class Pooler:
    """A PgBouncer of one's own for a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.folder = cluster.folder / "pooler"

    def __enter__(self) -> Pooler:
        self.folder.mkdir()
        (self.folder / "config").write_text(CONFIG.format(server=self._cluster.folder, folder=self.folder))
        (self.folder / "users").write_text(f'"{USER}" ""\n')
        how = self._cluster.run_as()
        if "user" in how:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, how["user"])
        self._process = subprocess.Popen(
            [str(postgres.program("pgbouncer")), "-q", str(self.folder / "config")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **how,
        )
        for _ in range(200):
            if (self.folder / ".s.PGSQL.5432").exists():
                break
            time.sleep(0.05)
        execute(self.through(self._cluster.url()), "SELECT 1")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def through(self, url: str) -> str:
        """The same database, through the pooler."""
        return url.replace(f"host={self._cluster.folder}&", f"host={self.folder}&")


IS_ASKED_FOR = bool(os.environ.get("HAILUO_TEST_POOLER"))
"""Whether all tests of ledgers in PostgreSQL go through it."""
