"""One video on its way into a file or a pipe, over as many connections as it takes."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ..backoff import Backoff
from ..errors import BadVideo, HailuoError, JobGone, NetworkError, RateLimited, Unanswered, UnsafeReply
from .answer import ExpectedBody, PermanentFailure, Unpacking, Validators, WrongRange, promised
from .mp4 import Walk

BACKOFF = Backoff(first=0.5, factor=2.5, cap=20.0)
MOST_TRIES, LEAST_GAIN = 5, 4096
"""After so many tries in a row that each brought fewer new bytes than that, it is given up."""
PATIENCE, LEAST_SPEED = 60.0, 1024
"""So many seconds of waiting are allowed in all; new bytes earn them back, at so many a second."""
RENEWALS = 3
RESTARTS = 5
REPORT_SECONDS = 0.1
_EXPIRED = (403, 404, 410)


class Body(Protocol):
    """An answer whose headers are here; they are asked for by lower-case names."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they come."""
        ...


Opener = Callable[[Mapping[str, str]], AbstractContextManager[Body]]
"""Opens the video's current address with these headers on top; a NetworkError means that it may be tried again."""


class Sink(Protocol):
    """Where the bytes go. `kept` is what to tell the user about them when it is given up."""

    seal: Validators
    size: int

    def pieces(self) -> Iterator[bytes]:
        """What is there already."""
        ...

    def write(self, data: bytes) -> None:
        """Take bytes."""

    def restart(self) -> None:
        """Forget everything that came."""

    def remember(self, seal: Validators) -> None:
        """Note what the coming bytes belong to."""

    def must_have_room(self, needed: int) -> None:
        """DiskError where so many bytes more do not fit."""

    def sha256(self) -> str:
        """The SHA-256 of everything that came."""
        ...

    @property
    def kept(self) -> str:
        """What an error says of the bytes that stay."""
        ...


@dataclass(frozen=True)
class Downloading:
    """`done` and `total` in bytes, `speed` in bytes per second over the last seconds. None: not known."""

    done: int
    total: int | None
    speed: float | None


@dataclass(frozen=True)
class DownloadRetry:
    """An interruption. Whoever reads this asks for the next item after so many seconds, in which nothing happens."""

    error: HailuoError
    wait: float


@dataclass(frozen=True)
class Limits:
    """Bytes: the most that may come, and what the provider says there is."""

    max_size: int
    expected_size: int | None = None


class TooLarge(UnsafeReply):
    """When a video is larger than --max-size."""


class Transfer:
    """Every byte is walked through once, on its way into the sink."""

    def __init__(
        self,
        opener: Opener,
        sink: Sink,
        renew: Callable[[], Opener] | None,
        limits: Limits,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._opener, self._sink, self._renew, self._limits = opener, sink, renew, limits
        self._clock, self._chance = clock, chance
        self._walk, self._patience = Walk(), _Patience(clock)
        self._renewals = self._restarts = self._furthest = 0
        self._misled = False

    def run(self) -> Iterator[Downloading | DownloadRetry]:
        """Try until the video is whole. Ends, or raises why it cannot."""
        self._take_up()
        fruitless = 0
        while True:
            reached = self._furthest
            self._patience.begin()
            try:
                if (yield from self._try()):
                    return
                continue
            except (NetworkError, RateLimited) as caught:
                error = caught
            self._patience.spend()
            if not getattr(error, "passing", True):
                raise error
            fruitless = 0 if self._furthest - reached >= LEAST_GAIN else fruitless + 1
            if fruitless == MOST_TRIES or self._patience.is_over:
                kept = self._sink.kept
                hint = "run the same command again: it goes on from there" if kept else None
                raise NetworkError(f"gave up the download: {error.message}{kept}", hint=hint) from error
            asked = getattr(error, "retry_after", None)
            yield DownloadRetry(error, BACKOFF.pause(fruitless + 1, asked, self._chance()))

    def _take_up(self) -> None:
        """Look again at every byte that an earlier run left and that can be continued."""
        if not self._sink.seal.validator:
            return
        self._furthest = self._sink.size
        try:
            for piece in self._sink.pieces():
                self._walk.feed(piece)
        except BadVideo:
            self._start_over()

    def _start_over(self) -> None:
        if self._sink.size:
            self._restarts += 1
            if self._restarts > RESTARTS:
                raise PermanentFailure(f"gave up the download: the server starts it over each time{self._sink.kept}")
        self._sink.restart()
        self._walk = Walk()

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
        sink, walk, patience, most = self._sink, self._walk, self._patience, self._limits.max_size
        unpacking = Unpacking(promise.codings) if promise.codings else None
        travelled = 0
        speed = _Speed()
        yield Downloading(sink.size, promise.total, None)
        due = patience.begin() + REPORT_SECONDS
        for chunk in body.chunks() if promise.length != 0 else ():
            travelled += len(chunk)
            for data in unpacking.feed(chunk) if unpacking else (chunk,):
                if sink.size + len(data) > most:
                    raise self._too_large("goes on")
                walk.feed(data)
                sink.write(data)
            now = patience.spend(len(chunk), max(0, sink.size - self._furthest))
            self._furthest = max(self._furthest, sink.size)
            if patience.is_over:
                raise Unanswered(f"the server sends less than {LEAST_SPEED} bytes a second")
            if now >= due:
                due = now + REPORT_SECONDS
                yield Downloading(sink.size, promise.total, speed.of(now, sink.size))
            patience.begin()
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


class _Patience:
    """How long a server may still keep us waiting, over all connections; what our own reader takes does not count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = 0.0
        self._left = PATIENCE

    def begin(self) -> float:
        """From now on the server is waited for."""
        self._since = self._clock()
        return self._since

    def spend(self, came: int = 0, new: int = 0) -> float:
        """So many bytes came since then, so many of them for the first time: those before pay for their own time."""
        now = self._clock()
        waited = max(0.0, now - self._since - came / LEAST_SPEED)
        self._left = min(PATIENCE, self._left - waited + new / LEAST_SPEED)
        self._since = now
        return now

    @property
    def is_over(self) -> bool:
        return self._left <= 0


class _Speed:
    """Bytes a second over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=30)

    def of(self, now: float, done: int) -> float | None:
        self._marks.append((now, done))
        then, had = self._marks[0]
        return (done - had) / (now - then) if now > then else None
