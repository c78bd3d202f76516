"""`hailuo mcp`: an agent's way in. stdout is the protocol's alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from . import complete
from .show import Show


def mcp(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="[FOLDER]",
            help="Where every file of the agent is; the current folder if none is named.",
            autocompletion=complete.files,
            show_default=False,
        ),
    ] = Path(),
) -> None:
    """Serve one agent until it hangs up; it starts this command itself. No order without a person or a limit."""
    from ..mcp import server

    flags = ctx.find_root().obj
    if flags.json or flags.events:
        raise UsageError("stdout is the protocol's alone", hint="leave --json and --events out")
    server.must_be_installed()
    if sys.stdin and sys.stdin.isatty():
        Show(flags).say("an agent starts this and talks to it over stdin and stdout; Ctrl-C stops it")
    server.serve(folder.expanduser(), profile=flags.profile, config=flags.config)
