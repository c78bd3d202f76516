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

from .standin import StandIn
from .wire import KEY, Order


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


def hailuo(*words: str, stdin: str | None = None, env: Mapping[str, str] | None = None, timeout: float = 120) -> Ran:
    """Run one command line to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "hailuo_cli", *words],
        capture_output=True,
        input=(stdin or "").encode(),
        env={**os.environ, **(env or {})},
        timeout=timeout,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err
    assert KEY[:8] not in ran.out + ran.err
    return ran


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
