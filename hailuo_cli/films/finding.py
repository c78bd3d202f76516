"""Which film is meant: a file, or the film of a job that is saved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ..errors import JobCancelled, JobFailed, JobGone, StillRunning, UsageError
from ..model import Job, JobState
from ..orders import lookup, next_steps
from ..orders.context import Context

_ENDED = {JobState.FAILED: JobFailed, JobState.CANCELLED: JobCancelled, JobState.GONE: JobGone}


@dataclass(frozen=True)
class Found:
    """A film on this machine, and the job that it is of where the ledger was asked."""

    path: Path
    job: Job | None = None


def film(text: str, open_context: Callable[[], AbstractContextManager[Context]]) -> Found:
    """The film that FILE|JOB means; a file of that name comes first, and then nothing is opened.

    UsageError for what is neither, StillRunning for a job that is not saved, with the step that saves it, JobFailed
    for one that ended without a film, Unconfirmed for one that nobody knows of.
    """
    path = _path(text)
    if path.is_file():
        return Found(path)
    if path.name != text or path.suffix.casefold() in (".mp4", ".mov"):
        raise UsageError(f"there is no film {text}", hint="give the path of a film, or a job")
    with open_context() as context:
        job = lookup.find(context, text)
    if job.path is not None and Path(job.path).is_file():
        return Found(Path(job.path), job)
    raise _not_here(job)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # a user that there is none of
        return Path(text)


def _not_here(job: Job) -> Exception:
    if job.state in (JobState.UNCONFIRMED, JobState.SUBMITTING):
        return next_steps.unconfirmed(job)
    if job.state in (JobState.NOT_SENT, JobState.REFUSED):
        return UsageError(f"{job.called} was never ordered: {job.error}").about(job)
    if kind := _ENDED.get(job.state):
        return kind(job.error or f"the job {job.state}").about(job)
    is_ready = job.state in (JobState.SUCCEEDED, JobState.SAVED)
    gone = job.state is JobState.SAVED and job.path
    what = f"the film of {job.called} is not at {job.path} any more" if gone else f"{job.called} is not saved"
    return next_steps.continued(StillRunning(what), job, "download" if is_ready else "wait", None)
