"""Runs the installed command, as its users do: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hailuo_cli.providers import PROVIDERS

from .canary import KEY, SIGNATURE, shown_in
from .standin import StandIn
from .wire import Order


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


HURRIED = "import time; time.sleep = lambda _: None"
"""For `first`: waits between tries take no time."""
_MAIN = "from hailuo_cli.__main__ import main; main()"


def hailuo(
    *words: str,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    first: str = "",
    through: str = "",
) -> Ran:
    """Run one command line to its end: after some lines of Python, or as "$@" of a line of shell where those are given.

    Whatever the command is and however it ends, it shows no traceback, no part of the key and no signed address.
    """
    command = [sys.executable, *(["-c", f"{first}\n{_MAIN}"] if first else ["-m", "hailuo_cli"]), *words]
    done = subprocess.run(
        ["/bin/sh", "-c", through, "sh", *command] if through else command,
        capture_output=True,
        input=(stdin or "").encode(),
        env={**os.environ, **(env or {})},
        timeout=timeout,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode())
    assert "Traceback" not in ran.err
    assert not shown_in(ran.out + ran.err)
    assert SIGNATURE not in ran.err
    assert SIGNATURE not in ran.out or "--show-url" in words
    return ran


def on_a_terminal(*words: str, env: Mapping[str, str] | None = None, columns: int = 80) -> tuple[int, str]:
    """Run one command line with a terminal for everything, and give what it wrote there (POSIX)."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "hailuo_cli", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm-256color", **(env or {})},
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(ours)
    code = process.wait(60)
    assert b"Traceback" not in written
    assert not shown_in(written)
    return code, written.decode(errors="surrogateescape")


def point_at(server: StandIn, home: Path, monkeypatch: Any, **entry: str) -> str:
    """Write a profile whose provider is the stand-in server, and give the provider's name."""
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


def words(order: Order, frame: Path) -> list[str]:
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
