"""JPEG, PNG and WebP as far as their headers: the sides, and whether the file is whole. No pixel is decoded."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

BLOCK = 64 * 1024


class Damaged(Exception):
    """A file ends before its own headers say so."""


def _read(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise Damaged("it ends too early")
    return found


def _png_sides(file: BinaryIO) -> tuple[int, int]:
    file.seek(8)
    length, name, width, height = struct.unpack(">I4sII", _read(file, 16))
    if (length, name) != (13, b"IHDR"):
        raise Damaged("it does not begin with an IHDR chunk")
    return width, height


def _check_png_end(file: BinaryIO, size: int) -> str | None:
    place, name, drawn = 8, b"", False
    while name != b"IEND":
        file.seek(place)
        length, name = struct.unpack(">I4s", _read(file, 8))
        drawn = drawn or name == b"IDAT"
        place += 12 + length
    if place > size or not drawn:
        raise Damaged("its image data is not whole")
    return None


_SOS, _EOI = 0xDA, 0xD9
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EMPTY = b"\xff\xd8\xff\xd9"
"""An image of nothing, which some programs put in front; decoders go on to the one behind it."""
_TRAILER = re.compile(
    rb"\x00\x00\x00.ftyp|\xff[\x02-\xbf]|[\x20-\x7e]{32}|\x89PNG\r\n\x1a\n|PK\x03\x04\x14\x00", re.DOTALL
)
"""What a scan never holds: a film, a byte that no scan has behind 0xFF, text, a picture, an archive."""
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")  # those that stand alone within a scan are left out


def _next_marker(file: BinaryIO) -> int:
    """Go behind the next marker, over padding and the data of a scan."""
    want = 2
    while block := file.read(want):
        if found := _MARKER.search(block):
            file.seek(found.end() - len(block), os.SEEK_CUR)
            return found[1][0]
        if block.endswith(b"\xff") and len(block) > 1:
            file.seek(-1, os.SEEK_CUR)
        want = min(4 * want, BLOCK)  # little at first: mostly the next marker follows at once
    raise Damaged("it has no end marker")


def _segments(file: BinaryIO) -> Iterator[int]:
    """The markers up to the end of the image, each with the file at the segment's content."""
    file.seek(0)
    while _read(file, 4) == _EMPTY:
        pass
    file.seek(-2, os.SEEK_CUR)
    while (marker := _next_marker(file)) != _EOI:
        length = int.from_bytes(_read(file, 2), "big")
        end = file.tell() - 2 + length
        if length < 2:
            raise Damaged(f"a segment of {length} bytes")
        yield marker
        file.seek(end)


def _jpeg_sides(file: BinaryIO) -> tuple[int, int]:
    for marker in _segments(file):
        if marker in _FRAMES:
            height, width = struct.unpack(">xHH", _read(file, 5))
            return width, height
        if marker == _SOS:
            break
    raise Damaged("it has no frame header")


def _check_jpeg_end(file: BinaryIO, size: int) -> str | None:
    scan = 0
    try:
        for marker in _segments(file):
            if marker == _SOS and not scan:
                scan = file.tell()
                # nearly always the end marker is near the end; only behind it phones put a film or a second picture
                file.seek(max(scan, size - BLOCK))
                if b"\xff\xd9" in file.read(BLOCK):
                    return None
    except Damaged:
        if scan and _has_trailer(file, scan):
            return "its end marker is missing, and something else follows the image; decoders read it all the same"
        raise
    if not scan:
        raise Damaged("it has no image data")
    return None


def _has_trailer(file: BinaryIO, scan: int) -> bool:
    """Whether something that is no part of an image follows the last scan; a file that was cut ends within its scan."""
    file.seek(scan)
    _read(file, int.from_bytes(_read(file, 2)) - 2)
    before = b""
    while block := file.read(BLOCK):
        if _TRAILER.search(before + block):
            return True
        before = block[-32:]
    return False


def _webp_sides(file: BinaryIO) -> tuple[int, int]:
    file.seek(12)
    name, start = struct.unpack("<4s4x10s", _read(file, 18))
    if name == b"VP8X":
        return int.from_bytes(start[4:7], "little") + 1, int.from_bytes(start[7:10], "little") + 1
    if name == b"VP8L" and start[0] == 0x2F:
        bits = int.from_bytes(start[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and start[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", start[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise Damaged("it does not begin with an image")


def _check_webp_end(file: BinaryIO, size: int) -> str | None:
    file.seek(4)
    riff, first = struct.unpack("<I8xI", _read(file, 16))
    if not 20 + first <= 8 + riff <= size:
        raise Damaged(f"its header promises {8 + riff:,} bytes")
    return None


class Kind(NamedTuple):
    """One format: how it begins, where its sides are, how to see that it is whole, and what is odd. Both raise Damaged."""

    name: str
    signature: re.Pattern[bytes]
    sides: Callable[[BinaryIO], tuple[int, int]]
    check_end: Callable[[BinaryIO, int], str | None]


KINDS = (
    Kind("JPEG", re.compile(rb"\xff\xd8\xff"), _jpeg_sides, _check_jpeg_end),
    Kind("PNG", re.compile(rb"\x89PNG\r\n\x1a\n"), _png_sides, _check_png_end),
    Kind("WebP", re.compile(rb"RIFF....WEBP", re.DOTALL), _webp_sides, _check_webp_end),
)
_OTHERS = {
    rb"GIF8": "a GIF",
    rb"BM....\0\0\0\0": "a BMP",
    rb"II[*+]\0|MM\0[*+]": "a TIFF",
    rb"....ftypavi[fs]": "an AVIF",
    rb"....ftyp(hei|hev|mif1|msf1)": "a HEIC",
    rb"....ftyp|RIFF....AVI ": "a film",
    rb"\xff\x0a|\0\0\0\x0cJXL ": "a JPEG XL",
    rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  ": "a JPEG 2000",
    rb"8BPS": "a Photoshop document",
    rb"%PDF": "a PDF",
    rb"%!PS|\xc5\xd0\xd3\xc6": "an EPS",
    rb"PK\x03\x04|\x1f\x8b": "an archive",
    rb"version https://git-lfs": "a Git LFS pointer (git lfs pull brings the image)",
    rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body)": "an HTML page",
    rb"(\xef\xbb\xbf)?\s*<(.*<)?(!doctype\s+)?svg": "an SVG",
}


def what(head: bytes) -> str:
    """What a file is that is none of these, by its first bytes."""
    for signature, name in _OTHERS.items():
        if re.match(signature, head, re.DOTALL | re.IGNORECASE):
            return name
    return f"something that begins with {head[:8].hex(' ')}"
