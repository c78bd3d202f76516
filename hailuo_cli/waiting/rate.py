"""How often one provider may be asked, whoever asks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

BURST = 3
"""How many requests that were late may follow each other at once."""
LEAST_SHARE = 1 / 128
"""A provider is asked at least at this share of its full rate, however often it refuses."""
RECOVERY = 0.01
"""A rate that was halved grows by this share of the full one a second."""


class Limiter(Protocol):
    """Says when a provider may be asked next. Moments are of the clock of whoever asks."""

    @property
    def next_slot(self) -> float:
        """The moment of the next request."""
        ...

    def acquire(self, now: float) -> None:
        """A request leaves now."""
        ...

    def on_response(self, now: float, pause_until: float | None) -> None:
        """An answer came; the provider wants to be left alone until `pause_until`, where that is a moment."""
        ...


@dataclass
class RateLimiter:
    """How often one provider may be asked, whoever asks: evenly spaced, halved by a refusal, slowly back again."""

    full: float = math.inf
    """Requests a second."""
    rate: float = field(init=False)
    next_slot: float = field(init=False, default=-math.inf)
    """The moment of the next request."""
    _paused_until: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self.rate = self.full

    def acquire(self, now: float) -> None:
        """A request leaves now."""
        if self.rate < math.inf:
            self.next_slot = max(self.next_slot, now - BURST / self.rate) + 1 / self.rate

    def on_response(self, now: float, pause_until: float | None) -> None:
        """An answer came; the provider wants to be left alone until `pause_until`, where that is a moment."""
        if pause_until is None:
            if self.rate < self.full:
                self.rate = min(self.full, self.rate + self.full * RECOVERY / self.rate)
            return
        if now >= self._paused_until:  # the answers to requests that were already out count once
            self.rate = max(self.rate / 2, self.full * LEAST_SHARE)
        self._paused_until = max(self._paused_until, pause_until)
        self.next_slot = max(self.next_slot, pause_until)
