"""Which program opens a film: the one in $BROWSER, else the system's own."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import DiskError
from .programs import Program, resolved

Which = Callable[[str], str | None]

_SYSTEM: Mapping[str, tuple[str, ...]] = {"darwin": ("open",), "linux": ("xdg-open", "wslview", "gio open")}
"""By `sys.platform`; other systems than these are treated as Linux, and Windows opens a file by itself."""


def opener(path: Path, environ: Mapping[str, str], platform: str, which: Which) -> Program | None:
    """The program that shows this file; None on Windows without $BROWSER, where the system opens it by itself.

    $BROWSER is a list of commands as Python's `webbrowser` reads it: the first that is there is taken, and `%s` in it
    stands for the file. DiskError where nothing is found.
    """
    wanted = [command for command in environ.get("BROWSER", "").split(os.pathsep) if command.strip()]
    for command in wanted:
        if argv := resolved(_filled(command, path, platform), which):
            return Program(argv)
    if platform == "win32":
        return None
    for command in _SYSTEM.get(platform, _SYSTEM["linux"]):
        if argv := resolved((*command.split(), str(path)), which):
            return Program(argv)
    tried = f"none of {', '.join(wanted)} in $BROWSER is" if wanted else "no xdg-open is"
    raise DiskError(f"{path} is there, but {tried} there to open it", hint="BROWSER=mpv hailuo open …")


def _filled(command: str, path: Path, platform: str) -> tuple[str, ...]:
    try:
        words = command.split() if platform == "win32" else shlex.split(command)
    except ValueError:  # a quote that is not closed: there is no such program
        return ()
    filled = tuple(word.replace("%s", str(path)) for word in words)
    return filled if "%s" in command else (*filled, str(path))
