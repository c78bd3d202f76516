"""The JSON Schema of the config file, for editors: made from the same table that the file is read by."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from .schema import ENTRY, PROFILE, SUBTABLES, TOP, Setting, Table

SHIPPED = Path(__file__).with_name("config.schema.json")
"""The same schema as a file of this installation; files that hailuo writes name it."""
_TYPES = {str: "string", int: "integer", Decimal: "number", bool: "boolean", list: "array", dict: "object"}


def json_schema() -> dict[str, Any]:
    """The schema as plain values (JSON Schema, draft 2020-12)."""
    prices = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
    entry = _table(ENTRY, {"prices": prices})
    inner = {name: _table(table) for name, table in SUBTABLES.items()}
    profile = _table(PROFILE, {**inner, "providers": {"type": "object", "additionalProperties": entry}})
    whole = _table(TOP, {"profiles": {"type": "object", "additionalProperties": profile}})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "hailuo: profiles and keys", **whole}


def _table(table: Table, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {name: {**_value(setting), **(inner or {}).get(name, {})} for name, setting in table.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _value(setting: Setting) -> dict[str, Any]:
    types = list(dict.fromkeys(_TYPES[kind] for kind in setting.kinds))
    described: dict[str, Any] = {"description": setting.about, "type": types[0] if len(types) == 1 else types}
    if list in setting.kinds:
        described["items"] = {"type": "string"}
    return described
