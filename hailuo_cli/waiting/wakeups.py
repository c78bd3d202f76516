"""Waking tasks before their time, from any thread: a provider called, so a look is worthwhile now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FRESH_SECONDS = 60.0
"""For so long after a call a job is looked at as often as without calls: the word may be ahead of the provider's API."""
SELDOM = 6.0
"""By how much longer jobs are left alone whose provider calls when they have ended."""


class Wakeups(Generic[K]):
    """Keys of tasks that are to be played now. Whoever plays them hears of each ring at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rung: set[K] = set()
        self._last: dict[K, float] = {}
        self._expected: set[K] = set()
        self._notify: Callable[[], None] = lambda: None

    def expect(self, key: K) -> None:
        """Say that a task will be rung for, so that it may rest longer."""
        with self._lock:
            self._expected.add(key)

    def ring(self, key: K) -> None:
        """Ask for a task to be played now; rings that nobody has taken yet are one. Safe from any thread."""
        with self._lock:
            self._rung.add(key)
            self._last[key] = self._clock()
        self.nudge()

    def nudge(self) -> None:
        """Let whoever plays the tasks look up, without a task to be played."""
        self._notify()

    def attach(self, notify: Callable[[], None]) -> None:
        """Have this called, in the thread that rings, for every ring from now on."""
        self._notify = notify

    def taken(self) -> set[K]:
        """What was rung since this was asked last."""
        with self._lock:
            rung, self._rung = self._rung, set()
        return rung

    def stretch(self, key: K) -> float:
        """How many times longer than without calls a task may rest."""
        with self._lock:
            last, is_expected = self._last.get(key), key in self._expected
        is_fresh = last is not None and self._clock() - last < FRESH_SECONDS
        return SELDOM if is_expected and not is_fresh else 1.0
