"""What reaches a terminal, a pipe and a program: the sanitiser, the JSON contract, tables, events, exit codes."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli import errors
from hailuo_cli.cli.flags import Globals
from hailuo_cli.cli.show import LONGEST, Result, Show, clean, table
from hailuo_cli.documents import job_document, when
from hailuo_cli.errors import HailuoError, Interrupted, JobFailed, StillRunning, Unconfirmed, UsageError
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState, NextStep
from tests.support.answers import film, says
from tests.support.clips import clip
from tests.support.command import Ran, Running, hailuo
from tests.support.fault_server import FaultServer
from tests.wire import KEY

POSIX = pytest.mark.skipif(os.name == "nt", reason="it is about POSIX streams")
ENTRY = Job("abcdefgh", "pixazo", JobState.SUBMITTED, ticket="job-1", prompt="a bear", created_at=0.0)
EVIL = "\x1b]0;owned\x07\x1b]52;c;QQ==\x07\x1b[2J\x08\r\x9b2J\x7f\u202e\u200b\u2028 [link=https://e.example]x[/] [/x] [bold]"

# the sanitiser


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a bear\n\tin a river", "a bear\n\tin a river"),
        ("熊 ¥ é 👍 ½", "熊 ¥ é 👍 ½"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\x08b\rc\x0b\x0c\x00\x7f", "a\\x08b\\x0dc\\x0b\\x0c\\x00\\x7f"),
        ("\x9b2J\x85", "\\x9b2J\\x85"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"),
        ("\ud800 lone", "\\ud800 lone"),
        ("[bold]x[/] [link=https://e.example]y", "[bold]x[/] [link=https://e.example]y"),
        ("", ""),
    ],
)
def test_F1_F2_F3_F4_text_of_a_server_is_shown_and_never_obeyed(text: str, shown: str) -> None:
    assert clean(text) == shown


def codes(categories: str) -> Iterator[str]:
    return (c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in categories.split())


def test_F1_no_control_character_but_newline_and_tab_comes_through() -> None:
    for c in codes("Cc Cs Zl Zp"):
        assert (c in clean(c)) is (c in "\n\t"), hex(ord(c))


DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "character",
    [
        pytest.param(
            c,
            id=f"U+{ord(c):04X}",
        )
        for c in DIRECTION + "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\U000e0041"
    ],
)
def test_F3_no_direction_or_zero_width_character_comes_through(character: str) -> None:
    assert character not in clean(f"a{character}b")


def test_F4_a_message_of_10_mb_is_cut() -> None:
    assert clean("x" * 10_000_000) == "x" * LONGEST + "…"
    assert clean("x" * LONGEST) == "x" * LONGEST


# the JSON contract

JOB_FIELDS = frozenset(
    {"id", "ref", "provider", "model", "state", "ticket", "prompt", "duration", "resolution", "image", "progress"}
    | {"price_usd", "price_source", "created_at", "finished_at", "path", "sha256", "bytes", "error"}
)


def test_a_job_object_has_every_field_of_the_contract_and_the_secret_address_only_when_asked() -> None:
    entry = Job(
        "abcdefgh", "pixazo", JobState.SUBMITTED, ticket="t", video_url="https://v.example/?sig=s", created_at=0.0
    )
    assert set(job_document(entry)) >= JOB_FIELDS
    assert "video_url" not in job_document(entry)
    assert "sig" not in json.dumps(job_document(entry))
    assert job_document(entry, show_url=True)["video_url"] == "https://v.example/?sig=s"
    assert (job_document(entry)["ref"], job_document(entry)["state"], job_document(entry)["created_at"]) == (
        "pixazo:t",
        "submitted",
        "1970-01-01T00:00:00Z",
    )
    assert "fingerprint" not in job_document(entry)


@pytest.mark.parametrize(
    ("moment", "written"),
    [(None, None), (0.0, "1970-01-01T00:00:00Z"), (1795212000.9, "2026-11-20T22:00:00Z")]
    + [(moment, None) for moment in (1e300, -1e300, float("inf"), float("nan"))],
)
def test_times_are_for_machines_and_what_no_calendar_has_is_none(moment: float | None, written: str | None) -> None:
    assert when(moment) == written


def documented() -> list[Any]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HailuoError)]
    return [kind for kind in kinds if kind is not HailuoError]


CODES = {
    1: "bug",
    2: "usage invalid_image invalid_request unsupported",
    3: "no_key auth",
    4: "balance rate_limited cost_limit",
    5: "still_running",
    6: "network",
    7: "unconfirmed",
    8: "job_failed job_cancelled job_gone",
    9: "disk",
    10: "content_refused",
    11: "ledger",
    12: "unsafe_reply bad_video",
}


def test_exit_codes_and_names_are_those_of_the_contract() -> None:
    found: dict[int, set[str]] = {}
    for kind in documented():
        found.setdefault(kind.exit, set()).add(kind.code)
    assert found == {number: set(names.split()) for number, names in CODES.items()}


def printed(capsys: pytest.CaptureFixture[str]) -> tuple[list[Any], str]:
    out, err = capsys.readouterr()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", out + err)
    return [json.loads(line) for line in out.splitlines()], err


def test_a_success_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert Show(Globals(json=True, command="wait")).result(Result({"jobs": []}, ["not shown"])) == 0
    documents, err = printed(capsys)
    assert documents == [{"schema": "hailuo/1", "ok": True, "command": "wait", "data": {"jobs": []}}]
    assert err == ""


@pytest.mark.parametrize("kind", documented(), ids=lambda kind: kind.__name__)
def test_F10_a_failure_is_one_document_and_a_sentence_for_people(kind: Any, capsys: pytest.CaptureFixture[str]) -> None:
    error = kind(EVIL, hint=f"hailuo wait {EVIL}")
    error.job = ENTRY
    code = Show(Globals(json=True, command="submit")).failure(error)
    (document,), err = printed(capsys)
    assert code == kind.exit
    told = document.pop("error")
    assert document == {"schema": "hailuo/1", "ok": False, "command": "submit"}
    assert (told["code"], told["exit"]) == (kind.code, kind.exit)
    assert told["message"] == EVIL
    assert told["job"] == job_document(ENTRY)
    assert err.startswith("error: ")


def test_without_json_a_failure_leaves_stdout_empty(capsys: pytest.CaptureFixture[str]) -> None:
    Show(Globals()).failure(StillRunning("not yet", hint="hailuo wait pixazo:job-1"))
    assert capsys.readouterr() == ("", "error: not yet\n  → hailuo wait pixazo:job-1\n")


def test_with_several_jobs_an_unconfirmed_one_decides_and_each_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show = Show(Globals())
    failures = [Unconfirmed("one"), JobFailed("two"), UsageError("three")]
    code = show.result(Result({}, ["a line"]).with_failures(failures, show))
    out, err = capsys.readouterr()
    assert (code, out) == (7, "a line\n")
    assert all(f"error: {text}" in err for text in ("one", "two", "three"))


def test_an_interruption_is_one_document_with_every_command_that_continues(capsys: pytest.CaptureFixture[str]) -> None:
    stop = Interrupted(15)
    stop.next_step = NextStep("wait", (Job("a", "a", JobState.SUBMITTED, "1"), Job("b", "b", JobState.SUBMITTED, "2")))
    assert Show(Globals(json=True, command="wait")).interrupted(stop) == 143
    (document,), err = printed(capsys)
    assert document["error"] == {
        "code": "interrupted",
        "exit": 143,
        "message": "stopped by SIGTERM",
        "hint": "hailuo wait a:1 b:2",
    }
    assert "hailuo wait a:1 b:2" in err


@pytest.mark.parametrize("flags", [Globals(), Globals(json=True)])
def test_events_are_silent_unless_asked_for(flags: Globals, capsys: pytest.CaptureFixture[str]) -> None:
    Show(flags).event("state", ref="x")
    assert capsys.readouterr().out == ""


def test_F10_events_are_one_object_per_line_whatever_is_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    show = Show(Globals(events=True, command="wait"))
    show.event("state", word=EVIL)
    show.result(Result({}))
    documents, _ = printed(capsys)
    assert documents[0] == {"event": "state", "word": EVIL}
    assert documents[1]["ok"] is True


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (Globals(), {"say", "warn"}),
        (Globals(quiet=True), {"warn"}),
        (Globals(verbose=1), {"say", "warn", "log"}),
        (Globals(quiet=True, verbose=1), {"warn", "log"}),
    ],
)
def test_quiet_says_less_and_verbose_more_and_none_of_it_is_on_stdout(
    flags: Globals, said: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show = Show(flags)
    for name in ("say", "warn", "log"):
        getattr(show, name)(f"<{name}> {EVIL}")
    out, err = capsys.readouterr()
    assert out == ""
    assert {name for name in ("say", "warn", "log") if f"<{name}>" in err} == said
    assert "\x1b" not in err


def test_a_line_of_data_is_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    Show(Globals()).result(Result({}, [EVIL, "plain"]))
    out = capsys.readouterr().out
    assert out == f"{clean(EVIL)}\nplain\n"


def test_H9_nobody_at_the_terminal_is_a_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for flags in (Globals(), Globals(json=True)):
        assert Show(flags).ask("Order another one?") is False
    monkeypatch.setattr(sys, "stdin", None)
    assert Show(Globals()).ask("Order another one?") is False
    assert capsys.readouterr() == ("", "")


# tables


def test_a_table_has_aligned_columns_and_no_trailing_blanks() -> None:
    assert table([["a", "bb", "c"], ["aaa", "b", ""]], ["ID", "X", "Y"]) == ["ID   X   Y", "a    bb  c", "aaa  b"]


def test_F1_a_cell_can_neither_break_its_row_nor_drive_the_terminal() -> None:
    lines = table([["a", f"x\ny\t{EVIL}"], ["b", "z"]], ["ID", "TEXT"])
    assert len(lines) == 3
    assert all("\n" not in line and "\x1b" not in line for line in lines)


@pytest.mark.parametrize("width", [2, 10, 20])
def test_H11_a_line_is_cut_where_the_terminal_ends_and_nowhere_else(width: int) -> None:
    rows = [["abcdefgh", "x" * 100], ["b", "y"]]
    cut = table(rows, ["ID", "PROMPT"], width)
    assert max(map(len, cut)) == width
    assert all(line.endswith("…") for line in cut if len(line) == width and "x" in line)
    assert "x" * 100 in table(rows, ["ID", "PROMPT"])[1]


# the installed command


def configure(home: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "hailuo.toml"
    path.write_text(f'[profiles.test]\nprovider = "pixazo"\n[profiles.test.providers.pixazo]\nbase_url = "{url}"\n')
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)


ACCEPTS = says(202, {"request_id": "job-1", "status": "QUEUED"})


def shell(script: str, *words: str, env: Mapping[str, str] | None = None) -> Ran:
    """Run the command under a line of shell, as "$@"."""
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "hailuo_cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=60,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err
    return ran


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["submit"], "usage"),
        (["submit", "x", "--durationn", "6"], "usage"),
        (["nonsense"], "usage"),
        (["submit", "x", "--duration", "six", "--provider", "pixazo"], "usage"),
        (["wait", "nonsense"], "usage"),
        (["submit", ""], "no_key"),
        (["submit", "x", "--provider", "pixazo"], "no_key"),
        (["--config", "gone.toml", "status"], "usage"),
        (["check", "x", "--provider", "pixazo", "--image", "gone.png"], "invalid_image"),
        (["check", "x", "--provider", "minimax", "--model", "MiniMax-Hailuo-2.3-Fast"], "unsupported"),
    ],
)
def test_a_refused_command_line_is_one_document_too(words: list[str], code: str) -> None:
    ran = hailuo(*words, "--json")
    error = ran.json["error"]
    assert (error["code"], error["exit"]) == (code, ran.code)
    assert ran.code == (3 if code == "no_key" else 2)
    assert error["message"]
    assert ran.err.startswith("error: ")


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    ran = hailuo("submit", "x", "--durations", "6")
    assert ran.code == 2
    assert "--duration" in ran.err.replace("--durations", "")


@pytest.mark.parametrize(
    "words",
    [
        ["submit", "x", "--api-key", KEY],
        ["submit", "x", f"--api-key={KEY}"],
        ["--api-key", KEY, "jobs"],
        ["config", "set", "api_key", KEY],
        ["config", "set", "providers.pixazo.api_key", KEY],
        pytest.param(
            ["config", "set-key", "pixazo", KEY],
        ),
    ],
)
def test_E12_a_key_on_the_command_line_is_refused_and_not_repeated(words: list[str], home: Path) -> None:
    ran = hailuo(*words)
    assert ran.code == 2
    assert not list(home.rglob("config.toml"))


def test_E12_a_key_is_read_from_stdin_and_saved_for_its_owner_only(home: Path) -> None:
    ran = hailuo("config", "set-key", "pixazo", stdin=f"{KEY}\n")
    assert (ran.code, ran.out) == (0, "")
    (path,) = home.rglob("config.toml")
    assert KEY in path.read_text()
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600
    shown = hailuo("config", "show")
    assert "********" in shown.out


@pytest.fixture
def listed(home: Path) -> Path:
    path = home / "data" / "ledger.sqlite3"
    with Ledger(path) as ledger:
        for number in range(60):
            ledger.begin(
                Job("", "pixazo", JobState.SAVED, ticket=f"job-{number}", prompt=f"{EVIL} é熊" * 20, error=EVIL)
            )
    return path


@POSIX
@pytest.mark.parametrize("words", [["jobs", "list"], ["jobs", "export"], ["jobs", "list", "--json"]])
def test_H6_a_reader_that_goes_away_ends_the_command_quietly_with_141(words: list[str], listed: Path) -> None:
    ran = shell('{ "$@" 2>err; echo $? >code; } | head -c 1 >/dev/null', *words)
    for _ in range(1000):
        if Path("code").exists() and Path("code").read_text():
            break
        threading.Event().wait(0.01)
    assert ran.code == 0
    # what fits into the pipe may be gone before the reader is
    assert int(Path("code").read_text()) in (141, 0)
    assert Path("err").read_text() == ""


@POSIX
def test_H6_a_closed_pipe_is_141_and_says_nothing(listed: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hailuo_cli", "jobs", "list"],
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@POSIX
@pytest.mark.parametrize("word", ["submit", "generate"])
def test_H7_with_stdout_closed_from_the_start_the_work_is_done(
    word: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(ACCEPTS, says(200, {"status": "FAILED", "error": "no luck"})) as server:
        configure(home, server.url, monkeypatch)
        ran = shell('exec "$@" >&-', word, "a bear")
        assert ran.code == (0 if word == "submit" else 8), ran.err
        assert server.posts == 1
    with Ledger(home / "data" / "ledger.sqlite3") as ledger:
        assert [entry.ticket for entry in ledger.recent()] == ["job-1"]


@POSIX
def test_H7_a_reader_of_events_that_goes_away_leaves_the_command_that_continues(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with FaultServer(ACCEPTS, says(200, {"status": "FAILED", "error": "no luck"})) as server:
        configure(home, server.url, monkeypatch)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "hailuo_cli", "generate", "a bear", "--events"],
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        finally:
            os.close(writer)
        assert server.posts == 1
        assert b"pixazo:job-1" in done.stderr or done.returncode == 8


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


@FULL
@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_H8_a_full_stdout_is_a_disk_error_and_the_job_is_in_the_ledger(
    flag: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch)
        ran = shell('exec "$@" >/dev/full', "submit", "a bear", *flag)
        with Ledger(home / "data" / "ledger.sqlite3") as ledger:
            assert [entry.ticket for entry in ledger.recent()] == ["job-1"]
        assert "cannot write to stdout" in ran.err
        assert ran.code == 9, ran.err


@FULL
def test_H8_a_reference_that_did_not_fit_into_stdout_is_on_stderr(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch)
        ran = shell('exec "$@" >/dev/full', "submit", "a bear")
    assert "pixazo:job-1" in ran.err


@POSIX
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["submit", "a bear", "--provider", "pixazo"], 3),
        (["config", "set-key", "pixazo"], 3),
        (["jobs"], 0),
        pytest.param(
            ["check", "-", "--provider", "pixazo"],
            2,
        ),
        pytest.param(
            ["check", "x", "--provider", "pixazo", "--image", "-"],
            2,
        ),
    ],
)
def test_H9_with_stdin_closed_nothing_hangs_and_nothing_is_asked(words: list[str], code: int) -> None:
    ran = shell('exec "$@" <&-', *words)
    assert ran.code == code, ran.err
    assert "[y/N]" not in ran.err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "words",
    [["jobs", "list"], ["jobs", "list", "--json"], ["--help"], ["camera"], ["check", "é熊👍", "--provider", "x"]],
)
def test_H10_any_output_encoding_takes_everything(encoding: str, words: list[str], listed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hailuo_cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        timeout=60,
        check=False,
    )
    assert done.returncode == (2 if "check" in words else 0), done.stderr
    assert b"Traceback" not in done.stderr
    text = (done.stdout + done.stderr).decode(encoding)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text.replace("\r\n", "\n"))


def test_F1_F2_hostile_text_of_a_server_never_reaches_a_terminal_raw(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = itertools.cycle(["PROCESSING", EVIL])
    with FaultServer(
        says(202, {"request_id": "job-1"}),
        *[says(200, {"status": next(looks)}) for _ in range(3)],
        says(200, {"status": "FAILED", "error": EVIL}),
    ) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("generate", "a bear", "-v")
        assert ran.code == 8
        assert "[link=https://e.example]x[/] [/x] [bold]" in ran.err
        for words in (["jobs", "list"], ["jobs", "show", "@last"], ["status", "pixazo:job-1"]):
            again = hailuo(*words)
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b]", again.out + again.err)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b]", ran.out + ran.err)


def test_F4_a_lone_surrogate_in_a_status_is_shown_and_waited_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = says(200, b'{"status": "\\ud800"}')
    with FaultServer(ACCEPTS, odd, says(200, {"status": "FAILED", "error": "no luck"})) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("generate", "a bear").code == 8


def test_events_tell_the_story_and_the_last_line_is_the_document(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(
        ACCEPTS,
        says(200, {"status": "QUEUED"}),
        says(200, {"status": "QUEUED"}),
        says(500),
        says(200, {"status": "PROCESSING"}),
        says(200, {"status": "FAILED", "error": "no luck"}),
    ) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("generate", "a bear", "--events")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line.get("event") for line in lines] == ["submitted", "state", "retry", "state", "state", "error", None]
    assert lines[0]["ref"] == "pixazo:job-1"
    assert [line["state"] for line in lines if line.get("event") == "state"] == ["queued", "running", "failed"]
    assert (lines[-1]["schema"], lines[-1]["ok"], lines[-1]["error"]["exit"]) == ("hailuo/1", False, ran.code)


def test_a_bug_is_a_short_text_and_exit_1_and_more_only_when_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = home / "patch"
    package.mkdir()
    (package / "sitecustomize.py").write_text(
        "import hailuo_cli.request.camera\n"
        "def broken(*_):\n"
        f"    key = {KEY!r}\n"
        "    raise RuntimeError(key)\n"
        "hailuo_cli.request.camera.directed = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])]))
    ran = hailuo("check", "x", "--provider", "pixazo", "--json")
    assert ran.code == 1
    error = ran.json["error"]
    assert (error["code"], error["exit"]) == ("bug", 1)
    assert "RuntimeError" in error["message"]


@POSIX
def test_H13_the_working_folder_lends_no_code() -> None:
    for name in ("httpx", "json", "typer", "sqlite3", "platformdirs"):
        Path(f"{name}.py").write_text("raise SystemExit(99)\n")
    command = Path(sys.executable).with_name("hailuo")
    if not command.exists():
        pytest.skip("it is not installed as a command")
    done = subprocess.run([command, "jobs"], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


@POSIX
def test_what_goes_to_stdout_stays_there_while_a_terminal_shows_the_display(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    near, far = os.openpty()
    with FaultServer() as server:
        done = {"status": "COMPLETED", "output": {"media_url": [f"{server.url}/video"]}}
        server.plays = [says(200, done), film(clip())]
        configure(home, server.url, monkeypatch)
        command = Running("wait", "pixazo:job-1", "-o", "clip.mp4", stderr=far)
        os.close(far)
        ran = command.end()
    os.close(near)
    assert (ran.code, ran.out) == (0, f"{Path('clip.mp4').absolute()}\n")
