"""A proxy in front of PostgreSQL that lets everything through until a COMMIT, and then cuts where it was told to."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal

Where = Literal["before", "in", "after", "held"]
"""Before the COMMIT reaches the server; once the server has it and before its answer is through; after the answer. `held`:
the COMMIT is kept back, the client hears nothing more, and the server gets it when `let_go` is called."""


class CuttingProxy:
    """Listens on a socket in a folder, as PostgreSQL does. `cut` arms it for one COMMIT that follows an INSERT."""

    def __init__(self, folder: Path, server: Path) -> None:
        self._path = folder / ".s.PGSQL.5432"
        self._server = server / ".s.PGSQL.5432"
        self._where: Where | None = None
        self._is_refusing = False
        self._held = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self.cuts = 0

    def __enter__(self) -> CuttingProxy:
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.set()
        # a thread that waits in accept() is woken by a last connection
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self._path))
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def cut(self, where: Where, *, then_refuse: bool = False) -> None:
        """Cut at the next COMMIT of a transaction that inserts; after that, take no new connection either, or do."""
        self._where, self._then_refuse = where, then_refuse

    def let_go(self) -> None:
        """What was held back goes on to the server."""
        self._held.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_refusing:
                client.close()
                continue
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        has_inserted = False
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(os.fspath(self._server))
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if client in ready:
                    if not (said := client.recv(1 << 16)):
                        return
                    has_inserted = has_inserted or b"INSERT INTO hailuo_jobs" in said
                    if b"COMMIT" in said and has_inserted and self._where:
                        self._cut(said, client, server)
                        return
                    server.sendall(said)
                if server in ready:
                    if not (answered := server.recv(1 << 16)):
                        return
                    client.sendall(answered)

    def _cut(self, said: bytes, client: socket.socket, server: socket.socket) -> None:
        where, self._where = self._where, None
        self.cuts += 1
        self._is_refusing = self._then_refuse
        if where == "before":
            return
        if where == "held":
            client.close()
            self._held.wait(60)
            server.sendall(said)
            server.recv(1 << 16)
            return
        server.sendall(said)
        answered = server.recv(1 << 16)
        if where == "after":
            client.sendall(answered)
