"""The same thing a second time: whether an order is made, or a job that was paid for stands for it already.

Values in, a decision out; the ledger asks for it inside the transaction that writes the intent down.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import ContentRefused, UsageError
from ..ledger.base import HOLDS_KEY, Earlier
from ..model import Job, JobState
from ..request import identity
from . import next_steps

DUPLICATE_WINDOW = 24 * 3600.0
"""Seconds for which an order that nobody was told of, or that nobody waits for any more, stands for the same words."""
WAITING_COMMANDS = frozenset({"generate"})
"""Commands that wait for what they order and save it; only their jobs are continued by the same words."""
_UNSAVED = frozenset({JobState.SUBMITTED, JobState.SUCCEEDED})
_PAID = frozenset({JobState.SUBMITTED, JobState.SUCCEEDED, JobState.SAVED})
_REFUSED = frozenset({JobState.REFUSED, JobState.FAILED})


@dataclass(frozen=True)
class Again:
    """What the user says about ordering the same thing again.

    `again` orders another one; `despite_unconfirmed` also where an earlier order may have been taken. `retry_of` is the
    id of the job that is ordered anew, once: a retry of it that is running or done stands for the next one.
    """

    again: bool = False
    despite_unconfirmed: bool = False
    retry_of: str | None = None

    def choose(self, earlier: Earlier, intent: Job, now: float) -> Job | None:
        """The job that stands for the intent, None to order it.

        Unconfirmed: an order of the same request may have been taken. UsageError: the dedupe key stands for another
        request. ContentRefused: the very same content was refused before. A job that is being ordered by another
        process is given as it is, to be waited for.
        """
        if intent.dedupe_key and (holder := _first(earlier.keyed, HOLDS_KEY)):
            if holder.state is JobState.SUBMITTING:
                return holder
            if not self.again:
                ways = "--again orders another one in its place; or use another key"
                _must_be_the_same(holder, intent, "order it anew under another key" if self.retry_of else ways)
                if holder.state is not JobState.UNCONFIRMED:
                    return _reused(holder)
        self._refuse_unconfirmed(earlier, intent)
        if self.again:
            return None
        if self.retry_of:
            retries = (job for job in earlier.same if job.group == intent.group and job.id != self.retry_of)
            return _standing(retries)
        if intent.dedupe_key:
            _refuse_refused(earlier.keyed, intent)
            return None
        recent = [
            job for job in earlier.same if job.dedupe_key is None and (job.created_at or 0) > now - DUPLICATE_WINDOW
        ]
        if intent.command in WAITING_COMMANDS:
            return _continued(earlier, recent, intent)
        return _unreported(earlier, recent)

    def _refuse_unconfirmed(self, earlier: Earlier, intent: Job) -> None:
        if self.despite_unconfirmed:
            return
        if doubt := _first(earlier.same, {JobState.UNCONFIRMED}):
            ways = "settle it, or order another one with --despite-unconfirmed"
            if self.retry_of or intent.batch:  # these commands have no such option
                ways = "settle it"
            raise next_steps.unconfirmed(doubt, hint=ways)


NOT_AGAIN = Again()


def _continued(earlier: Earlier, recent: Iterable[Job], intent: Job) -> Job | None:
    """The job that an earlier command of this kind ordered and did not bring to its end, or saved just there."""
    recent = [job for job in recent if job.command == intent.command]
    for job in earlier.same:
        here = (
            intent.output is not None and _place(job.output) == _place(intent.output) and job.command == intent.command
        )
        if here and job.state in _PAID and job.id not in earlier.alive:
            return _reused(job)
    for job in recent:
        if job.state in _UNSAVED and job.id not in earlier.alive:
            return _reused(job)
    _refuse_refused(recent, intent)
    return None


def _unreported(earlier: Earlier, recent: Iterable[Job]) -> Job | None:
    """The order whose command died before it could tell anybody."""
    for job in recent:
        if job.state in _PAID and job.ticket and job.announced_at is None and job.id not in earlier.alive:
            return _reused(job)
    return None


def _refuse_refused(attempts: Iterable[Job], intent: Job) -> None:
    """Content that was refused is not tried again unchanged."""
    last = next(iter(attempts), None)
    refused = last and last.state in _REFUSED and last.error_code == ContentRefused.code
    if last and refused and last.request_hash == intent.request_hash:
        message = f"the same content was refused before: {last.error or 'no reason was given'}"
        raise ContentRefused(message, hint="change the prompt or the image; --again orders it all the same").about(last)


def _must_be_the_same(holder: Job, intent: Job, ways: str) -> None:
    if holder.request_hash is None or holder.request_hash == intent.request_hash:
        return
    differing = identity.differences(holder.request or "{}", intent.request or "{}")
    raise UsageError(
        f"--dedupe-key {intent.dedupe_key} already stands for {holder.called}, and this request differs in "
        f"{', '.join(differing) or 'what was asked for'}",
        hint=ways,
    ).about(holder)


def _reused(job: Job) -> Job:
    return replace(job, reused="saved" if job.state is JobState.SAVED else "continued")


def _place(output: str | None) -> str | None:
    """Where an output leads, however its folder is spelled."""
    folder, name = os.path.split(output or "")
    return f"{os.path.realpath(folder)}{os.sep}{name}" if output else None


def _standing(jobs: Iterable[Job]) -> Job | None:
    """The first job that is on its way, running or done."""
    job = _first(jobs, _PAID | {JobState.SUBMITTING})
    return _reused(job) if job and job.state is not JobState.SUBMITTING else job


def _first(jobs: Iterable[Job], states: Iterable[JobState]) -> Job | None:
    return next((job for job in jobs if job.state in states), None)
