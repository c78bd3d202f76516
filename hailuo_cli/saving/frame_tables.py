"""Where the frames of an MP4 are, by its indexes: the sample tables of a moov, the runs of a moof.

Written from ISO/IEC 14496-12, sections 8.7 (sample tables) and 8.8 (fragments). Numbers come from a stranger's file:
nothing is allocated by a count that the bytes behind it do not bear out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

Span = tuple[int, int]
"""From which byte of the file, and up to which."""
_NESTED = (b"mdia", b"minf", b"stbl")
# what is there in a tfhd, and in a trun
_BASE, _DESCRIPTION, _DURATION, _SIZE, _FROM_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000
_OFFSET, _FIRST_FLAGS, _SIZES = 0x1, 0x4, 0x200
_COLUMNS = (0x100, _SIZES, 0x400, 0x800)


class Damaged(Exception):
    """When an index contradicts itself or ends too early; the text says how."""


@dataclass(frozen=True)
class Movie:
    """What a moov tells: where its frames are, how many of them are pictures, and what its fragments go by."""

    frames: list[Span]
    pictures: int
    is_fragmented: bool
    video_tracks: frozenset[int]
    default_sizes: dict[int, int] = field(default_factory=dict)
    """Bytes a frame, by track, where a fragment does not say."""


def movie(moov: bytes) -> Movie:
    """Read the payload of a moov; Damaged where it cannot be one."""
    frames: list[Span] = []
    pictures = 0
    video_tracks: set[int] = set()
    default_sizes: dict[int, int] = {}
    is_fragmented = False
    for kind, payload in _boxes(memoryview(moov)):
        if kind == b"trak":
            track = dict(_flat(payload))
            places, count = _samples(track)
            frames += places
            if bytes(track.get(b"hdlr", memoryview(b""))[8:12]) == b"vide":
                pictures += count
                video_tracks.add(_track_id(track))
        elif kind == b"mvex":
            is_fragmented = True
            for inner, values in _boxes(payload):
                if inner == b"trex":
                    _, number, _, _, size, _ = _unpacked(">6I", values)
                    default_sizes[number] = size
    return Movie(frames, pictures, is_fragmented, frozenset(video_tracks), default_sizes)


def fragment(moof: bytes, at: int, known: Movie | None) -> tuple[int, list[Span]]:
    """How many pictures a fragment has and where its frames are; `at` is where its moof begins in the file."""
    if known is None:
        raise Damaged("a fragment in front of the index (moov)")
    frames: list[Span] = []
    pictures = 0
    end = at
    for number, payload in enumerate(body for kind, body in _boxes(memoryview(moof)) if kind == b"traf"):
        runs = list(_boxes(payload))
        header = next((values for kind, values in runs if kind == b"tfhd"), None)
        if header is None:
            raise Damaged("a fragment without a header (tfhd)")
        track, base, size, is_from_moof = _fragment_header(header, known)
        start = base if base is not None else at if is_from_moof or not number else end
        end = start
        for kind, values in runs:
            if kind == b"trun":
                count, span = _run(values, start, end, size)
                frames.append(span)
                end = span[1]
                pictures += count if track in known.video_tracks else 0
    return pictures, frames


def _fragment_header(values: memoryview, known: Movie) -> tuple[int, int | None, int, bool]:
    """Of which track a fragment is, where its offsets count from, bytes a frame; whether they count from the moof."""
    word, track = _unpacked(">II", values)
    flags, at = word & 0xFFFFFF, 8
    base = None
    if flags & _BASE:
        (base,) = _unpacked(">Q", _cut(values, at, 8))
        at += 8
    at += 4 * bool(flags & _DESCRIPTION) + 4 * bool(flags & _DURATION)
    size = known.default_sizes.get(track, 0)
    if flags & _SIZE:
        (size,) = _unpacked(">I", _cut(values, at, 4))
    return track, base, size, bool(flags & _FROM_MOOF)


def _run(values: memoryview, base: int, behind: int, default: int) -> tuple[int, Span]:
    """How many frames a run has, and where; a run without an offset goes on behind the one before it."""
    word, count = _unpacked(">II", values)
    flags, at, start = word & 0xFFFFFF, 8, behind
    if flags & _OFFSET:
        (offset,) = _unpacked(">i", _cut(values, at, 4))
        start, at = base + offset, at + 4
    at += 4 * bool(flags & _FIRST_FLAGS)
    columns = [bit for bit in _COLUMNS if flags & bit]
    if _SIZES not in columns:
        return count, (start, start + count * default)
    rows = _cut(values, at, 4 * count * len(columns))
    sizes = struct.unpack(f">{count * len(columns)}I", rows)[columns.index(_SIZES) :: len(columns)]
    return count, (start, start + sum(sizes))


def _samples(track: dict[bytes, memoryview]) -> tuple[list[Span], int]:
    """Where the frames of a track are, a span for each of its chunks; and how many frames it has."""
    count, size_before = _sizes(track)
    chunks = _chunks(track)
    runs = _rows(track.get(b"stsc"), ">III")
    frames: list[Span] = []
    done = 0
    for number, (first, each, _) in enumerate(runs):
        last = runs[number + 1][0] - 1 if number + 1 < len(runs) else len(chunks)
        if not 0 < first <= last + 1 <= len(chunks) + 1:
            raise Damaged("an index of frames that does not add up (stsc)")
        for place in chunks[first - 1 : last]:
            held = min(each, count - done)
            frames.append((place, place + size_before(done + held) - size_before(done)))
            done += held
    if done < count:
        raise Damaged(f"an index that does not say where {count - done} frames are")
    return [span for span in frames if span[0] < span[1]], count


def _sizes(track: dict[bytes, memoryview]) -> tuple[int, Callable[[int], int]]:
    """How many frames a track has, and how many bytes so many of them take, from the first one on."""
    if table := track.get(b"stsz"):
        _, each, count = _unpacked(">III", table)
        if each:
            return count, lambda number: number * each
        sizes = list(struct.unpack(f">{count}I", _cut(table, 12, 4 * count)))
    elif table := track.get(b"stz2"):
        _, bits, count = _unpacked(">III", table)
        sizes = _compact(table, bits & 0xFF, count)
    else:
        return 0, lambda _: 0
    before = list(accumulate(sizes, initial=0))
    return count, before.__getitem__


def _compact(table: memoryview, bits: int, count: int) -> list[int]:
    if bits == 16:
        return list(struct.unpack(f">{count}H", _cut(table, 12, 2 * count)))
    if bits == 8:
        return list(_cut(table, 12, count))
    if bits == 4:
        pairs = _cut(table, 12, -(-count // 2))
        return [half for pair in pairs for half in (pair >> 4, pair & 15)][:count]
    raise Damaged(f"sizes of frames in {bits} bits")


def _chunks(track: dict[bytes, memoryview]) -> list[int]:
    """Where each chunk of a track's frames begins."""
    kind, letter = (b"co64", "Q") if b"co64" in track else (b"stco", "I")
    return [place for (place,) in _rows(track.get(kind), f">{letter}")]


def _rows(table: memoryview | None, form: str) -> list[tuple[int, ...]]:
    """The rows behind the count of a table; none where there is no table."""
    if table is None:
        return []
    _, count = _unpacked(">II", table)
    return list(struct.iter_unpack(form, _cut(table, 8, count * struct.calcsize(form))))


def _track_id(track: dict[bytes, memoryview]) -> int:
    header = track.get(b"tkhd", memoryview(b""))
    is_long = bool(header) and header[0] == 1
    (number,) = _unpacked(">I", _cut(header, 20 if is_long else 12, 4))
    return int(number)


def _flat(payload: memoryview, nested: Sequence[bytes] = _NESTED) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes of a track, those of its media, of that one's information and of the sample table in there too."""
    for kind, inner in _boxes(payload):
        if kind in nested[:1]:
            yield from _flat(inner, nested[1:])
        else:
            yield kind, inner


def _boxes(payload: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes one after the other inside another one; fewer than 8 bytes behind the last are padding."""
    at = 0
    while at + 8 <= len(payload):
        size, kind = struct.unpack_from(">I4s", payload, at)
        header = 8
        if size == 1:
            (size,) = _unpacked(">Q", _cut(payload, at + 8, 8))
            header = 16
        elif size == 0:
            size = len(payload) - at
        if not header <= size <= len(payload) - at:
            raise Damaged(f"an index of frames that does not add up ({kind.decode('ascii', 'replace')})")
        yield kind, payload[at + header : at + size]
        at += size


def _unpacked(form: str, data: memoryview) -> tuple[int, ...]:
    return struct.unpack(form, _cut(data, 0, struct.calcsize(form)))


def _cut(data: memoryview, start: int, length: int) -> memoryview:
    if start + length > len(data):
        raise Damaged("an index of frames that ends too early")
    return data[start : start + length]
