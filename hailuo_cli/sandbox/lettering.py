"""Text in the one font that Pillow brings along, which is Latin without accents."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]

_BAR: Colour = (158, 132, 162)
_STAND_INS = str.maketrans({"–": "-", "—": "-", "−": "-", "→": ">", "•": "·", "×": "x", "、": ",", "。": "."})
# Chinese, Japanese and Korean break between any two characters, other scripts at spaces
_EAST_ASIAN = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_EAST_ASIAN}][,.!?:;)]*\s*|[^\s{_EAST_ASIAN}]+\s*")
_LONGEST_UNIT = 24
_LEADING = 1.32


def plain(text: str) -> str:
    """The nearest text that the font may have: single spaces, no controls; accents only where they must stay."""
    text = unicodedata.normalize("NFC", " ".join(text.split())).translate(_STAND_INS)
    return "".join(_simpler(letter) for letter in text if unicodedata.category(letter)[0] != "C")


def lacks(text: str) -> bool:
    return not all(map(_drawable, text))


@dataclass(frozen=True)
class Lines:
    lines: tuple[str, ...]
    points: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.points * _LEADING

    def write(self, pen: ImageDraw.ImageDraw, left: float, top: float, colour: Colour) -> None:
        """What the font lacks becomes a bar, as typesetters sketch text that is not there yet."""
        font = ImageFont.load_default(self.points)
        for number, line in enumerate(self.lines):
            x, base = left, top + (number * _LEADING + 1) * self.points
            for run, has in _runs(line):
                if has:
                    pen.text((x, base), run, colour, font, anchor="ls")
                    x += font.getlength(run)
                    continue
                for letter in run:
                    wide = _bar(letter) * self.points
                    box = (x + 0.06 * self.points, base - 0.6 * self.points, x + wide - 0.06 * self.points, base)
                    pen.rounded_rectangle(box, 0.12 * self.points, _BAR)
                    x += wide


def fitted(text: str, width: float, height: float, points: float) -> Lines:
    """The text broken into lines, as large as fits and at most `points`; what fits at no size ends in an ellipsis."""
    least = points * 0.32
    while True:
        lines = Lines(tuple(_broken(text, width / points)), points)
        if lines.height <= height:
            return lines
        if points <= least:
            whole = lines.lines[: max(1, int(height / (points * _LEADING)))]
            return Lines((*whole[:-1], whole[-1][:-1].rstrip() + "…"), points)
        points = max(points * 0.93, least)


def _broken(text: str, width: float) -> Iterator[str]:
    """`width` is in multiples of the font's size."""
    line = ""
    for unit in _UNIT.findall(text):
        for piece in (unit[n : n + _LONGEST_UNIT] for n in range(0, len(unit), _LONGEST_UNIT)):
            if line and _length(line + piece.rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
    yield line.rstrip()


def _length(text: str) -> float:
    return sum(_advance(letter) for letter in text)


@functools.lru_cache(maxsize=4096)
def _advance(letter: str) -> float:
    return _sample().getlength(letter) / _SAMPLE if _drawable(letter) else _bar(letter)


def _bar(letter: str) -> float:
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56


def _runs(line: str) -> Iterator[tuple[str, bool]]:
    run = ""
    for letter in line:
        if run and _drawable(letter) != _drawable(run[0]):
            yield run, _drawable(run[0])
            run = ""
        run += letter
    if run:
        yield run, _drawable(run[0])


def _simpler(letter: str) -> str:
    if _drawable(letter):
        return letter
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return bare if bare and all(map(_drawable, bare)) else letter


_SAMPLE = 100


@functools.cache
def _sample() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_SAMPLE)


@functools.lru_cache(maxsize=4096)
def _drawable(letter: str) -> bool:
    return letter.isspace() or _shape(letter) != _shape("\U0010fffd")


def _shape(letter: str) -> tuple[object, bytes]:
    mask = _sample().getmask(letter)
    return mask.size, bytes(mask)
