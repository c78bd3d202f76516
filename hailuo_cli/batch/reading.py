"""From a file to its rows: defaults filled in, matrices expanded, prompts read, every bad row named at once."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import HailuoError, UsageError
from ..saving import naming
from . import csv_file, jsonl_file, matrix, outputs, toml_file
from .checking import checked
from .keys import DEFAULT_KEYS, ROW_KEYS, TOP_KEYS, Misfit
from .rows import BadRow, BatchFile, RawFile, RawRow, Row, rule_of
from .text import read_text

READERS: Mapping[str, Callable[[str, str], RawFile]] = {
    ".toml": toml_file.read,
    ".jsonl": jsonl_file.read,
    ".ndjson": jsonl_file.read,
    ".csv": csv_file.read,
}
PROMPT_BYTES = 1024 * 1024
LONGEST_NAME = 100
MOST_ORDERS = matrix.MOST_ROWS
_NO_OPTIONS = frozenset(("id", "prompt", "takes", "max_cost", "output", "extra"))
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|data:|file:|javascript:", re.IGNORECASE)


@dataclass(frozen=True)
class Given:
    """What the command said for every row; it goes before the top and the [defaults] of the file."""

    name: str | None = None
    output: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    allow_outside: bool = False


def read(path: Path, given: Given | None = None) -> BatchFile:
    """The rows of a TOML, JSONL or CSV file, with all that is wrong with them in `bad`.

    UsageError where the file as a whole cannot be read as what its name says, DiskError where the machine refuses.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path} is none of {', '.join(READERS)}", hint="a batch file is TOML, JSONL or CSV")
    return _Reading(path, given or Given()).finish(reader(read_text(path), str(path)))


class _Reading:
    """One file on its way to rows, with what is wrong in it so far."""

    def __init__(self, path: Path, given: Given) -> None:
        self._path = path
        self._folder = str(path.parent.absolute())
        self._given = given
        self._bad: list[BadRow] = []
        self._warnings: dict[str, None] = {}
        self._texts: dict[str, str] = {}
        self._templates: dict[str, str] = {}

    def finish(self, raw: RawFile) -> BatchFile:
        """All the rows of a file as it was read."""
        self._bad += raw.faults
        top, faults = checked(raw.top, TOP_KEYS)
        defaults = self._defaults(raw, top)
        self._bad += [BadRow(None, None, fault) for fault in faults]
        rows = list(self._unique(row for one in raw.rows for row in self._rows(one, defaults)))
        if not raw.rows and not self._bad:
            raise UsageError(f"{self._path} has no rows", hint="a row is a [[clip]] in TOML, else a line of its own")
        if sum(row.takes for row in rows) > MOST_ORDERS:
            raise UsageError(f"{self._path} asks for more than {MOST_ORDERS:,} videos", hint="split it")
        self._bad += outputs.bad_outputs(rows, self._path.parent, allow_outside=self._given.allow_outside)
        name = self._given.name or top.get("name")
        return BatchFile(
            path=self._path,
            name=self._name(name or self._path.stem),
            is_named=name is not None,
            rows=tuple(rows),
            bad=tuple(sorted(self._bad, key=lambda bad: bad.line or 0)),
            budget=Decimal(str(top["budget"])) if "budget" in top else None,
            warnings=tuple(self._warnings),
        )

    def _defaults(self, raw: RawFile, top: Mapping[str, Any]) -> dict[str, Any]:
        """What holds for every row: the command's word, then [defaults], then the top of the file."""
        written, faults = checked(raw.defaults, DEFAULT_KEYS, prefix="defaults.")
        options, more = checked(self._given.options, DEFAULT_KEYS)
        self._bad += [BadRow(None, raw.defaults_line, fault) for fault in faults]
        self._bad += [BadRow(None, None, fault) for fault in more]
        output = self._given.output or written.get("output") or top.get("output") or outputs.DEFAULT
        return {**written, **options, "output": output}

    def _name(self, name: str) -> str:
        if not name.isprintable() or "/" in name or "\\" in name or len(name) > LONGEST_NAME:
            rule = f"name must be one line of at most {LONGEST_NAME} characters without / and \\"
            self._bad.append(BadRow(None, None, rule))
        return name

    def _rows(self, raw: RawRow, defaults: Mapping[str, Any]) -> Iterator[Row]:
        """The rows that one raw row stands for; none of them where it is bad."""
        stem = raw.values.get("id")
        stem = stem if isinstance(stem, str) else None
        values, faults = checked(raw.values, ROW_KEYS)
        faults = [*raw.faults, *faults]
        if raw.values or not raw.faults:  # not of a line that could not be read at all
            faults += ["has no id"] if "id" not in raw.values else []
            faults += ["has no prompt"] if "prompt" not in {**raw.values, **defaults} else []
        if faults:
            self._bad += [BadRow(stem, raw.line, fault) for fault in faults]
            return
        said = {**defaults, **values}
        for row_id, point in self._points(said.pop("id"), said.pop("matrix", None), raw.line, said):
            try:
                yield self._row(row_id, said, raw.line, point)
            except Misfit as misfit:
                self._bad.append(BadRow(row_id, raw.line, str(misfit)))
            except HailuoError as error:
                self._bad.append(BadRow(row_id, raw.line, rule_of(error)))

    def _points(
        self, stem: str, axes: matrix.Axes | None, line: int | None, said: Mapping[str, Any]
    ) -> Iterator[tuple[str, matrix.Point | None]]:
        """The ids of a row, each with its place in the matrix where there is one."""
        if axes is None:
            yield stem, None
            return
        texts = " ".join(_texts(said))
        unused = [axis for axis in axes if f"{{{axis}}}" not in texts and not said["prompt"].startswith("@")]
        if unused:
            self._warnings[f"{stem}: no text has {{{unused[0]}}}, so rows of this matrix ask for the same video"] = None
        try:
            point = next(matrix.combinations(axes))
            for key in said:  # a word that is no axis is wrong once, not in each combination
                _filled(key, said[key], point)
            for point in matrix.combinations(axes):
                row_id = matrix.row_id(stem, point)
                with _about(f"matrix makes the id {row_id}, which"):
                    ROW_KEYS["id"].kind.check(row_id)
                yield row_id, point
        except Misfit as misfit:
            self._bad.append(BadRow(stem, line, str(misfit)))

    def _row(self, row_id: str, said: Mapping[str, Any], line: int | None, point: matrix.Point | None) -> Row:
        if point is not None:
            said = {key: _filled(key, value, point) for key, value in said.items()}
        options = {key: value for key, value in said.items() if key not in _NO_OPTIONS}
        for key in ("image", "last_image"):
            if key in options:
                options[key] = self._image(key, options[key])
        return Row(
            id=row_id,
            line=line,
            prompt=self._prompt(said["prompt"], point),
            options=options,
            takes=said.get("takes", 1),
            max_cost=said.get("max_cost"),
            output=self._template(said["output"]),
            extra=said.get("extra", {}),
        )

    def _prompt(self, text: str, point: matrix.Point | None) -> str:
        """The prompt itself: the text of a file where it is `@FILE`."""
        if text == "-":
            raise Misfit("prompt cannot come from stdin; write @FILE")
        if not text.startswith("@"):
            return text
        path = self._path_of("prompt", text[1:])
        if path not in self._texts:
            content = read_text(Path(path), largest=PROMPT_BYTES)
            self._texts[path] = content.replace("\r\n", "\n").replace("\r", "\n").strip()
        return self._texts[path] if point is None else str(_filled(f"the prompt in {path}", self._texts[path], point))

    def _image(self, key: str, text: str) -> str:
        if text == "-":
            raise Misfit(f"{key} cannot come from stdin; give a path")
        return text if _ADDRESS.match(text) else self._path_of(key, text)

    def _path_of(self, key: str, text: str) -> str:
        """A path of the file as one that means the same everywhere."""
        if not text:
            raise Misfit(f"{key} names no file")
        # os.path and not Path, which is slow and raises for a user that there is none of
        home = os.path.expanduser(text) if text.startswith("~") else text  # noqa: PTH111
        return os.path.normpath(os.path.join(self._folder, home))  # noqa: PTH118

    def _template(self, text: str) -> str:
        if text not in self._templates:  # mostly one for all rows
            self._templates[text] = outputs.absolute(text, self._folder)
        return self._templates[text]

    def _unique(self, rows: Iterable[Row]) -> Iterator[Row]:
        known: dict[str, Row] = {}
        for row in rows:
            other = known.setdefault(row.id.casefold(), row)
            if other is row:
                yield row
            else:
                place = f" on line {other.line}" if other.line else ""
                also = "" if other.id == row.id else f" ({other.id}; upper and lower case are the same)"
                self._bad.append(BadRow(row.id, row.line, f"id is taken by the row{place}{also}"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _filled(key: str, value: Any, point: matrix.Point) -> Any:
    with _about(key):
        if key == "output":
            return matrix.filled_template(value, point, naming.clean)
        return matrix.filled(value, point)


@contextlib.contextmanager
def _about(what: str) -> Iterator[None]:
    """Say of a misfit what does not fit."""
    try:
        yield
    except Misfit as misfit:
        raise Misfit(f"{what} {misfit}") from None
