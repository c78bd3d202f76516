"""`--fit` where it is used: from a file to the very bytes that go out, and in the errors that name it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from hailuo_cli.errors import InvalidImage
from hailuo_cli.request import images
from hailuo_cli.request.fit import Fit

from ..support.command import hailuo

MAKERS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "small": (lambda path: Image.new("RGB", (200, 200)).save(path, "PNG"), ("scale",)),
    "small and long": (lambda path: Image.new("RGB", (200, 20)).save(path, "PNG"), ("crop", "pad")),
    "long": (lambda path: Image.new("RGB", (2000, 400)).save(path, "JPEG"), ("crop", "pad")),
    "a GIF": (lambda path: Image.new("RGB", (400, 400)).save(path, "GIF"), ("scale",)),
    "a BMP": (lambda path: Image.new("RGB", (400, 400)).save(path, "BMP"), ("scale",)),
    "a TIFF": (lambda path: Image.new("RGB", (400, 400)).save(path, "TIFF"), ("scale",)),
    "an AVIF": (lambda path: Image.new("RGB", (400, 400)).save(path, "AVIF"), ("scale",)),
    "too many bytes": (lambda path: Image.effect_noise((400, 400), 90).save(path, "PNG"), ("scale",)),
    "no picture": (lambda path: path.write_bytes(b"<html>"), ()),
    "cut off": (lambda path: path.write_bytes(noise()[:3000]), ()),
}
LIMIT = 100_000


def noise() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("name", MAKERS)
def test_an_error_names_the_ways_that_would_mend_it_and_they_do(name: str, tmp_path: Path) -> None:
    make, ways = MAKERS[name]
    path = tmp_path / "frame"
    make(path)
    with pytest.raises(InvalidImage) as caught:
        images.local(str(path), limit=LIMIT)
    assert caught.value.mended_by == ways
    assert all(f"--fit {way}" in str(caught.value.hint) for way in ways)
    assert ("--fit" in str(caught.value.hint)) == bool(ways)
    for way in Fit:
        if way.value in ways or ways == ("scale",):
            image = images.local(str(path), limit=LIMIT, how=way)
            assert image.notes
            content = image.file.read()
            image.file.close()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (image.size, image.digest)
            assert len(content) < LIMIT
        else:
            with pytest.raises(InvalidImage):
                images.local(str(path), limit=LIMIT, how=way)


def test_a_good_file_is_sent_from_its_own_bytes(frame: Path) -> None:
    plain, fitted = images.local(str(frame)), images.local(str(frame), how=Fit.CROP)
    assert (fitted.digest, fitted.notes) == (plain.digest, ())
    plain.file.close()
    fitted.file.close()


def test_stdin_is_made_fit_even_where_it_is_larger_than_the_limit() -> None:
    image = images.local("-", limit=LIMIT, stdin=io.BytesIO(noise()), how=Fit.SCALE)
    assert image.size < LIMIT < len(noise())
    image.file.close()


@pytest.mark.parametrize("address", ["https://example.com/a.png?sig=1", "data:image/png;base64,AAAA"])
def test_an_address_is_not_made_fit_and_this_is_said(address: str) -> None:
    with pytest.raises(InvalidImage, match="passed on as it is"):
        images.given(address, how=Fit.CROP)


def test_an_image_that_was_made_fit_is_kept_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    Image.new("RGB", (2000, 400), "red").save(path)
    image = images.local(str(path), how=Fit.CROP)
    kept = images.keep(image, tmp_path / "data" / "images")
    assert kept.name == f"{image.digest}.png"
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == image.digest
    assert image.file.tell() == 0, "it is still to be sent"
    assert images.keep(image, tmp_path / "data" / "images") == kept
    assert len(list(kept.parent.iterdir())) == 1
    image.file.close()


def test_check_says_in_one_line_what_was_done(tmp_path: Path) -> None:
    path = tmp_path / "long.gif"
    Image.new("RGB", (2000, 400), "red").save(path)
    ran = hailuo("check", "a bay", "--image", str(path), "--provider", "pixelbyte", "--fit", "crop")
    assert ran.code == 0
    (line,) = [line for line in ran.err.splitlines() if "cropped" in line]
    assert "cropped from 2000 × 400 to 1000 × 400" in line
    assert "GIF to PNG" in line
    assert not (tmp_path / "data" / "images").exists(), "check keeps nothing"


def test_what_goes_out_is_what_was_fitted(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    Image.new("RGB", (2000, 400), "red").save(path)
    words = ("a bay", "--image", str(path), "--provider", "pixelbyte")
    assert hailuo("submit", *words, "--dry-run").code == 2
    ran = hailuo("submit", *words, "--dry-run", "--fit", "pad", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["ok"]


def test_an_order_keeps_the_image_that_it_sent(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    Image.new("RGB", (100, 100), "red").save(path)
    ran = hailuo("submit", "a bay [Static shot]", "--image", str(path), "--provider", "sandbox", "--fit", "scale")
    assert ran.code == 0, ran.err
    (kept,) = (tmp_path / "data" / "images").iterdir()
    with Image.open(kept) as image:
        assert image.size == (720, 720)


@pytest.mark.parametrize("word", ["stretch", ""])
def test_another_way_is_refused(word: str, frame: Path) -> None:
    ran = hailuo("check", "a bay", "--image", str(frame), "--provider", "pixelbyte", "--fit", word)
    assert ran.code == 2
    assert "crop" in ran.err


def test_a_profile_can_ask_for_it_and_only_for_a_way_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "small.gif"
    Image.new("RGB", (400, 400), "red").save(path)
    config = tmp_path / "hailuo.toml"
    config.write_text('[profiles.a]\nfit = "pad"\n')
    words = ("check", "a bay", "--image", str(path), "--provider", "pixelbyte", "--config", str(config))
    assert hailuo(*words, "--profile", "a").code == 0
    config.write_text('[profiles.a]\nfit = "cropp"\n')
    ran = hailuo(*words, "--profile", "a")
    assert ran.code == 2
    assert "hailuo.toml:2" in ran.err
    assert 'fit: must be "crop" or "pad" or "scale"' in ran.err
