"""What every step of an order needs, handed in by whoever opens it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..config.profiles import Account, Config
from ..model import Job
from .signal_guard import SignalGuard

if TYPE_CHECKING:
    from ..ledger.base import Ledger
    from ..transport import Fetcher, Session
    from ..waiting.rate import Limiter


def _of_its_own(_: str, rate: float) -> Limiter:
    from ..waiting.rate import RateLimiter

    return RateLimiter(rate)


@dataclass
class Context:
    """The ledger, the accounts, the network, the clock, and how to hold signals off. Use it in one thread."""

    config: Config
    open_ledger: Callable[[], Ledger]
    connect: Callable[[Account], Session]
    fetcher: Callable[[str], Fetcher]
    log: Callable[[str], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    guard: Callable[[], SignalGuard] = SignalGuard
    confirm: Callable[[str], bool] = lambda _: False
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    limiter: Callable[[str, float], Limiter] = _of_its_own
    """How often a place may be asked, from its address and the requests a second that it takes."""
    has_ledger: Callable[[], bool] = lambda: True
    """Whether there is a ledger already; a look that needs none makes none."""
    touched_jobs: list[Job] = field(default_factory=list)
    """The jobs that were ordered or asked about: whoever opened this knows of them once it has been told."""
    _ledger: Ledger | None = None
    _sessions: dict[tuple[str, str | None], Session] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened when it is first needed."""
        if self._ledger is None:
            self._ledger = self.open_ledger()
        return self._ledger

    def session(self, account: Account) -> Session:
        """The connection to an account's provider, with its key; NoKey where there is none."""
        known = (account.name, account.profile)
        if known not in self._sessions:
            self._sessions[known] = self.connect(self.config.seen_as(account.profile).unlocked(account))
        return self._sessions[known]

    def account_of(self, job: Job) -> Account:
        """The account that a job was ordered with."""
        return self.config.seen_as(job.profile).account(job.provider)

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._sessions.values():
            session.__exit__()
        if self._ledger:
            self._ledger.__exit__()
