"""A row with axes becomes a row for each combination: boat--red--dawn, boat--red--dusk, …"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .keys import Misfit

Axes = Mapping[str, tuple[str, ...]]
Point = Mapping[str, str]
"""One value of each axis."""

MOST_ROWS = 100_000
OUTPUT_FIELDS = frozenset(
    ("job", "id", "ref", "provider", "model", "duration", "resolution", "date", "time", "prompt", "name", "take")
)
"""Words of an output template that are filled in later."""
_WORD = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HASH_LETTERS = 8


def combinations(axes: Axes) -> Iterator[Point]:
    """Every combination, the last axis fastest. Misfit where they are too many."""
    if math.prod(len(values) for values in axes.values()) > MOST_ROWS:
        raise Misfit(f"makes more than {MOST_ROWS:,} rows")
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def row_id(stem: str, point: Point) -> str:
    """The id of one combination: the values as slugs behind the row's own id."""
    return "--".join([stem, *map(slug, point.values())])


def slug(value: str) -> str:
    """A value as a part of an id, in plain letters and digits; the same value has the same slug for ever."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    text = "-".join(re.findall(r"[a-z0-9.]+", plain)).strip(".")
    # a value in another script has no letters that an id may have
    return text or hashlib.sha256(value.encode()).hexdigest()[:_HASH_LETTERS]


def filled(value: Any, point: Point) -> Any:
    """A value with `{axis}` filled into every text of it; `{{` and `}}` stand for braces. Misfit for an unknown word."""
    if isinstance(value, str):
        return _filled_text(value, lambda word: point.get(word), "{", "}")
    if isinstance(value, Mapping):
        return {name: filled(inner, point) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(filled(inner, point) for inner in value)
    return value


def filled_template(template: str, point: Point, clean: Callable[[str], str]) -> str:
    """An output template with `{axis}` filled in, each value as one harmless part of a path; its own fields stay."""

    def word(name: str) -> str | None:
        if name in point:
            return clean(point[name]).replace("{", "{{").replace("}", "}}")
        return f"{{{name}}}" if name in OUTPUT_FIELDS else None

    return _filled_text(template, word, "{{", "}}")


def _filled_text(text: str, value_of: Callable[[str], str | None], opening: str, closing: str) -> str:
    def replacement(found: re.Match[str]) -> str:
        word = found[1]
        if word is None:
            return opening if found[0] == "{{" else closing
        value = value_of(word)
        if value is None:
            raise Misfit(f"has {found[0]}, which is no axis of this row; braces as such are written {{{{ and }}}}")
        return value

    return _WORD.sub(replacement, text)
