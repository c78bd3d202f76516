"""The peers: how each is installed into the scratch folder, and how it is pointed at the loopback server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEY = "benchmark"


@dataclass(frozen=True)
class Peer:
    """Another tool. `submit` and `env` take the server's origin; `submit` is the order of a video from text."""

    package: str
    command: str
    submit: Callable[[str], Sequence[str]]
    env: Callable[[str], Mapping[str, str]] = lambda _: {}
    npm: bool = False
    once: Sequence[str] = ()
    """What it has to be told before its first use."""


PROMPT = "A lighthouse at dusk"


def mmx_options(origin: str) -> list[str]:
    """Every command of MiniMax's own client takes its server and its key like this."""
    return ["--base-url", origin, "--api-key", KEY, "--non-interactive"]


PEERS = (
    Peer(
        "mmx-cli",
        "mmx",
        lambda origin: ["video", "generate", "--async", "--prompt", PROMPT, *mmx_options(origin)],
        lambda _: {"MINIMAX_REGION": "global"},
        npm=True,
    ),
    Peer(
        "hailuo-cli",
        "hailuo-cli",
        lambda _: ["generate", "--async", PROMPT],
        lambda origin: {"ACEDATACLOUD_API_BASE_URL": origin, "ACEDATACLOUD_API_TOKEN": KEY},
    ),
    Peer(
        "muapi-cli",
        "muapi",
        lambda _: ["video", "generate", "--no-wait", "--model", "minimax-2.3-std", PROMPT],
        lambda origin: {"MUAPI_BASE_URL": f"{origin}/api/v1", "MUAPI_API_KEY": KEY},
    ),
    Peer(
        "comfy-cli",
        "comfy",
        lambda _: ["generate", "hailuo", "--async", "--yes", "--model", "MiniMax-Hailuo-02", "--prompt", PROMPT],
        lambda origin: {"COMFY_API_BASE_URL": origin, "COMFY_API_KEY": KEY},
        once=("--skip-prompt", "tracking", "disable"),
    ),
)
WITHOUT_A_COMMAND = ("fal-client", "wavespeed")
"""Clients of other sellers that are libraries only."""


@dataclass(frozen=True)
class Installed:
    """Where a tool's command is and which version it has; `failure` where it could not be had."""

    name: str
    command: Path = Path()
    version: str = ""
    failure: str | None = None
    python: Path = Path()
    peer: Peer | None = field(default=None, compare=False)


def install_hailuo(scratch: Path) -> Installed:
    """This very tree, as a wheel, in an environment of its own."""
    python = _environment(scratch / "hailuo")
    _run(python, "-m", "pip", "install", "--quiet", str(ROOT))
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(ROOT))
    return Installed("hailuo", python.with_name("hailuo"), _version(python, "hailuo"), python=python)


def install(peer: Peer, scratch: Path, home: Path) -> Installed:
    """A peer in a folder of its own; it is not asked for again where that is there already."""
    folder = scratch / peer.package
    try:
        if peer.npm:
            command, version = _install_with_npm(peer, folder)
        else:
            python = folder / "bin" / "python"
            if not (folder / "bin" / peer.command).exists():
                _run(_environment(folder), "-m", "pip", "install", "--quiet", peer.package)
            command, version = folder / "bin" / peer.command, _version(python, peer.package)
        if peer.once:
            _run(command, *peer.once, env={"HOME": str(home), "PATH": "/usr/bin:/bin"})
    except (OSError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", None) or str(error)
        return Installed(peer.package, failure=told.strip().splitlines()[-1][:120], peer=peer)
    return Installed(peer.package, command, version, peer=peer)


def _install_with_npm(peer: Peer, folder: Path) -> tuple[Path, str]:
    folder.mkdir(parents=True, exist_ok=True)
    command = folder / "node_modules" / ".bin" / peer.command
    if not command.exists():
        _run(shutil.which("npm") or "npm", "install", "--silent", "--prefix", folder, peer.package)
    about = json.loads((folder / "node_modules" / peer.package / "package.json").read_text())
    return command, str(about["version"])


def _environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        _run(sys.executable, "-m", "venv", folder)
    return python


def _version(python: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return _run(python, "-c", code).strip()


def versions(python: Path, *packages: str) -> dict[str, str]:
    """The versions of packages in an environment."""
    return {package: _version(python, package) for package in packages}


def _run(*words: str | Path, env: Mapping[str, str] | None = None) -> str:
    return subprocess.run(
        [str(word) for word in words],
        check=True,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        env=env,
    ).stdout
