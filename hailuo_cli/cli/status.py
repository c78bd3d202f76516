"""`hailuo status`: one look at each job."""

from __future__ import annotations

from typing import Annotated

import typer

from ..documents import job_document
from ..errors import HailuoError
from . import front_end
from .options import EveryoneOption, OptionalJobs
from .show import Result, Show, clean, table, terminal_width
from .state_words import state_word


def status(
    ctx: typer.Context,
    job_names: OptionalJobs = None,
    everyone: EveryoneOption = False,
    show_url: Annotated[
        bool, typer.Option("--show-url", help="Also the (secret) address of the video, in JSON.")
    ] = False,
) -> Result:
    """Look once at each job; without JOB at every unfinished one."""
    from ..orders import lookup

    flags = ctx.find_root().obj
    show = Show(flags)
    seen, rows, failures = [], [], []
    with front_end.opened(flags, show) as (_, context):
        jobs = lookup.find_all(context, job_names or [], everyone=everyone)
        for known in jobs:
            job, word = known, state_word(known)
            try:
                job, progress = lookup.refresh(context, known)
                word = progress.state.value if progress and not progress.state.over else state_word(job)
            except HailuoError as error:
                job = error.job = error.job or job
                failures.append(error)
                word = "gone" if job.state == "gone" else f"{word} (not reached)"
            percent = f"{job.progress:.0f}%" if job.progress is not None else ""
            seen.append(job_document(job, show_url=show_url))
            rows.append([job.id, job.called, word, percent, job.path or job.error or clean(job.prompt or "")])
    lines = table(rows, ["ID", "JOB", "STATE", "", "FILE / PROMPT"], terminal_width()) if rows else []
    if not rows:
        show.say("no unfinished jobs")
    show.doubts(jobs)
    return Result({"jobs": seen}, lines).with_failures(failures, show)
