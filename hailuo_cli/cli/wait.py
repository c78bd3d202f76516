"""`hailuo wait`: poll with progress until the videos are saved."""

from __future__ import annotations

from typing import Annotated

import typer

from . import asking, context
from .hearing import hearing
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
        account_of = {entry.id: desk.account_of(entry) for entry in entries}
        accounts = list({account.name: account for account in account_of.values()}.values())
        with hearing(desk, accounts, waiting.listen) as ears:
            if waiting.listen and not sum(ears.expect(entry, account_of[entry.id]) for entry in entries):
                show.warn("none of these jobs was ordered with this --listen address; they are looked at as usual")
            events = deliver.deliver(desk, entries, how, wakeups=ears.wakeups)
            return follow(events, show, one=False, count=len(entries), save=how.save)
