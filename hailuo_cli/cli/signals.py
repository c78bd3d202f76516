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
