"""The live display of waiting, for a terminal on stderr. The only user of rich."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from ..duration import spoken
from ..model import Entry
from .show import clean
from .watching import Step, Tally, remaining

NARROW = 60
ROWS = 6
"""So many jobs have a line each; of more, the ones that moved last, below a line that counts them all."""


class _Cell(ProgressColumn):
    """One field of a task as plain text: text of a server is never read as markup."""

    def __init__(self, name: str, style: str = "") -> None:
        super().__init__()
        self._name = name
        self._style = style

    def render(self, task: Task) -> Text:
        return Text(str(task.fields.get(self._name, "")), style=self._style, no_wrap=True, overflow="ellipsis")


class _Elapsed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(spoken(time.monotonic() - task.fields["began"]), style="cyan", no_wrap=True)


class _Detail(ProgressColumn):
    """What a download brings, or how long the job may still take, as it is at this moment."""

    def render(self, task: Task) -> Text:
        detail = task.fields["detail"] or remaining(task.fields["outlook"], time.monotonic())
        return Text(detail, style="dim", no_wrap=True, overflow="ellipsis")


class Live:
    """A line a job: name, state, elapsed and remaining time, percent or bytes and speed where they are known."""

    def __init__(self, tally: Tally, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        wide = self._console.width >= NARROW
        columns: list[ProgressColumn] = [SpinnerColumn(finished_text="✓")]
        columns += [_Cell("name", "bold")] if wide else []
        columns += [_Cell("word"), _Elapsed(), _Detail()]
        columns += [BarColumn(bar_width=16)] if wide else []
        columns += [_Cell("percent", "magenta")]
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._began = time.monotonic()
        self._total = self._line("all jobs", str(tally)) if tally.count > 1 else None

    def __enter__(self) -> Live:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, step: Step) -> None:
        # the jobs that moved last are at the end
        task = self._tasks.pop(step.entry.id, None)
        if task is None:
            if len(self._tasks) == ROWS:
                self._progress.remove_task(self._tasks.pop(next(iter(self._tasks))))
            task = self._line(clean(step.entry.name)[-28:], "")
        self._tasks[step.entry.id] = task
        self._progress.update(
            task,
            word=clean(step.word),
            detail=step.detail,
            outlook=step.outlook,
            total=1.0 if step.share is not None else None,
            completed=step.share or 0.0,
            percent=f"{step.share:.0%}" if step.share is not None else "",
        )

    def end(self, entry: Entry, tally: Tally) -> None:
        if self._total is None:
            return
        if (task := self._tasks.pop(entry.id, None)) is not None:
            self._progress.remove_task(task)
        over = tally.done + tally.failed
        self._progress.update(self._total, word=str(tally), total=tally.count, completed=over)

    def tell(self, text: str) -> None:
        self._console.print(Text(clean(text)))

    def _line(self, name: str, word: str) -> TaskID:
        facts: dict[str, Any] = {"name": name, "word": word, "detail": "", "outlook": None, "percent": ""}
        facts["began"] = self._began
        return self._progress.add_task("", total=None, **facts)
