"""Waiting for jobs and saving their videos: every job ends in one event, and nothing paid is left without a way on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Protocol, assert_never

from ..errors import (
    DiskError,
    HailuoError,
    Interrupted,
    JobGone,
    LedgerError,
    StillRunning,
    UnsafeReply,
    UsageError,
)
from ..model import Job, JobState
from ..providers import Progress
from ..saving.download import Downloading, DownloadRetry, Saved, Streamed
from ..waiting import scheduler
from ..waiting.executors import Ended, Executor, ResumeAt, SerialExecutor, Task, ThreadExecutor
from ..waiting.polling import PollRetry
from ..waiting.wakeups import Wakeups
from . import next_steps, steps
from .context import Context
from .delivery import Delivery
from .events import DownloadProgress, Event, Finished, Retrying, StatusChecked
from .lookup import check_once, gone, record_progress
from .tracking import Limiters, TrackedJob, Tracker

Steps = Callable[[TrackedJob, Executor], Iterator[steps.Item | ResumeAt]]


class JobSource(Protocol):
    """Where more jobs come from while others are waited for: somebody who orders them, one after the other.

    `jobs` are those that there are now; `next_due` as in `scheduler.TaskSource`.
    """

    def jobs(self) -> Sequence[Job]:
        """The jobs that are there by now; each is given once."""
        ...

    def next_due(self) -> float | None:
        """When there may be more, by the clock of the wait; None when there will be no more."""


def deliver(
    context: Context,
    jobs: Sequence[Job],
    how: Delivery,
    source: JobSource | None = None,
    wakeups: Wakeups[str] | None = None,
) -> Iterator[Event]:
    """Wait for jobs and save their videos; each job ends in one `Finished`, whatever happens to the others.

    With `wakeups` jobs are looked at when their id is rung for, and more seldom otherwise.
    On Interrupted the exception carries the step that goes on.
    """
    deadline = context.clock() + how.timeout

    def one(tracked: TrackedJob, executor: Executor) -> Iterator[steps.Item | ResumeAt]:
        video = yield from steps.wait(context, tracked, deadline, how.poll_interval, wakeups)
        if video and how.save:
            yield ResumeAt(context.clock(), is_download=True)
            yield from _save(context, tracked, video, how, executor)

    yield from _each(context, jobs, how, "wait", one, deadline, source, wakeups)


def collect(context: Context, jobs: Sequence[Job], how: Delivery) -> Iterator[Event]:
    """Save the videos of finished jobs now: one look each, StillRunning where there is nothing to save yet."""

    def one(tracked: TrackedJob, executor: Executor) -> Iterator[steps.Item | ResumeAt]:
        progress = check_once(tracked.account, tracked.session.send, tracked.job)
        yield progress
        if not progress.state.over:
            wait = next_steps.continuing("wait", [tracked.job], how.output)
            raise StillRunning(f"{tracked.job.called} is not finished yet", next_step=wait)
        if progress.video:
            yield ResumeAt(context.clock(), is_download=True)
            yield from _save(context, tracked, progress.video, how, executor)
        elif not progress.fault:
            raise UnsafeReply("the provider says it is done but gives no address")

    yield from _each(context, jobs, how, "download", one, None)


def _save(
    context: Context, tracked: TrackedJob, video: steps.Video, how: Delivery, executor: Executor
) -> Iterator[steps.Item | ResumeAt]:
    if how.pipe:
        yield from steps.stream(context, tracked, video, how.pipe, how.max_size, executor)
    else:
        executor.run_on_main_thread(lambda: how.before_saving(tracked.job))
        yield from steps.save(context, tracked, video, how.target(tracked.job), how.force, how.max_size, executor)


def _each(
    context: Context,
    jobs: Sequence[Job],
    how: Delivery,
    action: str,
    one: Steps,
    deadline: float | None,
    source: JobSource | None = None,
    wakeups: Wakeups[str] | None = None,
) -> Iterator[Event]:
    """Play the steps of every job, write down what they tell, and end each job in one `Finished`."""
    _check_names(jobs, how)
    left = {job.id or job.called: job for job in jobs}
    tracked: dict[str, TrackedJob] = {}
    try:
        if action == "wait":
            context.ledger.hold([job for job in jobs if job.id])
        tracker = Tracker(context)
        for job in jobs:
            try:
                finished = _needs_no_look(context, job, how)
                if finished is None:
                    tracked[job.id or job.called] = tracker.track(job)
            except HailuoError as error:
                finished = _failed(context, error, job, action, how)
            if finished:
                del left[job.id or job.called]
                yield finished
        several = source is not None or wakeups is not None or min(how.at_once, len(tracked)) > 1
        with _executor(context, how.at_once if several else None) as executor:
            paces = Limiters(context)

            def task(each: TrackedJob) -> Task[str, steps.Item]:
                return Task(each.job.id or each.job.called, one(each, executor), paces.of(each))

            def newcomer(job: Job) -> Task[str, steps.Item]:
                key = job.id or job.called
                left[key] = job
                tracked[key] = tracker.track(job)
                return task(tracked[key])

            tasks = [task(each) for each in tracked.values()]
            more = _Newcomers(source, newcomer) if source else None
            for burst in scheduler.run(tasks, executor, context.clock, deadline, more, wakeups):
                for key, event in _recorded(context, tracked, burst, left, how, action):
                    event = _as_found(event, left[key])
                    left[key] = event.job
                    if isinstance(event, Finished):
                        del left[key]
                    yield event
    except Interrupted as stop:
        stop.next_step = next_steps.continuing(action, left.values(), how.output) if left else stop.next_step
        raise
    except (DiskError, LedgerError) as error:  # what cannot be written down ends the wait, not the jobs
        error.next_step = next_steps.continuing(action, left.values(), how.output)
        raise


@dataclass(frozen=True)
class _Newcomers:
    """The jobs of a source as tasks."""

    source: JobSource
    task: Callable[[Job], Task[str, steps.Item]]

    def tasks(self) -> list[Task[str, steps.Item]]:
        return [self.task(job) for job in self.source.jobs()]

    def next_due(self) -> float | None:
        return self.source.next_due()


def _executor(context: Context, at_once: int | None) -> SerialExecutor | ThreadExecutor:
    """Who plays the steps of so many jobs at once; None: of one job, and nobody else is heard meanwhile."""
    if at_once is None:
        return SerialExecutor(context.sleep)
    return ThreadExecutor(at_once, at_once, context.ledger.together)


def _recorded(
    context: Context,
    tracked: Mapping[str, TrackedJob],
    burst: Sequence[tuple[str, steps.Item | Ended]],
    left: Collection[str],
    how: Delivery,
    action: str,
) -> list[tuple[str, Event]]:
    """What items that came together come to, all of it on the disk, which is one wait for the disk."""
    told: list[tuple[str, Event]] = []
    ended = set[str]()
    with context.ledger.together() if len(burst) > 1 else nullcontext():
        for key, item in burst:
            if key in left and key not in ended:
                events = list(_record(context, tracked[key], item, how, action))
                told += [(key, event) for event in events]
                ended |= {key for event in events if isinstance(event, Finished)}
    return told


def _record(
    context: Context, tracked: TrackedJob, item: steps.Item | Ended, how: Delivery, action: str
) -> Iterator[Event]:
    """What one item of a job's steps comes to, written down before it is told."""
    job = tracked.job
    match item:
        case Progress():
            now = context.clock()
            job = tracked.job = record_progress(context, job, item, took=tracked.took(item, now))
            if not item.state.over:
                tracked.seen_running = now
            yield StatusChecked(job, item, tracked.eta)
            if item.fault:
                yield Finished(job, item.fault.about(job))
            elif item.video and not how.save:
                yield Finished(job)
        case PollRetry() | DownloadRetry():
            yield Retrying(job, item)
        case Downloading():
            yield DownloadProgress(job, item)
        case Streamed():
            facts = {"sha256": item.sha256, "bytes": item.size}
            yield Finished(context.ledger.move(job, JobState.SAVED, error=None, path=None, **facts))
        case Saved():
            job = context.ledger.move(job, JobState.SAVED, error=None, **steps.facts_of(item))
            yield Finished(job, already=item.already)
        case Ended():
            if item.error:
                yield _failed(context, item.error, job, action, how)
        case _:
            assert_never(item)


def _as_found(event: Event, before: Job) -> Event:
    """The same event; its job still says that it was ordered by an earlier command."""
    return replace(event, job=replace(event.job, reused=before.reused)) if before.reused else event


def _needs_no_look(context: Context, job: Job, how: Delivery) -> Finished | None:
    """How a job ends that needs no look: there is nobody to ask, or its video is already here."""
    if job.ticket is None:
        if job.state.may_bill:
            return Finished(job, next_steps.unconfirmed(job))
        return Finished(job, UsageError(f"{job.id} was never ordered: {job.error}").about(job))
    wanted = how.save and not how.pipe and (how.output is None or str(how.target(job).absolute()) == job.path)
    if wanted and steps.is_here(job):
        saved = context.ledger.move(job, JobState.SAVED)
        return Finished(replace(saved, reused=job.reused), already=True)
    return None


def _check_names(jobs: Sequence[Job], how: Delivery) -> None:
    """Several jobs need several names: a plain -o FILE is refused for more than one."""
    if how.pipe and len(jobs) > 1:
        raise UsageError("only one video fits into stdout", hint="-o FOLDER/")
    if how.save and not how.pipe and how.output and len({how.target(job) for job in jobs}) < len(jobs):
        raise UsageError(f"{len(jobs)} videos cannot all be {how.output}", hint="-o FOLDER/ or -o '{job}.mp4'")


def _failed(context: Context, error: HailuoError, job: Job, action: str, how: Delivery) -> Finished:
    """The end of a job that went wrong, with the step that goes on where there is something to go on with."""
    if isinstance(error, JobGone):
        with suppress(DiskError, LedgerError):
            job = gone(context, job, error)
    return Finished(job, next_steps.continued(error, job, action, how.output))
