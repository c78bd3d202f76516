"""What `--help` says can be done as it stands: every example is run, every option stands in a group, nothing is cut."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from hailuo_cli import __version__, errors
from hailuo_cli.cli import app as root
from hailuo_cli.cli.commands import EVERYWHERE
from hailuo_cli.cli.examples import EXAMPLES, EXIT_CODES
from hailuo_cli.errors import HailuoError
from hailuo_cli.model import OUTPUT_FIELDS
from hailuo_cli.sandbox import animatic, server
from tests.support.command import AT_ONCE, SMALL_CLIPS, hailuo, on_a_terminal, small_command
from tests.support.films import film

NEEDS_A_PROCESS = re.compile(r"\$\(|\||^[A-Z]+=|hailuo open|hailuo mcp")
NEEDS_MORE = {
    "hailuo setup": 2,
    "hailuo listen": 3,
    "hailuo batch enqueue clips.toml": 2,
    "hailuo batch work": 2,
}
"""How commands end without a terminal, a provider's key, or a ledger that machines share."""


def run(*words: str) -> tuple[int, str, str]:
    """One command line in this process: its exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = root.run(words)
    return code, out.getvalue(), err.getvalue()


def commands() -> Iterator[tuple[str, Any]]:
    def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield path, command
        for name, one in (getattr(command, "commands", None) or {}).items():
            yield from walk(f"{path} {name}", one)

    return walk("hailuo", typer.main.get_command(root.app))


ALL = dict(commands())


@pytest.mark.parametrize("path", ALL)
def test_every_help_ends_with_its_examples(path: str) -> None:
    code, out, _ = run(*path.split()[1:], "--help")
    assert code == 0
    _, found, below = out.partition("\nExamples:\n")
    assert found
    assert [line.strip() for line in below.splitlines()] == list(EXAMPLES[path])
    assert run("help", *path.split()[1:])[1] == out


def test_there_are_no_examples_of_commands_that_are_gone() -> None:
    assert set(EXAMPLES) == set(ALL)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A sandbox that draws every clip in no time, and a machine whose programs do nothing."""
    drawn = film(tmp_path / "drawn.mp4")
    monkeypatch.setattr(server, "SECONDS", 0.05)
    monkeypatch.setattr(animatic, "render", lambda shot, target, note: shutil.copyfile(drawn, target))
    monkeypatch.setattr(server, "serve", lambda folder, listener: None)
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.setenv("PATH", f"{small_command(tmp_path / 'bin').parent}{os.pathsep}{os.environ['PATH']}")


def test_every_example_runs_as_it_stands(home: Path, quick: None) -> None:
    failed = []
    for line in dict.fromkeys(line for lines in EXAMPLES.values() for line in lines):
        if NEEDS_A_PROCESS.search(line):
            done = subprocess.run(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, text=True)
            steps = [(line, done.returncode, done.stderr)]
        else:
            steps = [(step, *_ran(step)) for step in line.split(" && ")]
        failed += [
            (step, code, err) for step, code, err in steps if code != NEEDS_MORE.get(step.partition(" --")[0], 0)
        ]
    assert not failed


def _ran(step: str) -> tuple[int, str]:
    command, _, file = step.partition(" > ")
    code, out, err = run(*shlex.split(command)[1:])
    if file:
        Path(file).write_text(out, encoding="utf-8")
    return code, err


def test_the_first_example_of_all_makes_a_clip(home: Path) -> None:
    ran = hailuo(*shlex.split(EXAMPLES["hailuo"][0])[1:], first=f"{SMALL_CLIPS}\n{AT_ONCE}")
    assert ran.code == 0, ran.err
    assert Path(ran.out.strip()).stat().st_size > 10_000


@pytest.mark.parametrize("words", [(), ("batch",), ("config",)], ids=" ".join)
def test_without_a_command_the_whole_help_is_shown(words: tuple[str, ...]) -> None:
    code, _, err = run(*words)
    assert (code, err) == (2, run(*words, "--help")[1])


@pytest.mark.parametrize("path", ALL)
def test_every_option_stands_in_a_group(path: str) -> None:
    options = [param for param in ALL[path].params if param.param_type_name == "option"]
    panels = {param.rich_help_panel for param in options}
    assert EVERYWHERE in panels or path == "hailuo"
    named = [param for param in options if param.rich_help_panel is None]
    assert len(named) < 8, "so many options are read in groups only"


def test_the_options_of_generate_are_in_groups_with_short_names() -> None:
    _, out, _ = run("generate", "--help")
    headings = re.findall(r"^(\S.*):$", out, re.MULTILINE)
    assert headings == [
        "Arguments", "What to make", "How to pay", "How long to wait", "Where to put the video", "Once a video is saved",
        EVERYWHERE, "Fields in -o", "Examples",
    ]  # fmt: skip
    for short, long in zip("pimdr", ("provider", "image", "model", "duration", "resolution"), strict=True):
        assert f"-{short}, --{long} " in out
    assert all(f"{{{name}}}" in out for name in OUTPUT_FIELDS)


def test_short_options_are_the_long_ones() -> None:
    _, short, _ = run("check", "x", "-p", "minimax", "-d", "6", "-r", "1080P", "-m", "hailuo-2.3", "--json")
    long = run("check", "x", "--provider", "minimax", "--duration", "6", "--resolution", "1080P", "--model", "hailuo-2.3", "--json")  # fmt: skip
    assert short == long[1]
    assert '"ok": true' in short


def test_the_exit_codes_are_those_of_the_errors() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HailuoError)]
    told = {number for text, _ in EXIT_CODES for number in text.split(", ")}
    assert told == {str(kind.exit) for kind in kinds} | {"0", "20", "129", "130", "143", "141"}
    assert all(meaning.split(";")[0] in run("--help")[1] for _, meaning in EXIT_CODES[:3])


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_help_is_as_wide_as_the_window_and_cuts_nothing(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out, _ = run("jobs", "--help")
    text = out.partition("Examples:")[0]
    assert min(columns, 120) - 22 < max(map(len, text.splitlines())) <= columns
    words = " ".join(text.split())
    for command in ALL["hailuo jobs"].commands.values():
        assert " ".join(command.help.split("\n\n")[0].split()) in words


def test_a_help_on_a_terminal_has_its_width() -> None:
    _, written = on_a_terminal("jobs", "--help", columns=132)
    assert 100 < max(map(len, written.partition("Examples:")[0].splitlines())) <= 132


@pytest.mark.parametrize("words", [("--version",), ("-V",), ("version",)])
def test_the_version_in_three_ways(words: tuple[str, ...]) -> None:
    assert run(*words)[:2] == (0, f"hailuo {__version__}\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("help", "genrate"), "hailuo help generate"),
        (("help", "jobs", "lst"), "hailuo help jobs list"),
        (("help", "nonsense"), "hailuo help"),
    ],
)
def test_help_for_a_command_that_is_none_names_the_nearest(words: tuple[str, ...], hint: str) -> None:
    code, _, err = run(*words)
    assert code == 2
    assert err.splitlines()[-1] == f"  → {hint}"


@pytest.mark.parametrize("command", ["generate", "submit", "check"])
def test_a_prompt_without_quotes_is_told_to_have_them(command: str) -> None:
    code, _, err = run(command, "a", "lighthouse", "at", "dusk", "-p", "sandbox")
    assert code == 2
    assert "put quotes around it" in err
    assert f'hailuo {command} "' in err
    assert "quotes" not in run("cancel")[2]
