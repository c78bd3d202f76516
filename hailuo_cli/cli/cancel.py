"""`hailuo cancel`: stop jobs, where the provider can."""

from __future__ import annotations

import typer

from ..errors import HailuoError
from . import context
from .options import Jobs
from .show import Result, Show
from .show import job as shown


def cancel(ctx: typer.Context, job: Jobs) -> Result:
    """Cancel jobs where the provider can; elsewhere says that they still bill."""
    from ..orders import settle, submit

    flags = ctx.find_root().obj
    show = Show(flags)
    done, failures = [], []
    with context.desk(flags, show) as desk:
        for entry in submit.find_all(desk, job):
            try:
                done.append(settle.cancel(desk, entry))
            except HailuoError as error:
                failures.append(error)
                done.append(error.entry or entry)
    lines = [f"{entry.name}: {entry.state}" for entry in done if entry.state == "cancelled"]
    return Result({"jobs": [shown(entry) for entry in done]}, lines).with_failures(failures, show)
