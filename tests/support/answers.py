"""What a server that misbehaves answers, as values: some functions here make a `Play`, the others spoil one."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import random
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Asked:
    """One request that arrived: all of it, when, on which connection of the port, and the port of another origin.

    Names of headers are in lower case; the values of a repeated one are joined.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    connection: int
    port: int
    elsewhere: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def start(self) -> int:
        """From which byte the video is wanted."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else 0


End = Callable[[socket.socket], bool]
"""What becomes of a connection after the last byte of an answer; True where the next request may come on it."""


def closes(_: socket.socket) -> bool:
    return False


def keeps(_: socket.socket) -> bool:
    return True


def aborts(connection: socket.socket) -> bool:
    """An RST in place of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def holds(connection: socket.socket) -> bool:
    """Nothing at all, until the client goes away."""
    while connection.recv(4096):
        pass
    return False


@dataclass(frozen=True)
class Answer:
    """What goes over the wire, literally; only where the connection does not stay is that said too.

    `head`: in place of the status line and the headers. `refuse`: for how many seconds the port then takes nobody.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()
    end: End = closes
    head: bytes | None = None
    refuse: float = 0

    def on_the_wire(self) -> Iterator[bytes]:
        lines = [f"HTTP/1.1 {self.status} x", *(f"{name}: {value}" for name, value in self.headers.items())]
        if self.end is not keeps:
            lines.append("Connection: close")
        yield "\r\n".join([*lines, "", ""]).encode("latin-1") if self.head is None else self.head
        yield from self.body


Play = Callable[[Asked], Answer]


# answers


def says(status: int, content: object = b"", *, keep: bool = False, length: int | None = None, **headers: str) -> Play:
    """A whole answer: bytes as they are, anything else as JSON. `length`: what Content-Length says instead."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"Content-Length": str(len(body) if length is None else length), **_dashed(headers)}
    return lambda _: Answer(status, sent, [body], keeps if keep else closes)


def raw(content: bytes, *, keep: bool = False) -> Play:
    """Exactly these bytes."""
    return lambda _: Answer(head=content, end=keeps if keep else closes)


def hangs(_: Asked) -> Answer:
    """Never answers; ends when the client goes away."""
    return Answer(head=b"", end=holds)


def resets(_: Asked) -> Answer:
    """Ends the connection with an RST instead of an answer."""
    return Answer(head=b"", end=aborts)


def refuses(seconds: float = float("inf")) -> Play:
    """Resets this connection, and takes no other for so long."""
    return lambda _: Answer(head=b"", end=aborts, refuse=seconds)


def film(data: bytes, etag: str | None = '"v1"', modified: str | None = None, **headers: str) -> Play:
    """An honest server of a file: Range and If-Range as RFC 9110 wants them."""
    seal = _dashed(headers) | {name: value for name, value in (("ETag", etag), ("Last-Modified", modified)) if value}

    def play(asked: Asked) -> Answer:
        start = asked.start
        if start and asked.headers.get("if-range") in (etag, modified):
            if start >= len(data):
                return Answer(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0", **seal})
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            rest = data[start:]
            return Answer(206, {"Content-Range": span, "Content-Length": str(len(rest)), **seal}, [rest])
        return Answer(200, {"Content-Length": str(len(data)), **seal}, [data])

    return play


def redirects(
    status: int, location: str | None = None, *, hops: float = float("inf"), then: Play | None = None
) -> Play:
    """Sends away as often as `hops` says, to `location` or to the same path at the other port; then answers."""
    left = hops

    def play(asked: Asked) -> Answer:
        nonlocal left
        if left <= 0 and then:
            return then(asked)
        left -= 1
        there = f"http://127.0.0.1:{asked.elsewhere}{asked.path}" if location is None else location
        return Answer(status, {"Location": there, "Content-Length": "0"})

    return play


def bomb(size: int, ratio: int) -> Play:
    """Gzip that unpacks to so many bytes, about `ratio` times its own size (gzip itself ends at some 1000)."""
    noise = max(0, size // ratio - size // 1030)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(random.Random(7).randbytes(noise))]  # noqa: S311
    pieces += [packer.compress(bytes(min(1 << 20, size - at))) for at in range(noise, size, 1 << 20)]
    return says(200, b"".join([*pieces, packer.flush()]), Content_Encoding="gzip")


def tunnels(port: int) -> Play:
    """A proxy: whatever CONNECT asks for is this port of this machine."""

    def end(near: socket.socket) -> bool:
        with socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=_pour, args=(far, near), daemon=True)
            back.start()
            _pour(near, far)
            back.join()
        return False

    return lambda _: Answer(head=b"HTTP/1.1 200 x\r\n\r\n", end=end)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


# what spoils an answer


def cut(play: Play, after: int, *, end: End = closes) -> Play:
    """The same answer, with the connection gone (or left hanging) after so many bytes of the body."""

    def first(body: Iterable[bytes]) -> Iterator[bytes]:
        left = after
        for piece in body:
            if left <= 0:
                return
            yield piece[:left]
            left -= len(piece)

    return _changed(play, lambda answer: replace(answer, body=first(answer.body), end=end))


def stated(play: Play, by: int) -> Play:
    """The same body with a Content-Length that is wrong by so many bytes."""

    def lie(answer: Answer) -> Answer:
        length = str(int(answer.headers["Content-Length"]) + by)
        return replace(answer, headers={**answer.headers, "Content-Length": length})

    return _changed(play, lie)


def unframed(play: Play) -> Play:
    """The same body without a length, up to the end of the connection."""
    return _changed(play, lambda answer: replace(answer, headers=_without_length(answer)))


def chunked(play: Play, last: bytes = b"0\r\n\r\n") -> Play:
    """The same body in chunks; `last` is what stands where the end of the chunks is expected."""

    def chunks(body: Iterable[bytes]) -> Iterator[bytes]:
        for piece in body:
            if piece:
                yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        yield last

    def in_chunks(answer: Answer) -> Answer:
        return replace(
            answer, headers={"Transfer-Encoding": "chunked", **_without_length(answer)}, body=chunks(answer.body)
        )

    return _changed(play, in_chunks)


def endless(play: Play, piece: bytes = bytes(65536)) -> Play:
    """The same body without an end."""

    def more(body: Iterable[bytes]) -> Iterator[bytes]:
        yield from body
        while True:
            yield piece

    return _changed(unframed(play), lambda answer: replace(answer, body=more(answer.body)))


def slowed(play: Play, rate: float) -> Play:
    """So many bytes of the body a second: a drip or a narrow line."""
    size = max(1, int(rate / 50))

    def slowly(body: Iterable[bytes]) -> Iterator[bytes]:
        for piece in body:
            for at in range(0, len(piece), size):
                yield piece[at : at + size]
                time.sleep(size / rate)

    return _changed(play, lambda answer: replace(answer, body=slowly(answer.body)))


def late(play: Play, seconds: float, jitter: float = 0) -> Play:
    """The same answer after a while."""

    def waited(asked: Asked) -> Answer:
        time.sleep(max(0.0, seconds + jitter * random.uniform(-1, 1)))  # noqa: S311
        return play(asked)

    return waited


def lingering(play: Play, seconds: float) -> Play:
    """The same answer on a connection that is closed only later."""

    def end(_: socket.socket) -> bool:
        time.sleep(seconds)
        return False

    return _changed(play, lambda answer: replace(answer, end=end))


def packed(play: Play, times: int = 1) -> Play:
    """The same body in so many layers of gzip."""

    def pack(answer: Answer) -> Answer:
        body = b"".join(answer.body)
        for _ in range(times):
            body = gzip.compress(body)
        coding = {"Content-Encoding": ", ".join(["gzip"] * times), "Content-Length": str(len(body))}
        return replace(answer, headers={**answer.headers, **coding}, body=[body])

    return _changed(play, pack)


def expiring(play: Play, after: int) -> Play:
    """An address that is good for so many bytes in all, and for 403 from then on."""
    left = after

    def use(asked: Asked) -> Answer:
        nonlocal left
        if left <= 0:
            return says(403)(asked)
        return replace(answer := play(asked), body=spent(answer.body))

    def spent(body: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal left
        for piece in body:
            allowed, left = piece[: max(0, left)], left - len(piece)
            yield allowed
            if left <= 0:
                return

    return use


RANGES = ("honoured", "ignored", "shifted", "changed", "refused")


def ranges(play: Play, how: str) -> Play:
    """The same file by another answer to a Range: whole again, from another start, another file's, or 416."""

    def answered(asked: Asked) -> Answer:
        if how == "honoured" or not asked.start:
            return play(asked)
        if how == "refused":
            return Answer(416, {"Content-Range": "bytes */1", "Content-Length": "0"})
        if how == "ignored":
            return play(replace(asked, headers={}))
        answer = play(asked)
        if how == "changed":
            return replace(answer, headers={**answer.headers, "ETag": '"changed"'})
        span = answer.headers["Content-Range"].replace(f"bytes {asked.start}-", f"bytes {asked.start + 1}-")
        return replace(answer, headers={**answer.headers, "Content-Range": span})

    return answered


class Gate:
    """A play that tells when a request has arrived, and answers only when it is let go."""

    def __init__(self, then: Play) -> None:
        self.arrived = threading.Event()
        self.open = threading.Event()
        self._then = then

    def __call__(self, asked: Asked) -> Answer:
        self.arrived.set()
        self.open.wait(60)
        return self._then(asked)


def _changed(play: Play, change: Callable[[Answer], Answer]) -> Play:
    return lambda asked: change(play(asked))


def _without_length(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "Content-Length"}


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
