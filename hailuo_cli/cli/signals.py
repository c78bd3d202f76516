"""SIGINT, SIGTERM and SIGHUP end the process through Interrupted, so that everything is put away on the way."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import sys
import threading
import time
from types import FrameType, TracebackType

from ..errors import Interrupted
from ..orders.signal_guard import SignalGuard

ANSWER_SECONDS = 5.0
"""How long a paid request that is on its way may still be answered after the first Ctrl-C."""
HURRIED_SECONDS = 1.5
"""The same after SIGTERM and SIGHUP: whoever sends them kills soon after."""
AGAIN_SECONDS = 0.2
PIECE_SECONDS = 0.5
NUDGES = (0.2, 0.5, 1.0)
"""So long after a signal the main thread is nudged: it may have come just before a system call that now waits."""


def sleep_in_slices(seconds: float) -> None:
    """Sleep in short pieces: a signal that comes just before a sleep begins is heard after a piece, not after all of it."""
    while seconds > 0:
        time.sleep(min(seconds, PIECE_SECONDS))
        seconds -= PIECE_SECONDS


class _Mood(enum.Enum):
    STOPS = enum.auto()
    WAITS = enum.auto()
    WAITS_FOR_THE_ANSWER = enum.auto()


class Signals(SignalGuard):
    """The signals of this process, and the guard that holds them off while an order is made."""

    def __init__(self) -> None:
        self._mood = _Mood.STOPS
        self._is_up = False
        self._first: int | None = None
        self._answered = threading.Event()

    def catch(self) -> None:
        """From now on signals raise Interrupted. A signal that the parent chose to ignore (nohup) stays ignored."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._arrived)
        _hear_every_signal()

    def __enter__(self) -> Signals:
        self._is_up, self._first = True, None
        self.defer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.defer()
        first, self._first = self._first, None
        self._mood, self._is_up = _Mood.STOPS, False
        if first is not None and kind is None:
            raise Interrupted(first)

    def defer(self) -> None:
        self._mood = _Mood.WAITS  # first, so that no handler comes here while the event is being set
        self._answered.set()

    def allow(self) -> None:
        self._mood = _Mood.STOPS
        if self._first is not None:
            self._stop(self._first)

    def defer_until_reply(self) -> None:
        self._mood = _Mood.WAITS_FOR_THE_ANSWER

    def _arrived(self, signum: int, _: FrameType | None) -> None:
        is_first = self._first is None
        if self._is_up:
            self._first = self._first or signum
        if self._mood is _Mood.STOPS:
            self._stop(signum)
        if self._mood is _Mood.WAITS_FOR_THE_ANSWER:
            if not is_first:
                self._stop(self._first or signum)
            self._give_time(signum)

    def _stop(self, signum: int) -> None:
        if self._is_up:
            self.defer()  # how the order ended is written down before the next signal is heard
            self._first = None
        raise Interrupted(signum)

    def _give_time(self, signum: int) -> None:
        seconds = ANSWER_SECONDS if signum == signal.SIGINT else HURRIED_SECONDS
        self._answered.clear()
        threading.Thread(target=self._break_off, args=(signum, seconds), daemon=True).start()
        words = f"\nstopping; waiting up to {seconds:g} s for the answer to a paid request (again: leave now)\n"
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.write(sys.stderr.fileno(), words.encode())  # print is not safe inside a handler

    def _break_off(self, signum: int, seconds: float) -> None:
        """Send the signal again when the time is up: it breaks the system call that waits for the answer.

        To the main thread, where the call is, and again while it has not been heard: one may come just before the call.
        """
        while not self._answered.wait(seconds):
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, signum)
            else:
                signal.raise_signal(signum)
            seconds = AGAIN_SECONDS


def _hear_every_signal() -> None:
    """Nudge the main thread after each signal, for Python runs a handler only when no system call waits.

    A signal that comes between Python's last look and the call would be heard when the call ends: for a look at a server
    that says nothing, after half a minute. A nudge is a signal whose handler does nothing, so that the call is broken off
    and Python looks again. Where there is no such signal (Windows), or no thread to be had, all is as it was.
    """
    if sys.platform == "win32" or signal.getsignal(signal.SIGURG) is not signal.SIG_DFL:
        return
    main = threading.main_thread().ident or 0

    def nudge() -> None:
        while numbers := os.read(heard, 65536):
            if any(number != signal.SIGURG for number in numbers):
                for seconds in NUDGES:
                    time.sleep(seconds)
                    signal.pthread_kill(main, signal.SIGURG)

    try:
        heard, told = os.pipe()
    except OSError:
        return
    try:
        threading.Thread(target=nudge, daemon=True).start()
    except RuntimeError:
        os.close(heard)
        os.close(told)
        return
    os.set_blocking(told, False)
    signal.signal(signal.SIGURG, lambda *_: None)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
