"""What a quick command may import: nothing that has to do with the network, pictures or a live display."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

HEAVY = {
    "httpx",
    "httpcore",
    "rich.console",
    "rich.progress",
    "PIL",
    "av",
    "asyncio",
    "pydantic",
    "starlette",
    "uvicorn",
}
PROBE = """
import sys
from hailuo_cli.cli.app import run
try:
    run(sys.argv[1:])
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--version"], {}),
        (["--help"], {}),
        (["submit", "--help"], {}),
        (["providers"], {}),
        (["camera"], {}),
        (["jobs", "list"], {}),
        (["check", "a lighthouse", "--provider", "pixazo"], {}),
        (["config", "show"], {}),
        ([], {"_HAILUO_COMPLETE": "complete_bash", "COMP_WORDS": "hailuo su", "COMP_CWORD": "1"}),
        ([], {"_HAILUO_COMPLETE": "complete_bash", "COMP_WORDS": "hailuo submit --provider pi", "COMP_CWORD": "3"}),
    ],
)
def test_a_quick_command_loads_nothing_heavy(words: list[str], env: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, env={**os.environ, **env}, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stderr.split())


def test_a_command_loads_only_its_own_module() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "camera"], capture_output=True, text=True, env=os.environ, check=True
    )
    loaded = {name for name in done.stderr.split() if name.startswith("hailuo_cli.cli.")}
    assert not loaded & {"hailuo_cli.cli.submit", "hailuo_cli.cli.watching", "hailuo_cli.cli.asking"}


def test_every_command_can_be_loaded_and_shows_its_help() -> None:
    from hailuo_cli.cli.app import COMMANDS, _Modules

    assert {name for name, command in _Modules().items() if command.help} == set(COMMANDS)
