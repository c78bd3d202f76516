"""T9 and T10: images and videos as bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from functools import cache

from hypothesis import strategies as st

from hailuo_cli.errors import BadVideo, InvalidImage
from hailuo_cli.model import LocalImage
from hailuo_cli.request import images
from hailuo_cli.saving.file_kinds import described
from hailuo_cli.saving.mp4 import Walk
from tests.request.test_images import GOOD, MAKERS
from tests.saving.test_mp4 import is_whole, trees
from tests.support.clips import box
from tests.support.standin import small_video

from .inputs import addresses, texts
from .target import target

SIDES = st.integers(0, 2**14) | st.sampled_from([2**16 - 1, 2**31 - 1, 13_300, 300, 301])
beginnings = st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x16\0\0\0WEBPVP8X", b"<"])


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """A good file with a few bytes changed, taken out or put in, mostly where its header is."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, 64) | st.integers(0, len(found)))
        found[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(found)


pictures = st.sampled_from(list(GOOD.values())).flatmap(damaged) | st.tuples(beginnings, st.binary(max_size=300)).map(
    b"".join
)


def measured(content: bytes) -> LocalImage | InvalidImage:
    try:
        image = images.local("-", stdin=io.BytesIO(content))
    except InvalidImage as error:
        return error
    image.file.close()
    return image


@target(content=pictures, examples=[{"content": content} for content in (b"\xff\xd8\xff", b"\xff\xd8\xff\xff")])
def test_T9_any_bytes_are_an_image_with_plausible_measures_or_an_invalid_image(content: bytes) -> None:
    image = measured(content)
    if isinstance(image, InvalidImage):
        assert image.message.startswith("stdin ")
        assert image.hint
        return
    short, long = sorted((image.width, image.height))
    assert 300 < short <= long <= short * 5 / 2
    assert short * long <= 120_000_000
    assert image.size == len(content)
    assert image.digest == hashlib.sha256(content).hexdigest()
    assert image.media_type in ("image/jpeg", "image/png", "image/webp")


@target(kind=st.sampled_from(sorted(GOOD)), part=st.floats(0, 1, exclude_max=True))
def test_T9_a_good_image_cut_anywhere_before_its_end_marker_is_refused(kind: str, part: float) -> None:
    content = GOOD[kind]
    assert isinstance(measured(content), LocalImage)
    assert isinstance(measured(content[: int(part * (len(content) - 2))]), InvalidImage)


@target(make=st.sampled_from(sorted(set(MAKERS) - {"webp"})), width=SIDES, height=SIDES)
def test_T9_a_header_may_say_any_size_and_only_an_allowed_one_passes(make: str, width: int, height: int) -> None:
    try:
        content = MAKERS[make](width, height)
    except Exception:  # noqa: BLE001 - this format cannot say so
        return
    image = measured(content)
    if isinstance(image, LocalImage):
        assert min(image.width, image.height) > 300
        assert image.width * image.height <= 120_000_000


@target(text=texts | addresses | st.from_regex(r"(https?|data|file|ftp):.{0,40}"))
def test_T9_any_text_is_an_address_or_an_invalid_image(text: str) -> None:
    try:
        image = images.remote(text)
    except InvalidImage as error:
        assert error.hint
        return
    assert image.url.startswith("https:")


@cache
def borders(video: bytes) -> list[int]:
    """Where the top-level boxes of a good video begin and end."""

    def ends() -> Iterator[int]:
        at = 0
        while at < len(video):
            yield at
            at += int.from_bytes(video[at : at + 4], "big")

    return [*ends(), len(video)]


@target(
    data=st.binary(max_size=200) | damaged(small_video()) | st.binary(max_size=40).map(lambda end: box(b"ftyp") + end)
)
def test_T10_any_bytes_are_a_video_or_a_bad_one(data: bytes) -> None:
    assert described(data)
    if is_whole(data):
        assert b"moov" in data
        assert b"mdat" in data
        tail = data[sized(data) :]
        assert not any(tail[:4]), "the boxes add up, the last one goes to the end, or zeros fill up the file"


def sized(data: bytes) -> int:
    """Where the boxes that state a size end."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            break
        at += size
    return at


@target(near=st.sampled_from(range(50)), offset=st.integers(-16, 16), part=st.floats(0, 1, exclude_max=True))
def test_T10_a_real_video_cut_anywhere_is_not_whole(near: int, offset: int, part: float) -> None:
    video = small_video()
    found = borders(video)
    assert is_whole(video)
    for cut in (found[near % len(found)] + offset, int(part * len(video))):
        if 0 <= cut < len(video):
            assert not is_whole(video[:cut])


@target(tree=trees(), data=st.data())
def test_T10_only_a_file_whose_boxes_add_up_is_whole(tree: tuple[list[bytes], int], data: st.DataObject) -> None:
    boxes, first_whole = tree
    file = b"".join(boxes)
    walk = Walk()
    at = 0
    for size in (*data.draw(st.lists(st.integers(1, 30), max_size=20)), len(file)):
        walk.feed(file[at : at + size])
        at += size
    walk.finish(len(file))
    cut = data.draw(st.integers(0, len(file) - 1))
    ends = {len(b"".join(boxes[:count])) for count in range(first_whole, len(boxes))}
    filled_up = {end + more for end in ends for more in range(1, 8) if not any(file[end : end + more])}
    assert is_whole(file[:cut]) is (cut in ends | filled_up)
    rest = data.draw(st.binary(min_size=1, max_size=7))
    assert is_whole(file + rest) is not any(rest)


@target(data=st.binary(max_size=100))
def test_T10_a_refusal_of_a_video_says_what_came(data: bytes) -> None:
    walk = Walk()
    try:
        walk.feed(data)
        walk.finish(len(data))
    except BadVideo as error:
        assert error.exit == 12
        assert error.message.isprintable()
