"""A picture as an inline image: kitty's graphics protocol, and iTerm2's, which WezTerm, mintty and others speak too.

https://sw.kovidgoyal.net/kitty/graphics-protocol/
https://iterm2.com/documentation-images.html
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

from PIL import Image

CHUNK = 4096
"""The most base64 that one sequence of kitty's may carry."""


def kitty(image: Image.Image, columns: int, rows: int, *, in_tmux: bool = False) -> str:
    """Show a picture in a box of cells at the cursor. The terminal answers nothing that a shell would read."""
    chunks = list(_chunks(base64.standard_b64encode(_png(image)).decode()))
    text = []
    for number, chunk in enumerate(chunks):
        keys = f"a=T,f=100,q=2,c={columns},r={rows}," if number == 0 else "q=2,"
        more = 0 if number == len(chunks) - 1 else 1
        text.append(_passed(f"\x1b_G{keys}m={more};{chunk}\x1b\\", in_tmux))
    return "".join(text)


def iterm2(image: Image.Image, columns: int, rows: int, *, in_tmux: bool = False) -> str:
    """Show a picture in a box of cells at the cursor."""
    content = _png(image)
    keys = f"inline=1;size={len(content)};width={columns};height={rows};preserveAspectRatio=1"
    return _passed(f"\x1b]1337;File={keys}:{base64.standard_b64encode(content).decode()}\x07", in_tmux)


def passed_through_tmux(sequence: str) -> str:
    """A sequence that tmux hands on to its own terminal, where `allow-passthrough` is on."""
    escaped = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{escaped}\x1b\\"


def _passed(sequence: str, in_tmux: bool) -> str:
    return passed_through_tmux(sequence) if in_tmux else sequence


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _chunks(text: str) -> Iterator[str]:
    return (text[start : start + CHUNK] for start in range(0, len(text), CHUNK))
