"""The live display of waiting, for a terminal on stderr. The only user of rich."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from ..duration import spoken
from ..model import Entry
from .show import clean

NARROW = 60


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


class Live:
    """A line a job: name, state, elapsed and expected time, percent or bytes and speed where they are known."""

    def __init__(self, usual: int | None) -> None:
        self._usual = usual
        self._console = Console(stderr=True, highlight=False)
        wide = self._console.width >= NARROW
        columns: list[ProgressColumn] = [SpinnerColumn(finished_text="✓")]
        columns += [_Cell("name", "bold")] if wide else []
        columns += [_Cell("word"), _Elapsed(), _Cell("detail", "dim")]
        columns += [BarColumn(bar_width=16)] if wide else []
        columns += [_Cell("percent", "magenta")]
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Live:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, entry: Entry, word: str, share: float | None, detail: str) -> None:
        if entry.id not in self._tasks:
            self._tasks[entry.id] = self._progress.add_task(
                "", total=None, name=clean(entry.name)[-28:], word="", detail="", percent="", began=time.monotonic()
            )
        usually = f"usually {spoken(self._usual)}" if self._usual and word != "downloading" else ""
        self._progress.update(
            self._tasks[entry.id],
            word=clean(word),
            detail=detail.strip() or usually,
            total=1.0 if share is not None else None,
            completed=share or 0.0,
            percent=f"{share:.0%}" if share is not None else "",
        )

    def tell(self, text: str) -> None:
        self._console.print(Text(clean(text)))
