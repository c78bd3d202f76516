"""MP4 files by their boxes, of any size."""

from __future__ import annotations

import random
import struct


def box(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def clip(size: int = 200_000, seed: int = 7) -> bytes:
    """A whole MP4 by its boxes, of exactly so many bytes, whose content nobody could mistake for another."""
    head = box(b"ftyp", b"isom\0\0\2\0isommp41") + box(b"moov", box(b"mvhd", bytes(100)))
    noise = random.Random(seed).randbytes(size - len(head) - 8)  # noqa: S311
    return head + box(b"mdat", noise)
