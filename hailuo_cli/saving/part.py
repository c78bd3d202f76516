"""The file on its way: `name.part` beside the target, and what is needed to go on with it in another process."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import DiskError
from ..private_files import ordinary_mode, rename_new, set_mode, sync_folder, try_lock
from .answer import Validators
from .file_hash import FileHash
from .sidecar import PRIVATE, SAFELY, Sidecar

PIECE = 1 << 20
MOST_PARTS = 99
MOVES_OPEN_FILES = os.name != "nt"
"""Whether a file can be renamed and removed while it is open."""

_OPEN = os.O_RDWR | SAFELY
_CREATE = os.O_CREAT | os.O_EXCL


class PartFile:
    """A `.part` file that only this process writes, by a kernel lock that dies with the process.

    `size` is in bytes. Closing it keeps the file for a later run, unless it is empty. Trouble is a DiskError.
    """

    def __init__(self, path: Path, fd: int, new: bool) -> None:
        self.path = path
        self._fd: int | None = fd
        self._sidecar = Sidecar(path)
        self._hash = FileHash(fd)
        try:
            self.size = os.fstat(fd).st_size
            self.seal = Validators() if new else self._sidecar.read()
        except BaseException:
            self._release()
            raise

    @classmethod
    def open(cls, target: Path) -> PartFile:
        """The part of a target: a new one, or the one a dead process left; a numbered one beside a living process."""
        try:
            if not target.parent.is_dir():
                hint = f"mkdir -p {shlex.quote(str(target.parent))}"
                raise DiskError(f"there is no folder {target.parent} to save the video in", hint=hint)
            for number in range(1, MOST_PARTS + 1):
                path = target.with_name(f"{target.name}.{number}.part" if number > 1 else f"{target.name}.part")
                if held := _hold(path):
                    return cls(path, *held)
        except OSError as error:
            raise DiskError(f"cannot save to {target}: {error.strerror}") from error
        raise DiskError(f"{MOST_PARTS} downloads to {target} are under way", hint=f"ls {shlex.quote(str(target))}*")

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._fd is not None and not self.size:
                self.remove()
        finally:
            self._release()

    def pieces(self) -> Iterator[bytes]:
        """What is there already, from the start; afterwards writing goes on behind it."""
        try:
            os.lseek(self._open, 0, os.SEEK_SET)
            while piece := os.read(self._open, PIECE):
                self._hash.grown(os.lseek(self._open, 0, os.SEEK_CUR))
                yield piece
        except OSError as error:
            raise self._failed("read", error) from error

    def write(self, data: bytes) -> None:
        """Put bytes behind the others. DiskError where the disk is full."""
        try:
            written = os.write(self._open, data)
            self.size += written
            while written < len(data):
                more = os.write(self._open, memoryview(data)[written:])
                written += more
                self.size += more
            self._hash.grown(self.size)
        except OSError as error:
            raise self._failed("write", error) from error

    def restart(self) -> None:
        """Forget everything that came so far."""
        self._hash.stop()
        try:
            self._hash = FileHash(self._open)
            os.ftruncate(self._open, 0)
            os.lseek(self._open, 0, os.SEEK_SET)
            self.size = 0
            self.seal = Validators()
            self._sidecar.remove()
        except OSError as error:
            raise self._failed("write", error) from error

    def remember(self, seal: Validators) -> None:
        """Note what the coming bytes belong to. Without a note a later run starts from zero, which is safe."""
        self.seal = seal
        with suppress(OSError):
            self._sidecar.write(seal)

    def must_have_room(self, needed: int) -> None:
        """DiskError where so many bytes more do not fit."""
        free = _free(self.path)
        if free is not None and needed > free:
            raise DiskError(
                f"no room for the video in {self.path.parent}: {needed} bytes needed, {free} free",
                hint="free some space, or save elsewhere with -o",
            )

    def sync(self) -> None:
        """The bytes are on the disk. Where that fails nobody knows which are, so the part is thrown away."""
        try:
            os.fsync(self._open)
        except OSError as error:
            self.remove()
            raise DiskError(
                f"the disk did not take the video: {error.strerror}; the part was thrown away",
                hint="the video is still at the provider: run the same command again, or save elsewhere with -o",
            ) from error

    def sha256(self) -> str:
        """Of the bytes that are in the file, whoever may have written them."""
        try:
            return self._hash.sha256()
        except OSError as error:
            raise self._failed("read", error) from error

    def publish(self, path: Path) -> bool:
        """Give the part its final name; False, and nothing changed, where something has that name."""
        try:
            self._move(path, rename_new)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._failed("rename", error) from error
        return True

    def replace(self, path: Path) -> None:
        """Give the part its final name at the expense of a file or link that has it, and of nothing else."""
        try:
            _must_be_replaceable(path)
            self._move(path, Path.replace)
        except OSError as error:
            raise self._failed("rename", error) from error

    def remove(self) -> None:
        """Take our own part away, and nobody else's."""
        with suppress(OSError):
            if self._fd is None or not _is_at(self.path, self._fd):
                return
            # the note first: a note without a part would stay behind for good
            self._sidecar.remove()
            if not MOVES_OPEN_FILES:
                self._release()
            _patiently(self.path.unlink)
        self._release()

    @property
    def kept(self) -> str:
        """What an error says of the bytes that stay."""
        return f"; {self.size} bytes are kept in {self.path}" if self.size else ""

    @property
    def _open(self) -> int:
        if self._fd is None:
            raise OSError(errno.EBADF, "the part is closed")
        return self._fd

    def _move(self, path: Path, rename: Callable[[Path, Path], object]) -> None:
        """Rename the checked part, which from then on can be read by whoever may read its owner's files."""
        self._must_be_at(self.path)
        if not MOVES_OPEN_FILES:
            self._release()
        _patiently(lambda: rename(self.path, path))
        if self._fd is not None:
            self._must_be_at(path)
        with suppress(OSError):
            set_mode(path if self._fd is None else self._fd, ordinary_mode())
        try:
            sync_folder(path.parent)
        except OSError as error:
            raise DiskError(f"the disk did not take the name {path}: {error.strerror}") from error
        with suppress(OSError):
            self._sidecar.remove()
        self._release()

    def _must_be_at(self, path: Path) -> None:
        if not _is_at(path, self._open):
            raise FileNotFoundError(errno.ENOENT, "the part was taken away")

    def _release(self) -> None:
        if self._fd is not None:
            self._hash.stop()
            fd, self._fd = self._fd, None
            with suppress(OSError):
                os.close(fd)

    def _failed(self, what: str, error: OSError) -> DiskError:
        numbers = []
        if self.seal.total is not None:
            numbers.append(f"{max(0, self.seal.total - self.size)} bytes still needed")
        if (free := _free(self.path)) is not None:
            numbers.append(f"{free} free")
        return DiskError(
            f"cannot {what} {self.path}: {error.strerror} ({', '.join(numbers) or 'the folder is gone'}){self.kept}",
            hint="run the same command again when that is mended: it goes on from there",
        )


def remove_leftovers(path: Path) -> None:
    """Clean up beside a saved video what a crash left between naming it and forgetting its part."""
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.endswith(".part") and entry.inode() == path.stat().st_ino and path.samefile(entry.path):
                Sidecar(Path(entry.path)).remove()
                Path(entry.path).unlink()
        part = path.with_name(f"{path.name}.part")
        if not os.path.lexists(part):
            Sidecar(part).remove()


def _hold(path: Path) -> tuple[int, bool] | None:
    """Open and lock a part: (descriptor, whether it is new). None where somebody else has it."""
    while True:
        new = True
        try:
            fd = os.open(path, _OPEN | _CREATE, PRIVATE)
        except FileExistsError:
            new = False
            try:
                fd = _reopened(path)
            except FileNotFoundError:
                continue
            except PermissionError:
                return None
        try:
            held = _locked(fd, new) and (new or _is_mine(fd))
            current = held and _is_at(path, fd)
            # a second name is a saved video whose process died before it forgot the part, or somebody's trap
            ours_alone = current and os.fstat(fd).st_nlink == 1 and (new or _was_private(fd))
            if current and not ours_alone:
                path.unlink()
        except BaseException:
            os.close(fd)
            raise
        if ours_alone:
            return fd, new
        os.close(fd)
        if not held:
            return None


def _reopened(path: Path) -> int:
    refused = DiskError(f"{path} is in the way: a link or a device where a part belongs", hint="remove it")
    if path.is_symlink():
        raise refused
    try:
        fd = os.open(path, _OPEN)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO):
            raise refused from None
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise refused
    return fd


def _locked(fd: int, new: bool) -> bool:
    try:
        return try_lock(fd)
    except OSError:  # a file system without locks: a file that was just created is ours all the same
        return new


def _was_private(fd: int) -> bool:
    """Whether nobody else can have written into a part. Where no mode sticks there are none, and nobody to tell."""
    before = os.fstat(fd).st_mode
    set_mode(fd, PRIVATE)
    return not before & 0o022 or os.fstat(fd).st_mode == before


def _is_mine(fd: int) -> bool:
    return sys.platform == "win32" or os.fstat(fd).st_uid == os.geteuid()


def _is_at(path: Path, fd: int) -> bool:
    """Whether a path still names the open file, itself and not through a link."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _must_be_replaceable(path: Path) -> None:
    if os.path.lexists(path) and stat.S_IFMT(path.lstat().st_mode) not in (stat.S_IFREG, stat.S_IFLNK):
        raise OSError(errno.EEXIST, "what has the name is no file")


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def _patiently(step: Callable[[], object]) -> None:
    """On Windows a virus scanner may hold a fresh file for a moment."""
    for _ in range(0 if MOVES_OPEN_FILES else 10):
        try:
            step()
        except PermissionError:
            time.sleep(0.1)
        else:
            return
    step()
