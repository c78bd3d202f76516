"""`hailuo submit`: pay once, print the reference, return."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Interrupted, TicketUnsaved
from . import asking, context
from .hearing import Ears, hearing, sample
from .options import OrderOptions, RequestOptions, SaveOptions, WaitOptions
from .show import Result, Show, job_document

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..model import Job, Order
    from ..orders.deliver import Delivery
    from ..orders.submit import Context


def submit(
    ctx: typer.Context,
    request: RequestOptions,
    terms: OrderOptions,
    waiting: WaitOptions,
    saving: SaveOptions,
    wait: Annotated[bool, typer.Option("--wait", help="Wait and save too, as generate does.")] = False,
) -> Result:
    """Order a video: pays once, prints PROVIDER:TICKET, returns at once."""
    if wait or terms.dry_run:
        return run(ctx, request, terms, waiting, saving)
    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk, planned(desk, show, request) as (account, order):
        with hearing(desk, [account], waiting.listen, request.webhook) as ears:
            job = ordered(desk, show, account, ears.addressed(order, account), terms)
        return Result(job_document(job), [job.name])


def run(
    ctx: typer.Context, request: RequestOptions, terms: OrderOptions, waiting: WaitOptions, saving: SaveOptions
) -> Result:
    """Order a video, wait for it and save it."""
    from ..orders import submit
    from ..transport.preview import shown

    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk, planned(desk, show, request) as (account, order):
        if terms.dry_run:
            order = sample(order, account, waiting.listen)
            return _dry([shown(r, account.provider, account.base_url) for r in submit.requests(account, order)])
        how = asking.delivery(waiting, saving, desk.config, show)
        with hearing(desk, [account], waiting.listen, request.webhook) as ears:
            job = ordered(desk, show, account, ears.addressed(order, account), terms)
            return _followed(desk, show, job, how, ears)


def _followed(desk: Context, show: Show, job: Job, how: Delivery, ears: Ears) -> Result:
    """What became of a job that is paid for; every way out but the end names the command that continues."""
    from ..orders import deliver
    from .watching import follow

    try:
        show.say(f"ordered: {job.name}")
        ears.expect(job, desk.account_of(job))
        return follow(deliver.deliver(desk, [job], how, wakeups=ears.wakeups), show, one=True)
    except Interrupted as stop:
        stop.hints = stop.hints or [f"hailuo wait {job.name}{desk.flags}"]
        raise


@contextlib.contextmanager
def planned(desk: Context, show: Show, options: RequestOptions) -> Iterator[tuple[Account, Order]]:
    """The chosen account and the job it would be asked for, with the image files open."""
    from ..orders.submit import plan

    account = desk.config.chosen(options.provider)
    with contextlib.closing(asking.request(options, account)) as request:
        order = plan(account, request)
        for warning in order.warnings:
            show.warn(warning)
        yield account, order


def ordered(desk: Context, show: Show, account: Account, order: Order, terms: OrderOptions) -> Job:
    """The job, paid for once. A reference that could not be written down is printed all the same."""
    from ..orders import submit

    limit = terms.max_cost if terms.max_cost is not None else desk.config.settings.get("max_cost")
    try:
        price = submit.estimate(desk, account, order) if limit is not None else None
        job = submit.submit(
            desk, account, order, dedupe_key=terms.dedupe_key, max_cost=limit, price=price, yes=terms.yes
        )
    except TicketUnsaved as error:
        if error.job and not show.is_machine:
            show.line(error.job.name)
        raise
    except Interrupted as stop:
        stop.hints = stop.hints or ["nothing was sent"]
        raise
    show.event("submitted", ref=job.ref, order=job_document(job))
    return job


def _dry(requests: list[dict[str, object]]) -> Result:
    import json

    lines = json.dumps(requests, indent=2, ensure_ascii=False).splitlines()
    return Result({"requests": requests, "sent": False}, lines)
