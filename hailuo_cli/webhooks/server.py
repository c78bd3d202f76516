"""The socket that calls come in on: bound before anything is ordered, served from a thread of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..distribution.installation import missing_extra
from ..errors import UsageError

if TYPE_CHECKING:
    from .receiver import Receiver

BACKLOG = 2048
MOST_CALLERS = 4096
"""As far as the system lets one process have so many connections; 1024 files of any kind are usual."""
HEADER_SECONDS = 10.0
"""A caller that has not said by then what it wants is hung up on."""
NEEDED = ("cryptography", "starlette", "uvicorn")


def must_be_installed() -> None:
    """UsageError where the extra is missing."""
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            raise missing_extra("listen", f"listening needs an extra that is not installed ({name} is missing)")


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; UsageError where the port or the address cannot be had. Port 0 is any free one."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICHOST
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError:
        raise UsageError(
            f"--bind {host} is not an address of this machine", hint="--bind 127.0.0.1 or 0.0.0.0"
        ) from None
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"port {port} at {host} cannot be used: {error.strerror}", hint="choose another port"
        ) from error
    return listener


@contextlib.contextmanager
def serving(receiver: Receiver, listener: socket.socket) -> Iterator[None]:
    """Answer on this socket until the block ends; the socket is closed then."""
    import uvicorn

    from .receiver import application

    _make_room()
    config = uvicorn.Config(
        application(receiver),
        http=_impatient(),
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=2)
        listener.close()


def _make_room() -> None:
    """Have file descriptors for a crowd, so that callers who hold on to theirs keep nobody out."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CALLERS if hard == resource.RLIM_INFINITY else min(hard, MOST_CALLERS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _impatient() -> Any:
    """uvicorn's protocol, which by itself waits for the headers of a request for ever."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.loop.call_later(HEADER_SECONDS, self._hang_up)

        def _hang_up(self) -> None:
            if not self.cycle:
                self.transport.close()

    return Impatient
