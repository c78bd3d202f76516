"""The live display of waiting, for a terminal on stderr. The only user of rich."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, cast

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from ..durations import spoken
from ..model import Job
from .display import Step, Tally, remaining
from .show import clean

NARROW, WIDE = 60, 100
"""Below so many columns a job has no long name and no word of its provider; from so many on it has a bar."""
ROWS = 6
"""So many jobs have a line each; of more, the ones that moved last, below a line that counts them all."""


class _Terminal:
    """stderr, of which a terminal that went away is no reason to stop a paid job."""

    def __init__(self) -> None:
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


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
        return Text(_since(task.fields["began"]), style="cyan", no_wrap=True)


class _Detail(ProgressColumn):
    """What a download brings, or how long the job may still take, as it is at this moment."""

    def render(self, task: Task) -> Text:
        detail = task.fields["detail"] or remaining(task.fields["eta"], time.monotonic())
        return Text(detail, style="dim", no_wrap=True, overflow="ellipsis")


class _Counted(Progress):
    """A line that counts all jobs, above the lines of some."""

    def __init__(self, *columns: ProgressColumn, console: Console, tally: Tally) -> None:
        self._tally = tally
        self._began = time.monotonic()
        # stdout goes above the display where both are the terminal, and nowhere else but to its own reader
        shares = sys.stdout is not None and sys.stdout.isatty()
        super().__init__(*columns, console=console, transient=True, redirect_stdout=shares)

    def get_renderables(self) -> Iterable[RenderableType]:
        if self._tally.count > 1:
            line = Text(str(self._tally), no_wrap=True, overflow="ellipsis")
            yield line.append(f"  {_since(self._began)}", style="cyan")
        yield from super().get_renderables()


def _since(moment: float) -> str:
    return spoken(time.monotonic() - moment)


class Live:
    """A line a job: name, state, elapsed and remaining time, percent or bytes and speed where they are known.

    Of several jobs each is called by its short id, and one line counts them all.
    """

    def __init__(self, tally: Tally, console: Console | None = None) -> None:
        self._console = console or Console(file=cast(IO[str], _Terminal()), highlight=False)
        self._narrow, self._several = self._console.width < NARROW, tally.count > 1
        columns: list[ProgressColumn] = [SpinnerColumn(finished_text="✓")]
        columns += [_Cell("name", "bold")] if self._several or not self._narrow else []
        columns += [_Cell("word")]
        columns += [] if self._several else [_Elapsed()]
        columns += [_Detail()]
        columns += [BarColumn(bar_width=16)] if self._console.width >= WIDE else []
        columns += [_Cell("percent", "magenta")]
        self._progress = _Counted(*columns, console=self._console, tally=tally)
        self._tasks: dict[str, TaskID] = {}

    @property
    def picture(self) -> RenderableType:
        """The display as it is at this moment."""
        return self._progress.get_renderable()

    def __enter__(self) -> Live:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, step: Step) -> None:
        # the jobs that moved last are at the end
        task = self._tasks.pop(step.job.id, None)
        if task is None:
            if len(self._tasks) == ROWS:
                self._progress.remove_task(self._tasks.pop(next(iter(self._tasks))))
            own = step.job.id if self._several else step.job.called
            name = clean(step.label)[:28] if step.label else clean(own)[-28:]
            began = time.monotonic()
            task = self._progress.add_task("", total=None, name=name, began=began, word="", detail="", eta=None)
        self._tasks[step.job.id] = task
        self._progress.update(
            task,
            word=clean(step.word.partition(" (")[0] if self._narrow else step.word),
            detail=step.detail,
            eta=step.eta,
            total=1.0 if step.share is not None else None,
            completed=step.share or 0.0,
            percent=f"{step.share:.0%}" if step.share is not None else "",
        )

    def end(self, job: Job) -> None:
        if self._several and (task := self._tasks.pop(job.id, None)) is not None:
            self._progress.remove_task(task)

    def tell(self, text: str) -> None:
        self._console.print(Text(clean(text)))
