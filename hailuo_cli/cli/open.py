"""`hailuo open`: a film in the program that plays it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Annotated

import typer

from . import front_end
from .preview import FilmArgument
from .show import Result, Show


def open(  # noqa: A001 - the command's name
    ctx: typer.Context,
    film: FilmArgument,
    only_print: Annotated[bool, typer.Option("--print", help="Print where the film is, and open nothing.")] = False,
) -> Result:
    """Open a film with $BROWSER, else with the system's own program."""
    from ..errors import DiskError
    from ..films import finding, programs
    from ..films.opener import opener

    flags = ctx.find_root().obj
    show = Show(flags)
    client = front_end.client(flags, show)
    path = finding.film(film, client.context).path.absolute()
    if only_print:
        return Result({"path": str(path), "program": None}, [str(path)])
    program = opener(path, os.environ, sys.platform, shutil.which)
    if program is None:
        _started_by_windows(str(path))
    elif trouble := programs.run(program, front_end.keyless(client), inherits_stdin=True, stdout=sys.stderr):
        raise DiskError(f"{path} is there, but {trouble}", hint="BROWSER=PROGRAM chooses another one")
    return Result({"path": str(path), "program": list(program.argv) if program else None}, [str(path)])


def _started_by_windows(path: str) -> None:
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - that is what this is for
