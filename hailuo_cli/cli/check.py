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
    with context.desk(flags, show) as desk, planned(desk, show, request) as (account, order):
        asked = estimate(desk, account, order) if ask_price else None
        price = asked or pricing.of(order, account.provider)
    cost = "price unknown" if price.usd is None else f"{price.usd:.2f} USD"
    data = {
        "provider": account.name,
        "model": order.model.id,
        "mode": order.mode.value,
        "prompt": order.prompt,
        "duration": order.duration,
        "resolution": order.resolution,
        "price_usd": price.usd,
        "price_source": price.source,
        "warnings": list(order.warnings),
    }
    line = f"ok: {account.name} {order.model.id} {order.mode.value} {order.duration} s {order.resolution}, {cost}"
    return Result(data, [line])
