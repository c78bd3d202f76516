"""`hailuo help`: the same as `--help`, asked for by name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

import typer

from ..errors import UsageError
from . import complete
from .show import Result


def help(  # noqa: A001 - the command's name
    ctx: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND]...", help="generate, jobs list, …", autocompletion=complete.commands),
    ] = None,
) -> Result:
    """Show what a command does and takes."""
    place: Any = ctx.find_root()
    for word in command or []:
        known = getattr(place.command, "commands", {})
        if word not in known:
            near = get_close_matches(word, known, 1)
            path = place.command_path.replace("hailuo", "hailuo help", 1)
            hint = f"{path} {near[0]}" if near else path
            raise UsageError(f'there is no command "{word}" in {place.command_path}', hint=hint)
        place = type(place)(known[word], info_name=word, parent=place)
    text = place.command.get_help(place)
    return Result({"text": text}, text.split("\n"))
