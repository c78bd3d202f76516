"""What the box walk calls a whole video, and what it calls everything else."""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import pytest
from hypothesis import strategies as st

from hailuo_cli.errors import BadVideo
from hailuo_cli.saving.mp4 import Walk
from tests.support.clips import FTYP, box, clip, fragmented, indexed, open_ended, table, track


def walk(data: bytes, pieces: Sequence[int] = ()) -> Walk:
    """Walk through a file cut in pieces of these sizes, the rest in one."""
    walker, at = Walk(), 0
    for size in pieces:
        walker.feed(data[at : at + size])
        at += size
    walker.feed(data[at:])
    walker.finish(len(data))
    return walker


def is_whole(data: bytes) -> bool:
    try:
        walk(data)
    except BadVideo:
        return False
    return True


@cache
def encoded(flags: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "clip.mp4")
        options = {"movflags": flags} if flags else {}
        with av.open(str(file), "w", format="mp4", options=options) as container:
            stream = container.add_stream("mpeg4", rate=24)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(3):
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts = number
                for plane in frame.planes:
                    plane.update(bytes([number * 40]) * plane.buffer_size)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return file.read_bytes()


LAYOUTS = ["", "faststart"]


FRAGMENTS = "frag_keyframe+empty_moov"


@pytest.mark.parametrize("flags", [*LAYOUTS, FRAGMENTS, f"{FRAGMENTS}+default_base_moof", "frag_every_frame"])
def test_a_real_video_is_whole(flags: str) -> None:
    video = encoded(flags)
    assert walk(video).sealed is ("frag" not in flags or b"mfra" in video)


@pytest.mark.parametrize("flags", [*LAYOUTS, FRAGMENTS])
@pytest.mark.parametrize("padding", [1, 7, 8, 9, 4096])
def test_C3_a_real_video_in_a_block_that_was_filled_up_is_whole(flags: str, padding: int) -> None:
    video = encoded(flags)
    walk(video + bytes(padding))
    walk(video + box(b"free", bytes(padding)))
    with pytest.raises(BadVideo):
        walk(video + bytes(padding) + b"x")


@pytest.mark.parametrize("flags", LAYOUTS)
def test_D7_a_real_video_cut_at_any_byte_is_refused(flags: str) -> None:
    video = encoded(flags)
    assert [cut for cut in range(len(video)) if is_whole(video[:cut])] == []


@pytest.mark.parametrize("flags", LAYOUTS)
def test_a_real_video_fed_byte_by_byte_is_whole(flags: str) -> None:
    video = encoded(flags)
    walk(video, [1] * len(video))


def test_a_fragment_without_its_frames_is_refused() -> None:
    video = encoded(FRAGMENTS)
    with pytest.raises(BadVideo, match="fragment"):
        walk(video[: video.rindex(b"mdat") - 4])


extra_boxes = st.builds(box, st.sampled_from([b"free", b"skip", b"wide", b"uuid", b"meta"]), st.binary(max_size=40))


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[bytes], int]:
    """The top-level boxes of a good file, and how many of them it needs before it is whole."""
    frames = draw(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3))
    wide = draw(st.booleans())
    datas = [struct.pack(">I4sQ", 1, b"mdat", 16 + len(f)) + f if wide else box(b"mdat", f) for f in frames]
    boxes: list[bytes | None] = [FTYP, *draw(st.lists(extra_boxes, max_size=2))]
    inner: list[bytes | None] = []
    for data in datas:
        inner += [data, *draw(st.lists(extra_boxes, max_size=2))]
    inner.insert(draw(st.integers(0, len(inner))), None)  # where the index goes
    boxes += inner + draw(st.lists(extra_boxes, max_size=2))

    def index(places: list[int]) -> bytes:
        return box(b"moov", track([len(f) for f in frames], [(place, 1) for place in places]))

    size, at = len(index([0] * len(frames))), 0
    places: list[int] = []
    for one in boxes:
        if one in datas and len(places) < len(frames) and one == datas[len(places)]:
            places.append(at + (16 if wide else 8))
        at += size if one is None else len(one)
    done = [index(places) if one is None else one for one in boxes]
    kinds = [one[4:8] for one in done]
    last_data = max(number for number, kind in enumerate(kinds) if kind == b"mdat")
    return done, max(kinds.index(b"moov"), last_data) + 1


def test_C3_a_last_box_to_the_end_of_the_file_is_whole_where_the_index_fits() -> None:
    video = open_ended(b"frames")
    assert walk(video).sealed
    assert not is_whole(video[:-1])


@pytest.mark.parametrize("listed", [True, False])
def test_C3_a_row_of_fragments_proves_its_end_only_by_the_list_of_them(listed: bool) -> None:
    assert walk(fragmented(b"one", b"two", listed=listed)).sealed is listed


TWO = indexed(b"half of it", b"the other half")


def test_C3_half_of_a_video_with_two_mdat_is_refused_also_where_its_boxes_add_up() -> None:
    walk(TWO)
    half = TWO[: TWO.rindex(b"mdat") - 4]
    with pytest.raises(BadVideo, match="its index has frames"):
        walk(half)


def placed(samples: bytes, handler: bytes = b"vide", data: bytes = b"0123456789") -> bytes:
    """A file with this sample table; its frames begin at the byte that `places` of the table should name."""
    media = table(b"hdlr", 0, int.from_bytes(handler, "big")) + box(b"minf", box(b"stbl", samples))
    moov = box(b"moov", box(b"trak", table(b"tkhd", 0, 0, 1) + box(b"mdia", media)))
    return FTYP + box(b"mdat", data) + moov


AT = len(FTYP) + 8
ONE_CHUNK = table(b"stsc", 1, 1, 5, 1)
TABLES = {
    "sizes one by one": (table(b"stsz", 0, 5, 1, 2, 3, 2, 2) + ONE_CHUNK + table(b"stco", 1, AT), True),
    "one size for all": (table(b"stsz", 2, 5) + ONE_CHUNK + table(b"stco", 1, AT), True),
    "64-bit places": (
        table(b"stsz", 2, 5) + ONE_CHUNK + box(b"co64", bytes(4) + struct.pack(">IQ", 1, AT)), True
    ),
    "sizes in 4 bits": (
        box(b"stz2", bytes(7) + b"\4" + struct.pack(">I", 5) + b"\x22\x22\x20") + ONE_CHUNK + table(b"stco", 1, AT),
        True,
    ),
    "sizes in 16 bits": (
        box(b"stz2", bytes(7) + b"\x10" + struct.pack(">I5H", 5, 2, 2, 2, 2, 2)) + ONE_CHUNK + table(b"stco", 1, AT),
        True,
    ),
    "two chunks by one run": (
        table(b"stsz", 2, 4) + table(b"stsc", 1, 1, 2, 1) + table(b"stco", 2, AT, AT + 6), True
    ),
    "a frame too large": (table(b"stsz", 0, 5, 1, 2, 3, 2, 3) + ONE_CHUNK + table(b"stco", 1, AT), False),
    "a frame behind the end": (table(b"stsz", 2, 5) + ONE_CHUNK + table(b"stco", 1, AT + 1), False),
    "a frame in front of the data": (table(b"stsz", 2, 5) + ONE_CHUNK + table(b"stco", 1, AT - 1), False),
    "frames without a place": (table(b"stsz", 2, 6) + ONE_CHUNK + table(b"stco", 1, AT), False),
    "no places": (table(b"stsz", 2, 5) + ONE_CHUNK, False),
    "no runs": (table(b"stsz", 2, 5) + table(b"stco", 1, AT), False),
    "no frames": (table(b"stsz", 0, 0) + table(b"stsc", 0) + table(b"stco", 0), False),
    "runs out of order": (
        table(b"stsz", 2, 4) + table(b"stsc", 2, 2, 2, 1, 1, 2, 1) + table(b"stco", 2, AT, AT), False
    ),
    "a count that nothing bears out": (table(b"stsz", 0, 2**32 - 1, 1) + ONE_CHUNK + table(b"stco", 1, AT), False),
    "more places than there are": (table(b"stsz", 2, 5) + ONE_CHUNK + table(b"stco", 2**31, AT), False),
}  # fmt: skip


@pytest.mark.parametrize(("samples", "good"), TABLES.values(), ids=TABLES)
def test_C3_a_video_is_whole_where_its_frames_are_in_its_data(samples: bytes, good: bool) -> None:
    assert is_whole(placed(samples)) is good


def test_C3_sound_alone_is_no_video_and_sound_that_is_cut_no_whole_one() -> None:
    samples = table(b"stsz", 2, 5) + ONE_CHUNK + table(b"stco", 1, AT)
    with pytest.raises(BadVideo, match="without pictures"):
        walk(placed(samples, handler=b"soun"))
    sound = track([4], [(AT + 500, 1)], handler=b"soun", number=2)
    video = FTYP + box(b"mdat", b"0123456789") + box(b"moov", track([10], [(AT, 1)]) + sound)
    with pytest.raises(BadVideo, match="its index has frames"):
        walk(video)


def test_C3_an_index_too_large_to_be_one_is_refused_before_it_comes() -> None:
    with pytest.raises(BadVideo, match="too large"):
        Walk().feed(FTYP + struct.pack(">I4s", 1 << 30, b"moov"))


def test_C3_nested_boxes_without_end_are_refused() -> None:
    deep = b"".join(struct.pack(">I4s", 8 * (100_000 - n), b"minf") for n in range(100_000))
    assert not is_whole(FTYP + box(b"mdat", b"x") + box(b"moov", box(b"trak", deep)))


BROKEN = {
    "a box smaller than its header": (box(b"ftyp") + struct.pack(">I4s", 7, b"free") + bytes(8), "byte 8"),
    "a large box smaller than its header": (box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 15) + bytes(8), "byte 8"),
    "other bytes behind the end": (clip(400) + b"\1\2\3\4" * 16, "byte 400"),
    "two indexes": (indexed(b"x") + box(b"moov"), "second index"),
    "no index": (box(b"ftyp") + box(b"mdat", b"x"), "without the index"),
    "no frames": (box(b"ftyp") + box(b"moov"), "without the frames"),
    "a large size that is cut": (box(b"ftyp") + struct.pack(">I4s", 1, b"mdat") + bytes(3), "cut off"),
    "an image in MP4 boxes": (box(b"ftyp", b"avif") + box(b"meta") + box(b"mdat", b"x"), "without the index"),
    "no track": (FTYP + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", b"x"), "without pictures"),
    "a fragment in front of the index": (FTYP + box(b"moof") + box(b"mdat", b"x"), "in front of the index"),
    "a fragment that is cut": (fragmented(b"one", b"two")[:-11], "a fragment lacks its frames"),
}


@pytest.mark.parametrize(("data", "why"), BROKEN.values(), ids=BROKEN)
def test_boxes_that_do_not_make_a_video_are_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadVideo, match=why):
        walk(data)


def test_a_file_of_another_size_than_was_looked_at_is_refused() -> None:
    walker = Walk()
    walker.feed(clip(400))
    with pytest.raises(BadVideo, match="400 of 401 bytes"):
        walker.finish(401)


STRANGERS = {
    "an HTML page": b"\n<!DOCTYPE html><html><title>Sign in</title>",
    "an HTML page ": b"<HTML><body>captive portal",
    "a JSON text": b'{"code": 1004, "message": "token expired"}',
    "an XML document (AccessDenied)": b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
    "an XML document": b"\xef\xbb\xbf<svg xmlns='x'></svg>",
    "a PNG image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a JPEG image": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a GIF image": b"GIF89a\1\0\1\0",
    "a WebP image": b"RIFF\x10\0\0\0WEBPVP8 ",
    "a WebM or Matroska video": b"\x1aE\xdf\xa3\x9fB\x86\x81",
    "a ZIP archive": b"PK\x03\x04\x14\0\0\0",
    "a Windows program (EXE)": b"MZ\x90\0\x03\0\0\0\x04",
    "a Linux program (ELF)": b"\x7fELF\x02\x01\x01\0",
    "a PDF document": b"%PDF-1.7\n",
    "plain text": b"Not authorised.\r\n",
    "plain text ": b"no",
    "data of an unknown kind": bytes(64),
    "an empty file": b"",
}


@pytest.mark.parametrize(("name", "data"), STRANGERS.items())
def test_D10_what_came_instead_is_named(name: str, data: bytes) -> None:
    with pytest.raises(BadVideo) as caught:
        walk(data)
    assert f"what came is {name.strip()}, not a video" in caught.value.message


def test_D28_frames_are_skipped_and_not_looked_at() -> None:
    """4 GiB of frames cost no more steps than there are pieces: each one is a comparison."""

    def spent(pieces: int) -> float:
        walker, piece = Walk(), bytes(1 << 16)
        walker.feed(box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 1 << 40))
        began = time.process_time()
        for _ in range(pieces):
            walker.feed(piece)
        return time.process_time() - began

    assert min(spent(20_000) for _ in range(3)) < 20 * max(min(spent(5_000) for _ in range(3)), 1e-3)


def test_T10_many_tiny_boxes_are_walked_in_linear_time() -> None:
    def spent(count: int) -> float:
        data = box(b"ftyp") + box(b"free") * count
        began = time.process_time()
        Walk().feed(data)
        return time.process_time() - began

    assert min(spent(40_000) for _ in range(3)) < 20 * max(min(spent(10_000) for _ in range(3)), 1e-3)
