"""What the sandbox keeps of its jobs, and taking away what nobody waits for any more."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from .server import CANCELLED

UNSETTLED_SECONDS = 24 * 3600.0
"""A job that is neither drawn nor failed may still be at work for so long."""


@dataclass(frozen=True)
class Tidied:
    """How many jobs were taken away and how many bytes with them, and how many jobs are left."""

    removed: int
    bytes: int
    kept: int


def tidy(folder: Path, wanted: Collection[str], now: Callable[[], float] = time.time) -> Tidied:
    """Take away the folders of jobs that have ended, but for the tickets in `wanted`; OSError where that cannot be done.

    A folder is renamed first, so that nobody finds half a job.
    """
    removed = size = kept = 0
    for place in sorted(folder.glob("sbx_*")):
        is_left_over = place.suffix in (".new", ".gone")
        if place.name in wanted or not (_has_ended(place) or now() - place.stat().st_mtime > UNSETTLED_SECONDS):
            kept += not is_left_over
            continue
        size += sum(file.stat().st_size for file in place.iterdir())
        gone = place if place.suffix == ".gone" else place.with_name(f"{place.name}.gone")
        place.rename(gone)
        shutil.rmtree(gone)
        removed += not is_left_over
    return Tidied(removed, size, kept)


def _has_ended(place: Path) -> bool:
    return place.suffix == ".gone" or any((place / name).exists() for name in ("video.mp4", "error.txt", CANCELLED))
