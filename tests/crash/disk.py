"""Disks too small for the ledger, made larger afterwards. Needs a mount namespace of its own: see `missing`."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .flows import FLOWS, Broken, Promise
from .home import Home
from .lab import Lab, Verdict, Violation

KILOBYTES = range(4, 401, 8)
ALLOWED = frozenset({0, 7, 9, 11})


@functools.cache
def missing() -> str | None:
    """Why no disk can be mounted here, None where one can."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    probe = ["sh", "-c", "mount -t tmpfs -o size=4k tmpfs /mnt"]
    done = subprocess.run([*_apart(), *probe], capture_output=True, text=True, check=False)
    return f"no private mount: {done.stderr.strip()}" if done.returncode else None


def apart(words: Sequence[str]) -> int:
    """Run this command line again in a mount namespace of its own."""
    return subprocess.run([*_apart(), sys.executable, "-m", "tests.crash", *words], check=False).returncode


def _apart() -> list[str]:
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *root, "--mount"]


def small(lab: Lab, every: int = 1) -> Verdict:
    """The whole flow on every size of disk; to be run in a mount namespace of its own."""
    began = time.monotonic()
    flow = FLOWS["generate"]
    lab.prepared(flow)
    sizes = KILOBYTES[::every]
    ends: Counter[int] = Counter()

    def tried(size: int) -> list[Violation]:
        home = Home.new(lab.folder / f"disk.{size}", lab.api, f"disk.{size}")
        home.data.mkdir()
        _mount(home.data, f"size={size}k,mode=700")
        try:
            with lab.zygote() as zygote:
                first = zygote.run(flow.run(home))
                ends[first.code] += 1
                _mount(home.data, "remount,size=8m")
                found = lab.aftermath(zygote, flow, home, first)
        finally:
            subprocess.run(["umount", str(home.data)], check=True)  # noqa: S607
        if first.code not in ALLOWED:
            found.append(Broken(Promise.ENDING, f"ended {first.code}: {first.err[-300:]}"))
        return [Violation("disk", f"{size} KB", broken) for broken in found]

    violations = lab.each(tried, sizes)
    remarks = "exits " + ", ".join(f"{code}: {count}" for code, count in sorted(ends.items()))
    return Verdict("disk", len(sizes), violations, time.monotonic() - began, remarks)


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)  # noqa: S607
