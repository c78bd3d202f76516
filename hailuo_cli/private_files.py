"""Files and folders as we want them on every system: their owner's alone, on the disk, under a name nobody else has."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STALE_SECONDS = 3600.0

_NOT_HERE = {
    getattr(errno, name)
    for name in ("EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EBADF", "EACCES", "EPERM", "EMLINK", "EXDEV", "ENOTTY")
}
"""What a system or a file system says of a call that it does not have."""
_AT_FDCWD, _RENAME_NOREPLACE, _RENAME_EXCL = -100, 1, 4
_umask = threading.Lock()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; what is there already stays as it is."""
    # not by parents=True, which leaves the folders above to the umask
    for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        one.mkdir(exist_ok=True, mode=0o700)


def create(path: Path) -> int:
    """A new file, open for writing; FileExistsError where there is something, a link included."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)


def try_lock(handle: int) -> bool:
    """Lock an open file for as long as it is open; False where somebody else has it, OSError where it has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 1 << 62, os.SEEK_SET)  # far behind the bytes: a lock on Windows keeps readers out too
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def set_mode(file: int | Path, mode: int) -> None:
    """Set who may read and write a file. Where the file system has no modes there is nothing to do about it."""
    try:
        os.chmod(file, mode)  # noqa: PTH101 - an open file has no Path
    except NotImplementedError:
        pass
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise


def ordinary_mode() -> int:
    """The mode of a file that the user makes without a thought: by the umask."""
    with _umask:  # it can only be read by setting it, and 0o077 for that moment gives nothing away
        mask = os.umask(0o077)
        os.umask(mask)
    return 0o666 & ~mask


def sync_folder(folder: Path) -> None:
    """The names in a folder are on the disk. Where folders cannot be synced there is nothing to do about it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise


def rename_new(source: Path, target: Path) -> None:
    """Give a file a name that nothing has; FileExistsError, and nothing changed, where something has it.

    In one step where the system has such a step, else by a second name, else under a lock that keeps every other
    hailuo out. Killed between two steps the file has both names, or the old one.
    """
    if os.name == "nt":
        source.rename(target)  # which never replaces anything there
        return
    for step in (_rename_exclusively, _link):
        try:
            step(source, target)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        else:
            return
    with _locked(target.parent):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        source.rename(target)


def remove_stale(paths: Iterable[Path]) -> None:
    """Take away what processes left behind that died more than an hour ago."""
    for path in paths:
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > STALE_SECONDS:
                path.unlink()


def _link(source: Path, target: Path) -> None:
    os.link(source, target)
    with suppress(OSError):
        source.unlink()


def _rename_exclusively(source: Path, target: Path) -> None:
    """The system's own rename that replaces nothing: renameat2 of Linux, renamex_np of macOS."""
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        old, new = os.fsencode(source), os.fsencode(target)
        if sys.platform == "darwin":
            failed = library.renamex_np(old, new, ctypes.c_uint(_RENAME_EXCL))
        else:
            failed = library.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, ctypes.c_uint(_RENAME_NOREPLACE))
    except AttributeError:  # a C library from before there was one
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else who asks for this lock has it meanwhile; where folders have no locks it is no lock."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
