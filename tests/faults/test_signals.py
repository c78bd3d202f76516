"""Signals, kills, stops and lost terminals of group B of the fault list, on the installed command in every phase.

A signal is sent when the server has seen that the phase has begun, so nothing here depends on how fast a machine is.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.test_polling import RUNNING, VIDEO, done
from tests.support.answers import Answer, Asked, Gate, Play, cut, film, hangs, holds, resets, says
from tests.support.command import Ran, Running, configure, hailuo, ledger_rows
from tests.support.fault_server import FaultServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")

ACCEPTS = says(202, {"request_id": "job-1", "status": "QUEUED"})
JOB = "pixazo:job-1"
HALF = len(VIDEO) // 2
STOPS = pytest.mark.parametrize(
    ("signum", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
HARD_OF_HEARING = """
import signal, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""
"""For `first`: another thread than the main one takes the signals."""


def until(condition: Callable[[], bool]) -> None:
    """Wait for something on disk, of which nobody tells."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_B3_a_signal_while_the_program_is_loaded_is_a_sentence(home: Path) -> None:
    loading = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
    )
    ran = hailuo("submit", "a bear", first=loading, fresh=True)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "stopped by SIGINT\n  → nothing was sent\n"


@STOPS
def test_B3_B6_a_signal_before_the_ledger_is_open_leaves_nothing(
    signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = home / "key"
    os.mkfifo(key)
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch, api_key_command=f"cat {key}")
        command = Running("submit", "a bear")
        with key.open("wb"):  # opens when the command is about to read its key
            command.signal(signum)
        ran = command.end()
        assert ran.code == code
        assert "nothing was sent" in ran.err
        assert (server.connections, ledger_rows(home)) == (0, [])


@STOPS
def test_B3_B6_a_signal_while_an_order_connects_leaves_it_not_sent(
    signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(silent=True) as server:
        configure(home, server.url, monkeypatch)
        command = Running("submit", "a bear")
        assert server.heard(connections=1)
        command.signal(signum)
        ran = command.end()
        assert ran.code == code
        assert "nothing was sent" in ran.err
        assert ledger_rows(home) == [("not_sent", None)]


@STOPS
@pytest.mark.parametrize("word", ["submit", "generate"])
def test_B4_B6_an_order_that_is_answered_soon_after_a_signal_is_written_down(
    word: str, signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(gate := Gate(ACCEPTS)) as server:
        configure(home, server.url, monkeypatch)
        command = Running(word, "a bear")
        assert gate.arrived.wait(60)
        command.signal(signum)
        command.says("stopping")
        gate.open.set()
        ran = command.end()
        assert ran.code == code
        assert f"hailuo wait {JOB}" in ran.err
        assert ledger_rows(home) == [("submitted", "job-1")]
        assert server.posts == len(server.asked) == 1


@STOPS
def test_A1_B4_B6_a_second_signal_leaves_an_order_without_an_answer_in_doubt(
    signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(hangs) as server:
        configure(home, server.url, monkeypatch)
        command = Running("submit", "a bear")
        assert server.heard(1)
        command.signal(signum)
        command.says("stopping")
        command.signal(signum)
        left_in_doubt(command.end(), home)
        assert server.posts == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_A1_B6_an_order_without_an_answer_is_left_in_doubt_before_the_kill_comes(
    signum: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(hangs) as server:
        configure(home, server.url, monkeypatch)
        command = Running("submit", "a bear")
        assert server.heard(1)
        command.signal(signum)
        left_in_doubt(command.end(), home)


def left_in_doubt(ran: Ran, home: Path) -> None:
    assert ran.code == 7
    assert "may have been accepted and billed" in ran.err
    assert "hailuo jobs resolve" in ran.err
    assert ledger_rows(home) == [("unconfirmed", None)]


@STOPS
@pytest.mark.parametrize("words", [("generate", "a bear"), ("wait", JOB)], ids=["generate", "wait"])
def test_B5_B6_a_signal_during_a_look_leaves_the_command_that_continues(
    words: tuple[str, ...], signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [ACCEPTS] if words[0] == "generate" else []
    with FaultServer(*orders, hangs) as server:
        configure(home, server.url, monkeypatch)
        command = Running(*words)
        assert server.heard(len(orders) + 1)
        command.signal(signum)
        ran = command.end(20)
        assert ran.code == code
        assert f"hailuo wait {JOB}" in ran.err
        assert ledger_rows(home) == ([("submitted", "job-1")] if orders else []), "nobody has said that it knows it"
        assert server.posts == len(orders)


@STOPS
@pytest.mark.parametrize("words", [("generate", "a bear"), ("wait", JOB)], ids=["generate", "wait"])
def test_B5_B6_a_signal_that_came_just_before_a_look_is_heard_during_it(
    words: tuple[str, ...], signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that waits is not broken off by such a signal, nor by one that another thread takes, as here."""
    orders = [ACCEPTS] if words[0] == "generate" else []
    with FaultServer(*orders, hangs) as server:
        configure(home, server.url, monkeypatch)
        command = Running(*words, first=HARD_OF_HEARING)
        assert server.heard(len(orders) + 1)
        command.signal(signum)
        assert command.end(20).code == code
        assert server.posts == len(orders)


@STOPS
def test_B5_B6_a_signal_between_two_looks_is_heard_at_once(
    signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(RUNNING) as server:
        configure(home, server.url, monkeypatch)
        command = Running("wait", JOB, "--poll-interval", "1h")
        command.says("running")
        command.signal(signum)
        ran = command.end(20)
        assert ran.code == code
        assert f"hailuo wait {JOB}" in ran.err
        assert len(server.asked) == 1


@contextmanager
def half_a_download(home: Path, monkeypatch: pytest.MonkeyPatch, *then: Play) -> Iterator[tuple[FaultServer, Running]]:
    """A command with half of the video on disk, and a server that sends no more of it for now."""
    with FaultServer(done, cut(film(VIDEO), HALF, end=holds), *then) as server:
        configure(home, server.url, monkeypatch)
        command = Running("wait", JOB, "-o", "clip.mp4")
        part = Path("clip.mp4.part")
        until(lambda: part.exists() and part.stat().st_size > 0)
        yield server, command


@STOPS
def test_B5_B6_a_signal_during_a_download_keeps_the_part_and_the_next_command_goes_on(
    signum: int, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with half_a_download(home, monkeypatch, done, film(VIDEO)) as (server, command):
        command.signal(signum)
        ran = command.end(20)
        assert ran.code == code
        assert f"hailuo wait {JOB} -o clip.mp4" in ran.err
        assert ledger_rows(home) == [("succeeded", "job-1")]
        assert not Path("clip.mp4").exists()
        continued(server)
        assert ledger_rows(home) == [("saved", "job-1")]


def test_B10_B12_what_a_killed_download_left_is_gone_on_with(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with half_a_download(home, monkeypatch, done, film(VIDEO)) as (server, command):
        command.signal(signal.SIGKILL)
        command.end()
        assert not Path("clip.mp4").exists()
        continued(server)
        assert ledger_rows(home) == [("saved", "job-1")]


def continued(server: FaultServer) -> None:
    """The same command again: it takes up the part, and nothing but the whole video stays."""
    ran = hailuo("wait", JOB, "-o", "clip.mp4")
    assert ran.code == 0, ran.err
    assert server.starts[-1] > 0
    assert Path("clip.mp4").read_bytes() == VIDEO
    assert [path.name for path in Path().iterdir()] == ["clip.mp4"]


def test_B1_a_process_that_is_killed_while_its_order_is_on_its_way_leaves_a_doubt_and_no_second_order(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(hangs) as server:
        configure(home, server.url, monkeypatch)
        command = Running("submit", "a bear", "--dedupe-key", "mine")
        assert server.heard(1)
        command.signal(signal.SIGKILL)
        command.end()
        for again in (["--dedupe-key", "mine"], []):
            left_in_doubt(hailuo("submit", "a bear", *again), home)
        assert server.posts == 1


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_B7_a_terminal_that_goes_away_stops_neither_waits_nor_downloads(
    kind: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, looks = Gate(says(500)), itertools.count()

    def answer(asked: Asked) -> Answer:
        if asked.path == "/video":
            return film(VIDEO)(asked)
        first = next(looks) == 0
        finished = says(200, {"status": "COMPLETED", "output": {"media_url": [f"{server.url}/video"]}})
        return gate(asked) if first else finished(asked)

    monkeypatch.setenv("TERM", kind)
    near, far = os.openpty()
    with FaultServer(answer) as server:
        configure(home, server.url, monkeypatch)
        command = Running("wait", JOB, "pixazo:job-2", "-o", "{job}.mp4", stdin=far, stdout=far, stderr=far)
        assert gate.arrived.wait(60)
        os.close(near)
        os.close(far)
        gate.open.set()
        assert command.end().code in (0, 141)
        assert sorted(ledger_rows(home)) == [("saved", "job-1"), ("saved", "job-2")]
        assert [path.read_bytes() for path in Path().iterdir()] == [VIDEO, VIDEO]


def test_H7_a_reader_of_paths_that_goes_away_is_told_by_the_exit_code_and_the_video_is_saved(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with FaultServer(done, film(VIDEO)) as server:
        configure(home, server.url, monkeypatch)
        command = Running("wait", JOB, "-o", "clip.mp4", stdout=writer)
        os.close(writer)
        assert command.end().code == 141
        assert ledger_rows(home) == [("saved", "job-1")]


def test_B11_a_wait_that_was_stopped_beyond_its_deadline_looks_once_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(RUNNING) as server:
        configure(home, server.url, monkeypatch)
        command = Running("wait", JOB, "-o", "clip.mp4", "--timeout", "6s", "--poll-interval", "1s")
        command.says("running")
        began = time.monotonic()
        command.signal(signal.SIGSTOP)
        server.plays = [done, film(VIDEO)]
        threading.Event().wait(began + 7 - time.monotonic())
        command.signal(signal.SIGCONT)
        ran = command.end(20)
        assert ran.code == 0, ran.err
        assert Path("clip.mp4").read_bytes() == VIDEO


def test_B11_a_download_that_was_stopped_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = Gate(film(VIDEO))
    with FaultServer(done, cut(film(VIDEO), HALF), rest) as server:
        configure(home, server.url, monkeypatch)
        command = Running("wait", JOB, "-o", "clip.mp4")
        assert rest.arrived.wait(60)
        command.signal(signal.SIGSTOP)
        rest.open.set()
        until(lambda: state_of(command) == "T")
        command.signal(signal.SIGCONT)
        ran = command.end()
        assert ran.code == 0, ran.err
        assert Path("clip.mp4").read_bytes() == VIDEO


def state_of(command: Running) -> str:
    """One letter, as ps tells it."""
    return Path(f"/proc/{command.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_B13_an_order_that_an_old_ledger_does_not_know_any_more_is_found_at_the_provider(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = says(200, {"data": {"jobs": [{"jobId": "job-1", "input": {"prompt": "a bear"}}]}})
    ledger, backup = home / "data" / "ledger.sqlite3", home / "backup"
    with FaultServer(resets, listed) as server:
        configure(home, server.url, monkeypatch, "pixelbyte")
        assert hailuo("submit", "a bear").code == 7
        shutil.copy(ledger, backup)
        assert hailuo("jobs", "resolve", "@last", "--ticket", "job-1").code == 0
        shutil.copy(backup, ledger)
        assert ledger_rows(home) == [("unconfirmed", None)]
        ran = hailuo("jobs", "resolve", "@last")
        assert (ran.code, ran.out) == (0, "pixelbyte:job-1\n"), ran.err
        assert ledger_rows(home) == [("submitted", "job-1")]
        assert server.posts == 1


def test_B13_a_ticket_is_told_as_it_is_shown_and_may_be_told_anew_where_it_was_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = says(404, {"success": False, "error": {"code": "JOB_NOT_FOUND", "message": "no such job"}})
    with FaultServer(resets, *[unknown] * 3) as server:
        configure(home, server.url, monkeypatch, "pixelbyte")
        assert hailuo("submit", "a bear").code == 7
        ran = hailuo("jobs", "resolve", "@last", "--ticket", "pixazo:job-1")
        assert (ran.code, ledger_rows(home)) == (2, [("unconfirmed", None)])
        assert hailuo("jobs", "resolve", "@last", "--ticket", "pixelbyte:job-1").out == "pixelbyte:job-1\n"
        assert ledger_rows(home) == [("submitted", "job-1")]
        assert hailuo("status", "@last").code == 8
        assert ledger_rows(home) == [("gone", "job-1")]
        assert hailuo("jobs", "resolve", "@last", "--ticket", "job-2").code == 0
        assert ledger_rows(home) == [("submitted", "job-2")]
