"""How jobs stand, as lines or not at all; the live display for a terminal is `progress`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from types import TracebackType
from typing import Protocol

from ..durations import spoken, spoken_about, spoken_range
from ..model import Job
from ..waiting.eta import Eta
from .show import Show
from .ticker import Ticker

HEARTBEAT = 30.0
PROMPT_LETTERS = 40
"""What is shown of a prompt that stands for its job's name."""
TELLING = 0.1
"""A share below this tells nothing of the time that is left."""


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
    is_transfer: bool = False
    """Whether it is a file that comes in: the share is of bytes, not of the making."""


class Display(Protocol):
    """Shows how jobs stand; what is told stays on the screen. `end` takes a job off it."""

    def step(self, step: Step) -> None: ...

    def end(self, job: Job) -> None: ...

    def tell(self, text: str) -> None: ...


@dataclass
class Tally:
    """How many jobs of how many have come to which end.

    `failed` are those that failed or were refused, `unfinished` those that go on or are ready while nobody waits any more.
    """

    count: int
    done: int = 0
    failed: int = 0
    unconfirmed: int = 0
    unfinished: int = 0
    verb: str = "saved"

    def __str__(self) -> str:
        return ", ".join([f"{self.done} of {self.count} {self.verb}", *self.not_done()])

    def not_done(self) -> list[str]:
        """The counts of those that came to another end than was hoped for."""
        ends = (("failed", self.failed), ("unconfirmed", self.unconfirmed), ("unfinished", self.unfinished))
        return [f"{number} {end}" for end, number in ends if number]

    @property
    def over(self) -> int:
        """How many nobody waits for any more."""
        return self.done + self.failed + self.unconfirmed + self.unfinished

    @property
    def left(self) -> int:
        """How many are still waited for."""
        return max(0, self.count - self.over)

    def line(self, words: Iterable[str]) -> str:
        """The counts, with those of the words that the jobs at work have."""
        return ", ".join([str(self), *counted(words)])


def counted(words: Iterable[str]) -> list[str]:
    """Words and how often each is there: 14 running, 8 queued; without what a provider calls it."""
    counts = Counter(word.partition(" (")[0] for word in words)
    return [f"{number} {word}" for word, number in counts.items()]


def name_of(job: Job, label: str | None = None) -> str:
    """What people know a job by: its row, its name, its file, the beginning of its prompt, else its reference."""
    take = f" take {job.take}" if job.take else ""
    if label or job.row:
        return label or f"{job.row}{take}"
    if job.label:
        return f"{job.label}{take}"
    file = PurePath(job.path or job.output or "")
    if file.suffix and "{" not in file.name:
        return file.name if job.path or (job.take or 1) == 1 else f"{file.stem}.take-{job.take}{file.suffix}"
    prompt = " ".join((job.prompt or "").split())
    if not prompt:
        return job.called
    short = prompt if len(prompt) <= PROMPT_LETTERS else f"{prompt[: PROMPT_LETTERS - 1].rstrip()}…"
    return f"{short}{take}"


@dataclass(frozen=True)
class Told:
    """A share of the work, when it was first told, and when the work was last told to be at nothing, by the clock."""

    share: float
    at: float
    nothing_at: float | None = None


def told_by(step: Step, last: Told | None, now: float) -> Told | None:
    """What a step tells of the share that is done: with the time of the last one where it is still the same."""
    if step.share is None or step.is_transfer:
        return None
    if step.share <= 0:
        return Told(0.0, now, now)
    if last and last.share == step.share:
        return last
    return Told(step.share, now, last.nothing_at if last else None)


def remaining(eta: Eta | None, now: float, told: Told | None = None) -> str:
    """What is expected of a job that is at work; nothing where nothing is known.

    By the share that its provider tells, else a range by how long such jobs take; or that it is late.
    """
    began = told.nothing_at if told and told.nothing_at is not None else eta.began if eta else None
    if told and began is not None and told.share >= TELLING:
        taken = told.at - began
        left = taken / told.share - taken - (now - told.at)
        if left > 0:
            return f"about {spoken_about(left)} left"
    if eta is None:
        return ""
    between = eta.left(now)
    return f"{spoken_range(*between)} left" if between else "longer than usual"


class Plain:
    """Lines without ANSI: one per change of state, and one per 30 s in which nothing else was said."""

    def __init__(self, show: Show, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._tally = tally
        self._clock = clock
        self._lock = threading.RLock()
        self._began = self._said = clock()
        self._steps: dict[str, tuple[Step, Told | None]] = {}
        self._ticker = Ticker(1.0, self.tick)

    def __enter__(self) -> Plain:
        self._ticker.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticker.__exit__(kind, error, trace)

    def step(self, step: Step) -> None:
        with self._lock:
            last, told = self._steps.get(step.job.id, (None, None))
            self._steps[step.job.id] = step, told_by(step, told, self._clock())
            # of several, a file that comes in is told of when it is there
            is_news = step.word != (last.word if last else None) and not (step.is_transfer and self._tally.count > 1)
            if is_news:
                self._say(step, step.share if not step.is_transfer else None)
            else:
                self.tick()

    def end(self, job: Job) -> None:
        with self._lock:
            self._steps.pop(job.id, None)

    def tell(self, text: str) -> None:
        with self._lock:
            self._show.say(text)
            self._heard()

    def tick(self) -> None:
        """A sign of life, where it is time for one."""
        with self._lock:
            now = self._clock()
            if now - self._said < HEARTBEAT:
                return
            self._said = now
            if self._tally.count == 1 and self._steps:
                for step, told in self._steps.values():
                    self._say(step, step.share, step.detail or remaining(step.eta, now, told))
            else:
                words = (step.word for step, _ in self._steps.values())
                self._show.say(f"{self._tally.line(words)} after {spoken(now - self._began)}")

    def _say(self, step: Step, share: float | None, detail: str = "") -> None:
        past = self._clock() - self._began
        percent = f" {share:.0%}" if share is not None else ""
        after = f" after {spoken(past)}" if past >= 1 else ""
        self._show.say(f"{self._name(step)}: {step.word}{percent}{after}{f', {detail}' if detail else ''}")
        self._heard()

    def _heard(self) -> None:
        """What was said of the only job is a sign of life; what is said of one among several is none of the others."""
        if self._tally.count == 1:
            self._said = self._clock()

    def _name(self, step: Step) -> str:
        if step.label or self._tally.count == 1:
            return step.label or step.job.called
        name = name_of(step.job)
        return name if name == step.job.called else f"{step.job.called} ({name})"


class Silent:
    """Says nothing."""

    def step(self, step: Step) -> None:
        pass

    def end(self, job: Job) -> None:
        pass

    def tell(self, text: str) -> None:
        pass
