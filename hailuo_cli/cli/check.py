"""`hailuo check`: every local rule, no network, no money."""

from __future__ import annotations

from typing import Annotated

import typer

from ..documents import prepared_document
from . import afterwards, front_end, option_values
from .options import AfterOptions, OrderOptions, RequestOptions, SaveOptions, WaitOptions
from .show import Result, Show


def check(
    ctx: typer.Context,
    request: RequestOptions,
    order: OrderOptions,
    waiting: WaitOptions,
    saving: SaveOptions,
    finishing: AfterOptions,
    ask_price: Annotated[
        bool, typer.Option("--ask-price", help="Also ask the provider what it would cost (needs the key and network).")
    ] = False,
) -> Result:
    """Check a request by every local rule: no network, no key, no money."""
    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.opened(flags, show) as (client, context):
        how = option_values.delivery(client, waiting, saving, show)
        afterwards.planned(client, context, finishing, saving)
        terms = client.terms("generate", how, option_values.terms(order))
        values = {**option_values.request(request), **option_values.terms(order)}
        with client.checked(
            context, values, terms, how, takes=order.takes, ask_price=ask_price, stdin=option_values.stdin
        ) as ready:
            if waiting.listen is not None:
                from .listen_option import rehearsed

                rehearsed(ready.account, waiting.listen, request.webhook)
            account, made, price = ready.account, ready.order, ready.price
    cost = "price unknown" if price.usd is None else f"{price.usd:.2f} USD"
    line = f"ok: {account.name} {made.model.id} {made.mode.value} {made.duration} s {made.resolution}, {cost}"
    return Result(prepared_document(ready), [line])
