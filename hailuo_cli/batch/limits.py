"""What a run may spend: money in exact decimals, clips, seconds; checked for the whole plan, reserved for each order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from ..errors import CostLimit
from ..model import Job
from ..money import shown
from ..orders import spending
from ..orders.context import Context
from .words import counted


@dataclass(frozen=True)
class Cost:
    """What one order costs: USD (None: unknown) and seconds of video."""

    usd: Decimal | None
    seconds: int


@dataclass(frozen=True)
class Limits:
    """The limits of one run; None: no limit. `assume_price` stands for unknown prices.

    `file_budget` is the whole of the file's own budget, where what is left of that is the `budget`.
    """

    budget: Decimal | None = None
    max_clips: int | None = None
    max_seconds: int | None = None
    assume_price: Decimal | None = None
    file_budget: Decimal | None = None

    def price(self, cost: Cost) -> Decimal | None:
        """The price that counts: the known one, else the assumed one."""
        return self.assume_price if cost.usd is None else cost.usd


def within(limits: Limits, file_budget: Decimal | None, jobs: Iterable[Job]) -> Limits:
    """The same limits within the budget of the file, of which `jobs` have had their part.

    CostLimit where the price of such a job is not known and none is assumed.
    """
    if file_budget is None:
        return limits
    left = left_of(file_budget, jobs, limits.assume_price)
    if limits.budget is not None and limits.budget < left:
        return limits
    return replace(limits, budget=left, file_budget=file_budget)


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
                raise _above_budget(limits, limits.budget, f"the orders come to {shown(self.usd + price)} USD", price)
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
                f"{unknown} of {counted(len(wanted), 'order')} {_have(unknown)} no known price, and there is a budget",
                hint="--assume-price USD counts each of them with that price",
            )
        if total > limits.budget:
            least = min(price for price in prices if price is not None)
            raise _above_budget(limits, limits.budget, _come_to(len(wanted), total), least)
    if limits.max_clips is not None and len(wanted) > limits.max_clips:
        are = "is" if len(wanted) == 1 else "are"
        raise CostLimit(f"there {are} {counted(len(wanted), 'video')} to order; --max-clips is {limits.max_clips}")
    if limits.max_seconds is not None and seconds > limits.max_seconds:
        raise CostLimit(f"the orders come to {seconds} s of video; --max-seconds is {limits.max_seconds}")


def refuse_above_caps(context: Context, costs: Iterable[Cost], assume_price: Decimal | None) -> None:
    """CostLimit where the orders of a plan together would pass what the profile allows for the day or the month."""
    allowance = spending.allowance(context.config.settings.budget, assume_price)
    counted_prices = [Limits(assume_price=assume_price).price(cost) for cost in costs]
    if allowance and allowance.caps and counted_prices:
        spending.refuse_all_above_caps(allowance, context.ledger, counted_prices)


def _come_to(orders: int, usd: Decimal) -> str:
    """What orders cost together: 2 orders come to 0.70 USD."""
    return f"{counted(orders, 'order')} {'comes' if orders == 1 else 'come'} to {shown(usd)} USD"


def _above_budget(limits: Limits, budget: Decimal, what: str, least: Decimal) -> CostLimit:
    """What to say of orders above a budget: which one it is, and what helps. `least` is what the cheapest order costs."""
    fewer = ", or order fewer rows: --only" if least <= budget else ""
    whole = limits.file_budget
    if whole is None:
        return CostLimit(f"{what}; the budget is {shown(budget)} USD", hint=f"raise --budget{fewer}")
    return CostLimit(
        f"{what}; the file's budget of {shown(whole)} USD has {shown(max(budget, Decimal(0)))} USD left, "
        f"{shown(whole - budget)} USD is spent or held",
        hint=f"raise budget = in the file (--budget cannot){fewer}",
    )


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
