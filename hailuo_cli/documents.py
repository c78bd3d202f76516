"""The JSON of the contract, for every front end: the envelope, the job object, times for machines."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import HailuoError
    from .model import Job
    from .orders.prepare import Prepared

SCHEMA = "hailuo/1"


def when(moment: float | None) -> str | None:
    """A time for machines: 2026-11-20T21:00:00Z; None also for what no calendar has."""
    try:
        return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    except (ValueError, OverflowError, OSError):
        return None


def job_document(job: Job, *, show_url: bool = False) -> dict[str, Any]:
    """The job object. The video's address is secret and only there where it is asked for."""
    import json

    shown = {
        "id": job.id,
        "ref": job.ref,
        "provider": job.provider,
        "model": job.model,
        "state": job.state.value,
        "provider_state": job.provider_state,
        "ticket": job.ticket,
        "prompt": job.prompt,
        "duration": job.duration,
        "resolution": job.resolution,
        "image": job.image,
        "name": job.label,
        "group": job.group,
        "take": job.take,
        "batch": job.batch,
        "row": job.row,
        "dedupe_key": job.dedupe_key,
        "choice": json.loads(job.choice) if job.choice else None,
        "reused": job.reused,
        "progress": job.progress,
        "price_usd": job.price_usd,
        "price_source": job.price_source,
        "billed_usd": None if job.billed is None else _usd(job.billed),
        "created_at": when(job.created_at),
        "finished_at": when(job.finished_at),
        "path": job.path,
        "sha256": job.sha256,
        "bytes": job.bytes,
        "error": job.error,
    }
    return {**shown, "video_url": job.video_url} if show_url else shown


def _usd(amount: int) -> float:
    from .money import dollars

    return float(dollars(amount))


def prepared_document(ready: Prepared) -> dict[str, Any]:
    """What an order would be, that keeps every local rule."""
    return {
        "provider": ready.account.name,
        "model": ready.order.model.id,
        "mode": ready.order.mode.value,
        "prompt": ready.order.prompt,
        "duration": ready.order.duration,
        "resolution": ready.order.resolution,
        "price_usd": ready.price.number,
        "price_source": ready.price.source,
        "price_date": ready.price.seen,
        "choice": ready.choice,
        "warnings": list(ready.warnings),
    }


def error_document(error: HailuoError, hint: str | None) -> dict[str, Any]:
    """The error object; `hint` is what the front end says about going on."""
    told: dict[str, Any] = {
        "code": error.code,
        "exit": error.exit,
        "message": error.message,
        "hint": hint,
        **error.facts,
    }
    return {**told, "job": job_document(error.job)} if error.job else told


def envelope(ok: bool, command: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The one document of a command."""
    return {"schema": SCHEMA, "ok": ok, "command": command, **body}
