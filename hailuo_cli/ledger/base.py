"""What any ledger promises, wherever it is kept.

An intent is on disk before an order leaves, a ticket before anybody is told. What a method wrote when it returned
survives a power cut. Every decision about ordering or not is made and written in one transaction, and no two of them that
bear on each other run at the same time: what one adds up for a limit on spending, no other one changes meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from ..model import Job, JobState

if TYPE_CHECKING:
    from .limits import Allowance, Cap, Spending

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


PROGRESS: Sequence[frozenset[JobState]] = (
    frozenset({JobState.SUBMITTING}),
    frozenset({JobState.UNCONFIRMED}),
    frozenset({JobState.NOT_SENT, JobState.REFUSED}),
    frozenset({JobState.SUBMITTED}),
    frozenset({JobState.FAILED, JobState.CANCELLED, JobState.GONE}),
    frozenset({JobState.SUCCEEDED}),
    frozenset({JobState.SAVED}),
)
"""How far on a job is, for two ledgers that know the same one: what comes later here is nearer to its end."""
DIED = "the process that ordered it died before the answer was written down"


class Waiting(NamedTuple):
    """A take that waits for a worker: a hash of what its row said, and whether a worker has it in its hands."""

    form: str | None
    is_claimed: bool


def is_further_on(one: JobState, other: JobState) -> bool:
    """Whether one account of a job tells more of it than another one."""

    def rank(state: JobState) -> int:
        return next(number for number, states in enumerate(PROGRESS) if state in states)

    return rank(one) > rank(other)


def arrived(row: Mapping[str, Any], columns: Collection[str]) -> dict[str, Any]:
    """A job of another ledger as it is written down here: an order that was under way there is unconfirmed here."""
    kept = {name: value for name, value in row.items() if name in columns}
    if kept["state"] == JobState.SUBMITTING:
        kept |= {"state": JobState.UNCONFIRMED.value, "error": kept.get("error") or DIED}
    return kept


@dataclass(frozen=True)
class Earlier:
    """What a ledger knows of the same request or the same dedupe key, newest first.

    `alive` holds the ids of the jobs that a living process is at work on; asking it may raise `OwnerUnknown`.
    """

    same: Sequence[Job] = ()
    """Jobs of the same request and take."""
    keyed: Sequence[Job] = ()
    """Jobs of the same dedupe key, also of other requests."""
    alive: Container[str] = frozenset()
    now: float | None = None
    """The ledger's clock, where it has one of its own; seconds since the epoch."""


class OwnerUnknown(Exception):
    """When a decision needs to know whether another machine is still at work on a job, and that takes a while to see."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


Choose = Callable[[Earlier], Job | None]
"""Decides about an intent: the job that stands for it already, None to order it, or an error to refuse it."""
Row = Mapping[str, Any]
"""Everything that a ledger knows of one job, by the names of its columns; what a ledger does not know it passes over."""


class Ledger(Protocol):
    """The record of every job. One object is used in one thread.

    Whatever cannot be reached, read or trusted is a LedgerError; a place on this machine that cannot be used a DiskError.
    """

    @property
    def id(self) -> str:
        """What this ledger is known by, whatever it is called or moved to."""
        ...

    @property
    def name(self) -> str:
        """Where it is, as people are told: a path, or an address without its login."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def begin(self, intent: Job, choose: Choose = ..., allowance: Allowance | None = None) -> tuple[Job, bool]:
        """Write down that a job is about to be paid for, unless `choose` names one that stands for it already.

        The job, and whether it is new. Decided and written in one transaction; what `choose` raises leaves no row, and so
        does CostLimit, where the order would pass a limit of the allowance. A new job takes its dedupe key over from the
        one that had it, and begins a group of its own where the intent names none. After an error nothing may be sent.
        """
        ...

    def renew(self, job: Job) -> None:
        """Make sure that an order which is about to leave is still this process's own; LedgerError where it is not."""
        ...

    def find_out(self, unknown: OwnerUnknown, sleep: Callable[[float], None]) -> None:
        """Watch until it is known whether the owner of a job lives, so that the decision can be made."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """What is written inside may be one transaction, which is quicker; none of it is an order."""
        ...

    def move(self, job: Job, state: JobState, **changes: Any) -> Job:
        """Bring a job to its next state, with what is known of it; a move that `NEXT` does not have is left undone.

        TicketTaken where the ticket belongs to another job.
        """
        ...

    def note(self, job: Job, **changes: Any) -> Job:
        """Write facts about a job without changing its state."""
        ...

    def forget(self, job: Job) -> None:
        """Remove a job's row for good."""
        ...

    def adopt(self, provider: str, ticket: str, profile: str | None = None) -> Job:
        """The job known only by its reference, which may have been submitted on another machine."""
        ...

    def mark_reported(self, jobs: Iterable[Job]) -> None:
        """Note that a person or a script has been told of these jobs."""
        ...

    def hold(self, jobs: Iterable[Job]) -> None:
        """Show other processes that this one is at work on these jobs, until it ends or releases them."""
        ...

    def release(self, jobs: Iterable[Job]) -> None:
        """This process is no longer at work on these jobs."""
        ...

    def spool(self, job: Job, ticket: str) -> Path | None:
        """Leave a ticket that this ledger does not take in a second place, from where the next command takes it in."""
        ...

    def answer(self, job: Job) -> str | None:
        """What the provider answered to an order that it neither took nor refused, where that was kept."""
        ...

    def again(self, job: Job) -> Job:
        """The job as it is now, also where the process that ordered it has died meanwhile."""
        ...

    def by_ticket(self, provider: str, ticket: str) -> Job | None:
        """The job with a provider's ticket."""
        ...

    def by_key(self, key: str) -> Job | None:
        """The job that stands for a dedupe key, else the newest attempt that had it."""
        ...

    def by_id(self, text: str) -> Job | None:
        """The job whose id starts with a text of 4 or more characters; UsageError where several do."""
        ...

    def last(self, *, everyone: bool = False) -> Job | None:
        """The newest job that is or may be paid for; of this machine and user, or of `everyone`."""
        ...

    def recent(self, limit: int = -1) -> list[Job]:
        """Everyone's jobs, newest first."""
        ...

    def unfinished(self, *, everyone: bool = False) -> list[Job]:
        """Every job whose provider may still owe something, oldest first; of this machine and user, or of `everyone`."""
        ...

    def of_batch(self, batch: str) -> list[Job]:
        """Every job that was ordered for a batch, newest first."""
        ...

    def waiting(self, batch: str) -> Mapping[str, Waiting]:
        """The takes of a batch that workers have still to order, by their dedupe keys."""
        ...

    def durations(self, like: Job, limit: int) -> list[float]:
        """How many seconds jobs like this one took, newest first; only of jobs that were watched to their end."""
        ...

    def spending(self, cap: Cap) -> Spending:
        """What counts against a limit now."""
        ...

    def rows(self) -> Iterator[Row]:
        """Everything that is known of every job, oldest first, for another ledger to take in."""
        ...

    def take_in(self, row: Row) -> bool:
        """Write down a job of another ledger, once by its id, then by its ticket; what is further on wins.

        Whether this ledger learned something from it. An order that was under way there is unconfirmed here.
        """
        ...
