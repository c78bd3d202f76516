"""A process that has imported what the command imports and forks a child for every run of it."""

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
from typing import Any

from . import sabotage

HANG_SECONDS = 90.0
"""After so long, which is longer than an order waits for its answer, a run is killed and counts as hung."""


@dataclass(frozen=True)
class Run:
    """One run of the command: `weak` and `last_step` name what `sabotage` does to it."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path
    stdin: str = ""
    weak: str = ""
    last_step: int = 0

    def __str__(self) -> str:
        return f"hailuo {shlex.join(self.words)}"


@dataclass(frozen=True)
class Ran:
    """How a run ended: an exit code, or the negative number of the signal that killed it."""

    code: int
    out: str
    err: str
    hung: bool = False

    @property
    def killed(self) -> bool:
        return self.code in (-signal.SIGKILL, sabotage.GONE) and not self.hung


@dataclass
class Zygote:
    """The harness's end of it. One run at a time; several of them run side by side."""

    scratch: Path
    _process: subprocess.Popen[bytes] = field(init=False)
    _channel: socket.socket = field(init=False)

    def __enter__(self) -> Zygote:
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=Path(__file__).parent.parent.parent,
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

    def learn(self, run: Run) -> Ran:
        """Run, and have everything imported from now on that this run imported."""
        return self._run(run, learn=True)

    def run(self, run: Run, watched: Callable[[int], contextlib.AbstractContextManager[object]] | None = None) -> Ran:
        """Run to the end; `watched` is entered with the child's process id before the child does anything."""
        return self._run(run, watched)

    def run_for(self, run: Run, seconds: float) -> Ran:
        """Run, and kill it after so many seconds."""
        return self._run(run, seconds=seconds)

    def _run(
        self,
        run: Run,
        watched: Callable[[int], contextlib.AbstractContextManager[object]] | None = None,
        *,
        learn: bool = False,
        seconds: float = HANG_SECONDS,
    ) -> Ran:
        given = self.scratch / "stdin"
        given.write_text(run.stdin)
        asked = {
            "words": run.words,
            "env": dict(run.env),
            "folder": str(run.folder),
            "files": [str(given), str(self.scratch / "stdout"), str(self.scratch / "stderr")],
            "weak": run.weak,
            "last_step": run.last_step,
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
        out, err = ((self.scratch / name).read_text(errors="replace") for name in ("stdout", "stderr"))
        return Ran(ended["status"], out, err, hung=ended["struck"] and seconds == HANG_SECONDS)

    def _answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        assert line, "the zygote died"
        answer: dict[str, Any] = json.loads(line)
        return answer


def serve(channel: socket.socket) -> int | None:
    """Fork a child for every line that comes. Returns twice: in a child what `run` gave, in the zygote None."""
    with channel.makefile("r") as lines:
        for line in lines:
            asked = json.loads(line)
            gc.freeze()
            news, told = os.pipe()
            if (pid := os.fork()) == 0:
                os.close(news)
                return _child(asked, channel, told)
            os.close(told)
            if asked["stop"]:
                os.waitpid(pid, os.WUNTRACED)
            channel.sendall(json.dumps({"pid": pid}).encode() + b"\n")
            struck = _gone(pid, asked["seconds"], news)
            _, status = os.waitpid(pid, 0)
            ended = {"status": os.waitstatus_to_exitcode(status), "struck": struck}
            channel.sendall(json.dumps(ended).encode() + b"\n")
    return None


def _gone(pid: int, seconds: float, news: int) -> bool:
    """Import what a child tells of, until it is gone; whether it had to be killed after so many seconds.

    The pipe ends with the child, which is not reaped yet: the alarm cannot hit another process of its number.
    """
    struck = False

    def strike(*_: object) -> None:
        nonlocal struck
        struck = True
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    with os.fdopen(news) as names:
        learned = names.read().split()
    signal.setitimer(signal.ITIMER_REAL, 0)
    for name in learned:
        if name not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    return struck


def _child(asked: Mapping[str, Any], channel: socket.socket, told: int) -> int:
    """Be the command: its folder, environment and streams, then its one way in."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.set_inheritable(channel.fileno(), False)
    for number, (name, flags) in enumerate(zip(asked["files"], (os.O_RDONLY, _NEW, _NEW), strict=True)):
        fd = os.open(name, flags, 0o600)
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    from hailuo_cli.cli.app import run, silence_unraisable

    sabotage.weaken(asked["weak"])
    if asked["last_step"]:
        sabotage.leave_at(asked["last_step"])
    if asked["stop"]:
        os.kill(os.getpid(), signal.SIGSTOP)
    silence_unraisable()
    code = run(asked["words"])
    if asked["learn"]:
        os.write(told, "\n".join(sys.modules).encode())
    return code


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


if __name__ == "__main__":
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))
