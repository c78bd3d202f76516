"""CSV: a header with the keys of a row, and a row a line; an empty cell is "not said"."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from ..errors import UsageError
from .keys import EXTRA_PREFIX, ROW_KEYS
from .rows import RawFile, RawRow

_LONGEST_CELL = 1024 * 1024
_NO_COLUMNS = {
    "extra": "write a column for each of its names, such as extra.page",
    "matrix": "write a row for each combination, or use TOML",
}


def read(text: str, name: str) -> RawFile:
    """The rows of a CSV text. UsageError for a header that cannot be used and for quotes that do not close."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[RawRow] = []
    header: list[str] | None = None
    before = reader.line_num
    try:
        for cells in reader:
            line = before + 1
            before = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(cells, name, line)
            else:
                rows.append(_row(header, cells, line))
    except csv.Error as error:
        raise UsageError(
            f"{name}:{before + 1}: not CSV: {error}", hint='a quote inside a quoted cell is written twice: ""'
        ) from None
    return RawFile({}, {}, tuple(rows))


def _header(cells: list[str], name: str, line: int) -> list[str]:
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:  # a spreadsheet leaves empty columns at the end
        header.pop()
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise UsageError(f"{name}:{line}: the columns are not separated by commas", hint="save it with commas")
    doubled = [column for column, times in Counter(header).items() if times > 1 and column]
    if doubled:
        raise UsageError(f"{name}:{line}: column {doubled[0]} stands twice", hint="leave one of them out")
    for column in _NO_COLUMNS.keys() & set(header):
        raise UsageError(f"{name}:{line}: a CSV file has no column {column}", hint=_NO_COLUMNS[column])
    if "" in header:
        raise UsageError(f"{name}:{line}: column {header.index('') + 1} has no name", hint="name it or take it away")
    return header


def _row(header: list[str], cells: list[str], line: int) -> RawRow:
    values: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for column, cell in zip(header, cells, strict=False):
        if not cell.strip():
            # a column that no row has is refused even where its cells are empty
            if column not in ROW_KEYS and not column.startswith(EXTRA_PREFIX):
                values[column] = cell
        elif column.startswith(EXTRA_PREFIX):
            extra[column.removeprefix(EXTRA_PREFIX)] = cell
        else:
            values[column] = _value(column, cell)
    if extra:
        values["extra"] = extra
    too_many = any(cell.strip() for cell in cells[len(header) :])
    faults = (f"has {len(cells)} cells and the header has {len(header)} columns",) if too_many else ()
    return RawRow(values, line, faults)


def _value(column: str, cell: str) -> Any:
    key = ROW_KEYS.get(column)
    if key is None:
        return cell
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return key.kind.from_cell(text if column == "prompt" else text.strip())
