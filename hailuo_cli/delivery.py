"""Waiting for jobs and saving their videos: every job ends in one event, and nothing paid is left without a way on."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from . import poll
from .addresses import is_loopback
from .errors import (
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
from .jobs import Desk, about, doubt, glance, how_to_settle, look, recorded
from .model import Entry, Life
from .poll import Trouble
from .providers import Progress
from .saving import download, naming
from .wire import Call

DEFAULT_TIMEOUT = 30 * 60.0


@dataclass(frozen=True)
class Seen:
    """One look at a job told something."""

    entry: Entry
    progress: Progress


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


def deliver(desk: Desk, entries: Sequence[Entry], how: Delivery) -> Iterator[Event]:
    """Wait for jobs and save their videos; each job ends in one `Ended`, whatever happens to the others.

    On Interrupted the exception carries the commands that continue.
    """
    _check_names(entries, how)
    open_jobs = {entry.id: entry for entry in entries}
    deadline = desk.clock() + how.timeout
    watches: dict[str, Iterator[Progress | Trouble | poll.Rest]] = {}
    try:
        for entry in entries:
            if ended := _over(desk, entry, how):
                del open_jobs[entry.id]
                yield ended
            else:
                watches[entry.id] = _watch(desk, entry, how, deadline)
        for key, item in poll.together(watches, desk.clock, desk.sleep):
            if key not in open_jobs:
                continue
            entry = open_jobs[key]
            if isinstance(item, Trouble):
                yield Hitch(entry, item)
            elif isinstance(item, HailuoError):
                del open_jobs[key]
                yield Ended(*_failed(desk, item, entry, "wait", how))
            elif item:
                entry = open_jobs[key] = recorded(desk, entry, item)
                yield Seen(entry, item)
                if item.video:
                    yield from _finish(desk, entry, item.video, how)
                elif item.fault:
                    yield Ended(entry, about(item.fault, entry))
                if item.video or item.fault:
                    del open_jobs[key]
    except Interrupted as stop:
        stop.hints += [_continue(desk, "wait", entry, how) for entry in open_jobs.values()]
        raise
    except (DiskError, LedgerError) as error:  # what cannot be written down ends the wait, not the jobs
        again = "; ".join(_continue(desk, "wait", entry, how) for entry in open_jobs.values())
        error.hint = f"{error.hint}; then: {again}" if error.hint else again
        raise


def collect(desk: Desk, entries: Sequence[Entry], how: Delivery) -> Iterator[Event]:
    """Save the videos of finished jobs now: one look each, StillRunning where there is nothing to save yet."""
    _check_names(entries, how)
    for position, entry in enumerate(entries):
        ended = _over(desk, entry, how)
        try:
            if ended:
                yield ended
                continue
            seen, progress = look(desk, entry)
            if progress is None or not progress.state.over:
                hint = _continue(desk, "wait", seen, how)
                yield Ended(seen, about(StillRunning(f"{seen.name} is not finished yet", hint=hint), seen))
            elif progress.video:
                yield from _finish(desk, seen, progress.video, how)
            else:
                error = progress.fault or UnsafeReply("the provider says it is done but gives no address")
                yield Ended(seen, about(error, seen))
        except HailuoError as error:
            yield Ended(*_failed(desk, error, entry, "download", how))
        except Interrupted as stop:
            stop.hints += [_continue(desk, "download", left, how) for left in entries[position:]]
            raise


def usual(desk: Desk, entries: Sequence[Entry]) -> int | None:
    """How many seconds these jobs usually take, by the providers' pages."""
    found = [
        model.usual_seconds
        for entry in entries
        for model in desk.account_of(entry).provider.models
        if model.id == entry.model and model.usual_seconds
    ]
    return max(found, default=None)


def _watch(desk: Desk, entry: Entry, how: Delivery, deadline: float) -> Iterator[Progress | Trouble | poll.Rest]:
    account = desk.account_of(entry)
    session = desk.session(account)
    local = is_loopback(session.base_url)
    floor = poll.LOOPBACK_FLOOR if local else account.provider.poll_seconds
    first = how.poll_interval or (2 * floor if local else floor)
    pace = poll.Pace(first, floor, deadline, growing=how.poll_interval is None)
    # a job of another machine is not new, however new it is here
    is_new = entry.provider_state is None and entry.fingerprint is not None

    def look_once() -> Progress:
        session.until = deadline
        return glance(account, session, entry)

    yield from poll.watch(look_once, pace, desk.clock, is_new=is_new)


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


def _finish(desk: Desk, entry: Entry, video: str | Call, how: Delivery) -> Iterator[Event]:
    """Save a video that is ready, with the file's hash in the ledger before the file has its name."""
    if not how.save:
        yield Ended(entry)
        return
    session = desk.session(desk.account_of(entry))
    session.until = None
    current = video

    def opener(headers: Mapping[str, str]) -> AbstractContextManager[download.Body]:
        if isinstance(current, Call):
            return session.open(current, headers)
        return desk.fetcher(session.base_url).open(current, headers)

    def renew() -> download.Opener:
        nonlocal current
        _, progress = look(desk, entry)
        if progress is None or not progress.video:
            raise JobGone("the link to the video has expired and the provider gives no new one")
        current = progress.video
        return opener

    def note(saved: download.Saved) -> None:
        desk.ledger.note(entry, path=str(saved.path.absolute()), sha256=saved.sha256, bytes=saved.size)

    common: dict[str, Any] = {"renew": renew, "max_size": how.max_size, "clock": desk.clock, "sleep": desk.sleep}
    items: Iterator[download.Downloading | download.Trouble | download.Saved | download.Streamed]
    try:
        if how.pipe:
            items = download.stream(opener, how.pipe, **common)
        else:
            target = naming.target(how.output, _names(entry))
            items = download.fetch(opener, target, force=how.force, before_rename=note, **common)
        for item in items:
            if isinstance(item, download.Trouble):
                yield Hitch(entry, item)
            elif isinstance(item, download.Downloading):
                yield Moving(entry, item)
            elif isinstance(item, download.Streamed):
                facts = {"sha256": item.sha256, "bytes": item.size}
                yield Ended(desk.ledger.move(entry, Life.SAVED, error=None, path=None, **facts))
            else:
                note(item)
                yield Ended(desk.ledger.move(entry, Life.SAVED, error=None), already=item.already)
    except HailuoError as error:
        yield Ended(*_failed(desk, error, entry, "download", how))


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


def _continue(desk: Desk, command: str, entry: Entry, how: Delivery) -> str:
    output = f" -o {shlex.quote(how.output)}" if how.output else ""
    return f"hailuo {command} {entry.name}{output}{desk.flags}"
