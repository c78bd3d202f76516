"""The batches that this machine knows: which file each name belongs to, and that one run at a time is at work on it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import DiskError, LedgerLocked, UsageError
from ..private_files import try_lock
from .rows import BatchFile


class KnownBatches:
    """Notes in a folder of the user's data, one for each batch name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The names of all batches that were run, by name."""
        notes = (_read(path) for path in self._folder.glob("*.json")) if self._folder.is_dir() else ()
        return sorted(note["name"] for note in notes if note)

    def file_of(self, name: str) -> Path | None:
        """The file that a batch was last run from; None where the name is not known."""
        note = _read(self._note(name))
        return Path(note["file"]) if note else None

    def must_be_free(self, batch: BatchFile) -> None:
        """UsageError where the name of an unnamed file is that of another file, which is still there."""
        other = self.file_of(batch.name)
        if batch.is_named or other is None or not other.exists() or _is_same(other, batch.path):
            return
        raise UsageError(
            f'a batch "{batch.name}" is known, of another file: {other}',
            hint=f'write name = "…" at the top of {batch.path}, or --name NAME, to say which batch it is',
        )

    def renamed(self, batch: BatchFile) -> tuple[str, Path] | None:
        """The name and the file of a batch of the same folder whose file is gone: this one may be it, renamed."""
        notes = (_read(path) for path in self._folder.glob("*.json")) if self._folder.is_dir() else ()
        for note in filter(None, notes):
            path = Path(note["file"])
            if note["name"] != batch.name and not path.exists() and _is_same(path.parent, batch.path.parent):
                return note["name"], path
        return None

    @contextlib.contextmanager
    def running(self, batch: BatchFile) -> Iterator[None]:
        """Hold a batch while it is run, and note its file. LedgerLocked where another run holds it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._note(batch.name).with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise DiskError(f"cannot write in {self._folder}: {error.strerror}") from error
        try:
            if not _locked(handle):
                raise LedgerLocked(
                    f'another run of the batch "{batch.name}" is at work', hint="wait until it has ended"
                )
            self._write(batch)
            yield
        finally:
            os.close(handle)

    def _write(self, batch: BatchFile) -> None:
        path = self._note(batch.name)
        new = path.with_suffix(f".{os.getpid()}.new")
        try:
            new.write_text(json.dumps({"name": batch.name, "file": str(batch.path.absolute())}), encoding="utf-8")
            new.replace(path)
        except OSError as error:
            raise DiskError(f"cannot write {path}: {error.strerror}") from error

    def _note(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def _read(path: Path) -> dict[str, str] | None:
    with suppress(OSError, ValueError):
        note = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(note, dict) and isinstance(note.get("name"), str) and isinstance(note.get("file"), str):
            return note
    return None


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False


def _locked(handle: int) -> bool:
    try:
        return try_lock(handle)
    except OSError:  # a file system without locks: the ledger's own guards are left
        return True
