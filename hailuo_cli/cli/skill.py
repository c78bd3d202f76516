"""`hailuo skill`: what teaches an agent to order videos. Nothing is written anywhere unless it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..distribution import skill as skills
from ..errors import UsageError
from .commands import Command, Group
from .show import Result, Show

app = typer.Typer(
    cls=Group,
    add_completion=False,
    help="The skill that teaches an agent to use hailuo.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.callback()
def skill() -> None:
    pass


@app.command(cls=Command)
def show() -> Result:
    """Print the skill."""
    text = skills.text()
    return Result({"text": text}, text.rstrip("\n").split("\n"))


@app.command(cls=Command)
def install(
    ctx: typer.Context,
    agent: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="NAME",
            help=f"Which agent: {', '.join(skills.PLACES)}.",
            autocompletion=lambda: list(skills.PLACES),
        ),
    ] = None,
    into: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Another folder of skills.")] = None,
    project: Annotated[bool, typer.Option("--project", help="For this folder's project, not for your user.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace another skill of that name.")] = False,
) -> Result:
    """Write the skill where an agent looks for it, and print that path."""
    if (agent is None) == (into is None):
        raise UsageError("say for which agent, or into which folder", hint="hailuo skill install --for agents")
    if into and project:
        raise UsageError("--project goes with --for, not with --into", hint="leave one out")
    folder = into.expanduser() if into else skills.place_for(str(agent), Path.cwd() if project else Path.home())
    path, is_new = skills.install(folder, replace=force)
    Show(ctx.find_root().obj).say("written" if is_new else "it was there already")
    return Result({"path": str(path), "written": is_new}, [str(path)])
