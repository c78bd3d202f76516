"""The limits on more than one order: those of the profile, which the ledger holds, and that of a request's takes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ..config.settings import Budget
from ..errors import CostLimit
from ..money import nanos, shown
from ..request.pricing import Price

if TYPE_CHECKING:
    from ..ledger.base import Ledger
    from ..ledger.limits import Allowance


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
