"""What a report is made of: one value for each take of a row, and one for the batch."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

STATES = (
    "done",
    "ready",
    "running",
    "queued",
    "new",
    "changed",
    "missing",
    "failed",
    "refused",
    "unconfirmed",
)
"""Every state a row can be in, in the order in which they are counted."""
FAILURES = frozenset(("failed", "refused", "unconfirmed"))


@dataclass(frozen=True)
class RowOutcome:
    """Where one take of a row stands. `price_usd` None: unknown. `output` is the path of its video, there or to be."""

    id: str
    take: int
    state: str
    prompt: str
    takes: int = 1
    provider: str | None = None
    model: str | None = None
    duration: int | None = None
    resolution: str | None = None
    price_usd: Decimal | None = None
    price_source: str | None = None
    output: str | None = None
    job: str | None = None
    """The job's reference, PROVIDER:TICKET."""
    error: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The row's id, with the take where there are several."""
        return f"{self.id} take {self.take}" if self.takes > 1 else self.id


@dataclass(frozen=True)
class Report:
    """A batch and the outcomes of its rows, in the order of its file. `made_at` is an ISO time in UTC."""

    name: str
    rows: Sequence[RowOutcome]
    made_at: str

    @property
    def by_state(self) -> dict[str, int]:
        """How many outcomes there are of each state that occurs."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in STATES if found[state]}

    @property
    def usd(self) -> Decimal:
        """The known prices of everything that was ordered."""
        return sum((row.price_usd for row in self._ordered if row.price_usd is not None), Decimal(0))

    @property
    def unknown_prices(self) -> int:
        """How many orders have no known price."""
        return sum(1 for row in self._ordered if row.price_usd is None)

    @property
    def _ordered(self) -> list[RowOutcome]:
        return [row for row in self.rows if row.job or row.state == "unconfirmed"]

    @property
    def summary(self) -> str:
        """The batch in one line: 38 done, 1 failed, 1 unconfirmed, 13.30 USD."""
        counts = [f"{number} {state}" for state, number in self.by_state.items()]
        unknown = [f"{self.unknown_prices} of unknown price"] if self.unknown_prices else []
        return ", ".join([*(counts or ["no rows"]), usd(self.usd), *unknown])


@functools.lru_cache(maxsize=1024)
def usd(amount: Decimal | None) -> str:
    """An amount with two decimals, or more where it has more: 0.28 USD, 0.0525 USD."""
    if amount is None:
        return "unknown"
    shown = amount.quantize(Decimal("0.01")) if amount == amount.quantize(Decimal("0.01")) else amount.normalize()
    return f"{shown:f} USD"
