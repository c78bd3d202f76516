"""The images of a batch: each file is opened once, and not again while it is the file that it was."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..model import Image, LocalImage, RemoteImage
from ..request import images

UNSETTLED_SECONDS = 2.0
"""A file that was changed less long ago may change again without its time telling so."""
MOST_KEPT = 50_000
SCHEMA = "hailuo/images-1"


@dataclass(frozen=True)
class _Facts:
    """What is known of a file that was checked, and by which of its marks it is known again."""

    size: int
    modified: int
    inode: int
    media_type: str
    width: int
    height: int
    digest: str


class KnownImages:
    """What earlier plans found out about image files, kept in a file that may be lost without harm."""

    def __init__(self, path: Path | None = None, *, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._kept: dict[str, _Facts] = _read(path) if path else {}
        self._fresh: dict[str, _Facts] = {}

    def image(self, text: str, limit: int) -> Image:
        """The image that a row names, by a path or an address, without an open file; InvalidImage where it is not good.

        The size limit is checked by the rules of the provider too, which is why a known file need not be opened.
        """
        if "://" in text or text.startswith("data:"):
            found = images.given(text, limit=limit)
            return found if isinstance(found, RemoteImage) else _closed(found)
        marks = _marks(text)
        known = self._fresh.get(text) or self._kept.get(text)
        if known and marks == (known.size, known.modified, known.inode) and known.size < limit:
            return LocalImage(
                text, known.media_type, known.width, known.height, known.size, known.digest, io.BytesIO(), text
            )
        found = images.local(text, limit=limit)
        if marks and self._now() - marks[1] / 1e9 > UNSETTLED_SECONDS:
            facts = _Facts(*marks, found.media_type, found.width, found.height, found.digest)
            self._fresh[text] = facts
        return _closed(found)

    def save(self) -> None:
        """Keep what is new; where that fails, the files are opened again next time."""
        if self._path is None or not self._fresh:
            return
        merged = {**self._kept, **self._fresh}
        kept = dict(list(merged.items())[-MOST_KEPT:])
        content = json.dumps({"schema": SCHEMA, "images": {path: list(asdict(f).values()) for path, f in kept.items()}})
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(content, encoding="utf-8")
            new.replace(self._path)


def _closed(image: Image) -> Image:
    if isinstance(image, LocalImage):
        image.file.close()
    return image


def _marks(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every row
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _read(path: Path) -> dict[str, _Facts]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            return {}
        return {name: _Facts(*values) for name, values in content["images"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
