from __future__ import annotations

import base64
import errno
import hashlib
import io
import os
import socket
import stat
import struct
import sys
import tempfile
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hailuo_cli.errors import DiskError, InvalidImage
from hailuo_cli.model import LocalImage, RemoteImage
from hailuo_cli.request import image_rules, images

T = TypeVar("T")

# images as bytes: built by hand where a header must lie, saved by Pillow where a real one is needed


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, between: bytes = b"", pixels: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = pixels or chunk(b"IDAT", zlib.compress(bytes(64)))
    return b"\x89PNG\r\n\x1a\n" + header + between + data + chunk(b"IEND", b"")


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg(width: int, height: int, before: bytes = b"", scan: bytes = b"\x12\xff\x00\x34\xff\xd0\x56") -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    return b"\xff\xd8" + before + frame + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + scan + b"\xff\xd9"


def webp(width: int, height: int, kind: bytes = b"VP8X") -> bytes:
    if kind == b"VP8X":
        content = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == b"VP8L":
        content = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + bytes(7)
    else:
        content = b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(8)
    riff = b"WEBP" + kind + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(riff)) + riff


def saved(kind: str, width: int = 320, height: int = 310, **options: Any) -> bytes:
    """A gradient as Pillow saves it."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, kind, **options)
    return file.getvalue()


RED = Image.new("RGB", (320, 310), "red")
THUMBNAIL = segment(0xE1, b"Exif\0\0" + jpeg(160, 120))
GOOD = {
    "png": saved("PNG"),
    "animated png": saved("PNG", save_all=True, append_images=[RED]),
    "jpeg": saved("JPEG"),
    "progressive jpeg": saved("JPEG", progressive=True),
    "jpeg with restarts": saved("JPEG", restart_marker_blocks=3),
    "jpeg with a whole thumbnail": saved("JPEG").replace(b"\xff\xd8", b"\xff\xd8" + THUMBNAIL, 1),
    "jpeg with padding": saved("JPEG").replace(b"\xff\xc0", b"\xff\xff\xc0", 1),
    "jpeg with more padding": saved("JPEG").replace(b"\xff\xc0", b"\xff\xff\xff\xff\xc0", 1),
    "lossy webp": saved("WEBP"),
    "lossless webp": saved("WEBP", lossless=True),
    "animated webp": saved("WEBP", save_all=True, append_images=[RED]),
}
MAKERS: dict[str, Callable[[int, int], bytes]] = {
    "png": png,
    "jpeg": jpeg,
    "webp": webp,
    "lossless webp": lambda width, height: webp(width, height, b"VP8L"),
    "lossy webp": lambda width, height: webp(width, height, b"VP8 "),
}
every_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
every_good_image = pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)


# ways to ask


def passed(content: bytes, limit: int = image_rules.LIMIT) -> LocalImage:
    """What these bytes are measured to be; the file is closed again."""
    image = images.local("-", limit=limit, stdin=io.BytesIO(content))
    image.file.close()
    return image


def refused(content: bytes, limit: int = image_rules.LIMIT) -> InvalidImage:
    return refused_as("-", limit=limit, stdin=io.BytesIO(content))


def refused_as(text: str, **options: Any) -> InvalidImage:
    with pytest.raises(InvalidImage) as caught:
        images.given(text, **options)
    assert caught.value.hint
    assert caught.value.exit == 2
    return caught.value


def outcome(ask: Callable[[], T]) -> T | InvalidImage:
    try:
        return ask()
    except InvalidImage as error:
        return error


def data_url(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


class WatchedFile(io.FileIO):
    """Counts the bytes that leave the disk, and may do something when the first are asked for."""

    count: ClassVar[int]
    at_first: ClassVar[Callable[[], object] | None]

    def readinto(self, buffer: Any) -> int | None:
        if act := WatchedFile.at_first:
            WatchedFile.at_first = None
            act()
        got = super().readinto(buffer)
        WatchedFile.count += got or 0
        return got


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[WatchedFile]:
    def fdopen(handle: int, _mode: str, *, buffering: int) -> BinaryIO:
        return io.BufferedReader(WatchedFile(handle), buffering)

    WatchedFile.count, WatchedFile.at_first = 0, None
    monkeypatch.setattr(os, "fdopen", fdopen)
    return WatchedFile


# good images


@every_good_image
def test_a_good_image_is_measured_like_pillow_does_and_left_open_at_its_start(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "start.dat"
    path.write_bytes(content)
    image = images.local(str(path))
    with image.file:
        assert image.file.read() == content
    with Image.open(io.BytesIO(content)) as known:
        assert (image.width, image.height) == known.size
        assert image.media_type == f"image/{(known.format or '').lower()}"
    assert (image.label, image.size) == (str(path), len(content))
    assert image.digest == hashlib.sha256(content).hexdigest()


@settings(max_examples=30, deadline=None)
@given(st.integers(301, 740), st.integers(301, 740), st.sampled_from(["PNG", "JPEG", "WEBP"]), st.booleans())
def test_every_size_is_measured_like_pillow_does(width: int, height: int, kind: str, other: bool) -> None:
    options: dict[str, dict[str, Any]] = {
        "PNG": {"optimize": other},
        "JPEG": {"progressive": other},
        "WEBP": {"lossless": other, "method": 0},
    }
    image = passed(saved(kind, width, height, **options[kind]))
    assert (image.width, image.height, image.media_type) == (width, height, f"image/{kind.lower()}")


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be replaced there")
def test_what_was_checked_is_what_is_sent_even_when_the_name_moves_on_to_another_file(tmp_path: Path) -> None:
    path, other = tmp_path / "start.png", tmp_path / "other.png"
    path.write_bytes(GOOD["png"])
    other.write_bytes(GOOD["jpeg"])
    image = images.local(str(path))
    other.replace(path)
    with image.file:
        assert image.file.read() == GOOD["png"]


@every_good_image
def test_bytes_behind_the_end_of_an_image_are_accepted(content: bytes) -> None:
    for trailer in (b"\0", b"ftypmp42" + bytes(200_000), content):
        assert passed(content + trailer).size == len(content + trailer)


def test_a_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "start.png").write_bytes(GOOD["png"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    image = images.given("~/start.png")
    assert isinstance(image, LocalImage)
    image.file.close()
    assert image.label == "~/start.png"


# size in bytes


@pytest.mark.parametrize(("size", "good"), [(999, True), (1000, False), (1001, False), (1002, False), (5000, False)])
def test_I4_the_size_is_less_than_the_limit_from_a_file_and_from_stdin(size: int, good: bool, tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(png(400, 400).ljust(size, b"\0"))
    if good:
        assert passed(path.read_bytes(), limit=1000).size == size
        images.local(str(path), limit=1000).file.close()
    else:
        assert "1,000" in refused(path.read_bytes(), limit=1000).message
        assert f"is {size:,} bytes; it must be less than 1,000" in refused_as(str(path), limit=1000).message


@pytest.mark.parametrize(
    ("size", "good"), [(image_rules.LIMIT - 1, True), (image_rules.LIMIT, False), (image_rules.LIMIT + 1, False)]
)
def test_the_limit_is_20_mib(size: int, good: bool, tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(png(400, 400))
    os.truncate(path, size)
    if good:
        images.local(str(path)).file.close()
    else:
        error = refused_as(str(path))
        assert error.message == f"{path} is {size:,} bytes; it must be less than 20,971,520 (20 MiB)"


def test_a_lower_limit_is_the_one_that_the_message_names() -> None:
    assert "less than 10,485,760 (10 MiB)" in refused(bytes(11 * image_rules.MIB), limit=10 * image_rules.MIB).message


def test_stdin_is_read_no_further_than_the_limit_and_one_byte() -> None:
    endless = io.BytesIO(bytes(100_000))
    assert "stdin is more than 1,000 bytes" in refused_as("-", stdin=endless, limit=1000).message
    assert endless.tell() == 1001


# sides


@every_maker
@pytest.mark.parametrize(("width", "height"), [(301, 301), (301, 752), (752, 301), (400, 1000), (1000, 400)])
def test_sides_just_within_the_rules_pass(make: Callable[[int, int], bytes], width: int, height: int) -> None:
    image = passed(make(width, height))
    assert (image.width, image.height) == (width, height)


@every_maker
@pytest.mark.parametrize(
    ("width", "height", "message", "hint"),
    [
        (
            300,
            1200,
            "is 300 px on its short side (300 × 1200); it must be more than 300",
            "make it larger, e.g. 720 × ",
        ),
        (600, 300, "is 300 px on its short side (600 × 300); it must be more than 300", "e.g. 1440 × 720"),
        (1, 1, "is 1 px on its short side (1 × 1); it must be more than 300", "e.g. 720 × 720"),
        (1800, 600, "is 3.00:1 (1800 × 600); allowed are 2:5 to 5:2", "crop it to 1500 × 600"),
        (600, 1800, "is 1:3.00 (600 × 1800); allowed are 2:5 to 5:2", "crop it to 600 × 1500"),
        (1001, 400, "is 2.51:1 (1001 × 400); allowed are 2:5 to 5:2", "crop it to 1000 × 400"),
        (400, 1001, "is 1:2.51 (400 × 1001); allowed are 2:5 to 5:2", "crop it to 400 × 1000"),
        (301, 753, "is 1:2.51 (301 × 753); allowed are 2:5 to 5:2", "crop it to 301 × 752"),
        (12000, 10001, "has 121 megapixels (12000 × 10001); at most 120 are allowed", "e.g. 2048 × 1706"),
    ],
)
def test_sides_outside_the_rules_are_refused_with_the_measure_and_the_fix(
    make: Callable[[int, int], bytes], width: int, height: int, message: str, hint: str
) -> None:
    error = refused(make(width, height))
    assert error.message == f"stdin {message}"
    assert hint in (error.hint or "")


@settings(deadline=None)
@given(st.integers(301, 16000), st.integers(301, 16000))
def test_what_a_hint_about_the_sides_proposes_would_pass(width: int, height: int) -> None:
    image = outcome(lambda: passed(png(width, height)))
    if isinstance(image, InvalidImage):
        wide, _, high = (image.hint or "").partition(", or add")[0].split()[-3:]
        assert passed(png(int(wide), int(high)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (png(65535, 65535), "has 4,295 megapixels (65535 × 65535)"),
        (jpeg(65535, 65535), "has 4,295 megapixels (65535 × 65535)"),
        (webp(2**24, 2**24), "has 281,474,977 megapixels"),
        (png(13300, 13300, b"", chunk(b"IDAT", zlib.compress(bytes(16 * 2**20), 1))), "has 177 megapixels"),
        (png(2**31 - 1, 2**31 - 1), "has 4,611,686,014,133 megapixels"),
        (png(2**31 - 1, 1), "is 1 px on its short side"),
        (png(0, 10), "is 0 px on its short side (0 × 10)"),
        (jpeg(0, 10), "is 0 px on its short side (0 × 10)"),
        (jpeg(640, 0), "is 0 px on its short side (640 × 0)"),
    ],
    ids=range(9),
)
def test_I1_a_pixel_bomb_is_refused_from_its_header_without_unpacking_it(content: bytes, message: str) -> None:
    tracemalloc.start()
    try:
        error = refused(content)
        assert tracemalloc.get_traced_memory()[1] < image_rules.MIB
    finally:
        tracemalloc.stop()
    assert message in error.message
    assert message in refused(content[:33]).message or content[0] == 0xFF, "the header alone is enough"


# whole files


@every_good_image
def test_I2_an_image_cut_at_any_byte_is_refused(content: bytes) -> None:
    for end in range(len(content)):
        with pytest.raises(InvalidImage):
            passed(content[:end])


def test_the_message_about_a_cut_image_says_what_is_missing() -> None:
    cut = {kind: refused(GOOD[kind][:-40]) for kind in ("png", "jpeg", "lossy webp")}
    assert "stdin is cut off or damaged: it ends too early (PNG, " in cut["png"].message
    assert "it has no end marker (JPEG, " in cut["jpeg"].message
    assert f"its header promises {len(GOOD['lossy webp'])} bytes (WebP, " in cut["lossy webp"].message


@pytest.mark.parametrize(
    "content",
    [
        png(400, 400)[:8] + chunk(b"CgBI", bytes(13)) + png(400, 400)[8:],
        png(400, 400).replace(b"IDAT", b"tEXt"),
        png(400, 400).replace(b"\0\0\0\x0dIHDR", b"\xff\xff\xff\xffIHDR"),
        b"\xff\xd8" + segment(0xE0, b"JFIF\0") + b"\xff\xd9",
        jpeg(400, 400).replace(b"\xff\xc0", b"\xff\xc4"),
        jpeg(400, 400).replace(b"\xff\xda", b"\xff\xdb"),
        jpeg(400, 400, before=b"\xff\xe0\0\1"),
        jpeg(400, 400, before=segment(0xDA, b"\1\1\0\0\x3f\0")),
        webp(400, 400, b"ALPH"),
        webp(400, 400, b"VP8L").replace(b"\x2f", b"\x2e", 1),
        webp(400, 400, b"VP8 ").replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"),
        b"RIFF" + bytes(4) + webp(400, 400)[8:],
    ],
)
def test_an_image_without_its_header_or_its_pixels_is_refused(content: bytes) -> None:
    assert "is cut off or damaged: " in refused(content).message


def test_a_jpeg_with_a_film_behind_it_is_walked_to_find_its_end() -> None:
    film = bytes(range(255)) * 1000
    assert b"\xff\xd9" not in film
    assert passed(GOOD["progressive jpeg"] + film).odd is None


@pytest.mark.parametrize(
    "trailer",
    [
        b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 400,
        b"\0" + bytes(range(255)) * 1000,
        b"\0\0<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>",
        b"PK\x03\x04\x14\0" + bytes(100),
        GOOD["png"],
    ],
    ids=["a film", "other bytes", "text", "an archive", "a picture"],
)
@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg"])
def test_a_jpeg_whose_end_marker_is_replaced_by_a_trailer_is_accepted_with_a_word(kind: str, trailer: bytes) -> None:
    assert "end marker" in (passed(GOOD[kind][:-2] + trailer).odd or "")


def test_a_jpeg_behind_an_empty_one_is_accepted() -> None:
    image = passed(b"\xff\xd8\xff\xd9" + GOOD["jpeg"])
    assert (image.width, image.height) == (passed(GOOD["jpeg"]).width, passed(GOOD["jpeg"]).height)


def test_a_jpeg_that_is_cut_is_refused_also_when_it_was_filled_up_with_zeros() -> None:
    for kind in ("jpeg", "progressive jpeg"):
        half = GOOD[kind][: len(GOOD[kind]) * 3 // 4]
        for cut in (half, half + bytes(5000), GOOD[kind][:-2]):
            assert "cut off or damaged" in refused(cut).message


# what is no image


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"GIF89a" + bytes(20), "a GIF"),
        (b"BM" + struct.pack("<IHHI", 99, 0, 0, 54), "a BMP"),
        (b"II*\0" + bytes(20), "a TIFF"),
        (b"MM\0*" + bytes(20), "a TIFF"),
        (b"\0\0\0\x1cftypavif" + bytes(20), "an AVIF"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "a HEIC"),
        (b"\0\0\0\x18ftypmp42" + bytes(20), "a film"),
        (b"RIFF\x10\0\0\0AVI LIST", "a film"),
        (b"\xff\x0a" + bytes(20), "a JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "an EPS"),
        (b"PK\x03\x04" + bytes(20), "an archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer (git lfs pull brings the image)"),
        (b"<!DOCTYPE html><html><svg></svg></html>", "an HTML page"),
        (b"\xef\xbb\xbf\n<html lang=en>", "an HTML page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"<?xml version='1.0'?>\n<!-- drawn by hand -->\n<svg>", "an SVG"),
        (b'{"error": "not found"}', "something that begins with 7b 22 65 72 72 6f 72 22"),
        (b"\xff\xd8", "something that begins with ff d8"),
    ],
)
@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_I2_another_kind_of_file_is_named_whatever_its_name_says(
    content: bytes, name: str, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"start.{ending}"
    path.write_bytes(content)
    assert refused_as(str(path)).message == f"{path} is {name}, not a JPEG, PNG or WebP image"


# files


def test_I4_an_empty_file_and_an_empty_stdin_are_refused(tmp_path: Path) -> None:
    (tmp_path / "start.png").touch()
    assert "is empty (0 bytes)" in refused_as(str(tmp_path / "start.png")).message
    assert refused(b"").message == "stdin is empty (0 bytes)"


@pytest.mark.parametrize("name", ["missing.png", "no/folder.png", "nul\0byte.png", "x" * 5000, "\ud800.png"])
def test_I4_a_path_that_cannot_be_opened_is_refused_by_name(name: str, tmp_path: Path) -> None:
    path = f"{tmp_path}/{name}"
    assert refused_as(path).message.startswith(f"{path} cannot be read: ")


@pytest.mark.parametrize(
    ("path", "label"), [("", "an empty path"), ("~nobody-of-that-name/a.png", "~nobody-of-that-name/a.png")]
)
def test_a_path_that_means_nothing_is_refused(path: str, label: str) -> None:
    assert refused_as(path).message.startswith(f"{label} cannot be read: ")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_I4_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(GOOD["png"])
    path.chmod(0)
    assert refused_as(str(path)).message == f"{path} cannot be read: Permission denied"


@pytest.mark.skipif(os.name == "nt", reason="there a directory cannot be opened at all")
def test_a_directory_and_a_device_are_refused(tmp_path: Path) -> None:
    assert refused_as(str(tmp_path)).message == f"{tmp_path} is a directory, not a file"
    assert refused_as(os.devnull).message == f"{os.devnull} is a device, not a file"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_a_socket_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("start.png")
        assert refused_as("start.png").message.startswith("start.png cannot be read: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_I4_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    os.mkfifo(path)
    errors: list[InvalidImage] = []
    asking = threading.Thread(target=lambda: errors.append(refused_as(str(path))))
    asking.start()
    asking.join(10)
    waits = asking.is_alive()
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))  # lets go of a reader that did wait
    asking.join()
    assert not waits
    assert [error.message for error in errors] == [f"{path} is a pipe, not a file"]


@pytest.mark.parametrize("size", [len(GOOD["png"]), len(GOOD["png"]) + 300_000])
def test_I4_a_file_that_changes_its_length_while_being_read_is_refused(
    size: int, watched: type[WatchedFile], tmp_path: Path
) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(GOOD["png"].ljust(200_000, b"\0"))
    watched.at_first = lambda: os.truncate(path, size)
    assert refused_as(str(path)).message == f"{path} changed while being read (it was 200,000 bytes)"


@pytest.mark.parametrize("content", [GOOD["png"], GOOD["jpeg"], GOOD["lossy webp"]])
def test_I4_a_file_that_is_emptied_while_being_read_is_refused(
    content: bytes, watched: type[WatchedFile], tmp_path: Path
) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(content)
    watched.at_first = lambda: os.truncate(path, 0)
    refused_as(str(path))


def failing(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


def test_a_disk_that_fails_while_reading_is_reported_as_such(watched: type[WatchedFile], tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(GOOD["png"])
    watched.at_first = failing(OSError(errno.EIO, "Input/output error"))
    assert refused_as(str(path)).message == f"{path} cannot be read: Input/output error"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files cannot be counted here")
def test_a_refused_image_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - as short-lived as can be
    for content in (b"", b"GIF89a", png(1, 1), GOOD["png"][:-1]):
        path.write_bytes(content)
        for text in (str(path), str(tmp_path), "-"):
            error = refused_as(text, stdin=io.BytesIO(content))
            assert os.listdir("/proc/self/fd") == before, error  # noqa: PTH208


# stdin


def test_stdin_is_kept_in_a_file_of_its_own() -> None:
    image = images.given("-", stdin=io.BytesIO(GOOD["jpeg"]))
    assert isinstance(image, LocalImage)
    with image.file:
        assert (image.label, image.file.read()) == ("stdin", GOOD["jpeg"])
        assert stat.S_ISREG(os.fstat(image.file.fileno()).st_mode)


def test_stdin_is_the_one_of_the_process_where_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD["png"])))
    images.local("-").file.close()
    monkeypatch.setattr(sys, "stdin", None)
    assert refused_as("-").message == "stdin is empty (0 bytes)"


def test_a_stdin_that_is_closed_or_fails_is_refused() -> None:
    closed = io.BytesIO()
    closed.close()
    assert refused_as("-", stdin=closed).message.startswith("stdin cannot be read: ")


def test_a_full_temporary_folder_is_an_error_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: failing(OSError(errno.ENOSPC, "No space left"))())
    with pytest.raises(DiskError, match="No space left"):
        images.local("-", stdin=io.BytesIO(GOOD["png"]))


# addresses


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.com/a.png", "https://example.com/a.png"),
        ("https://example.com:8443/a.png?sig=a%20b#c", "https://example.com:8443/a.png?sig=a%20b#c"),
        ("HTTPS://Example.com/ä.png", "https://Example.com/ä.png"),
        (data_url(GOOD["png"]), data_url(GOOD["png"])),
        (data_url(GOOD["jpeg"], "jpeg"), data_url(GOOD["jpeg"], "jpeg")),
        (data_url(GOOD["lossy webp"], "webp"), data_url(GOOD["lossy webp"], "webp")),
        (data_url(GOOD["png"]).replace("data:image/png;base64", "DATA:Image/PNG;Base64"), data_url(GOOD["png"])),
    ],
)
def test_an_https_address_and_a_data_url_are_passed_on(text: str, url: str) -> None:
    assert images.given(text) == images.remote(text) == RemoteImage(url)


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/a.png",
        "HTTP://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "file:start.png",
        "ftp://example.com/a.png",
        "javascript:alert(1)",
        "https+unix://a/b",
        "https://",
        "https:///a.png",
        "https://example.com/a b.png",
        "https://example.com/a.png\r\nHost: other",
        "https://example.com/\ud800.png",
        "https://example.com:99999/a.png",
        "https://[::1/a.png",
    ],
)
def test_I5_every_other_address_is_refused_and_nothing_is_opened(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", failing(AssertionError("opened")))
    assert "https address" in refused_as(text).message
    with pytest.raises(InvalidImage):
        images.remote(text)


def test_E18_a_refused_address_is_shown_without_its_query() -> None:
    assert refused_as("http://a.example/b.png?token=t0p").message == "http://a.example/b.png is no https address"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data:", "is no data: URL of an image"),
        ("data:,hello", "is no data: URL of an image"),
        ("data:text/html;base64,PGh0bWw+", "is no data: URL of an image"),
        ("data:image/gif;base64,R0lGODlh", "is no data: URL of an image"),
        ("data:image/png,%89PNG", "is no data: URL of an image"),
        ("data:image/png;base64,", "the data: URL is empty (0 bytes)"),
        ("data:image/png;base64,iVBOR", "the data: URL is not base64"),
        ("data:image/png;base64,iVBO Rw0=", "the data: URL is not base64"),
        ("data:image/png;base64,é", "the data: URL is not base64"),
        ("data:image/png;base64,R0lGODlh", "the data: URL is a GIF"),
        (data_url(GOOD["jpeg"], "png"), "the data: URL says image/png and holds image/jpeg"),
        (data_url(GOOD["png"][:-1]), "the data: URL is cut off"),
        (data_url(png(300, 400)), "the data: URL is 300 px on its short side"),
        (data_url(png(400, 400).ljust(image_rules.LIMIT, b"\0")), "the data: URL is 20,971,520 bytes; it must be less"),
        (data_url(bytes(image_rules.LIMIT + 9)), "bytes; it must be less than 20,971,520"),
    ],
    ids=range(15),  # an address of 20 MiB makes a poor name
)
def test_a_data_url_keeps_the_same_rules(text: str, message: str) -> None:
    assert message in refused_as(text).message


def test_a_data_url_that_is_far_too_long_is_not_even_decoded() -> None:
    assert (
        "is about 1,500 bytes; it must be less" in refused_as("data:image/png;base64," + 2000 * "!", limit=1000).message
    )


def test_a_data_url_of_one_byte_below_the_limit_passes() -> None:
    for limit in range(1000, 1006):
        assert images.given(data_url(png(400, 400).ljust(limit - 1, b"\0")), limit=limit)
        refused_as(data_url(png(400, 400).ljust(limit, b"\0")), limit=limit)


# cost of a check


def test_a_large_jpeg_is_judged_by_less_than_1_mb_of_it(watched: type[WatchedFile], tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    profile = b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes(65_000)) for _ in range(40))
    path.write_bytes(jpeg(8000, 6000, before=THUMBNAIL + profile, scan=bytes(16 * image_rules.MIB)))
    assert path.stat().st_size > 18 * image_rules.MIB
    image = images.local(str(path))
    image.file.close()
    assert watched.count - image.size < 150_000


def test_a_large_png_in_small_pieces_is_judged_by_a_tenth_of_it(watched: type[WatchedFile], tmp_path: Path) -> None:
    path = tmp_path / "painting.png"
    path.write_bytes(png(4000, 3000, b"", chunk(b"IDAT", bytes(8192)) * 2000))
    image = images.local(str(path))
    image.file.close()
    assert watched.count - image.size < image.size / 10


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff" * 300_000,
        b"\xff\xd8\xff\xe0\0\2" + b"\0" * 300_000,
        b"\xff\xd8" + b"\xff\xe0\0\2" * 75_000,
        b"\xff\xd8" + b"\xff\xe0\0\2\x0a" * 60_000,
        jpeg(400, 400, scan=segment(0xDA, b"") * 60_000)[:-2] + bytes(70_000),
        png(400, 400, b"".join(chunk(b"%04x" % number, b"") for number in range(25_000)))[:-1],
    ],
    ids=["padding", "junk", "segments", "junk between segments", "scans", "chunks"],
)
def test_a_hostile_file_is_read_a_few_times_at_most_and_takes_no_memory(
    content: bytes, watched: type[WatchedFile], tmp_path: Path
) -> None:
    path = tmp_path / "start.png"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        refused_as(str(path))
        assert tracemalloc.get_traced_memory()[1] < image_rules.MIB
    finally:
        tracemalloc.stop()
    assert watched.count < 5 * len(content) + 200_000
