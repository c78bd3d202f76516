"""Which way of showing a picture a terminal has, told from its environment alone: nothing is asked of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Way(enum.StrEnum):
    """How a picture gets onto a terminal, best first; `TEXT` needs nothing but letters."""

    KITTY = "kitty"
    ITERM2 = "iterm2"
    SIXEL = "sixel"
    BLOCKS = "blocks"
    TEXT = "text"


class Colours(enum.Enum):
    """How many colours letters can have."""

    NONE = 0
    INDEXED = 256
    TRUE = 1 << 24


@dataclass(frozen=True)
class Look:
    """The way that was chosen. With `Colours.NONE` pictures are grey; `in_tmux` wraps what tmux would swallow."""

    way: Way
    colours: Colours
    in_tmux: bool = False


@dataclass(frozen=True)
class Screen:
    """The terminal's size in cells, and a cell's size in pixels (a guess where the system does not tell)."""

    columns: int
    rows: int
    cell_width: int = 10
    cell_height: int = 20


_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
_KITTY_PROGRAMS = ("ghostty", "WarpTerminal")
_ITERM_PROGRAMS = ("iTerm.app", "WezTerm", "mintty", "rio")
_SIXEL_TERMS = ("foot", "mlterm", "contour", "yaft", "xterm-sixel")


def detected(environ: Mapping[str, str], *, encoding: str | None = "utf-8", how: Way | None = None) -> Look:
    """The best way that the environment promises, or the way `how` that the user names.

    A terminal that may or may not have one (xterm and Windows Terminal with sixel, VS Code) counts as having none.
    Inside tmux and screen, whose environment is that of another terminal, only letters are sure.
    """
    colours = _colours(environ)
    in_tmux = bool(environ.get("TMUX"))
    if how is not None:
        # who names a way means it, also where nothing is known of the terminal; NO_COLOR still holds
        is_known = colours is not Colours.NONE or environ.get("NO_COLOR")
        return Look(how, colours if is_known else Colours.TRUE, in_tmux)
    way = _graphics(environ)
    if way is None:
        has_blocks = colours is not Colours.NONE and (encoding or "").lower().replace("-", "") in ("utf8", "utf8sig")
        way = Way.BLOCKS if has_blocks else Way.TEXT
    return Look(way, colours, in_tmux)


def _graphics(environ: Mapping[str, str]) -> Way | None:
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if term == "dumb" or environ.get("TMUX") or environ.get("STY") or term.startswith(("tmux", "screen")):
        return None
    if term in _KITTY_TERMS or "KITTY_WINDOW_ID" in environ or program in _KITTY_PROGRAMS:
        return Way.KITTY
    if program in _ITERM_PROGRAMS or environ.get("LC_TERMINAL") == "iTerm2":
        return Way.ITERM2
    if term.startswith(_SIXEL_TERMS):
        return Way.SIXEL
    return None


def _colours(environ: Mapping[str, str]) -> Colours:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term == "dumb":
        return Colours.NONE
    if environ.get("COLORTERM") in ("truecolor", "24bit") or term.endswith("-direct") or "WT_SESSION" in environ:
        return Colours.TRUE
    if term in (*_KITTY_TERMS, "alacritty", "wezterm") or term.startswith("foot") or _graphics(environ):
        return Colours.TRUE
    return Colours.INDEXED if "256color" in term else Colours.NONE
