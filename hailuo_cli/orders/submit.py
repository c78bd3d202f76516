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
from ..model import Entry, Job, Life, LocalImage, RemoteImage, Request, State
from ..providers import Progress, upstream
from ..request import camera, pricing, rules
from ..wire import Call, Flow, Reply, Upload, check_ticket, converse, rehearse
from .signal_guard import Shield

if TYPE_CHECKING:
    from ..transport import Fetcher, Session

TWIN_SECONDS = 24 * 3600.0
"""For how long the same request is not ordered again while an earlier one is unconfirmed."""
OTHERS_SECONDS = 90.0
"""For how long the answer to the same order by another process is waited for."""
SEND_TRIES = 3
SEND_SECONDS = 20.0
LONGEST_RETRY_AFTER = 120.0
"""Where a server asks for a longer pause than so many seconds, an order is not tried again."""
DEFINITE = (AuthError, BalanceError, RateLimited, ContentRefused, InvalidRequest, InvalidImage, Unsupported)
"""Answers to a submit after which nothing is billed."""
LIVES = {State.DONE: Life.SUCCEEDED, State.FAILED: Life.FAILED, State.CANCELLED: Life.CANCELLED, State.GONE: Life.GONE}


@dataclass
class Desk:
    """What every step needs, handed in: the ledger, the accounts, the clock, and how to hold signals off."""

    config: Config
    open_ledger: Callable[[], Ledger]
    connect: Callable[[Account], Session]
    fetcher: Callable[[str], Fetcher]
    log: Callable[[str], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    shield: Callable[[], Shield] = Shield
    confirm: Callable[[str], bool] = lambda _: False
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    flags: str = ""
    """Options to repeat in the command that continues."""
    picked_up: list[Entry] = field(default_factory=list)
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

    def account_of(self, entry: Entry) -> Account:
        return self.config.seen_as(entry.profile).account(entry.provider)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions.values():
            session.__exit__()
        if self._ledger:
            self._ledger.__exit__()


def plan(account: Account, request: Request) -> Job:
    """The job a request comes to at one provider, with every local rule kept and nothing sent."""
    provider = account.provider
    words = provider.camera_zh if account.camera_zh and provider.camera_zh else provider.camera
    warnings = list(camera.doubts(request.prompt, words)) if words else []
    if request.camera and not words:
        warnings.append(f"{provider.title} documents no camera commands; MiniMax's own words go out")
    prompt = camera.directed(request.prompt, request.camera, words or upstream.ENGLISH)
    return replace(rules.settle(replace(request, prompt=prompt), provider), warnings=tuple(warnings))


def requests(account: Account, job: Job) -> list[Call | Upload]:
    """What a submit would send, up to the call that bills, raw vendor fields included."""
    return [
        request.extended(job.params) if isinstance(request, Call) and request.bills else request
        for request in rehearse(account.provider.submit(job))
    ]


def submit(
    desk: Desk,
    account: Account,
    job: Job,
    *,
    dedupe_key: str | None = None,
    max_cost: float | None = None,
    price: pricing.Price | None = None,
    yes: bool = False,
) -> Entry:
    """Order a video, at most once. The entry has its ticket, which is already on disk.

    NotSent: no byte left. The DEFINITE errors: refused, not billed. Unconfirmed: it may have landed and be billed.
    """
    price = price or pricing.of(job, account.provider)
    pricing.refuse_above(max_cost, price, account.provider)
    session = desk.session(account)
    intent = Entry(
        id="",
        provider=account.name,
        state=Life.SUBMITTING,
        profile=account.profile,
        model=job.model.id,
        prompt=job.prompt,
        duration=job.duration,
        resolution=job.resolution,
        image=job.image.label if job.image else None,
        fingerprint=_fingerprint(account, job),
        dedupe_key=dedupe_key,
        price_usd=price.usd,
        price_source=price.source,
    )
    recent = 0.0 if yes else TWIN_SECONDS
    while True:
        try:
            with desk.shield() as shield:
                entry, is_new = desk.ledger.begin(intent, recent=recent)
                if is_new:
                    entry = _order(desk, session, entry, account.provider.submit(job), job.params, shield)
                    desk.picked_up.append(entry)
        except Interrupted as stop:
            stop.hints = stop.hints or [f"hailuo wait {entry.name}{desk.flags}" if entry.ticket else "nothing was sent"]
            raise
        if is_new:
            return entry
        entry = _settled(desk, entry)
        if earlier := _earlier(entry, intent):
            if earlier.dedupe_key is None:
                desk.say(f"ordered before, by a command that died: {earlier.name}; --yes orders another one")
            desk.picked_up.append(earlier)
            return earlier
        if not desk.confirm(f"{doubt(entry)} Order another one?"):
            raise about(Unconfirmed(doubt(entry), hint=f"{how_to_settle(entry)}; --yes orders another one"), entry)
        recent = 0.0


def look(desk: Desk, entry: Entry) -> tuple[Entry, Progress | None]:
    """Ask the provider once and write down what it says; a job without a ticket has nobody to ask."""
    if entry.ticket is None:
        return entry, None
    account = desk.account_of(entry)
    try:
        progress = glance(account, desk.session(account).send, entry)
    except JobGone as error:
        raise about(error, desk.ledger.move(entry, Life.GONE, error=error.message)) from None
    return recorded(desk, entry, progress), progress


def estimate(desk: Desk, account: Account, job: Job) -> pricing.Price | None:
    """What the provider itself says a job would cost; None where it cannot be asked. Nothing is ordered."""
    provider = account.provider
    if provider.estimate is None:
        return None
    session = desk.session(account)
    return pricing.Price(converse(provider.estimate(job), session.send), f"estimate by {provider.title}")


def balance(desk: Desk, account: Account) -> str | None:
    """What is left with a provider, in words; None where it cannot be asked."""
    provider = account.provider
    return converse(provider.balance(), desk.session(account).send) if provider.balance else None


def find(desk: Desk, reference: str) -> Entry:
    """The entry that a JOB argument means: PROVIDER:TICKET (known here or not), an id or its start, @last."""
    entry = _named(desk, reference)
    desk.picked_up.append(entry)
    return entry


def _named(desk: Desk, reference: str) -> Entry:
    if reference == "@last":
        if last := desk.ledger.last():
            return last
        raise UsageError("the ledger has no job yet", hint='hailuo submit "…"')
    provider, colon, ticket = reference.partition(":")
    if colon:
        account = desk.config.account(provider)
        try:
            return desk.ledger.adopt(account.name, check_ticket(ticket), account.profile)
        except BadReply:
            raise UsageError(f"{reference} is no job reference", hint="it looks like pixazo:abc123") from None
    if found := desk.ledger.by_id(reference):
        return found
    raise UsageError(
        f"no job here is called {reference}", hint="hailuo jobs lists them; another machine's: PROVIDER:TICKET"
    )


def find_all(desk: Desk, references: Sequence[str]) -> list[Entry]:
    """The entries of several JOB arguments, each once."""
    return list({entry.id: entry for entry in (find(desk, reference) for reference in references)}.values())


@dataclass
class _Attempt:
    """Whether the order may have landed: it left, and no answer has ruled it out. `said` is what was answered."""

    is_out: bool = False
    said: str | None = None


def _order(
    desk: Desk, session: Session, entry: Entry, flow: Flow[str], params: Mapping[str, Any], shield: Shield
) -> Entry:
    """Send an order whose intent is on disk, and write down how it ended before saying so."""
    attempt = _Attempt()

    def send(request: Call | Upload) -> Reply:
        shield.lower()
        if isinstance(request, Call) and request.bills:
            return _sent_once(desk, session, request.extended(params), attempt, shield)
        return session.send(request)

    try:
        ticket = check_ticket(converse(flow, send))
        entry = _ticketed(desk, entry, ticket)
    except (HailuoError, Interrupted) as error:
        shield.hold()
        raise _ended(desk, entry, error, attempt) from error
    except Exception as error:  # a bug after the money has left is doubt about the order all the same
        shield.hold()
        bug = Bug(f"a bug in hailuo: {type(error).__name__}")
        raise _ended(desk, entry, bug, attempt) from error
    return entry


def _ended(desk: Desk, entry: Entry, error: HailuoError | Interrupted, attempt: _Attempt) -> BaseException:
    """What to raise for an order without a ticket, once its state is on disk."""
    if isinstance(error, TicketUnsaved):
        return error
    state = _outcome(error, attempt)
    facts: dict[str, Any] = {"error": f"stopped by {error.name}" if isinstance(error, Interrupted) else error.message}
    if state is Life.UNCONFIRMED:
        facts["answer"] = error.answer if isinstance(error, HailuoError) and error.answer else attempt.said
    with suppress(DiskError, LedgerError):  # what cannot be written stays `submitting`, which is doubt as well
        entry = desk.ledger.move(entry, state, **facts)
    if state is Life.UNCONFIRMED:
        more = f"{error.hint}; " if isinstance(error, HailuoError) and error.hint else ""
        return about(Unconfirmed(f"{facts['error']}. {doubt(entry)}", hint=more + how_to_settle(entry)), entry)
    if isinstance(error, Interrupted):
        error.hints.append("nothing was sent")
        return error
    if state is Life.NOT_SENT:
        error.message += "; nothing was sent"
    return about(error, entry)


def _outcome(error: HailuoError | Interrupted, attempt: _Attempt) -> Life:
    """Not sent where no byte of the order left, refused after a definite answer, unconfirmed in every other case."""
    if isinstance(error, DEFINITE) or (isinstance(error, Redirected | ServerTrouble) and error.refused):
        return Life.REFUSED
    return Life.UNCONFIRMED if attempt.is_out else Life.NOT_SENT


def _ticketed(desk: Desk, entry: Entry, ticket: str) -> Entry:
    """Write the ticket down, in a second place where the ledger does not take it (TicketUnsaved)."""
    try:
        try:
            return desk.ledger.move(entry, Life.SUBMITTED, ticket=ticket)
        except LedgerLocked:  # what is paid for is worth waiting for once more
            return desk.ledger.move(entry, Life.SUBMITTED, ticket=ticket)
    except TicketTaken as error:
        raise BadReply(error.message) from None
    except (DiskError, LedgerError) as error:
        noted = desk.ledger.spool(entry, ticket)
        kept = f"it is noted in {noted} for the next command" if noted else "write it down"
        entry = replace(entry, ticket=ticket, state=Life.SUBMITTED)
        message = (
            f"the job is ordered, but the ledger could not save its reference {entry.name} ({error.message}); {kept}"
        )
        raise about(TicketUnsaved(message, hint=f"hailuo wait {entry.name}{desk.flags}"), entry) from error


def _sent_once(desk: Desk, session: Session, call: Call, attempt: _Attempt, shield: Shield) -> Reply:
    """Send a call that bills. Tried again only after proof that it did not land: it never left, or a 429."""

    def leaving() -> None:
        attempt.is_out = True
        shield.await_answer()

    began = desk.clock()
    for number in range(1, SEND_TRIES + 1):
        try:
            reply = session.send(call, leaving)
            shield.hold()
            attempt.said = reply.said
            return reply
        except NotSent as error:
            pause = 0.5 * 2.0**number
            if number == SEND_TRIES or not error.passing or desk.clock() + pause - began > SEND_SECONDS:
                raise
        except RateLimited as error:
            attempt.is_out = False
            shield.lower()
            if number == SEND_TRIES or error.retry_after is None or error.retry_after > LONGEST_RETRY_AFTER:
                raise
            pause = error.retry_after
            desk.say(f"{error.message}; trying again in {pause:.0f} s")
        desk.sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def _settled(desk: Desk, entry: Entry) -> Entry:
    """An entry that another process is ordering right now, once that has its answer."""
    deadline = desk.clock() + OTHERS_SECONDS
    while entry.state is Life.SUBMITTING and desk.clock() < deadline:
        desk.sleep(0.1)
        entry = desk.ledger.again(entry)
    return entry


def _earlier(entry: Entry, intent: Entry) -> Entry | None:
    """The job that was paid for already; None where the doubt is about an unconfirmed twin."""
    is_same_key = intent.dedupe_key is not None and entry.dedupe_key == intent.dedupe_key
    if is_same_key and entry.fingerprint != intent.fingerprint:
        raise about(
            UsageError(f"--dedupe-key {intent.dedupe_key} was already used for another request ({entry.name})"), entry
        )
    if is_same_key and entry.ticket is None:
        raise about(Unconfirmed(doubt(entry), hint=how_to_settle(entry)), entry)
    return entry if entry.ticket else None


def _fingerprint(account: Account, job: Job) -> str:
    """The same for the same order at the same place, and only then; images count by their content."""

    def plain(value: object) -> Any:
        return value.digest if isinstance(value, RemoteImage | LocalImage) else vars(value)

    text = json.dumps([account.name, account.base_url, requests(account, job)], default=plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def glance(account: Account, send: Callable[[Call | Upload], Reply], entry: Entry) -> Progress:
    """One check; an answer that refuses the content, or says that the job failed, ends the job and not the look."""
    try:
        return converse(account.provider.check(entry.ticket or ""), send)
    except JobGone:
        raise
    except (ContentRefused, JobFailed) as error:
        return Progress(State.FAILED, fault=error)


def recorded(desk: Desk, entry: Entry, progress: Progress, *, took: float | None = None) -> Entry:
    """Write down what a look told, where it is news; `took` is how many seconds the job took, where it is known."""
    news: dict[str, Any] = {"provider_state": progress.word or progress.state.value, "progress": progress.percent}
    if isinstance(progress.video, str):
        news["video_url"] = progress.video
    if progress.fault:
        news["error"] = progress.fault.message
    if entry.state is Life.GONE and not progress.state.over:
        return desk.ledger.move(entry, Life.SUBMITTED, **news)
    if progress.state in LIVES and entry.state is not Life.SAVED:
        if took is not None:
            news["took"] = took
        return desk.ledger.move(entry, LIVES[progress.state], **news)
    if any(getattr(entry, name) != value for name, value in news.items()):
        return desk.ledger.note(entry, **news)
    return entry


def doubt(entry: Entry) -> str:
    return f"The order {entry.id} may have been accepted and billed; it is not sent again by itself."


def how_to_settle(entry: Entry) -> str:
    return f"hailuo jobs resolve {entry.id}"


def about(error: HailuoError, entry: Entry) -> HailuoError:
    error.entry = entry
    return error
