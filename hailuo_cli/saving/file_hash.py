"""The SHA-256 of a file that is still growing, computed beside the download by a thread of its own."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import suppress

PIECE = 1 << 20
WORTH_A_THREAD = 16 * PIECE
"""Bytes from which on hashing takes long enough to be done while the next ones come in."""
FOLLOWS = hasattr(os, "pread")
"""Whether a file can be read without moving the place where it is written; if not, all is hashed at the end."""


class FileHash:
    """Hashes what a file really has, from its start to as far as it is told; hashlib works without the interpreter."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._digest = hashlib.sha256()
        self._at = self._known = 0
        self._error: OSError | None = None
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._over = False

    def grown(self, size: int) -> None:
        """So many bytes of the file are final."""
        if self._thread:
            with self._news:
                self._known = size
                self._news.notify()
        else:
            self._known = size
            if FOLLOWS and size >= WORTH_A_THREAD:
                thread = threading.Thread(target=self._follow, daemon=True)
                with suppress(RuntimeError):  # a machine that gives no more of them hashes at the end
                    thread.start()
                    self._thread = thread

    def sha256(self) -> str:
        """The hash of all that it was told of; OSError where the file cannot be read back."""
        self.stop()
        self._catch_up()
        if self._error:
            raise self._error
        return self._digest.hexdigest()

    def stop(self) -> None:
        """Leave the file alone from now on."""
        if self._thread:
            with self._news:
                self._over = True
                self._news.notify()
            self._thread.join()
            self._thread = None

    def _follow(self) -> None:
        while not self._over and not self._error:
            if self._at < self._known:
                self._take_one()
            else:
                with self._news:
                    while self._at == self._known and not self._over:
                        self._news.wait()

    def _catch_up(self) -> None:
        if not FOLLOWS:
            os.lseek(self._fd, self._at, os.SEEK_SET)
        while self._at < self._known and not self._error:
            self._take_one()

    def _take_one(self) -> None:
        most = min(PIECE, self._known - self._at)
        try:
            piece = os.pread(self._fd, most, self._at) if FOLLOWS else os.read(self._fd, most)
        except OSError as error:
            self._error = error
            return
        if not piece:
            self._error = OSError(errno.EIO, f"it ends after {self._at} of {self._known} bytes")
        self._digest.update(piece)
        self._at += len(piece)
