"""One loopback server for every contender: takes orders, tells states, serves videos, and is never the slow one.

It reads bodies into one buffer that it throws away and sends videos from the page cache, so that what is measured
is the client. Prints its address and serves until its standard input ends.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

KEPT = 1024
JOB_SECONDS = 2.0
BUFFER = 1 << 20
UNKNOWN = {"message": "no contender asks for this"}


class Asked(NamedTuple):
    """One request, with as much of its body as anybody looks at."""

    method: str
    path: str
    query: dict[str, list[str]]
    size: int
    start: bytes


class Service:
    """What the sellers say. A job is done at its `looks`-th look, and the job `1G-…` at once, with the video 1G.

    A job that was ordered here, and the job `t…`, take JOB_SECONDS and become the video 100K.
    """

    def __init__(self, origin: str, looks: int) -> None:
        self._origin = origin
        self._looks = looks
        self._numbers = itertools.count(1)
        self._seen: Counter[str] = Counter()
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        with self._lock:
            return self._answer(asked)

    def _answer(self, asked: Asked) -> tuple[int, Any]:
        if asked.path == "/counts":
            counts, self._counts = self._counts, Counter()
            return 200, counts
        self._counts[f"{asked.method} {asked.path}"] += 1
        self._counts["bytes"] += asked.size
        if asked.method == "POST":
            number = f"{next(self._numbers)}"
            self._began[number] = time.monotonic()
            return 200, _orders(number).get(asked.path, _orders(number)["*"])
        fine = {"base_resp": {"status_code": 0, "status_msg": "success"}}
        if asked.path == "/v1/query/video_generation":
            ticket = asked.query["task_id"][0]
            name, _, is_video = ticket.partition("-")
            self._seen[ticket] += 1
            if ticket.startswith("t") or ticket in self._began:
                name, began = "100K", self._began.setdefault(ticket, time.monotonic())
                done = time.monotonic() - began >= JOB_SECONDS
            else:
                done = bool(is_video) or self._seen[ticket] >= self._looks
            told = {"status": "Success", "file_id": name} if done else {"status": "Processing"}
            return 200, {"task_id": ticket, **told, **fine}
        if asked.path == "/v1/files/retrieve":
            name = asked.query["file_id"][0]
            video = {"file_id": name, "download_url": f"{self._origin}/video/{name}.mp4"}
            return 200, {"file": video, **fine}
        return 404, UNKNOWN


def _orders(number: str) -> dict[str, Any]:
    """How each seller takes an order, by path; the last one is for the plain clients."""
    return {
        "/v1/video_generation": {"task_id": number, "base_resp": {"status_code": 0, "status_msg": "success"}},
        "/hailuo/videos": {"success": True, "task_id": number, "trace_id": number},
        "*": {"request_id": number, "id": number, "status": "processing"},
    }


class Server:
    """A thread a connection; keep-alive; bodies are counted and dropped."""

    def __init__(self, videos: Path, looks: int, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.origin = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._tls = tls
        self._videos = videos
        self._service = Service(self.origin, looks)

    def serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        except OSError:
            return
        with connection:
            rest = b""
            try:
                while (taken := _read(connection, rest)) is not None:
                    asked, rest = taken
                    if asked.path.startswith("/video/"):
                        self._send_video(connection, asked.path.removeprefix("/video/"))
                    else:
                        status, reply = self._service.answer(asked)
                        _send(connection, status, "application/json", json.dumps(reply).encode())
            except ConnectionError:
                pass

    def _send_video(self, connection: socket.socket, name: str) -> None:
        path = self._videos / name
        if not re.fullmatch(r"\w+\.mp4", name) or not path.exists():
            _send(connection, 404, "application/json", b"{}")
            return
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            connection.sendall(_head(200, "video/mp4", size) + f'ETag: "{size}"\r\n\r\n'.encode())
            if self._tls:  # SSLSocket.sendfile sends 8 KiB at a time
                while piece := file.read(BUFFER):
                    connection.sendall(piece)
            else:
                connection.sendfile(file)


def _read(connection: socket.socket, rest: bytes) -> tuple[Asked, bytes] | None:
    """The next request and what was read behind it; None where the client is gone."""
    while b"\r\n\r\n" not in rest:
        more = connection.recv(65536)
        if not more:
            return None
        rest += more
    head, _, rest = rest.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    parts = urlsplit(target)
    if fields.get("expect") == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in fields.get("transfer-encoding", ""):
        size, start, rest = _chunks(connection, rest)
    else:
        size = int(fields.get("content-length", 0))
        start, rest = rest[:size], rest[size:]
        left, buffer = size - len(start), bytearray(min(BUFFER, size))
        while left:
            got = connection.recv_into(buffer, min(left, len(buffer)))
            if not got:
                return None
            left -= got
    return Asked(method, parts.path, parse_qs(parts.query), size, start[:KEPT]), rest


def _chunks(connection: socket.socket, rest: bytes) -> tuple[int, bytes, bytes]:
    """A body in chunks: its size, its start, and what was read behind it."""
    size, start = 0, b""
    while True:
        while b"\r\n" not in rest:
            rest += connection.recv(BUFFER)
        line, _, rest = rest.partition(b"\r\n")
        length = int(line, 16)
        while len(rest) < length + 2:
            rest += connection.recv(BUFFER)
        start += rest[: min(length, KEPT - len(start))]
        size, rest = size + length, rest[length + 2 :]
        if not length:
            return size, start, rest


def _head(status: int, kind: str, size: int) -> bytes:
    words = {200: "OK", 404: "Not Found"}
    return f"HTTP/1.1 {status} {words[status]}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n".encode()


def _send(connection: socket.socket, status: int, kind: str, content: bytes) -> None:
    connection.sendall(_head(status, kind, len(content)) + b"\r\n" + content)


def make_video(path: Path, size: int) -> None:
    """A file of that size that an MP4 walk takes for whole: one frame of zeros behind an index that tells of it."""
    kind = _box(b"ftyp", b"isom\0\0\2\0isomiso2")
    start = len(kind) + len(_index(0, 0))
    with path.open("wb") as file:
        file.write(kind + _index(start + 16, size - start - 16))
        file.write((1).to_bytes(4, "big") + b"mdat" + (size - start).to_bytes(8, "big"))
        file.truncate(size)


def _index(place: int, size: int) -> bytes:
    frames = _table(b"stsz", size, 1) + _table(b"stsc", 1, 1, 1, 1) + _table(b"stco", 1, place)
    media = _table(b"hdlr", 0, int.from_bytes(b"vide", "big")) + _box(b"minf", _box(b"stbl", frames))
    return _box(b"moov", _box(b"trak", _table(b"tkhd", 0, 0, 1) + _box(b"mdia", media)))


def _table(kind: bytes, *numbers: int) -> bytes:
    return _box(kind, bytes(4) + struct.pack(f">{len(numbers)}I", *numbers))


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("videos", type=Path)
    options.add_argument("--looks", type=int, default=3)
    options.add_argument("--tls", type=Path, nargs=2, metavar=("CERT", "KEY"))
    given = options.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if given.tls else None
    if tls:
        tls.load_cert_chain(*given.tls)
    server = Server(given.videos, given.looks, tls)
    threading.Thread(target=server.serve, daemon=True).start()
    sys.stdout.write(f"{server.origin}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
