"""A film on a terminal: its poster and a strip of frames, in the way that this terminal has. Needs Pillow."""

from __future__ import annotations

from PIL import Image

from . import sheet
from .frames import Film
from .screen import blocks, inline, sixel
from .screen.terminal import Colours, Look, Screen, Way

WIDEST = 120
"""Columns: on a wider window the picture would be higher than the window is."""
_ROWS_KEPT = 3
"""Rows of the window for the line above, the line below and the prompt."""


def drawn(film: Film, look: Look, screen: Screen) -> str:
    """What shows the film when it is written to the terminal, with a newline at the end."""
    columns = max(1, min(screen.columns, WIDEST))
    rows = max(1, screen.rows - _ROWS_KEPT)
    if look.way in (Way.BLOCKS, Way.TEXT):
        picture = sheet.sheet(film.poster, film.frames, (columns, 2 * rows), gap=2)
        has_blocks = look.way is Way.BLOCKS and look.colours is not Colours.NONE
        return "\n".join(blocks.lines(picture, look.colours) if has_blocks else blocks.letters(picture)) + "\n"
    room = (columns * screen.cell_width, rows * screen.cell_height)
    picture = sheet.sheet(film.poster, film.frames, room, gap=max(2, screen.cell_width // 2))
    if look.colours is Colours.NONE:
        picture = picture.convert("LA").convert("RGBA")
    if look.way is Way.SIXEL:
        text = sixel.sixel(picture)
        return (inline.passed_through_tmux(text) if look.in_tmux else text) + "\n"
    picture, across, down = _in_cells(picture, screen)
    show = inline.kitty if look.way is Way.KITTY else inline.iterm2
    return show(picture, across, down, in_tmux=look.in_tmux) + "\n"


def _in_cells(picture: Image.Image, screen: Screen) -> tuple[Image.Image, int, int]:
    """The picture on a ground of whole cells, so that a terminal that fills the box distorts nothing."""
    across, down = -(-picture.width // screen.cell_width), -(-picture.height // screen.cell_height)
    ground = Image.new("RGBA", (across * screen.cell_width, down * screen.cell_height), (0, 0, 0, 0))
    ground.paste(picture, (0, 0))
    return ground, across, down
