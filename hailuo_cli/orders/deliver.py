"""Waiting for jobs and saving their videos: every job ends in one event, and nothing paid is left without a way on."""

from __future__ import annotations

import functools
import shlex
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

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
from ..model import Job, JobState, RemoteState
from ..providers import Progress
from ..saving import download, naming
from ..urls import is_loopback
from ..waiting import polling, scheduler
from ..waiting.eta import MOST_SAMPLES, DurationEstimate, Eta, expected, observed
from ..waiting.polling import PollRetry
from ..waiting.scheduler import Executor, RateLimiter, ResumeAt, SerialExecutor, Task, ThreadExecutor
from ..waiting.wakeups import Wakeups
from ..wire import Call
from .submit import Context, about, check_once, record_progress, resolve_command, unconfirmed_message

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..transport import Session

DEFAULT_TIMEOUT = 30 * 60.0
FEW, AT_ONCE = 10, 150
"""Up to so many jobs get a command each that continues; more share commands, of so many jobs that a line holds them."""


@dataclass(frozen=True)
class StatusChecked:
    """One look at a job told something."""

    job: Job
    progress: Progress
    outlook: Eta | None = None


@dataclass(frozen=True)
class Retrying:
    """A look or a download that is being tried again."""

    job: Job
    trouble: PollRetry | download.DownloadRetry


@dataclass(frozen=True)
class DownloadProgress:
    """Bytes of the video are coming in."""

    job: Job
    amount: download.Downloading


@dataclass(frozen=True)
class Finished:
    """The last event of a job: saved or ready, or what went wrong. `already`: the file was there before."""

    job: Job
    error: HailuoError | None = None
    already: bool = False


Event = StatusChecked | Retrying | DownloadProgress | Finished


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
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Where the videos of some jobs go, by the job's id, in place of `output`; it may grow while jobs are waited for."""
    before_saving: Callable[[Job], None] = lambda _: None
    """Hears of a job whose video is about to be saved, in the reader's thread: room can be made for it."""


class JobSource(Protocol):
    """Where more jobs come from while others are waited for: somebody who orders them, one after the other.

    `jobs` are those that there are now; `next_due` as in `scheduler.TaskSource`.
    """

    def jobs(self) -> Sequence[Job]: ...
    def next_due(self) -> float | None: ...


def deliver(
    context: Context,
    jobs: Sequence[Job],
    how: Delivery,
    source: JobSource | None = None,
    wakeups: Wakeups[str] | None = None,
) -> Iterator[Event]:
    """Wait for jobs and save their videos; each job ends in one `Finished`, whatever happens to the others.

    With `wakeups` jobs are looked at when their id is rung for, and more seldom otherwise.
    On Interrupted the exception carries the commands that continue.
    """
    deadline = context.clock() + how.timeout

    def steps(errand: _TrackedJob, executor: Executor) -> Iterator[Any]:
        video = yield from _waiting(context, errand, how, deadline, wakeups)
        if video and how.save:
            yield ResumeAt(context.clock(), is_download=True)
            yield from _saving(context, errand, video, how, executor)

    yield from _each(context, jobs, how, "wait", steps, deadline, source, wakeups)


def collect(context: Context, jobs: Sequence[Job], how: Delivery) -> Iterator[Event]:
    """Save the videos of finished jobs now: one look each, StillRunning where there is nothing to save yet."""

    def steps(errand: _TrackedJob, executor: Executor) -> Iterator[Any]:
        progress = check_once(errand.account, errand.session.send, errand.job)
        yield progress
        if not progress.state.over:
            hint = _continue(context, "wait", errand.job, how)
            raise StillRunning(f"{errand.job.name} is not finished yet", hint=hint)
        if progress.video:
            yield ResumeAt(context.clock(), is_download=True)
            yield from _saving(context, errand, progress.video, how, executor)
        elif not progress.fault:
            raise UnsafeReply("the provider says it is done but gives no address")

    yield from _each(context, jobs, how, "download", steps, None)


@dataclass
class _TrackedJob:
    """One job that is waited for or fetched. Moments are of the clock; `began` is None for another machine's job."""

    job: Job
    account: Account
    session: Session
    began: float | None
    outlook: Eta | None
    unfinished: float | None = None
    """When it was seen at work last."""

    def took(self, progress: Progress, now: float) -> float | None:
        """How long the job took, where this wait saw it end."""
        if self.began is None or self.unfinished is None or progress.state is not RemoteState.DONE:
            return None
        return observed(self.unfinished - self.began, now - self.began)


Steps = Callable[[_TrackedJob, Executor], Iterator[Any]]


def _each(
    context: Context,
    jobs: Sequence[Job],
    how: Delivery,
    command: str,
    steps: Steps,
    deadline: float | None,
    source: JobSource | None = None,
    wakeups: Wakeups[str] | None = None,
) -> Iterator[Event]:
    """Run the steps of every job, write down what they tell, and end each job in one `Finished`."""
    _check_names(jobs, how)
    left = {job.id: job for job in jobs}
    errands: dict[str, _TrackedJob] = {}
    outlooks = _Etas(context)
    try:
        for job in jobs:
            try:
                ended = _over(context, job, how)
                if ended is None:
                    errands[job.id] = outlooks.errand(job)
            except HailuoError as error:
                ended = Finished(*_failed(context, error, job, command, how))
            if ended:
                del left[job.id]
                yield ended
        several = source is not None or wakeups is not None or min(how.at_once, len(errands)) > 1
        with ThreadExecutor(how.at_once, how.at_once) if several else SerialExecutor(context.sleep) as executor:
            limiters: dict[str, RateLimiter] = {}

            def task(errand: _TrackedJob) -> Task[str]:
                return Task(errand.job.id, steps(errand, executor), _limiter(limiters, errand.session.base_url))

            def newcomer(job: Job) -> Task[str]:
                left[job.id] = job
                errands[job.id] = outlooks.errand(job)
                return task(errands[job.id])

            tasks = [task(errand) for errand in errands.values()]
            more = _Newcomers(source, newcomer) if source else None
            for key, item in scheduler.run(tasks, executor, context.clock, deadline, more, wakeups):
                if key not in left:
                    continue
                for event in _told(context, errands[key], item, how, command):
                    left[key] = event.job
                    if isinstance(event, Finished):
                        del left[key]
                    yield event
    except Interrupted as stop:
        stop.hints += _commands(context, command, list(left.values()), how)
        raise
    except (DiskError, LedgerError) as error:  # what cannot be written down ends the wait, not the jobs
        again = "; ".join(_commands(context, command, list(left.values()), how))
        error.hint = f"{error.hint}; then: {again}" if error.hint else again
        raise


@dataclass
class _Newcomers:
    """The jobs of a source as tasks."""

    source: JobSource
    task: Callable[[Job], Task[str]]

    def tasks(self) -> list[Task[str]]:
        return [self.task(job) for job in self.source.jobs()]

    def next_due(self) -> float | None:
        return self.source.next_due()


def _told(context: Context, errand: _TrackedJob, item: Any, how: Delivery, command: str) -> Iterator[Event]:
    """What one item of a job's steps comes to, written down before it is told."""
    job = errand.job
    if isinstance(item, Progress):
        now = context.clock()
        job = errand.job = record_progress(context, job, item, took=errand.took(item, now))
        if not item.state.over:
            errand.unfinished = now
        yield StatusChecked(job, item, errand.outlook)
        if item.fault:
            yield Finished(job, about(item.fault, job))
        elif item.video and not how.save:
            yield Finished(job)
    elif isinstance(item, PollRetry | download.DownloadRetry):
        yield Retrying(job, item)
    elif isinstance(item, download.Downloading):
        yield DownloadProgress(job, item)
    elif isinstance(item, download.Streamed):
        facts = {"sha256": item.sha256, "bytes": item.size}
        yield Finished(context.ledger.move(job, JobState.SAVED, error=None, path=None, **facts))
    elif isinstance(item, download.Saved):
        _note(context, job, item)
        yield Finished(context.ledger.move(job, JobState.SAVED, error=None), already=item.already)
    elif isinstance(item, HailuoError):
        yield Finished(*_failed(context, item, job, command, how))


class _Etas:
    """What to expect of jobs; the ledger is asked once for each kind of job."""

    def __init__(self, context: Context) -> None:
        self._desk = context
        self._known: dict[tuple[Any, ...], DurationEstimate | None] = {}

    def errand(self, job: Job) -> _TrackedJob:
        account = self._desk.account_of(job)
        session = self._desk.session(account)
        # a job of another machine is older than its entry here, by nobody knows how much
        if job.fingerprint is None or job.created_at is None:
            return _TrackedJob(job, account, session, None, None)
        began = self._desk.clock() - max(0.0, self._desk.now() - job.created_at)
        expected = self._expected(job, account)
        return _TrackedJob(job, account, session, began, Eta(expected, began) if expected else None)

    def _expected(self, job: Job, account: Account) -> DurationEstimate | None:
        kind = (job.provider, job.model, job.duration, job.resolution)
        if kind not in self._known:
            models = [model for model in account.provider.models if model.id == job.model]
            stated = max((model.usual_seconds for model in models if model.usual_seconds), default=None)
            self._known[kind] = expected(stated, self._desk.ledger.durations(job, MOST_SAMPLES))
        return self._known[kind]


def _limiter(limiters: dict[str, RateLimiter], origin: str) -> RateLimiter:
    """The one limiter of an origin that is asked."""
    if origin not in limiters:
        limiters[origin] = RateLimiter(polling.LOOPBACK_RATE if is_loopback(origin) else polling.RATE)
    return limiters[origin]


def _waiting(
    context: Context, errand: _TrackedJob, how: Delivery, deadline: float, wakeups: Wakeups[str] | None = None
) -> Generator[Any, None, str | Call | None]:
    """Look until the job is over; the result is where its video is."""
    job, account = errand.job, errand.account
    local = is_loopback(errand.session.base_url)
    floor = polling.LOOPBACK_FLOOR if local else account.provider.poll_seconds
    first = how.poll_interval or (2 * floor if local else floor)
    as_asked = how.poll_interval is not None
    # what runs on this machine may be asked more often than its jobs need: it is a stand-in or the sandbox
    aim = errand.outlook.gap if errand.outlook and not as_asked and not local else None
    pace = polling.Pace(first, floor, deadline, growing=not as_asked, aim=aim)
    if wakeups and not as_asked:
        pace = replace(pace, stretch=lambda: wakeups.stretch(job.id))
    # a job of another machine is not new, however new it is here
    is_new = job.provider_state is None and job.fingerprint is not None
    send = functools.partial(errand.session.send, until=deadline)
    progress = None
    for item in polling.watch(lambda: check_once(account, send, job), pace, context.clock, is_new=is_new):
        if isinstance(item, Progress):
            progress = item
        yield item
    return progress.video if progress else None


def _saving(
    context: Context, errand: _TrackedJob, video: str | Call, how: Delivery, executor: Executor
) -> Iterator[Any]:
    """Save a video that is ready, with the file's hash in the ledger before the file has its name."""
    job, session = errand.job, errand.session
    current = video

    def opener(headers: Mapping[str, str]) -> AbstractContextManager[download.Body]:
        if isinstance(current, Call):
            return session.open(current, headers)
        return context.fetcher(session.base_url).open(current, headers)

    def renew() -> download.Opener:
        nonlocal current
        progress = check_once(errand.account, session.send, job)
        executor.run_on_main_thread(lambda: record_progress(context, job, progress))
        if not progress.video:
            raise JobGone("the link to the video has expired and the provider gives no new one")
        current = progress.video
        return opener

    def note(saved: download.Saved) -> None:
        executor.run_on_main_thread(lambda: _note(context, job, saved))

    common: dict[str, Any] = {"renew": renew, "max_size": how.max_size, "clock": context.clock, "sleep": context.sleep}
    if how.pipe:
        yield from download.stream(opener, how.pipe, **common)
    else:
        executor.run_on_main_thread(lambda: how.before_saving(job))
        target = naming.target(how.outputs.get(job.id, how.output), _names(job))
        yield from download.fetch(opener, target, force=how.force, before_rename=note, **common)


def _note(context: Context, job: Job, saved: download.Saved) -> None:
    context.ledger.note(job, path=str(saved.path.absolute()), sha256=saved.sha256, bytes=saved.size)


def _over(context: Context, job: Job, how: Delivery) -> Finished | None:
    """How a job ends that needs no look: nobody to ask, ended before, or its video is already here."""
    if job.ticket is None:
        if job.state.may_bill:
            return Finished(job, about(Unconfirmed(unconfirmed_message(job), hint=resolve_command(job)), job))
        return Finished(job, about(UsageError(f"{job.id} was never ordered: {job.error}"), job))
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        kind = JobCancelled if job.state is JobState.CANCELLED else JobFailed
        return Finished(job, about(kind(job.error or f"the job {job.state}"), job))
    if how.save and how.output is None and _is_here(job):
        return Finished(context.ledger.move(job, JobState.SAVED), already=True)
    return None


def _is_here(job: Job) -> bool:
    """Whether the file that the ledger notes is still that very video."""
    if job.path is None or job.sha256 is None or job.bytes is None:
        return False
    path = Path(job.path)
    if not download.verified(path, job.bytes, job.sha256):
        return False
    download.remove_leftovers(path)
    return True


def _check_names(jobs: Sequence[Job], how: Delivery) -> None:
    """Several jobs need several names: a plain -o FILE is refused for more than one."""
    if how.pipe and len(jobs) > 1:
        raise UsageError("only one video fits into stdout", hint="-o FOLDER/")
    if not how.save or how.pipe or how.output is None:
        return
    targets = {naming.target(how.output, _names(job)) for job in jobs}
    if len(targets) < len(jobs):
        raise UsageError(f"{len(jobs)} videos cannot all be {how.output}", hint="-o FOLDER/ or -o '{job}.mp4'")


def _names(job: Job) -> dict[str, str]:
    created = time.localtime(job.created_at)
    return {
        "job": job.id,
        "provider": job.provider,
        "model": job.model or "",
        "date": time.strftime("%Y-%m-%d", created),
        "prompt": job.prompt or "",
    }


def _failed(context: Context, error: HailuoError, job: Job, command: str, how: Delivery) -> tuple[Job, HailuoError]:
    """The entry and the error, with the command that continues where there still is something to continue."""
    if isinstance(error, JobGone):
        job = context.ledger.move(job, JobState.GONE, error=error.message)
    if not isinstance(error, JobFailed | ContentRefused):
        again = _continue(context, command, job, how)
        error.hint = f"{error.hint}; then: {again}" if error.hint else again
    return job, about(error, job)


def _commands(context: Context, command: str, jobs: Sequence[Job], how: Delivery) -> list[str]:
    """What continues with these jobs: a command for each of a few, else commands for many by their short ids."""
    if len(jobs) <= FEW:
        return [_continue(context, command, job, how) for job in jobs]
    ids = [job.id for job in jobs]
    return [
        _command(context, command, " ".join(ids[start : start + AT_ONCE]), how) for start in range(0, len(ids), AT_ONCE)
    ]


def _continue(context: Context, command: str, job: Job, how: Delivery) -> str:
    return _command(context, command, job.name, how)


def _command(context: Context, command: str, jobs: str, how: Delivery) -> str:
    output = f" -o {shlex.quote(how.output)}" if how.output else ""
    return f"hailuo {command} {jobs}{output}{context.flags}"
