"""How jobs stand, as lines or not at all; the live display for a terminal is `progress`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..durations import spoken, spoken_range
from ..model import Job
from ..waiting.eta import Eta
from .show import Show

HEARTBEAT = 30.0


@dataclass(frozen=True)
class Step:
    """How one job stands: a short word ("running") and, where they are known, a share from 0 to 1 and more."""

    job: Job
    word: str
    share: float | None = None
    detail: str = ""
    eta: Eta | None = None
    label: str | None = None
    """What the job is called where it has a name of its own, such as a batch's row."""


class Display(Protocol):
    """Shows how jobs stand; what is told stays on the screen. `end` takes a job off it."""

    def step(self, step: Step) -> None: ...

    def end(self, job: Job) -> None: ...

    def tell(self, text: str) -> None: ...


@dataclass
class Tally:
    """How many jobs of how many have come to which end."""

    count: int
    done: int = 0
    failed: int = 0
    verb: str = "saved"

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.count} {self.verb}{failed}"


def remaining(eta: Eta | None, now: float) -> str:
    """What is expected of a job that is at work: a range, or that it is late; nothing where nothing is known."""
    if eta is None:
        return ""
    left = eta.left(now)
    return f"{spoken_range(*left)} left" if left else "longer than usual"


class Plain:
    """Lines without ANSI: one per change of state, one heartbeat per 30 s, for several jobs together."""

    def __init__(self, show: Show, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._tally = tally
        self._clock = clock
        self._began = self._told = clock()
        self._words: dict[str, str] = {}

    def step(self, step: Step) -> None:
        now = self._clock()
        is_new = self._words.get(step.job.id) != step.word
        if not is_new and now - self._told < HEARTBEAT:
            return
        self._words[step.job.id] = step.word
        after = f" after {spoken(now - self._began)}" if now - self._began >= 1 else ""
        if not is_new and self._tally.count > 1:
            self._show.say(f"{self._tally}{after}")
        else:
            percent = f" {step.share:.0%}" if step.share is not None else ""
            detail = step.detail or remaining(step.eta, now)
            more = f", {detail}" if detail and not is_new else ""
            self._show.say(f"{step.label or step.job.called}: {step.word}{percent}{after}{more}")
        if not is_new or self._tally.count == 1:
            self._told = now

    def end(self, job: Job) -> None:
        self._words.pop(job.id, None)

    def tell(self, text: str) -> None:
        self._show.say(text)


class Silent:
    def step(self, step: Step) -> None:
        pass

    def end(self, job: Job) -> None:
        pass

    def tell(self, text: str) -> None:
        pass
