"""python -m tests.crash: see the package for what it does."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence

from . import disk, fleet, installed, kills, random_kills, strace, sync_order, torture
from .flows import FLOWS
from .lab import Verdict, lab

PARTS = ("kills", "sync", "torture", "random", "disk", "shim", "fleet")
NEED_STRACE = ("sync", "torture")


def main(words: Sequence[str]) -> int:
    asked = _parser().parse_args(words)
    wrong = 0
    if not asked.apart:
        _row("what", "points", "violations", "time", "")
    for part in asked.parts or PARTS:
        if part == "kills" and (reason := strace.missing()):
            print(f"{reason}: commands end before every step that Python sees, not at every system call")  # noqa: T201
        if (reason := _reason_to_skip(part)) is not None:
            _row(part, "-", "-", "-", f"skipped: {reason}")
        elif part == "disk" and not asked.apart:
            wrong += disk.apart(["disk", "--apart", "--every", str(asked.every)]) != 0
        else:
            for verdict in _verdicts(part, asked):
                wrong += len(verdict.violations)
                _shown(verdict)
    return 1 if wrong else 0


def _reason_to_skip(part: str) -> str | None:
    if not hasattr(os, "fork"):
        return "a child is forked for every kill"
    if part in NEED_STRACE:
        return strace.missing()
    if part == "fleet":
        return fleet.missing()
    return disk.missing() if part == "disk" else None


def _verdicts(part: str, asked: argparse.Namespace) -> Iterator[Verdict]:
    names = asked.flow or list(FLOWS)
    is_shim = part == "shim" or (part == "kills" and strace.missing() is not None)
    with lab(random_kills.AT_ONCE if part == "random" else asked.workers) as here:
        if part in ("kills", "shim"):
            yield from kills.every_flow(here, names, asked.every, kills.shimmed if is_shim else kills.systematic)
            if not is_shim and "submit" in names:
                yield installed.agrees(here)
        elif part == "sync":
            yield from sync_order.every_flow(here)
        elif part == "torture":
            for name in names:
                yield torture.tortured(here, FLOWS[name], asked.every)
        elif part == "fleet":
            yield from fleet.everything(here, asked.every)
        elif part == "random":
            yield random_kills.struck(here, asked.runs, asked.seed)
        else:
            yield disk.small(here, asked.every)


def _shown(verdict: Verdict) -> None:
    seconds = f"{verdict.seconds:.1f} s"
    _row(verdict.name, str(verdict.tried), str(len(verdict.violations)), seconds, verdict.remarks)
    for violation in verdict.violations:
        print(f"  {violation}")  # noqa: T201


def _row(name: str, tried: str, violations: str, seconds: str, remarks: str) -> None:
    print(f"{name:20} {tried:>7} {violations:>10} {seconds:>9}  {remarks}".rstrip(), flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.crash", description="Kills, faults and full disks.")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="|".join(PARTS), help="all without one")
    parser.add_argument("--flow", action="append", choices=list(FLOWS), help="only this one; may be repeated")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth point, and the last ones")
    parser.add_argument("--runs", type=int, default=2000, metavar="N", help="how many random kills")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the random kills")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="how many runs at once")
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    began = time.monotonic()
    code = main(sys.argv[1:])
    if "--apart" not in sys.argv:
        print(f"{time.monotonic() - began:.0f} s{', and something is broken' if code else ''}")  # noqa: T201
    sys.exit(code)
