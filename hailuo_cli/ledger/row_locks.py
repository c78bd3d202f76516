"""Which process is still at work on a ledger row: a kernel lock on one byte of a file, gone with its process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


class RowLocks:
    """One byte of a file for every row number. Locks end when the process does, however it ends.

    A process opens the file once and keeps it: closing any handle of it would drop every lock that it has there.
    """

    _handles: dict[Path, int] = {}
    _held: set[tuple[Path, int]] = set()

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        if self._path not in self._handles:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            self._handles[self._path] = os.open(self._path, flags, 0o600)

    def hold(self, number: int) -> None:
        """Take the lock for a row, where this file system has locks."""
        with suppress(OSError):
            _lock(self._handles[self._path], number)
            self._held.add((self._path, number))

    def release(self, number: int) -> None:
        """Give the lock for a row back."""
        if (self._path, number) in self._held:
            self._held.discard((self._path, number))
            with suppress(OSError):
                _unlock(self._handles[self._path], number)

    def is_held(self, number: int) -> bool:
        """Whether anybody is at work on a row. Where locks do not work, nobody is: the safe answer."""
        if (self._path, number) in self._held:
            return True
        try:
            _lock(self._handles[self._path], number)
        except (BlockingIOError, PermissionError):
            return True
        except OSError:
            return False
        with suppress(OSError):
            _unlock(self._handles[self._path], number)
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
