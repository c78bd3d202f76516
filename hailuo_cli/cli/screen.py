"""The place on a terminal where the lines of the display are written over again and again.

It stays below everything else that is printed (`aside`), follows the window's width, keeps still while the command is
stopped or in the background, and shows the cursor again whenever it is left.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, TracebackType
from typing import TextIO

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen:
    """The terminal behind a stream. `reflows`: it breaks lines anew when it gets narrower, as most do.

    A terminal that went away is no reason to stop a paid job: what cannot be written is dropped.
    """

    def __init__(self, stream: TextIO, *, reflows: bool = True) -> None:
        self._stream = stream
        self._reflows = reflows
        self._lock = threading.RLock()
        self._drawn: list[int] = []
        self._is_hidden = False
        self._is_open = False
        self._draw_again: Callable[[], None] = lambda: None
        self._hears_stop = False

    def __enter__(self) -> Screen:
        self._is_open = True
        atexit.register(self._show_cursor)
        if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
            self._hears_stop = signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL
            if self._hears_stop:
                signal.signal(signal.SIGTSTP, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._lock:
                self._is_open = False
                self.write(self._erased())
        finally:
            self._show_cursor()
            if sys.platform != "win32" and self._hears_stop:
                signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        atexit.unregister(self._show_cursor)

    @property
    def size(self) -> os.terminal_size:
        """Columns and lines as they are now; 80 × 24 where the system does not tell."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            size = os.get_terminal_size(self._stream.fileno())
            if size.columns and size.lines:
                return size
        return os.terminal_size((80, 24))

    @property
    def is_seen(self) -> bool:
        """Whether the command is in the foreground of its terminal: in the background it would write into another's."""
        if sys.platform == "win32":
            return True
        try:
            return os.tcgetpgrp(self._stream.fileno()) == os.getpgrp()
        except (OSError, ValueError, AttributeError):  # not the terminal that controls it
            return True

    def on_change(self, draw_again: Callable[[], None]) -> None:
        """What to call when the lines are to be drawn anew, after something else was printed."""
        self._draw_again = draw_again

    def draw(self, lines: Sequence[str], widths: Sequence[int], also: str = "") -> None:
        """Put these lines in the place of the last ones; `widths` are in cells, `also` is for the terminal itself."""
        with self._lock:
            if not self._is_open or not self.is_seen:
                return
            hide = "" if self._is_hidden else HIDE
            self._is_hidden = True
            self.write(hide + self._erased() + "\n".join(lines) + also)
            self._drawn = list(widths)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the lines away while something is printed above them."""
        with self._lock:
            self.write(self._erased())
            try:
                yield
            finally:
                self._draw_again()

    def _erased(self) -> str:
        """What takes the last lines away and leaves the cursor where the first one began."""
        columns = self.size.columns
        rows = sum(max(1, -(-width // columns)) if self._reflows else 1 for width in self._drawn)
        self._drawn = []
        return "\r\x1b[2K" + "\x1b[1A\x1b[2K" * (rows - 1) if rows else ""

    def _stop(self, number: int, _: FrameType | None) -> None:
        """Ctrl-Z: the last lines stay, the cursor is shown, and everything is drawn below once the command goes on."""
        with self._lock:
            if self._drawn:
                self.write("\n")
            self._drawn = []
            self._show_cursor()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._stop)

    def _show_cursor(self) -> None:
        if self._is_hidden:
            self.write(SHOW)
            self._is_hidden = False

    def write(self, text: str) -> None:
        """Write something that takes no room, now."""
        with contextlib.suppress(OSError, ValueError):
            if text:
                self._stream.write(text)
                self._stream.flush()
