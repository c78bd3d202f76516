"""Finding jobs and asking about them: what a JOB argument means, one look at a job, and what a look writes down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ..config.profiles import Account
from ..errors import BadReply, ContentRefused, JobFailed, JobGone, UsageError
from ..model import Job, JobState, NextStep, Order, RemoteState
from ..money import nanos
from ..providers import Estimates, Progress, TellsBalance
from ..request import pricing
from ..wire import Call, Reply, Upload, check_ticket, run_flow
from .context import Context

JOB_STATES = {
    RemoteState.DONE: JobState.SUCCEEDED,
    RemoteState.FAILED: JobState.FAILED,
    RemoteState.CANCELLED: JobState.CANCELLED,
    RemoteState.GONE: JobState.GONE,
}


REVISABLE = frozenset({JobState.GONE, JobState.FAILED, JobState.CANCELLED})
"""Ends that a later look may take back."""
KEY = "key"
"""What a JOB argument begins with that means a dedupe key: key:K."""


def refresh(context: Context, job: Job) -> tuple[Job, Progress | None]:
    """Ask the provider once and write down what it says; a job without a ticket has nobody to ask."""
    if job.ticket is None:
        return job, None
    account = context.account_of(job)
    try:
        progress = check_once(account, context.session(account).send, job)
    except JobGone as error:
        raise error.about(gone(context, job, error)) from None
    return record_progress(context, job, progress), progress


def gone(context: Context, job: Job, error: JobGone) -> Job:
    """Write down that the provider does not know a job; one that nobody here knows either leaves no row."""
    return context.ledger.move(job, JobState.GONE, error=error.message) if job.id else job


def estimate(
    context: Context, account: Account, order: Order, send: Callable[[Call | Upload], Reply] | None = None
) -> pricing.Price | None:
    """What the provider itself says a job would cost; None where it cannot be asked. Nothing is ordered."""
    provider = account.provider
    if not isinstance(provider, Estimates):
        return None
    usd = run_flow(provider.estimate(order), send or context.session(account).send)
    today = time.strftime("%Y-%m-%d", time.gmtime(context.now()))
    return pricing.Price(usd, f"estimate by {provider.title}", today)


def balance(context: Context, account: Account) -> str | None:
    """What is left with a provider, in words; None where it cannot be asked."""
    provider = account.provider
    return run_flow(provider.balance(), context.session(account).send) if isinstance(provider, TellsBalance) else None


def find(context: Context, reference: str, *, everyone: bool = False) -> Job:
    """The job that a JOB argument means: PROVIDER:TICKET (known here or not), an id or its start, key:K, @last.

    A reference that is not known here is not written down before the provider has said that it knows the job.
    On a shared ledger @last is this machine's and user's, or that of `everyone`.
    """
    job = _in_ledger(context, reference, everyone)
    provider, colon, ticket = reference.partition(":")
    if job is None and colon and provider != KEY:
        account = context.config.account(provider)
        job = Job("", account.name, JobState.SUBMITTED, ticket=ticket, profile=account.profile)
    if job is None:
        raise _unknown(reference)
    context.touched_jobs.append(job)
    return job


def known(context: Context, reference: str) -> Job:
    """The job of this ledger that a JOB argument means; UsageError where there is none."""
    job = _in_ledger(context, reference)
    if job is None:
        raise _unknown(reference)
    return job


def _in_ledger(context: Context, reference: str, everyone: bool = False) -> Job | None:
    if reference == "@last":
        if last := context.ledger.last(everyone=everyone):
            return last
        raise UsageError("the ledger has no job yet", next_step=NextStep("submit"))
    provider, colon, rest = reference.partition(":")
    if not colon:
        return context.ledger.by_id(reference)
    if provider == KEY:
        return context.ledger.by_key(rest)
    name = context.config.account(provider).name
    try:
        return context.ledger.by_ticket(name, check_ticket(rest))
    except BadReply:
        raise UsageError(f"{reference} is not a job reference", hint="it looks like pixazo:abc123") from None


def _unknown(reference: str) -> UsageError:
    return UsageError(
        f"no job here is called {reference}",
        hint="a job of another machine is PROVIDER:TICKET",
        next_step=NextStep("jobs"),
    )


def find_all(context: Context, references: Sequence[str], *, everyone: bool = False) -> list[Job]:
    """The entries of several JOB arguments, each once; without any, every unfinished job."""
    if not references:
        return context.ledger.unfinished(everyone=everyone)
    jobs = (find(context, reference, everyone=everyone) for reference in references)
    return list({(job.id, job.ref): job for job in jobs}.values())


def check_once(account: Account, send: Callable[[Call | Upload], Reply], job: Job) -> Progress:
    """One check; an answer that says that the job failed, or refuses its content, ends the job and not the look."""
    try:
        return run_flow(account.provider.check(job.ticket or ""), send)
    except JobGone:
        raise
    except (ContentRefused, JobFailed) as error:
        if error.is_foreign:
            raise
        return Progress(RemoteState.FAILED, fault=error)


def record_progress(context: Context, job: Job, progress: Progress, *, took: float | None = None) -> Job:
    """Write down what a look told, where it is news; `took` is how many seconds the job took, where it is known."""
    if job.id:
        return _recorded(context, job, progress, took)
    with context.ledger.together():  # another machine's, which the provider knows
        job = context.ledger.adopt(job.provider, job.ticket or "", job.profile)
        return _recorded(context, job, progress, took)


def _recorded(context: Context, job: Job, progress: Progress, took: float | None) -> Job:
    news: dict[str, Any] = {"provider_state": progress.word or progress.state.value, "progress": progress.percent}
    if isinstance(progress.video, str):
        news["video_url"] = progress.video
    if progress.fault:
        news |= {"error": progress.fault.message, "error_code": progress.fault.code}
    if progress.state.over or job.billed is not None:
        news["billed"] = _billed(progress)
    if job.state in REVISABLE and not progress.state.over:
        return context.ledger.move(job, JobState.SUBMITTED, **news)
    if progress.state in JOB_STATES and job.state is not JobState.SAVED:
        if took is not None:
            news["took"] = took
        return context.ledger.move(job, JOB_STATES[progress.state], **news)
    if any(getattr(job, name) != value for name, value in news.items()):
        return context.ledger.note(job, **news)
    return job


def _billed(progress: Progress) -> int | None:
    """What a look tells of the money, as the ledger keeps it: nothing for an end that is documented as unbilled."""
    if progress.unbilled:
        return 0
    return None if progress.billed is None else nanos(progress.billed)
