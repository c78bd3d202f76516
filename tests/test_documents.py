"""What is written down is true: README, example config, completions, changelog, contracts."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from hailuo_cli import errors
from hailuo_cli.cli.app import COMMANDS
from hailuo_cli.config.profiles import load
from hailuo_cli.errors import HailuoError
from hailuo_cli.model import Mode
from hailuo_cli.providers import PROVIDERS, Cancels
from tests.support.command import hailuo

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shown_commands() -> list[str]:
    """Every command line of the README's code blocks."""
    blocks = re.findall(r"```(?:console|yaml)\n(.*?)```", README, re.DOTALL)
    lines = [line.strip().removeprefix("$ ").removeprefix("- run: ") for block in blocks for line in block.splitlines()]
    return [line.split("|")[0].split("  #")[0] for line in lines if line.startswith("hailuo ")]


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_of_the_readme_has_the_options_it_shows(line: str) -> None:
    words = shlex.split(line)[1:]
    group = [word for word in words[:2] if re.fullmatch("[a-z-]+", word)]
    group = group[:1] if group[0] not in ("jobs", "config", "sandbox") else group
    help_text = hailuo(*group, "--help").out
    for option in (word for word in words if word.startswith("-") and word != "-"):
        assert re.search(rf"(^|[\s,/]){re.escape(option)}\b", help_text), option


def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    assert set(re.findall(r"^\| `hailuo ([a-z]+)", README, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", README))))
def test_every_option_of_the_readme_exists(option: str) -> None:
    texts = [hailuo("--help").out, *(hailuo(name, "--help").out for name in ("generate", "wait", "check"))]
    texts += [
        hailuo("providers", "--help").out,
        hailuo("sandbox", "serve", "--help").out,
        hailuo("jobs", "resolve", "--help").out,
    ]
    assert any(re.search(rf"{re.escape(option)}\b", text) for text in texts)


def test_the_table_of_exit_codes_is_that_of_the_error_tree() -> None:
    rows = re.findall(r"^\| (\d+) \| ((?:`\w+` ?)*)\|", README, re.MULTILINE)
    written = {code: int(number) for number, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HailuoError)]
    assert written == {kind.code: kind.exit for kind in kinds}


def test_the_table_of_providers_is_what_the_providers_say() -> None:
    rows = re.findall(
        r"^\| `(\w+)`[^|]*\| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| (\w+) \| ([^|]*) \|$", README, re.MULTILINE
    )
    in_order = "one row a provider in the README's table, in the order of PROVIDERS (CONTRIBUTING, step 5)"
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


def test_the_completion_scripts_are_not_stale() -> None:
    sys.path.insert(0, str(ROOT / "completions"))
    try:
        import generate
    finally:
        sys.path.pop(0)
    for shell, name in generate.FILES.items():
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
        (["wait", "@"], "@last"),
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


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "CONTRIBUTING.md"])
def test_every_link_into_the_repository_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_every_module_that_is_to_be_run_is_there() -> None:
    named = {
        module
        for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")
        for module in re.findall(r"python -m ((?:tests|benchmarks)[.\w]*)", (ROOT / name).read_text(encoding="utf-8"))
    }
    places = {module: ROOT / module.replace(".", "/") for module in named}
    assert [m for m, p in places.items() if not (p.with_suffix(".py").exists() or (p / "__main__.py").exists())] == []
