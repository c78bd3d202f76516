"""Little terminals: each turns what was written in one graphics protocol back into a picture, strictly.

Written from the protocols' own pages and not from our encoders.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Shown:
    """A picture on the screen and the box of cells that it was given."""

    image: Image.Image
    columns: int
    rows: int


def kitty(text: str) -> tuple[Shown, str]:
    """What kitty would show, and what is left of the text."""
    keys: dict[str, str] = {}
    payload = ""
    while found := re.match(r"\x1b_G([^;\x1b]*);([A-Za-z0-9+/=]*)\x1b\\", text):
        said = dict(pair.split("=") for pair in found[1].split(","))
        assert len(found[2]) <= 4096
        assert said.pop("q") == "2", "the terminal would answer into the shell"
        more = said.pop("m")
        keys |= said
        payload += found[2]
        text = text[found.end() :]
        if more == "0":
            break
        assert len(found[2]) % 4 == 0
    else:
        raise AssertionError("the last chunk is missing")
    assert (keys["a"], keys["f"]) == ("T", "100")
    image = Image.open(io.BytesIO(base64.b64decode(payload, validate=True)))
    assert image.format == "PNG"
    return Shown(image.convert("RGBA"), int(keys["c"]), int(keys["r"])), text


def iterm2(text: str) -> tuple[Shown, str]:
    found = re.match(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", text)
    assert found
    keys = dict(pair.split("=") for pair in found[1].split(";"))
    content = base64.b64decode(found[2], validate=True)
    assert keys["inline"] == "1"
    assert int(keys["size"]) == len(content)
    image = Image.open(io.BytesIO(content)).convert("RGBA")
    return Shown(image, int(keys["width"]), int(keys["height"])), text[found.end() :]


def sixel(text: str) -> tuple[Image.Image, str]:
    """A VT340: registers in per cent, a cursor that returns with $ and goes down six rows with -."""
    head = re.match(r'\x1bP0;1;0q"1;1;(\d+);(\d+)', text)
    assert head
    body, end, rest = text[head.end() :].partition("\x1b\\")
    assert end
    width, height = int(head[1]), int(head[2])
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    registers: dict[int, tuple[int, int, int, int]] = {}
    colour, x, top = None, 0, 0
    for token in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)|(.)", body, re.DOTALL):
        define, red, green, blue, select, times, many, one, back, down, unknown = token.groups()
        assert unknown is None, f"no sixel: {unknown!r}"
        if define:
            registers[int(define)] = (*(round(int(part) * 255 / 100) for part in (red, green, blue)), 255)  # type: ignore[assignment]
        elif select:
            colour = registers[int(select)]
        elif back:
            x = 0
        elif down:
            x, top = 0, top + 6
        else:
            assert colour
            end_x = x + int(times or 1)
            assert end_x <= width
            for bit in range(6):
                if (ord(many or one) - 63) >> bit & 1:
                    image.paste(colour, (x, top + bit, end_x, top + bit + 1))
                    assert top + bit < height
            x = end_x
    return image, rest


def tmux(text: str) -> str:
    """What tmux hands on to the terminal outside it."""
    found = re.fullmatch(r"((?:\x1bPtmux;(?:\x1b\x1b|[^\x1b])*\x1b\\)+)\n", text)
    assert found
    passed = re.findall(r"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\", found[1])
    return "".join(passed).replace("\x1b\x1b", "\x1b")


def blocks(line: str) -> list[tuple[str, str | None, str | None]]:
    """The cells of one line: letter, colour of the letter, colour of the ground, as they were written."""
    cells: list[tuple[str, str | None, str | None]] = []
    front = ground = None
    for token in re.finditer(r"\x1b\[([0-9;]*)m|(.)", line):
        if token[2]:
            cells.append((token[2], front, ground))
            continue
        for kind, colour in re.findall(r"(0|38|48)(?:;((?:2;\d+;\d+|5);\d+))?", token[1]):
            if kind == "0":
                front = ground = None
            elif kind == "38":
                front = colour
            else:
                ground = colour
    assert front is ground is None, "the colours run on into the next line"
    return cells
