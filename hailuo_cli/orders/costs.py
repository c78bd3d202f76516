"""What orders cost, from the ledger: what providers told, what was listed or quoted, and how many nobody knows."""

from __future__ import annotations

import enum
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from ..errors import UsageError
from ..model import Job
from ..money import dollars


class By(enum.StrEnum):
    """What costs are added up by."""

    PROVIDER = "provider"
    MODEL = "model"
    DAY = "day"
    BATCH = "batch"
    PROFILE = "profile"


@dataclass(frozen=True)
class Cost:
    """The orders of one `name` (None: they have none). `known` was told as billed, `estimated` is listed, quoted or your own
    price, both in USD; `unknown` is a number of orders.
    """

    name: str | None
    orders: int = 0
    known: Decimal = Decimal(0)
    estimated: Decimal = Decimal(0)
    unknown: int = 0

    def plus(self, job: Job) -> Cost:
        """With one order more."""
        if job.billed is not None:
            known, estimated, unknown = dollars(job.billed), Decimal(0), 0
        elif job.price_usd is not None:
            known, estimated, unknown = Decimal(0), _estimated(job, job.price_usd), 0
        else:
            known, estimated, unknown = Decimal(0), Decimal(0), 1
        return Cost(self.name, self.orders + 1, self.known + known, self.estimated + estimated, self.unknown + unknown)


def costs(jobs: Iterable[Job], by: By, since: float = 0.0) -> tuple[list[Cost], Cost]:
    """Each name's costs, sorted, and those of all together. Orders that were not sent or refused cost nothing, and jobs
    that were ordered elsewhere and only asked about here are not counted.
    """
    rows: dict[str | None, Cost] = {}
    total = Cost(None)
    for job in jobs:
        if job.fingerprint is None or not job.state.may_bill or (job.created_at or 0.0) < since:
            continue
        name = _name(job, by)
        rows[name] = rows.get(name, Cost(name)).plus(job)
        total = total.plus(job)
    return sorted(rows.values(), key=lambda row: (row.name is None, row.name or "")), total


def day(text: str) -> float:
    """The beginning of a day of UTC as seconds since the epoch; UsageError for what is no day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise UsageError(f'--since "{text}" is not a day', hint="--since 2026-11-01") from None


def _name(job: Job, by: By) -> str | None:
    if by is By.DAY:
        return time.strftime("%Y-%m-%d", time.gmtime(job.created_at or 0.0))
    found: str | None = getattr(job, by.value)
    return found


def _estimated(job: Job, price: float) -> Decimal:
    return Decimal(str(price)) if job.reserved is None else dollars(job.reserved)
