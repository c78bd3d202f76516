"""Whether a video can be saved where it is to go, known before anything is paid for."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .. import private_files
from ..errors import DiskError, UsageError
from . import naming

LEAST_FREE = 32 * 1024 * 1024
"""Bytes that have to be free where a video is to go."""
NAMELESS: int = getattr(os, "O_TMPFILE", 0)
"""Opens a file without a name; 0 where the system has none."""
_NO_NAMELESS_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
"""What a file system without them says, or a kernel that is older than they are."""


def check(output: str | None, values: Mapping[str, str]) -> Path:
    """The file that a video would be saved to, whose folder is there now and takes files.

    UsageError for what is wrong in the words, DiskError for what the machine refuses. Makes the folder where there is
    none, as `mkdir -p` does.
    """
    path = naming.target(output, values)
    folder = path.absolute().parent
    _make(folder)
    _must_take_files(folder)
    _refuse_what_is_no_part(path)
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise DiskError(
            f"--output: {folder} has {free // 1024 // 1024} MiB free; a video needs {LEAST_FREE // 1024 // 1024}",
            hint="free space there, or name another place with -o",
        )
    return path


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        blocking = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
        raise UsageError(f"--output: {blocking} is not a folder", hint="name another place with -o") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError("--output: a folder's name is too long", hint="shorten it") from None
        raise DiskError(
            f"--output: cannot make the folder {folder}: {error.strerror}", hint="name another place with -o"
        ) from error


def _refuse_what_is_no_part(path: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    with suppress(OSError):
        if not stat.S_ISREG(part.lstat().st_mode):
            raise DiskError(
                f"--output: {part} is in the way, and is not a file", hint="remove it, or name another place with -o"
            )


def _must_take_files(folder: Path) -> None:
    try:
        _make_a_file(folder)
    except OSError as error:
        raise DiskError(
            f"--output: cannot write into {folder}: {error.strerror}", hint="name another place with -o"
        ) from error


def _make_a_file(folder: Path) -> None:
    """Make a file and have it gone; one without a name where the system has such, so that being killed leaves none."""
    if NAMELESS:
        try:
            os.close(os.open(folder, NAMELESS | os.O_RDWR, 0o600))
        except OSError as error:
            if error.errno not in _NO_NAMELESS_FILES:
                raise
        else:
            return
    private_files.remove_stale(folder.glob(".hailuo-*.part"))
    probe = folder / f".hailuo-{secrets.token_hex(6)}.part"
    try:
        os.close(private_files.create(probe))
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
