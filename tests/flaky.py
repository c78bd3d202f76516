"""A loopback HTTP server that misbehaves on request, and writes down what it was asked.

A test hands it a list of answers, one a request; a request nobody scripted is answered with 599 and fails `close`.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import parse_headers
from typing import BinaryIO

from .canary import SIGNATURE


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Message

    @property
    def start(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Answer:
    """What goes over the wire, literally: nothing is added but the blank line. `reset`: ends with an RST."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()
    reset: bool = False


Play = Callable[[Asked], Answer]


def film(data: bytes, etag: str | None = '"v1"', modified: str | None = None, **headers: str) -> Play:
    """An honest server: Range and If-Range as RFC 9110 wants them."""
    seal = _dashed(headers) | {name: value for name, value in (("ETag", etag), ("Last-Modified", modified)) if value}

    def play(asked: Asked) -> Answer:
        start = asked.start
        if start and asked.headers.get("If-Range") in (etag, modified):
            if start >= len(data):
                return Answer(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0", **seal})
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            rest = data[start:]
            return Answer(206, {"Content-Range": span, "Content-Length": str(len(rest)), **seal}, [rest])
        return Answer(200, {"Content-Length": str(len(data)), **seal}, [data])

    return play


def cut(play: Play, after: int, *, reset: bool = False) -> Play:
    """The same answer, with the connection gone after so many bytes of the body."""

    def cut_play(asked: Asked) -> Answer:
        answer = play(asked)
        return Answer(answer.status, answer.headers, [b"".join(answer.body)[:after]], reset)

    return cut_play


def plain(status: int, body: bytes = b"", **headers: str) -> Play:
    return lambda _: Answer(status, {"Content-Length": str(len(body)), **_dashed(headers)}, [body])


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Server:
    """Plays its answers in order, the last one for good where `endless`."""

    def __init__(self, *plays: Play, endless: bool = False) -> None:
        self._plays = list(plays)
        self._endless = endless
        self.asked: list[Asked] = []
        self.surprises: list[str] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.home = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{self.home}/video?Signature={SIGNATURE}"

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # closing alone does not wake the thread that waits in accept
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        assert not self.surprises, f"nobody scripted {self.surprises}"

    def add(self, *plays: Play) -> None:
        self._plays += plays

    @property
    def starts(self) -> list[int]:
        """From which byte each request wanted the video."""
        return [asked.start for asked in self.asked]

    def _start(self, job: Callable[[], None]) -> None:
        thread = threading.Thread(target=job, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            play, asked = self._next(reader)
            answer = play(asked)
            lines = [f"HTTP/1.1 {answer.status} x", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            for piece in answer.body:
                connection.sendall(piece)
            if answer.reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _next(self, reader: BinaryIO) -> tuple[Play, Asked]:
        method, path, _ = reader.readline().decode("latin-1").split()
        asked = Asked(method, path, parse_headers(reader))
        with self._lock:
            self.asked.append(asked)
            if not self._plays:
                self.surprises.append(f"{method} {path}")
                return plain(599), asked
            return (self._plays[0] if self._endless and len(self._plays) == 1 else self._plays.pop(0)), asked


def endless(first: bytes, piece: bytes) -> Iterator[bytes]:
    yield first
    while True:
        yield piece


def box(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def clip(size: int = 200_000, seed: int = 7) -> bytes:
    """A whole MP4 by its boxes, of exactly so many bytes, whose content nobody could mistake for another."""
    head = box(b"ftyp", b"isom\0\0\2\0isommp41") + box(b"moov", box(b"mvhd", bytes(100)))
    noise = random.Random(seed).randbytes(size - len(head) - 8)  # noqa: S311
    return head + box(b"mdat", noise)
