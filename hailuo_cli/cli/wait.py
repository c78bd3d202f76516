"""`hailuo wait`: poll with progress until the videos are saved."""

from __future__ import annotations

from typing import Annotated

import typer

from . import asking, context
from .options import JobArguments, SaveOptions, WaitOptions
from .show import Result, Show


def wait(
    ctx: typer.Context,
    job: JobArguments,
    waiting: WaitOptions,
    saving: SaveOptions,
    no_download: Annotated[bool, typer.Option("--no-download", help="Only until the video is ready.")] = False,
) -> Result:
    """Wait for jobs and save their videos."""
    from ..orders import deliver, submit
    from .watching import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk:
        entries = submit.find_all(desk, job)
        how = asking.delivery(waiting, saving, desk.config, show, save=not no_download)
        events = deliver.deliver(desk, entries, how)
        return follow(events, show, one=False, count=len(entries), save=how.save)
