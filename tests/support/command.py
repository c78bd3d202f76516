"""Runs the installed command, as its users do: in a process of its own. Whatever it prints is clean.

`Running` is a fresh interpreter. `hailuo` runs a line to its end in a child of a process that has imported the command
already, which is several times as fast; with HAILUO_TEST_FRESH=1 it is an interpreter for each too.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hailuo_cli.providers import PROVIDERS
from tests.support.canary import KEY, SIGNATURE, shown_in
from tests.support.standin import StandIn
from tests.support.zygote import Run, Zygote
from tests.wire import OrderScript

HURRIED = """
import time
slept, clock = [0.0], time.monotonic
time.sleep = slept.append
time.monotonic = lambda: clock() + sum(slept)
from hailuo_cli.orders.context import Context
Context.__init__.__defaults__ = tuple(time.monotonic if each is clock else each for each in Context.__init__.__defaults__)
"""
"""For `first`: waits between tries take no time, and the clock says that they did."""
SMALL_CLIPS = "from hailuo_cli.sandbox import film; film.frame_size = lambda *_: (128, 72)"
"""For `first`: the sandbox draws its clips small, which takes a tenth of the time."""
AT_ONCE = "from hailuo_cli.sandbox import server; server.SECONDS = 0.05"
"""For `first`: a job of the sandbox is done at once."""
OF_THE_DISPLAY = re.compile(r"\x1b\[[0-9;?]*[mKAhl]|\r")
"""What the live display itself needs: colours, up a line, clear a line, hide the cursor."""
FRESH = "HAILUO_TEST_FRESH" in os.environ or not hasattr(os, "fork")
_READ_AT_START = re.compile(r"PYTHON|LANG$|LC_|TZ$|TERM|_?TYPER|FORCE_COLOR$|PY_COLORS$|LD_|DYLD_")
"""What an interpreter, or a module when it is first imported, takes from the environment once and for all."""
MAIN = "from hailuo_cli.__main__ import main; main()"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document of --json."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])


class Running:
    """A command that has been started, with nothing to read on stdin."""

    def __init__(self, *words: str, first: str = "", through: str = "", **how: Any) -> None:
        command = [sys.executable, *(["-c", f"{first}\n{MAIN}"] if first else ["-m", "hailuo_cli"]), *words]
        pipes: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", through, "sh", *command] if through else command,
            **{"stdin": subprocess.DEVNULL, **pipes, "start_new_session": True, **how},
        )
        self._heard = b""

    def says(self, words: str) -> None:
        """Wait until these words are on stderr."""
        assert self.process.stderr is not None
        while words.encode() not in self._heard:
            line = self.process.stderr.readline()
            assert line, f"it ended without saying {words!r}: {self._heard!r}"
            self._heard += line

    def peak(self) -> int:
        """The most memory it has had so far, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) // 1024

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, timeout: float = 60, stdin: str | None = None) -> Ran:
        """Wait for its end, which must come within a time; a command that hangs is killed and fails the test."""
        try:
            out, err = self.process.communicate(None if stdin is None else stdin.encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            # with all that it has started, which may hold its pipes open
            os.killpg(self.process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self.process.kill()
            self.process.communicate()
            raise
        ran = Ran(self.process.returncode, (out or b"").decode(), (self._heard + (err or b"")).decode())
        must_be_clean(ran.out + ran.err)
        return ran


def must_be_clean(text: str) -> None:
    """No traceback, nothing of the key in any dress, and no byte that drives a terminal."""
    assert "Traceback" not in text
    assert not shown_in(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text.replace("\r\n", "\n"))


@dataclass
class _Warm:
    """A zygote, and the commands whose modules it has imported by now."""

    zygote: Zygote
    environment: Mapping[str, str]
    commands: set[str] = field(default_factory=set)

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether an interpreter that starts with this environment is like the zygote."""
        return _read_at_start(environment) == self.environment

    def run(
        self, words: tuple[str, ...], environment: Mapping[str, str], stdin: str, timeout: float, first: str
    ) -> Ran:
        run = Run(words, environment, Path.cwd(), stdin, first)
        command = " ".join(words[:1])
        ended = self.zygote.run_for(run, timeout, learn=command not in self.commands)
        self.commands.add(command)
        if ended.code == -signal.SIGKILL:
            raise subprocess.TimeoutExpired(["hailuo", *words], timeout)
        must_be_clean(ended.out + ended.err)
        return Ran(ended.code, ended.out, ended.err)


@cache
def _warm() -> _Warm:
    """The one of this process, which ends with it."""
    stack = ExitStack()
    atexit.register(stack.close)
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hailuo-zygote-")))
    return _Warm(stack.enter_context(Zygote(scratch)), _read_at_start(os.environ))


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if _READ_AT_START.match(name)}


def hailuo(
    *words: str,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    first: str = "",
    through: str = "",
    fresh: bool = False,
) -> Ran:
    """Run one command line to its end: after some lines of Python, or as "$@" of a line of shell, where those are given.

    `fresh`: in an interpreter that starts for it, also where a forked child would do. A signed address is shown only
    where it is asked for.
    """
    environment = {**os.environ, **(env or {})}
    if not (through or fresh or FRESH) and _warm().fits(environment):
        return _shows_no_address(_warm().run(words, environment, stdin or "", timeout, first), words)
    running = Running(*words, stdin=subprocess.PIPE, env=environment, first=first, through=through)
    return _shows_no_address(running.end(timeout, stdin or ""), words)


def _shows_no_address(ran: Ran, words: tuple[str, ...]) -> Ran:
    assert SIGNATURE not in ran.err
    assert SIGNATURE not in ran.out or "--show-url" in words
    return ran


def configure(home: Path, url: str, monkeypatch: Any, name: str = "pixazo", **entry: str) -> None:
    """Write a profile whose only provider is at this address, with the key where that provider's users have it."""
    path = home / "hailuo.toml"
    lines = ["[profiles.test]", f'provider = "{name}"', f"[profiles.test.providers.{name}]", f'base_url = "{url}"']
    path.write_text("\n".join([*lines, *(f'{key} = "{value}"' for key, value in entry.items())]) + "\n")
    path.chmod(0o600)
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    if "api_key_command" not in entry:
        monkeypatch.setenv(str(PROVIDERS[name].key_env), KEY)


def ledger_rows(home: Path) -> list[tuple[str, str | None]]:
    """State and ticket of every job, oldest first, read from the file; nothing of the key is in any file there."""
    folder = home / "data"
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a command that runs has files for a moment
            assert not file.is_file() or not shown_in(file.read_bytes())
    if not (folder / "ledger.sqlite3").exists():
        return []
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as db:
        return list(db.execute("SELECT state, ticket FROM jobs ORDER BY seq"))


def small_command(folder: Path) -> Path:
    """A `hailuo` for PATH, in this folder, whose sandbox draws small clips."""
    folder.mkdir()
    script = folder / "hailuo"
    script.write_text(f"#!{sys.executable}\n{SMALL_CLIPS}\n{AT_ONCE}\n{MAIN}\n")
    script.chmod(0o700)
    return script


def on_a_terminal(
    *words: str, env: Mapping[str, str] | None = None, columns: int = 80, first: str = ""
) -> tuple[int, str]:
    """Run one command line with a terminal for everything, and give what it wrote there (POSIX)."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {
        name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "TERM", "COLUMNS", "LINES")
    }
    process = subprocess.Popen(
        [sys.executable, *(["-c", f"{first}\n{MAIN}"] if first else ["-m", "hailuo_cli"]), *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm-256color", **(env or {})},
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    hangs = threading.Timer(120, process.kill)
    hangs.start()
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        hangs.cancel()
        os.close(ours)
    code = process.wait(60)
    must_be_clean(OF_THE_DISPLAY.sub("", written.decode(errors="surrogateescape")))
    return code, written.decode(errors="surrogateescape")


def point_at(server: StandIn, home: Path, monkeypatch: Any, **entry: str) -> str:
    """Write a profile whose provider is the stand-in server, and give the provider's name."""
    server.one_host = True
    name = server.script.name
    lines = [f"[profiles.test.providers.{name}]", f'base_url = "{server.url}"']
    lines += [f'{key} = "{value}"' for key, value in entry.items()]
    path = home / "hailuo.toml"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    if variable := PROVIDERS[name].key_env:
        monkeypatch.setenv(variable, KEY)
    return name


def words(order: OrderScript, frame: Path) -> list[str]:
    """A documented order as a user would type it."""
    said = dict(order.request)
    typed = [said.pop("prompt")]
    for name, value in said.pop("params", {}).items():
        typed += ["--param", f"{name}={json.dumps(value)}"]
    for name, value in said.items():
        flag = name.replace("_", "-")
        if isinstance(value, tuple):
            for one in value:
                typed += [f"--{flag}", one]
        elif isinstance(value, bool):
            typed.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            typed += [f"--{flag}", str(frame) if value == "<file>" else str(value)]
    return typed
