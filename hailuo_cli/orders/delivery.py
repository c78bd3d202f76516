"""How long to wait for videos and where they go: values, and the names that an output template comes to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..model import Job
from ..saving import naming

MAX_SIZE = 4 << 30
"""Bytes of a video at most, unless the user says otherwise."""
DEFAULT_TIMEOUT = 30 * 60.0


@dataclass(frozen=True)
class Delivery:
    """How long to wait for videos, in seconds, and where to put them.

    `output` is what was asked for now; else a job goes where its order said, else where `default_output` says.
    """

    timeout: float = DEFAULT_TIMEOUT
    poll_interval: float | None = None
    output: str | None = None
    default_output: str | None = None
    force: bool = False
    max_size: int = MAX_SIZE
    save: bool = True
    pipe: BinaryIO | None = None
    """Where the video goes instead of into a file."""
    at_once: int = 8
    """How many jobs are looked at, and how many videos are downloaded, at the same time; 1: all in this thread."""
    before_saving: Callable[[Job], None] = lambda _: None
    """Hears of a job whose video is about to be saved, in the reader's thread: room can be made for it."""

    @property
    def template(self) -> str | None:
        """Where an order that is made now puts its video."""
        return self.output or self.default_output

    def target(self, job: Job) -> Path:
        """The file that a job's video goes to."""
        given = self.output or job.output or self.default_output
        return naming.target(naming.for_take(given, job.take), names(job))


def names(job: Job) -> dict[str, str]:
    """What the fields of an output template stand for."""
    created = time.localtime(job.created_at)
    return {
        "job": job.id or job.ticket or "",
        "id": job.id or job.ticket or "",
        "ref": job.ref or job.id,
        "provider": job.provider,
        "model": job.model or "",
        "duration": str(job.duration or ""),
        "resolution": job.resolution or "",
        "date": time.strftime("%Y-%m-%d", created),
        "time": time.strftime("%H-%M-%S", created),
        "prompt": job.prompt or "",
        "name": job.row or job.label or "",
        "take": str(job.take or 1),
    }
