"""Which process is still at work on a ledger row: a kernel lock on one byte of a file, gone with its process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


class Alive:
    """One byte of a file for every row number. Locks end when the process does, however it ends."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)

    def close(self) -> None:
        os.close(self._handle)

    def hold(self, number: int) -> bool:
        """Take the lock for a row; False where another process has it, or where this file system has no locks."""
        with suppress(OSError):
            _lock(self._handle, number)
            return True
        return False

    def is_held(self, number: int) -> bool:
        """Whether another process is at work on a row. Where locks do not work, nobody is: the safe answer."""
        try:
            _lock(self._handle, number)
        except (BlockingIOError, PermissionError):
            return True
        except OSError:
            return False
        with suppress(OSError):
            _unlock(self._handle, number)
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, number: int) -> None:
        os.lseek(handle, number, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _unlock(handle: int, number: int) -> None:
        os.lseek(handle, number, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(handle: int, number: int) -> None:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)

    def _unlock(handle: int, number: int) -> None:
        fcntl.lockf(handle, fcntl.LOCK_UN, 1, number)
