"""The live display on a real pseudo-terminal: where its lines stand, what is above them, and what it leaves behind."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hailuo_cli.cli.flags import Globals
from hailuo_cli.cli.show import Show

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are those of POSIX", allow_module_level=True)

import fcntl
import pty
import struct
import termios

from hailuo_cli.cli.display import Step, Tally
from hailuo_cli.cli.progress import Live
from hailuo_cli.cli.screen import HIDE, SHOW
from hailuo_cli.errors import JobFailed
from hailuo_cli.model import Job, JobState
from tests.support.command import SMALL_CLIPS, hailuo, on_a_terminal
from tests.support.pty_shell import Typing
from tests.support.tiny_screen import TinyScreen
from tests.waiting.test_polling import Clock


class Window:
    """A terminal of some size, with our end of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ours, theirs = pty.openpty()
        self._theirs = os.fdopen(theirs, "w", encoding="utf-8")
        self._monkeypatch = monkeypatch
        self.encoding = "utf-8"
        self.resize(80, 24)

    def live(self, count: int, environ: Mapping[str, str] | None = None) -> tuple[Live, Show, Tally]:
        """A display here that draws when it is told to, with so many jobs at work."""
        self._theirs.reconfigure(encoding=self.encoding)
        for stream in ("stdout", "stderr"):  # not in the fixture: pytest puts its own back before the test
            self._monkeypatch.setattr(sys, stream, self._theirs)
        show, tally = Show(Globals()), Tally(count)
        display = Live(show, tally, environ=environ or {}, clock=Clock())
        for number in range(count):
            display.step(Step(job(number), "running", 0.5))
        return display, show, tally

    def resize(self, columns: int, height: int) -> None:
        fcntl.ioctl(self._theirs.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", height, columns, 0, 0))

    def read(self) -> str:
        """What was written since the last time."""
        self._theirs.flush()
        os.write(self._theirs.fileno(), b"\0")  # a mark: there is always something to read
        text = b""
        while not text.endswith(b"\0"):
            text += os.read(self._ours, 65536)
        return text[:-1].decode().replace("\r\n", "\n\r")

    def close(self) -> None:
        self._theirs.close()
        os.close(self._ours)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    monkeypatch.setenv("TERM", "xterm-256color")
    made = Window(monkeypatch)
    yield made
    made.close()


def job(number: int) -> Job:
    return Job(f"job{number:05}", "pixazo", JobState.SUBMITTED, ticket=f"t{number}", prompt=f"Boat {number}")


def test_the_lines_are_drawn_over_and_what_is_said_stands_above_them(window: Window) -> None:
    display, show, tally = window.live(2)
    screen = TinyScreen()
    with display:
        display.draw()
        display.draw()
        show.say("saved: boat.mp4")
        show.warn("the network is slow")
        tally.done = 1
        display.end(job(0))
        display.draw()
        screen.write(window.read())
        assert screen.lines[:3] == ["saved: boat.mp4", "warning: the network is slow", screen.lines[2]]
        assert screen.lines[2].startswith("1 of 2 saved  ━")
        assert screen.lines[3].split()[1:4] == ["Boat", "1", "running"]
        assert not any(screen.lines[4:])
        assert not screen.is_cursor_shown
    screen.write(window.read())
    assert not any(screen.lines[2:]), "nothing of it is left"
    assert (screen.row, screen.column, screen.is_cursor_shown) == (2, 0, True)


@pytest.mark.parametrize("ending", [KeyboardInterrupt, RuntimeError])
def test_after_every_ending_the_cursor_is_shown(window: Window, ending: type[BaseException]) -> None:
    display, _, _ = window.live(1)
    with pytest.raises(ending), display:  # noqa: PT012 - where it is raised is what this is about
        display.draw()
        raise ending
    written = window.read()
    assert written.rfind(SHOW) > written.rfind(HIDE) >= 0


def test_the_display_follows_the_window(window: Window) -> None:
    display, _, _ = window.live(1)
    with display:
        for columns, has_bar in ((50, False), (60, True), (120, True), (40, False)):
            window.resize(columns, 24)
            window.read()
            display.draw()
            screen = TinyScreen(columns).write(window.read())
            assert ("━" in screen.lines[-1]) is has_bar, screen.lines


def test_lines_that_a_narrower_window_broke_are_taken_away_with_all_of_their_pieces(window: Window) -> None:
    display, _, _ = window.live(1)
    with display:
        window.resize(100, 24)
        display.draw()
        first = TinyScreen(100).write(window.read())
        window.resize(20, 24)
        display.draw()
        pieces = -(-len(first.lines[-1]) // 20)
        assert pieces > 1
        assert window.read().count("\x1b[1A") == pieces - 1


def test_the_display_is_never_higher_than_the_window(window: Window) -> None:
    display, _, _ = window.live(30)
    with display:
        for height in (1, 2, 3, 10):
            window.resize(80, height)
            window.read()
            display.draw()
            shown = TinyScreen(80, height).write(window.read())
            assert sum(map(bool, shown.lines)) == max(1, height - 1)


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_NO_COLOR_takes_the_colours_and_nothing_else(
    window: Window, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    display, show, _ = window.live(1, environ)
    with display:
        display.draw()
        show.warn("the network is slow")
        show.complain(JobFailed("it failed"))
        screen = TinyScreen().write(window.read())
    assert screen.has_colours is not bool(environ)
    assert "━" in screen.lines[-1]
    assert screen.lines[0] == "warning: the network is slow"
    assert screen.lines[1] == "error: it failed"


def test_a_terminal_that_takes_it_hears_how_far_it_is_and_has_its_title_back(window: Window) -> None:
    display, _, tally = window.live(2, {"TERM_PROGRAM": "ghostty"})
    with display:
        display.draw()
        display.draw()
        tally.failed = 1
        display.draw()
        screen = TinyScreen().write(window.read())
        assert screen.told == [
            ("9", "4;1;50"), ("2", "hailuo 50%: 0 of 2 saved"),
            ("9", "4;2;100"), ("2", "hailuo 100%: 0 of 2 saved, 1 failed"),
        ]  # fmt: skip
    screen.write(end := window.read())
    assert screen.told[-1] == ("9", "4;0")
    assert "\x1b[23;2t" in end


@pytest.mark.parametrize("environ", [{"TERM": "xterm-256color"}, {"TMUX": "1", "TERM_PROGRAM": "ghostty"}])
def test_no_other_terminal_does(window: Window, environ: dict[str, str]) -> None:
    display, _, _ = window.live(2, environ)
    with display:
        display.draw()
        assert TinyScreen().write(window.read()).told == []


def test_a_terminal_without_utf_8_gets_one_letter_a_cell(window: Window) -> None:
    window.encoding = "ascii"
    display, _, _ = window.live(1)
    named = Job(
        "job00000", "pixazo", JobState.SUBMITTED, prompt="Böot, und ein sehr langer Satz über einen Fluss im Nebel"
    )
    with display:
        display.end(job(0))
        display.step(Step(named, "running", 0.5))
        display.draw()
        screen = TinyScreen().write(window.read())
    assert "B?ot, und" in screen.lines[-1]
    assert "\\u" not in screen.lines[-1]
    assert "###" in screen.lines[-1]


def test_text_of_a_server_is_shown_and_never_obeyed(window: Window) -> None:
    display, _, _ = window.live(1, {"TERM_PROGRAM": "ghostty"})
    evil = Job("jobevil0", "pixazo", JobState.SUBMITTED, prompt="\x1b]2;owned\x07\x1b[2J [bold]x[/]")
    with display:
        display.end(job(0))
        display.step(Step(evil, "running"))
        display.draw()
        screen = TinyScreen().write(window.read())
    assert "\\x1b]2;owned" in screen.lines[-1]
    assert [text for _, text in screen.told if "owned" in text] == [screen.told[-1][1]]
    assert "\\x1b[2J [bold]x[/]" in screen.told[-1][1]


@pytest.mark.skipif(not Path("/bin/bash").exists(), reason="job control is bash's")
def test_stopped_continued_in_the_background_and_interrupted(home: Path) -> None:
    names = [
        hailuo("submit", f"Boat {number}", "-p", "sandbox", "--param", "seconds=900").out.strip() for number in (1, 2)
    ]
    environ = {**os.environ, "TERM": "xterm-256color", "PS1": "$ "}
    command = f"{sys.executable} -m hailuo_cli"
    with Typing(("/bin/bash", "--norc", "--noprofile", "-i"), environ) as shell:
        shell.type(f"bind 'set enable-bracketed-paste off'; {command} wait\r")
        shell.until("Boat 2")
        assert shell.written.rfind(HIDE) > shell.written.rfind(SHOW)
        shell.type("\x1a")
        shell.until("Stopped")
        assert shell.written.rfind(SHOW) > shell.written.rfind(HIDE)
        shell.type("bg; echo i''n the background\r")
        shell.until("in the background")
        assert "0 of 2" not in shell.within(1.5)
        shell.type("fg\r")
        shell.until("0 of 2 saved")
        shell.type("\x03")
        shell.until("stopped by SIGINT")
        line = shell.until("\n") + shell.until("\n")
        assert sorted(re.findall(r"sandbox:\w+", line)) == sorted(names)
        assert line.count("hailuo wait") == 1
        assert shell.written.rfind(SHOW) > shell.written.rfind(HIDE)


@pytest.mark.parametrize("quiet", [False, True])
def test_on_one_terminal_the_path_stands_once(home: Path, quiet: bool) -> None:
    words = [
        "generate",
        "A boat",
        "-p",
        "sandbox",
        "--param",
        "seconds=0",
        "-o",
        "boat.mp4",
        *(["-q"] if quiet else []),
    ]
    code, written = on_a_terminal(*words, columns=200, first=SMALL_CLIPS)
    assert code == 0
    assert sum("boat.mp4" in line and "⠋" not in line for line in TinyScreen(200).write(written).lines) == 1
