"""`hailuo download`: save the videos of finished jobs."""

from __future__ import annotations

import typer

from . import asking, context
from .options import JobArguments, SaveOptions
from .show import Result, Show


def download(ctx: typer.Context, job: JobArguments, saving: SaveOptions) -> Result:
    """Save the videos of finished jobs; an expired link is renewed by asking the job again."""
    from ..orders import deliver, submit
    from .watching import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk:
        entries = submit.find_all(desk, job)
        how = asking.delivery(None, saving, desk.config, show)
        return follow(deliver.collect(desk, entries, how), show, one=False, count=len(entries))
