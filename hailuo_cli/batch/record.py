"""A record of a batch beside the ledger: one JSON line for each order and each saved video, kept where you like.

A record can be committed, cached or handed to another machine: a run that is given it knows those jobs.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import DiskError, UsageError
from ..private_files import sync_folder

SCHEMA = "hailuo/record-1"
LARGEST = 256 * 1024 * 1024


@dataclass(frozen=True)
class RecordLine:
    """What became of one take of a row: ordered (it has its reference), or saved. `at` is an ISO time in UTC."""

    event: Literal["ordered", "saved"]
    batch: str
    id: str
    take: int
    request_hash: str
    ref: str
    price_usd: float | None = None
    sha256: str | None = None
    bytes: int | None = None
    output: str | None = None
    """The path of the video, relative to the batch file's folder where it is inside."""
    at: str | None = None


_HEAD = f'{{"schema": "{SCHEMA}"'
_NAMES = frozenset(field.name for field in fields(RecordLine))


class Record:
    """A record file that is open for appending. What `write` was given is on the disk when it returns.

    DiskError where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            is_new = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
            self._end_a_cut_line()
            if is_new:
                with contextlib.suppress(OSError):  # not every file system syncs a folder
                    sync_folder(path.parent)

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def write(self, line: RecordLine) -> None:
        """Append one line, and return once it is on the disk."""
        content = (json.dumps({"schema": SCHEMA, **asdict(line)}) + "\n").encode()
        with self._translated():
            while content:
                content = content[os.write(self._handle, content) :]
            os.fsync(self._handle)

    def _end_a_cut_line(self) -> None:
        """A process that was killed may have left half a line; ours must not become its other half."""
        size = os.lseek(self._handle, 0, os.SEEK_END)
        if size:
            os.lseek(self._handle, size - 1, os.SEEK_SET)
            if os.read(self._handle, 1) != b"\n":
                os.write(self._handle, b"\n")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DiskError(f"cannot write the record {self._path}: {error.strerror}") from error


def read(paths: Iterable[Path]) -> list[RecordLine]:
    """The lines of several records in their order; a record that is not there yet is empty.

    A line that a dying process cut is skipped, as is the same line in another file.
    UsageError for anything else that is not a record, naming file and line.
    """
    found: dict[RecordLine, None] = {}
    for path in paths:
        for number, text, is_last in _lines(path):
            line = _parsed(text)
            if line is None and not (is_last or text.startswith(_HEAD) or _HEAD.startswith(text)):
                raise UsageError(f"{path}:{number}: not a line of a record", hint="--record takes the file of a run")
            if line:
                found[line] = None
    return list(found)


def _lines(path: Path) -> Iterator[tuple[int, str, bool]]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DiskError(f"cannot read the record {path}: {error.strerror}") from error
    if len(content) > LARGEST:
        raise UsageError(f"the record {path} is larger than {LARGEST:,} bytes", hint="start a new one")
    lines = content.decode("utf-8", "replace").split("\n")
    for number, text in enumerate(lines, 1):
        if text.strip():
            yield number, text, number == len(lines)


def _parsed(text: str) -> RecordLine | None:
    """A line as a value; None where it is not one. What a later version adds is passed over."""
    try:
        values: Any = json.loads(text)
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            return None
        line = RecordLine(**{name: value for name, value in values.items() if name in _NAMES})
    except (ValueError, TypeError, RecursionError):
        return None
    is_whole = all(isinstance(value, str) for value in (line.batch, line.id, line.request_hash, line.ref))
    return line if is_whole and line.event in ("ordered", "saved") and type(line.take) is int else None
