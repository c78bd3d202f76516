"""The order for one task of the queue: the row as it is on this machine, with its pictures, its price and its limits."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from ...config.profiles import Account
from ...config.settings import Budget
from ...errors import CostLimit, InvalidImage, JobFailed
from ...ledger.base import HOLDS_KEY, Earlier
from ...ledger.limits import Allowance, Cap, Span
from ...ledger.postgres import PostgresLedger
from ...model import Image, Job, LocalImage
from ...orders import spending, submit
from ...orders.context import Context
from ...orders.duplicates import Again
from ...orders.prepare import UNKNOWN_YET
from ...orders.submit import Terms
from ...private_files import make_folder
from ...request import images, pricing
from ...saving import destination
from .. import outputs, states
from ..planning import request_of
from .tasks import OrderTask


@dataclass(frozen=True)
class Folders:
    """Where a worker saves videos, and where it keeps pictures that came by the queue, to order from them again."""

    root: Path
    images: Path


@dataclass(frozen=True)
class Replacing(Again):
    """What was known of a take when it was enqueued does not stand for it; whatever was ordered later does."""

    known: frozenset[str] = frozenset()

    def choose(self, earlier: Earlier, intent: Job, now: float) -> Job | None:
        """As in `Again`; JobFailed for a task that was carried out already and came to a bad end."""
        later = (job for job in earlier.keyed if job.id not in self.known and not states.is_void(job))
        latest = next(later, None)
        if latest and latest.state not in HOLDS_KEY:
            raise JobFailed(latest.error or f"the job {latest.state}").about(latest)
        return Again(self.again and latest is None, self.despite_unconfirmed).choose(earlier, intent, now)


def order(
    context: Context, ledger: PostgresLedger, account: Account, task: OrderTask, folders: Folders
) -> tuple[Job, str]:
    """Order one take of a row, or find the order that was made for it; the job, and the template of its file's path.

    CostLimit where it costs more here than was agreed to; InvalidImage where a picture cannot be had; else as
    `orders.submit`.
    """
    row = task.row(folders.root, _images(ledger, task, folders.images))
    with contextlib.ExitStack() as opened:

        def image(text: str) -> Image:
            found = images.given(text, limit=account.provider.image_limit)
            if isinstance(found, LocalImage):
                opened.callback(found.file.close)
            return found

        request = submit.plan(account, request_of(row, {}, image))
        price = pricing.of(request, account)
        if task.price_usd is not None and (price.usd is None or price.usd > Decimal(task.price_usd)):
            raise CostLimit(
                f"{task.id} costs more here than the {task.price_usd} USD that were agreed to",
                hint="enqueue it again, or upgrade hailuo where it was enqueued",
            )
        template = outputs.template_of_take(row, task.take)
        known = {"provider": account.name, "model": request.model.id, "duration": str(request.duration)}
        known |= {"resolution": request.resolution, "prompt": task.prompt}
        destination.check(template, {**UNKNOWN_YET, **known})
        settings = context.config.settings
        terms = Terms(
            command="batch",
            dedupe_key=task.key,
            again=Replacing(again=task.is_reordered, known=frozenset(task.known)),
            max_cost=task.max_cost if task.max_cost is not None else settings.max_cost,
            allowance=_allowance(ledger, task.batch, settings.budget),
            output=outputs.template_of(row),
            take=task.take,
            batch=task.batch,
            row=task.id,
            choice=json.dumps(task.choice) if task.choice else None,
            send_tries=1,
        )
        return submit.submit(context, account, request, terms, price), template


def _allowance(ledger: PostgresLedger, batch: str, profile: Budget) -> Allowance:
    """What the ledger holds an order to: the profile's limits here, and those of the batch as it was enqueued."""
    budget, assume = ledger.store.batch_limit(batch)
    found = spending.allowance(profile, assume) or Allowance(assume_price=assume)
    if budget is None:
        return found
    return replace(found, caps=(*found.caps, Cap(Span.BATCH, budget, batch)))


def _images(ledger: PostgresLedger, task: OrderTask, folder: Path) -> dict[str, str]:
    """The task's pictures as files of this machine, by the words that the task has for them."""
    found = {}
    for name, digest in task.images.items():
        path = folder / digest
        if not path.exists():
            make_folder(folder)
            content = ledger.store.image(digest)
            if content is None:
                raise InvalidImage(f"{task.id}: the picture {Path(name).name} is not in the ledger any more")
            new = path.with_name(f"{digest}.new")
            new.write_bytes(content)
            new.replace(path)
        found[name] = str(path)
    return found
