"""The text of the config file, from a file that nobody but its user could have written.

The file says where a key goes and which command runs: one that somebody else owns or may change is not read at all.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import AuthError, DiskError, UsageError

LIMIT = 1024 * 1024
"""Bytes; no config is longer, and a device or a pipe may never end."""
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Source(NamedTuple):
    """What was read. `is_public`: others on this machine can read it too."""

    text: str = ""
    is_public: bool = False
    exists: bool = False


def read(path: Path) -> Source:
    """Read a config file; an empty Source where there is none.

    UsageError for what is no UTF-8 text of at most 1 MiB, AuthError for a file that is somebody else's to write,
    DiskError for what the machine refuses.
    """
    try:
        # not blocking: a pipe that nobody writes to must not hold the command for ever
        handle = os.open(path, _OPEN)
    except FileNotFoundError:
        return Source()
    except OSError as error:
        raise DiskError(f"cannot read {path}: {error.strerror}") from error
    try:
        found = os.fstat(handle)
        _refuse_strangers(path, found)
        if hasattr(os, "set_blocking"):
            os.set_blocking(handle, True)
        with open(handle, "rb", closefd=False) as file:
            content = file.read(LIMIT + 1)
    except OSError as error:
        hint = f"the file is meant: {path / 'config.toml'}" if isinstance(error, IsADirectoryError) else None
        raise DiskError(f"cannot read {path}: {error.strerror}", hint=hint) from error
    finally:
        with suppress(OSError):  # it was only read
            os.close(handle)
    if len(content) > LIMIT:
        raise UsageError(f"{path} is no config file: it has more than {LIMIT // 1024} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: not UTF-8", hint="save the file as UTF-8") from None
    is_public = os.name != "nt" and stat.S_ISREG(found.st_mode) and bool(stat.S_IMODE(found.st_mode) & 0o077)
    return Source(text, is_public, exists=True)


def _refuse_strangers(path: Path, found: os.stat_result) -> None:
    if sys.platform == "win32" or not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
        return  # a device has no owner who could put a config into it
    if found.st_uid not in (0, os.geteuid()):
        raise AuthError(
            f"{path} is not used: it belongs to another user (uid {found.st_uid}), and it says where keys go",
            hint=f"run hailuo as that user (docker run --user {found.st_uid} …), or use a copy of your own: "
            f"install -m 600 {shlex.quote(str(path))} hailuo.toml, then --config hailuo.toml",
        )
    mode = stat.S_IMODE(found.st_mode)
    by_group = mode & 0o020 and not _is_private_group(found)
    if mode & 0o002 or by_group:
        who = "everybody" if mode & 0o002 else f"its group (gid {found.st_gid})"
        raise AuthError(
            f"{path} is not used: {who} can write to it, and it says where keys go",
            hint=f"chmod go-w {shlex.quote(str(path))}",
        )


def _is_private_group(found: os.stat_result) -> bool:
    """Whether a file's group is its owner alone, as many systems set up every user."""
    if sys.platform == "win32":
        return True
    import grp
    import pwd

    try:
        owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    return owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name and set(group.gr_mem) <= {owner.pw_name}
