"""`NAME.info.json` beside a film: what it is, who made it from what, for how much. Never a key, never its address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .labels.xmp import TRAINED

SCHEMA = "hailuo/1"
_LEFT_OUT = ("video_url",)


def document(job: Mapping[str, Any], *, tool: str, source_sha256: str | None = None) -> dict[str, Any]:
    """The job object without the film's address, and that a model made the film.

    `source_sha256` is the hash of the bytes that came from the provider, where the saved film is a labelled copy.
    """
    return {
        "schema": SCHEMA,
        **{name: value for name, value in job.items() if name not in _LEFT_OUT},
        "source_sha256": source_sha256 or job.get("sha256"),
        "generated": {
            "by": job.get("model"),
            "through": job.get("provider"),
            "with": tool,
            "digital_source_type": TRAINED,
        },
    }


def beside(film: Path) -> Path:
    """Where the document of a film is: NAME.info.json for NAME.mp4."""
    return film.with_suffix(".info.json")


def text(info: Mapping[str, Any]) -> str:
    """The document as it stands in the file."""
    return json.dumps(info, indent=2, ensure_ascii=False) + "\n"
