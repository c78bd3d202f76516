"""The story of a job: submit, look, wait, fetch. Read this first; it is the one place that knows the order of things.

Paying once: the intent is on disk before the first byte of the request leaves, the ticket is on disk before anyone
is told. A submit ends as not sent, refused, submitted or unconfirmed; an unconfirmed one is never sent again by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..config.profiles import Account
from ..durations import Backoff
from ..errors import (
    BadReply,
    Bug,
    DiskError,
    HailuoError,
    Interrupted,
    LedgerError,
    LedgerLocked,
    NotSent,
    RateLimited,
    TicketTaken,
    TicketUnsaved,
)
from ..ledger.base import OwnerUnknown
from ..model import Job, JobState, LocalImage, Order, RemoteImage, Request
from ..money import nanos
from ..providers import camera_words
from ..request import camera, identity, pricing, rules
from ..wire import Call, Reply, Upload, check_ticket, collect_requests, run_flow, ticket_in
from . import next_steps, spending, verdict
from .again import NOT_AGAIN, Again
from .context import Context
from .signal_guard import SignalGuard

if TYPE_CHECKING:
    from ..ledger.limits import Allowance
    from ..providers import Provider
    from ..transport import Session

OTHERS_SECONDS = 90.0
"""For how long the answer to the same order by another process is waited for."""
SEND_TRIES = 3
SEND_SECONDS = 20.0
SEND_BACKOFF = Backoff(first=1.0, jitter=0.0)
"""Where a server asks for a longer pause than this takes from one, an order is not tried again."""


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
    send_tries: int = SEND_TRIES
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
                    job = _order(context, session, job, account.provider, order, guard, terms.send_tries)
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


@dataclass
class _Attempt:
    """Whether the order may have landed: it left, and no answer has ruled it out. `said` is what was answered.

    `ticket_in` reads the ticket in the JSON of an answer.
    """

    ticket_in: Callable[[Any], str | None]
    is_out: bool = False
    said: str | None = None


def _order(
    context: Context,
    session: Session,
    job: Job,
    provider: Provider,
    order: Order,
    guard: SignalGuard,
    tries: int,
) -> Job:
    """Send an order whose intent is on disk, and write down how it ended before saying so."""

    def send(request: Call | Upload) -> Reply:
        guard.allow()
        if isinstance(request, Call) and request.bills:
            return _sent_once(context, session, job, request.extended(order.params), attempt, guard, tries)
        return session.send(request)

    attempt = _Attempt(lambda data: ticket_in(provider.submit(order), data))
    try:
        ticket = check_ticket(run_flow(provider.submit(order), send))
    except (HailuoError, Interrupted) as error:
        guard.defer()
        raise _ended(context, job, error, attempt) from error
    except Exception as error:  # a bug after the money has left is doubt about the order all the same
        guard.defer()
        bug = Bug(f"a bug in hailuo: {type(error).__name__}")
        raise _ended(context, job, bug, attempt) from error
    try:
        return _ticketed(context, job, ticket)
    except BadReply as error:
        raise _ended(context, job, error, attempt) from error


def _ended(context: Context, job: Job, error: HailuoError | Interrupted, attempt: _Attempt) -> BaseException:
    """What to raise for an order without a ticket, once its state is on disk."""
    state = verdict.state_after(error, attempt.is_out)
    facts: dict[str, Any]
    if isinstance(error, Interrupted):
        facts = {"error": f"stopped by {error.name}"}
    else:
        facts = {"error": error.message, "error_code": error.code}
    if state is JobState.UNCONFIRMED:
        facts["answer"] = error.answer if isinstance(error, HailuoError) and error.answer else attempt.said
    with suppress(DiskError, LedgerError):  # what cannot be written stays `submitting`, which is doubt as well
        job = context.ledger.move(job, state, **facts)
        if state is JobState.REFUSED and job.state is JobState.UNCONFIRMED:  # its lease had run out meanwhile
            job = context.ledger.move(job, JobState.NOT_SENT, **facts)
    if state is JobState.UNCONFIRMED:
        return next_steps.unconfirmed(job, facts["error"], error.hint if isinstance(error, HailuoError) else None)
    if isinstance(error, Interrupted):
        return error
    if state is JobState.NOT_SENT:
        error.message += "; nothing was sent"
    return error.about(job)


def _ticketed(context: Context, job: Job, ticket: str) -> Job:
    """Write the ticket down, in a second place where the ledger does not take it (TicketUnsaved)."""
    try:
        try:
            moved = context.ledger.move(job, JobState.SUBMITTED, ticket=ticket)
        except LedgerLocked:  # what is paid for is worth waiting for once more
            moved = context.ledger.move(job, JobState.SUBMITTED, ticket=ticket)
        if moved.ticket == ticket:
            return moved
        # a person has said meanwhile that it was never sent: it is a job all the same
        return context.ledger.begin(replace(job, id="", state=JobState.SUBMITTED, ticket=ticket, dedupe_key=None))[0]
    except TicketTaken as error:
        raise BadReply(error.message) from None
    except Exception as error:  # whatever happened to the ledger meanwhile, the ticket is not lost
        noted = context.ledger.spool(job, ticket)
        kept = f"it is noted in {noted} for the next command" if noted else "write it down"
        job = replace(job, ticket=ticket, state=JobState.SUBMITTED)
        what = error.message if isinstance(error, HailuoError) else f"{type(error).__name__}: {error}"
        message = f"the job is ordered, but the ledger could not save its reference {job.called} ({what}); {kept}"
        raise TicketUnsaved(message, next_step=next_steps.continuing("wait", [job])).about(job) from error


def _sent_once(
    context: Context, session: Session, job: Job, call: Call, attempt: _Attempt, guard: SignalGuard, tries: int
) -> Reply:
    """Send a call that bills. Tried again only after proof that it did not land: it never left, or a 429."""

    def leaving() -> None:
        context.ledger.renew(job)  # whoever waited for longer than its lease sends nothing
        attempt.is_out = True
        guard.defer_until_reply()

    began = context.clock()
    for number in range(1, tries + 1):
        try:
            reply = _answered(session, call, leaving, attempt)
            guard.defer()
            attempt.said = reply.said
            return reply
        except NotSent as error:
            pause = SEND_BACKOFF.pause(number)
            if number == tries or not error.passing or context.clock() + pause - began > SEND_SECONDS:
                raise
        except RateLimited as error:
            attempt.is_out = False
            guard.allow()
            if number == tries or error.retry_after is None or error.retry_after > SEND_BACKOFF.retry_after_cap:
                raise
            pause = error.retry_after
            context.say(f"{error.message}; retrying in {pause:.0f} s")
        context.sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def _answered(session: Session, call: Call, leaving: Callable[[], None], attempt: _Attempt) -> Reply:
    """The answer to a call that bills; BadReply for one that refuses and names a job in one breath."""
    try:
        return session.send(call, leaving)
    except HailuoError as error:
        ticket = None if error.body is None else attempt.ticket_in(error.body)
        if ticket is None:
            raise
        unclear = BadReply(
            f"{error.message}, and yet the answer names a job: {ticket}", hint="ask the provider about it"
        )
        unclear.answer = error.answer
        raise unclear from error


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
