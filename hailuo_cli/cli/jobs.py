"""`hailuo jobs`: the local ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from . import context
from .commands import Command, Group
from .options import JobArgument
from .show import Result, Show, clean, table, terminal_width, when
from .show import job_document as shown

app = typer.Typer(
    cls=Group,
    add_completion=False,
    help="The local ledger of every job.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@app.callback()
def jobs(ctx: typer.Context) -> Result | None:
    return listed(ctx) if ctx.invoked_subcommand is None else None


@app.command("list", cls=Command)
def listed(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", help="At most so many.", min=1)] = 50,
) -> Result:
    """List jobs, newest first."""
    show = Show(ctx.find_root().obj)
    with context.open_ledger(show) as ledger:
        entries = ledger.recent(limit)
    rows = [
        [
            found.id,
            found.state.value,
            found.provider,
            (when(found.created_at) or "")[:16].replace("T", " "),
            _what(found),
        ]
        for found in entries
    ]
    if not rows:
        show.say("no jobs yet")
    show.doubts(entries)
    lines = table(rows, ["ID", "STATE", "PROVIDER", "CREATED (UTC)", "PROMPT"], terminal_width()) if rows else []
    return Result({"jobs": [shown(found) for found in entries]}, lines)


@app.command("show", cls=Command)
def show_one(
    ctx: typer.Context,
    job: JobArgument,
    show_url: Annotated[bool, typer.Option("--show-url", help="Also the (secret) address of the video.")] = False,
) -> Result:
    """Show everything the ledger knows of one job."""
    from ..errors import UsageError

    with context.open_ledger(Show(ctx.find_root().obj)) as ledger:
        provider, colon, ticket = job.partition(":")
        found = ledger.last() if job == "@last" else ledger.by_ticket(provider, ticket) if colon else ledger.by_id(job)
        if found is None:
            raise UsageError(f"no job here is called {job}", hint="hailuo jobs list")
        answer = ledger.answer(found)
    data = shown(found, show_url=show_url) | ({"answer": answer} if answer else {})
    return Result(data, [f"{name + ':':16}{_plain(value)}" for name, value in data.items() if value is not None])


@app.command(cls=Command)
def resolve(
    ctx: typer.Context,
    job: JobArgument,
    ticket: Annotated[str | None, typer.Option(metavar="T", help="It became this job at the provider.")] = None,
    never_sent: Annotated[bool, typer.Option("--never-sent", help="It is not in the provider's list.")] = False,
) -> Result:
    """Settle an unconfirmed order: asks the provider where it lists its jobs, else takes your word."""
    from ..errors import UsageError
    from ..orders import settle
    from ..orders import submit as story

    if ticket and never_sent:
        raise UsageError("--ticket and --never-sent exclude each other")
    flags = ctx.find_root().obj
    with context.desk(flags, Show(flags)) as desk:
        found = settle.resolve(desk, story.find(desk, job), ticket=ticket, never_sent=never_sent)
    return Result(shown(found), [found.name])


@app.command(cls=Command)
def export(ctx: typer.Context) -> Result:
    """Print the whole ledger, one JSON object per line (with --json: one document)."""
    import json

    with context.open_ledger(Show(ctx.find_root().obj)) as ledger:
        entries = [shown(found) for found in reversed(ledger.recent())]
    return Result({"jobs": entries}, [json.dumps(found) for found in entries])


def _what(found: object) -> str:
    return clean(getattr(found, "prompt", None) or getattr(found, "ticket", None) or "")


def _plain(value: object) -> str:
    return clean(str(value)).replace("\n", " ")
