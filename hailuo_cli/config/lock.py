"""One writer of a file at a time: read, change, write is safe from another process that does the same."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .. import private_files
from ..errors import DiskError

PATIENCE = 30.0
"""Seconds to wait for another writer; changing a config takes a few milliseconds."""
_PAUSE = 0.02


@contextmanager
def locked(path: Path, *, sleep: Callable[[float], None] = time.sleep, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a file, by a file of its own beside it that is gone afterwards; DiskError where it is never free."""
    beside = path.with_name(f".{path.name}.lock")
    private_files.make_folder(beside.parent)
    deadline = time.monotonic() + patience
    while (handle := _try(beside)) is None:
        if time.monotonic() > deadline:
            raise DiskError(f"another process is changing {path}", hint="try again when it has ended")
        sleep(_PAUSE)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open, and the next one takes it over
            beside.unlink()
        with suppress(OSError):  # the lock goes with the handle, whatever closing says
            os.close(handle)


def _try(beside: Path) -> int | None:
    """The lock file, open and locked; None while somebody else has it or has just removed it."""
    handle = os.open(beside, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if private_files.try_lock(handle) and os.path.samestat(os.fstat(handle), beside.stat()):
            return handle
    except FileNotFoundError:
        pass
    os.close(handle)
    return None
