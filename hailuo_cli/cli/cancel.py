"""`hailuo cancel`: stop jobs, where the provider can."""

from __future__ import annotations

import typer

from ..documents import job_document
from ..errors import HailuoError
from . import front_end
from .options import UnfinishedJobs
from .show import Result, Show


def cancel(ctx: typer.Context, job: UnfinishedJobs) -> Result:
    """Cancel jobs where the provider can; elsewhere says that they still bill."""
    from ..orders import lookup, settle

    flags = ctx.find_root().obj
    show = Show(flags)
    done, failures = [], []
    with front_end.opened(flags, show) as (_, context):
        for each in lookup.find_all(context, job):
            try:
                done.append(settle.cancel(context, each))
            except HailuoError as error:
                failures.append(error)
                done.append(error.job or each)
    lines = [f"{job.called}: {job.state}" for job in done if job.state == "cancelled"]
    return Result({"jobs": [job_document(job) for job in done]}, lines).with_failures(failures, show)
