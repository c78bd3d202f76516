"""`hailuo sandbox`: the local stand-in provider as a long-running server."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from .commands import Command, Group
from .show import Result, Show

app = typer.Typer(
    cls=Group,
    add_completion=False,
    help="The provider on your own machine.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.callback()
def sandbox() -> None:
    pass


@app.command(cls=Command)
def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(metavar="N", help="0 takes a free one.", min=0, max=65535)] = 8765,
) -> Result:
    """Run the sandbox until Ctrl-C, for scripts that speak HTTP and for many jobs."""
    from ..config.paths import data_folder
    from ..sandbox import server

    show = Show(ctx.find_root().obj)
    with server.listen(port) as listener:
        show.line(server.address(listener))
        show.say("the sandbox is listening; Ctrl-C stops it. To send hailuo there, in your config:")
        show.say(f'  [profiles.NAME.providers.sandbox]\n  base_url = "{server.address(listener)}"')
        server.serve(data_folder(os.environ) / "sandbox", listener)
    return Result()
