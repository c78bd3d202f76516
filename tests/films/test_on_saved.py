"""`--on-saved`: what is planned, and what a program that is really started gets to see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_cli.errors import UsageError
from hailuo_cli.films.on_saved import FIELDS, planned
from hailuo_cli.films.programs import Program, run, without_keys

JOB = {"id": "abc", "ref": "kie:1", "path": "/films/a b.mp4", "prompt": 'a "bay" $(rm -rf /) `x` ; exit', "take": None}


def which(name: str) -> str | None:
    return {"echo": "/bin/echo", "tool.cmd": "C:\\tool.cmd", "C:\\tools\\x.exe": "C:\\tools\\x.exe"}.get(name)


def test_what_is_filled_in_stays_one_argument() -> None:
    program = planned("echo --in {path} '{prompt} of {ref}' {take}", which).program(JOB)
    assert program.argv == ("/bin/echo", "--in", JOB["path"], f"{JOB['prompt']} of kie:1", "")


@given(st.text(), st.text())
def test_no_value_changes_how_many_arguments_there_are(prompt: str, path: str) -> None:
    argv = planned("echo {path} x={prompt} {{literal}}", which).program({"prompt": prompt, "path": path}).argv
    assert argv[1:] == (path.replace("\0", ""), "x=" + prompt.replace("\0", ""), "{literal}")


def test_a_value_with_braces_is_not_filled_in_again() -> None:
    assert planned("echo {prompt}", which).program({"prompt": "{path}", "path": "x"}).argv[1] == "{path}"


def test_a_list_is_taken_as_it_is() -> None:
    assert planned(["echo", "a 'b", "{id}"], which).program(JOB).argv == ("/bin/echo", "a 'b", "abc")


def test_job_is_another_word_for_id() -> None:
    assert planned("echo {job}", which).program(JOB).argv[1] == "abc"


def test_a_backslash_on_windows_is_part_of_a_path() -> None:
    assert planned("C:\\tools\\x.exe {path}", which, is_windows=True).words[0] == "C:\\tools\\x.exe"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ([], "is empty"),
        (["", "x"], "is empty"),
        ("echo 'open", "cannot be split"),
        ("nothing-here {path}", "no program nothing-here"),
        ("echo {pth}", r"unknown field \{pth\}; did you mean \{path\}"),
        ("echo {}", r"unknown field \{\}"),
        ("{path} x", "cannot fill in the program"),
        ("tool.cmd {prompt}", "cmd.exe"),
        (["echo", "a\0b"], "NUL"),
    ],
)
def test_what_cannot_run_is_refused_beforehand(command: str | list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        planned(command, which)


def test_a_batch_file_without_fields_may_run() -> None:
    assert planned("tool.cmd --all", which).words == ("C:\\tool.cmd", "--all")


def test_every_field_is_one_of_the_job_object_or_of_the_template() -> None:
    assert {"path", "job", "ref", "prompt", "name", "take"} <= set(FIELDS)


SPY = "import json,os,sys; json.dump([sys.argv[1:], dict(os.environ), sys.stdin.read()], open(sys.argv[1], 'w'))"


def test_a_program_gets_its_arguments_whole_and_no_key(tmp_path: Path) -> None:
    note = tmp_path / "note"
    job = {**JOB, "path": str(note)}
    program = planned([sys.executable, "-c", SPY, "{path}", "{prompt}"], shutil.which).program(job)
    environ = without_keys(
        {**os.environ, "FAL_KEY": "abc123", "COPY": "x-secret-1-x", "PLAIN": "yes"}, ["FAL_KEY"], ["secret-1", ""]
    )
    assert run(program, environ) is None
    arguments, seen, stdin = json.loads(note.read_text())
    assert arguments == [str(note), JOB["prompt"]]
    assert ("FAL_KEY" in seen, "COPY" in seen, seen["PLAIN"]) == (False, False, "yes")
    assert stdin == ""


def test_a_key_variable_is_found_in_any_case() -> None:
    assert without_keys({"Fal_Key": "1", "x": "2"}, ["FAL_KEY"], []) == {"x": "2"}


def test_what_a_program_prints_goes_where_it_is_told(tmp_path: Path) -> None:
    with (tmp_path / "err").open("w") as err:
        assert run(Program((sys.executable, "-c", "print('hello')")), os.environ, stdout=err) is None
    assert (tmp_path / "err").read_text() == "hello\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with exit code 3"),
        (("/nowhere/at/all",), "cannot be started"),
        ((sys.executable, "-c", "a\0b"), "cannot be started"),
    ],
)
def test_what_goes_wrong_with_a_program_is_words_and_no_error(argv: tuple[str, ...], words: str) -> None:
    assert words in str(run(Program(argv), os.environ))


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_a_program_that_dies_of_a_signal_is_told_so() -> None:
    argv = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert "signal 9" in str(run(Program(argv), os.environ))


def test_a_program_that_hangs_is_stopped() -> None:
    argv = (sys.executable, "-c", "import time; time.sleep(600)")
    assert "did not end within 0.5 s" in str(run(Program(argv), os.environ, timeout=0.5))


def test_no_shell_is_ever_asked_for() -> None:
    seen = {}

    def start(argv: tuple[str, ...], **how: object) -> subprocess.CompletedProcess[bytes]:
        seen.update(how)
        return subprocess.CompletedProcess(argv, 0)

    assert run(Program(("x",), {"A": "1"}), {"B": "2"}, start=start) is None
    assert not seen.get("shell")
    assert seen["env"] == {"A": "1", "B": "2"}
