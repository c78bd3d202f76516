"""The live display of waiting, for a terminal on stderr: one picture for one job, for several and for hundreds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.text import Text

from ..model import Job
from . import taskbar
from .display import Step, Tally, name_of, told_by
from .frame import ASCII, FRAMES_PER_SECOND, Frame, Marks, Row
from .screen import Screen
from .show import Show, clean
from .ticker import Ticker

_NO_REFLOW = ("XTERM_VERSION", "STY")
"""Variables of terminals that cut lines where the window gets narrower."""


class Live:
    """A line a job, drawn over and over; what is told, and whatever else is printed meanwhile, stands above it."""

    def __init__(
        self,
        show: Show,
        tally: Tally,
        stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show = show
        self._tally = tally
        self._stream = stream or sys.stderr
        self._clock = clock
        self._began = clock()
        self._rows: dict[str, Row] = {}
        self._taskbar = taskbar.detected(environ)
        self._shown: frozenset[str] = frozenset()
        self._said_outside = ""
        self._encoding = self._stream.encoding or "ascii"
        self._marks = Marks() if self._encoding.lower().replace("-", "") == "utf8" else ASCII
        self._ink = Console(
            file=self._stream, force_terminal=True, no_color=bool(environ.get("NO_COLOR")), legacy_windows=False
        )
        self._screen = Screen(self._stream, reflows=not any(name in environ for name in _NO_REFLOW))
        self._open = ExitStack()

    def __enter__(self) -> Live:
        self._screen.on_change(self.draw)
        with ExitStack() as opened:
            opened.enter_context(self._show.printing_aside(self._screen.aside))
            opened.enter_context(self._screen)
            opened.callback(lambda: self._screen.write(self._taskbar.clear()))
            self._screen.write(self._taskbar.begin())
            opened.enter_context(Ticker(1 / FRAMES_PER_SECOND, self.draw))
            self._open = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def step(self, step: Step) -> None:
        now = self._clock()
        last = self._rows.get(step.job.id)
        told = told_by(step, last.told if last else None, now)
        if last is None:
            began = step.eta.began if step.eta else now
            row = Row(step, self._name(step), began, now, told)
        else:
            is_same = (last.step.word, last.step.share) == (step.word, step.share)
            row = replace(last, step=step, told=told, moved=last.moved if is_same else now)
        self._rows = {**self._rows, step.job.id: row}

    def end(self, job: Job) -> None:
        # a new mapping each time: the thread that draws reads the old one to its end
        self._rows = {name: row for name, row in self._rows.items() if name != job.id}

    def tell(self, text: str) -> None:
        self._show.say(text)

    def frame(self) -> Frame:
        """The display as it is at this moment."""
        size = self._screen.size
        return Frame(
            rows=list(self._rows.values()),
            tally=self._tally,
            now=self._clock(),
            began=self._began,
            columns=size.columns,
            height=size.lines,
            marks=self._marks,
            before=self._shown,
        )

    def draw(self) -> None:
        """Put this moment on the screen."""
        frame = self.frame()
        lines = frame.lines()
        self._shown = frozenset(row.step.job.id for row in frame.shown())
        self._screen.draw([self._painted(line) for line in lines], [line.cell_len for line in lines], self._news(frame))

    def _painted(self, line: Text) -> str:
        with self._ink.capture() as captured:
            self._ink.print(line, end="", soft_wrap=True, highlight=False)
        # what the terminal has no letter for takes one cell all the same
        return captured.get().encode(self._encoding, "replace").decode(self._encoding)

    def _news(self, frame: Frame) -> str:
        """What the window's title and the taskbar are told, where it is something new."""
        is_known = self._tally.count > 1 or any(row.step.share is not None for row in frame.rows)
        what = frame.rows[-1].name if len(frame.rows) == self._tally.count == 1 else str(self._tally)
        share = frame.share if is_known else None
        title = f"hailuo: {what}" if share is None else f"hailuo {share:.0%}: {what}"
        text = self._taskbar.update(share, title, failed=self._tally.failed > 0)
        if text == self._said_outside:
            return ""
        self._said_outside = text
        return text

    def _name(self, step: Step) -> str:
        name = " ".join(clean(name_of(step.job, step.label)).split())
        is_taken = any(row.name == name for row in self._rows.values())
        return f"{name} {step.job.id}" if is_taken else name
