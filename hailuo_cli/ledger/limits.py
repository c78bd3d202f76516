"""Limits on what may be spent over several orders: exact sums that every kind of ledger adds up in the same way.

An order counts what it is known to have cost, else what was reserved for it. It is held until it has ended, and while nobody
knows whether it was taken; then it is spent. Not sent, refused, and ended unbilled by the provider's documents count nothing.
So spending is a sum over the rows, and nothing that could drift away from them.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from decimal import Decimal

from ..errors import CostLimit
from ..model import JobState, NextStep
from ..money import dollars, shown

OPEN = frozenset({JobState.SUBMITTING, JobState.UNCONFIRMED, JobState.SUBMITTED})
"""Orders that have not ended."""
DAY = 24 * 3600


class Span(enum.StrEnum):
    """What a limit is about: a day or a month of UTC by the ledger's clock, over all providers, or one batch."""

    DAY = "day"
    MONTH = "month"
    BATCH = "batch"


@dataclass(frozen=True)
class Cap:
    """The most that orders of a span may come to, in USD; `batch` is the name where the span is a batch."""

    span: Span
    usd: Decimal
    batch: str | None = None

    def since(self, now: float) -> float:
        """From when on orders count, as seconds since the epoch; what is still open counts however old it is."""
        if self.span is Span.BATCH:
            return 0.0
        today = now - now % DAY
        return today if self.span is Span.DAY else today - (time.gmtime(now).tm_mday - 1) * DAY


@dataclass(frozen=True)
class Spending:
    """What the orders of a span come to, in USD; `unknown` of them have no known price."""

    spent: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    unknown: int = 0


@dataclass(frozen=True)
class Allowance:
    """The limits that an order has to keep. `assume_price` stands for prices that nobody knows, in USD."""

    caps: tuple[Cap, ...] = ()
    assume_price: Decimal | None = None

    def refuse_above(self, cap: Cap, reserved: int | None, had: Spending) -> None:
        """CostLimit where an order that counts so much would pass a limit, or its price or an earlier one is unknown."""
        if reserved is None or (had.unknown and self.assume_price is None):
            earlier = f"{had.unknown} earlier order{'s' * (had.unknown > 1)}"
            which = "this order" if reserved is None else earlier
            raise CostLimit(
                f"the price of {which} is not known, and there is a limit for the {cap.span} of {shown(cap.usd)} USD",
                hint="--assume-price USD counts what has no known price with that price",
            )
        held = had.held + had.unknown * (self.assume_price or Decimal(0))
        left = max(cap.usd - had.spent - held, Decimal(0))
        if dollars(reserved) <= left:
            return
        error = CostLimit(
            f"this order counts {shown(dollars(reserved))} USD, which passes the limit for the {cap.span}: "
            f"{shown(had.spent)} spent, {shown(held)} held, {shown(left)} left of {shown(cap.usd)} USD",
            hint="what has not ended is held, and what ends unbilled is given back" if held else None,
            next_step=NextStep("status") if held else None,
        )
        error.facts["limit"] = {
            "name": str(cap.span),
            "usd": float(cap.usd),
            "spent_usd": float(had.spent),
            "held_usd": float(held),
            "left_usd": float(left),
        }
        raise error
