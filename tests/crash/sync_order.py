"""What would be left after a power cut, read from a trace: every promise is made only after the sync it rests on.

The model is that of a disk that keeps nothing by itself: bytes of a file count from its sync on, names in a folder
from the folder's sync on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from . import kills, sabotage
from .flows import FLOWS, Flow
from .lab import Lab, Verdict
from .strace import Syscall

OPTIONS = ("-y", "-s", "200")
LEDGER = ("ledger.sqlite3", "ledger.sqlite3-wal")
_TARGET = re.compile(r"(\d+)<(.*?)>")
_FOLDER = re.compile(r"AT_FDCWD<(.*?)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def moments(trace: Sequence[Syscall]) -> Iterator[tuple[str, list[str]]]:
    """Every moment at which something is promised, and what of it is not on the disk yet."""
    dirty: set[PurePath] = set()
    folder = PurePath()
    written = posted = is_noted = False
    for call in trace:
        if here := _FOLDER.match(call.text):
            folder = PurePath(here[1])
        target = _TARGET.match(call.text)
        path = PurePath(target[2]) if target else PurePath()
        names = [folder / name for name in _QUOTED.findall(call.text)]
        is_ledger = path.name in LEDGER
        if call.name == "sendto" and '"POST ' in call.text:
            posted, is_noted = True, False
            yield "the POST leaves", _lacking(dirty, written)
        elif call.name in ("write", "pwrite64") and target and target[1] in ("1", "2"):
            if posted and "job_0" in call.text:
                yield "the ticket is printed", _lacking(dirty, is_noted)
        elif not call.done:
            continue
        elif call.name in ("write", "pwrite64"):
            if is_ledger:
                written = is_noted = True
                yield "the ledger is written", [f"a name in {p.name}" for p in dirty if p.name in ("data", "work")]
            dirty.add(path)
        elif call.name in ("fsync", "fdatasync"):
            dirty.discard(path)
        elif call.name in ("link", "linkat", "rename", "renameat", "renameat2"):
            old, new = names[-2:]
            yield f"{new.name} gets its name", [f"the bytes of {old.name}"] if old in dirty else []
            dirty.add(new.parent)
        elif call.name in ("unlink", "unlinkat") and names[-1].name.endswith("-journal"):
            dirty.add(names[-1].parent)
    unsynced = sorted(p.name for p in dirty if p.name in (*LEDGER, "data", "work"))
    yield "the command ends", unsynced


def _lacking(dirty: set[PurePath], is_noted: bool) -> list[str]:
    """What of the ledger a power cut would take now; `is_noted`: there was something to note, and it was written."""
    if not is_noted:
        return ["a row in the ledger"]
    return sorted(f"the ledger's {p.name}" for p in dirty if p.name in (*LEDGER, "data"))


SEEN = ("submit", "generate", "wait", "download", "config-set", "set-key", "resolve", "migrate")


def every_flow(lab: Lab) -> Iterator[Verdict]:
    """One clean run of every flow, and of a ledger that must not pass."""
    for name in SEEN:
        yield kept(lab, FLOWS[name])
    yield control(lab)


def kept(lab: Lab, flow: Flow, weak: str = "") -> Verdict:
    """Whether every promise of a clean run is made after the sync it rests on."""
    began = time.monotonic()
    lab.prepared(flow)
    seen = list(moments(kills.traced(lab, flow, weak, *OPTIONS)))
    broken = [f"{flow.name}: when {moment}, {what} is not on the disk" for moment, lacks in seen for what in lacks]
    kinds = sorted({moment for moment, _ in seen})
    return Verdict(f"sync {flow.name}", len(seen), broken, time.monotonic() - began, ", ".join(kinds))


def control(lab: Lab) -> Verdict:
    """A ledger that syncs less must fail the same test."""
    found = kept(lab, FLOWS["submit"], sabotage.UNSYNCED)
    caught = any("POST leaves" in str(v) for v in found.violations)
    remarks = f"{sabotage.UNSYNCED}: {len(found.violations)} found"
    missed = [] if caught else [f"control: nobody noticed {sabotage.UNSYNCED}"]
    return Verdict("sync control", found.tried, missed, found.seconds, remarks)
