"""What a film of the sandbox shows, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

SHORT_SIDES = {"512P": 512, "720P": 720, "768P": 768, "1080P": 1080, "2K": 1440}


@dataclass(frozen=True)
class Shot:
    """What a film shows. `duration` is in seconds, `resolution` one of `SHORT_SIDES`."""

    prompt: str
    duration: int
    resolution: str
    image: Path | None = None
    last_image: Path | None = None


def frame_size(resolution: str, aspect: float) -> tuple[int, int]:
    """Width and height in pixels, both even, for a picture of this width/height; UsageError for no resolution."""
    if resolution not in SHORT_SIDES:
        raise UsageError(
            f'the sandbox makes no "{resolution}"', hint=f"--resolution is one of {', '.join(SHORT_SIDES)}"
        )
    short = SHORT_SIDES[resolution]
    long = 2 * round(short * max(aspect, 1 / aspect) / 2)
    return (long, short) if aspect >= 1 else (short, long)
