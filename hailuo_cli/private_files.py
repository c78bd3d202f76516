"""Folders and files that are their owner's alone from the first moment, whatever the umask says."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

STALE_SECONDS = 3600.0


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; what is there already stays as it is."""
    # not by parents=True, which leaves the folders above to the umask
    for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        one.mkdir(exist_ok=True, mode=0o700)


def create(path: Path) -> int:
    """A new file, open for writing; FileExistsError where there is something, a link included."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


def sync_folder(folder: Path) -> None:
    """The names in a folder are on the disk."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_stale(paths: Iterable[Path]) -> None:
    """Take away what processes left behind that died more than an hour ago."""
    for path in paths:
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > STALE_SECONDS:
                path.unlink()
