"""SIGINT, SIGTERM and SIGHUP end the process through Interrupted, so that everything is put away on the way."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import sys
import threading
from types import FrameType, TracebackType

from ..errors import Interrupted
from ..shield import Shield

ANSWER_SECONDS = 5.0
"""How long a paid request that is on its way may still be answered after the first Ctrl-C."""
HURRIED_SECONDS = 1.5
"""The same after SIGTERM and SIGHUP: whoever sends them kills soon after."""


class _Mood(enum.Enum):
    STOPS = enum.auto()
    WAITS = enum.auto()
    WAITS_FOR_THE_ANSWER = enum.auto()


class Signals(Shield):
    """The signals of this process, and the shield that holds them off while an order is made."""

    def __init__(self) -> None:
        self._mood = _Mood.STOPS
        self._is_up = False
        self._first: int | None = None
        self._timer: threading.Timer | None = None

    def catch(self) -> None:
        """From now on signals raise Interrupted. A signal that the parent chose to ignore (nohup) stays ignored."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._arrived)

    def __enter__(self) -> Signals:
        self._is_up, self._first = True, None
        self.hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold()
        first, self._first = self._first, None
        self._mood, self._is_up = _Mood.STOPS, False
        if first is not None and kind is None:
            raise Interrupted(first)

    def hold(self) -> None:
        self._mood = _Mood.WAITS
        if self._timer:
            self._timer.cancel()

    def lower(self) -> None:
        self._mood = _Mood.STOPS
        if self._first is not None:
            self._stop(self._first)

    def await_answer(self) -> None:
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
            self.hold()  # how the order ended is written down before the next signal is heard
            self._first = None
        raise Interrupted(signum)

    def _give_time(self, signum: int) -> None:
        seconds = ANSWER_SECONDS if signum == signal.SIGINT else HURRIED_SECONDS
        # the reader may be deep in a system call: a second signal breaks it
        self._timer = threading.Timer(seconds, os.kill, (os.getpid(), signum))
        self._timer.daemon = True
        self._timer.start()
        words = f"\nstopping; waiting up to {seconds:g} s for the answer to a paid request (again: leave now)\n"
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.write(sys.stderr.fileno(), words.encode())  # print is not safe inside a handler
