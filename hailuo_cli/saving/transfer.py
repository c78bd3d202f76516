"""One video on its way into a file or a pipe, over as many connections as it takes."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ..errors import BadVideo, HailuoError, JobGone, NetworkError, RateLimited, Unanswered, UnsafeReply
from .answer import ExpectedBody, PermanentFailure, Unpacking, Validators, WrongRange, promised
from .mp4 import Walk

WAITS = (0.5, 1.0, 3.0, 8.0, 20.0)
"""Seconds before the next try, by how many tries in a row brought nothing; after so many tries it is given up."""
LONGEST_WAIT = 120.0
RENEWALS = 3
RESTARTS = 5
SLOWEST, SLOW_SECONDS, SLOW_TRIES = 1024, 30, 3
"""A connection that brings less than 1024 bytes a second over 30 s is dropped; three of them are the end."""
REPORT_SECONDS = 0.1
_EXPIRED = (403, 404, 410)


class Body(Protocol):
    """An answer whose headers are here; they are asked for by lower-case names."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def chunks(self) -> Iterator[bytes]: ...


Opener = Callable[[Mapping[str, str]], AbstractContextManager[Body]]
"""Opens the video's current address with these headers on top; a NetworkError means that it may be tried again."""


class Sink(Protocol):
    """Where the bytes go. `kept` is what to tell the user about them when it is given up."""

    seal: Validators
    size: int

    def pieces(self) -> Iterator[bytes]: ...
    def write(self, data: bytes) -> None: ...
    def restart(self) -> None: ...
    def remember(self, seal: Validators) -> None: ...
    def must_have_room(self, needed: int) -> None: ...
    @property
    def kept(self) -> str: ...


@dataclass(frozen=True)
class Downloading:
    """`done` and `total` in bytes, `speed` in bytes per second over the last seconds. None: not known."""

    done: int
    total: int | None
    speed: float | None


@dataclass(frozen=True)
class DownloadRetry:
    """An interruption, and the seconds until the next try."""

    error: HailuoError
    wait: float


@dataclass(frozen=True)
class Limits:
    """Bytes: the most that may come, and what the provider says there is."""

    max_size: int
    expected_size: int | None = None


class TooLarge(UnsafeReply):
    pass


class Transfer:
    """Every byte is hashed and walked through once, on its way into the sink."""

    def __init__(
        self,
        opener: Opener,
        sink: Sink,
        renew: Callable[[], Opener] | None,
        limits: Limits,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._opener, self._sink, self._renew, self._limits = opener, sink, renew, limits
        self._clock, self._sleep = clock, sleep
        self._digest, self._walk, self._pace = hashlib.sha256(), Walk(), _Pace()
        self._renewals = self._restarts = 0
        self._misled = self._gained = False

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def run(self) -> Iterator[Downloading | DownloadRetry]:
        """Try until the video is whole; waits between tries. Ends, or raises why it cannot."""
        self._take_up()
        fruitless = slow = 0
        while True:
            self._gained = False
            try:
                if (yield from self._try()):
                    return
                continue
            except (NetworkError, RateLimited) as caught:
                error = caught
            if not getattr(error, "passing", True):
                raise error
            fruitless = 0 if self._gained else fruitless + 1
            slow = (0 if self._pace.kept_up else slow) + isinstance(error, _Slow)
            if fruitless == len(WAITS) or slow == SLOW_TRIES:
                kept = self._sink.kept
                hint = "run the same command again: it goes on from there" if kept else None
                raise NetworkError(f"gave up the download: {error.message}{kept}", hint=hint) from error
            wait = max(WAITS[fruitless], min(getattr(error, "retry_after", None) or 0.0, LONGEST_WAIT))
            yield DownloadRetry(error, wait)
            self._sleep(wait)

    def _take_up(self) -> None:
        """Look again at every byte that an earlier run left and that can be continued."""
        if not self._sink.seal.validator:
            return
        try:
            for piece in self._sink.pieces():
                self._walk.feed(piece)
                self._digest.update(piece)
        except BadVideo:
            self._start_over()

    def _start_over(self) -> None:
        if self._sink.size:
            self._restarts += 1
            if self._restarts > RESTARTS:
                raise PermanentFailure(f"gave up the download: the server starts it over each time{self._sink.kept}")
        self._sink.restart()
        self._digest, self._walk = hashlib.sha256(), Walk()

    def _try(self) -> Generator[Downloading, None, bool]:
        """One connection. True when the video is whole, False where it has to be asked for anew."""
        if not self._sink.seal.validator:
            self._start_over()
        start = self._sink.size
        headers = {"Range": f"bytes={start}-", "If-Range": self._sink.seal.validator or ""} if start else {}
        with self._opener(headers) as body:
            if body.status not in _EXPIRED:
                promise = self._accepted(body, start)
                if promise is None:
                    self._start_over()
                    return False
                yield from self._receive(body, promise)
                self._check_the_end(promise)
                return True
        self._renew_the_address(body.status)
        return False

    def _renew_the_address(self, status: int) -> None:
        if self._renew is None or self._renewals == RENEWALS:
            fresh = f", {RENEWALS} fresh ones too" if self._renewals else ""
            message = f"the video's address is no longer good: HTTP {status}{fresh}{self._sink.kept}"
            if status == 403:
                raise PermanentFailure(message, hint="such an address lasts for some hours; ask the job for a new one")
            raise JobGone(message)
        self._opener = self._renew()
        self._renewals += 1

    def _accepted(self, body: Body, start: int) -> ExpectedBody | None:
        """What this answer brings, with the sink ready for it; None: ask again, from zero."""
        try:
            promise = promised(body.status, body.headers, start, self._sink.seal)
        except WrongRange:
            if self._misled:
                raise
            self._misled = True
            return None
        if promise is None:
            return None
        if start and not promise.start:
            self._start_over()
        if promise.total is not None:
            self._check_the_size(promise.total)
            self._sink.must_have_room(promise.total - self._sink.size)
        if not promise.start:
            self._sink.remember(promise.seal)
        return promise

    def _receive(self, body: Body, promise: ExpectedBody) -> Iterator[Downloading]:
        sink, clock, walk, digest, most = self._sink, self._clock, self._walk, self._digest, self._limits.max_size
        unpacking = Unpacking(promise.codings) if promise.codings else None
        travelled = 0
        pace = self._pace = _Pace()
        yield Downloading(sink.size, promise.total, None)
        before = clock()
        due = before + REPORT_SECONDS
        for chunk in body.chunks() if promise.length != 0 else ():
            now = clock()
            travelled += len(chunk)
            for data in unpacking.feed(chunk) if unpacking else (chunk,):
                if sink.size + len(data) > most:
                    raise self._too_large("goes on")
                walk.feed(data)
                sink.write(data)
                digest.update(data)
                self._gained = True
            pace.add(now - before, len(chunk))
            if now >= due:
                due = now + REPORT_SECONDS
                yield Downloading(sink.size, promise.total, pace.speed(now, sink.size))
            before = clock()
        if promise.length is not None and travelled < promise.length:
            raise Unanswered(f"the connection ended {promise.length - travelled} bytes early")
        if unpacking and not unpacking.whole:
            raise BadVideo("the video came compressed and cut off")
        if promise.total is not None and sink.size < promise.total:
            raise Unanswered(f"the server sent only a piece; {promise.total - sink.size} bytes are missing")
        yield Downloading(sink.size, promise.total, None)

    def _check_the_end(self, promise: ExpectedBody) -> None:
        size = self._sink.size
        self._check_the_size(size)
        self._walk.finish(size)
        if not promise.framed and not self._walk.sealed:
            raise BadVideo("the server told no length and the video tells none: nobody can say whether it is whole")

    def _check_the_size(self, size: int) -> None:
        if size > self._limits.max_size:
            raise self._too_large(f"has {size} bytes")
        if self._limits.expected_size not in (None, size):
            raise BadVideo(f"the video has {size} bytes where the provider promised {self._limits.expected_size}")

    def _too_large(self, how: str) -> TooLarge:
        return TooLarge(
            f"the video {how} where --max-size allows {self._limits.max_size} bytes",
            hint="allow more with --max-size",
        )


class _Slow(Unanswered):
    pass


class _Pace:
    """How fast one connection is, by the time spent waiting for it and not for whoever reads us."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._bytes = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=30)
        self.kept_up = False

    def add(self, seconds: float, size: int) -> None:
        self._seconds += seconds
        self._bytes += size
        if self._seconds >= SLOW_SECONDS:
            if self._bytes < SLOWEST * self._seconds:
                raise _Slow(f"the server sent {self._bytes} bytes in {self._seconds:.0f} s")
            self._seconds, self._bytes, self.kept_up = 0.0, 0, True

    def speed(self, now: float, done: int) -> float | None:
        self._marks.append((now, done))
        then, had = self._marks[0]
        return (done - had) / (now - then) if now > then else None
