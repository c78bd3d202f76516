"""Waiting for jobs and saving their videos: every job ends in one event, and nothing paid is left without a way on."""

from __future__ import annotations

import functools
import shlex
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import (
    ContentRefused,
    DiskError,
    HailuoError,
    Interrupted,
    JobCancelled,
    JobFailed,
    JobGone,
    LedgerError,
    StillRunning,
    Unconfirmed,
    UnsafeReply,
    UsageError,
)
from ..model import Entry, Life, State
from ..providers import Progress
from ..saving import download, naming
from ..urls import is_loopback
from ..waiting import polling, scheduler
from ..waiting.eta import MOST_SAMPLES, Expected, Outlook, expected, observed
from ..waiting.polling import Trouble
from ..waiting.scheduler import Alone, Crew, Hands, Quota, Rest, Task
from ..wire import Call
from .submit import Desk, about, doubt, glance, how_to_settle, recorded

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..transport import Session

DEFAULT_TIMEOUT = 30 * 60.0
FEW, AT_ONCE = 10, 150
"""Up to so many jobs get a command each that continues; more share commands, of so many jobs that a line holds them."""


@dataclass(frozen=True)
class Seen:
    """One look at a job told something."""

    entry: Entry
    progress: Progress
    outlook: Outlook | None = None


@dataclass(frozen=True)
class Hitch:
    """A look or a download that is being tried again."""

    entry: Entry
    trouble: Trouble | download.Trouble


@dataclass(frozen=True)
class Moving:
    """Bytes of the video are coming in."""

    entry: Entry
    amount: download.Downloading


@dataclass(frozen=True)
class Ended:
    """The last event of a job: saved or ready, or what went wrong. `already`: the file was there before."""

    entry: Entry
    error: HailuoError | None = None
    already: bool = False


Event = Seen | Hitch | Moving | Ended


@dataclass(frozen=True)
class Delivery:
    """How long to wait for videos and where to put them."""

    timeout: float = DEFAULT_TIMEOUT
    poll_interval: float | None = None
    output: str | None = None
    force: bool = False
    max_size: int = download.MAX_SIZE
    save: bool = True
    pipe: BinaryIO | None = None
    """Where the video goes instead of into a file."""
    at_once: int = 8
    """How many jobs are looked at, and how many videos are downloaded, at the same time; 1: all in this thread."""


def deliver(desk: Desk, entries: Sequence[Entry], how: Delivery) -> Iterator[Event]:
    """Wait for jobs and save their videos; each job ends in one `Ended`, whatever happens to the others.

    On Interrupted the exception carries the commands that continue.
    """
    deadline = desk.clock() + how.timeout

    def steps(errand: _Errand, hands: Hands) -> Iterator[Any]:
        video = yield from _waiting(desk, errand, how, deadline)
        if video and how.save:
            yield Rest(desk.clock(), long=True)
            yield from _saving(desk, errand, video, how, hands)

    yield from _each(desk, entries, how, "wait", steps, deadline)


def collect(desk: Desk, entries: Sequence[Entry], how: Delivery) -> Iterator[Event]:
    """Save the videos of finished jobs now: one look each, StillRunning where there is nothing to save yet."""

    def steps(errand: _Errand, hands: Hands) -> Iterator[Any]:
        progress = glance(errand.account, errand.session.send, errand.entry)
        yield progress
        if not progress.state.over:
            hint = _continue(desk, "wait", errand.entry, how)
            raise StillRunning(f"{errand.entry.name} is not finished yet", hint=hint)
        if progress.video:
            yield Rest(desk.clock(), long=True)
            yield from _saving(desk, errand, progress.video, how, hands)
        elif not progress.fault:
            raise UnsafeReply("the provider says it is done but gives no address")

    yield from _each(desk, entries, how, "download", steps, None)


@dataclass
class _Errand:
    """One job that is waited for or fetched. Moments are of the clock; `began` is None for another machine's job."""

    entry: Entry
    account: Account
    session: Session
    began: float | None
    outlook: Outlook | None
    unfinished: float | None = None
    """When it was seen at work last."""

    def took(self, progress: Progress, now: float) -> float | None:
        """How long the job took, where this wait saw it end."""
        if self.began is None or self.unfinished is None or progress.state is not State.DONE:
            return None
        return observed(self.unfinished - self.began, now - self.began)


Steps = Callable[[_Errand, Hands], Iterator[Any]]


def _each(
    desk: Desk, entries: Sequence[Entry], how: Delivery, command: str, steps: Steps, deadline: float | None
) -> Iterator[Event]:
    """Run the steps of every job, write down what they tell, and end each job in one `Ended`."""
    _check_names(entries, how)
    left = {entry.id: entry for entry in entries}
    errands: dict[str, _Errand] = {}
    try:
        outlooks = _Outlooks(desk)
        for entry in entries:
            try:
                ended = _over(desk, entry, how)
                if ended is None:
                    errands[entry.id] = outlooks.errand(entry)
            except HailuoError as error:
                ended = Ended(*_failed(desk, error, entry, command, how))
            if ended:
                del left[entry.id]
                yield ended
        several = min(how.at_once, len(errands)) > 1
        with Crew(how.at_once, how.at_once) if several else Alone(desk.sleep) as hands:
            quotas = _quotas(errands.values())
            tasks = [
                Task(key, steps(errand, hands), quotas[errand.session.base_url]) for key, errand in errands.items()
            ]
            for key, item in scheduler.run(tasks, hands, desk.clock, deadline):
                if key not in left:
                    continue
                for event in _told(desk, errands[key], item, how, command):
                    left[key] = event.entry
                    if isinstance(event, Ended):
                        del left[key]
                    yield event
    except Interrupted as stop:
        stop.hints += _commands(desk, command, list(left.values()), how)
        raise
    except (DiskError, LedgerError) as error:  # what cannot be written down ends the wait, not the jobs
        again = "; ".join(_commands(desk, command, list(left.values()), how))
        error.hint = f"{error.hint}; then: {again}" if error.hint else again
        raise


def _told(desk: Desk, errand: _Errand, item: Any, how: Delivery, command: str) -> Iterator[Event]:
    """What one item of a job's steps comes to, written down before it is told."""
    entry = errand.entry
    if isinstance(item, Progress):
        now = desk.clock()
        entry = errand.entry = recorded(desk, entry, item, took=errand.took(item, now))
        if not item.state.over:
            errand.unfinished = now
        yield Seen(entry, item, errand.outlook)
        if item.fault:
            yield Ended(entry, about(item.fault, entry))
        elif item.video and not how.save:
            yield Ended(entry)
    elif isinstance(item, Trouble | download.Trouble):
        yield Hitch(entry, item)
    elif isinstance(item, download.Downloading):
        yield Moving(entry, item)
    elif isinstance(item, download.Streamed):
        facts = {"sha256": item.sha256, "bytes": item.size}
        yield Ended(desk.ledger.move(entry, Life.SAVED, error=None, path=None, **facts))
    elif isinstance(item, download.Saved):
        _note(desk, entry, item)
        yield Ended(desk.ledger.move(entry, Life.SAVED, error=None), already=item.already)
    elif isinstance(item, HailuoError):
        yield Ended(*_failed(desk, item, entry, command, how))


class _Outlooks:
    """What to expect of jobs; the ledger is asked once for each kind of job."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[Any, ...], Expected | None] = {}

    def errand(self, entry: Entry) -> _Errand:
        account = self._desk.account_of(entry)
        session = self._desk.session(account)
        # a job of another machine is older than its entry here, by nobody knows how much
        if entry.fingerprint is None or entry.created_at is None:
            return _Errand(entry, account, session, None, None)
        began = self._desk.clock() - max(0.0, self._desk.now() - entry.created_at)
        expected = self._expected(entry, account)
        return _Errand(entry, account, session, began, Outlook(expected, began) if expected else None)

    def _expected(self, entry: Entry, account: Account) -> Expected | None:
        kind = (entry.provider, entry.model, entry.duration, entry.resolution)
        if kind not in self._known:
            models = [model for model in account.provider.models if model.id == entry.model]
            stated = max((model.usual_seconds for model in models if model.usual_seconds), default=None)
            self._known[kind] = expected(stated, self._desk.ledger.durations(entry, MOST_SAMPLES))
        return self._known[kind]


def _quotas(errands: Iterable[_Errand]) -> dict[str, Quota]:
    """One quota for each origin that is asked."""
    origins = {errand.session.base_url for errand in errands}
    return {origin: Quota(polling.LOOPBACK_RATE if is_loopback(origin) else polling.RATE) for origin in origins}


def _waiting(desk: Desk, errand: _Errand, how: Delivery, deadline: float) -> Generator[Any, None, str | Call | None]:
    """Look until the job is over; the result is where its video is."""
    entry, account = errand.entry, errand.account
    local = is_loopback(errand.session.base_url)
    floor = polling.LOOPBACK_FLOOR if local else account.provider.poll_seconds
    first = how.poll_interval or (2 * floor if local else floor)
    as_asked = how.poll_interval is not None
    # what runs on this machine may be asked more often than its jobs need: it is a stand-in or the sandbox
    aim = errand.outlook.gap if errand.outlook and not as_asked and not local else None
    pace = polling.Pace(first, floor, deadline, growing=not as_asked, aim=aim)
    # a job of another machine is not new, however new it is here
    is_new = entry.provider_state is None and entry.fingerprint is not None
    send = functools.partial(errand.session.send, until=deadline)
    progress = None
    for item in polling.watch(lambda: glance(account, send, entry), pace, desk.clock, is_new=is_new):
        if isinstance(item, Progress):
            progress = item
        yield item
    return progress.video if progress else None


def _saving(desk: Desk, errand: _Errand, video: str | Call, how: Delivery, hands: Hands) -> Iterator[Any]:
    """Save a video that is ready, with the file's hash in the ledger before the file has its name."""
    entry, session = errand.entry, errand.session
    current = video

    def opener(headers: Mapping[str, str]) -> AbstractContextManager[download.Body]:
        if isinstance(current, Call):
            return session.open(current, headers)
        return desk.fetcher(session.base_url).open(current, headers)

    def renew() -> download.Opener:
        nonlocal current
        progress = glance(errand.account, session.send, entry)
        hands.here(lambda: recorded(desk, entry, progress))
        if not progress.video:
            raise JobGone("the link to the video has expired and the provider gives no new one")
        current = progress.video
        return opener

    def note(saved: download.Saved) -> None:
        hands.here(lambda: _note(desk, entry, saved))

    common: dict[str, Any] = {"renew": renew, "max_size": how.max_size, "clock": desk.clock, "sleep": desk.sleep}
    if how.pipe:
        yield from download.stream(opener, how.pipe, **common)
    else:
        target = naming.target(how.output, _names(entry))
        yield from download.fetch(opener, target, force=how.force, before_rename=note, **common)


def _note(desk: Desk, entry: Entry, saved: download.Saved) -> None:
    desk.ledger.note(entry, path=str(saved.path.absolute()), sha256=saved.sha256, bytes=saved.size)


def _over(desk: Desk, entry: Entry, how: Delivery) -> Ended | None:
    """How a job ends that needs no look: nobody to ask, ended before, or its video is already here."""
    if entry.ticket is None:
        if entry.state.may_bill:
            return Ended(entry, about(Unconfirmed(doubt(entry), hint=how_to_settle(entry)), entry))
        return Ended(entry, about(UsageError(f"{entry.id} was never ordered: {entry.error}"), entry))
    if entry.state in (Life.FAILED, Life.CANCELLED):
        kind = JobCancelled if entry.state is Life.CANCELLED else JobFailed
        return Ended(entry, about(kind(entry.error or f"the job {entry.state}"), entry))
    if how.save and how.output is None and _is_here(entry):
        return Ended(desk.ledger.move(entry, Life.SAVED), already=True)
    return None


def _is_here(entry: Entry) -> bool:
    """Whether the file that the ledger notes is still that very video."""
    if entry.path is None or entry.sha256 is None or entry.bytes is None:
        return False
    path = Path(entry.path)
    if not download.verified(path, entry.bytes, entry.sha256):
        return False
    download.settle(path)
    return True


def _check_names(entries: Sequence[Entry], how: Delivery) -> None:
    """Several jobs need several names: a plain -o FILE is refused for more than one."""
    if how.pipe and len(entries) > 1:
        raise UsageError("only one video fits into stdout", hint="-o FOLDER/")
    if not how.save or how.pipe or how.output is None:
        return
    targets = {naming.target(how.output, _names(entry)) for entry in entries}
    if len(targets) < len(entries):
        raise UsageError(f"{len(entries)} videos cannot all be {how.output}", hint="-o FOLDER/ or -o '{job}.mp4'")


def _names(entry: Entry) -> dict[str, str]:
    created = time.localtime(entry.created_at)
    return {
        "job": entry.id,
        "provider": entry.provider,
        "model": entry.model or "",
        "date": time.strftime("%Y-%m-%d", created),
        "prompt": entry.prompt or "",
    }


def _failed(desk: Desk, error: HailuoError, entry: Entry, command: str, how: Delivery) -> tuple[Entry, HailuoError]:
    """The entry and the error, with the command that continues where there still is something to continue."""
    if isinstance(error, JobGone):
        entry = desk.ledger.move(entry, Life.GONE, error=error.message)
    if not isinstance(error, JobFailed | ContentRefused):
        again = _continue(desk, command, entry, how)
        error.hint = f"{error.hint}; then: {again}" if error.hint else again
    return entry, about(error, entry)


def _commands(desk: Desk, command: str, entries: Sequence[Entry], how: Delivery) -> list[str]:
    """What continues with these jobs: a command for each of a few, else commands for many by their short ids."""
    if len(entries) <= FEW:
        return [_continue(desk, command, entry, how) for entry in entries]
    ids = [entry.id for entry in entries]
    return [
        _command(desk, command, " ".join(ids[start : start + AT_ONCE]), how) for start in range(0, len(ids), AT_ONCE)
    ]


def _continue(desk: Desk, command: str, entry: Entry, how: Delivery) -> str:
    return _command(desk, command, entry.name, how)


def _command(desk: Desk, command: str, jobs: str, how: Delivery) -> str:
    output = f" -o {shlex.quote(how.output)}" if how.output else ""
    return f"hailuo {command} {jobs}{output}{desk.flags}"
