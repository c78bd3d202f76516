"""Jobs on their way from one ledger to another: what an export says of each, and how that is read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, get_type_hints

from ..documents import job_document
from ..errors import UsageError
from ..model import Job, JobState
from .base import ID_LETTERS, Ledger, Row

KEPT = "ledger"
"""Under this name a line has what the job object does not say: the request, hashes, exact times."""
_NOT_TOLD = {"video_url"}
"""A signed link opens the video to whoever has it, runs out, and is given again when the job is asked."""
_JOB = {field.name: get_type_hints(Job)[field.name] for field in fields(Job) if field.name != "reused"}
_TYPES: Mapping[str, Any] = {
    **_JOB,
    "answer": str | None,
    "took": float | None,
    "machine": str | None,
    "login": str | None,
}


def written(row: Row) -> dict[str, Any]:
    """One job as an export has it: the job object, and beside it everything that the ledger knows."""
    job = Job(**{**{name: row[name] for name in _JOB}, "state": JobState(row["state"])})
    kept = {name: value for name, value in row.items() if value is not None and name not in _NOT_TOLD}
    return {**job_document(job), KEPT: kept}


def read(text: str, name: str) -> list[Row]:
    """The jobs of an export: a JSON object a line, or the one document of --json. UsageError names the line."""
    found: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):  # a prompt may hold other ends of lines
        if line.strip():
            try:
                found += [_row(one) for one in _objects(line)]
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise UsageError(
                    f"{name}:{number} is not a job of an export: {error}; nothing was taken in",
                    hint="write one with: hailuo jobs export > jobs.jsonl",
                ) from None
    return found


def take_in(ledger: Ledger, rows: Iterable[Row]) -> int:
    """Write these jobs down, each once; how many of them told the ledger something."""
    return sum(ledger.take_in(row) for row in rows)


def _objects(line: str) -> Iterator[Mapping[str, Any]]:
    value = json.loads(line)
    if "schema" in value and "data" in value:
        yield from value["data"]["jobs"]
    else:
        yield value


def _row(value: Mapping[str, Any]) -> Row:
    row = dict(value[KEPT]) if KEPT in value else _of_job_object(value)
    for name, kind in _TYPES.items():
        if name == "state":
            JobState(row["state"])
        elif isinstance(row.get(name), bool) or not isinstance(_number(row.get(name), kind), kind):
            raise ValueError(f"{name} is {type(row.get(name)).__name__}")
    if not row["id"] or not set(row["id"]) <= set(ID_LETTERS):
        raise ValueError(f"{row['id']!r} is not an id")
    return row


def _of_job_object(value: Mapping[str, Any]) -> dict[str, Any]:
    """What a job object alone says, as exports before this one had it."""
    row = {name: value[name] for name in _JOB if value.get(name) is not None}
    row["label"] = value.get("name")
    row["choice"] = json.dumps(value["choice"]) if value.get("choice") else None
    for name in ("created_at", "finished_at"):
        if row.get(name):
            row[name] = datetime.fromisoformat(row[name]).timestamp()
    return row


def _number(value: Any, kind: Any) -> Any:
    return float(value) if isinstance(value, int) and kind == float | None else value
