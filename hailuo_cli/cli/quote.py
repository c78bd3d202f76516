"""`hailuo quote`: every seller's price for one request in one table. No order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import front_end, option_values
from .options import RequestOptions
from .show import Result, Show, table, terminal_width

if TYPE_CHECKING:
    from ..choosing.quotes import Quote


def quote(
    ctx: typer.Context,
    request: RequestOptions,
    ask: Annotated[
        bool, typer.Option("--ask", help="Also ask those that tell a price themselves (needs their keys and network).")
    ] = False,
) -> Result:
    """Compare what every seller asks for a request, and see why some cannot do it: no network, no key, no money."""
    from ..choosing.quotes import document

    flags = ctx.find_root().obj
    show = Show(flags)
    with front_end.opened(flags, show) as (client, context):
        found = client.quotes(context, option_values.request(request), ask=ask, stdin=option_values.stdin)
        now = context.now()
    for one in found:
        if one.doubt:
            show.warn(f"{one.account.name} was asked and gave no price: {one.doubt}")
    return Result({"quotes": [document(one, now) for one in found]}, _lines(found, now))


def _lines(found: list[Quote], now: float) -> list[str]:
    from ..choosing.quotes import OLD_DAYS

    able = [one for one in found if one.cannot is None]
    rows = [_cells(one, now) for one in able]
    lines = table(rows, ["PROVIDER", "USD", "READ", "TIME", "KEY", "SOURCE"], terminal_width()) if rows else []
    if any((one.age_days(now) or 0) > OLD_DAYS for one in able):
        lines += ["", f"! read more than {OLD_DAYS} days ago; look at its source again"]
    reasons = [f"{one.account.name}: {one.cannot}" for one in found if one.cannot is not None]
    return [*lines, *(["", "cannot:", *reasons] if reasons else [])]


def _cells(one: Quote, now: float) -> list[str]:
    from ..choosing.quotes import OLD_DAYS

    age = one.age_days(now)
    old = " !" if (age or 0) > OLD_DAYS else ""
    return [
        one.account.name,
        "?" if one.price.usd is None else f"{one.price.usd.normalize():f}",
        f"{one.price.seen or '-'}{old}",
        f"{one.time.seconds:.0f} s ({one.time.source})" if one.time else "-",
        "yes" if one.account.has_key else "no",
        one.price.source or one.price.why or "no price is published",
    ]
