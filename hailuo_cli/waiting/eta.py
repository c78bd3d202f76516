"""How long a job will take, judged by the provider's stated time and by how long jobs like it took before.

Durations of one kind of job are spread like a log-normal: mostly near the middle, some twice or three times as long.
A log-logistic has that shape with a heavier tail, and its chances are one line each.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

DOUBT = 0.5
"""How far a stated time is off, as a mean distance of logarithms: a factor of 1.6 in either direction."""
DOUBT_COUNTS = 3
"""The doubt about the spread counts like so many jobs of our own, the stated time itself like one."""
SURE = 0.1
"""No history is taken to be narrower than this."""
MOST_SAMPLES = 30
VAGUE = 0.25
"""A duration counts where it is known to within this share."""
EARLY, LATE = 0.1, 0.9
"""The range that is told: one job in ten is quicker, one in ten takes longer."""
WORTH_A_LOOK = 0.02
"""A look is due when the chance that the job ended since the last one has grown to this."""
_MEAN_DISTANCE = 2 * math.log(2)
"""The mean distance from the median of a logistic distribution whose scale is 1."""


@dataclass(frozen=True)
class DurationEstimate:
    """A distribution of durations: half of the jobs take at most `median` seconds. A greater `shape` is narrower."""

    median: float
    shape: float

    def within(self, age: float, chance: float) -> float:
        """The age by which a job that is unfinished at `age` has ended with this chance; ages in seconds."""
        odds = math.pow(max(age, 0.0) / self.median, self.shape)
        return self.median * math.pow((odds + chance) / (1 - chance), 1 / self.shape)

    def gap(self, age: float) -> float:
        """Seconds from this age until a look is worth its request."""
        return self.within(age, WORTH_A_LOOK) - max(age, 0.0)

    def left(self, age: float) -> tuple[float, float]:
        """From how many to how many seconds are left at this age, in eight cases of ten."""
        return self.within(age, EARLY) - age, self.within(age, LATE) - age

    def is_late(self, age: float) -> bool:
        """Whether nine jobs of ten would have ended by this age."""
        return age > self.within(0, LATE)


def estimate_duration(stated: float | None, past: Sequence[float]) -> DurationEstimate | None:
    """Judge by a stated time, by past durations, or by both; None where there is neither. All in seconds.

    Medians and mean distances, so that one odd job among thirty moves little.
    """
    logs = [math.log(seconds) for seconds in past[:MOST_SAMPLES] if seconds > 0]
    centre = [math.log(stated)] if stated else []
    if not logs and not centre:
        return None
    middle = statistics.median(logs + centre)
    distance = (DOUBT_COUNTS * DOUBT + sum(abs(one - middle) for one in logs)) / (DOUBT_COUNTS + len(logs))
    return DurationEstimate(math.exp(middle), _MEAN_DISTANCE / max(distance, SURE))


def sample_duration(unfinished: float, done: float) -> float | None:
    """How long a job took that was unfinished at one age and done at another, in seconds.

    None where the two looks are too far apart to tell: nobody was watching when it ended.
    """
    return (unfinished + done) / 2 if 0 < done - unfinished <= VAGUE * done else None


@dataclass(frozen=True)
class Eta:
    """What is expected of one job that began at a moment of the clock."""

    estimate: DurationEstimate
    began: float

    def gap(self, now: float) -> float:
        """Seconds until the next look."""
        return self.estimate.gap(now - self.began)

    def left(self, now: float) -> tuple[float, float] | None:
        """From how many to how many seconds are left; None for a job that takes longer than usual."""
        age = max(now - self.began, 0.0)
        return None if self.estimate.is_late(age) else self.estimate.left(age)
