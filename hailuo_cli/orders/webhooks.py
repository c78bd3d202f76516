"""What orders and waits hear from providers by, whoever listens for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..model import Job
    from ..waiting.wakeups import Wakeups


class Hearing(Protocol):
    """Gives each order an address of its own, and rings for its job when the provider calls there."""

    @property
    def wakeups(self) -> Wakeups[str]:
        """The rings, by the ids of jobs."""
        ...

    def new_address(self, account: Account) -> str:
        """An address for an order that is about to be made; Unsupported where the provider does not call."""
        ...

    def expect(self, job: Job, account: Account) -> bool:
        """Ring for this job from now on; False where its provider calls elsewhere."""
        ...
