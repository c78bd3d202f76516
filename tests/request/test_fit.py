"""Images made fit: each flaw is put into a real file, and what comes out is opened and looked at."""

from __future__ import annotations

import hashlib
import io
import struct
import sys
import zlib
from typing import Any

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from hailuo_cli.errors import InvalidImage
from hailuo_cli.request.fit import TARGET_LONG_SIDE, TARGET_SHORT_SIDE, Fit, Fitted, Limits, fit

LIMITS = Limits(bytes=20 << 20, short_side=300, most_pixels=120_000_000)


def picture(size: tuple[int, int] = (640, 400), mode: str = "RGB") -> Image.Image:
    """A blue picture with a red disc in the middle and a yellow mark in its upper left corner."""
    image = Image.new("RGB", size, "blue")
    pen = ImageDraw.Draw(image)
    radius = min(size) // 4
    pen.circle((size[0] // 2, size[1] // 2), radius, "red")
    pen.rectangle((0, 0, size[0] // 8, size[1] // 8), "yellow")
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def opened(fitted: Fitted) -> Image.Image:
    """The result as a provider opens it; what it says of itself is true and every rule is kept."""
    image = Image.open(io.BytesIO(fitted.content))
    image.load()
    assert Image.MIME[str(image.format)] == fitted.media_type
    assert image.size == (fitted.width, fitted.height)
    assert 2 * max(image.size) <= 5 * min(image.size)
    assert min(image.size) > 300
    return image


def near(image: Image.Image, at: tuple[float, float], colour: tuple[int, int, int], by: int = 40) -> bool:
    """Whether a place, in shares of width and height, has about this colour."""
    x, y = round(at[0] * (image.width - 1)), round(at[1] * (image.height - 1))
    seen = image.convert("RGB").getpixel((x, y))
    assert isinstance(seen, tuple)
    return all(abs(a - b) <= by for a, b in zip(seen, colour, strict=True))


RED, BLUE, YELLOW = (255, 0, 0), (0, 0, 255), (255, 255, 0)


@pytest.mark.parametrize("how", Fit)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(301, 301), (1000, 400), (400, 1000)])
def test_a_picture_that_keeps_the_rules_is_sent_as_it_is(how: Fit, kind: str, size: tuple[int, int]) -> None:
    source = saved(picture(size), kind)
    fitted = fit(source, how, LIMITS)
    assert fitted.content is source
    assert fitted.notes == ()
    opened(fitted)


@pytest.mark.parametrize("how", Fit)
@pytest.mark.parametrize(
    ("kind", "mode", "becomes"),
    [
        ("GIF", "P", "PNG"),
        ("BMP", "RGB", "PNG"),
        ("TIFF", "RGB", "PNG"),
        ("TIFF", "CMYK", "PNG"),
        ("AVIF", "RGB", "JPEG"),
    ],
)
def test_other_kinds_become_one_that_is_sent(how: Fit, kind: str, mode: str, becomes: str) -> None:
    fitted = fit(saved(picture(mode=mode), kind), how, LIMITS)
    image = opened(fitted)
    assert image.format == becomes
    assert f"{kind} to {becomes}" in fitted.notes
    assert image.size == (640, 400)
    assert near(image, (0.5, 0.5), RED)
    assert near(image, (0.95, 0.95), BLUE)


def test_heic_is_read_where_a_plugin_for_it_is_installed() -> None:
    pillow_heif.register_heif_opener()
    fitted = fit(saved(picture(), "HEIF"), Fit.CROP, LIMITS)
    assert "HEIC to JPEG" in fitted.notes
    assert near(opened(fitted), (0.5, 0.5), RED)


def test_heic_without_a_plugin_is_refused_with_the_package_that_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pillow_heif", "pi_heif"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(InvalidImage, match="HEIC") as caught:
        fit(b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + bytes(2000), Fit.CROP, LIMITS)
    assert "install" in str(caught.value.hint)
    assert "pillow-heif" in str(caught.value.hint)


@pytest.mark.parametrize("turn", range(2, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_is_turned_as_its_exif_says(turn: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    fitted = fit(saved(picture(), kind, exif=exif), Fit.SCALE, LIMITS)
    image = opened(fitted)
    assert "turned as its EXIF says" in fitted.notes
    assert image.size == ((640, 400) if turn < 5 else (400, 640))
    corner = {2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[turn]
    assert near(image, corner, YELLOW)
    assert 0x0112 not in image.getexif(), "or it would be turned again"


@pytest.mark.parametrize("size", [(2000, 400), (400, 2000), (4001, 801), (3, 3000)])
def test_crop_cuts_the_ends_off_and_keeps_the_middle(size: tuple[int, int]) -> None:
    fitted = fit(saved(picture(size), "PNG"), Fit.CROP, LIMITS)
    image = opened(fitted)
    assert fitted.notes[0].startswith(f"cropped from {size[0]} × {size[1]} to ")
    if min(size) > 100:
        assert max(image.size) / min(image.size) == pytest.approx(2.5, rel=0.01)
        assert near(image, (0.5, 0.5), RED)
        assert near(image, (0, 0), BLUE), "the corner with the mark was cut off"


@pytest.mark.parametrize("size", [(2000, 400), (400, 2000), (4001, 801)])
def test_pad_adds_bars_and_keeps_the_whole_picture(size: tuple[int, int]) -> None:
    fitted = fit(saved(picture(size), "PNG"), Fit.PAD, LIMITS)
    image = opened(fitted)
    long = 0 if size[0] > size[1] else 1
    assert image.size[long] == size[long]
    assert near(image, (0, 0), (0, 0, 0))
    assert near(image, (1, 1), (0, 0, 0))
    share = (1 - size[1 - long] / image.size[1 - long]) / 2 + 0.01
    assert near(image, (0.01, share) if long == 0 else (share, 0.01), YELLOW)


def test_scale_keeps_the_shape_and_says_which_ways_do_not() -> None:
    with pytest.raises(InvalidImage, match=r"5\.00:1") as caught:
        fit(saved(picture((2000, 400)), "PNG"), Fit.SCALE, LIMITS)
    assert "--fit crop" in str(caught.value.hint)
    assert "--fit pad" in str(caught.value.hint)


@pytest.mark.parametrize("how", Fit)
@pytest.mark.parametrize("size", [(300, 300), (300, 750), (200, 90), (16, 16)])
def test_a_small_picture_is_enlarged(how: Fit, size: tuple[int, int]) -> None:
    fitted = fit(saved(picture(size), "PNG"), how, LIMITS)
    image = opened(fitted)
    assert min(image.size) == TARGET_SHORT_SIDE
    assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert near(image, (0.5, 0.5), RED)
    assert any(note.startswith("enlarged from") for note in fitted.notes)


def test_a_picture_with_too_many_pixels_is_reduced() -> None:
    limits = Limits(bytes=20 << 20, short_side=300, most_pixels=20_000_000)
    fitted = fit(saved(picture((6000, 4000)), "JPEG"), Fit.SCALE, limits)
    assert opened(fitted).size == (TARGET_LONG_SIDE, 2731)
    assert fitted.notes == ("reduced from 6000 × 4000 to 4096 × 2731",)


def test_a_picture_with_too_many_pixels_to_decode_is_refused() -> None:
    with pytest.raises(InvalidImage, match="too many pixels"):
        fit(png((30000, 30000), 8, b""), Fit.SCALE, LIMITS)


def png(size: tuple[int, int], bits: int, rows: bytes) -> bytes:
    """A PNG in true colour, written by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", *size, bits, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("most", [100_000, 60_000])
def test_a_picture_of_too_many_bytes_is_encoded_until_it_fits(kind: str, most: int) -> None:
    noise = Image.effect_noise((900, 600), 40).convert("RGB")
    how = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    source = saved(noise, kind, **how)
    assert len(source) > most
    fitted = fit(source, Fit.SCALE, Limits(most, 300, 120_000_000))
    assert len(fitted.content) < most
    image = opened(fitted)
    assert image.width / image.height == pytest.approx(1.5, rel=0.01)
    assert fitted.notes


def test_a_picture_that_cannot_become_small_enough_is_refused() -> None:
    noise = Image.effect_noise((900, 600), 120).convert("RGB")
    with pytest.raises(InvalidImage, match="cannot be made smaller than 3,000 bytes"):
        fit(saved(noise, "PNG"), Fit.SCALE, Limits(3000, 300, 120_000_000))


def test_sixteen_bits_become_eight() -> None:
    rows = (b"\0" + struct.pack(">HHH", 0x8040, 0, 0xFFFF) * 400) * 400
    fitted = fit(png((400, 400), 16, rows), Fit.SCALE, LIMITS)
    assert "16 bits to 8" in fitted.notes
    image = opened(fitted)
    assert (image.mode, fitted.content[24]) == ("RGB", 8)
    assert near(image, (0.5, 0.5), (128, 0, 255), by=1)


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    grey = Image.new("I;16", (400, 400), 0x8040)
    image = opened(fit(saved(grey, "PNG"), Fit.SCALE, LIMITS))
    assert near(image, (0.5, 0.5), (128, 128, 128), by=1)


def test_cmyk_becomes_rgb() -> None:
    fitted = fit(saved(picture(mode="CMYK"), "JPEG", quality=95), Fit.SCALE, LIMITS)
    image = opened(fitted)
    assert fitted.notes == ("CMYK to RGB",)
    assert (image.mode, near(image, (0.5, 0.5), RED)) == ("RGB", True)


def swapped_profile() -> bytes:
    """A colour profile in which red and green have changed places."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = content.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    return content.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))


def test_another_colour_space_becomes_srgb() -> None:
    source = saved(picture(), "PNG", icc_profile=swapped_profile())
    fitted = fit(source, Fit.SCALE, LIMITS)
    image = opened(fitted)
    assert any(note.endswith(" to sRGB") and "Swap" in note for note in fitted.notes)
    assert near(image, (0.5, 0.5), (0, 255, 0))
    assert not image.info, "a profile made here would bear the time of day"


def test_a_profile_that_is_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = saved(picture(), "JPEG", icc_profile=profile)
    assert fit(source, Fit.SCALE, LIMITS).content is source


def test_a_broken_profile_is_left_out() -> None:
    source = saved(picture((200, 200)), "PNG", icc_profile=b"nonsense")
    image = opened(fit(source, Fit.SCALE, LIMITS))
    assert near(image, (0.5, 0.5), RED)


def test_what_is_transparent_becomes_white() -> None:
    image = picture((200, 200), "RGBA")
    image.paste((0, 0, 0, 0), (100, 0, 200, 200))
    fitted = fit(saved(image, "PNG"), Fit.SCALE, LIMITS)
    assert "what is transparent made white" in fitted.notes
    assert near(opened(fitted), (0.9, 0.5), (255, 255, 255))


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    source = saved(picture(), "GIF", save_all=True, append_images=[Image.new("RGB", (640, 400), "white")])
    fitted = fit(source, Fit.SCALE, LIMITS)
    assert "its first frame" in fitted.notes
    assert near(opened(fitted), (0.5, 0.5), RED)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "something that begins with"),
        (b"<html>no picture</html>", "an HTML page"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n", "an EPS"),
        (saved(picture(), "BMP")[:5000], "cut off or damaged"),
        (saved(picture((200, 200)), "PNG")[:300], "cut off or damaged"),
        (saved(picture((200, 200)), "PNG")[:20], "cut off or damaged"),
    ],
)
def test_what_is_no_whole_picture_is_refused_and_named(source: bytes, words: str) -> None:
    with pytest.raises(InvalidImage, match=words) as caught:
        fit(source, Fit.CROP, LIMITS, "frame.png")
    assert "frame.png" in caught.value.message


def test_the_same_picture_gives_the_same_bytes() -> None:
    source = saved(picture((2000, 400)), "WEBP")
    digests = {hashlib.sha256(fit(source, Fit.CROP, LIMITS).content).hexdigest() for _ in range(3)}
    assert len(digests) == 1


def test_without_pillow_the_right_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from hailuo_cli.errors import UsageError

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UsageError, match="extra") as caught:
        fit(b"", Fit.CROP, LIMITS)
    assert "films" in str(caught.value.hint)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([Fit.CROP, Fit.PAD]), st.sampled_from(["PNG", "JPEG"]))
def test_every_shape_ends_within_the_rules(width: int, height: int, how: Fit, kind: str) -> None:
    image = opened(fit(saved(Image.new("RGB", (width, height), "red"), kind), how, LIMITS))
    assert image.mode == "RGB"
