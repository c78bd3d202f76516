"""What a job will cost, from the price lists of the providers' pages. Unknown stays unknown and is never 0."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CostLimit
from ..model import NextStep, Order
from ..providers import Provider


@dataclass(frozen=True)
class Price:
    """`usd` is None where nobody published a price; `source` says where the number comes from and when."""

    usd: float | None = None
    source: str | None = None


def of(order: Order, provider: Provider) -> Price:
    """The listed price of a job."""
    amount = order.model.prices.get(order.shape)
    listed = provider.prices
    if amount is None or listed is None or listed.usd is None:
        return Price()
    return Price(round(amount * listed.usd, 6), f"{listed.source} ({listed.seen})")


def refuse_above(limit: float | None, price: Price, provider: Provider) -> None:
    """CostLimit where a job may cost more than the user allowed; an unknown price may."""
    if limit is None:
        return
    if price.usd is None:
        raise CostLimit(
            f"{provider.title} publishes no price for this, and --max-cost is {limit:.2f} USD",
            hint="leave --max-cost out (also from your profile) to order it all the same",
        )
    if not price.usd <= limit:  # written so that a limit that is no number allows nothing
        raise CostLimit(
            f"this costs {price.usd:.2f} USD at {provider.title}; --max-cost is {limit:.2f}",
            hint="a shorter clip or a lower resolution may cost less",
            next_step=NextStep("providers"),
        )
