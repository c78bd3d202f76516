"""What a run tells while it is at work; each event is about one take of a row."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import HailuoError, Unconfirmed
from ..model import Job, JobState
from ..orders import events
from . import states
from .planning import Take


@dataclass(frozen=True)
class Ordered:
    """A take was ordered, and its reference is on the disk."""

    take: Take
    job: Job


@dataclass(frozen=True)
class NotOrdered:
    """An order came to nothing, or may have: `error` says which. Nothing else is ordered for the row in this run."""

    take: Take
    error: HailuoError

    @property
    def is_doubted(self) -> bool:
        """Whether it may have been ordered all the same."""
        job = self.error.job
        return isinstance(self.error, Unconfirmed) or (job is not None and job.state.may_bill)

    @property
    def is_refused(self) -> bool:
        """Whether the order was refused for the row's own sake."""
        job = self.error.job
        return job is not None and job.state is JobState.REFUSED and not states.is_void(job)


@dataclass(frozen=True)
class Paused:
    """A provider wants to be left alone for some seconds; its rows go on after that."""

    provider: str
    error: HailuoError
    seconds: float


@dataclass(frozen=True)
class Stopped:
    """Nothing more is ordered: at one provider, or at all (None)."""

    provider: str | None
    error: HailuoError


@dataclass(frozen=True)
class Delivered:
    """What happened to a job on its way from the provider to the disk."""

    take: Take
    event: events.Event


RowEvent = Ordered | NotOrdered | Paused | Stopped | Delivered
