"""MP4 files by their boxes, of any size."""

from __future__ import annotations

import random
import struct


def box(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp41")


def table(kind: bytes, *numbers: int, form: str = "I") -> bytes:
    """A box of version 0 without flags, and these numbers in it."""
    return box(kind, bytes(4) + struct.pack(f">{len(numbers)}{form}", *numbers))


def track(sizes: list[int], chunks: list[tuple[int, int]], handler: bytes = b"vide", number: int = 1) -> bytes:
    """A track of frames with these sizes; chunks are (where it begins, how many frames it has)."""
    runs = [value for place, (_, each) in enumerate(chunks, 1) for value in (place, each, 1)]
    samples = table(b"stsz", 0, len(sizes), *sizes) + table(b"stsc", len(chunks), *runs)
    samples += table(b"stco", len(chunks), *(place for place, _ in chunks))
    media = table(b"hdlr", 0, int.from_bytes(handler, "big")) + box(b"minf", box(b"stbl", samples))
    return box(b"trak", table(b"tkhd", 0, 0, number) + box(b"mdia", media))


def indexed(*frames: bytes, head: bytes = FTYP) -> bytes:
    """A whole MP4 of one track, an mdat for each of these frames."""

    def index(start: int) -> bytes:
        places, at = [], start
        for one in frames:
            places.append((at + 8, 1))
            at += 8 + len(one)
        return box(b"moov", track([len(one) for one in frames], places))

    start = len(head) + len(index(0))
    return head + index(start) + b"".join(box(b"mdat", one) for one in frames)


def clip(size: int = 200_000, seed: int = 7) -> bytes:
    """A whole MP4 by its boxes, of exactly so many bytes, whose content nobody could mistake for another."""
    noise = random.Random(seed).randbytes(size - len(indexed(b"")))  # noqa: S311
    return indexed(noise)


def open_ended(frame: bytes) -> bytes:
    """A whole MP4 whose last box says that it goes to the end of the file."""
    whole = indexed(frame)
    return whole[: -len(frame) - 8] + bytes(4) + whole[-len(frame) - 4 :]


def fragmented(*frames: bytes, listed: bool = False) -> bytes:
    """A whole MP4 of a fragment for each of these frames; `listed`: with the list of them at the end."""
    defaults = box(b"mvex", table(b"trex", 1, 1, 0, 0, 0))
    whole = FTYP + box(b"moov", track([], []) + defaults)
    for frame in frames:
        header = box(b"tfhd", struct.pack(">II", 0x020000, 1))

        def moof(offset: int, header: bytes = header, size: int = len(frame)) -> bytes:
            return box(b"moof", box(b"traf", header + box(b"trun", struct.pack(">IIiI", 0x201, 1, offset, size))))

        whole += moof(len(moof(0)) + 8) + box(b"mdat", frame)
    return whole + (box(b"mfra", box(b"mfro", bytes(8))) if listed else b"")
