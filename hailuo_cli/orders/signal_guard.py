"""What a signal does while an order is made: the places where it may stop the work and those where it has to wait."""

from __future__ import annotations

from types import TracebackType


class SignalGuard:
    """The story of an order tells it where it stands. This one leaves signals alone; `cli.signals` has the real one."""

    def __enter__(self) -> SignalGuard:
        """Signals wait from here on: something is being written down."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The order is made or given up; a signal that waited is heard now, unless something else went wrong."""

    def defer(self) -> None:
        """Signals wait, as at the beginning."""

    def allow(self) -> None:
        """A signal stops the work: nothing has left, or what left was refused."""

    def defer_until_reply(self) -> None:
        """A signal waits a little for the answer to what may already be paid for; the next one stops the work."""
