"""`hailuo cancel`: stop jobs, where the provider can."""

from __future__ import annotations

import typer

from ..errors import HailuoError
from . import context
from .options import JobArguments
from .show import Result, Show
from .show import job_document as shown


def cancel(ctx: typer.Context, job: JobArguments) -> Result:
    """Cancel jobs where the provider can; elsewhere says that they still bill."""
    from ..orders import settle, submit

    flags = ctx.find_root().obj
    show = Show(flags)
    done, failures = [], []
    with context.desk(flags, show) as desk:
        for each in submit.find_all(desk, job):
            try:
                done.append(settle.cancel(desk, each))
            except HailuoError as error:
                failures.append(error)
                done.append(error.job or each)
    lines = [f"{job.name}: {job.state}" for job in done if job.state == "cancelled"]
    return Result({"jobs": [shown(job) for job in done]}, lines).with_failures(failures, show)
