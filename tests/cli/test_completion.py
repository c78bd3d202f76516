"""What TAB does, in the shells themselves: one argument whatever is in it, files only where a file is meant."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from hailuo_cli.cli import complete
from hailuo_cli.cli import shell as protocol
from hailuo_cli.cli.shell import SCRIPTS, split_line
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from tests.support.command import hailuo

if sys.platform == "win32":
    pytest.skip("the shells are those of POSIX", allow_module_level=True)

from tests.support.pty_shell import Typing

TICKET = "minimax-hailuo-ai_019d"
ODD = "x$(touch${IFS}PWNED)"
BASH, ZSH, FISH = ("bash", "--norc", "--noprofile", "-i"), ("zsh", "-f", "-i"), ("fish", "--no-config", "-i")
SHELLS = [
    pytest.param(words, id=words[0], marks=pytest.mark.skipif(not shutil.which(words[0]), reason="not installed"))
    for words in (BASH, ZSH, FISH)
]


@pytest.fixture
def jobs(home: Path) -> dict[str, Job]:
    with Ledger(home / "data" / "ledger.sqlite3") as ledger:
        running = ledger.begin(Job("", "pixazo", JobState.SUBMITTED, ticket=TICKET, prompt="a bear"))[0]
        done = ledger.begin(Job("", "fal", JobState.SUBMITTED, ticket="done-1", prompt="a boat"))[0]
        done = ledger.move(ledger.move(done, JobState.SUCCEEDED), JobState.SAVED)
        odd = ledger.begin(Job("", "pixazo", JobState.SUBMITTED, ticket=ODD, prompt="a cat"))[0]
    return {"running": running, "done": done, "odd": odd}


def started(words: tuple[str, ...], home: Path) -> Typing:
    """An interactive shell with completion set up as its users have it, in a folder with one file."""
    name = words[0]
    work, functions = home / "work", home / "functions"
    work.mkdir(exist_ok=True)
    functions.mkdir(exist_ok=True)
    (work / "frame one.png").touch()
    (functions / "_hailuo").write_text(SCRIPTS["zsh"])
    (functions / "other").write_text(SCRIPTS.get(name, ""))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "TERM": "xterm", "PS1": "$ ", "COLUMNS": "200", "fish_greeting": ""}
    typing = Typing(words, env)
    typing.quiet(2)
    setup = {
        "zsh": f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; PS1='$ '; unsetopt zle_bracketed_paste",
        "bash": f"bind 'set enable-bracketed-paste off'; . {functions / 'other'}",
        "fish": f"source {functions / 'other'}",
    }
    typing.type(f"cd {work}; {setup[name]}; echo rea''dy\r")
    typing.until("ready")
    typing.quiet()
    return typing


def completed(typing: Typing, line: str) -> list[str]:
    """The arguments that a line has after TAB, as the shell itself sees them; nothing of it is run."""
    # to the beginning of the line, and to its end; what is typed ahead waits for the completion
    typing.type(f"{line}\t\x01printf '<%s>' \x05; echo E''ND\r")
    said = typing.until("END")
    found: list[str] = re.findall(r"<([^<>]*)>", re.split(r"E''ND", said)[-1])
    return found


@pytest.mark.parametrize("words", SHELLS)
def test_what_is_completed_is_one_argument(words: tuple[str, ...], home: Path, jobs: dict[str, Job]) -> None:
    with started(words, home) as typing:
        # a reference with a colon, already at the first TAB
        assert completed(typing, "hailuo wait pixazo:mini") == ["hailuo", "wait", f"pixazo:{TICKET}"]
        assert completed(typing, "hailuo wait pixa") == ["hailuo", "wait", f"pixazo:{TICKET}"]
        # a value behind an equals sign
        assert completed(typing, "hailuo submit x --provider=minima")[-1] == "--provider=minimax"
        # a value with a blank, and inside of quotes
        assert completed(typing, "hailuo submit x --camera pus")[-1] == "push in"
        assert completed(typing, 'hailuo submit x --camera "pus')[-1] == "push in"
        # a reference that only a server could have thought of goes by its id
        odd = jobs["odd"].id
        assert completed(typing, f"hailuo cancel {odd[:6]}") == ["hailuo", "cancel", odd]
        assert not (home / "work" / "PWNED").exists()


@pytest.mark.parametrize("words", SHELLS)
def test_files_are_offered_where_a_file_is_meant_and_nowhere_else(
    words: tuple[str, ...], home: Path, jobs: dict[str, Job]
) -> None:
    with started(words, home) as typing:
        assert completed(typing, "hailuo submit x --image fra")[-1] == "frame one.png"
        assert completed(typing, "hailuo submit x --image=fra")[-1] == "--image=frame one.png"
        for line in ("hailuo submit x --timeout fra", "hailuo submit x --dedupe-key fra", "hailuo status fra"):
            assert completed(typing, line)[-1] == "fra"


def offered(line: str) -> list[str]:
    """What is offered for a line, as bash gets it."""
    env = {"_HAILUO_COMPLETE": "complete_bash", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    return hailuo(env=env).out.splitlines()


def test_help_offers_commands_and_those_of_a_group() -> None:
    assert offered("hailuo help gen") == ["generate"]
    assert offered("hailuo help jobs li") == ["list"]
    assert set(offered("hailuo jobs list --state s")) == {"saved", "submitted", "submitting", "succeeded"}


def test_wait_and_cancel_offer_unfinished_jobs_and_the_others_all(home: Path, jobs: dict[str, Job]) -> None:
    running, done, odd = (jobs[name].id for name in ("running", "done", "odd"))
    for command in ("wait", "cancel"):
        assert {running, odd, f"pixazo\\:{TICKET}".replace("\\", "")} == set(offered(f"hailuo {command} "))
    assert {running, done, odd, "@last", "fal:done-1"} <= set(offered("hailuo download "))
    assert not any(ODD[:3] in line for line in offered("hailuo status "))


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("hailuo ", (["hailuo"], "", "")),
        ("hailuo wait a:b", (["hailuo", "wait"], "a:b", "")),
        ('hailuo "a b" c', (["hailuo", "a b"], "c", "")),
        ('hailuo "a b', (["hailuo"], "a b", '"')),
        ("hailuo 'a\\ b", (["hailuo"], "a\\ b", "'")),
        ("hailuo a\\ b", (["hailuo"], "a b", "")),
        ('hailuo "a\\"b\\c', (["hailuo"], 'a"b\\c', '"')),
        ("hailuo '' x", (["hailuo", ""], "x", "")),
        ("hailuo a\\", (["hailuo"], "a", "")),
        ("", ([], "", "")),
    ],
)
def test_a_line_is_split_as_a_shell_does(line: str, typed: tuple[list[str], str, str]) -> None:
    assert split_line(line) == typed


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_are_printed(shell: str) -> None:
    assert hailuo(env={protocol.VARIABLE: f"source_{shell}"}).out == SCRIPTS[shell]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "batch run ",
            "batch plan ",
            "batch plan x -o ",
            "batch report x -o ",
            "batch status ",
            "batch run x --record ",
        ),
        *("label add x -o ", "preview x --image ", "generate x -o ", "--config "),
    ],
)
def test_where_a_file_is_meant_the_shell_is_told_to_offer_files(line: str) -> None:
    env = {"_HAILUO_COMPLETE": "complete_bash", "COMP_LINE": f"hailuo {line}", "COMP_POINT": str(len(line) + 7)}
    assert hailuo(env=env).code == protocol.WANTS_FILES


def test_prompts_are_files_after_an_at_sign(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "prompt.txt").touch()
    (home / "prompts").mkdir()
    assert offered("hailuo submit @pro") == ["@prompt.txt", "@prompts/"]
    assert offered("hailuo submit pro") == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("che", ["cheapest"]),
        ("fa", ["fastest", "fal"]),
        ("pixazo,pi", ["pixazo,pixelbyte"]),
        ("pixazo,fal,pix", ["pixazo,fal,pixelbyte"]),
    ],
)
def test_a_way_to_choose_or_several_sellers_are_completed(typed: str, offered: list[str]) -> None:
    assert [name for name, _ in complete.sellers(typed)] == offered
