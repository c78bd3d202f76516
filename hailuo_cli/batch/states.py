"""Where a take of a row stands, from what was ordered for it and what is asked for now."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..model import Job, JobState


class RowState(enum.StrEnum):
    """The states of design 1.11; `queued` is a row that waits for a worker of a fleet."""

    NEW = "new"
    CHANGED = "changed"
    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    MISSING = "missing"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"


Key = tuple[str, int]
"""A row's id without regard to case, and the number of a take."""
UNDER_WAY = frozenset((RowState.RUNNING, RowState.READY))
TO_FETCH = frozenset((RowState.RUNNING, RowState.READY, RowState.MISSING))

_CONTENT = "content_refused"
_ROW_IS_WRONG = frozenset((_CONTENT, "invalid_request", "invalid_image", "unsupported", "usage"))
"""An order that was refused for one of these is the row's fault; for anything else it leaves the row as new as it was."""
_STATES = {
    JobState.SUBMITTED: RowState.RUNNING,
    JobState.SUCCEEDED: RowState.READY,
    JobState.FAILED: RowState.FAILED,
    JobState.CANCELLED: RowState.FAILED,
    JobState.GONE: RowState.FAILED,
    JobState.REFUSED: RowState.REFUSED,
    JobState.SUBMITTING: RowState.RUNNING,  # by a process that lives: the ledger says so when it gives the jobs
    JobState.UNCONFIRMED: RowState.UNCONFIRMED,
}


_UNDER_WAY_OR_SAVED = frozenset((JobState.SUBMITTING, JobState.SUBMITTED, JobState.SUCCEEDED, JobState.SAVED))


@dataclass(frozen=True)
class Standing:
    """Where a take stands, and the job that says so; None where none counts."""

    state: RowState
    job: Job | None = None


Attempts = Mapping[Key, Sequence[Job]]
"""Everything that was ordered for each take, oldest first."""


def key_of(row_id: str, take: int) -> Key:
    """What a take is found by: ids are the same without regard to case."""
    return row_id.casefold(), take


def dedupe_key(batch: str, row_id: str, take: int) -> str:
    """The dedupe key of a take; the same for every way of ordering it."""
    return f"batch/{batch}/{row_id}/take-{take}"


def key_of_dedupe_key(text: str) -> Key:
    """The take that a dedupe key is of."""
    _, row_id, take = text.rsplit("/", 2)
    return key_of(row_id, int(take.removeprefix("take-")))


def grouped(jobs: Iterable[Job]) -> dict[Key, list[Job]]:
    """The jobs of a batch, oldest first, by the take they were made for."""
    found: dict[Key, list[Job]] = {}
    for job in jobs:
        if job.row is not None:
            found.setdefault(key_of(job.row, job.take or 1), []).append(job)
    return found


def standing(request_hash: str, attempts: Sequence[Job], is_there: Callable[[Job], bool]) -> Standing:
    """Where a take stands whose request has this hash.

    An unconfirmed order counts above all. Else what counts is the latest order that came to something, or that was
    for this very request; where that was another request, the row has changed.
    """
    counted = [job for job in attempts if not is_void(job)]
    for job in reversed(counted):
        if _STATES.get(job.state) is RowState.UNCONFIRMED:
            return Standing(RowState.UNCONFIRMED, job)
    for job in reversed(counted):
        is_same = job.request_hash == request_hash
        if is_same or job.state in _UNDER_WAY_OR_SAVED:
            return Standing(state_of(job, is_there) if is_same else RowState.CHANGED, job)
    return Standing(RowState.CHANGED, counted[-1]) if counted else Standing(RowState.NEW)


def state_of(job: Job, is_there: Callable[[Job], bool]) -> RowState:
    """The state of a row that this job was made for."""
    if job.state is JobState.SAVED:
        return RowState.DONE if is_there(job) else RowState.MISSING
    if job.state is JobState.FAILED and job.error_code == _CONTENT:
        return RowState.REFUSED
    return _STATES[job.state]


def is_file_there(job: Job) -> bool:
    """Whether the saved video is where the ledger notes it, by its size."""
    try:
        return job.path is not None and os.stat(job.path).st_size == job.bytes  # noqa: PTH116 - called for every row
    except (OSError, ValueError):
        return False


def is_void(job: Job) -> bool:
    """An order that leaves its row as it was: never sent, or refused for the seller's sake or the moment's."""
    if job.state is JobState.NOT_SENT:
        return True
    return job.state is JobState.REFUSED and job.error_code not in _ROW_IS_WRONG
