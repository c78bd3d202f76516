"""Inputs and limits that nobody thinks of: each ends with an exit code of its own, and none of them as a bug."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from hailuo_cli.errors import UsageError
from hailuo_cli.model import shown_url
from hailuo_cli.request import texts
from tests.support.command import configure, hailuo
from tests.support.fault_server import FaultServer

POSIX = pytest.mark.skipif(os.name == "nt", reason="devices, limits and closed streams are those of POSIX")

TABLE: dict[str, tuple[list[str], str, dict[str, str], int]] = {
    "a limit of 2^63": (["jobs", "list", "--limit", str(2**63)], "", {}, 2),
    "a limit of nothing": (["jobs", "list", "--limit", "0"], "", {}, 2),
    "a config without end": (["config", "show", "--config", "/dev/zero"], "", {}, 2),
    "no config at all": (["config", "show", "--config", "/dev/null"], "", {}, 0),
    "a folder as config": (["config", "show", "--config", "/"], "", {}, 9),
    "a config variable that is a device": (["jobs", "list"], "", {"HAILUO_CONFIG": "/dev/full"}, 2),
    "a profile without a name": (["check", "x", "--profile", ""], "", {}, 2),
    "a profile that is no text": (["check", "x", "--profile", "\udcff"], "", {}, 2),
    "a key without a name": (["submit", "x", "--dedupe-key", ""], "", {}, 2),
    "a key that is no text": (["submit", "x", "--dedupe-key", "\udcff"], "", {}, 2),
    "a key that drives a terminal": (["submit", "x", "--dedupe-key", "\x1b[2J"], "", {}, 2),
    "a key without end": (["submit", "x", "--dedupe-key", "k" * 10_000], "", {}, 2),
    "no name": (["submit", "x", "--name", " "], "", {}, 2),
    "no model": (["submit", "x", "--model", ""], "", {}, 2),
    "no provider": (["submit", "x", "--provider", ""], "", {}, 2),
    "no time": (["generate", "x", "--timeout", ""], "", {}, 2),
    "no file": (["generate", "x", "-o", ""], "", {}, 2),
    "a prompt that is not there": (["submit", "@/nowhere/prompt.txt"], "", {}, 2),
    "an image that is not there": (["submit", "x", "--image", "/nowhere/frame.png"], "", {}, 2),
    "a completion of nothing": ([], "", {"_HAILUO_COMPLETE": "complete_bash"}, 0),
    "a completion of a shell that nobody knows": ([], "", {"_HAILUO_COMPLETE": "complete_tcsh"}, 0),
    "a completion at no place": ([], "", {"_HAILUO_COMPLETE": "complete_bash", "COMP_LINE": "x", "COMP_POINT": "?"}, 0),
    "the video to a closed stdout": (["generate", "x", "-o", "-"], 'exec "$@" >&-', {}, 2),
    "a video to JSON": (["generate", "x", "-o", "-", "--json"], "", {}, 2),
    "a setting without a name": (["config", "get", ""], "", {}, 2),
    "a setting that is not set": (["config", "get", "max_cost"], "", {}, 2),
    "a setting that nobody knows": (["config", "set", "timeot", "5m"], "", {}, 2),
    "a provider that nobody knows": (["config", "set", "provider", "foo"], "", {}, 2),
    "a value that is not there": (["config", "unset", "timeout"], "", {}, 2),
    "an editor that is none": (["config", "edit"], "", {"VISUAL": "/no/such/editor"}, 9),
    "no editor": (["config", "edit"], "", {"VISUAL": "", "EDITOR": ""}, 2),
}


@POSIX
@pytest.mark.parametrize("name", TABLE)
def test_an_odd_input_has_an_ending_of_its_own(name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words, through, env, code = TABLE[name]
    with FaultServer() as server:  # any request to it fails the test
        configure(home, server.url, monkeypatch)
        ran = hailuo(*words, through=through, env=env)
    assert ran.code == code, ran
    assert code == 0 or "error: " in ran.err


@POSIX
def test_where_no_thread_is_to_be_had_nothing_is_sent_and_that_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_threads = 'import threading\ndef none(self): raise RuntimeError("can\'t start new thread")\n'
    with FaultServer() as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("submit", "x", first=f"{no_threads}threading.Thread.start = none")
    assert ran.code == 6, ran
    assert "no more threads" in ran.err


def test_a_key_command_without_end_is_left_by_the_command_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as server:
        endless = shlex.join([sys.executable, "-c", "while True: print('k' * 99)"])
        configure(home, server.url, monkeypatch, api_key_command=endless.replace('"', '\\"'))
        monkeypatch.delenv("PIXAZO_API_KEY", raising=False)
        ran = hailuo("submit", "x")
    assert ran.code == 3, ran
    assert "more than 64 KiB" in ran.err


@pytest.mark.parametrize("text", ["", "  ", "\t", "\x00", "a\x1bb", "a\nb", "\udc80", "x" * 256, "a\x9bb"])
def test_a_text_option_is_a_text(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--name "):
        texts.checked(text, "--name")


@pytest.mark.parametrize("text", ["a", "spring 2026", "日本", "a\u0301", "🎬", "x" * 255])
def test_a_text_option_may_say_anything_else(text: str) -> None:
    assert texts.checked(text, "--name") == text
    assert texts.checked(f"{text}\n{text}"[:255], "--param", lines=True)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://s3.example/a/b.png?X-Amz-Signature=abc&x=1", "https://s3.example/a/b.png"),
        ("https://s3.example/b.png#token", "https://s3.example/b.png"),
        ("https://me:pw@h.example/b.png", "https://h.example/b.png"),
        ("https://h.example/b.png", "https://h.example/b.png"),
        ("data:image/png;base64," + "A" * 100, "data:image/png;base64,AAAAAAAAAA…"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret_in_it(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_a_key_on_the_command_line_is_not_taken_and_not_shown() -> None:
    ran = hailuo("config", "set-key", "pixazo", "abc-secret")
    assert ran.code == 2
    assert "history" in ran.err
    assert ran.err.endswith("→ hailuo config set-key PROVIDER\n")
    assert "abc-secret" not in ran.err


def test_a_profile_that_is_not_there_is_made_before_it_is_the_default() -> None:
    ran = hailuo("config", "set", "default_profile", "work")
    assert ran.code == 2
    assert "hailuo config set provider NAME --profile work makes it" in ran.err
    assert hailuo("config", "set", "provider", "sandbox", "--profile", "work").code == 0
    assert hailuo("config", "set", "default_profile", "work").code == 0
