"""How far it is, where a terminal shows it outside its text: in the taskbar or tab (OSC 9;4), and as the window's title.

Sent only to terminals that are known to take it: others print the number, or ring a bell.
https://conemu.github.io/en/AnsiEscapeCodes.html#ConEmu_specific_OSC
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_PROGRESS_PROGRAMS = ("ghostty", "WezTerm")
"""Not iTerm2, whose older versions show the numbers as a notice."""
_PROGRESS_VARIABLES = ("WT_SESSION", "ConEmuPID")
_VTE_WITH_PROGRESS = 7900
_TITLE_TERMS = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour")
_TITLE_VARIABLES = ("WT_SESSION", "VTE_VERSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "XTERM_VERSION")


@dataclass(frozen=True)
class Taskbar:
    """What this terminal takes. `update` and `clear` give what is to be written to it; nothing where it takes nothing."""

    has_progress: bool = False
    has_title: bool = False

    def update(self, share: float | None, title: str, *, failed: bool = False) -> str:
        """The state of all jobs: a share from 0 to 1 (None: under way), and a title without control characters."""
        text = ""
        if self.has_progress:
            if share is None:
                text += "\x1b]9;4;3\x07"
            else:
                text += f"\x1b]9;4;{2 if failed else 1};{round(100 * share)}\x07"
        return f"{text}\x1b]2;{title}\x07" if self.has_title else text

    def begin(self) -> str:
        """Keep the title that the window has."""
        return "\x1b[22;2t" if self.has_title else ""

    def clear(self) -> str:
        """Take the progress away and give the window its title back."""
        return ("\x1b]9;4;0\x07" if self.has_progress else "") + ("\x1b[23;2t" if self.has_title else "")


def detected(environ: Mapping[str, str]) -> Taskbar:
    """What the environment promises. Inside tmux and screen it is that of another terminal, and nothing is sure."""
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if environ.get("TMUX") or environ.get("STY") or term.startswith(("tmux", "screen")):
        return Taskbar()
    vte = environ.get("VTE_VERSION", "")
    return Taskbar(
        has_progress=program in _PROGRESS_PROGRAMS
        or term in ("xterm-ghostty", "wezterm")
        or any(name in environ for name in _PROGRESS_VARIABLES)
        or (vte.isdecimal() and int(vte) >= _VTE_WITH_PROGRESS),
        has_title=program in (*_PROGRESS_PROGRAMS, "iTerm.app")
        or term.startswith(_TITLE_TERMS)
        or any(name in environ for name in _TITLE_VARIABLES),
    )
