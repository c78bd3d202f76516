"""`hailuo wait`: poll with progress until the videos are saved."""

from __future__ import annotations

from typing import Annotated

import typer

from . import afterwards, front_end, option_values
from .listen_option import hearing, must_call_back
from .options import AfterOptions, EveryoneOption, OptionalUnfinishedJobs, SaveOptions, WaitOptions
from .show import Result, Show


def wait(
    ctx: typer.Context,
    waiting: WaitOptions,
    saving: SaveOptions,
    finishing: AfterOptions,
    job: OptionalUnfinishedJobs = None,
    everyone: EveryoneOption = False,
    no_download: Annotated[bool, typer.Option("--no-download", help="Only until the video is ready.")] = False,
) -> Result:
    """Wait for jobs and save their videos; without JOB for every unfinished one."""
    from ..orders import lookup, wait_and_save
    from .follow import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.opened(flags, show) as (client, context):
        jobs = lookup.find_all(context, job or [], everyone=everyone)
        if not jobs:
            show.say("no unfinished jobs")
        how = option_values.delivery(client, waiting, saving, show, save=not no_download)
        after = afterwards.planned(client, context, finishing, saving, save=how.save)
        with hearing(context, waiting.listen) as ears:
            if waiting.listen and not ears.expect(context, jobs):
                accounts = [context.account_of(job) for job in jobs]
                if not any(account.provider.webhook for account in accounts):
                    must_call_back(accounts)
                show.warn("none of these jobs was ordered with this --listen address; they are looked at as usual")
            events = wait_and_save.deliver(context, jobs, how, wakeups=ears.wakeups)
            return follow(events, show, one=False, count=len(jobs), save=how.save, after=after)
