"""The JSON of a batch, and the outcomes that its report is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import HailuoError
from . import outputs
from .planning import Plan, Take
from .report.outcomes import RowOutcome
from .rows import BadRow
from .states import Key


def bad_document(bad: Iterable[BadRow]) -> list[dict[str, Any]]:
    """`data.bad` of the JSON contract."""
    return [{"id": row.id, "line": row.line, "rule": row.rule} for row in bad]


def bad_line(row: BadRow) -> str:
    """A bad row as a line for people."""
    where = f"line {row.line}: " if row.line else ""
    return f"{where}{row.id}: {row.rule}" if row.id else f"{where}{row.rule}"


def batch_document(
    plan: Plan, totals: Mapping[str, Any], errors: Mapping[Key, HailuoError] | None = None
) -> dict[str, Any]:
    """`data` of the JSON contract for plan, run and status; `errors` are those of this run."""
    rows = [_row_document(take, (errors or {}).get(take.key)) for take in plan.takes]
    by_state = Counter(str(take.state) for take in plan.takes)
    return {
        "name": plan.batch.name,
        "rows": rows,
        "totals": {"rows": len(rows), "by_state": dict(by_state), **totals},
    }


def planned_totals(plan: Plan) -> dict[str, Any]:
    """What the orders of a plan come to."""
    prices = [take.prepared.cost.usd for take in plan.to_order]
    known = [price for price in prices if price is not None]
    return {
        "orders": len(prices),
        "usd": float(sum(known, Decimal(0))),
        "unknown_prices": len(prices) - len(known),
    }


def outcomes(plan: Plan, errors: Mapping[Key, HailuoError] | None = None) -> list[RowOutcome]:
    """The rows of a report."""
    return [_outcome(take, (errors or {}).get(take.key)) for take in plan.takes]


def _outcome(take: Take, error: HailuoError | None) -> RowOutcome:
    row, job, prepared = take.row, take.job, take.prepared
    outcome = RowOutcome(
        id=row.id,
        take=take.number,
        takes=row.takes,
        state=str(take.state),
        prompt=row.prompt,
        provider=prepared.account.name,
        model=prepared.model,
        duration=prepared.duration,
        resolution=prepared.resolution,
        price_usd=prepared.cost.usd,
        price_source=prepared.price.source,
        output=Path(job.path) if job and job.path else _expected(take),
        error=error.message if error else job.error if job else None,
        extra=row.extra,
    )
    return _as_ordered(outcome, take)


def _as_ordered(outcome: RowOutcome, take: Take) -> RowOutcome:
    """What a job that there is says goes before what the row comes to, unless another one is to be ordered."""
    job = take.job
    if job is None:
        return outcome
    if take.action.orders:
        return replace(outcome, job=job.called)
    return replace(
        outcome,
        job=job.called,
        provider=job.provider,
        model=job.model or outcome.model,
        duration=job.duration or outcome.duration,
        resolution=job.resolution or outcome.resolution,
        price_usd=None if job.price_usd is None else Decimal(str(job.price_usd)),
        price_source=job.price_source,
    )


def _row_document(take: Take, error: HailuoError | None) -> dict[str, Any]:
    outcome = _outcome(take, error)
    return {
        "id": outcome.id,
        "take": outcome.take,
        "state": outcome.state,
        "provider": outcome.provider,
        "model": outcome.model,
        "duration": outcome.duration,
        "resolution": outcome.resolution,
        "price_usd": None if outcome.price_usd is None else float(outcome.price_usd),
        "price_source": outcome.price_source,
        "output": None if outcome.output is None else str(outcome.output),
        "job": outcome.job,
        "error": outcome.error,
    }


def _expected(take: Take) -> Path | None:
    template = outputs.template_of_take(take.row, take.number)
    return None if "{" in template or "}" in template else Path(template)
