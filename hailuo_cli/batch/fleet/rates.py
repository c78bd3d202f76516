"""How often a seller is asked by all workers together: a limit that is kept in the database."""

from __future__ import annotations

from collections.abc import Callable

from ...ledger.shared import SharedStore


class SharedLimiter:
    """A place's rate, shared by everyone who asks it; moments are of this process's clock, the order of them is not."""

    def __init__(self, store: SharedStore, place: str, rate: float, clock: Callable[[], float]) -> None:
        self._store = store
        self._place = place
        self._rate = rate
        self._clock = clock
        self._slot: float | None = None

    @property
    def next_slot(self) -> float:
        """The moment of the next request, which is this process's own from now on."""
        if self._slot is None:
            self._slot = self._clock() + self._store.take_slot(self._place, self._rate)
        return self._slot

    def acquire(self, now: float) -> None:
        """A request leaves now; the next one needs a slot of its own."""
        self._slot = None

    def on_response(self, now: float, pause_until: float | None) -> None:
        """Whoever is asked to wait asks all others to."""
        if pause_until is not None and pause_until > now:
            self._slot = None
            self._store.pause(self._place, pause_until - now)
