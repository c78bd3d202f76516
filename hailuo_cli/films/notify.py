"""`--notify`: telling the person at the machine that it is done, by the desktop, the terminal, or a bell.

The desktop is told by the system's own program; over ssh, and where there is no desktop, the terminal is told to show
a notice itself (OSC 9, 99 or 777), and a terminal that knows none of them rings its bell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .programs import Program, resolved
from .screen.inline import passed_through_tmux

BELL = "\a"
TITLE = "hailuo"
LONGEST = 200
"""Characters of a notice; desktops cut sooner."""
SECONDS = 10.0
"""The most that a desktop's program may take; it answers at once, or there is no desktop behind it."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_OSC_777 = ("ghostty", "WezTerm", "rio")
_OSC_777_TERMS = ("foot", "rxvt", "contour", "xterm-ghostty")
_OSC_9 = ("iTerm.app", "WarpTerminal", "mintty")

_APPLE = "on run notice\ndisplay notification (item 2 of notice) with title (item 1 of notice)\nend run"
_WINDOWS = (
    "[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime];"
    "$x=[Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(1);"
    "$t=$x.GetElementsByTagName('text');"
    "[void]$t.Item(0).AppendChild($x.CreateTextNode($env:HAILUO_NOTICE_TITLE));"
    "[void]$t.Item(1).AppendChild($x.CreateTextNode($env:HAILUO_NOTICE_TEXT));"
    "$i='{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe';"
    "[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($i)"
    ".Show([Windows.UI.Notifications.ToastNotification]::new($x))"
)
"""A script without a word of ours in it: title and text come by the environment, which nothing reads as commands."""


@dataclass(frozen=True)
class Notice:
    """How somebody is told: a desktop's program where there is one, and what to write to the terminal otherwise."""

    program: Program | None
    terminal: str


def planned(text: str, environ: Mapping[str, str], platform: str, which: Callable[[str], str | None]) -> Notice:
    """The notice for this desktop and terminal. `terminal` is for a terminal only, and is never empty."""
    text = _plain(text)
    return Notice(_desktop(text, environ, platform, which), _osc(text, environ))


def _plain(text: str) -> str:
    """Text that can drive neither a terminal nor a desktop: one line, no controls, not too long."""
    text = _UNSAFE.sub(" ", text).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _desktop(
    text: str, environ: Mapping[str, str], platform: str, which: Callable[[str], str | None]
) -> Program | None:
    if "SSH_CONNECTION" in environ or "SSH_TTY" in environ:
        return None  # the desktop here is not the one that the person sits at
    added = {}
    if platform == "darwin":
        words: tuple[str, ...] = ("osascript", "-e", _APPLE, TITLE, text)
    elif platform == "win32":
        words = ("powershell", "-NoProfile", "-NonInteractive", "-Command", _WINDOWS)
        added = {"HAILUO_NOTICE_TITLE": TITLE, "HAILUO_NOTICE_TEXT": text}
    elif any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")):
        # notify-send reads some marks in the text as markup
        marked = text.replace("&", "&amp;").replace("<", "&lt;")
        words = ("notify-send", "--app-name=hailuo", "--", TITLE, marked)
    else:
        return None
    argv = resolved(words, which)
    return Program(argv, added) if argv else None


def _osc(text: str, environ: Mapping[str, str]) -> str:
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if term == "dumb":
        return BELL
    if "KITTY_WINDOW_ID" in environ or term == "xterm-kitty":
        notice = f"\x1b]99;i=hailuo:d=0;{TITLE}\x1b\\\x1b]99;i=hailuo:p=body;{text}\x1b\\"
    elif program in _OSC_777 or term.startswith(_OSC_777_TERMS) or "VTE_VERSION" in environ:
        notice = f"\x1b]777;notify;{TITLE};{text}\x1b\\"
    elif program in _OSC_9 or environ.get("LC_TERMINAL") == "iTerm2":
        notice = f"\x1b]9;{TITLE}: {text}\x1b\\"  # a text that began with a number would be a command of its own
    else:
        return BELL
    return passed_through_tmux(notice) if environ.get("TMUX") else notice
