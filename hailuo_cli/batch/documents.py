"""The JSON of a batch, and the outcomes that its report is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
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
    """What a job that there is says goes before what the row comes to, unless another one is to be ordered."""
    row, job, prepared = take.row, take.job, take.prepared
    made = None if take.action.orders else job
    price = prepared.cost.usd
    if made:
        price = None if made.price_usd is None else Decimal(str(made.price_usd))
    return RowOutcome(
        id=row.id,
        take=take.number,
        takes=row.takes,
        state=take.state.value,
        prompt=row.prompt,
        provider=made.provider if made else prepared.account.name,
        model=(made and made.model) or prepared.model,
        duration=(made and made.duration) or prepared.duration,
        resolution=(made and made.resolution) or prepared.resolution,
        price_usd=price,
        price_source=made.price_source if made else prepared.price.source,
        output=job.path if job and job.path else _expected(take),
        job=job.called if job else None,
        error=error.message if error else job.error if job else None,
        extra=row.extra,
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
        "output": outcome.output,
        "job": outcome.job,
        "error": outcome.error,
    }


def _expected(take: Take) -> str | None:
    template = outputs.template_of_take(take.row, take.number)
    return None if "{" in template or "}" in template else template
