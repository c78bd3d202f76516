"""The rest of the world on one loopback port: a proxy behind which every host answers, with a certificate to trust.

So a test sees what leaves this machine for which host, by name, and nothing ever does.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import parse_headers
from pathlib import Path
from typing import Any, BinaryIO

from tests.support.certificates import certified


@dataclass(frozen=True)
class Visit:
    """One request that came to a host (`https://name:port`, as it was asked for), or to the proxy itself."""

    origin: str
    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    status: int = 200
    content: Any = b""
    headers: Mapping[str, str] | None = None

    @property
    def wire(self) -> bytes:
        body = self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        lines = [f"HTTP/1.1 {self.status} x", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (self.headers or {}).items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class World:
    """`play` answers for every host; with `refusal` the proxy says that instead of letting anybody through."""

    def __init__(self, home: Path, play: Callable[[Visit], Page], refusal: Page | None = None) -> None:
        self._tls, self._trusted = certified(home)
        self._play, self._refusal = play, refusal
        self.visits: list[Visit] = []
        self.tunnels: list[Visit] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> World:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def environment(self, login: str = "") -> dict[str, str]:
        """What a process has to be told to live in this world."""
        proxy = f"http://{login}{self.address}"
        return {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "SSL_CERT_FILE": str(self._trusted)}

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        with raw, raw.makefile("rb") as reader, contextlib.suppress(OSError, ValueError):
            asked = _read(reader, "")
            if asked.method != "CONNECT":
                self.visits.append(asked)
                raw.sendall(self._play(asked).wire)
                return
            self.tunnels.append(asked)
            if self._refusal:
                raw.sendall(self._refusal.wire)
                return
            raw.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self._tls.wrap_socket(raw, server_side=True) as inner, inner.makefile("rb") as inside:
                visit = _read(inside, f"https://{asked.path}")
                self.visits.append(visit)
                inner.sendall(self._play(visit).wire)
                with contextlib.suppress(ssl.SSLError):
                    inner.unwrap()


def _read(reader: BinaryIO, origin: str) -> Visit:
    method, path, _ = reader.readline().decode("latin-1").split()
    headers = parse_headers(reader)
    reader.read(int(headers.get("Content-Length", "0")))
    return Visit(origin, method, path, {name.lower(): value for name, value in headers.items()})
