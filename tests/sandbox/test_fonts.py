"""Fonts for the sandbox's cards: which is chosen for which text, and that it is drawn with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from hailuo_cli.sandbox import card, fonts, lettering
from hailuo_cli.sandbox.fonts import BUILT_IN, LATIN, Face, Typeface, found

Having = Callable[[str], "_Stand"]


class _Stand(Face):
    """A font that has just some letters."""

    def __init__(self, letters: str) -> None:
        super().__init__(letters)

    def has(self, letter: str) -> bool:
        return letter.isspace() or letter in (self.path or "")

    def sized(self, points: float) -> fonts.Font:
        return ImageFont.load_default(points)


def candidates(*faces: Face) -> Callable[[str], Iterable[Face]]:
    return lambda letter: faces


def test_what_pillow_has_needs_no_other_font() -> None:
    def none(letter: str) -> Iterable[Face]:
        raise AssertionError("nobody had to be asked")

    assert found("A lighthouse at dusk.", none) == LATIN


def test_one_font_that_has_everything_draws_everything() -> None:
    greek, all_of_it = _Stand("φάρος"), _Stand("φάρος at dusk")
    assert found("φάρος at dusk", candidates(greek, all_of_it)).faces == (all_of_it, BUILT_IN)


def test_several_scripts_get_several_fonts() -> None:
    greek, russian = _Stand("φάρος"), _Stand("маяк")
    typeface = found("φάρος маяк dusk", candidates(russian, greek))
    assert set(typeface.faces) == {BUILT_IN, greek, russian}
    assert (typeface.face("φ"), typeface.face("м"), typeface.face("d")) == (greek, russian, BUILT_IN)
    assert not typeface.lacks("φάρος маяк dusk")


def test_what_no_font_has_is_lacking_and_the_rest_is_drawn() -> None:
    typeface = found("φ猫", candidates(_Stand("φ")))
    assert typeface.lacks("猫")
    assert not typeface.lacks("φ")


def test_a_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"nothing")
    greek = _Stand("φ")
    assert found("φ", candidates(Face(str(tmp_path / "broken.ttf")), Face("/nowhere.ttf"), greek)).face("φ") == greek


@given(st.text(max_size=40))
def test_any_text_has_a_typeface_and_lines(text: str) -> None:
    typeface = found(text, candidates(_Stand("猫φ")))
    lines = lettering.fitted(lettering.plain(text, typeface), 300, 100, 30, typeface)
    lines.write(ImageDraw.Draw(Image.new("RGB", (320, 120))), 0, 0, (255, 255, 255))


def test_a_run_keeps_its_blanks_so_that_a_script_from_right_to_left_is_ordered_whole() -> None:
    typeface = Typeface((BUILT_IN, _Stand("منارةعندالغسق")))
    runs = list(lettering._runs("dusk منارة عند الغسق", typeface))
    assert [run for run, _ in runs] == ["dusk ", "منارة عند الغسق"]


def test_the_folders_of_each_system_are_known(tmp_path: Path) -> None:
    there = {
        "linux": tmp_path / ".local/share/fonts",
        "darwin": tmp_path / "Library/Fonts",
        "win32": tmp_path / "win/Fonts",
    }
    for platform, folder in there.items():
        folder.mkdir(parents=True)
        environ = {"HOME": str(tmp_path), "WINDIR": str(tmp_path / "win")}
        assert folder in list(fonts.folders(platform, environ))


def test_without_fontconfig_fonts_are_found_in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b/NotoSans-Bold.ttf", "b/NotoSans.ttf", "a/Weird.otf", "a/readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [Path(face.path or "").name for face in fonts._in_folders((tmp_path,))]
    assert names == ["NotoSans.ttf", "Weird.otf", "NotoSans-Bold.ttf"]
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert all(face.path for face in fonts.of_the_system("я"))


def test_fontconfig_is_asked_for_a_letter_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "fc-list"
    lines = "/f/Serif.ttf\\t0\\tDejaVu Serif Book\\n/f/Sans.ttf\\t65537\\tDejaVu Sans Book\\nnonsense\\n"
    tool.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/asked"\nprintf "{lines}"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert list(fonts.of_the_system("я")) == [Face("/f/Sans.ttf", 1), Face("/f/Serif.ttf", 0)]
    assert (tmp_path / "asked").read_text() == ":charset=44f:scalable=true\n"


def test_a_card_in_a_script_that_the_system_has_shows_its_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(face for face in fonts.of_the_system("я") if fonts._opens(face) and face.has("я")):
        monkeypatch.setattr(fonts, "of_the_system", candidates(_Stand("Маяк")))
    size = (640, 360)
    drawn, other = (card.drawn(text, "", [], size) for text in ("Маяк", "Мост"))
    assert drawn.tobytes() != other.tobytes()


def test_a_card_says_once_that_a_script_has_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "of_the_system", lambda letter: ())
    drawn, plain = (card.drawn(text, "", [], (640, 360)) for text in ("猫", "."))
    box = (100, 290, 540, 320)  # where the note stands
    assert drawn.crop(box).tobytes() != plain.crop(box).tobytes()
