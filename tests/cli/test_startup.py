"""What a quick command may import: nothing that has to do with the network, pictures or a live display."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

HEAVY = {
    "httpx",
    "httpcore",
    "rich.console",
    "rich.progress",
    "PIL",
    "av",
    "asyncio",
    "procrastinate",
    "psycopg",
    "pydantic",
    "starlette",
    "uvicorn",
    "cryptography",
    "hailuo_cli.webhooks",
    "hailuo_cli.mcp",
    "mcp",
}
COMMAND = "from hailuo_cli.cli.app import run; run(sys.argv[1:])"
PROBE = "import sys\ntry:\n    {}\nfinally:\n    print(*sorted(sys.modules), file=sys.stderr)"


def modules(words: list[str], env: Mapping[str, str], code: str = COMMAND) -> set[str]:
    """Everything that a fresh process has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(code), *words],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


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
    assert not HEAVY & modules(words, env)


def test_a_submit_loads_nothing_that_waits_or_saves(tmp_path: Path) -> None:
    config = tmp_path / "hailuo.toml"
    config.write_text('[profiles.p.providers.pixazo]\nbase_url = "http://127.0.0.1:9"\n')
    waits = {
        f"hailuo_cli.{name}" for name in ("orders.wait_and_save", "orders.events", "waiting.polling", "saving.download")
    }
    loaded = modules(
        ["submit", "a lighthouse", "--provider", "pixazo"],
        {"HAILUO_CONFIG": str(config), "HAILUO_PROFILE": "p", "PIXAZO_API_KEY": "k" * 20},
    )
    assert "hailuo_cli.orders.sending" in loaded
    assert not waits & loaded


FRAME = {"app", "commands", "complete", "flags", "front_end", "leaving", "next_commands", "shell", "show", "signals"}
"""The modules of `hailuo_cli.cli` that every command line needs."""
ACCOUNTS = {
    "client",
    "client.api",
    "client.front_end",
    "client.opening",
    "client.ordering",
    "distribution",
    "distribution.installation",
    "config",
    "backoff",
    "durations",
    "model",
    "orders.options",
    "redaction",
    "urls",
    "wire",
} | {f"config.{name}" for name in ("checks", "keys", "paths", "profiles", "schema", "settings", "source")}
"""What reading the config needs, beside the providers."""
LEDGER = {
    "ledger",
    "ledger.base",
    "ledger.row_locks",
    "ledger.spool",
    "ledger.sqlite",
    "ledger.sqlite_file",
    "ledger.sqlite_questions",
    "private_files",
}
RULES = {"request"} | {
    f"request.{name}"
    for name in (
        "build",
        "camera",
        "fit",
        "identity",
        "image_headers",
        "image_rules",
        "images",
        "pricing",
        "rules",
        "texts",
    )
}
ORDERS = {
    f"orders.{name}"
    for name in (
        "duplicates",
        "context",
        "delivery",
        "lookup",
        "next_steps",
        "prepare",
        "sending",
        "spending",
        "submit",
        "verdict",
    )
} | {"money"}
CHOOSING = {"choosing"} | {
    f"choosing.{name}" for name in ("choosing", "expected", "same_for_all", "selection", "fallback", "wish")
}
PLACES = {"saving"} | {f"saving.{name}" for name in ("destination", "naming")}
SHELL = {"_HAILUO_COMPLETE": "complete_bash"}


@pytest.mark.parametrize(
    ("words", "env", "own", "core", "foreign"),
    [
        (["--version"], {}, set(), set(), set()),
        (["--help"], {}, {"examples"}, set(), set()),
        ([], {**SHELL, "COMP_WORDS": "hailuo ", "COMP_CWORD": "1"}, set(), set(), set()),
        ([], {**SHELL, "COMP_WORDS": "hailuo camera --js", "COMP_CWORD": "2"}, {"camera"}, set(), set()),
        (
            ["check", "a lighthouse", "--provider", "pixazo"],
            {},
            {"afterwards", "check", "option_values", "options"},
            ACCOUNTS | LEDGER | RULES | ORDERS | CHOOSING | PLACES | {"extras"},
            {"platformdirs"},
        ),
        (
            ["jobs", "list"],
            {},
            {"jobs", "options", "job_list", "moments", "state_words"},
            ACCOUNTS | LEDGER,
            {"platformdirs"},
        ),
    ],
)
def test_a_quick_command_loads_these_modules_and_no_other(
    words: list[str], env: Mapping[str, str], own: set[str], core: set[str], foreign: set[str]
) -> None:
    loaded = modules(words, env)
    ours = {name.removeprefix("hailuo_cli.") for name in loaded if name.startswith("hailuo_cli.")}
    assert {name for name in ours if name.startswith("cli.")} <= {f"cli.{name}" for name in FRAME | own}
    assert {name for name in ours if not re.match(r"(cli|providers)(\.|$)", name)} <= core | {
        "documents",
        "errors",
        "orders",
        "orders.signal_guard",
    }
    assert any(name.startswith("providers") for name in ours) <= ("config.profiles" in core)
    others = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names - {"hailuo_cli", "__main__"}
    assert others - modules([], {}, "import typer") <= foreign


def test_a_command_loads_only_its_own_module() -> None:
    assert not modules(["camera"], {}) & {
        "hailuo_cli.cli.submit",
        "hailuo_cli.cli.follow",
        "hailuo_cli.cli.option_values",
    }


def test_every_command_can_be_loaded_and_shows_its_help() -> None:
    from hailuo_cli.cli.app import COMMANDS, _Modules

    assert {name for name, command in _Modules().items() if command.help} == set(COMMANDS)
