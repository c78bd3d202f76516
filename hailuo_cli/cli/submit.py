"""`hailuo submit`: pay once, print the reference, return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import asking, context
from .options import OrderOptions, RequestOptions, SaveOptions, WaitOptions
from .show import Result, Show, job

if TYPE_CHECKING:
    from ..config import Account
    from ..jobs import Desk
    from ..model import Entry, Job


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
    with context.desk(flags, show) as desk:
        entry = ordered(desk, show, *planned(desk, request), order)
        return Result(job(entry), [entry.name])


def run(
    ctx: typer.Context, request: RequestOptions, order: OrderOptions, waiting: WaitOptions, saving: SaveOptions
) -> Result:
    """Order a video, wait for it and save it."""
    from .. import delivery, jobs
    from ..preview import shown
    from .watching import follow

    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk:
        account, planned_job = planned(desk, request)
        for warning in planned_job.warnings:
            show.warn(warning)
        if order.dry_run:
            return _dry([shown(r, account.provider, account.base_url) for r in jobs.requests(account, planned_job)])
        how = asking.delivery(waiting, saving, desk.config)
        entry = ordered(desk, show, account, planned_job, order)
        show.say(f"ordered: {entry.name}")
        return follow(delivery.deliver(desk, [entry], how), show, one=True, usual=planned_job.model.usual_seconds)


def planned(desk: Desk, options: RequestOptions) -> tuple[Account, Job]:
    from ..jobs import plan

    account = desk.config.chosen(options.provider)
    return account, plan(account, asking.request(options, account))


def ordered(desk: Desk, show: Show, account: Account, planned_job: Job, order: OrderOptions) -> Entry:
    from .. import jobs

    limit = order.max_cost if order.max_cost is not None else desk.config.settings.get("max_cost")
    entry = jobs.submit(desk, account, planned_job, dedupe_key=order.dedupe_key, max_cost=limit, yes=order.yes)
    show.event("submitted", ref=entry.ref, job=job(entry))
    return entry


def _dry(requests: list[dict[str, object]]) -> Result:
    import json

    lines = json.dumps(requests, indent=2, ensure_ascii=False).splitlines()
    return Result({"requests": requests, "sent": False}, lines)
