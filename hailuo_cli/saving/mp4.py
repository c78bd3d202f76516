"""Whether a file is a whole MP4 with pictures in it, decided while its bytes pass by.

Boxes are those of ISO/IEC 14496-12. Only their headers and the indexes (moov, moof) are looked at; frames are skipped,
so a file of any size costs little more memory than its index has.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from ..errors import BadVideo
from .file_kinds import described
from .frame_tables import Damaged, Movie, fragment, movie

STARTS = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pdin"})
"""What an MP4 or QuickTime file may begin with."""
SNIFFED = 1024
LARGEST_INDEX = 8 << 20
"""Bytes; two hours of video have one of half that size."""
_TO_THE_END = 1 << 65
_KIND = re.compile(rb"[ -~\xa9]{4}")


class Walk:
    """Follows one file from its first byte to its last. Every refusal is a BadVideo that says what is wrong."""

    def __init__(self) -> None:
        self._seen = 0
        self._start = b""
        self._head = b""
        """As much as has come of the header that begins at `_next`."""
        self._begin = self._next = 0
        """Where the box that is passing by begins, and where the one behind it does."""
        self._index: bytearray | None = None
        """As much as has come of the index that is passing by."""
        self._kind = b""
        self._padded = False
        self._movie: Movie | None = None
        self._frames: list[tuple[int, int]] = []
        """Where the indexes say that frames are."""
        self._data: list[tuple[int, int]] = []
        """Where frames can be: the insides of the mdat boxes."""
        self._pictures = 0
        self._is_listed = False

    def feed(self, data: bytes | memoryview) -> None:
        """Take the next bytes; BadVideo as soon as they cannot belong to an MP4."""
        begin = at = self._seen
        self._seen = end = begin + len(data)
        if begin < SNIFFED:
            self._start += data[: SNIFFED - begin]
        if end <= self._next and self._index is None:
            return
        view = memoryview(data)
        while at < end:
            here = view[at - begin :]
            if self._padded:
                _must_be_zeros(here, at)
                return
            if at >= self._next:
                at += self._take_header(here)
                continue
            inside = min(end, self._next) - at
            if self._index is not None:
                self._index += here[:inside]
            at += inside
            if at == self._next and self._index is not None:
                self._read_index(bytes(self._index))

    def finish(self, total: int) -> None:
        """The file has `total` bytes and no more: BadVideo unless that is a whole video."""
        if self._seen != total:
            raise BadVideo(f"{self._seen} of {total} bytes of the video were looked at")
        if total == 0:
            raise BadVideo("what came is an empty file, not a video")
        if total < 8:
            raise BadVideo(f"what came is {described(self._start)}, not a video")
        if any(self._head) or total < self._next < _TO_THE_END:
            more = f", {self._next - total} bytes are missing" if not self._head else ""
            raise BadVideo(f"the video is cut off after {total} bytes{more}")
        if self._movie is None or not self._data:
            missing = "frames (mdat)" if self._movie else "index of its frames (moov)"
            raise BadVideo(f"what came is an MP4 without the {missing}: cut off, or not a video")
        if not self._pictures:
            raise BadVideo("what came is an MP4 without pictures: sound alone, or nothing at all")
        self._must_hold_its_frames(total)

    @property
    def sealed(self) -> bool:
        """Whether a finished file could not have lost its end unnoticed.

        False for a row of fragments without the list of them (mfra) that stands at the end.
        """
        return self._is_listed or not (self._movie and self._movie.is_fragmented)

    def _take_header(self, here: memoryview) -> int:
        """Take as much as has come of the header at `_next`; how many bytes those were."""
        had = len(self._head)
        self._head += bytes(here[: max(0, 8 - had)])
        if self._head[:4] == b"\0\0\0\1" and len(self._head) >= 8:
            self._head += bytes(here[len(self._head) - had : 16 - had])
        taken = len(self._head) - had
        if len(self._head) == (16 if self._head[:4] == b"\0\0\0\1" else 8):
            self._enter(self._head)
        return taken

    def _enter(self, head: bytes) -> None:
        """A whole header has come, and a box begins."""
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if self._next == 0 and kind not in STARTS:
            raise BadVideo(f"what came is {described(self._start)}, not a video")
        if not any(head):
            self._padded, self._head = True, b""
            return
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        elif size == 0:
            size = _TO_THE_END
        if size < len(head) or not _KIND.fullmatch(kind):
            raise BadVideo(f"the video is damaged at byte {self._next}: no MP4 box begins there")
        self._begin, self._next = self._next, self._next + size
        self._kind, self._head, self._index = kind, b"", None
        if kind in (b"moov", b"moof"):
            if size > LARGEST_INDEX:
                raise BadVideo(f"the video is damaged at byte {self._begin}: an index that is too large")
            self._index = bytearray()
            if size == len(head):
                self._read_index(b"")
        elif kind == b"mdat":
            self._data.append((self._begin + len(head), self._next))
        elif kind == b"mfra":
            self._is_listed = True

    def _read_index(self, payload: bytes) -> None:
        self._index = None
        if self._movie and self._kind == b"moov":
            raise BadVideo(f"the video is damaged at byte {self._begin}: a second index (moov)")
        try:
            if self._kind == b"moof":
                pictures, frames = fragment(payload, self._begin, self._movie)
            else:
                self._movie = movie(payload)
                pictures, frames = self._movie.pictures, self._movie.frames
        except Damaged as error:
            raise BadVideo(f"the video is damaged at byte {self._begin}: {error}") from None
        self._pictures += pictures
        self._frames += frames

    def _must_hold_its_frames(self, total: int) -> None:
        starts = [start for start, _ in self._data]
        for start, end in self._frames:
            box = bisect_right(starts, start) - 1
            if box < 0 or end > min(self._data[box][1], total):
                fragmented = "; a fragment lacks its frames" if self._movie and self._movie.is_fragmented else ""
                raise BadVideo(
                    f"the video is cut off or damaged: its index has frames at byte {start} to {end} and no data"
                    f" (mdat) is there, in a file of {total} bytes{fragmented}"
                )


def _must_be_zeros(data: memoryview, at: int) -> None:
    """Some servers fill up the last block of a file; anything but zeros there is damage."""
    if bytes(data).count(0) != len(data):
        raise BadVideo(f"the video is damaged behind byte {at}: no MP4 box begins there")
