"""What any ledger promises, wherever it is kept.

An intent is on disk before an order leaves, a ticket before anybody is told. What a method wrote when it returned
survives a power cut. Every decision about ordering or not is made and written in one transaction, and no two such
transactions run at the same time: what one adds up for a limit on spending, no other one changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..model import Job, JobState

ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 8

FINAL = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.GONE, JobState.NOT_SENT, JobState.REFUSED})
HOLDS_KEY = frozenset(
    {JobState.SUBMITTING, JobState.UNCONFIRMED, JobState.SUBMITTED, JobState.SUCCEEDED, JobState.SAVED}
)
"""The states in which a job stands for its dedupe key."""
_ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.GONE})
NEXT: dict[JobState, frozenset[JobState]] = {
    JobState.SUBMITTING: frozenset({JobState.NOT_SENT, JobState.REFUSED, JobState.UNCONFIRMED, JobState.SUBMITTED}),
    JobState.UNCONFIRMED: frozenset({JobState.NOT_SENT, JobState.SUBMITTED}),
    JobState.SUBMITTED: _ENDED,
    JobState.SUCCEEDED: frozenset({JobState.SAVED, JobState.GONE}),
    # what a provider said of a job may be revised by what it says later
    JobState.GONE: frozenset({JobState.SUBMITTED}) | _ENDED - {JobState.GONE},
    JobState.FAILED: frozenset({JobState.SUBMITTED}) | _ENDED - {JobState.FAILED},
    JobState.CANCELLED: frozenset({JobState.SUBMITTED}) | _ENDED - {JobState.CANCELLED},
}
"""The moves that a job can make; every other one is left undone."""


@dataclass(frozen=True)
class Earlier:
    """What a ledger knows of the same request or the same dedupe key, newest first.

    `alive` holds the ids of the jobs that a living process is at work on.
    """

    same: Sequence[Job] = ()
    """Jobs of the same request and take."""
    keyed: Sequence[Job] = ()
    """Jobs of the same dedupe key, also of other requests."""
    alive: frozenset[str] = frozenset()


Choose = Callable[[Earlier], Job | None]
"""Decides about an intent: the job that stands for it already, None to order it, or an error to refuse it."""
