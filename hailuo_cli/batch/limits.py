"""What a run may spend: money in exact decimals, clips, seconds; checked for the whole plan, reserved for each order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ..errors import CostLimit
from ..model import Job


@dataclass(frozen=True)
class Cost:
    """What one order costs: USD (None: unknown) and seconds of video."""

    usd: Decimal | None
    seconds: int


@dataclass(frozen=True)
class Limits:
    """The limits of one run; None: no limit. `assume_price` stands for unknown prices."""

    budget: Decimal | None = None
    max_clips: int | None = None
    max_seconds: int | None = None
    assume_price: Decimal | None = None

    def price(self, cost: Cost) -> Decimal | None:
        """The price that counts: the known one, else the assumed one."""
        return self.assume_price if cost.usd is None else cost.usd


def left_of(budget: Decimal, jobs: Iterable[Job], assume_price: Decimal | None) -> Decimal:
    """What is left of the budget of a batch after everything that was ordered for it and may be billed.

    CostLimit where the price of such an order is not known and none is assumed.
    """
    for job in jobs:
        if not job.state.may_bill:
            continue
        price = assume_price if job.price_usd is None else Decimal(str(job.price_usd))
        if price is None:
            raise CostLimit(
                f"the price of an earlier order is not known ({job.called}), and the batch has a budget",
                hint="--assume-price USD counts such orders with that price",
            )
        budget -= price
    return budget


class Reservations:
    """What is taken of the limits by this run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.usd = Decimal(0)
        self.clips = 0
        self.seconds = 0

    def take(self, cost: Cost) -> None:
        """Reserve for one order; CostLimit, and nothing reserved, where a limit stands in the way."""
        limits, price = self._limits, self._limits.price(cost)
        if limits.budget is not None:
            if price is None:
                raise CostLimit(
                    "the price of an order is not known, and there is a budget",
                    hint="--assume-price USD counts such orders with that price",
                )
            if self.usd + price > limits.budget:
                raise CostLimit(
                    f"the orders come to more than the budget: {_usd(self.usd + price)} of {_usd(limits.budget)}",
                    hint="raise the budget, or order fewer rows: --only, --first",
                )
        if limits.max_clips is not None and self.clips >= limits.max_clips:
            raise CostLimit(f"more than {limits.max_clips} videos", hint="raise --max-clips, or use --only")
        if limits.max_seconds is not None and self.seconds + cost.seconds > limits.max_seconds:
            raise CostLimit(f"more than {limits.max_seconds} s of video", hint="raise --max-seconds, or use --only")
        self.usd += price or Decimal(0)
        self.clips += 1
        self.seconds += cost.seconds

    def give_back(self, cost: Cost) -> None:
        """An order was not sent, or was refused: it costs nothing."""
        self.usd -= self._limits.price(cost) or Decimal(0)
        self.clips -= 1
        self.seconds -= cost.seconds


def refuse_above(limits: Limits, costs: Iterable[Cost]) -> None:
    """CostLimit where all orders of a plan together are above a limit; says what they come to."""
    wanted = list(costs)
    prices = [limits.price(cost) for cost in wanted]
    unknown = sum(price is None for price in prices)
    total = sum((price for price in prices if price is not None), Decimal(0))
    seconds = sum(cost.seconds for cost in wanted)
    if limits.budget is not None and wanted:
        if unknown:
            raise CostLimit(
                f"{unknown} of {len(wanted)} orders have no known price, and there is a budget",
                hint="--assume-price USD counts each of them with that price",
            )
        if total > limits.budget:
            raise CostLimit(
                f"{len(wanted)} orders come to {_usd(total)}; the budget is {_usd(limits.budget)}",
                hint="raise the budget, or order fewer rows: --only, --first",
            )
    if limits.max_clips is not None and len(wanted) > limits.max_clips:
        raise CostLimit(f"there are {len(wanted)} videos to order; --max-clips is {limits.max_clips}")
    if limits.max_seconds is not None and seconds > limits.max_seconds:
        raise CostLimit(f"the orders come to {seconds} s of video; --max-seconds is {limits.max_seconds}")


def _usd(amount: Decimal) -> str:
    return f"{amount.normalize():f} USD"
