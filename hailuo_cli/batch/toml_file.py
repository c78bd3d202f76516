"""TOML: what is said once at the top, `[defaults]`, and a `[[clip]]` a row."""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import UsageError
from .rows import BadRow, RawFile, RawRow

ROWS, DEFAULTS = "clip", "defaults"
_AT = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)
_HEADER = re.compile(r"""^[ \t]*\[\[[ \t]*["']?clip["']?[ \t]*\]\]""", re.MULTILINE)
_DEFAULTS = re.compile(r"""^[ \t]*(\[[ \t]*)?["']?defaults["']?[ \t]*(\]|\.|=)""", re.MULTILINE)
_INLINE = re.compile(r"""^[ \t]*["']?clip["']?[ \t]*=""", re.MULTILINE)
# what ends a line's meaning as a line: texts of several lines, which may hold anything
_TOKEN = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*')


def read(text: str, name: str) -> RawFile:
    """The rows of a TOML text; UsageError with file, line and column where it is not TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, text, name) from None
    except RecursionError:
        raise UsageError(f"{name}: nested too deeply") from None
    except ValueError:  # a whole number of thousands of digits, which Python refuses to read
        raise UsageError(f"{name}: a number in it is too long") from None
    faults = []
    rows, defaults = data.pop(ROWS, []), data.pop(DEFAULTS, {})
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults.append(BadRow(None, None, "clip must be [[clip]] tables"))
        rows = []
    if not isinstance(defaults, dict):
        faults.append(BadRow(None, None, "defaults must be a table"))
        defaults = {}
    lines = _lines(text, len(rows))
    found = _DEFAULTS.search(text)
    defaults_line = next(_line_numbers(text, [found.start()]), None) if found else None
    return RawFile(data, defaults, tuple(map(_raw, rows, lines)), tuple(faults), defaults_line)


def _raw(values: dict[str, Any], line: int | None) -> RawRow:
    return RawRow(values, line)


def _lines(text: str, count: int) -> list[int | None]:
    """The line of each row: its `[[clip]]`, or where the list of rows begins."""
    long_texts = list(_long_texts(text)) if '"""' in text or "'''" in text else []
    headers = _outside(long_texts, (found.start() for found in _HEADER.finditer(text)))
    if len(headers) == count:
        return list(_line_numbers(text, headers))
    inline = _outside(long_texts, (found.start() for found in _INLINE.finditer(text)))
    return [next(_line_numbers(text, inline), None)] * count


def _outside(long_texts: list[tuple[int, int]], offsets: Iterable[int]) -> list[int]:
    """The offsets that are in none of the texts of several lines."""
    starts = [start for start, _ in long_texts]
    ends = [0, *(end for _, end in long_texts)]
    return [offset for offset in offsets if offset >= ends[bisect.bisect_right(starts, offset)]]


def _line_numbers(text: str, offsets: Iterable[int]) -> Iterator[int]:
    """The line of each of ascending offsets."""
    line, counted = 1, 0
    for offset in offsets:
        line += text.count("\n", counted, offset)
        counted = offset
        yield line


def _long_texts(text: str) -> Iterator[tuple[int, int]]:
    """Where each text of several lines begins and ends."""
    position = 0
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token[0] in ('"""', "'''"):
            end = _end_of_text(text, position, token[0])
            yield position, end
            position = end


def _end_of_text(text: str, start: int, quotes: str) -> int:
    pattern = r'(?:\\.|[^\\])*?"{3,5}' if quotes == '"""' else r".*?'{3,5}"
    found = re.compile(pattern, re.DOTALL).match(text, start)
    return found.end() if found else len(text)


def _not_toml(error: tomllib.TOMLDecodeError, text: str, name: str) -> UsageError:
    found = _AT.match(str(error))
    what = found[1] if found else str(error)
    line = found[2] if found and found[2] else str(text.count("\n") + 1)
    column = f":{found[3]}" if found and found[3] else ""
    return UsageError(f"{name}:{line}{column}: {what}", hint="a text stands in quotes, a row begins with [[clip]]")
