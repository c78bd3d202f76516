"""How late a finished job is noticed, against how many requests that takes: python benchmarks/polling.py [PLOT.svg]

Plays the polling of `hailuo wait` (the code itself, with a clock of its own) over jobs whose durations are log-normal,
next to polling at the provider's interval, and next to what any policy could reach. No network, no waiting.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hailuo_cli.model import RemoteState
from hailuo_cli.providers import Progress
from hailuo_cli.waiting import polling
from hailuo_cli.waiting.eta import DurationEstimate, Eta, estimate_duration
from hailuo_cli.waiting.executors import ResumeAt

JOBS = 2000
TARGET = 0.3
"""The delay to reach, in intervals of the provider."""
RUNNING, DONE = Progress(RemoteState.RUNNING), Progress(RemoteState.DONE, video="https://v.example/a.mp4")


@dataclass(frozen=True)
class World:
    """A provider's interval and its jobs: half of them take `median` seconds, `spread` is the sigma of the logarithm."""

    interval: float
    median: float
    spread: float

    def durations(self, count: int, seed: str) -> list[float]:
        chance = random.Random(f"{seed} {self}")  # noqa: S311 - a simulation
        return [self.median * math.exp(chance.gauss(0, self.spread)) for _ in range(count)]

    def ended_by(self, seconds: float) -> float:
        if seconds <= 0:
            return 0.0
        return 0.5 * (1 + math.erf(math.log(seconds / self.median) / self.spread / math.sqrt(2)))


@dataclass(frozen=True)
class Outcome:
    """Delays in intervals of the provider, requests per job, and the shortest gap between two, in intervals."""

    policy: str
    half: float
    most: float
    requests: float
    shortest: float


Looks = Callable[[float], Iterator[float]]
"""When one job, that takes so many seconds, is looked at, counted from its order; endless."""


def fixed(interval: float) -> Looks:
    def looks(_: float) -> Iterator[float]:
        return (number * interval for number in range(10**9))

    return looks


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def real(interval: float, judged: DurationEstimate | None, chance: random.Random) -> Looks:
    """The looks of `poll.watch`."""

    def looks(duration: float) -> Iterator[float]:
        clock, seen = Clock(), list[float]()

        def look() -> Progress:
            seen.append(clock.now)
            return DONE if clock.now >= duration else RUNNING

        aim = Eta(judged, 0.0).gap if judged else None
        for item in polling.watch(look, polling.Pace(interval, interval, aim=aim), clock, chance=chance.random):
            if isinstance(item, ResumeAt):
                yield seen[-1]
                clock.now = item.when
        yield seen[-1]

    return looks


def spent(interval: float, judged: DurationEstimate) -> Looks:
    """NOT what hailuo does: the requests that sparse looks saved are spent as looks at half the interval."""

    def looks(_: float) -> Iterator[float]:
        now, asked = 0.0, 0
        while True:
            yield now
            asked += 1
            least = interval / 2 if asked < now / interval else interval
            now += max(least, min(judged.gap(now), polling.LONGEST_GAP))

    return looks


def measured(policy: str, looks: Looks, world: World) -> Outcome:
    delays, requests, shortest = [], 0, math.inf
    for duration in world.durations(JOBS, "jobs"):
        last = None
        for moment in looks(duration):
            requests += 1
            if last is not None:
                shortest = min(shortest, moment - last)
            last = moment
            if moment >= duration:
                delays.append((moment - duration) / world.interval)
                break
    quantiles = statistics.quantiles(delays, n=20)
    return Outcome(policy, statistics.median(delays), quantiles[-1], requests / JOBS, shortest / world.interval)


def best_median(world: World, steps: int = 50) -> float:
    """The least median delay, in intervals, of any looks that are at least an interval apart, whatever they cost.

    Looks at t1, t2, … notice within d the jobs that end in [t1 - d, t1], [t2 - d, t2], …; the most that these
    windows can hold is found by going through all moments, and d grows until that is half of the jobs.
    """
    tick = world.interval / steps
    ended = [world.ended_by(number * tick) for number in range(int(world.median * 8 / tick))]
    for width in range(1, steps + 1):
        best = [0.0] * len(ended)
        for now in range(1, len(ended)):
            caught = ended[now] - ended[max(0, now - width)]
            best[now] = max(best[now - 1], (best[now - steps] if now >= steps else 0.0) + caught)
        if best[-1] >= 0.5 * ended[-1]:
            return width / steps
    return 1.0


def outcomes(world: World) -> list[Outcome]:
    """Every policy in one world."""
    chance = random.Random(str(world))  # noqa: S311 - a simulation
    past = world.durations(30, "past")
    told = {
        "stated time, right": estimate_duration(world.median, []),
        "stated time, twice too long": estimate_duration(world.median * 2, []),
        "stated time, twice too short": estimate_duration(world.median / 2, []),
        "twice too long, 3 past jobs": estimate_duration(world.median * 2, past[:3]),
        "twice too short, 3 past jobs": estimate_duration(world.median / 2, past[:3]),
        "right, 30 past jobs": estimate_duration(world.median, past),
        "twice too long, 30 past jobs": estimate_duration(world.median * 2, past),
    }
    found = [measured("fixed interval", fixed(world.interval), world)]
    found.append(measured("no estimate (grows to 3 x)", real(world.interval, None, chance), world))
    found += [measured(name, real(world.interval, judged, chance), world) for name, judged in told.items()]
    sure = told["right, 30 past jobs"]
    if sure:
        found.append(measured("(not allowed: half intervals)", spent(world.interval, sure), world))
    return found


def table(world: World, found: list[Outcome]) -> list[str]:
    interval = f"interval {world.interval:g} s, median job {world.median:g} s, sigma {world.spread:g}"
    limit = f"no policy with such gaps has a median delay below {best_median(world):.2f} intervals"
    header = f"{'policy':32} {'median delay':>12} {'95 %':>6} {'requests':>9} {'of fixed':>8} {'least gap':>9}"
    lines = [f"{interval}; {limit}", header]
    for one in found:
        share = one.requests / found[0].requests
        mark = " *" if one.half <= TARGET and share <= 1 else ""
        lines.append(
            f"{one.policy:32} {one.half:12.2f} {one.most:6.2f} {one.requests:9.1f} {share:8.2f} {one.shortest:9.2f}{mark}"
        )
    return lines


def plot(world: World, found: list[Outcome]) -> str:
    """Delay against requests, both as shares of polling at the interval."""
    width, height, left, top = 640, 400, 60, 20
    across, down = 1.2, max(1.0, *(one.half for one in found)) * 1.1

    def x(share: float) -> float:
        return left + share / across * (width - left - 20)

    def y(delay: float) -> float:
        return height - 50 - delay / down * (height - 50 - top)

    below = f"requests, as a share of polling every {world.interval:g} s"
    beside = "median delay, in intervals"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<path d="M{left} {top}V{height - 50}H{width - 20}" stroke="#333" fill="none"/>',
        f'<text x="{width / 2}" y="{height - 12}" text-anchor="middle">{below}</text>',
        f'<text transform="translate(16 {height / 2}) rotate(-90)" text-anchor="middle">{beside}</text>',
    ]
    for tick in range(6):
        share = tick * 0.2
        parts.append(f'<text x="{x(share):.0f}" y="{height - 34}" text-anchor="middle">{share:.1f}</text>')
    parts += [
        f'<text x="{left - 6}" y="{y(number / 4) + 4:.0f}" text-anchor="end">{number / 4:.2f}</text>'
        for number in range(int(down * 4) + 1)
    ]
    for value, words in ((best_median(world), "nothing with such gaps is below this line"), (TARGET, "target")):
        parts.append(f'<path d="M{left} {y(value):.0f}H{width - 20}" stroke="#999" stroke-dasharray="4 3"/>')
        parts.append(f'<text x="{left + 6}" y="{y(value) - 4:.0f}" fill="#666">{words}</text>')
    for number, one in enumerate(found, 1):
        at, high = x(one.requests / found[0].requests), y(one.half)
        colour = "#b33" if "not allowed" in one.policy else "#36c"
        side = -1 if number % 2 else 1
        parts.append(f'<circle cx="{at:.0f}" cy="{high:.0f}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{at:.0f}" y="{high + 4 + side * 11:.0f}" text-anchor="middle">{number}</text>')
        parts.append(f'<text x="{x(0.72):.0f}" y="{top + 14 * number}" fill="{colour}">{number}  {one.policy}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    worlds = [World(5, 120, 0.4), World(10, 180, 0.4), World(10, 60, 0.25), World(5, 120, 0.8)]
    for number, world in enumerate(worlds):
        found = outcomes(world)
        sys.stdout.write("\n".join(table(world, found)) + "\n\n")
        if number == 0 and len(sys.argv) > 1:
            Path(sys.argv[1]).write_text(plot(world, found), encoding="utf-8")


if __name__ == "__main__":
    main()
