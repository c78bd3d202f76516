"""Runs contenders in turn, many times, and keeps what each run took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True)
class Contender:
    """One command line. It takes part in every round, or in `every` second, third, …; `after` is called behind it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[], object] = lambda: None
    every: int = 1


@dataclass(frozen=True)
class Run:
    """What one run took: seconds, seconds of CPU, MiB at its peak."""

    code: int
    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True)
class Taken:
    """The medians of a contender's runs. `failure` says why there are none."""

    name: str
    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0
    runs: int = 0
    failure: str | None = None


class Launcher:
    """The small process that starts the contenders, with an environment that has nothing of the caller's."""

    def __init__(self, home: Path, scratch: Path) -> None:
        self._base = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "DO_NOT_TRACK": "1",
        }
        self._out, self._err = scratch / "stdout", scratch / "stderr"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, trace)

    def run(self, contender: Contender) -> Run:
        """One run; what it said is in `said`."""
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        order = {
            "argv": list(contender.argv),
            "env": {**self._base, **contender.env},
            "files": [(os.devnull, os.O_RDONLY), (str(self._out), write), (str(self._err), write)],
        }
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the launcher has no pipes")
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code, *used = json.loads(self._process.stdout.readline())
        contender.after()
        return Run(code, *used)

    @property
    def said(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def complained(self) -> str:
        return self._err.read_text(errors="replace")

    def in_turn(self, contenders: Sequence[Contender], rounds: int) -> dict[str, Taken]:
        """The medians of each contender over that many rounds, after a first one that only warms up and checks."""
        failures: dict[str, Taken] = {}
        for one in contenders:
            if code := self.run(one).code:
                last = (self.complained or self.said).strip().splitlines()[-1:]
                failures[one.name] = Taken(one.name, failure=f"exit {code}: {' '.join(last)[:120]}")
        runs: dict[str, list[Run]] = {one.name: [] for one in contenders if one.name not in failures}
        for number in range(rounds):
            turn = number % len(contenders)
            for one in (*contenders[turn:], *contenders[:turn]):
                if one.name in runs and number % one.every == 0:
                    runs[one.name].append(self.run(one))
        return failures | {name: _medians(name, took) for name, took in runs.items()}


def _medians(name: str, runs: Sequence[Run]) -> Taken:
    if bad := next((run.code for run in runs if run.code), 0):
        return Taken(name, failure=f"exit {bad} in one of its runs")
    wall, cpu, peak = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu", "peak"))
    return Taken(name, wall, cpu, peak, len(runs))
