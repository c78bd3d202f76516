"""`hailuo submit`: pay once, print the reference, return."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Interrupted, TicketUnsaved
from . import asking, context
from .options import OrderOptions, RequestOptions, SaveOptions, WaitOptions
from .show import Result, Show, job

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..model import Entry, Job
    from ..orders.submit import Desk


def submit(
    ctx: typer.Context,
    request: RequestOptions,
    order: OrderOptions,
    waiting: WaitOptions,
    saving: SaveOptions,
    wait: Annotated[bool, typer.Option("--wait", help="Wait and save too, as generate does.")] = False,
) -> Result:
    """Order a video: pays once, prints PROVIDER:TICKET, returns at once."""
    if wait or order.dry_run:
        return run(ctx, request, order, waiting, saving)
    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk, planned(desk, show, request) as (account, planned_job):
        entry = ordered(desk, show, account, planned_job, order)
        return Result(job(entry), [entry.name])


def run(
    ctx: typer.Context, request: RequestOptions, order: OrderOptions, waiting: WaitOptions, saving: SaveOptions
) -> Result:
    """Order a video, wait for it and save it."""
    from ..orders import deliver, submit
    from ..transport.preview import shown
    from .watching import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk, planned(desk, show, request) as (account, planned_job):
        if order.dry_run:
            return _dry([shown(r, account.provider, account.base_url) for r in submit.requests(account, planned_job)])
        how = asking.delivery(waiting, saving, desk.config, show)
        entry = ordered(desk, show, account, planned_job, order)
        try:
            show.say(f"ordered: {entry.name}")
            return follow(deliver.deliver(desk, [entry], how), show, one=True)
        except Interrupted as stop:
            stop.hints = stop.hints or [f"hailuo wait {entry.name}{desk.flags}"]
            raise


@contextlib.contextmanager
def planned(desk: Desk, show: Show, options: RequestOptions) -> Iterator[tuple[Account, Job]]:
    """The chosen account and the job it would be asked for, with the image files open."""
    from ..orders.submit import plan

    account = desk.config.chosen(options.provider)
    with contextlib.closing(asking.request(options, account)) as request:
        job = plan(account, request)
        for warning in job.warnings:
            show.warn(warning)
        yield account, job


def ordered(desk: Desk, show: Show, account: Account, planned_job: Job, order: OrderOptions) -> Entry:
    """The job, paid for once. A reference that could not be written down is printed all the same."""
    from ..orders import submit

    limit = order.max_cost if order.max_cost is not None else desk.config.settings.get("max_cost")
    try:
        price = submit.estimate(desk, account, planned_job) if limit is not None else None
        entry = submit.submit(
            desk, account, planned_job, dedupe_key=order.dedupe_key, max_cost=limit, price=price, yes=order.yes
        )
    except TicketUnsaved as error:
        if error.entry and not show.is_machine:
            show.line(error.entry.name)
        raise
    except Interrupted as stop:
        stop.hints = stop.hints or ["nothing was sent"]
        raise
    show.event("submitted", ref=entry.ref, job=job(entry))
    return entry


def _dry(requests: list[dict[str, object]]) -> Result:
    import json

    lines = json.dumps(requests, indent=2, ensure_ascii=False).splitlines()
    return Result({"requests": requests, "sent": False}, lines)
