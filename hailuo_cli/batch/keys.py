"""The keys of a batch file: one table, from which the readers, the checks and the JSON Schema are made."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

ROW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
AXIS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST_TAKES = 1000
LARGEST = 2**63
DEEPEST = 50
"""Levels of nesting in a value that is passed on."""


class Misfit(ValueError):
    """A value does not fit its key; the text says what would, and stands behind the key's name."""


@dataclass(frozen=True)
class Kind:
    """What a value may be: how it is checked, how it is read from a CSV cell, and its JSON Schema."""

    check: Callable[[Any], Any]
    schema: Mapping[str, Any]
    from_cell: Callable[[str], Any] = str


@dataclass(frozen=True)
class Key:
    """One key of a row. `in_defaults`: it may also stand under [defaults] and be an option of the command."""

    name: str
    kind: Kind
    about: str
    in_defaults: bool = True


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Misfit("must be a text")
    if not value:
        raise Misfit("is empty; leave it out instead")
    if _NOT_TEXT.search(value):
        raise Misfit("is not valid text")
    return value


def _row_id(value: Any) -> str:
    if not isinstance(value, str):
        raise Misfit('must be a text, such as "sku-1001"')
    if not ROW_ID.fullmatch(value):
        raise Misfit(
            "must be 1 to 64 letters (A-Z, a-z), digits, dots, dashes or underscores, and begin with a letter or digit"
        )
    return value


def _whole(value: Any, most: int = LARGEST - 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misfit("must be a whole number")
    if not 1 <= value <= most:
        raise Misfit(f"must be 1 to {most}" if most < LARGEST - 1 else "must be 1 or more")
    return value


def _takes(value: Any) -> int:
    return _whole(value, MOST_TAKES)


def _amount(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Misfit("must be a number")
    if not 0 <= value < LARGEST:
        raise Misfit("must be 0 or more")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Misfit("must be true or false")
    return value


def _moves(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise Misfit('must be a text such as "push in + tilt up", or a list of such texts')
    return tuple(texts)


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = _json_cell(value)
    if not isinstance(value, dict):
        raise Misfit('must be a table of the provider\'s own fields, in JSON {"seed": 7}')
    return {name: as_json(inner) for name, inner in value.items()}


def _extra(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit('must be a table, such as { page = "catalogue" }')
    return {name: as_json(inner) for name, inner in value.items()}


def _matrix(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        raise Misfit('must be a table of lists, such as { colour = ["red", "blue"] }')
    return {name: _axis(name, values) for name, values in value.items()}


def _axis(name: str, values: Any) -> tuple[str, ...]:
    if not AXIS.fullmatch(name):
        raise Misfit(f'has an axis "{name}": a name has letters, digits and underscores')
    if not isinstance(values, list) or not values:
        raise Misfit(f"must have a list of values for {name}")
    if not all(isinstance(one, str | int | float) and not isinstance(one, bool) and one != "" for one in values):
        raise Misfit(f"must have texts or numbers for {name}")
    return tuple(str(one) for one in values)


def as_json(value: Any, left: int = DEEPEST) -> Any:
    """A value that JSON can hold: dates of TOML become texts. Misfit for infinite numbers and deep nesting."""
    if left == 0:
        raise Misfit(f"is nested in more than {DEEPEST} levels")
    if isinstance(value, dict):
        return {name: as_json(inner, left - 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner, left - 1) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise Misfit("holds a number that JSON does not have")
    return value


def _whole_cell(text: str) -> int | str:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text


def _amount_cell(text: str) -> float | str:
    return float(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", text) else text


def _switch_cell(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text.lower(), text)


def _moves_cell(text: str) -> Any:
    return _json_cell(text) if text.startswith('["') else text


def _json_cell(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return text


def _no_json(name: str) -> float:
    raise ValueError(name)


_NO_BLANK = {"type": "string", "minLength": 1}
TEXT = Kind(_text, _NO_BLANK)
ID = Kind(_row_id, {"type": "string", "pattern": f"^{ROW_ID.pattern}$"})
WHOLE = Kind(_whole, {"type": "integer", "minimum": 1}, _whole_cell)
TAKES = Kind(_takes, {"type": "integer", "minimum": 1, "maximum": MOST_TAKES}, _whole_cell)
AMOUNT = Kind(_amount, {"type": "number", "minimum": 0}, _amount_cell)
SWITCH = Kind(_switch, {"type": "boolean"}, _switch_cell)
MOVES = Kind(_moves, {"anyOf": [_NO_BLANK, {"type": "array", "items": _NO_BLANK, "minItems": 1}]}, _moves_cell)
FIELDS = Kind(_fields, {"type": "object"}, _json_cell)
EXTRA = Kind(_extra, {"type": "object"})
MATRIX = Kind(
    _matrix,
    {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{AXIS.pattern}$"},
        "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": ["string", "number"]}},
    },
)

ROW_KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        Key("id", ID, "The row's name, unique without regard to case; {name} in output.", in_defaults=False),
        Key("prompt", TEXT, "The text, or @FILE for a text file beside this one."),
        Key("image", TEXT, "The start frame: a path from this file's folder, or an https address."),
        Key("last_image", TEXT, "The last frame, where sold: a path or an https address."),
        Key("provider", TEXT, "Who makes it."),
        Key("model", TEXT, "A model id or family, such as hailuo-2.3."),
        Key("duration", WHOLE, "Seconds: 6 or 10 for Hailuo 2.3, 4 to 15 for H3."),
        Key("resolution", TEXT, "768P or 1080P for Hailuo 2.3, 768P or 2K for H3."),
        Key("camera", MOVES, "Camera moves: a + b at once; a list in sequence."),
        Key("prompt_optimizer", SWITCH, "Let the provider rewrite the prompt."),
        Key("fast_pretreatment", SWITCH, "Rewrite the prompt in less time."),
        Key("watermark", SWITCH, "Mark the video as AI-made."),
        Key("webhook", TEXT, "Where the provider reports progress: an https address."),
        Key("param", FIELDS, "Raw fields of the provider."),
        Key("max_cost", AMOUNT, "Refuse this row where one order costs more USD, or has no known price."),
        Key("takes", TAKES, "How many videos of this row to make (1)."),
        Key("output", TEXT, "Where to save: a path from this file's folder, with {name} {take} {provider} …"),
        Key("extra", EXTRA, "Anything of yours: carried into reports, never sent.", in_defaults=False),
        Key(
            "matrix",
            MATRIX,
            "Axes of values: a row for each combination, {axis} in every text.",
            in_defaults=False,
        ),
    )
}
DEFAULT_KEYS: Mapping[str, Key] = {name: key for name, key in ROW_KEYS.items() if key.in_defaults}
TOP_KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        Key("name", TEXT, "What this batch is called in the ledger (default: this file's name without its ending)."),
        Key("output", TEXT, 'Where to save, for every row that does not say so (default "{name}.mp4").'),
        Key("budget", AMOUNT, "USD that all orders of this batch together may cost."),
    )
}
EXTRA_PREFIX = "extra."
