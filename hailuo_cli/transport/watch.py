"""Following an exchange: has a byte of it left, and is what is waited for too late."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ..errors import NotSent

WATCH_SECONDS = 0.5
"""So often it is looked whether an exchange is late."""


class Watch:
    """Follows one exchange. Its connection is shut down when it is late, whatever the server dribbles: a header, an
    interim answer, a chunk line.

    NotSent on entering where the machine gives no thread to look after it.
    """

    def __init__(self, seconds: float, leaving: Callable[[], None] = lambda: None) -> None:
        self.sent = False
        self.late = False
        self.until = math.inf
        """The moment of the monotonic clock after which it is late."""
        self._leaving = leaving
        self._socket: socket.socket | None = None
        self.allow(seconds)

    def __enter__(self) -> Watch:
        try:
            _WARDEN.add(self)
        except RuntimeError:
            error = NotSent(
                "this machine gives no more threads", hint="stop other programs, or raise the limit: ulimit -u"
            )
            error.passing = False
            raise error from None
        return self

    def __exit__(self, *_: object) -> None:
        _WARDEN.discard(self)

    def allow(self, seconds: float = math.inf) -> None:
        """So long, from now on, the server may take until its next sign."""
        self.until = time.monotonic() + seconds

    def follow(self, connection: socket.socket) -> None:
        """Cut off this connection when the time is over."""
        self._socket = connection

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore tells of an exchange on its way."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.follow(info["return_value"].get_extra_info("socket"))
        elif event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self._leaving()
            self.sent = True

    def cut_off(self) -> bool:
        """Shut the connection down, now that it is late; False while it is still connecting."""
        self.late = True
        if self._socket is None:
            return False
        with suppress(OSError):
            # not SSLSocket.shutdown, which takes the TLS state away under the reader's feet
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        return True


class _Warden:
    """The one thread that looks after all exchanges. No lock is held while it shuts down a connection or sleeps."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, watch: Watch) -> None:
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._look_after, daemon=True)
            thread.start()
            self._thread = thread
        self._watches.add(watch)
        self._some.set()

    def discard(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def _look_after(self) -> None:
        rest = threading.Event()
        while self._some.wait():
            watches = tuple(self._watches)
            if not watches:
                self._some.clear()
                if self._watches:  # one came in between
                    self._some.set()
                continue
            pause = WATCH_SECONDS
            for watch in watches:
                left = watch.until - time.monotonic()
                if left > 0:
                    pause = min(pause, left)
                elif watch.cut_off():
                    self.discard(watch)
            rest.wait(pause)


_WARDEN = _Warden()
