"""Brings a finished video home. A file with the final name is a whole video, or it is not there.

`fetch` saves to a file and survives what networks and servers do on the way; `stream` writes to a pipe. Both are
iterators of small values. Opening an address is the caller's business: nothing here knows one.
"""

from __future__ import annotations

import hashlib
import os
import random
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import BadVideo, DiskError, ReaderGone
from .answer import PermanentFailure, Validators
from .part import PartFile, remove_leftovers
from .transfer import Body, Downloading, DownloadRetry, Limits, Opener, TooLarge, Transfer

__all__ = [
    "MAX_SIZE",
    "Body",
    "DownloadRetry",
    "Downloading",
    "Opener",
    "Saved",
    "Streamed",
    "fetch",
    "remove_leftovers",
    "stream",
    "verified",
]

MAX_SIZE = 4 << 30
_MOST_NAMES = 1000


@dataclass(frozen=True)
class Saved:
    """A whole video. `already`: it was there before, byte by byte."""

    path: Path
    size: int
    sha256: str
    already: bool = False


@dataclass(frozen=True)
class Streamed:
    """What went out: bytes and their SHA-256."""

    size: int
    sha256: str


def fetch(
    opener: Opener,
    target: Path,
    *,
    renew: Callable[[], Opener] | None = None,
    force: bool = False,
    max_size: int = MAX_SIZE,
    expected_size: int | None = None,
    before_rename: Callable[[Saved], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
    chance: Callable[[], float] = random.random,
) -> Iterator[Downloading | DownloadRetry | Saved]:
    """Save a video under `target`, or under a numbered name where another file has that; the last item is Saved.

    `renew` asks for a fresh address where the old one has expired. `before_rename` hears what will be saved while
    the final name is not given yet. Sizes are in bytes. Stopped anywhere, what came is kept for the next call.
    Nothing here sleeps: after a DownloadRetry the caller waits as long as it says before it asks for more.

    NetworkError: given up, to be continued. JobGone: the address is dead. DiskError: local trouble.
    BadVideo, UnsafeReply: what came is no whole video, or too large; nothing of it is kept.
    """
    with PartFile.open(target) as part:
        transfer = Transfer(opener, part, renew, Limits(max_size, expected_size), clock, chance)
        try:
            yield from transfer.run()
        except (BadVideo, TooLarge):
            part.remove()
            raise
        part.sync()
        saved = _named(part, target, part.sha256(), force, before_rename)
    yield saved


def stream(
    opener: Opener,
    out: BinaryIO,
    *,
    renew: Callable[[], Opener] | None = None,
    max_size: int = MAX_SIZE,
    expected_size: int | None = None,
    clock: Callable[[], float] = time.monotonic,
    chance: Callable[[], float] = random.random,
) -> Iterator[Downloading | DownloadRetry | Streamed]:
    """Write a video to a pipe; the last item is Streamed, and only then it was a whole one. Errors as for `fetch`.

    Goes on after an interruption where the server can prove that the rest belongs to the same video.
    """
    pipe = _Pipe(out)
    transfer = Transfer(opener, pipe, renew, Limits(max_size, expected_size), clock, chance)
    yield from transfer.run()
    pipe.flush()
    yield Streamed(pipe.size, pipe.sha256())


def verified(path: Path, size: int, sha256: str) -> bool:
    """Whether a saved file is still that very video."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _named(part: PartFile, target: Path, sha256: str, force: bool, before_rename: Callable[[Saved], None]) -> Saved:
    if force:
        saved = Saved(target, part.size, sha256)
        before_rename(saved)
        part.replace(target)
        return saved
    for number in range(1, _MOST_NAMES):
        path = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
        saved = Saved(path, part.size, sha256)
        if not os.path.lexists(path):
            before_rename(saved)
            if part.publish(path):
                return saved
        if not path.is_symlink() and verified(path, part.size, sha256):
            part.remove()
            return Saved(path, part.size, sha256, already=True)
    raise DiskError(f"{target} and {_MOST_NAMES - 2} numbered names beside it are taken{part.kept}")


class _Pipe:
    """A pipe takes bytes and never gives them back."""

    kept = ""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self.seal = Validators()
        self.size = 0

    def pieces(self) -> Iterator[bytes]:
        return iter(())

    def write(self, data: bytes) -> None:
        self._do(lambda: self._out.write(data))
        self._digest.update(data)
        self.size += len(data)

    def sha256(self) -> str:
        return self._digest.hexdigest()

    def flush(self) -> None:
        self._do(self._out.flush)

    def restart(self) -> None:
        if self.size:
            raise PermanentFailure(
                f"the connection broke after {self.size} bytes and the server can only start over,"
                " which a pipe cannot take back",
                hint="save to a file with -o FILE",
            )

    def remember(self, seal: Validators) -> None:
        self.seal = seal

    def must_have_room(self, needed: int) -> None:
        pass

    def _do(self, step: Callable[[], object]) -> None:
        try:
            step()
        except BrokenPipeError:
            raise ReaderGone from None
        except OSError as error:
            raise DiskError(f"cannot write the video to stdout: {error.strerror}") from error
