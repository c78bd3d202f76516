"""A picture in half blocks: two pixels a cell, the upper one as the letter's colour. Needs Pillow."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from .terminal import Colours

RAMP = " .:-=+*#%@"
"""From dark to bright, for terminals with neither colours nor blocks."""
_RESET = "\x1b[0m"
_LEVELS = (0, 95, 135, 175, 215, 255)
_SEEN = 128

Pixel = tuple[int, int, int, int]


def lines(image: Image.Image, colours: Colours) -> list[str]:
    """One text for each row of cells, in as many cells as the image has pixels across.

    Transparent pixels keep the terminal's own ground. Every line ends with the colours reset.
    """
    rows = list(_rows(image))
    if len(rows) % 2:
        rows.append([(0, 0, 0, 0)] * image.width)
    return [_line(upper, lower, colours) for upper, lower in zip(rows[::2], rows[1::2], strict=True)]


def letters(image: Image.Image) -> list[str]:
    """The picture in plain letters by brightness, a cell for two pixels one above the other."""
    grey = Image.new("RGB", image.size)
    grey.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    small = grey.convert("L").resize((image.width, max(1, image.height // 2)), Image.Resampling.BOX)
    levels, last = small.tobytes(), len(RAMP) - 1
    texts = ("".join(RAMP[level * last // 255] for level in row) for row in _cut(levels, small.width))
    return [text.rstrip() for text in texts]


def _rows(image: Image.Image) -> Iterator[list[Pixel]]:
    data = image.convert("RGBA").tobytes()
    for row in _cut(data, image.width * 4):
        yield [(row[n], row[n + 1], row[n + 2], row[n + 3]) for n in range(0, len(row), 4)]


def _cut(data: bytes, length: int) -> Iterator[bytes]:
    return (data[start : start + length] for start in range(0, len(data), length))


def _line(upper: list[Pixel], lower: list[Pixel], colours: Colours) -> str:
    text, now = [], ""
    for above, below in zip(upper, lower, strict=True):
        style, cell = _cell(above, below, colours)
        if style != now:
            text.append(f"{_RESET if now else ''}{style}")
            now = style
        text.append(cell)
    return "".join(text) + (_RESET if now else "")


def _cell(above: Pixel, below: Pixel, colours: Colours) -> tuple[str, str]:
    seen = above[3] >= _SEEN, below[3] >= _SEEN
    if seen == (True, True):
        return f"\x1b[38;{_colour(above, colours)};48;{_colour(below, colours)}m", "▀"
    if seen == (True, False):
        return f"\x1b[38;{_colour(above, colours)}m", "▀"
    if seen == (False, True):
        return f"\x1b[38;{_colour(below, colours)}m", "▄"
    return "", " "


def _colour(pixel: Pixel, colours: Colours) -> str:
    red, green, blue, _ = pixel
    return f"2;{red};{green};{blue}" if colours is Colours.TRUE else f"5;{nearest(red, green, blue)}"


def nearest(red: int, green: int, blue: int) -> int:
    """The nearest of xterm's colours 16 to 255, by plain distance: its cube of 6 × 6 × 6, or its 24 greys."""
    steps = [min(range(6), key=lambda n: abs(_LEVELS[n] - value)) for value in (red, green, blue)]
    cube = 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
    grey = min(23, max(0, round(((red + green + blue) / 3 - 8) / 10)))
    shade = 8 + 10 * grey

    def away(levels: tuple[int, int, int]) -> int:
        return sum((have - want) ** 2 for have, want in zip(levels, (red, green, blue), strict=True))

    of_cube = (_LEVELS[steps[0]], _LEVELS[steps[1]], _LEVELS[steps[2]])
    return 232 + grey if away((shade, shade, shade)) < away(of_cube) else cube
