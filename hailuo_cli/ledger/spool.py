"""Second places for the reference of a paid job: small files, read by the next command, where the ledger took nothing."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import private_files

SUFFIX = ".ticket.json"
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Note:
    """Which ticket a job of a ledger has. `ledger` is that ledger's own id."""

    ledger: str
    job: str
    provider: str
    ticket: str


def keep(note: Note, places: Sequence[Path]) -> Path | None:
    """Write a note, synced, in the first place that takes it; None where none does."""
    for folder in places:
        path = folder / f"{note.job}-{secrets.token_hex(4)}{SUFFIX}"
        with suppress(OSError):
            private_files.make_folder(folder)
            if not _is_private(folder):
                continue
            try:
                with os.fdopen(private_files.create(path), "w", encoding="utf-8") as file:
                    json.dump(asdict(note), file)
                    file.flush()
                    os.fsync(file.fileno())
                private_files.sync_folder(folder)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return path
    return None


def found(ledger: str, places: Sequence[Path], *, path: Path | None = None) -> Iterator[tuple[Path, Note]]:
    """The notes that were left for a ledger, by its id, or by the path that older notes have."""
    names = (ledger, *([str(path.absolute())] if path else []))
    return ((file, note) for file, note in left(places) if note.ledger in names)


def left(places: Sequence[Path]) -> Iterator[tuple[Path, Note]]:
    """The notes that were left for any ledger. What others can write is not read."""
    for folder in places:
        with suppress(OSError):
            paths = sorted(folder.glob(f"*{SUFFIX}"))
            if not paths or not _is_private(folder):
                continue
            for file in paths:
                note = _read(file)
                if note:
                    yield file, note


def _read(path: Path) -> Note | None:
    try:
        with os.fdopen(os.open(path, _READ), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            kept = json.loads(file.read(4096))
            if "entry" in kept:  # as version 0.1.0 wrote it
                kept["job"] = kept.pop("entry")
            note = Note(**kept)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return note if all(isinstance(value, str) for value in asdict(note).values()) else None


def _is_private(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    here = folder.lstat()
    return stat.S_ISDIR(here.st_mode) and here.st_uid == os.geteuid() and not here.st_mode & 0o022
