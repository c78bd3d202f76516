"""A process that has imported what the command imports and forks a child for every run of it.

A run costs a small part of that in a fresh interpreter. What it does not show is what an interpreter does at its own start
and end, and what the first import of a module does; tests about these start a process (`tests.support.command.Running`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from tests.support import ROOT

GONE = 86
"""The exit code of a child that a test made leave in the middle."""
HANG_SECONDS = 90.0
"""After so long, which is longer than an order waits for its answer, a run is killed and counts as hung."""


@dataclass(frozen=True)
class Run:
    """One run of the command, after some lines of Python where `first` has any."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path
    stdin: str = ""
    first: str = ""

    def __str__(self) -> str:
        return f"hailuo {shlex.join(self.words)}"


@dataclass(frozen=True)
class Exit:
    """How a run ended: an exit code, or the negative number of the signal that killed it."""

    code: int
    out: str
    err: str
    hung: bool = False

    @property
    def killed(self) -> bool:
        return self.code in (-signal.SIGKILL, GONE) and not self.hung


@dataclass
class Zygote:
    """The harness's end of it. One run at a time; several of them run side by side."""

    scratch: Path
    modules: tuple[str, ...] = ()
    """What it imports beside the command's own modules."""
    _process: subprocess.Popen[bytes] = field(init=False)
    _channel: socket.socket = field(init=False)

    def __enter__(self) -> Zygote:
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), *self.modules],
                cwd=ROOT,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._answers = self._channel.makefile("r")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._channel.close()
        self._process.wait(HANG_SECONDS)

    def learn(self, run: Run) -> Exit:
        """Run, and have everything imported from now on that this run imported."""
        return self._run(run, learn=True)

    def run(self, run: Run, watched: Callable[[int], contextlib.AbstractContextManager[object]] | None = None) -> Exit:
        """Run to the end; `watched` is entered with the child's process id before the child does anything."""
        return self._run(run, watched)

    def run_for(self, run: Run, seconds: float, *, learn: bool = False) -> Exit:
        """Run, and kill it after so many seconds."""
        return self._run(run, seconds=seconds, learn=learn)

    def _run(
        self,
        run: Run,
        watched: Callable[[int], contextlib.AbstractContextManager[object]] | None = None,
        *,
        learn: bool = False,
        seconds: float = HANG_SECONDS,
    ) -> Exit:
        given = self.scratch / "stdin"
        given.write_bytes(run.stdin.encode())
        asked = {
            "words": run.words,
            "env": dict(run.env),
            "folder": str(run.folder),
            "files": [str(given), str(self.scratch / "stdout"), str(self.scratch / "stderr")],
            "first": run.first,
            "learn": learn,
            "stop": watched is not None,
            "seconds": seconds,
        }
        self._channel.sendall(json.dumps(asked).encode() + b"\n")
        pid: int = self._answer()["pid"]
        with watched(pid) if watched else contextlib.nullcontext():
            if watched:
                os.kill(pid, signal.SIGCONT)
            ended = self._answer()
        out, err = ((self.scratch / name).read_bytes().decode(errors="replace") for name in ("stdout", "stderr"))
        return Exit(ended["status"], out, err, hung=ended["struck"] and seconds == HANG_SECONDS)

    def _answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        assert line, "the zygote died"
        answer: dict[str, Any] = json.loads(line)
        return answer


def serve(channel: socket.socket) -> None:
    """Fork a child for every line that comes."""
    with channel.makefile("r") as lines:
        for line in lines:
            asked = json.loads(line)
            gc.freeze()
            news, told = os.pipe()
            if (pid := os.fork()) == 0:
                os.close(news)
                _child(asked, channel, told)
            os.close(told)
            if asked["stop"]:
                os.waitpid(pid, os.WUNTRACED)
            channel.sendall(json.dumps({"pid": pid}).encode() + b"\n")
            status, struck = _gone(pid, asked["seconds"], news)
            ended = {"status": os.waitstatus_to_exitcode(status), "struck": struck}
            channel.sendall(json.dumps(ended).encode() + b"\n")


def _gone(pid: int, seconds: float, news: int) -> tuple[int, bool]:
    """Wait until a child is gone and import what it told of; how, and whether it had to be killed after so many seconds.

    What it started may outlive it and hold its end of the pipe, so nobody waits for the end of that.
    """
    struck = False
    learned: list[str] = []

    def strike(*_: object) -> None:
        nonlocal struck
        with contextlib.suppress(ProcessLookupError):  # it ended at this very moment
            os.kill(pid, signal.SIGKILL)
            struck = True

    signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    _, status = os.waitpid(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.set_blocking(news, False)
    with os.fdopen(news) as names, contextlib.suppress(BlockingIOError):
        learned = names.read().split()
    for name in learned:
        if name not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    return status, struck


def _child(asked: Mapping[str, Any], channel: socket.socket, told: int) -> NoReturn:
    """Be the command: its folder, environment and streams, then its one way in and out."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.set_inheritable(channel.fileno(), False)
    for number, (name, flags) in enumerate(zip(asked["files"], (os.O_RDONLY, _NEW, _NEW), strict=True)):
        fd = os.open(name, flags, 0o600)
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    from hailuo_cli import __main__
    from hailuo_cli.cli.app import run, silence_unraisable
    from hailuo_cli.cli.leaving import leave

    sys.argv = [__main__.__file__, *asked["words"]]
    exec(asked["first"], {})  # noqa: S102 - a test's own words
    if asked["stop"]:
        os.kill(os.getpid(), signal.SIGSTOP)
    silence_unraisable()
    code = run(asked["words"])
    if asked["learn"]:
        os.write(told, "\n".join(sys.modules).encode())
    leave(code)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)
    serve(socket.socket(fileno=int(sys.argv[1])))
