"""`hailuo status`: one look at each job."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import HailuoError
from . import complete, context
from .show import Result, Show, clean, job, table, terminal_width


def status(
    ctx: typer.Context,
    job_names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[JOB]...", help="Every unfinished job where none is named.", autocompletion=complete.jobs
        ),
    ] = None,
    show_url: Annotated[
        bool, typer.Option("--show-url", help="Also the (secret) address of the video, in JSON.")
    ] = False,
) -> Result:
    """Look once at each job; without JOB at every unfinished one."""
    from ..orders import submit

    flags = ctx.find_root().obj
    show = Show(flags)
    seen, rows, failures = [], [], []
    with context.desk(flags, show) as desk:
        entries = submit.find_all(desk, job_names) if job_names else desk.ledger.unfinished()
        for known in entries:
            entry, word = known, known.state.value
            try:
                entry, progress = submit.look(desk, known)
                if progress and progress.state.value != "done":
                    word = progress.state.value
                elif progress and entry.state.value != "saved":
                    word = "ready"
            except HailuoError as error:
                entry = error.entry = error.entry or entry
                failures.append(error)
                word = "gone" if entry.state == "gone" else f"{word} (not reached)"
            percent = f"{entry.progress:.0f}%" if entry.progress is not None else ""
            seen.append(job(entry, show_url=show_url))
            rows.append([entry.id, entry.name, word, percent, entry.path or entry.error or clean(entry.prompt or "")])
    lines = table(rows, ["ID", "JOB", "STATE", "", "FILE / PROMPT"], terminal_width()) if rows else []
    if not rows:
        show.say("no unfinished jobs")
    show.doubts(entries)
    return Result({"jobs": seen}, lines).with_failures(failures, show)
