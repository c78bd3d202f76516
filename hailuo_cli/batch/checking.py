"""Values of a file held to the table of keys: what fits goes on, what does not is a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..config.checks import did_you_mean
from .keys import ROW_KEYS, TOP_KEYS, Key, Misfit

TABLES = ("clip", "defaults")
"""What stands beside the keys of the top in a TOML file."""
_ELSEWHERE = {
    "dedupe_key": "dedupe_key is not a key of a row: its id is what it is known by",
    "row": 'unknown key "row"; a row is a [[clip]]',
}


def checked(
    values: Mapping[str, Any], known: Mapping[str, Key], *, prefix: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """The values that fit, and a sentence for each that does not. `prefix` stands before a key where it is named."""
    good: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in values.items():
        key = known.get(name)
        if key is None:
            faults.append(_unknown(name, known, prefix))
            continue
        try:
            good[name] = key.kind.check(value)
        except Misfit as misfit:
            faults.append(f"{prefix}{name} {misfit}")
    return good, faults


def _unknown(name: str, known: Mapping[str, Key], prefix: str) -> str:
    if name in _ELSEWHERE:
        return f"{prefix}{_ELSEWHERE[name]}"
    if name == "name" and "id" in known:
        return "name stands once, at the top of a TOML file; a row has an id"
    if prefix and name in ROW_KEYS:
        return f"{prefix}{name} is of a single row only"
    names = [*known, *TABLES] if known is TOP_KEYS else known
    return f'unknown key "{prefix}{name}": {did_you_mean(name, names, "known: " + ", ".join(names))}'
