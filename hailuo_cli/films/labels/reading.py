"""Which labels a film carries. They are listed, not checked: no signature is verified here. Needs no extra."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ...errors import BadVideo, DiskError, UsageError
from . import xmp
from .boxes import Box, boxes, inner

C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""https://c2pa.org/specifications/: embedding manifests into BMFF-based assets"""
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""XMP Specification Part 3, storage in MPEG-4 files"""
AIGC_KEY = "AIGC"
"""TC260-PG-20257A (for GB 45438-2025): moov, udta, meta, a key of this name in `keys` and its value in `ilst`"""

MOST_METADATA = 1 << 20
"""Bytes of XMP or metadata that are read."""
_MOST_ITEMS = 1000


@dataclass(frozen=True)
class Manifest:
    """A C2PA manifest that is there: its size in bytes, and whether its bytes name a trained model."""

    size: int
    says_generated: bool


@dataclass(frozen=True)
class Labels:
    """What a film says of its own making."""

    c2pa: Manifest | None = None
    source_types: tuple[str, ...] = ()
    has_xmp: bool = False
    aigc: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def says_generated(self) -> bool:
        """Whether any of it says that a model made the film."""
        return bool(
            (self.c2pa and self.c2pa.says_generated)
            or any("lgorithmicMedia" in kind for kind in self.source_types)
            or self.aigc
        )


def read(path: Path) -> Labels:
    """The labels of an MP4; UsageError where it is not there, BadVideo where it is none, DiskError where unreadable."""
    try:
        with path.open("rb") as file:
            return labels(file, str(path))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"{path} is not a film: {error.strerror}", hint="give the path of a film, or a job") from error
    except OSError as error:
        raise DiskError(f"{path} cannot be read: {error.strerror}") from error


def labels(file: BinaryIO, name: str) -> Labels:
    """The labels of an open MP4; `name` is for the BadVideo where it is none."""
    top = list(boxes(file))
    if not any(box.kind == b"moov" for box in top):
        raise BadVideo(f"{name} is not a whole MP4")
    packets = [packet for packet, _ in xmp_packets(file, top)]
    metadata = _metadata(file)
    stated = [text for packet in packets for text in xmp.aigc(packet)]
    return Labels(
        c2pa=_manifest(file, top),
        source_types=tuple(dict.fromkeys(kind for packet in packets for kind in xmp.source_types(packet))),
        has_xmp=bool(packets),
        aigc=tuple(dict.fromkeys([*(metadata[key] for key in metadata if key.upper() == AIGC_KEY), *stated])),
        metadata=metadata,
    )


def xmp_packets(file: BinaryIO, top: list[Box]) -> Iterator[tuple[bytes, Box]]:
    """Every XMP packet with its box: the uuid box of MP4, and QuickTime's XMP_ in moov/udta."""
    for box in top:
        if is_uuid(file, box, XMP_UUID):
            yield box.read(file, MOST_METADATA + 16)[16:], box
    if found := inner(file, (b"moov", b"udta", b"XMP_")):
        yield found.read(file, MOST_METADATA), found


def is_uuid(file: BinaryIO, box: Box, uuid: bytes) -> bool:
    """Whether a box is an extension of this kind."""
    return box.kind == b"uuid" and box.read(file, 16) == uuid


def c2pa_boxes(file: BinaryIO, top: list[Box]) -> list[Box]:
    """The boxes of a film that hold C2PA manifests."""
    return [box for box in top if box.kind == b"jumb" or is_uuid(file, box, C2PA_UUID)]


def _manifest(file: BinaryIO, top: list[Box]) -> Manifest | None:
    found = c2pa_boxes(file, top)
    if not found:
        return None
    contents = [box.read(file) for box in found]
    return Manifest(sum(map(len, contents)), any(b"rainedAlgorithmicMedia" in content for content in contents))


def _metadata(file: BinaryIO) -> dict[str, str]:
    """Names and texts in moov/udta/meta and moov/meta: iTunes' atoms, and free keys of QuickTime's kind."""
    found: dict[str, str] = {}
    for path in ((b"moov", b"udta", b"meta"), (b"moov", b"meta")):
        box = inner(file, path)
        if box is None:
            continue
        # a full box in MP4, a plain one in QuickTime: there the first child begins at once
        start = box.content if box.read(file, 8)[4:8] in (b"hdlr", b"keys", b"ilst") else box.content + 4
        children = {child.kind: child for child in boxes(file, start, box.end)}
        keys = _keys(file, children.get(b"keys"))
        if items := children.get(b"ilst"):
            found |= dict(_items(file, items, keys))
    return found


def _keys(file: BinaryIO, box: Box | None) -> list[str]:
    if box is None or box.end - box.content > MOST_METADATA:
        return []
    return [entry.read(file).decode("utf-8", "replace") for entry in boxes(file, box.content + 8, box.end)]


def _items(file: BinaryIO, box: Box, keys: list[str]) -> Iterator[tuple[str, str]]:
    for number, item in enumerate(boxes(file, box.content, box.end)):
        if number >= _MOST_ITEMS or item.end - item.content > MOST_METADATA:
            return
        index = int.from_bytes(item.kind, "big")
        name = keys[index - 1] if 1 <= index <= len(keys) else item.kind.replace(b"\xa9", b"").decode("latin-1")
        data = next((child for child in boxes(file, item.content, item.end) if child.kind == b"data"), None)
        if data is None:
            continue
        content = data.read(file)
        if content[:4] == b"\0\0\0\x01":  # UTF-8; pictures and numbers are no statements
            yield name, content[8:].decode("utf-8", "replace")


def statement(text: str) -> Mapping[str, str] | None:
    """The fields of an AIGC statement, None where it is not the JSON that TC260 describes."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and isinstance(found.get(AIGC_KEY), dict):
        found = found[AIGC_KEY]  # as in pictures' EXIF, one level deeper
    if not isinstance(found, dict) or "Label" not in found:
        return None
    return {str(name): str(value) for name, value in found.items()}
