"""strace on a child: which calls it makes, and a kill or an error put into one of them."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    *("openat", "write", "writev", "pwrite64", "sendfile", "copy_file_range", "fallocate", "ftruncate", "close"),
    *("fsync", "fdatasync", "mkdir", "mkdirat", "chmod", "fchmod", "fchmodat"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat"),
    *("connect", "sendto", "sendmsg", "recvfrom", "recvmsg"),
)
"""Also what nothing here uses today, so that another way to write a file is seen too."""
KILLS = tuple(call for call in CALLS if call != "close")
"""Calls that change a disk or a wire, or ask for it."""
_LINE = re.compile(r"(\d+) +(\w+)\((.*)")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")


@dataclass(frozen=True)
class Point:
    """The so-manieth call of a name by the main thread."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}#{self.number}"


@dataclass(frozen=True)
class Syscall:
    """One call as strace prints it, with its result."""

    name: str
    text: str

    @property
    def done(self) -> bool:
        return re.search(r"\) += -?\d", self.text) is not None and not re.search(r"\) += -1 ", self.text)


@functools.cache
def missing() -> str | None:
    """Why strace cannot be used here, None where it can."""
    if shutil.which("strace") is None:
        return "there is no strace"
    probe = subprocess.run(
        ["strace", "-o", os.devnull, "true"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return f"strace may not trace: {probe.stderr.strip()}" if probe.returncode else None


def tracing(
    out: Path, *options: str, calls: Sequence[str] = KILLS
) -> Callable[[int], contextlib.AbstractContextManager[None]]:
    """For `Zygote.run`: trace a stopped child and its threads into a file until it is gone."""
    wanted = ",".join(f"?{call}" for call in calls)

    @contextlib.contextmanager
    def attached(pid: int) -> Iterator[None]:
        command = ["strace", "-f", "-o", str(out), "-e", f"trace={wanted}", *options, "-p", str(pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr is not None
            said = strace.stderr.readline()
            assert "attached" in said, said
            yield
            strace.communicate(timeout=60)

    return attached


def killing(out: Path, point: Point) -> Callable[[int], contextlib.AbstractContextManager[None]]:
    """Kill the child at a point, with the call not done."""
    return tracing(out, "-e", f"inject={point.call}:signal=KILL:when={point.number}", calls=[point.call])


def failing(out: Path, point: Point, error: str) -> Callable[[int], contextlib.AbstractContextManager[None]]:
    """Let the call at a point fail, with nothing done."""
    return tracing(out, "-e", f"inject={point.call}:error={error}:when={point.number}", calls=[point.call])


def calls(trace: Path) -> list[Syscall]:
    """The main thread's calls in their order; the first line of a trace is the main thread's."""
    found: list[Syscall] = []
    main = ""
    for line in trace.read_text(errors="replace").splitlines():
        main = main or line.split()[0]
        if (begun := _LINE.match(line)) and begun[1] == main:
            found.append(Syscall(begun[2], begun[3]))
        elif (ended := _RESUMED.match(line)) and ended[1] == main:
            before = found.pop()
            found.append(Syscall(before.name, before.text.removesuffix(" <unfinished ...>") + ended[3]))
    return found


def points(syscalls: Sequence[Syscall]) -> list[Point]:
    counted: Counter[str] = Counter()
    found = []
    for syscall in syscalls:
        counted[syscall.name] += 1
        found.append(Point(syscall.name, counted[syscall.name]))
    return found
