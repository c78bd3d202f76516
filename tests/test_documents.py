"""What is written down is true: README, docs, example config, completions, changelog, contracts."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from hailuo_cli import errors
from hailuo_cli.cli.app import COMMANDS, GROUPS, app
from hailuo_cli.config.profiles import load
from hailuo_cli.distribution.files import COMPLETIONS
from hailuo_cli.errors import HailuoError
from hailuo_cli.model import Mode
from hailuo_cli.providers import PROVIDERS, Cancels
from tests.support.command import hailuo

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md"))),
)
FOR_USERS = {
    name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES if name not in ("SECURITY.md", "CONTRIBUTING.md")
}
AHEAD = re.compile(r"^(?:\$ |- run: |- |uv run (?:--extra \w+ )*|pipx run --spec \S+ |\.venv/bin/)+")
"""What stands before the command in a line that shows one."""


def shown_commands() -> list[str]:
    """Every command line of the code blocks that users read."""
    blocks = [
        block for page in FOR_USERS.values() for block in re.findall(r"```(?:console|yaml)\n(.*?)```", page, re.DOTALL)
    ]
    lines = [AHEAD.sub("", line.strip()) for block in blocks for line in block.splitlines()]
    return sorted({line.split("|")[0].split("  #")[0].split(" > ")[0] for line in lines if line.startswith("hailuo ")})


def test_the_readme_is_short_and_begins_with_a_clip_and_the_tests() -> None:
    assert len(README.splitlines()) <= 200
    first, second, *others = README.partition("```console\n")[2].partition("```")[0].splitlines()
    assert re.match("uv run --extra sandbox hailuo generate .* --provider sandbox$", first)
    assert second == "uv run --extra dev pytest"
    assert not others


@pytest.mark.parametrize("page", [name for name in FOR_USERS if name != "README.md"])
def test_every_page_is_linked_from_another(page: str) -> None:
    name = Path(page).name
    assert [
        where for where, text in FOR_USERS.items() if where != page and re.search(rf"\]\([^)]*{re.escape(name)}", text)
    ]


@cache
def options() -> Mapping[str, frozenset[str]]:
    """The options of every command by the words that call it."""
    found: dict[str, frozenset[str]] = {}

    def walk(path: str, command: Any) -> None:
        names = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
        found[path] = frozenset({name for name in names if name.startswith("-")} | {"-h", "--help"})
        for name, below in (getattr(command, "commands", None) or {}).items():
            walk(f"{path} {name}", below)

    walk("hailuo", typer.main.get_command(app))
    return found


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_of_the_pages_has_the_options_it_shows(line: str) -> None:
    words = shlex.split(line)
    calling = 1 if words[1].startswith("-") else 3 if words[1] in GROUPS and not words[2].startswith("-") else 2
    command = " ".join(words[:calling])
    assert {word.partition("=")[0] for word in words if re.match("-[a-z-]", word)} <= options()[command]


def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    assert set(re.findall(r"^\| `hailuo ([a-z]+)", README, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", "".join(FOR_USERS.values())))))
def test_every_option_of_the_pages_exists(option: str) -> None:
    assert any(option in names for names in options().values())


def test_the_table_of_exit_codes_is_that_of_the_error_tree() -> None:
    page = FOR_USERS["docs/scripts-and-ci.md"]
    rows = re.findall(r"^\| (\d+) \| ((?:`\w+` ?)*)\|", page, re.MULTILINE)
    written = {code: int(number) for number, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HailuoError)]
    assert written == {kind.code: kind.exit for kind in kinds}


def test_the_table_of_providers_is_what_the_providers_say() -> None:
    row = r"^\| `(\w+)`[^|]*\| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| (\w+) \| ([^|]*) \|$"
    rows = re.findall(row, FOR_USERS["docs/providers.md"], re.MULTILINE)
    in_order = "one row a provider in docs/providers.md, in the order of PROVIDERS (CONTRIBUTING, step 5)"
    assert f"| {len(PROVIDERS)} providers:" in README, "the number of providers in the README (CONTRIBUTING, step 5)"
    assert [row[0] for row in rows] == list(PROVIDERS), in_order
    words = {Mode.TEXT: "text", Mode.IMAGE: "image", Mode.FIRST_LAST: "last frame"}
    for name, modes, key, price, files, webhook, cancel in rows:
        provider = PROVIDERS[name]
        sold = {mode for model in provider.models for mode in model.modes}
        assert modes == ", ".join(word for mode, word in words.items() if mode in sold)
        assert key == (f"`{provider.key_env}`" if provider.key_env else "none")
        listed = provider.price(provider.models[0], (6, "768P"))
        amount = f"{float(listed.amount):g} {listed.currency}" if listed and listed.amount else "free"
        assert price == (amount if listed else "unknown")
        assert ("only" not in files) == provider.local_images
        assert webhook == ("yes" if "webhook" in provider.options else "no")
        assert (cancel == "no") == (not isinstance(provider, Cancels))


def test_the_example_config_is_understood_in_every_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    path = ROOT / "config.example.toml"
    for profile in tomllib.loads(path.read_text(encoding="utf-8"))["profiles"]:
        config = load(path, profile, {})
        accounts = [config.account(name) for name in config.names]
        assert {account.name for account in accounts} >= set(PROVIDERS)
    assert load(path, "work", {}).account("myrelay").provider.name == "tokensmind"


def test_the_example_config_and_the_completion_scripts_can_be_printed() -> None:
    assert hailuo("config", "example").out == (ROOT / "config.example.toml").read_text(encoding="utf-8")
    for shell, name in COMPLETIONS.items():
        assert hailuo("completion", shell).out == (ROOT / "completions" / name).read_text(encoding="utf-8")
    refused = hailuo("completion", "tcsh")
    assert (refused.code, refused.out) == (2, "")
    assert "bash, zsh, fish, powershell" in refused.err


def test_the_completion_scripts_are_not_stale() -> None:
    sys.path.insert(0, str(ROOT / "completions"))
    try:
        import generate
    finally:
        sys.path.pop(0)
    for shell, name in COMPLETIONS.items():
        assert (ROOT / "completions" / name).read_text(encoding="utf-8") == generate.script(shell), (
            "run python completions/generate.py"
        )


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["su"], "submit"),
        (["submit", "--provider", "pix"], "pixazo"),
        (["submit", "x", "--provider", "minimax", "--model", "MiniMax-Hailuo-2.3-"], "MiniMax-Hailuo-2.3-Fast"),
        (["submit", "x", "--resolution", "10"], "1080P"),
        (["status", "@"], "@last"),
        (["config", "set-key", "mini"], "minimax"),
    ],
)
def test_the_shell_is_offered_what_fits(typed: list[str], offered: str) -> None:
    words = ["hailuo", *typed]
    asked = {"_HAILUO_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    assert offered in hailuo(env=asked).out.split()


def test_every_provider_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [p.title for p in PROVIDERS.values() if p.key_env and f"**{p.title}**" not in text] == [], (
        "name it in bold in the changelog (CONTRIBUTING, step 5)"
    )


@pytest.mark.parametrize("name", PAGES)
def test_every_link_into_the_repository_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not ((ROOT / name).parent / link).exists()] == []


def test_every_promise_names_a_test_that_holds_it() -> None:
    promises = re.findall(r"^- \*\*(.*?)(?=^- \*\*|\n\n)", FOR_USERS["docs/promises.md"], re.MULTILINE | re.DOTALL)
    assert len(promises) == 5
    assert [promise for promise in promises if "](../tests/" not in promise] == []
    for promise in re.findall(r"^- \*\*([^*]+?)\.?\*\*", README, re.MULTILINE):
        assert f"**{promise}.**" in FOR_USERS["docs/promises.md"], promise


def test_every_module_that_is_to_be_run_is_there() -> None:
    named = {
        module
        for name in PAGES
        for module in re.findall(r"python -m ((?:tests|benchmarks)[.\w]*)", (ROOT / name).read_text(encoding="utf-8"))
    }
    places = {module: ROOT / module.replace(".", "/") for module in named}
    assert [m for m, p in places.items() if not (p.with_suffix(".py").exists() or (p / "__main__.py").exists())] == []
