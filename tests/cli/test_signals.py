"""What a signal does while an order is made: it stops, it waits, or it waits a little."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from hailuo_cli.cli import signals as module
from hailuo_cli.cli.signals import Signals
from hailuo_cli.errors import Interrupted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    caught = Signals()
    caught.catch()
    yield caught
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int = signal.SIGINT) -> None:
    signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_without_a_guard_a_signal_stops_at_once(signals: Signals, number: int) -> None:
    with pytest.raises(Interrupted) as stop:
        send(number)
    assert stop.value.exit == 128 + number


def test_a_signal_that_the_parent_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        Signals().catch()
        send(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_while_something_is_written_down_is_heard_afterwards(signals: Signals) -> None:
    done = []
    with pytest.raises(Interrupted) as stop, signals:
        send(signal.SIGTERM)
        send(signal.SIGINT)
        done.append("written")
    assert (done, stop.value.exit) == (["written"], 143)


def test_a_signal_that_waited_is_heard_before_anything_leaves(signals: Signals) -> None:
    with pytest.raises(Interrupted), signals:
        send()
        signals.allow()
        pytest.fail("it went on")


def test_B3_a_signal_while_nothing_has_left_stops_at_once_and_the_next_ones_wait(signals: Signals) -> None:
    with pytest.raises(Interrupted) as stop, signals:
        signals.allow()
        try:
            send()
        except Interrupted:
            send()  # how it ended is being written down
            raise
    assert stop.value.exit == 130


def test_B4_the_first_signal_waits_for_the_answer_and_the_second_does_not(
    signals: Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Interrupted), signals:
        signals.allow()
        signals.defer_until_reply()
        send()
        assert "waiting up to 5 s" in capfd.readouterr().err
        send()
        pytest.fail("it went on")


def test_B4_an_answer_that_comes_in_time_is_written_down_first(signals: Signals) -> None:
    done = []
    with pytest.raises(Interrupted), signals:
        signals.defer_until_reply()
        send()
        signals.defer()
        done.append("written")
    assert done


def test_B6_who_is_about_to_be_killed_waits_less(signals: Signals, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Interrupted), signals:
        signals.defer_until_reply()
        send(signal.SIGTERM)
        signals.defer()
    assert "waiting up to 1.5 s" in capfd.readouterr().err


def test_B4_the_wait_for_an_answer_ends_by_itself(signals: Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    with pytest.raises(Interrupted), signals:
        signals.defer_until_reply()
        send()
        threading.Event().wait(60)
        pytest.fail("it went on")


def test_an_error_of_the_order_counts_more_than_a_signal_that_waited(signals: Signals) -> None:
    with pytest.raises(ValueError, match="refused"), signals:
        send()
        raise ValueError("refused")
    with pytest.raises(Interrupted):
        send()


def test_B5_a_signal_that_comes_just_before_a_sleep_is_heard_soon(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[float] = []

    def asleep(seconds: float) -> None:  # a system call that began after the signal hears nothing of it
        pieces.append(seconds)
        if len(pieces) == 2:
            send()

    monkeypatch.setattr(time, "sleep", asleep)
    with pytest.raises(Interrupted):
        module.sleep_in_slices(3600)
    assert len(pieces) == 2
    assert max(pieces) <= 0.5


def test_a_nap_is_as_long_as_it_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[float] = []
    monkeypatch.setattr(time, "sleep", pieces.append)
    for seconds in (0.0, 0.2, 0.5, 7.3):
        pieces.clear()
        module.sleep_in_slices(seconds)
        assert sum(pieces) == pytest.approx(seconds)
