"""Every system call of a flow fails once, with every error that fits it."""

from __future__ import annotations

import time
from collections import Counter

from . import strace
from .flows import Broken, Flow, Promise
from .kills import chosen, traced
from .lab import Lab, Verdict, Violation

DISK = ("ENOSPC", "EIO", "EDQUOT")
NET = ("ECONNRESET", "EINTR")
FITTING = {
    "openat": ("EIO", "ENOSPC", "EDQUOT"),
    **dict.fromkeys(("write", "pwrite64"), (*DISK, "EINTR")),
    **dict.fromkeys(("fsync", "fdatasync"), (*DISK, "EINTR")),
    **dict.fromkeys(("rename", "renameat", "renameat2", "link", "linkat"), DISK),
    **dict.fromkeys(("unlink", "unlinkat"), ("EIO",)),
    "ftruncate": ("EIO", "EINTR"),
    "close": ("EIO", "EINTR"),
    **dict.fromkeys(("connect", "sendto", "recvfrom"), NET),
}
ALLOWED = frozenset({0, 6, 7, 9, 11})
HANGUP = ("write", "EIO", 141)
"""What a terminal does that went away, and how the command ends then."""


def tortured(lab: Lab, flow: Flow, every: int = 1) -> Verdict:
    """Each failure ends in a code that says what it was, without a traceback, and the next runs put it right."""
    began = time.monotonic()
    lab.prepared(flow)
    trace = traced(lab, flow, "", calls=strace.CALLS)
    faults = [(point, error) for point in strace.points(trace) for error in FITTING.get(point.call, ())]
    faults = chosen(faults, every)
    ends: Counter[int] = Counter()

    def tried(fault: tuple[strace.Point, str]) -> list[Violation]:
        point, error = fault
        with lab.home(flow) as home, lab.zygote() as zygote:
            first = zygote.run(flow.run(home), strace.failing(home.folder / "trace", point, error))
            ends[first.code] += 1
            found = lab.aftermath(zygote, flow, home, first)
            if first.code not in ALLOWED and (point.call, error, first.code) != HANGUP:
                found.append(Broken(Promise.ENDING, f"ended {first.code}: {first.err[-300:]}"))
            return [Violation(flow.name, f"{point} {error}", broken) for broken in found]

    violations = lab.each(tried, faults)
    remarks = "exits " + ", ".join(f"{code}: {count}" for code, count in sorted(ends.items()))
    return Verdict(f"torture {flow.name}", len(faults), violations, time.monotonic() - began, remarks)
