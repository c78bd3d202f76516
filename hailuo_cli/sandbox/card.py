"""The title card of a film without a start frame: the prompt over a chart on which every camera move can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFont

from ..request import camera
from ..request.camera import Step
from . import lettering
from .moves import WORDS
from .picture import Size

_INK, _ACCENT, _FAINT = (250, 243, 232), (255, 178, 112), (168, 176, 208)
_SKY = ((17, 20, 42), (43, 40, 82), (104, 62, 100), (176, 92, 96))
_TAG = re.compile(r"[\[［【][^\[\]［］【】]{1,80}[\]］】]")


def drawn(prompt: str, facts: str, steps: Sequence[Step], size: Size) -> Image.Image:
    """The prompt without its camera tags, `facts` above it, and the moves that the tags ask for below."""
    width, height = size
    card = _chart(size)
    pen = ImageDraw.Draw(card)
    left, room = width * 0.19, width * 0.62  # most moves leave the middle in view
    words = lettering.plain(_TAG.sub(lambda tag: "" if camera.steps(tag[0], WORDS) else tag[0], prompt))
    flight = "   >   ".join(" + ".join(step) for step in steps) or "gentle push in"
    title = lettering.fitted(words, room, height * 0.4, height * 0.064)
    moves = lettering.fitted(flight, room, height * 0.12, height * 0.03)
    rest = height * 0.075
    top = (height - title.height - rest - moves.height) / 2
    head = ImageFont.load_default(height * 0.023)
    pen.text((left, top - height * 0.05), facts, _FAINT, head, anchor="ls")
    title.write(pen, left, top, _INK)
    rule = top + title.height + rest * 0.4
    pen.rectangle((left, rule, left + height * 0.1, rule + height * 0.005), _ACCENT)
    moves.write(pen, left, top + title.height + rest, _ACCENT)
    if lettering.lacks(words):
        note = "Bars stand for letters that the built-in font lacks."
        pen.text((left, height * 0.85), note, _FAINT, ImageFont.load_default(height * 0.02))
    return card


def _chart(size: Size) -> Image.Image:
    """A dusk-coloured ground with a fine grid, crosses and a circle."""
    width, height = size
    strip = Image.new("RGB", (1, len(_SKY)))
    strip.putdata(_SKY)
    ground = strip.resize(size, Image.Resampling.BICUBIC)
    glow = ImageChops.invert(Image.radial_gradient("L")).resize((width, height * 2), Image.Resampling.BICUBIC)
    warm = Image.new("L", size)
    warm.paste(glow, (round(width * 0.3), round(height * 0.1)))
    ground.paste((236, 138, 104), mask=warm.point([max(0, level - 75) * 5 // 8 for level in range(256)]))

    lines = Image.new("L", size)
    pen = ImageDraw.Draw(lines)
    cell, thin = height / 12, max(1, round(height / 700))
    middle = (width / 2, height / 2)
    for axis, centre in enumerate(middle):
        reach = int(centre // cell)
        for n in range(-reach, reach + 1):
            at = centre + n * cell
            ends = ((at, 0), (at, height)) if axis == 0 else ((0, at), (width, at))
            pen.line(ends, 46 if n % 3 else 84, thin)
    arm = cell * 0.16
    across, down = (int(half // cell) for half in middle)
    for column in range(-across, across + 1):
        for row in range(-down, down + 1):
            x, y = middle[0] + column * cell, middle[1] + row * cell
            if column % 3 == 0 and row % 3 == 0:
                pen.line(((x - arm, y), (x + arm, y)), 200, thin * 2)
                pen.line(((x, y - arm), (x, y + arm)), 200, thin * 2)
    pen.circle(middle, height * 0.44, outline=84, width=thin)
    inset = height * 0.045
    pen.rectangle((inset, inset, width - inset, height - inset), outline=150, width=thin)
    ground.paste((222, 214, 240), mask=lines)
    return ground
