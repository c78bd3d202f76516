"""`hailuo batch`: many videos from one file."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import HailuoError, Interrupted, UsageError
from . import batch_options, complete, front_end
from .batch_options import (
    ChoiceOptions,
    FileArgument,
    FileOptions,
    NameArgument,
    PaceOptions,
    SpendingOptions,
)
from .commands import Command, Group, grouped
from .options import RowOptions
from .show import Result, Show

if TYPE_CHECKING:
    from ..batch.report.outcomes import Report
    from ..batch.workspace import Asked, Opened, Workspace
    from ..ledger.base import Ledger
    from ..orders.context import Context

WORK_TO_DO = 20
app = typer.Typer(
    cls=Group,
    add_completion=False,
    help="Many videos from one file: each ordered once, within a budget, safe to repeat.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(cls=Command)
@grouped
def plan(
    ctx: typer.Context,
    file: FileArgument,
    row: RowOptions,
    reading: FileOptions,
    choice: ChoiceOptions,
    out: Annotated[
        Path | None,
        typer.Option("-o", metavar="PLAN", help="Keep the plan: `run PLAN` buys it.", autocompletion=complete.files),
    ] = None,
    ask_price: Annotated[
        bool, typer.Option("--ask-price", help="Ask providers that quote what it costs (needs key and network).")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 20 where there is work to do.")] = False,
) -> Result:
    """Show what a run would order and what it would cost. Nothing is asked, nothing is spent."""
    from ..batch import documents, plan_file
    from .batch_display import planned_lines

    show = Show(ctx.find_root().obj)
    with _workspace(ctx, show) as (_, workspace):
        opened = workspace.open(replace(_asked(file, reading, row, choice), ask_price=ask_price))
        if refused := refused_rows(opened, show):
            return refused
        if out:
            plan_file.write(opened.plan, opened.attempts, out, _now())
            show.say(f"kept in {out}: hailuo batch run {out}")
    data = documents.batch_document(opened.plan, documents.planned_totals(opened.plan))
    code = WORK_TO_DO if exit_code and opened.plan.has_work else 0
    return Result(data, [] if show.is_machine else planned_lines(opened.plan), exit=code)


@app.command(cls=Command)
@grouped
def run(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|PLAN", help="The rows, or a plan.", show_default=False, autocompletion=complete.files
        ),
    ],
    row: RowOptions,
    reading: FileOptions,
    choice: ChoiceOptions,
    spending: SpendingOptions,
    pace: PaceOptions,
    fleet: Annotated[bool, typer.Option("--fleet", help="Leave it to workers: enqueue the rows, and watch.")] = False,
) -> Result:
    """Make it so: order what is new or changed, wait, save. Run it again whenever something is missing."""
    from ..request import build
    from .batch_run import run_batch

    show = Show(ctx.find_root().obj)
    asked = replace(_asked(file, reading, row, choice), assume_price=build.usd("--assume-price", spending.assume_price))
    if fleet:
        from .batch_fleet import run_by_fleet

        with _workspace(ctx, show) as (context, workspace):
            return run_by_fleet(context, workspace, asked, spending, pace, show)
    with _workspace(ctx, show) as (context, workspace):
        opened = workspace.open(asked)
        if refused := refused_rows(opened, show):
            return refused
        with workspace.known.running(opened.batch):
            try:
                # once more, now that no other run is at work on it
                return run_batch(context, workspace, workspace.open(asked), asked, spending, pace, show)
            except (Interrupted, HailuoError) as stop:
                _say_how_to_go_on(stop, ctx.find_root().obj.typed)
                raise


@app.command(cls=Command)
@grouped
def status(
    ctx: typer.Context,
    choice: ChoiceOptions,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|FILE]", help="One batch.", show_default=False, autocompletion=complete.files),
    ] = None,
) -> Result:
    """Show where every row stands, from the ledger; without a name every known batch."""
    from ..batch import documents
    from .batch_display import status_lines

    show = Show(ctx.find_root().obj)
    with _workspace(ctx, show) as (_, workspace):
        if name is None:
            names = workspace.known.names()
            found = {one: str(workspace.known.file_of(one)) for one in names}
            lines = [f"{one}  {path}" for one, path in found.items()]
            return Result({"batches": [{"name": one, "file": path} for one, path in found.items()]}, lines)
        opened = _looked_at(workspace, name, choice)
    data = documents.batch_document(opened.plan, documents.planned_totals(opened.plan))
    return Result(data, [] if show.is_machine else status_lines(opened.plan))


@app.command(cls=Command)
@grouped
def report(
    ctx: typer.Context,
    name: NameArgument,
    choice: ChoiceOptions,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="FILE.html, .md, .csv or .jsonl.",
            autocompletion=complete.files,
        ),
    ],
) -> Result:
    """Write a page that plays every video beside its prompt, or a table of the rows."""
    from ..batch.report import writing

    show = Show(ctx.find_root().obj)
    with _workspace(ctx, show) as (_, workspace):
        opened = _looked_at(workspace, name, choice)
    made = report_of(opened)
    writing.write(made, out)
    return Result({"path": str(out.absolute()), "rows": len(made.rows)}, [str(out)])


@app.command(cls=Command)
@grouped
def enqueue(
    ctx: typer.Context,
    file: FileArgument,
    row: RowOptions,
    reading: FileOptions,
    choice: ChoiceOptions,
    spending: SpendingOptions,
) -> Result:
    """Hand the rows to workers on any machine, through the ledger in PostgreSQL."""
    from ..request import build
    from .batch_fleet import enqueue_batch

    show = Show(ctx.find_root().obj)
    asked = replace(_asked(file, reading, row, choice), assume_price=build.usd("--assume-price", spending.assume_price))
    with _workspace(ctx, show) as (context, workspace):
        return enqueue_batch(context, workspace, asked, spending, show)


@app.command(cls=Command)
def work(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to claim.")] = False,
    output_root: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where videos go, as their rows say.", show_default="here")
    ] = Path(),
    at_once: Annotated[int, typer.Option(metavar="N", help="Jobs in flight of this worker.", min=1, max=1000)] = 8,
) -> Result:
    """Take rows that were enqueued, order them, wait, save. As many workers as you like; each row is ordered once."""
    from .batch_fleet import work_for_fleet

    show = Show(ctx.find_root().obj)
    with front_end.opened(ctx.find_root().obj, show) as (_, context):
        return work_for_fleet(context, output_root.expanduser(), at_once, once, show)


@app.command(cls=Command)
def schema() -> Result:
    """Print the JSON Schema of a batch file, for editors."""
    from ..batch import schema as made

    return Result(made.schema(), made.text().splitlines())


@app.command(cls=Command)
def example() -> Result:
    """Print a small batch file to begin with; the sandbox makes its clips, which costs nothing."""
    from ..distribution import files

    text = files.read("examples/clips.toml")
    return Result({"text": text}, text.rstrip("\n").split("\n"))


def report_of(opened: Opened) -> Report:
    """The report of a batch as it stands."""
    from ..batch import documents
    from ..batch.report.outcomes import Report

    return Report(opened.batch.name, documents.outcomes(opened.plan), _now())


def _asked(file: Path, reading: FileOptions, row: RowOptions, choice: ChoiceOptions) -> Asked:
    from ..batch.planning import Rules
    from ..batch.workspace import Asked

    return Asked(
        file=file,
        given=batch_options.given(reading, row),
        selection=batch_options.selection(choice),
        rules=Rules(retry_failed=choice.retry == "failed", keep_changed=choice.keep_changed),
        records=tuple(choice.record or ()),
        never=choice.never,
    )


def _looked_at(workspace: Workspace, name: str, choice: ChoiceOptions) -> Opened:
    asked = _asked(workspace.file_of(name), FileOptions(), RowOptions(), choice)
    known = workspace.known.file_of(name)
    # a batch that was given its name by an option is found by that name
    given = replace(asked.given, name=name if known else None)
    return workspace.open(replace(asked, given=given, is_look=True))


def refused_rows(opened: Opened, show: Show) -> Result | None:
    """What a command ends with where rows are bad or a plan is stale: all of them by name, and nothing done."""
    from ..batch import documents

    for warning in opened.warnings:
        show.warn(warning)
    if opened.bad:
        lines = [documents.bad_line(row) for row in opened.bad]
        what, hint = "cannot be ordered; nothing was", "mend what is named above and run it again"
    elif opened.stale:
        lines = [f"{row.id}: {row.how}" for row in opened.stale]
        what = "are not as they were planned; nothing was ordered"
        hint = f"plan again: hailuo batch plan {opened.batch.path} -o PLAN"
    else:
        return None
    for line in lines:
        show.complain(UsageError(line))
    data: dict[str, Any] = {"name": opened.batch.name, "bad": documents.bad_document(opened.bad)}
    if opened.stale:
        data["stale"] = [{"id": row.id, "how": row.how} for row in opened.stale]
    ids = {row.id for row in opened.bad} | {row.id for row in opened.stale}
    count = f"{len(ids)} row{'s' * (len(ids) != 1)} of " if None not in ids else ""
    return Result(data, error=UsageError(f"{count}{opened.batch.path} {what}", hint=hint))


def _say_how_to_go_on(stop: Interrupted | HailuoError, typed: Sequence[str]) -> None:
    """The same command goes on with all of it; what else there is to do about an error stays said."""
    again = shlex.join(("hailuo", *_without_retry(typed)))
    if isinstance(stop, Interrupted):
        stop.notes, stop.next_step = [f"{again} goes on with it"], None
    elif stop.job is not None:
        stop.hint = f"{stop.hint}; the rest of the batch: {again}" if stop.hint else f"the rest of the batch: {again}"


def _without_retry(typed: Sequence[str]) -> Iterator[str]:
    """The words without `--retry failed`, which would order again what has failed meanwhile."""
    words = iter(typed)
    for word in words:
        if word == "--retry":
            next(words, None)
        elif not word.startswith("--retry="):
            yield word


@contextlib.contextmanager
def _workspace(ctx: typer.Context, show: Show) -> Iterator[tuple[Context, Workspace]]:
    from ..batch.workspace import Workspace
    from ..config.paths import data_folder

    def ledger() -> Ledger | None:
        return context.ledger if client.has_ledger() else None

    with front_end.opened(ctx.find_root().obj, show) as (client, context):
        yield context, Workspace(context, data_folder(os.environ) / "batches", ledger)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
