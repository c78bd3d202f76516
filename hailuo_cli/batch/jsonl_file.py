"""JSONL: one row a line, with the keys of a TOML row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import UsageError
from .keys import EXTRA_PREFIX
from .rows import RawFile, RawRow


class _Doubled(ValueError):
    """A key stands twice in one object."""


def read(text: str, name: str) -> RawFile:
    """The rows of a JSONL text; a line that is not a JSON object is a row with a fault. `name` is for messages."""
    if text.lstrip().startswith("["):
        raise UsageError(f"{name} is one JSON list, not JSONL", hint="write one object a line, without [ ] and commas")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return RawFile({}, {}, tuple(_row(line, number) for number, line in enumerate(lines, 1) if line.strip()))


def _row(line: str, number: int) -> RawRow:
    try:
        value = json.loads(line, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except _Doubled as error:
        return RawRow({}, number, (str(error),))
    except json.JSONDecodeError as error:
        return RawRow({}, number, (f"not JSON: {error.msg} at column {error.colno}",))
    except (ValueError, RecursionError) as error:
        return RawRow({}, number, (f"not JSON: {error}",))
    if not isinstance(value, dict):
        return RawRow({}, number, ('not a JSON object; a row looks like {"id": "boat", "prompt": "A boat"}',))
    return _with_extra(value, number)


def _with_extra(value: dict[str, Any], number: int) -> RawRow:
    """`"extra.page": …` is the same as `"extra": {"page": …}`."""
    dotted = {key: inner for key, inner in value.items() if key.startswith(EXTRA_PREFIX)}
    if not dotted:
        return RawRow(value, number)
    plain = {key: inner for key, inner in value.items() if key not in dotted}
    extra = plain.get("extra", {})
    if not isinstance(extra, dict):
        return RawRow(plain, number)
    named = {key.removeprefix(EXTRA_PREFIX): inner for key, inner in dotted.items()}
    faults = tuple(f"key {EXTRA_PREFIX}{key} stands twice" for key in named if key in extra)
    return RawRow({**plain, "extra": {**extra, **named}}, number, faults)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Doubled(f'key "{key}" stands twice')
        found[key] = value
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"JSON has no {name}")
