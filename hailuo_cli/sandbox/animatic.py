"""The sandbox's films: the start frame under the camera commands of the prompt, as a real H.264 file.

What is imported here is light; Pillow and PyAV come in when a film is rendered.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from ..distribution.installation import missing_extra
from .shot import Shot

FPS = 24


def render(
    shot: Shot,
    target: Path,
    on_progress: Callable[[float], None] | None = None,
    *,
    size: tuple[int, int] | None = None,
    fps: int = FPS,
) -> None:
    """Write the film to `target`, which appears only when it is whole.

    `on_progress` is told the finished share, from 0 up to 1 for the file in its place; what it raises ends the
    render. `size` (even width and height) replaces the one that the resolution and the picture's shape ask for.
    UsageError if PyAV is not installed.
    """
    try:
        from .film import Film
    except ImportError as missing:
        if missing.name != "av":
            raise
        raise missing_extra("sandbox", "the sandbox needs its extra (av is missing)") from missing
    tell = on_progress or (lambda _: None)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        Film.of(shot, size, fps).write(part, tell)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    tell(1.0)
