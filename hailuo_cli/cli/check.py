"""`hailuo check`: every local rule, no network, no money."""

from __future__ import annotations

from typing import Annotated

import typer

from . import context
from .options import RequestOptions
from .show import Result, Show
from .submit import planned


def check(
    ctx: typer.Context,
    request: RequestOptions,
    ask_price: Annotated[
        bool, typer.Option("--ask-price", help="Also ask the provider what it would cost (needs the key and network).")
    ] = False,
) -> Result:
    """Check a request by every local rule: no network, no key, no money."""
    from ..orders.submit import estimate
    from ..request import pricing

    flags = ctx.find_root().obj
    show = Show(flags)
    with context.desk(flags, show) as desk, planned(desk, show, request) as (account, job):
        asked = estimate(desk, account, job) if ask_price else None
        price = asked or pricing.of(job, account.provider)
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
