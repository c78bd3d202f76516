"""A loopback HTTP server on two ports that misbehaves on request and keeps a record; tests judge by the record.

It answers by a list of plays (tests/support/answers.py), or by the words of an X-Fault header that a client adds.
Run by hand: python -m tests.support.fault_server --help
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import shlex
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.support import answers
from tests.support.answers import RANGES, Answer, Asked, Play, says
from tests.support.certificates import certified
from tests.support.clips import clip


class Origin:
    """One port. Plays its answers in order and the last one for good; where `strict`, each one once.

    `silent`: takes connections and says nothing on them, not even a TLS greeting.
    """

    def __init__(
        self,
        *plays: Play,
        tls: ssl.SSLContext | None = None,
        strict: bool = False,
        silent: bool = False,
        port: int = 0,
        tell: Callable[[Asked], None] = lambda _: None,
    ) -> None:
        self.plays = list(plays)
        self.asked: list[Asked] = []
        self.connections = 0
        self.elsewhere = 0
        self.surprises: list[str] = []
        self._tls, self._strict, self._silent, self._tell = tls, strict, silent, tell
        self._news = threading.Condition()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls or silent else ''}://127.0.0.1:{self.port}"

    def __enter__(self) -> Origin:
        self._start(self._accept, self._listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up(self._listener, *self._open)
        for thread in self._threads:
            thread.join(10)
        assert not self.surprises, f"nobody scripted {self.surprises}"

    @property
    def posts(self) -> int:
        return sum(asked.method == "POST" for asked in self.asked)

    @property
    def starts(self) -> list[int]:
        """From which byte each request wanted the video."""
        return [asked.start for asked in self.asked]

    def heard(self, requests: int = 0, connections: int = 0, timeout: float = 60) -> bool:
        """Wait until so many requests and connections have arrived since the beginning."""
        with self._news:
            return self._news.wait_for(lambda: len(self.asked) >= requests and self.connections >= connections, timeout)

    def down(self) -> None:
        """From now on connections are refused; the port stays taken."""
        self._hang_up(self._listener)
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))

    def up(self) -> None:
        """Connections are taken again."""
        self._listener.listen()
        self._start(self._accept, self._listener)

    def _hang_up(self, *sockets: socket.socket) -> None:
        # closing alone does not wake a thread that waits in accept or recv
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        sockets[0].close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with self._news:
                    self.connections += 1
                    self._open.append(connection)
                    self._news.notify_all()
                self._start(self._serve, connection, self.connections)

    def _serve(self, plain: socket.socket, number: int) -> None:
        with plain, contextlib.suppress(OSError, ValueError):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._silent:
                answers.holds(plain)
                return
            with self._tls.wrap_socket(plain, server_side=True) if self._tls else plain as connection:
                more = True
                while more:
                    more = self._turn(connection, number)

    def _turn(self, connection: socket.socket, number: int) -> bool:
        asked = self._read(connection, number)
        answer = self._play(asked)(asked)
        if answer.refuse:
            self._refuse(answer.refuse)
        for piece in answer.on_the_wire():
            connection.sendall(piece)
        return answer.end(connection)

    def _read(self, connection: socket.socket, number: int) -> Asked:
        with connection.makefile("rb") as reader:
            method, path, _ = reader.readline().decode("latin-1").split()
            if not (method.isascii() and method.isalpha()):
                raise ValueError(f"{method!r} is no HTTP")  # the greeting of a client that wants TLS, by its bytes
            headers: dict[str, str] = {}
            while line := reader.readline().decode("latin-1").strip():
                name, _, value = line.partition(":")
                known = headers.get(name.lower())
                headers[name.lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
            body = reader.read(int(headers.get("content-length", "0")))
        return Asked(method, path, headers, body, time.monotonic(), number, self.port, self.elsewhere)

    def _play(self, asked: Asked) -> Play:
        """Write a request down, and take the answer to it."""
        with self._news:
            self.asked.append(asked)
            self._news.notify_all()
            self._tell(asked)
            return self._next(asked)

    def _next(self, asked: Asked) -> Play:
        if not self.plays:
            self.surprises.append(f"{asked.method} {asked.path}")
            return says(599)
        return self.plays[0] if len(self.plays) == 1 and not self._strict else self.plays.pop(0)

    def _refuse(self, seconds: float) -> None:
        self.down()
        if seconds != float("inf"):
            back = threading.Timer(seconds, self.up)
            back.daemon = True
            back.start()


class FaultServer(Origin):
    """A port that misbehaves, and beside it `other`: another origin, where nobody should ever come."""

    def __init__(self, *plays: Play, tell: Callable[[Asked], None] = lambda _: None, **how: Any) -> None:
        super().__init__(*plays, tell=tell, **how)
        self.other = Origin(says(200, {}), tell=tell)
        self.elsewhere, self.other.elsewhere = self.other.port, self.port

    def __enter__(self) -> FaultServer:
        super().__enter__()
        self.other.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.other.__exit__()
        super().__exit__()

    def _next(self, asked: Asked) -> Play:
        words = asked.headers.get("x-fault")
        return play_of(words) if words else super()._next(asked)


# words, for the header and the command line

Word = Callable[[Play, str], Play]
FIRST: dict[str, tuple[Callable[[str], Play], str]] = {
    "hang": (lambda _: answers.hangs, "takes the request and never answers"),
    "reset": (lambda _: answers.resets, "an RST"),
    "refuse": (lambda seconds: answers.refuses(float(seconds or "inf")), "an RST, and refuses for SECONDS"),
    "raw": (lambda text: answers.raw(text.encode("latin-1").decode("unicode_escape").encode("latin-1")), "these bytes"),
    "json": (lambda text: says(200, text.encode(), Content_Type="application/json"), "this text"),
    "status": (lambda status: says(int(status), {"message": f"status {status}"}), "a status"),
    "file": (lambda path: answers.film(Path(path).read_bytes()), "a file, by Range"),
    "film": (lambda size: answers.film(clip(int(size or 200_000))), "an MP4 of SIZE bytes, by Range"),
    "redirect": (lambda status: answers.redirects(int(status)), "to the same path at the other port"),
    "loop": (lambda status: answers.redirects(int(status or 302), "/again"), "redirects for ever"),
    "bomb": (lambda text: answers.bomb(*(int(part) for part in text.split(":"))), "SIZE:RATIO of gzip"),
    "tunnel": (lambda port: answers.tunnels(int(port)), "a proxy that takes every CONNECT to PORT"),
    "login": (lambda _: says(407, b"<html>Sign in</html>", Content_Type="text/html"), "a proxy that wants a login"),
}
THEN: dict[str, tuple[Word, str]] = {
    "header": (lambda play, text: _with_header(play, *text.split(":", 1)), "NAME:VALUE"),
    "hops": (lambda play, hops: answers.redirects(302, "/again", hops=int(hops), then=play), "after so many redirects"),
    "cut": (lambda play, after: answers.cut(play, int(after)), "closed after so many bytes"),
    "abort": (lambda play, after: answers.cut(play, int(after), end=answers.aborts), "an RST after so many bytes"),
    "stall": (lambda play, after: answers.cut(play, int(after), end=answers.holds), "silence after so many bytes"),
    "length": (lambda play, by: answers.stated(play, int(by)), "Content-Length wrong by +N or -N"),
    "no-length": (lambda play, _: answers.unframed(play), "up to the end of the connection"),
    "chunked": (lambda play, _: answers.chunked(play), "in chunks"),
    "bad-chunk": (lambda play, _: answers.chunked(play, b"zz\r\n"), "in chunks, then one that is none"),
    "rate": (lambda play, rate: answers.slowed(play, float(rate)), "bytes a second: a drip or a narrow line"),
    "endless": (lambda play, _: answers.endless(play), "goes on and on"),
    "late": (
        lambda play, text: answers.late(play, *(float(part) for part in text.split("~"))),
        "SECONDS or SECONDS~JITTER",
    ),
    "linger": (lambda play, seconds: answers.lingering(play, float(seconds)), "closed only after so long"),
    "gzip": (lambda play, times: answers.packed(play, int(times or 1)), "in so many layers"),
    "expire": (lambda play, after: answers.expiring(play, int(after)), "403 after so many bytes in all"),
    "range": (answers.ranges, "|".join(RANGES)),
}


@functools.cache
def play_of(text: str) -> Play:
    """The play that words mean: what comes first makes an answer, the others spoil it, from left to right.

    The same text is the same play, so that what counts (hops, expire) goes on counting from request to request.
    """
    play: Play = says(200, {})
    for position, word in enumerate(shlex.split(text)):
        name, _, value = word.partition("=")
        if name in FIRST and position == 0:
            play = FIRST[name][0](value)
        elif name in THEN:
            play = THEN[name][0](play, value)
        else:
            raise ValueError(f"{name} is no fault{' here' if name in FIRST else ''}")
    return play


def _with_header(play: Play, name: str, value: str) -> Play:
    def answered(asked: Asked) -> Answer:
        answer = play(asked)
        return Answer(answer.status, {**answer.headers, name: value.strip()}, answer.body, answer.end, answer.head)

    return answered


def main(arguments: Sequence[str] | None = None) -> None:
    words = [f"  {name:10} {meaning}" for table in (FIRST, THEN) for name, (_, meaning) in table.items()]
    words.insert(len(FIRST), "and then any of")
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.fault_server",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Serves faults on one port, and another origin on a second one. Prints every request as JSON.",
        epilog="\n".join(["an answer begins with one of", *words, "", "example: 'film=200000 cut=1000' film"]),
    )
    parser.add_argument("answer", nargs="*", default=["json={}"], help="one a request, the last one for good")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=["good", "wrong-name", "expired", "silent"], help="self-signed, all of them")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        context = None
        if given.tls not in (None, "silent"):
            context, cert = certified(Path(folder), expired=given.tls == "expired")
            _print(f"trust {cert}")
        plays = [play_of(text) for text in given.answer]
        how = {"tls": context, "silent": given.tls == "silent", "port": given.port, "tell": _tell}
        server = stack.enter_context(FaultServer(*plays, **how))
        shown = server.url.replace("127.0.0.1", "localhost") if given.tls == "wrong-name" else server.url
        _print(f"{shown} and elsewhere {server.other.url}")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def _tell(asked: Asked) -> None:
    record = {**vars(asked), "at": round(asked.at, 3), "body": asked.digest}
    _print(json.dumps(record))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
