"""The jobs of one wait: where each is asked, since when it runs, and what to expect of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..config.profiles import Account
from ..model import Job, RemoteState
from ..providers import Progress
from ..urls import is_loopback
from ..waiting import polling
from ..waiting.eta import MOST_SAMPLES, DurationEstimate, Eta, estimate_duration, sample_duration
from ..waiting.rate import Limiter
from .context import Context

if TYPE_CHECKING:
    from ..transport import Session


@dataclass
class TrackedJob:
    """One job that is waited for or fetched. Moments are of the clock; `began` is None for another machine's job."""

    job: Job
    account: Account
    session: Session
    began: float | None
    eta: Eta | None
    seen_running: float | None = None
    """When it was seen at work last."""

    @property
    def is_local(self) -> bool:
        """Whether its provider runs on this machine: a stand-in or the sandbox."""
        return is_loopback(self.session.base_url)

    def took(self, progress: Progress, now: float) -> float | None:
        """How many seconds the job took, where this wait saw it end."""
        if self.began is None or self.seen_running is None or progress.state is not RemoteState.DONE:
            return None
        return sample_duration(self.seen_running - self.began, now - self.began)


class Tracker:
    """Makes the tracked jobs of one wait; the ledger is asked for past durations once for each kind of job."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._estimates: dict[tuple[str, str | None, int | None, str | None], DurationEstimate | None] = {}

    def track(self, job: Job) -> TrackedJob:
        """The job with its account, its connection and its expected end; NoKey where its provider's key is missing."""
        account = self._context.account_of(job)
        session = self._context.session(account)
        # a job of another machine is older than its row here, by nobody knows how much
        if job.fingerprint is None or job.created_at is None:
            return TrackedJob(job, account, session, None, None)
        began = self._context.clock() - max(0.0, self._context.now() - job.created_at)
        estimate = self._estimate(job, account)
        return TrackedJob(job, account, session, began, Eta(estimate, began) if estimate else None)

    def _estimate(self, job: Job, account: Account) -> DurationEstimate | None:
        kind = (job.provider, job.model, job.duration, job.resolution)
        if kind not in self._estimates:
            models = [model for model in account.provider.models if model.id == job.model]
            stated = max((model.usual_seconds for model in models if model.usual_seconds), default=None)
            self._estimates[kind] = estimate_duration(stated, self._context.ledger.durations(job, MOST_SAMPLES))
        return self._estimates[kind]


class Limiters:
    """One rate limiter for each origin that is asked."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, Limiter] = {}

    def of(self, tracked: TrackedJob) -> Limiter:
        """The limiter of the place where a job is asked for."""
        rate = polling.LOOPBACK_RATE if tracked.is_local else polling.RATE
        place = tracked.session.base_url
        if place not in self._known:
            self._known[place] = self._context.limiter(place, rate)
        return self._known[place]
