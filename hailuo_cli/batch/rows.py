"""The rows of a batch, whatever kind of file they came from, and what is wrong with those that are not good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import HailuoError


@dataclass(frozen=True)
class BadRow:
    """One rule that one row breaks. `id` is None where the row has none, `line` where no line can be named."""

    id: str | None
    line: int | None
    rule: str


def rule_of(error: HailuoError) -> str:
    """The rule that a row broke, with the way on."""
    return f"{error.message} ({error.hint})" if error.hint else error.message


@dataclass(frozen=True)
class RawRow:
    """One row as it stands in a file: its values by key, and what its reader found wrong with it."""

    values: Mapping[str, Any]
    line: int | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawFile:
    """A file as its reader gives it: what stands above the rows, and the rows."""

    top: Mapping[str, Any]
    defaults: Mapping[str, Any]
    rows: tuple[RawRow, ...]
    faults: tuple[BadRow, ...] = ()
    defaults_line: int | None = None


@dataclass(frozen=True)
class Row:
    """One row to make: defaults filled in, matrix expanded, prompt read, paths absolute. Nothing else is needed of the file.

    `options` are the request options by their names; what was not said is not in it.
    """

    id: str
    line: int | None
    prompt: str
    options: Mapping[str, Any] = field(default_factory=dict)
    takes: int = 1
    max_cost: float | None = None
    output: str = "{name}.mp4"
    """An absolute template; `{name}` is filled in, later takes have `.take-K` or `{take}`."""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchFile:
    """A file of rows that was read. With any `bad` row nothing of it may be ordered.

    `is_named`: the name is written in the file or was given, and is not just the file's own. `budget` is in USD.
    """

    path: Path
    name: str
    is_named: bool
    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...] = ()
    budget: Decimal | None = None
    warnings: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder that paths in the file are relative to."""
        return self.path.parent
