"""The story of a job: submit, look, wait, fetch. Read this first; it is the one place that knows the order of things.

Paying once: the intent is on disk before the first byte of the request leaves, the ticket is on disk before anyone
is told. A submit ends as not sent, refused, submitted or unconfirmed; an unconfirmed one is never sent again by itself.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..config.profiles import Account, Config
from ..errors import (
    AuthError,
    BadReply,
    BalanceError,
    Bug,
    ContentRefused,
    DiskError,
    HailuoError,
    Interrupted,
    InvalidImage,
    InvalidRequest,
    JobFailed,
    JobGone,
    LedgerError,
    LedgerLocked,
    NotSent,
    RateLimited,
    Redirected,
    ServerTrouble,
    TicketTaken,
    TicketUnsaved,
    Unconfirmed,
    Unsupported,
    UsageError,
)
from ..ledger.sqlite import Ledger
from ..model import Job, JobState, LocalImage, Order, RemoteImage, RemoteState, Request
from ..providers import Progress, upstream
from ..request import camera, pricing, rules
from ..wire import Call, Flow, Reply, Upload, check_ticket, collect_requests, run_flow
from .signal_guard import SignalGuard

if TYPE_CHECKING:
    from ..transport import Fetcher, Session

DUPLICATE_WINDOW = 24 * 3600.0
"""For how long the same request is not ordered again while an earlier one is unconfirmed."""
OTHERS_SECONDS = 90.0
"""For how long the answer to the same order by another process is waited for."""
SEND_TRIES = 3
SEND_SECONDS = 20.0
LONGEST_RETRY_AFTER = 120.0
"""Where a server asks for a longer pause than so many seconds, an order is not tried again."""
DEFINITE = (AuthError, BalanceError, RateLimited, ContentRefused, InvalidRequest, InvalidImage, Unsupported)
"""Answers to a submit after which nothing is billed."""
JOB_STATES = {
    RemoteState.DONE: JobState.SUCCEEDED,
    RemoteState.FAILED: JobState.FAILED,
    RemoteState.CANCELLED: JobState.CANCELLED,
    RemoteState.GONE: JobState.GONE,
}


@dataclass
class Context:
    """What every step needs, handed in: the ledger, the accounts, the clock, and how to hold signals off."""

    config: Config
    open_ledger: Callable[[], Ledger]
    connect: Callable[[Account], Session]
    fetcher: Callable[[str], Fetcher]
    log: Callable[[str], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    guard: Callable[[], SignalGuard] = SignalGuard
    confirm: Callable[[str], bool] = lambda _: False
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    flags: str = ""
    """Options to repeat in the command that continues."""
    touched_jobs: list[Job] = field(default_factory=list)
    """The jobs that this command orders or was asked about: when it has ended, whoever ran it knows of them."""
    _ledger: Ledger | None = None
    _sessions: dict[tuple[str, str | None], Session] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self.open_ledger()
        return self._ledger

    def session(self, account: Account) -> Session:
        known = (account.name, account.profile)
        if known not in self._sessions:
            self._sessions[known] = self.connect(self.config.seen_as(account.profile).unlocked(account))
        return self._sessions[known]

    def account_of(self, job: Job) -> Account:
        return self.config.seen_as(job.profile).account(job.provider)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions.values():
            session.__exit__()
        if self._ledger:
            self._ledger.__exit__()


def plan(account: Account, request: Request) -> Order:
    """The job a request comes to at one provider, with every local rule kept and nothing sent."""
    provider = account.provider
    words = provider.camera_zh if account.camera_zh and provider.camera_zh else provider.camera
    warnings = list(camera.doubts(request.prompt, words)) if words else []
    if request.camera and not words:
        warnings.append(f"{provider.title} documents no camera commands; MiniMax's own words go out")
    prompt = camera.directed(request.prompt, request.camera, words or upstream.ENGLISH)
    return replace(rules.settle(replace(request, prompt=prompt), provider), warnings=tuple(warnings))


def requests(account: Account, order: Order) -> list[Call | Upload]:
    """What a submit would send, up to the call that bills, raw vendor fields included."""
    return [
        request.extended(order.params) if isinstance(request, Call) and request.bills else request
        for request in collect_requests(account.provider.submit(order))
    ]


def submit(
    context: Context,
    account: Account,
    order: Order,
    *,
    dedupe_key: str | None = None,
    max_cost: float | None = None,
    price: pricing.Price | None = None,
    yes: bool = False,
) -> Job:
    """Order a video, at most once. The entry has its ticket, which is already on disk.

    NotSent: no byte left. The DEFINITE errors: refused, not billed. Unconfirmed: it may have landed and be billed.
    """
    price = price or pricing.of(order, account.provider)
    pricing.refuse_above(max_cost, price, account.provider)
    session = context.session(account)
    intent = Job(
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
        dedupe_key=dedupe_key,
        price_usd=price.usd,
        price_source=price.source,
    )
    recent = 0.0 if yes else DUPLICATE_WINDOW
    while True:
        try:
            with context.guard() as guard:
                job, is_new = context.ledger.begin(intent, recent=recent)
                if is_new:
                    job = _order(context, session, job, account.provider.submit(order), order.params, guard)
                    context.touched_jobs.append(job)
        except Interrupted as stop:
            stop.hints = stop.hints or [f"hailuo wait {job.name}{context.flags}" if job.ticket else "nothing was sent"]
            raise
        if is_new:
            return job
        job = _wait_for_other_process(context, job)
        if earlier := _earlier(job, intent):
            if earlier.dedupe_key is None:
                context.say(f"ordered before, by a command that died: {earlier.name}; --yes orders another one")
            context.touched_jobs.append(earlier)
            return earlier
        if not context.confirm(f"{unconfirmed_message(job)} Order another one?"):
            raise about(
                Unconfirmed(unconfirmed_message(job), hint=f"{resolve_command(job)}; --yes orders another one"), job
            )
        recent = 0.0


def look(context: Context, job: Job) -> tuple[Job, Progress | None]:
    """Ask the provider once and write down what it says; a job without a ticket has nobody to ask."""
    if job.ticket is None:
        return job, None
    account = context.account_of(job)
    try:
        progress = check_once(account, context.session(account).send, job)
    except JobGone as error:
        raise about(error, context.ledger.move(job, JobState.GONE, error=error.message)) from None
    return record_progress(context, job, progress), progress


def estimate(context: Context, account: Account, order: Order) -> pricing.Price | None:
    """What the provider itself says a job would cost; None where it cannot be asked. Nothing is ordered."""
    provider = account.provider
    if provider.estimate is None:
        return None
    session = context.session(account)
    return pricing.Price(run_flow(provider.estimate(order), session.send), f"estimate by {provider.title}")


def balance(context: Context, account: Account) -> str | None:
    """What is left with a provider, in words; None where it cannot be asked."""
    provider = account.provider
    return run_flow(provider.balance(), context.session(account).send) if provider.balance else None


def find(context: Context, reference: str) -> Job:
    """The entry that a JOB argument means: PROVIDER:TICKET (known here or not), an id or its start, @last."""
    job = _named(context, reference)
    context.touched_jobs.append(job)
    return job


def _named(context: Context, reference: str) -> Job:
    if reference == "@last":
        if last := context.ledger.last():
            return last
        raise UsageError("the ledger has no job yet", hint='hailuo submit "…"')
    provider, colon, ticket = reference.partition(":")
    if colon:
        account = context.config.account(provider)
        try:
            return context.ledger.adopt(account.name, check_ticket(ticket), account.profile)
        except BadReply:
            raise UsageError(f"{reference} is no job reference", hint="it looks like pixazo:abc123") from None
    if found := context.ledger.by_id(reference):
        return found
    raise UsageError(
        f"no job here is called {reference}", hint="hailuo jobs lists them; another machine's: PROVIDER:TICKET"
    )


def find_all(context: Context, references: Sequence[str]) -> list[Job]:
    """The entries of several JOB arguments, each once."""
    return list({job.id: job for job in (find(context, reference) for reference in references)}.values())


@dataclass
class _Attempt:
    """Whether the order may have landed: it left, and no answer has ruled it out. `said` is what was answered."""

    is_out: bool = False
    said: str | None = None


def _order(
    context: Context, session: Session, job: Job, flow: Flow[str], params: Mapping[str, Any], guard: SignalGuard
) -> Job:
    """Send an order whose intent is on disk, and write down how it ended before saying so."""
    attempt = _Attempt()

    def send(request: Call | Upload) -> Reply:
        guard.allow()
        if isinstance(request, Call) and request.bills:
            return _sent_once(context, session, request.extended(params), attempt, guard)
        return session.send(request)

    try:
        ticket = check_ticket(run_flow(flow, send))
        job = _ticketed(context, job, ticket)
    except (HailuoError, Interrupted) as error:
        guard.defer()
        raise _ended(context, job, error, attempt) from error
    except Exception as error:  # a bug after the money has left is doubt about the order all the same
        guard.defer()
        bug = Bug(f"a bug in hailuo: {type(error).__name__}")
        raise _ended(context, job, bug, attempt) from error
    return job


def _ended(context: Context, job: Job, error: HailuoError | Interrupted, attempt: _Attempt) -> BaseException:
    """What to raise for an order without a ticket, once its state is on disk."""
    if isinstance(error, TicketUnsaved):
        return error
    state = _outcome(error, attempt)
    facts: dict[str, Any] = {"error": f"stopped by {error.name}" if isinstance(error, Interrupted) else error.message}
    if state is JobState.UNCONFIRMED:
        facts["answer"] = error.answer if isinstance(error, HailuoError) and error.answer else attempt.said
    with suppress(DiskError, LedgerError):  # what cannot be written stays `submitting`, which is doubt as well
        job = context.ledger.move(job, state, **facts)
    if state is JobState.UNCONFIRMED:
        more = f"{error.hint}; " if isinstance(error, HailuoError) and error.hint else ""
        return about(
            Unconfirmed(f"{facts['error']}. {unconfirmed_message(job)}", hint=more + resolve_command(job)), job
        )
    if isinstance(error, Interrupted):
        error.hints.append("nothing was sent")
        return error
    if state is JobState.NOT_SENT:
        error.message += "; nothing was sent"
    return about(error, job)


def _outcome(error: HailuoError | Interrupted, attempt: _Attempt) -> JobState:
    """Not sent where no byte of the order left, refused after a definite answer, unconfirmed in every other case."""
    if isinstance(error, DEFINITE) or (isinstance(error, Redirected | ServerTrouble) and error.refused):
        return JobState.REFUSED
    return JobState.UNCONFIRMED if attempt.is_out else JobState.NOT_SENT


def _ticketed(context: Context, job: Job, ticket: str) -> Job:
    """Write the ticket down, in a second place where the ledger does not take it (TicketUnsaved)."""
    try:
        try:
            return context.ledger.move(job, JobState.SUBMITTED, ticket=ticket)
        except LedgerLocked:  # what is paid for is worth waiting for once more
            return context.ledger.move(job, JobState.SUBMITTED, ticket=ticket)
    except TicketTaken as error:
        raise BadReply(error.message) from None
    except (DiskError, LedgerError) as error:
        noted = context.ledger.spool(job, ticket)
        kept = f"it is noted in {noted} for the next command" if noted else "write it down"
        job = replace(job, ticket=ticket, state=JobState.SUBMITTED)
        message = (
            f"the job is ordered, but the ledger could not save its reference {job.name} ({error.message}); {kept}"
        )
        raise about(TicketUnsaved(message, hint=f"hailuo wait {job.name}{context.flags}"), job) from error


def _sent_once(context: Context, session: Session, call: Call, attempt: _Attempt, guard: SignalGuard) -> Reply:
    """Send a call that bills. Tried again only after proof that it did not land: it never left, or a 429."""

    def leaving() -> None:
        attempt.is_out = True
        guard.defer_until_reply()

    began = context.clock()
    for number in range(1, SEND_TRIES + 1):
        try:
            reply = session.send(call, leaving)
            guard.defer()
            attempt.said = reply.said
            return reply
        except NotSent as error:
            pause = 0.5 * 2.0**number
            if number == SEND_TRIES or not error.passing or context.clock() + pause - began > SEND_SECONDS:
                raise
        except RateLimited as error:
            attempt.is_out = False
            guard.allow()
            if number == SEND_TRIES or error.retry_after is None or error.retry_after > LONGEST_RETRY_AFTER:
                raise
            pause = error.retry_after
            context.say(f"{error.message}; trying again in {pause:.0f} s")
        context.sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def _wait_for_other_process(context: Context, job: Job) -> Job:
    """An entry that another process is ordering right now, once that has its answer."""
    deadline = context.clock() + OTHERS_SECONDS
    while job.state is JobState.SUBMITTING and context.clock() < deadline:
        context.sleep(0.1)
        job = context.ledger.again(job)
    return job


def _earlier(job: Job, intent: Job) -> Job | None:
    """The job that was paid for already; None where the doubt is about an unconfirmed twin."""
    is_same_key = intent.dedupe_key is not None and job.dedupe_key == intent.dedupe_key
    if is_same_key and job.fingerprint != intent.fingerprint:
        raise about(
            UsageError(f"--dedupe-key {intent.dedupe_key} was already used for another request ({job.name})"), job
        )
    if is_same_key and job.ticket is None:
        raise about(Unconfirmed(unconfirmed_message(job), hint=resolve_command(job)), job)
    return job if job.ticket else None


def _fingerprint(account: Account, order: Order) -> str:
    """The same for the same order at the same place, and only then; images count by their content."""

    def plain(value: object) -> Any:
        return value.digest if isinstance(value, RemoteImage | LocalImage) else vars(value)

    # an address of its own is what every order with --listen has
    sent = requests(account, replace(order, webhook=None))
    text = json.dumps([account.name, account.base_url, sent], default=plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_once(account: Account, send: Callable[[Call | Upload], Reply], job: Job) -> Progress:
    """One check; an answer that refuses the content, or says that the job failed, ends the job and not the look."""
    try:
        return run_flow(account.provider.check(job.ticket or ""), send)
    except JobGone:
        raise
    except (ContentRefused, JobFailed) as error:
        return Progress(RemoteState.FAILED, fault=error)


def record_progress(context: Context, job: Job, progress: Progress, *, took: float | None = None) -> Job:
    """Write down what a look told, where it is news; `took` is how many seconds the job took, where it is known."""
    news: dict[str, Any] = {"provider_state": progress.word or progress.state.value, "progress": progress.percent}
    if isinstance(progress.video, str):
        news["video_url"] = progress.video
    if progress.fault:
        news["error"] = progress.fault.message
    if job.state is JobState.GONE and not progress.state.over:
        return context.ledger.move(job, JobState.SUBMITTED, **news)
    if progress.state in JOB_STATES and job.state is not JobState.SAVED:
        if took is not None:
            news["took"] = took
        return context.ledger.move(job, JOB_STATES[progress.state], **news)
    if any(getattr(job, name) != value for name, value in news.items()):
        return context.ledger.note(job, **news)
    return job


def unconfirmed_message(job: Job) -> str:
    return f"The order {job.id} may have been accepted and billed; it is not sent again by itself."


def resolve_command(job: Job) -> str:
    return f"hailuo jobs resolve {job.id}"


def about(error: HailuoError, job: Job) -> HailuoError:
    error.job = job
    return error
