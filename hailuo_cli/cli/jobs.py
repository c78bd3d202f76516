"""`hailuo jobs`: the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..documents import job_document
from . import complete, front_end
from .commands import Command, Group
from .moments import local_time
from .options import AssumePrice, JobArgument, JobArguments
from .show import Result, Show, clean, table, terminal_width

if TYPE_CHECKING:
    from ..orders.costs import Cost

MOST = 10**9
"""Jobs to list: more than any ledger has, and a number that SQLite takes."""

app = typer.Typer(
    cls=Group,
    add_completion=False,
    help="The ledger of every job.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@app.callback()
def jobs(ctx: typer.Context) -> Result | None:
    return listed(ctx) if ctx.invoked_subcommand is None else None


@app.command("list", cls=Command)
def listed(
    ctx: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATE",
            help="Only jobs of this state, as in the JSON (repeatable).",
            autocompletion=complete.job_states,
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option("--provider", "-p", metavar="NAME", help="Only its jobs.", autocompletion=complete.providers),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Not before 2026-11-20, 14:30, 2026-11-20T14:30Z; or the last 7d."),
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only where prompt, name or file has this in it.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", help="At most so many.", min=1, max=MOST)] = 50,
) -> Result:
    """List jobs, newest first, with local times (UTC in the JSON)."""
    from .job_list import Wanted, job_lines

    flags = ctx.find_root().obj
    show = Show(flags)
    wanted = Wanted.read(state or [], provider, since, search, time.time())
    with front_end.client(flags, show).open_ledger() as ledger:
        found = ledger.recent(limit) if wanted == Wanted() else wanted.among(ledger.recent())[:limit]
    if not found:
        show.say("no jobs yet" if wanted == Wanted() else "no such jobs")
    show.doubts(found)
    return Result({"jobs": [job_document(job) for job in found]}, job_lines(found, terminal_width()))


@app.command("show", cls=Command)
def show_one(
    ctx: typer.Context,
    job: JobArgument,
    show_url: Annotated[bool, typer.Option("--show-url", help="Also the (secret) address of the video.")] = False,
) -> Result:
    """Show everything the ledger knows of one job."""
    from ..orders import lookup

    flags = ctx.find_root().obj
    with front_end.opened(flags, Show(flags)) as (_, context):
        found = lookup.known(context, job)
        answer = context.ledger.answer(found)
    data = job_document(found, show_url=show_url) | ({"answer": answer} if answer else {})
    shown = {**data, "created_at": local_time(found.created_at), "finished_at": local_time(found.finished_at) or None}
    return Result(data, [f"{name + ':':16}{_plain(value)}" for name, value in shown.items() if value is not None])


@app.command(cls=Command)
def resolve(
    ctx: typer.Context,
    job: JobArgument,
    ticket: Annotated[str | None, typer.Option(metavar="T", help="It became this job at the provider.")] = None,
    never_sent: Annotated[bool, typer.Option("--never-sent", help="It is not in the provider's list.")] = False,
) -> Result:
    """Settle an unconfirmed order: asks the provider where it lists its jobs, else takes your word."""
    from ..errors import UsageError
    from ..orders import lookup, settle

    if ticket and never_sent:
        raise UsageError("--ticket and --never-sent exclude each other")
    flags = ctx.find_root().obj
    with front_end.opened(flags, Show(flags)) as (_, context):
        found = settle.resolve(context, lookup.find(context, job), ticket=ticket, never_sent=never_sent)
    return Result(job_document(found), [found.called])


@app.command(cls=Command)
def retry(
    ctx: typer.Context,
    job: JobArguments,
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Refuse what costs more, or has no known price.")
    ] = None,
    assume_price: AssumePrice = None,
) -> Result:
    """Order failed, cancelled and gone jobs anew, each with its own request."""
    from ..errors import HailuoError
    from ..orders import lookup, spending
    from ..orders.retry import retry as order_again
    from ..orders.retry import retryable
    from ..request import build

    flags = ctx.find_root().obj
    show = Show(flags)
    made, failures = [], []
    with front_end.opened(flags, show) as (client, context):
        settings = client.config.settings
        limit = settings.max_cost if max_cost is None else build.usd("--max-cost", max_cost)
        allowance = spending.allowance(settings.budget, build.usd("--assume-price", assume_price))
        wanted = {each.id: each for each in (lookup.known(context, name) for name in job)}.values()
        for each in wanted:
            retryable(context, each).close()
        for each in wanted:
            try:
                made.append(order_again(context, each, limit, allowance))
                if made[-1].reused:
                    show.say(f"already ordered: {made[-1].called}")
            except HailuoError as error:
                failures.append(error)
        lines = [each.called for each in made]
        return Result({"jobs": [job_document(each) for each in made]}, lines).with_failures(failures, show)


@app.command(cls=Command)
def forget(
    ctx: typer.Context,
    job: JobArguments,
    yes: Annotated[bool, typer.Option("--yes", help="Also jobs that may still bill.")] = False,
) -> Result:
    """Remove ended jobs from the ledger for good; videos stay where they are."""
    from ..orders import lookup, settle

    flags = ctx.find_root().obj
    with front_end.opened(flags, Show(flags)) as (_, context):
        found = [lookup.known(context, name) for name in job]
        settle.forget(context, found, even_unfinished=yes)
    return Result({"jobs": [job_document(each) for each in found]}, [each.called for each in found])


@app.command(cls=Command)
def cost(
    ctx: typer.Context,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Orders from this day on (UTC).")] = None,
    by: Annotated[
        Literal["provider", "model", "day", "batch", "profile"],
        typer.Option(metavar="WHAT", help="Add up by provider, model, day, batch or profile."),
    ] = "provider",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
) -> Result:
    """What orders cost: what providers told, what is estimated by a price, and how many orders have no known price."""
    from ..orders import costs

    flags = ctx.find_root().obj
    with front_end.client(flags, Show(flags)).open_ledger() as ledger:
        start = costs.day(since) if since is not None else 0.0
        rows, total = costs.costs(ledger.recent(), costs.By(by), start)
    data = {"rows": [{by: row.name, **_cost(row)} for row in rows], "totals": _cost(total)}
    if as_csv:
        return Result(data, _csv([by, *_cost(total)], rows))
    cells = [_shown(row.name or "-", row) for row in rows] + [_shown("all", total)]
    return Result(data, table(cells, [by.upper(), "ORDERS", "KNOWN USD", "ESTIMATED USD", "UNKNOWN"], terminal_width()))


@app.command(cls=Command)
def export(ctx: typer.Context) -> Result:
    """Print all that the ledger knows of each job, one JSON object a line (with --json: one document)."""
    import json

    from ..ledger import exchange

    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.client(flags, show).open_ledger() as ledger:
        documents = [exchange.written(row) for row in ledger.rows()]
    for line in () if show.is_machine else map(json.dumps, documents):
        show.line(line, longest=len(line))  # half of a line is none
    return Result({"jobs": documents})


@app.command("import", cls=Command)
def take_in(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="What `jobs export` printed.", autocompletion=complete.files),
    ],
) -> Result:
    """Take an export into the ledger in force: each job once, and what is further on wins."""
    from ..ledger import exchange

    flags = ctx.find_root().obj
    show = Show(flags)
    rows = exchange.read(_content(file), "stdin" if file == "-" else file)
    with front_end.client(flags, show).open_ledger() as ledger:
        taken = exchange.take_in(ledger, rows)
    show.say(f"{taken} of {len(rows)} jobs were taken in; of the others the ledger knew as much or more")
    return Result({"jobs": len(rows), "taken": taken, "known": len(rows) - taken})


def _content(file: str) -> str:
    """The text of a file, or of stdin; UsageError where it cannot be read."""
    import sys
    from pathlib import Path

    from ..errors import UsageError

    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).expanduser().read_bytes()
        return raw.decode("utf-8-sig")
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{file} cannot be read: {reason}", hint="name a file that `hailuo jobs export` wrote"
        ) from None


def _cost(row: Cost) -> dict[str, int | float]:
    return {
        "orders": row.orders,
        "known_usd": float(row.known),
        "estimated_usd": float(row.estimated),
        "unknown": row.unknown,
    }


def _shown(name: str, row: Cost) -> list[str]:
    from ..money import shown

    return [name, str(row.orders), shown(row.known), shown(row.estimated), str(row.unknown)]


def _csv(header: Sequence[str], rows: Iterable[Cost]) -> list[str]:
    import csv
    import io

    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(header)
    for row in rows:
        name = row.name or ""
        # what begins so is a formula to a spreadsheet
        name = f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
        lines.writerow([name, row.orders, f"{row.known:f}", f"{row.estimated:f}", row.unknown])
    return out.getvalue().splitlines()


def _plain(value: object) -> str:
    if isinstance(value, dict):
        value = ", ".join(f"{name} {each}" for name, each in value.items() if each is not None)
    return clean(str(value)).replace("\n", " ")
