"""Waiting for a job: when to look, what to shrug off, when to give up. Time and sleep are handed in."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..backoff import Backoff
from ..errors import AuthError, HailuoError, JobGone, NetworkError, RateLimited, ServerTrouble, UnsafeReply
from ..model import RemoteState
from ..providers import Progress
from .executors import ResumeAt
from .scheduler import too_late

LOOPBACK_FLOOR = 0.05
LONGEST_PAUSE = 60.0
LONGEST_RETRY_AFTER = 120.0
GROWTH = 1.1
SLOWEST = 3.0
"""Polling slows down by a tenth a look, to at most this many times the interval it began with."""
LONGEST_GAP = 30.0
"""Seconds between looks at most, however far the expected end is: a job may fail early."""
JITTER, AIMED_JITTER = 0.2, 0.05
"""Pauses are longer by up to this share; an aimed one by less, since it is there to come at its time."""
LOOKS_WITHOUT_VIDEO = 5
NEW_JOB_GRACE = 60.0
"""Seconds for which a provider may not know a job that it has just accepted."""
PASSING = (NetworkError, RateLimited, UnsafeReply)
"""What a wait survives for as long as its deadline allows."""
GONE_LOOKS = 3
"""A provider has to say so often in a row that it does not know a job."""
UNDOCUMENTED_END_LOOKS = 3
"""A word that plainly ends a job, but that no document has, has to come so often in a row."""
RATE, LOOPBACK_RATE = 10.0, 500.0
"""Requests a second to one provider, for all jobs together."""


@dataclass(frozen=True)
class PollRetry:
    """A look that told nothing; `tries` counts those in a row, `wait` is in seconds."""

    error: HailuoError
    tries: int
    wait: float


@dataclass(frozen=True)
class Pace:
    """Seconds between looks: `first` to begin with, never below `floor`. Given up at `deadline` of the clock.

    `aim` knows when the job should end: it tells, for a moment of the clock, the seconds until a look is worthwhile.
    """

    first: float
    floor: float
    deadline: float | None = None
    growing: bool = True
    aim: Callable[[float], float] | None = None
    stretch: Callable[[], float] = lambda: 1.0
    """How many times longer the next pause is, where something else tells when a look is worthwhile."""


def watch(
    look: Callable[[], Progress],
    pace: Pace,
    clock: Callable[[], float],
    *,
    is_new: bool = False,
    chance: Callable[[], float] = random.random,
) -> Iterator[Progress | PollRetry | ResumeAt]:
    """Look at one job until it is over, yielding what was seen and when to go on.

    The last item is a final Progress. StillRunning at the deadline; UnsafeReply for a job that is done time after time
    and never has a video; the provider's own refusal of the question at once, and that it does not know the job where
    it says so again and again. What somebody in between answers is passing trouble, whatever its status.
    """
    interval, tries, without_video, gone, ended = max(pace.first, pace.floor), 0, 0, 0, 0
    began = clock()
    while True:
        try:
            progress = look()
        except HailuoError as error:
            failure = error
            gone += _is_own(error, JobGone)
            if not _passes(error):
                raise
            if _is_own(error, JobGone):
                if is_new and clock() - began > NEW_JOB_GRACE:
                    raise NetworkError(
                        f"the provider does not know this job after {NEW_JOB_GRACE:.0f} s: {error}"
                    ) from error
                if not is_new and gone >= GONE_LOOKS:
                    raise
        else:
            heard = clock()
            ended = ended + 1 if progress.if_repeated else 0
            if progress.if_repeated and ended >= UNDOCUMENTED_END_LOOKS:
                progress = progress.if_repeated
            yield progress
            if progress.state.over and (progress.state is not RemoteState.DONE or progress.video):
                return
            tries, is_new, gone = 0, False, 0
            without_video += progress.state is RemoteState.DONE
            if without_video > LOOKS_WITHOUT_VIDEO:
                raise UnsafeReply(f"the provider says {progress.word} but gives no usable address for the video")
            if pace.aim:
                gap = max(pace.floor, min(pace.aim(clock()), LONGEST_GAP)) * pace.stretch()
                yield from _rest(gap * (1 + AIMED_JITTER * chance()), pace, clock, heard)
                continue
            yield from _rest(interval * pace.stretch() * (1 + JITTER * chance()), pace, clock, heard)
            if pace.growing:
                interval = min(interval * GROWTH, max(pace.first, pace.floor) * SLOWEST)
            continue
        heard = clock()
        tries += 1
        backoff = Backoff(interval, cap=LONGEST_PAUSE, jitter=JITTER, retry_after_cap=LONGEST_RETRY_AFTER)
        pause = backoff.pause(tries, _asked(failure), chance())
        yield PollRetry(failure, tries, pause)
        yield from _rest(pause, pace, clock, heard, quiet=_quiet(failure, interval))


def _passes(error: HailuoError) -> bool:
    if isinstance(error, AuthError) and (error.answer or "").lstrip().startswith("{"):
        return False  # a refusal of the key in JSON, in whatever form, is no page of somebody in between
    return error.is_foreign or isinstance(error, (*PASSING, JobGone))


def _is_own(error: HailuoError, kind: type[HailuoError]) -> bool:
    return isinstance(error, kind) and not error.is_foreign


def _quiet(failure: HailuoError, interval: float) -> float | None:
    """For how long no job at all should ask this provider: as long as it says, or an interval after a refusal."""
    asked = _asked(failure)
    return asked or (interval if isinstance(failure, RateLimited) else None)


def _asked(failure: HailuoError) -> float:
    asked = failure.retry_after if isinstance(failure, RateLimited | ServerTrouble) else None
    return min(asked or 0.0, LONGEST_RETRY_AFTER)


def _rest(
    pause: float, pace: Pace, clock: Callable[[], float], heard: float, quiet: float | None = None
) -> Iterator[ResumeAt]:
    now = clock()
    if pace.deadline is not None:
        # not by what the clock says now: a process that was stopped since it heard looks once more
        if heard >= pace.deadline:
            raise too_late()
        pause = min(pause, max(0.0, pace.deadline - now))
    yield ResumeAt(now + pause, None if quiet is None else now + quiet)
