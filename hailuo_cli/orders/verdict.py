"""What an end means for the money, in one place: nothing bought, bought, or nobody knows.

It rests on facts of the providers' documents: `error_codes` and `not_taken` (which answers mean that an order was not taken),
`doubtful` (which leave it open), `no_model` (which are about the seller's offer and not about the request), and `unbilled_ends` (which ends of a job are not billed), each with its source in `providers/`.
"""

from __future__ import annotations

import enum

from ..errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    Interrupted,
    InvalidImage,
    InvalidRequest,
    NetworkError,
    RateLimited,
    Redirected,
    ServerTrouble,
    UnsafeReply,
    Unsupported,
)
from ..model import Job, JobState

DEFINITE = (AuthError, BalanceError, RateLimited, ContentRefused, InvalidRequest, InvalidImage, Unsupported)
"""Answers to a submit after which nothing is billed."""
SELLERS_OWN = (AuthError, BalanceError, RateLimited, Unsupported)
"""Refusals for a reason of this seller: the key, the money, the rate there, a model that it does not have. A request that is
malformed, an image that is refused and content that is refused are the same everywhere."""


class Verdict(enum.StrEnum):
    """What an order came to."""

    NOTHING_BOUGHT = "nothing bought"
    BOUGHT = "bought"
    UNKNOWN = "unknown"


class Fallback(enum.StrEnum):
    """After which ends the next seller is tried."""

    NONE = "none"
    REFUSED = "refused"
    """Not sent, or refused for a reason of that seller."""
    FAILED = "failed"
    """Also failed or cancelled, where the provider documents that this end is not billed."""


def state_after(error: HailuoError | Interrupted, is_out: bool) -> JobState:
    """Not sent where no byte of the order left, refused after a definite answer, unconfirmed in every other case."""
    if isinstance(error, DEFINITE) or (isinstance(error, Redirected | ServerTrouble) and error.refused):
        return JobState.REFUSED
    return JobState.UNCONFIRMED if is_out else JobState.NOT_SENT


def of(job: Job) -> Verdict:
    """What is known of the money by where a job stands."""
    if job.state in (JobState.NOT_SENT, JobState.REFUSED):
        return Verdict.NOTHING_BOUGHT
    if job.state in (JobState.SUBMITTING, JobState.UNCONFIRMED):
        return Verdict.UNKNOWN
    is_over = job.state in (JobState.FAILED, JobState.CANCELLED)
    return Verdict.NOTHING_BOUGHT if is_over and job.billed == 0 else Verdict.BOUGHT


def falls_over(error: HailuoError, fallback: Fallback) -> bool:
    """Whether the next seller may be asked for what this end of an order, or of its job, left undone.

    Only where nothing was bought, and never where content was refused: the next one might take it, and that would be
    looking for a softer moderation.
    """
    job = error.job
    if fallback is Fallback.NONE or job is None or of(job) is not Verdict.NOTHING_BOUGHT:
        return False
    if isinstance(error, ContentRefused):
        return False
    if job.state is JobState.NOT_SENT:
        return isinstance(error, NetworkError | UnsafeReply)
    if job.state is JobState.REFUSED:
        not_taken = isinstance(error, ServerTrouble) and error.refused
        return isinstance(error, SELLERS_OWN) or error.lacks_model or not_taken
    return fallback is Fallback.FAILED
