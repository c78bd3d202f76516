"""Text in lines: broken, sized to its room, and drawn with whichever font has a letter."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ImageDraw

from .fonts import LATIN, Face, Typeface

Colour = tuple[int, int, int]

_BAR: Colour = (158, 132, 162)
_STAND_INS = str.maketrans({"–": "-", "—": "-", "−": "-", "→": ">", "•": "·", "×": "x", "、": ",", "。": "."})
# Chinese, Japanese and Korean break between any two characters, other scripts at spaces
_EAST_ASIAN = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_EAST_ASIAN}][,.!?:;)]*\s*|[^\s{_EAST_ASIAN}]+\s*")
_LONGEST_UNIT = 24
_LEADING = 1.32


def tidy(text: str) -> str:
    """A text on one line: single spaces, composed, without controls."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(letter for letter in text if unicodedata.category(letter)[0] != "C")


def plain(text: str, typeface: Typeface = LATIN) -> str:
    """The nearest text that the fonts may have: what they lack loses its accents or becomes what looks alike."""
    return "".join(_simpler(letter, typeface) for letter in tidy(text))


@dataclass(frozen=True)
class Lines:
    """Text broken into lines, at a size in pixels."""

    lines: tuple[str, ...]
    points: float
    typeface: Typeface = LATIN

    @property
    def height(self) -> float:
        """How high it stands, in pixels."""
        return len(self.lines) * self.points * _LEADING

    def write(self, pen: ImageDraw.ImageDraw, left: float, top: float, colour: Colour) -> None:
        """What no font has becomes a bar, as typesetters sketch text that is not there yet."""
        for number, line in enumerate(self.lines):
            x, base = left, top + (number * _LEADING + 1) * self.points
            for run, face in _runs(line, self.typeface):
                if face:
                    font = face.sized(self.points)
                    pen.text((x, base), run, colour, font, anchor="ls")
                    x += font.getlength(run)
                    continue
                for letter in run:
                    wide = _bar(letter) * self.points
                    box = (x + 0.06 * self.points, base - 0.6 * self.points, x + wide - 0.06 * self.points, base)
                    pen.rounded_rectangle(box, 0.12 * self.points, _BAR)
                    x += wide


def fitted(text: str, width: float, height: float, points: float, typeface: Typeface = LATIN) -> Lines:
    """The text broken into lines, as large as fits and at most `points`; what fits at no size ends in an ellipsis."""
    least = points * 0.32
    while True:
        lines = Lines(tuple(_broken(text, width / points, typeface)), points, typeface)
        if lines.height <= height:
            return lines
        if points <= least:
            whole = lines.lines[: max(1, int(height / (points * _LEADING)))]
            return Lines((*whole[:-1], whole[-1][:-1].rstrip() + "…"), points, typeface)
        points = max(points * 0.93, least)


def _broken(text: str, width: float, typeface: Typeface) -> Iterator[str]:
    """`width` is in multiples of the font's size."""
    line = ""
    for unit in _UNIT.findall(text):
        for piece in (unit[n : n + _LONGEST_UNIT] for n in range(0, len(unit), _LONGEST_UNIT)):
            if line and _length(line + piece.rstrip(), typeface) > width:
                yield line.rstrip()
                line = ""
            line += piece
    yield line.rstrip()


def _length(text: str, typeface: Typeface) -> float:
    # letter by letter: joined scripts come out a little too long, which breaks their lines a little early
    return sum(_advance(letter, typeface.face(letter)) for letter in text)


@functools.lru_cache(maxsize=16384)
def _advance(letter: str, face: Face | None) -> float:
    return face.sized(_SAMPLE).getlength(letter) / _SAMPLE if face else _bar(letter)


def _bar(letter: str) -> float:
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56


def _runs(line: str, typeface: Typeface) -> Iterator[tuple[str, Face | None]]:
    """Pieces of one font each, so that a font may join and order its letters; a blank belongs to what is before it."""
    run, now = "", None
    for letter in line:
        face = now if run and letter.isspace() and now else typeface.face(letter)
        if run and face != now:
            yield run, now
            run = ""
        run, now = run + letter, face
    if run:
        yield run, now


def _simpler(letter: str, typeface: Typeface) -> str:
    if typeface.face(letter):
        return letter
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    near = _STAND_INS.get(ord(letter), bare)
    return near if near and not typeface.lacks(near) else letter


_SAMPLE = 100
