"""The boxes of an MP4 as far as labels need them (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ...errors import BadVideo

MOST_BOXES = 100_000
MOST_CONTENT = 64 << 20
"""Bytes: no label is larger; a box that says so is not read."""


@dataclass(frozen=True)
class Box:
    """One box: its kind, where it begins, where its content begins, where it ends. In bytes from the file's start."""

    kind: bytes
    start: int
    content: int
    end: int

    def read(self, file: BinaryIO, most: int = MOST_CONTENT) -> bytes:
        """Its content, at most `most` bytes of it."""
        file.seek(self.content)
        return file.read(min(self.end - self.content, most))

    def whole(self, file: BinaryIO) -> bytes:
        """The box with its header, to be put into another file."""
        if self.end - self.start > MOST_CONTENT:
            raise BadVideo(f"a label of {self.end - self.start:,} bytes is too large to be carried over")
        file.seek(self.start)
        return file.read(self.end - self.start)


def boxes(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes one after another; BadVideo where there is none or it reaches beyond the end."""
    if end is None:
        end = file.seek(0, os.SEEK_END)
    for _ in range(MOST_BOXES):
        if end - start < 8:
            return  # a few bytes of padding behind the last box
        file.seek(start)
        head = file.read(16)
        size, content = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16], "big"), start + 16
        elif size == 0:
            size = end - start
        if start + size > end or start + size < content:
            raise BadVideo(f"the film is damaged at byte {start}: no MP4 box ends there")
        yield Box(head[4:8], start, content, start + size)
        start += size
    raise BadVideo(f"the film has more than {MOST_BOXES:,} boxes")


def inner(file: BinaryIO, path: tuple[bytes, ...]) -> Box | None:
    """The box at a path of kinds, such as moov, udta, meta; the first of its kind at each step."""
    found, start, end = None, 0, None
    for kind in path:
        found = next((box for box in boxes(file, start, end) if box.kind == kind), None)
        if found is None:
            return None
        start, end = found.content, found.end
    return found
