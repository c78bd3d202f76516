"""`hailuo download`: save the videos of finished jobs."""

from __future__ import annotations

import typer

from . import afterwards, front_end, option_values
from .options import AfterOptions, JobArguments, SaveOptions
from .show import Result, Show


def download(ctx: typer.Context, job: JobArguments, saving: SaveOptions, finishing: AfterOptions) -> Result:
    """Save the videos of finished jobs; an expired link is renewed by asking the job again."""
    from ..orders import lookup, wait_and_save
    from .follow import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.opened(flags, show) as (client, context):
        jobs = lookup.find_all(context, job)
        how = option_values.delivery(client, None, saving, show)
        after = afterwards.planned(client, context, finishing, saving)
        return follow(wait_and_save.collect(context, jobs, how), show, one=False, count=len(jobs), after=after)
