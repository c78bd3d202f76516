"""A kill at every system call of a flow, then the same command twice more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.support.zygote import Exit, Zygote

from . import sabotage, strace
from .flows import FLOWS, Flow, Promise
from .home import Home
from .lab import Lab, Verdict, Violation

T = TypeVar("T")
Kill = Callable[[Zygote, Home, T], Exit]
LAST = 3
"""So many points at the end are tried however many are left out before."""
MOST_MISSED, FEW = 0.1, 3
"""The share of points that may not come up again, because an answer came in fewer pieces than in the clean run."""


def chosen(points: Sequence[T], every: int) -> list[T]:
    """Every so-manieth point from the first on, and the last ones."""
    return [point for place, point in enumerate(points) if place % every == 0 or place >= len(points) - LAST]


def systematic(lab: Lab, flow: Flow, every: int = 1, weak: str = "") -> Verdict:
    """A kill before every system call of a flow; where there is no strace, before every step that Python sees."""
    if strace.missing():
        return shimmed(lab, flow, every, weak)
    began = time.monotonic()
    lab.prepared(flow)
    points = chosen(strace.points(traced(lab, flow, weak)), every)
    return _verdict(lab, flow, points, _killing(flow, weak), began)


def shimmed(lab: Lab, flow: Flow, every: int = 1, weak: str = "") -> Verdict:
    """An end without a word before every step of a flow that Python sees."""
    began = time.monotonic()
    lab.prepared(flow)
    numbers = range(1, steps(lab, flow, weak) + 1)
    return _verdict(lab, flow, chosen(numbers, every), _leaving(flow, weak), began)


def control(lab: Lab, every: int = 1, kills: Callable[..., Verdict] = systematic) -> Verdict:
    """A ledger that is written after the POST must be caught ordering twice and losing a job."""
    found = kills(lab, FLOWS["submit"], every, sabotage.LATE)
    seen = Counter(v.broken.promise for v in found.violations if isinstance(v, Violation))
    missed = [f"control: nobody noticed: {p}" for p in (Promise.ONCE, Promise.KEPT) if not seen[p]]
    remarks = f"{sabotage.LATE}: {seen[Promise.ONCE]} double submits, {seen[Promise.KEPT]} lost ids"
    return Verdict("control", found.tried, missed, found.seconds, remarks)


def traced(
    lab: Lab, flow: Flow, weak: str = "", *options: str, calls: Sequence[str] = strace.KILLS
) -> list[strace.Syscall]:
    """The main thread's calls of a clean run."""
    with lab.home(flow) as home, lab.zygote() as zygote:
        out = home.folder / "trace"
        ran = zygote.run(flow.run(home, weak=weak), strace.tracing(out, *options, calls=calls))
        assert ran.code in flow.ends, ran
        return strace.calls(out)


def steps(lab: Lab, flow: Flow, weak: str = "") -> int:
    """How many steps a clean run has, by looking for the last one that can be left at."""

    def is_reached(step: int) -> bool:
        with lab.home(flow) as home, lab.zygote() as zygote:
            return zygote.run(flow.run(home, weak=weak, last_step=step)).killed

    low, high = 0, 64
    while is_reached(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_reached(middle) else (low, middle)
    return low


def _killing(flow: Flow, weak: str) -> Kill[strace.Point]:
    return lambda zygote, home, point: zygote.run(
        flow.run(home, weak=weak), strace.killing(home.folder / "trace", point)
    )


def _leaving(flow: Flow, weak: str) -> Kill[int]:
    return lambda zygote, home, step: zygote.run(flow.run(home, weak=weak, last_step=step))


def _verdict(lab: Lab, flow: Flow, points: Sequence[T], kill: Kill[T], began: float) -> Verdict:
    missed: list[T] = []
    leftovers: list[Path] = []

    def tried(point: T) -> list[Violation]:
        with lab.home(flow) as home, lab.zygote() as zygote:
            killed = kill(zygote, home, point)
            if not killed.killed:
                missed.append(point)
            found = lab.aftermath(zygote, flow, home, killed)
            leftovers.extend(home.leftovers())
            return [Violation(flow.name, str(point), broken) for broken in found]

    violations: list[Violation | str] = list(lab.each(tried, points))
    remarks = []
    if len(missed) > max(FEW, MOST_MISSED * len(points)):
        violations.append(f"{flow.name}: {len(missed)} of {len(points)} points were never reached: the count is wrong")
    elif missed:
        remarks.append(f"{len(missed)} ended before their point ({', '.join(map(str, missed[:5]))})")
    if leftovers:
        remarks.append(f"{len(leftovers)} files of dead processes are left")
    return Verdict(flow.name, len(points), violations, time.monotonic() - began, "; ".join(remarks))


def every_flow(
    lab: Lab, names: Sequence[str], every: int, kills: Callable[..., Verdict] = systematic
) -> Iterator[Verdict]:
    """Every flow that is named, and the control."""
    for name in names:
        yield kills(lab, FLOWS[name], every)
    yield control(lab, every, kills)
