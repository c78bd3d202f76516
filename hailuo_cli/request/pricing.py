"""What a job will cost, from the price lists of the providers' pages. Unknown stays unknown and is never 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..errors import CostLimit
from ..model import NextStep, Order
from ..providers import Provider


@dataclass(frozen=True)
class Price:
    """`usd` is exact, and None where nobody published a price; `source` says where it comes from, `seen` when.

    `why` says why a price is not known although the pages have one.
    """

    usd: Decimal | None = None
    source: str | None = None
    seen: str | None = None
    why: str | None = None

    @property
    def number(self) -> float | None:
        """The price as JSON and the ledger have it."""
        return None if self.usd is None else float(self.usd)


def of(order: Order, provider: Provider) -> Price:
    """The listed price of an order, unknown where a raw vendor field may change it."""
    listed = provider.price(order.model, order.shape)
    if listed is None:
        return Price()
    if odd := sorted(set(order.params) - provider.free_params):
        return Price(why=f"--param {odd[0]} may change the price")
    return Price(listed.usd, listed.origin, listed.seen)


def refuse_above(limit: float | Decimal | None, price: Price, provider: Provider) -> None:
    """CostLimit where a job may cost more than the user allowed; an unknown price may."""
    if limit is None:
        return
    if price.usd is None:
        why = price.why or f"{provider.title} publishes no price for this"
        raise CostLimit(
            f"{why}, and --max-cost is {limit:.2f} USD",
            hint="leave --max-cost out (also from your profile) to order it all the same",
        )
    allowed = Decimal(str(limit))
    if allowed.is_nan() or price.usd > allowed:  # a limit that is no number allows nothing
        raise CostLimit(
            f"this costs {price.usd:.2f} USD at {provider.title}; --max-cost is {limit:.2f}",
            hint="a shorter clip or a lower resolution may cost less",
            next_step=NextStep("providers"),
        )
