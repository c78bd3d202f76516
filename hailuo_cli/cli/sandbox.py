"""`hailuo sandbox`: the local stand-in provider as a long-running server."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from . import front_end
from .commands import Command, Group
from .show import Result, Show, file_size

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


@app.command(cls=Command)
def clean(ctx: typer.Context) -> Result:
    """Remove the sandbox's own copies of clips that are done; your files and the ledger stay as they are."""
    from ..config.paths import data_folder
    from ..errors import DiskError
    from ..sandbox.tidying import tidy

    flags = ctx.find_root().obj
    with front_end.client(flags, Show(flags)).open_ledger() as ledger:
        wanted = {job.ticket for job in ledger.unfinished() if job.ticket}
    folder = data_folder(os.environ) / "sandbox"
    try:
        done = tidy(folder, wanted)
    except OSError as error:
        raise DiskError(f"cannot remove what is in {folder}: {error.strerror}") from error
    left = f"; {done.kept} kept that are not done" if done.kept else ""
    line = f"removed {done.removed} job{'s' * (done.removed != 1)} of the sandbox, {file_size(done.bytes)}{left}"
    return Result({"removed": done.removed, "bytes": done.bytes, "kept": done.kept}, [line])
