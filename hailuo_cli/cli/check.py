"""`hailuo check`: every local rule, no network, no money."""

from __future__ import annotations

import contextlib

import typer

from . import asking, context
from .options import RequestOptions
from .show import Result, Show


def check(ctx: typer.Context, request: RequestOptions) -> Result:
    """Check a request by every local rule: no network, no key, no money."""
    from .. import prices
    from ..jobs import plan

    flags = ctx.find_root().obj
    show = Show(flags)
    config = context.read_config(flags, show)
    account = config.chosen(request.provider)
    with contextlib.closing(asking.request(request, account)) as asked:
        job = plan(account, asked)
    for warning in job.warnings:
        show.warn(warning)
    price = prices.of(job, account.provider)
    cost = "price unknown" if price.usd is None else f"{price.usd:.2f} USD"
    data = {
        "provider": account.name,
        "model": job.model.id,
        "mode": job.mode.value,
        "prompt": job.prompt,
        "duration": job.duration,
        "resolution": job.resolution,
        "price_usd": price.usd,
        "price_source": price.source,
        "warnings": list(job.warnings),
    }
    line = f"ok: {account.name} {job.model.id} {job.mode.value} {job.duration} s {job.resolution}, {cost}"
    return Result(data, [line])
