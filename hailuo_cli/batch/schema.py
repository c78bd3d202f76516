"""The JSON Schema of a batch file, made from the table of keys, so that editors complete and check it.

TOML files name it in their first line: `#:schema batch.schema.json`. `$defs/clip` is the schema of a line of JSONL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .keys import DEFAULT_KEYS, ROW_KEYS, TOP_KEYS, Key

FILE = Path(__file__).with_name("batch.schema.json")
"""The schema as it is shipped."""


def schema() -> dict[str, Any]:
    """The schema as a value."""
    clip = _table(ROW_KEYS, "One row: a video, its takes, or a matrix of videos.")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A hailuo batch file",
        "description": "Videos to be made by `hailuo batch run`, each row once.",
        **_table(TOP_KEYS, None),
        "properties": {
            **_properties(TOP_KEYS),
            "defaults": _table(DEFAULT_KEYS, "Request options for every row that does not say otherwise."),
            "clip": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/clip"},
                "description": "The rows.",
            },
        },
        "required": ["clip"],
        "$defs": {"clip": {**clip, "required": ["id"], "patternProperties": {r"^extra\.": {}}}},
    }


def text() -> str:
    """The schema as the text of its file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(keys: Mapping[str, Key], about: str | None) -> dict[str, Any]:
    described = {"description": about} if about else {}
    return {"type": "object", **described, "additionalProperties": False, "properties": _properties(keys)}


def _properties(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {key.name: {"description": key.about, **key.kind.schema} for key in keys.values()}
