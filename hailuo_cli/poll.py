"""Waiting for a job: when to look, what to shrug off, when to give up. Time and sleep are handed in."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .errors import BadReply, HailuoError, JobGone, NetworkError, RateLimited, ServerTrouble, StillRunning, UnsafeReply
from .model import State
from .providers import Progress

K = TypeVar("K", bound=Hashable)

LOOPBACK_FLOOR = 0.05
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 120.0
GROWTH = 1.1
SLOWEST = 3.0
"""Polling slows down by a tenth a look, to at most this many times the interval it began with."""
LOOKS_WITHOUT_VIDEO = 5
NEW_JOB_GRACE = 60.0
"""Seconds for which a provider may not know a job that it has just accepted."""
PASSING = (NetworkError, BadReply, RateLimited)
"""What a wait survives for as long as its deadline allows."""


@dataclass(frozen=True)
class Trouble:
    """A look that told nothing; `tries` counts those in a row, `wait` is in seconds."""

    error: HailuoError
    tries: int
    wait: float


@dataclass(frozen=True)
class Rest:
    """Nothing to do before this moment of the clock."""

    until: float


@dataclass(frozen=True)
class Pace:
    """Seconds between looks: `first` to begin with, never below `floor`. Given up at `deadline` of the clock."""

    first: float
    floor: float
    deadline: float | None = None
    growing: bool = True


def watch(
    look: Callable[[], Progress],
    pace: Pace,
    clock: Callable[[], float],
    *,
    is_new: bool = False,
    chance: Callable[[], float] = random.random,
) -> Iterator[Progress | Trouble | Rest]:
    """Look at one job until it is over, yielding what was seen and when to go on.

    The last item is a final Progress. StillRunning at the deadline; every error that is not PASSING at once;
    UnsafeReply for a job that is done time after time and never has a video.
    """
    interval, tries, without_video = max(pace.first, pace.floor), 0, 0
    began = clock()
    while True:
        try:
            progress = look()
        except JobGone as error:
            if not is_new:
                raise
            if clock() - began > NEW_JOB_GRACE:
                raise NetworkError(
                    f"the provider does not know this job after {NEW_JOB_GRACE:.0f} s: {error}"
                ) from error
            failure: HailuoError = error
        except PASSING as error:
            failure = error
        else:
            yield progress
            if progress.state.over and (progress.state is not State.DONE or progress.video):
                return
            tries, is_new = 0, False
            without_video += progress.state is State.DONE
            if without_video > LOOKS_WITHOUT_VIDEO:
                raise UnsafeReply(f"the provider says {progress.word} but gives no usable address for the video")
            yield from _rest(interval * (1 + 0.2 * chance()), pace, clock)
            if pace.growing:
                interval = min(interval * GROWTH, max(pace.first, pace.floor) * SLOWEST)
            continue
        tries += 1
        pause = _pause(failure, tries, interval, 1 + 0.2 * chance())
        yield Trouble(failure, tries, pause)
        yield from _rest(pause, pace, clock)


def together(
    watches: Mapping[K, Iterator[Progress | Trouble | Rest]],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[tuple[K, Progress | Trouble | HailuoError | None]]:
    """Run many watches in one thread, each at its time. An error ends its own watch only; None marks an end."""
    order = itertools.count()
    due = [(clock(), next(order), key) for key in watches]
    heapq.heapify(due)
    while due:
        at, _, key = heapq.heappop(due)
        if (pause := at - clock()) > 0:
            sleep(pause)
        try:
            for item in watches[key]:
                if isinstance(item, Rest):
                    heapq.heappush(due, (item.until, next(order), key))
                    break
                yield key, item
            else:
                yield key, None
        except HailuoError as error:
            yield key, error


def _pause(failure: HailuoError, tries: int, interval: float, jitter: float) -> float:
    asked = failure.retry_after if isinstance(failure, RateLimited | ServerTrouble) else None
    backoff = min(interval * 2.0 ** min(tries - 1, 10), max(LONGEST_PAUSE, interval))
    return max(backoff * jitter, min((asked or 0.0) * jitter, LONGEST_RETRY_AFTER))


def _rest(pause: float, pace: Pace, clock: Callable[[], float]) -> Iterator[Rest]:
    now = clock()
    if pace.deadline is None:
        yield Rest(now + pause)
    elif now < pace.deadline:
        yield Rest(min(now + pause, pace.deadline))
    else:
        raise StillRunning("gave up waiting; the job goes on at the provider")
