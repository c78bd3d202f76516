"""Ordering a job anew with the same request, from what the ledger kept of it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import HailuoError, UsageError
from ..ledger.limits import Allowance
from ..model import Image, Job, JobState, LocalImage, Request
from ..request import image_rules, images
from . import next_steps
from .context import Context
from .delivery import Delivery
from .duplicates import Again
from .prepare import prepare
from .submit import Terms, plan, submit

RETRIED = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.GONE, JobState.REFUSED, JobState.NOT_SENT})
"""Jobs that have ended without a video."""


def retry(
    context: Context, job: Job, max_cost: float | Decimal | None = None, allowance: Allowance | None = None
) -> Job:
    """Order a failed, cancelled or gone job anew with the same request; the new job, or the one of an earlier retry.

    UsageError where there is nothing to retry, or an image file is gone or changed: nothing was sent.
    """
    account = context.account_of(job)
    request = retryable(context, job)
    try:
        terms = Terms(
            command=job.command or "submit",
            dedupe_key=job.dedupe_key,
            again=Again(retry_of=job.id),
            max_cost=max_cost,
            allowance=allowance,
            output=job.output,
            label=job.label,
            group=job.group or job.id,
            take=job.take,
            batch=job.batch,
            row=job.row,
        )
        order = plan(account, request)
        ready = prepare(context, account, order, Delivery(output=job.output, save=job.output is not None), terms)
        return submit(context, account, ready.order, terms, ready.price)
    finally:
        request.close()


def retryable(context: Context, job: Job) -> Request:
    """The request of a job that can be ordered anew; UsageError or Unconfirmed where it cannot."""
    if job.state is JobState.UNCONFIRMED:
        raise next_steps.unconfirmed(job)
    if job.state not in RETRIED:
        step = next_steps.continuing("wait", [job]) if job.state.unfinished else None
        raise UsageError(f"{job.called} is {job.state}; there is nothing to retry", next_step=step).about(job)
    return request_of(job, context.account_of(job).provider.image_limit)


def request_of(job: Job, image_limit: int = image_rules.LIMIT) -> Request:
    """The request of a job, with its image files open again; UsageError where that is not possible."""
    if job.request is None:
        raise UsageError(f"the ledger has no request of {job.called}", hint="order it anew with its prompt").about(job)
    kept: dict[str, Any] = json.loads(job.request)
    moves = [" + ".join(step) for step in kept.pop("camera", [])]
    kept.pop("family", None)
    for name in ("image", "last_image"):
        if name in kept:
            kept[name] = _image(kept[name], job, image_limit)
    return Request(**kept, camera=tuple(moves))


def _image(kept: dict[str, Any], job: Job, limit: int) -> Image:
    if url := kept.get("url"):
        return images.remote(url, limit=limit)
    path = kept.get("path")
    if path is None:
        raise UsageError(f"the image of {job.called} came from stdin or was too long to keep").about(job)
    try:
        image = images.local(path, limit=limit)
    except HailuoError as error:
        raise UsageError(f"the image of {job.called} cannot be read again: {error.message}").about(job) from error
    if isinstance(image, LocalImage) and image.digest != kept["sha256"]:
        image.file.close()
        raise UsageError(
            f"{Path(path).name} has changed since {job.called} was ordered with it", hint="order it anew"
        ).about(job)
    return image
