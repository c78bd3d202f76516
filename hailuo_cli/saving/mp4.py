"""Whether a file is a whole MP4, decided from its top-level boxes while its bytes pass by.

Only box headers are looked at (ISO/IEC 14496-12, section 4.2): a file of any size costs the same few bytes of memory.
"""

from __future__ import annotations

import re

from ..errors import BadVideo

STARTS = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pdin"})
"""What an MP4 or QuickTime file may begin with."""
SNIFFED = 1024
_TO_THE_END = 1 << 65
_KIND = re.compile(rb"[ -~\xa9]{4}")


class Walk:
    """Follows one file from its first byte to its last. Every refusal is a BadVideo that says what is wrong."""

    __slots__ = ("_data", "_fragment_open", "_fragmented", "_head", "_index", "_next", "_seen", "_start")

    def __init__(self) -> None:
        self._seen = 0
        self._next = 0
        self._head = b""
        self._start = b""
        self._index = self._data = self._fragmented = self._fragment_open = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes; BadVideo as soon as they cannot belong to an MP4."""
        begin = self._seen
        self._seen = end = begin + len(data)
        if end <= self._next:
            return
        if begin < SNIFFED:
            self._start += data[: SNIFFED - begin]
        while self._next < end:
            missing = self._next + len(self._head) - begin
            self._head += data[missing : missing + 16 - len(self._head)]
            if not self._enter():
                return

    def finish(self, total: int) -> None:
        """The file has `total` bytes and no more: BadVideo unless that is a whole video."""
        if self._seen != total:
            raise BadVideo(f"{self._seen} of {total} bytes of the video were looked at")
        if total == 0:
            raise BadVideo("what came is an empty file, not a video")
        if total < 8:
            raise BadVideo(f"what came is {described(self._start)}, not a video")
        if self._head or total < self._next < _TO_THE_END:
            more = f", {self._next - total} bytes are missing" if not self._head else ""
            raise BadVideo(f"the video is cut off after {total} bytes{more}")
        if not self._index or not self._data:
            missing = "frames (mdat)" if self._index else "index of its frames (moov)"
            raise BadVideo(f"what came is an MP4 without the {missing}: cut off, or not a video")
        if self._fragment_open:
            raise BadVideo(f"the video is cut off after {total} bytes, before the frames of its last fragment")

    @property
    def sealed(self) -> bool:
        """Whether a finished file could not have lost its end unnoticed.

        False where the last box says "to the end of the file" and where the video is a row of fragments.
        """
        return self._next < _TO_THE_END and not self._fragmented

    def _enter(self) -> bool:
        """Read the header of the box that begins at `_next`; False where it has not come as a whole."""
        head = self._head
        if len(head) < 8:
            return False
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if self._next == 0 and kind not in STARTS:
            raise BadVideo(f"what came is {described(self._start)}, not a video")
        least = 8
        if size == 1:
            if len(head) < 16:
                return False
            size, least = int.from_bytes(head[8:], "big"), 16
        elif size == 0:
            size = _TO_THE_END
        if size < least or not _KIND.fullmatch(kind):
            raise BadVideo(f"the video is damaged at byte {self._next}: no MP4 box begins there")
        self._note(kind)
        self._next += size
        self._head = b""
        return True

    def _note(self, kind: bytes) -> None:
        if kind == b"moov":
            if self._index:
                raise BadVideo(f"the video is damaged at byte {self._next}: a second index (moov)")
            self._index = True
        elif kind == b"mdat":
            self._data, self._fragment_open = True, False
        elif kind == b"moof":
            self._fragmented = self._fragment_open = True


_SIGNATURES = (
    (rb"\x89PNG\r\n\x1a\n", "a PNG image"),
    (rb"\xff\xd8\xff", "a JPEG image"),
    (rb"GIF8[79]a", "a GIF image"),
    (rb"RIFF....WEBP", "a WebP image"),
    (rb"RIFF....AVI ", "an AVI video"),
    (rb"\x1a\x45\xdf\xa3", "a WebM or Matroska video"),
    (rb"PK(?:\x03\x04|\x05\x06)", "a ZIP archive"),
    (rb"\x1f\x8b", "gzip data"),
    (rb"MZ", "a Windows program (EXE)"),
    (rb"\x7fELF", "a Linux program (ELF)"),
    (rb"(?:\xcf|\xce)\xfa\xed\xfe", "a macOS program"),
    (rb"%PDF", "a PDF document"),
    (rb"#!", "a script"),
    (rb"(?:\xef\xbb\xbf)?\s*(?i:<!doctype\s+html|<html|<head|<body|<script|<title)", "an HTML page"),
    (rb"(?:\xef\xbb\xbf)?\s*<[?!a-zA-Z]", "an XML document"),
    (rb"(?:\xef\xbb\xbf)?\s*[\[{]", "a JSON text"),
)
_NAMES = tuple((re.compile(pattern, re.DOTALL), name) for pattern, name in _SIGNATURES)
_REASON = re.compile(rb"<Code>([A-Za-z]{1,64})</Code>")


def described(start: bytes) -> str:
    """What a file is by its first bytes, in words: "an HTML page", "an XML document (AccessDenied)"."""
    for pattern, name in _NAMES:
        if pattern.match(start):
            reason = _REASON.search(start) if "XML" in name else None
            return f"{name} ({reason[1].decode()})" if reason else name
    if start and start.isascii() and all(byte >= 32 or byte in b"\t\n\r\f" for byte in start):
        return "plain text"
    return "data of an unknown kind"
