"""What a job will cost: by the user's own prices, else by the seller's pages. Unknown stays unknown and is never 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from ..errors import CostLimit
from ..model import Model, NextStep, Order, Shape
from ..providers import Provider

if TYPE_CHECKING:
    from ..providers.prices import Amount

OWN = "your own price"
"""The source of a price that stands in the profile."""


class Seller(Protocol):
    """Who sells: under which name, by which protocol, at which prices of the user's own."""

    @property
    def name(self) -> str: ...
    @property
    def provider(self) -> Provider: ...
    @property
    def prices(self) -> Mapping[tuple[str, int | None, str], Decimal]:
        """USD, by family, seconds (None: for each second) and resolution."""
        ...


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


def of(order: Order, seller: Seller) -> Price:
    """The price of an order, unknown where a raw vendor field may change it."""
    price = listed(seller, order.model, order.shape)
    odd = sorted(set(order.params) - seller.provider.free_params)
    return Price(why=f"--param {odd[0]} may change the price") if price.usd is not None and odd else price


def listed(seller: Seller, model: Model, shape: Shape) -> Price:
    """What a seller asks for one video, by the profile or by its pages."""
    found = offered(seller, model, shape)
    if found:
        return Price(found.usd, found.origin, found.seen or None)
    return Price(
        why=f"{seller.name} is a relay, and your profile has no price of it for this" if _relays(seller) else None
    )


def offered(seller: Seller, model: Model, shape: Shape) -> Amount | None:
    """The amount in its own currency: the user's own price where there is one, else the printed one.

    A relay speaks a provider's protocol and sells at prices of its own, so the provider's pages say nothing of it.
    """
    from ..providers.prices import Amount

    own = _own(seller.prices, model.family, shape)
    if own is not None:
        return Amount(own, "USD", own, OWN, "")
    return None if _relays(seller) else seller.provider.price(model, shape)


def refuse_above(
    limit: float | Decimal | None, price: Price, provider: Provider, *, assume: Decimal | None = None
) -> None:
    """CostLimit where a job may cost more than the user allowed; an unknown price may, unless one is assumed for it."""
    if limit is None:
        return
    usd = assume if price.usd is None else price.usd
    if usd is None:
        why = price.why or f"{provider.title} publishes no price for this"
        raise CostLimit(
            f"{why}, and --max-cost is {limit:.2f} USD",
            hint="--assume-price USD counts it with that price; or leave --max-cost out (also from your profile)",
        )
    allowed = Decimal(str(limit))
    if allowed.is_nan() or usd > allowed:  # a limit that is no number allows nothing
        costs = "this costs" if price.usd is not None else "this is taken to cost"
        raise CostLimit(
            f"{costs} {usd:.2f} USD at {provider.title}; --max-cost is {limit:.2f}",
            hint="a shorter clip or a lower resolution may cost less",
            next_step=NextStep("providers"),
        )


def _relays(seller: Seller) -> bool:
    return seller.name != seller.provider.name


def _own(prices: Mapping[tuple[str, int | None, str], Decimal], family: str, shape: Shape) -> Decimal | None:
    seconds, resolution = shape
    clip, second = prices.get((family, seconds, resolution)), prices.get((family, None, resolution))
    if clip is not None:
        return clip
    return None if second is None else second * seconds
