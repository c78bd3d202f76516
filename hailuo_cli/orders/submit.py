"""Ordering a video, once: the one place that knows the order of things. Read this first, then `sending` and `wait_and_save`.

Paying once: the intent is on disk before the first byte of the request leaves, the ticket is on disk before anyone
is told. A submit ends as not sent, refused, submitted or unconfirmed; an unconfirmed one is never sent again by itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..config.profiles import Account
from ..errors import Interrupted
from ..ledger.base import OwnerUnknown
from ..model import Job, JobState, LocalImage, Order, RemoteImage, Request
from ..money import nanos
from ..providers import camera_words
from ..request import camera, identity, pricing, rules
from ..wire import Call, Upload, collect_requests
from . import next_steps, sending, spending
from .context import Context
from .duplicates import NOT_AGAIN, Again

if TYPE_CHECKING:
    from ..ledger.limits import Allowance

OTHERS_SECONDS = 90.0
"""For how long the answer to the same order by another process is waited for."""


def plan(account: Account, request: Request) -> Order:
    """The job a request comes to at one provider, with every local rule kept and nothing sent."""
    provider = account.provider
    words = provider.camera_zh if account.camera_zh and provider.camera_zh else provider.camera
    warnings = list(camera.doubts(request.prompt, words)) if words else []
    if request.camera and not words:
        warnings.append(f"{provider.title} documents no camera commands; MiniMax's own words go out")
    images = (request.image, request.last_image)
    warnings += [f"{i.label}: {i.odd}" for i in images if isinstance(i, LocalImage) and i.odd]
    prompt = camera.directed(request.prompt, request.camera, words or camera_words.ENGLISH)
    order = rules.settle(replace(request, prompt=prompt), provider)
    if order.params:
        requests(account, order)
    return replace(order, request=request, warnings=tuple(warnings))


def requests(account: Account, order: Order) -> list[Call | Upload]:
    """What a submit would send, up to the call that bills, raw vendor fields included.

    UsageError for a raw field that goes out already, or that is below a value that is not an object.
    """
    return [
        request.extended(order.params) if isinstance(request, Call) and request.bills else request
        for request in collect_requests(account.provider.submit(order))
    ]


@dataclass(frozen=True)
class Terms:
    """How an order is paid, and what it is called.

    `command` is who orders. `max_cost` is in USD. `output` is where the video is to go, as an absolute path or
    template, where the order says so.
    """

    command: str = "submit"
    dedupe_key: str | None = None
    again: Again = NOT_AGAIN
    max_cost: float | Decimal | None = None
    allowance: Allowance | None = None
    """The limits over several orders, and the price that is assumed for what has no known one."""
    budget: Decimal | None = None
    """What all takes together may cost, in USD."""
    output: str | None = None
    label: str | None = None
    group: str | None = None
    take: int | None = None
    batch: str | None = None
    row: str | None = None
    choice: str | None = None
    """How the provider was chosen, as JSON."""
    send_tries: int = sending.TRIES
    """How often it is sent after proof that it did not land."""

    @property
    def assume_price(self) -> Decimal | None:
        """What stands for a price that nobody knows, in USD."""
        return self.allowance.assume_price if self.allowance else None

    @property
    def has_limit(self) -> bool:
        """Whether an order of unknown price is refused."""
        return self.max_cost is not None or self.budget is not None or bool(self.allowance and self.allowance.caps)


SUBMIT = Terms()


def submit(
    context: Context, account: Account, order: Order, terms: Terms = SUBMIT, price: pricing.Price | None = None
) -> Job:
    """Order a video, at most once. The job has its ticket, which is already on disk; `reused` says where it was found.

    NotSent: no byte left. The DEFINITE errors: refused, not billed. Unconfirmed: it may have landed and be billed.
    """
    price = price or pricing.of(order, account)
    pricing.refuse_above(terms.max_cost, price, account.provider, assume=terms.assume_price)
    session = context.session(account)
    intent = _intent(account, order, terms, price)
    while True:
        job: Job | None = None
        try:
            with context.guard() as guard:
                job, is_new = context.ledger.begin(
                    intent,
                    lambda earlier: terms.again.choose(
                        earlier, intent, context.now() if earlier.now is None else earlier.now
                    ),
                    terms.allowance,
                )
                if is_new:
                    job = sending.send(context, session, job, account.provider, order, guard, terms.send_tries)
                if is_new or job.reused:
                    context.touched_jobs.append(job)
        except OwnerUnknown as unknown:
            context.say("waiting to see whether another machine is still at work on the same job")
            context.ledger.find_out(unknown, context.sleep)
            continue
        except Interrupted as stop:
            ordered = {each.ref: each for each in (*context.touched_jobs, *([job] if job else [])) if each.ticket}
            if ordered:  # by this order or an earlier one of the same command
                stop.next_step = next_steps.continuing("wait", list(ordered.values()))
            elif not stop.notes:
                stop.notes.append("nothing was sent")
            raise
        if is_new:
            return job
        if job.reused:
            context.ledger.hold([job])
            return job
        job = _wait_for_other_process(context, job)
        if job.state is JobState.SUBMITTING:
            raise next_steps.unconfirmed(job, "another process is still ordering it")


def _intent(account: Account, order: Order, terms: Terms, price: pricing.Price) -> Job:
    """The row of an order that is about to be made."""
    counted = spending.counted(price, terms.assume_price)
    return Job(
        id="",
        provider=account.name,
        state=JobState.SUBMITTING,
        profile=account.profile,
        model=order.model.id,
        prompt=order.prompt,
        duration=order.duration,
        resolution=order.resolution,
        image=order.image.label if order.image else None,
        webhook=order.webhook,
        fingerprint=_fingerprint(account, order),
        request_hash=identity.request_hash(order),
        request=identity.document(order),
        dedupe_key=terms.dedupe_key,
        command=terms.command,
        output=terms.output,
        label=terms.label,
        group=terms.group,
        take=terms.take,
        batch=terms.batch,
        row=terms.row,
        choice=terms.choice,
        price_usd=price.number,
        price_source=price.source,
        reserved=None if counted is None else nanos(counted),
    )


def _wait_for_other_process(context: Context, job: Job) -> Job:
    """An entry that another process is ordering right now, once that has its answer."""
    deadline = context.clock() + OTHERS_SECONDS
    while job.state is JobState.SUBMITTING and context.clock() < deadline:
        context.sleep(0.1)
        job = context.ledger.again(job)
    return job


def _fingerprint(account: Account, order: Order) -> str:
    """The same for the same order at the same place, and only then; images count by their content."""

    def plain(value: object) -> Any:
        return value.digest if isinstance(value, RemoteImage | LocalImage) else vars(value)

    # an address of its own is what every order with --listen has
    sent = requests(account, replace(order, webhook=None))
    text = json.dumps([account.name, account.base_url, sent], default=plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
