"""A plan kept in a file: exactly what a later run buys, and how that run finds out that it is stale."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import DiskError, UsageError
from . import states
from .planning import Action, Plan, Prepared, Take
from .rows import BatchFile, Row
from .states import RowState
from .text import read_text

SCHEMA = "hailuo/plan-1"
_HEAD = re.compile(r'\s*\{\s*"schema":\s*"hailuo/plan-')


@dataclass(frozen=True)
class PlannedRow:
    """A row as it was planned: what it comes to, what it costs, and what was ordered for it before."""

    row: Row
    request_hash: str
    price_usd: float | None
    images: Mapping[str, str]
    to_order: Sequence[int]
    """The takes that the plan orders."""
    known: Mapping[int, Sequence[str]]
    """The orders of each take that the plan knew of, by their ids."""


@dataclass(frozen=True)
class FrozenPlan:
    """A plan that was read from its file."""

    batch: BatchFile
    rows: Mapping[str, PlannedRow]


@dataclass(frozen=True)
class Stale:
    """How one row is not any more as it was planned."""

    id: str
    how: str


def _is_empty(path: Path) -> bool:
    """Whether a file has nothing in it, as `mktemp` leaves one."""
    return path.is_file() and path.stat().st_size == 0


def is_plan(path: Path) -> bool:
    """Whether a file is a plan, by how it begins."""
    try:
        with path.open("rb") as file:
            return bool(_HEAD.match(file.read(200).decode("utf-8", "replace")))
    except OSError:
        return False


def write(plan: Plan, attempts: states.Attempts, path: Path, made_at: str) -> None:
    """Keep a plan in a file, whole or not at all; DiskError where that fails, UsageError where anything else is there."""
    if path.exists() and not is_plan(path) and not _is_empty(path):
        raise UsageError(f"{path} is there and is no plan", hint="name another file")
    rows: dict[str, dict[str, Any]] = {}
    for take in plan.takes:
        row = rows.setdefault(take.row.id, _written(take.prepared))
        row["known"][str(take.number)] = [job.id for job in attempts.get(take.key, ())]
        if take.action.orders:
            row["to_order"].append(take.number)
    content = {
        "schema": SCHEMA,
        "name": plan.batch.name,
        "file": str(plan.batch.path.absolute()),
        "made_at": made_at,
        "budget": None if plan.batch.budget is None else str(plan.batch.budget),
        "rows": list(rows.values()),
    }
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise DiskError(f"cannot write the plan {path}: {error.strerror}") from error


def read(path: Path) -> FrozenPlan:
    """A plan from its file; UsageError where it is none, or of another version."""
    try:
        content = json.loads(read_text(path))
        if content["schema"] != SCHEMA:
            raise UsageError(f"{path} is a plan of another version: {content['schema']}", hint="plan again")
        rows = [_row(one) for one in content["rows"]]
        budget = content["budget"]
        batch = BatchFile(
            path=Path(content["file"]),
            name=content["name"],
            is_named=True,
            rows=tuple(one.row for one in rows),
            budget=None if budget is None else Decimal(budget),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise UsageError(
            f"{path} is not a plan: {type(error).__name__}", hint="hailuo batch plan FILE -o PLAN"
        ) from None
    return FrozenPlan(batch, {one.row.id: one for one in rows})


def stale(frozen: FrozenPlan, prepared: Sequence[Prepared], attempts: states.Attempts) -> list[Stale]:
    """Every row that is not as it was planned: another image or request, a higher price, an order of somebody else's."""
    found = []
    for one in prepared:
        planned = frozen.rows[one.row.id]
        for path, digest in planned.images.items():
            if one.images.get(path) != digest:
                found.append(Stale(one.row.id, f"the image {path} is another one now"))
        if one.request_hash != planned.request_hash and one.images == planned.images:
            found.append(Stale(one.row.id, "it comes to another request now"))
        if _is_dearer(one.price.usd, planned.price_usd):
            was = "unknown" if planned.price_usd is None else f"{planned.price_usd:g} USD"
            found.append(Stale(one.row.id, f"it costs {one.price.number or 0:g} USD now; the plan says {was}"))
        for number, known in planned.known.items():
            orders = attempts.get(states.key_of(one.row.id, number), ())
            foreign = [job for job in orders if job.id not in known and job.request_hash != planned.request_hash]
            if foreign:
                found.append(Stale(one.row.id, f"take {number} was ordered by somebody else: {foreign[-1].called}"))
    return found


def carried_out(frozen: FrozenPlan, plan: Plan) -> Plan:
    """The plan of what is left of a frozen one: it orders what that one ordered, and each of it once."""
    return replace(plan, takes=tuple(_left(take, frozen.rows[take.row.id]) for take in plan.takes))


def _left(take: Take, planned: PlannedRow) -> Take:
    is_planned = take.number in planned.to_order
    is_ordered = take.attempts > len(planned.known.get(take.number, ())) and take.state is not RowState.NEW
    if is_planned and not is_ordered and take.state is not RowState.UNCONFIRMED:
        fetches = take.action in (Action.FETCH, Action.ORDER_AND_FETCH)
        return replace(take, action=Action.ORDER_AND_FETCH if fetches else Action.ORDER)
    if take.action.orders:
        return replace(take, action=Action.FETCH if take.action is Action.ORDER_AND_FETCH else Action.NOTHING)
    return take


def _is_dearer(now: Decimal | None, before: float | None) -> bool:
    return now is not None and before is not None and now > Decimal(str(before))


def _written(prepared: Prepared) -> dict[str, Any]:
    row, account = prepared.row, prepared.account
    options = {**account.defaults, **row.options, "provider": account.name}
    # what was chosen is said, so that a later default changes nothing
    options |= {"model": prepared.model, "duration": prepared.duration, "resolution": prepared.resolution}
    return {
        "id": row.id,
        "line": row.line,
        "prompt": row.prompt,
        "options": options,
        "takes": row.takes,
        "max_cost": row.max_cost,
        "output": row.output,
        "extra": dict(row.extra),
        "request_hash": prepared.request_hash,
        "price_usd": prepared.price.number,
        "price_source": prepared.price.source,
        "price_date": prepared.price.seen,
        "images": dict(prepared.images),
        "to_order": [],
        "known": {},
    }


def _row(values: Mapping[str, Any]) -> PlannedRow:
    names = ("id", "line", "prompt", "options", "takes", "max_cost", "output", "extra")
    return PlannedRow(
        row=Row(**{name: values[name] for name in names}),
        request_hash=values["request_hash"],
        price_usd=values["price_usd"],
        images=values["images"],
        to_order=values["to_order"],
        known={int(number): jobs for number, jobs in values["known"].items()},
    )
