"""A picture as sixels, DEC's graphics for terminals: bands of six rows, painted colour by colour. Needs Pillow.

VT330/VT340 Programmer Reference Manual, chapter 14: https://vt100.net/docs/vt3xx-gp/chapter14.html
"""

from __future__ import annotations

import re

from PIL import Image

COLOURS = 128
"""Most terminals have 256 registers; half of them is no visible loss on a strip, and half the bytes."""
_BAND = 6
_RUN = re.compile(r"(.)\1{3,}")
_UNSEEN = 255
_SIXELS = bytes(63 + six if six < 64 else 0 for six in range(256))


def sixel(image: Image.Image) -> str:
    """The picture at its own size in pixels; what is transparent stays as the terminal has it."""
    palette = image.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
    pixels = Image.frombytes("L", image.size, palette.tobytes())
    if image.mode == "RGBA":
        pixels.paste(_UNSEEN, mask=image.getchannel("A").point([255 * (level < 128) for level in range(256)]))
    width, height = image.size
    head = f'\x1bP0;1;0q"1;1;{width};{height}'
    return f"{head}{_registers(palette.getpalette() or [])}{_bands(pixels.tobytes(), width)}\x1b\\"


def _registers(levels: list[int]) -> str:
    text = []
    for number, start in enumerate(range(0, len(levels), 3)):
        red, green, blue = (round(level * 100 / 255) for level in levels[start : start + 3])
        text.append(f"#{number};2;{red};{green};{blue}")
    return "".join(text)


def _bands(pixels: bytes, width: int) -> str:
    bands = []
    for top in range(0, len(pixels), _BAND * width):
        band = pixels[top : top + _BAND * width]
        rows = [band[start : start + width] for start in range(0, len(band), width)]
        colours = sorted(set(band) - {_UNSEEN})
        bands.append("$".join(f"#{colour}{_painted(rows, colour)}" for colour in colours))
    return "-".join(bands)


def _painted(rows: list[bytes], colour: int) -> str:
    """What one colour paints of a band: a character for each column, with the row's bit set where it is this colour."""
    is_colour = bytes(number == colour for number in range(256))
    # all columns at once: a row of zeros and ones is one number, shifted to the row's bit
    bits = sum(int.from_bytes(row.translate(is_colour), "big") << bit for bit, row in enumerate(rows))
    text = bits.to_bytes(len(rows[0]), "big").translate(_SIXELS).decode("ascii").rstrip("?")
    return _RUN.sub(lambda run: f"!{len(run[0])}{run[1]}", text)
