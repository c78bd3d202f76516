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
from tests.support.clips import box, clip


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


@pytest.mark.parametrize("flags", [*LAYOUTS, "frag_keyframe+empty_moov"])
def test_a_real_video_is_whole(flags: str) -> None:
    assert walk(encoded(flags)).sealed is ("frag" not in flags)


@pytest.mark.parametrize("flags", LAYOUTS)
def test_D7_a_real_video_cut_at_any_byte_is_refused(flags: str) -> None:
    video = encoded(flags)
    assert [cut for cut in range(len(video)) if is_whole(video[:cut])] == []


@pytest.mark.parametrize("flags", LAYOUTS)
def test_a_real_video_fed_byte_by_byte_is_whole(flags: str) -> None:
    video = encoded(flags)
    walk(video, [1] * len(video))


def test_a_fragment_without_its_frames_is_refused() -> None:
    video = encoded("frag_keyframe+empty_moov")
    with pytest.raises(BadVideo, match="fragment"):
        walk(video[: video.rindex(b"mdat") - 4])


extra_boxes = st.builds(box, st.sampled_from([b"free", b"skip", b"wide", b"uuid", b"meta"]), st.binary(max_size=40))
wide_boxes = st.builds(lambda data: struct.pack(">I4sQ", 1, b"mdat", 16 + len(data)) + data, st.binary(max_size=40))
frames = st.builds(box, st.just(b"mdat"), st.binary(max_size=40)) | wide_boxes


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[bytes], int]:
    """The top-level boxes of a good file, and how many of them it needs before it is whole."""
    needed = draw(st.permutations([box(b"moov", draw(st.binary(max_size=60))), draw(frames)]))
    boxes = [box(b"ftyp", b"isom"), *draw(st.lists(extra_boxes, max_size=3)), needed[0]]
    boxes += [*draw(st.lists(extra_boxes | frames, max_size=3)), needed[1]]
    kinds = [b[4:8] for b in boxes]
    first_whole = max(kinds.index(b"moov"), kinds.index(b"mdat")) + 1
    return boxes + draw(st.lists(extra_boxes | frames, max_size=2)), first_whole


def test_a_last_box_to_the_end_of_the_file_is_whole_but_proves_nothing() -> None:
    head = box(b"ftyp", b"isom") + box(b"moov")
    assert not walk(head + b"\0\0\0\0mdat" + b"frames").sealed
    assert walk(head + box(b"mdat", b"frames")).sealed


BROKEN = {
    "a box smaller than its header": (box(b"ftyp") + struct.pack(">I4s", 7, b"free") + bytes(8), "byte 8"),
    "a large box smaller than its header": (box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 15) + bytes(8), "byte 8"),
    "zeros behind the end": (clip(400) + bytes(64), "byte 400"),
    "two indexes": (box(b"ftyp") + box(b"moov") * 2 + box(b"mdat", b"x"), "second index"),
    "no index": (box(b"ftyp") + box(b"mdat", b"x"), "without the index"),
    "no frames": (box(b"ftyp") + box(b"moov"), "without the frames"),
    "a large size that is cut": (box(b"ftyp") + struct.pack(">I4s", 1, b"mdat") + bytes(3), "cut off"),
    "an image in MP4 boxes": (box(b"ftyp", b"avif") + box(b"meta") + box(b"mdat", b"x"), "without the index"),
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
