"""A terminal as small as can be: what was written, as a person sees it, and whether there is a cursor.

It knows what the display may use (colours, up, clear a line, show and hide the cursor, OSC) and refuses everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"\x1b\[(\?25)([hl])|\x1b\[(\d*)([AKm])|\x1b\[[\d;]*(m)|\x1b\](\d+);([^\x07]*)\x07|\x1b\[(\d+;2)t|(.)", re.DOTALL
)


@dataclass
class TinyScreen:
    """`columns` and `height` in cells; `lines` are those that scrolled out, too, without blanks at their ends."""

    columns: int = 80
    height: int = 24
    cells: list[list[str]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0
    is_cursor_shown: bool = True
    told: list[tuple[str, str]] = field(default_factory=list)
    """OSC sequences: number and text."""
    has_colours: bool = False

    def write(self, text: str) -> TinyScreen:
        """Take in what a program wrote."""
        end = 0
        while end < len(text):
            found = _TOKEN.match(text, end)
            assert found, f"a sequence that the display has no need of: {text[end : end + 12]!r}"
            end = found.end()
            cursor, shown, count, what, style, number, said, _, letter = found.groups()
            if cursor:
                self.is_cursor_shown = shown == "h"
            elif what == "A":
                self.row = max(self.row - int(count or 1), len(self.cells) - self.height, 0)
            elif what == "K":
                assert count == "2"
                self.cells[self.row] = []
            elif what == "m" or style:
                self.has_colours = self.has_colours or bool(re.search(r"\b(3[1-7]|9[0-7]|38)(?=[;m])", found[0]))
            elif number:
                self.told.append((number, said))
            elif letter:
                self._put(letter)
        return self

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self.cells]

    def _put(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self._down()
        else:
            assert letter >= " ", repr(letter)
            if self.column >= self.columns:
                self.column = 0
                self._down()
            line = self.cells[self.row]
            line.extend(" " * (self.column + 1 - len(line)))
            line[self.column] = letter
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.cells):
            self.cells.append([])
