"""What providers hand back, and the conversations that only some of them have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..errors import HailuoError
from ..model import Order, RemoteState
from ..wire import Call, Flow

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True)
class Progress:
    """One look at a job. `word` is the provider's own; `video` is an address, or a Call where it needs the key.

    A job that is done and has no video yet is possible: some links come a moment after the word.
    """

    state: RemoteState
    word: str = ""
    percent: float | None = None
    video: str | Call | None = None
    fault: HailuoError | None = None
    unbilled: bool = False
    """Whether the provider documents that a job which ended so is not billed."""
    billed: Decimal | None = None
    """What the provider says that the job cost, in USD, where its answer has it."""
    if_repeated: Progress | None = None
    """What it comes to when several looks in a row say the same: a word that no document has and that plainly ends a job."""

    def with_video(self, video: str | Call | None) -> Progress:
        """The same look with the place of the video, where the job is done; no other job has one."""
        return replace(self, video=video) if self.state is RemoteState.DONE else self


@dataclass(frozen=True)
class Found:
    """A job as a provider lists it. `created` is in seconds since the epoch; None where the list does not say."""

    ticket: str
    created: float | None = None
    model: str | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class OrderLimits:
    """How much may be ordered: jobs at a time, and orders within so many seconds; None where no document says."""

    source: str
    at_once: int | None = None
    orders: int | None = None
    seconds: int = 60
    note: str = ""

    def __str__(self) -> str:
        rate = "a minute" if self.seconds == 60 else f"in {self.seconds} seconds"
        parts = (
            f"{self.at_once} jobs at a time" if self.at_once else "",
            f"{self.orders} orders {rate}" if self.orders else "",
            self.note,
        )
        return "; ".join(filter(None, parts))


@runtime_checkable
class Cancels(Protocol):
    """A provider that can stop a job."""

    def cancel(self, ticket: str) -> Flow[Progress]:
        """Stop a job; the result is what the provider says of it then."""
        ...


@runtime_checkable
class Finds(Protocol):
    """A provider that lists its jobs."""

    def find(self) -> Flow[list[Found]]:
        """The newest jobs of this key, to find out what became of an unconfirmed order."""
        ...


@runtime_checkable
class Estimates(Protocol):
    """A provider that can be asked what an order would cost."""

    def estimate(self, order: Order) -> Flow[Decimal | None]:
        """What an order would cost, raw fields included, in USD; None where the answer has no price. Nothing is ordered."""
        ...


@runtime_checkable
class TellsBalance(Protocol):
    """A provider that can be asked how much is left."""

    def balance(self) -> Flow[str]:
        """What is left, in words."""
        ...


@runtime_checkable
class TellsWebhookSecret(Protocol):
    """A provider that hands out what its webhooks are signed with to whoever has the key."""

    def webhook_secret(self) -> Flow[str]:
        """The secret, as it is written."""
        ...
