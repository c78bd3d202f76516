"""`--notify`: which desktop and which terminal is told how, and that no text can do more than be shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_cli.films.notify import BELL, LONGEST, planned

from ..support import little_terminals


def which(name: str) -> str | None:
    return f"/usr/bin/{name}"


def nothing(name: str) -> str | None:
    return None


def test_linux_has_notify_send_where_there_is_a_desktop() -> None:
    notice = planned("saved <b>a & b</b>", {"DISPLAY": ":0"}, "linux", which)
    assert notice.program
    assert notice.program.argv[-3:] == ("--", "hailuo", "saved &lt;b>a &amp; b&lt;/b>")
    assert planned("saved", {}, "linux", which).program is None
    assert planned("saved", {"DISPLAY": ":0"}, "linux", nothing).program is None


def test_macos_gets_the_words_as_arguments_and_not_in_the_script() -> None:
    notice = planned('" & (do shell script "id") & "', {}, "darwin", which)
    assert notice.program
    assert notice.program.argv[0] == "/usr/bin/osascript"
    assert notice.program.argv[3:] == ("hailuo", '" & (do shell script "id") & "')
    assert "shell" not in notice.program.argv[2]


def test_windows_gets_the_words_by_the_environment_and_not_in_the_script() -> None:
    notice = planned("'; calc; '", {}, "win32", which)
    assert notice.program
    assert not any("calc" in word for word in notice.program.argv)
    assert notice.program.added["HAILUO_NOTICE_TEXT"] == "'; calc; '"


def test_over_ssh_the_terminal_is_told_and_not_the_desktop_of_the_other_machine() -> None:
    environ = {"SSH_CONNECTION": "1", "DISPLAY": ":10", "TERM": "xterm-kitty"}
    notice = planned("saved", environ, "linux", which)
    assert notice.program is None
    assert notice.terminal.startswith("\x1b]99;")


@pytest.mark.parametrize(
    ("environ", "sequence"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]9;hailuo: 1 saved\x1b\\"),
        ({"LC_TERMINAL": "iTerm2"}, "\x1b]9;hailuo: 1 saved\x1b\\"),
        ({"TERM_PROGRAM": "WezTerm"}, "\x1b]777;notify;hailuo;1 saved\x1b\\"),
        ({"TERM": "foot"}, "\x1b]777;notify;hailuo;1 saved\x1b\\"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;hailuo;1 saved\x1b\\"),
        ({"TERM": "xterm-kitty"}, "\x1b]99;i=hailuo:d=0;hailuo\x1b\\\x1b]99;i=hailuo:p=body;1 saved\x1b\\"),
        ({"TERM": "xterm-256color"}, BELL),
        ({"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"}, BELL),
        ({}, BELL),
    ],
)
def test_a_terminal_is_told_in_its_own_way(environ: dict[str, str], sequence: str) -> None:
    assert planned("1 saved", environ, "linux", nothing).terminal == sequence


def test_inside_tmux_the_notice_goes_to_the_terminal_outside() -> None:
    text = planned("1 saved", {"TMUX": "x", "TERM_PROGRAM": "WezTerm"}, "linux", nothing).terminal
    assert little_terminals.tmux(text + "\n") == "\x1b]777;notify;hailuo;1 saved\x1b\\"


@given(st.text(), st.sampled_from(["WezTerm", "iTerm.app", "kitty"]))
def test_no_text_breaks_out_of_its_notice(text: str, program: str) -> None:
    environ = {"TERM": "xterm-kitty"} if program == "kitty" else {"TERM_PROGRAM": program}
    written = planned(text, environ, "linux", nothing).terminal
    inside = re.fullmatch(r"(\x1b\](?:9|99|777);[^\x00-\x1f\x7f-\x9f]*\x1b\\)+", written)
    assert inside
    assert len(written) < 2 * LONGEST + 60


def test_a_notice_that_begins_with_a_number_is_no_progress_report() -> None:
    assert "\x1b]9;4;" not in planned("4;3", {"TERM_PROGRAM": "iTerm.app"}, "linux", nothing).terminal
