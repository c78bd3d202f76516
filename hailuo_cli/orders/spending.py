"""The limits on more than one order: those of the profile, which the ledger holds, and that of a request's takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..config.settings import Budget
from ..errors import CostLimit
from ..money import nanos, shown
from ..request.pricing import Price

if TYPE_CHECKING:
    from ..ledger.base import Ledger
    from ..ledger.limits import Allowance, Cap


def allowance(budget: Budget, assume_price: Decimal | None = None) -> Allowance | None:
    """What a day and a month allow, over all providers of the ledger; None where nothing is limited or assumed."""
    if budget == Budget() and assume_price is None:
        return None
    from ..ledger.limits import Allowance, Cap, Span

    spans = ((Span.DAY, budget.day), (Span.MONTH, budget.month))
    return Allowance(tuple(Cap(span, usd) for span, usd in spans if usd is not None), assume_price)


def counted(price: Price, assume_price: Decimal | None) -> Decimal | None:
    """What an order counts: its price, else the one that is assumed for it; None where neither is known."""
    return assume_price if price.usd is None else price.usd


def refuse_above_caps(allowance: Allowance, ledger: Ledger, price: Price) -> None:
    """CostLimit where an order would pass a limit as the ledger stands now; nothing is reserved."""
    usd = counted(price, allowance.assume_price)
    for cap in allowance.caps:
        allowance.refuse_above(cap, None if usd is None else nanos(usd), ledger.spending(cap))


def refuse_all_above_caps(allowance: Allowance, ledger: Ledger, prices: Sequence[Decimal | None]) -> None:
    """CostLimit where so many orders together would pass a limit as the ledger stands now; nothing is reserved.

    `prices` are in USD, None where neither the price nor one to assume is known.
    """
    if not prices:
        return
    known = [usd for usd in prices if usd is not None]
    total = sum(known, Decimal(0))
    for cap in allowance.caps:
        had = ledger.spending(cap)
        try:
            allowance.refuse_above(cap, nanos(total) if len(known) == len(prices) else None, had)
        except CostLimit as error:
            if limit := error.facts.get("limit"):
                _say_of_all(error, cap, limit, prices=known)
            raise


def _say_of_all(error: CostLimit, cap: Cap, limit: Mapping[str, Any], prices: Sequence[Decimal]) -> None:
    """Let the refusal of one order speak of several together, and of what helps."""
    spent, held, left = (Decimal(str(limit[name])) for name in ("spent_usd", "held_usd", "left_usd"))
    come = f"{len(prices)} orders come" if len(prices) > 1 else "1 order comes"
    error.message = (
        f"{come} to {shown(sum(prices, Decimal(0)))} USD, which passes the limit for the {cap.span}: "
        f"{shown(spent)} spent, {shown(held)} held, {shown(left)} left of {shown(cap.usd)} USD"
    )
    raised = f"raise budget.{cap.span} of the profile"
    ways = [raised, "order fewer of them"] if min(prices) <= left else [raised]
    error.hint = "; ".join([", or ".join(ways), *([error.hint] if error.hint else [])])


def refuse_above(budget: Decimal | None, price: Price, takes: int, assume_price: Decimal | None = None) -> None:
    """CostLimit where so many takes together would cost more than their budget."""
    if budget is None:
        return
    usd = counted(price, assume_price)
    if usd is None:
        raise CostLimit(
            f"the price of a take is not known, and --budget is {shown(budget)} USD",
            hint="--assume-price USD counts each take with that price",
        )
    if usd * takes > budget:
        raise CostLimit(
            f"{takes} takes come to {shown(usd * takes)} USD; --budget is {shown(budget)} USD",
            hint="fewer --takes, or a higher --budget",
        )
