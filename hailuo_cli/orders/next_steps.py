"""What goes on from where a job stands, and how that is said: facts for a front end, never a command line."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ContentRefused, HailuoError, JobFailed, Unconfirmed
from ..model import Job, NextStep


def unconfirmed(job: Job, what: str = "", hint: str | None = None) -> Unconfirmed:
    """The error for an order of which nobody here knows whether it was taken. `what` is what happened to it."""
    doubt = f"The order {job.id} may have been accepted and billed; it is not sent again by itself."
    message = f"{what}. {doubt}" if what else doubt
    return Unconfirmed(message, hint=hint, next_step=NextStep("resolve", (job,))).about(job)


def continuing(action: str, jobs: Iterable[Job], output: str | None = None) -> NextStep:
    """The step that goes on with these jobs: "wait", "download", "status"."""
    return NextStep(action, tuple(jobs), output=output)


def continued(error: HailuoError, job: Job, action: str, output: str | None) -> HailuoError:
    """The error of a job, with the step that goes on where there still is something to go on with."""
    if not isinstance(error, JobFailed | ContentRefused) and error.next_step is None:
        error.next_step = continuing(action, [job], output)
    return error.about(job)
