"""The steps of one job: looking until it is over, and saving its video. They yield what they see and write nothing.

A worker thread plays them; what has to be written down meanwhile is done by the thread that reads, through the executor.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import HailuoError, JobCancelled, JobFailed, JobGone
from ..model import Job, JobState
from ..providers import Progress
from ..saving import download
from ..saving.download import Downloading, DownloadRetry, Saved, Streamed
from ..waiting import polling
from ..waiting.executors import Executor, ResumeAt
from ..waiting.polling import PollRetry
from ..waiting.wakeups import Wakeups
from ..wire import Call
from .context import Context
from .lookup import check_once, record_progress
from .tracking import TrackedJob

Item = Progress | PollRetry | DownloadRetry | Downloading | Streamed | Saved
"""What the steps of a job tell."""
Video = str | Call
"""Where a video is: an address that needs no key, or a request to the provider."""


def wait(
    context: Context,
    tracked: TrackedJob,
    deadline: float,
    poll_interval: float | None,
    wakeups: Wakeups[str] | None = None,
) -> Generator[Item | ResumeAt, None, Video | None]:
    """Look until the job is over; the result is where its video is. StillRunning at the deadline of the clock.

    With `wakeups` a job that is expected to be rung for is looked at more seldom, unless an interval is given.

    A job that is known to have ended is looked at once: what one answer said may have been revised.
    """
    job, account = tracked.job, tracked.account
    send = functools.partial(tracked.session.send, until=deadline)
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        try:
            last = check_once(account, send, job)
        except HailuoError:
            raise _ended(job) from None
        yield last
        if last.state.over and (last.fault or not last.video):
            return None
    floor = polling.LOOPBACK_FLOOR if tracked.is_local else account.provider.poll_seconds
    first = poll_interval or (2 * floor if tracked.is_local else floor)
    # what runs on this machine may be asked more often than its jobs need
    aim = tracked.eta.gap if tracked.eta and poll_interval is None and not tracked.is_local else None
    pace = polling.Pace(first, floor, deadline, growing=poll_interval is None, aim=aim)
    if wakeups and poll_interval is None:
        pace = replace(pace, stretch=lambda: wakeups.stretch(job.id))
    # a job of another machine is not new, however new it is here
    is_new = job.provider_state is None and job.fingerprint is not None
    progress = None
    for item in polling.watch(lambda: check_once(account, send, job), pace, context.clock, is_new=is_new):
        if isinstance(item, Progress):
            progress = item
        yield item
    return progress.video if progress else None


def save(
    context: Context, tracked: TrackedJob, video: Video, target: Path, force: bool, max_size: int, executor: Executor
) -> Iterator[Item | ResumeAt]:
    """Save a video that is ready, with the file's hash in the ledger before the file has its name."""
    source = _Source(context, tracked, video, executor)

    def note(saved: Saved) -> None:
        executor.run_on_main_thread(lambda: context.ledger.note(tracked.job, **facts_of(saved)))

    items = download.fetch(
        source.open,
        target,
        renew=source.renew,
        force=force,
        max_size=max_size,
        before_rename=note,
        clock=context.clock,
    )
    yield from _rested(context, items)


def stream(
    context: Context, tracked: TrackedJob, video: Video, pipe: BinaryIO, max_size: int, executor: Executor
) -> Iterator[Item | ResumeAt]:
    """Write a video that is ready to a pipe."""
    source = _Source(context, tracked, video, executor)
    items = download.stream(source.open, pipe, renew=source.renew, max_size=max_size, clock=context.clock)
    yield from _rested(context, items)


def _rested(context: Context, items: Iterator[Item]) -> Iterator[Item | ResumeAt]:
    """A download that rests before each new try, so that its worker is free meanwhile."""
    for item in items:
        yield item
        if isinstance(item, DownloadRetry):
            yield ResumeAt(context.clock() + item.wait, is_download=True)


@dataclass
class _Source:
    """Where the bytes of a job's video come from, also after its address has expired."""

    context: Context
    tracked: TrackedJob
    video: Video
    executor: Executor

    def open(self, headers: Mapping[str, str]) -> AbstractContextManager[download.Body]:
        if isinstance(self.video, Call):
            return self.tracked.session.open(self.video, headers)
        return self.context.fetcher(self.tracked.session.base_url).open(self.video, headers)

    def renew(self) -> Callable[[Mapping[str, str]], AbstractContextManager[download.Body]]:
        progress = check_once(self.tracked.account, self.tracked.session.send, self.tracked.job)
        self.executor.run_on_main_thread(lambda: record_progress(self.context, self.tracked.job, progress))
        if not progress.video:
            raise JobGone("the link to the video has expired and the provider gives no new one")
        self.video = progress.video
        return self.open


def facts_of(saved: Saved) -> dict[str, Any]:
    """What the ledger keeps of the file that is a job's video."""
    return {"path": str(saved.path.absolute()), "sha256": saved.sha256, "bytes": saved.size}


def is_here(job: Job) -> bool:
    """Whether the file that the ledger notes is still that very video."""
    if job.path is None or job.sha256 is None or job.bytes is None:
        return False
    path = Path(job.path)
    if not download.verified(path, job.bytes, job.sha256):
        return False
    download.remove_leftovers(path)
    return True


def _ended(job: Job) -> JobFailed:
    kind = JobCancelled if job.state is JobState.CANCELLED else JobFailed
    return kind(job.error or f"the job {job.state}")
