"""The installed command, interpreter and all: it makes the calls that the zygote's child makes, and is killed too."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.support.zygote import HANG_SECONDS, Exit, Run

from . import kills, strace
from .flows import FLOWS
from .lab import Lab, Verdict, Violation

STARTS, WORKS = 4, 6
"""So many points before the command touches the ledger, and so many after."""


def agrees(lab: Lab) -> Verdict:
    """The same order of calls as a child's, and the same promises after a kill anywhere, start-up included."""
    began = time.monotonic()
    flow = FLOWS["submit"]
    lab.prepared(flow)
    with lab.home(flow) as home:
        out = home.folder / "trace"
        _run(flow.run(home), out)
        whole = strace.calls(out)
    start = _start(whole)
    violations: list[Violation | str] = []
    ours, theirs = (_work(calls) for calls in (whole, kills.traced(lab, flow)))
    if ours != theirs:
        place = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), -1)
        violations.append(
            f"installed: its calls differ from a child's at {place}: {ours[place:][:3]} {theirs[place:][:3]}"
        )
    points = strace.points(whole)
    post = next(place for place, call in enumerate(whole) if call.name == "sendto")
    places = {
        *range(0, start, max(1, start // STARTS)),
        *range(start, len(whole), max(1, (len(whole) - start) // WORKS)),
        *range(post, post + 3),
    }

    def tried(point: strace.Point) -> list[Violation]:
        with lab.home(flow) as home:
            first = _run(flow.run(home), home.folder / "trace", point)
            with lab.zygote() as zygote:
                found = lab.aftermath(zygote, flow, home, first)
            return [Violation("installed", str(point), broken) for broken in found]

    violations += lab.each(tried, [points[place] for place in sorted(places)])
    remarks = f"{start} calls of its start-up, then {len(ours)} like those of a child"
    return Verdict("installed", len(places), violations, time.monotonic() - began, remarks)


def _start(calls: Sequence[strace.Syscall]) -> int:
    """Where the work begins: the ledger's folder is made."""
    return next(place for place, call in enumerate(calls) if call.name == "mkdir" and "/data" in call.text)


def _work(calls: Sequence[strace.Syscall]) -> list[str]:
    """What is done from there on, without what is opened: an interpreter opens modules when it first needs them.

    An answer is one call, in however many pieces it came.
    """
    names = [call.name for call in calls[_start(calls) :] if call.name != "openat"]
    return [name for before, name in pairwise(["", *names]) if not before == name == "recvfrom"]


def _run(run: Run, out: Path, point: strace.Point | None = None) -> Exit:
    beside = shutil.which("hailuo", path=str(Path(sys.executable).parent))
    command = [beside] if beside else [sys.executable, "-m", "hailuo_cli"]
    inject = ["-e", f"inject={point.call}:signal=KILL:when={point.number}"] if point else []
    wanted = ",".join(f"?{call}" for call in strace.KILLS)
    done = subprocess.run(
        ["strace", "-f", "-o", str(out), "-e", f"trace={wanted}", *inject, *command, *run.words],  # noqa: S607
        env=dict(run.env),
        cwd=run.folder,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    return Exit(done.returncode, done.stdout, done.stderr)
