"""Handing the rows of a batch to workers: what a run would order is put into the queue, pictures and limits beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from ...errors import InvalidImage
from ...ledger.base import Waiting
from ...ledger.shared import SharedStore
from .. import states
from ..planning import Action, Plan, Take
from ..rows import BatchFile
from .queue import Queue
from .tasks import OrderTask, task_of


def tasks_of(plan: Plan, attempts: states.Attempts, waiting: Mapping[str, Waiting]) -> list[OrderTask]:
    """What a run would order, and what it would wait for, as tasks, but for those that `waiting` has already as they are.

    UsageError where a video would go to a place that workers do not have.
    """
    waits = {states.key_of_dedupe_key(key): one for key, one in waiting.items()}
    found = []
    for take in plan.takes:
        known = waits.get(take.key)
        if known and not replaces(take, plan.batch, known):
            continue
        is_under_way = take.action is Action.FETCH and take.state in states.UNDER_WAY
        if take.action.orders or is_under_way:
            # an order that is under way stands for its task: the worker waits for it
            current = take.job.id if is_under_way and take.job else None
            earlier = [job.id for job in attempts.get(take.key, ()) if job.id != current]
            found.append(task_of(take, plan.batch, earlier))
    return found


def replaces(take: Take, batch: BatchFile, waiting: Waiting) -> bool:
    """Whether a take is to be ordered as its row is now, and not as it waits for a worker.

    Not where a worker has it in its hands, nor where what waits will save a video that is paid for.
    """
    if waiting.is_claimed or waiting.form is None or take.action is not Action.ORDER:
        return False
    return task_of(take, batch, ()).form != waiting.form


def enqueue(
    store: SharedStore, queue: Queue, plan: Plan, wanted: Sequence[OrderTask], budget: Decimal | None,
    assume_price: Decimal | None,
) -> int:  # fmt: skip
    """Put tasks into the queue, after everything they need is there; how many were not in it yet, or
    take the place of what waited there.

    InvalidImage, and nothing is enqueued, where a picture has changed since it was planned.
    """
    for take in plan.to_order:
        _keep_images(store, take)
    store.limit_batch(plan.batch.name, budget, assume_price)
    return queue.put(wanted)


def _keep_images(store: SharedStore, take: Take) -> None:
    import hashlib

    for path, digest in take.prepared.images.items():
        if store.has_image(digest):
            continue
        content = Path(path).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise InvalidImage(
                f"{path} has changed since the plan was made; nothing was enqueued", hint="enqueue again"
            )
        store.put_image(digest, content)
