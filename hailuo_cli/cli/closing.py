"""The one line at the end of several jobs: 38 saved, 1 failed, 1 unconfirmed, 13.30 USD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from ..errors import ContentRefused, HailuoError, Unconfirmed
from ..model import Job, JobState
from ..orders.events import Finished

ORDER = ("saved", "ready", "failed", "refused", "unconfirmed", "running", "not ordered")
_ENDS: Mapping[JobState, str] = {
    JobState.SUBMITTED: "running",
    JobState.SUCCEEDED: "ready",
    JobState.SAVED: "saved",
    JobState.SUBMITTING: "unconfirmed",
    JobState.UNCONFIRMED: "unconfirmed",
    JobState.REFUSED: "refused",
    JobState.NOT_SENT: "not ordered",
}


def closing(
    ended: Sequence[Finished], missing: int = 0, failures: Iterable[HailuoError] = (), verb: str = "saved"
) -> str:
    """How jobs ended, and what those cost that were not there before and may be billed.

    `missing` is how many orders were not made, `failures` what stopped them, `verb` the end that was hoped for.
    """
    counts = Counter(end_of(event) for event in ended)
    doubted = sum(isinstance(failure, Unconfirmed) for failure in failures)
    counts["unconfirmed"] += doubted
    counts["not ordered"] += max(0, missing - doubted)
    told = [f"{counts[name]} {name}" for name in ORDER if counts[name] or name == verb]
    return ", ".join([*told, *_cost([event.job for event in ended])])


def end_of(event: Finished) -> str:
    """The word for how a job ended, one of those of the closing line."""
    if isinstance(event.error, ContentRefused):
        return "refused"
    return _ENDS.get(event.job.state, "failed")


def _cost(jobs: Sequence[Job]) -> list[str]:
    billed = [job for job in jobs if job.state.may_bill and job.reused is None]
    known = [Decimal(str(job.price_usd)) for job in billed if job.price_usd is not None]
    unknown = len(billed) - len(known)
    return [f"{sum(known, Decimal(0)):.2f} USD", *([f"{unknown} of unknown price"] if unknown else [])]
