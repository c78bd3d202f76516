"""One moment of the live display as lines: how several jobs stand, or one, in a window of any size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from ..durations import spoken
from .display import Step, Tally, Told, counted, remaining

BAR_FROM = 60
"""Columns from which on there is a bar."""
WORDY_FROM = 100
"""Columns from which on there is room for what a provider calls a state."""
MOST_ROWS = 12
NARROWEST_NAME, WIDEST_NAME = 8, 32
NARROWEST_BAR, WIDEST_BAR = 8, 32
FRAMES_PER_SECOND = 5
STILL = 15.0
"""Seconds after which a job that did not move may give its line to another one."""
GAP = 2
PERCENT = 5
ECHO = len("^C")


@dataclass(frozen=True)
class Marks:
    """What bars and spinners are made of."""

    spinner: str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    full: str = "━"
    rest: str = "─"


ASCII = Marks(spinner="|/-\\", full="#", rest="-")


@dataclass(frozen=True)
class Row:
    """A job in the display; moments are of the clock. `moved` is when its state or its share changed last."""

    step: Step
    name: str
    began: float
    moved: float
    told: Told | None = None

    @property
    def rank(self) -> int:
        """How much is to be seen of it: a file that comes in, work with a share, work, and what only waits."""
        if self.step.is_transfer:
            return 0
        if self.step.share:
            return 1
        return 3 if self.step.word.startswith(("queued", "ordered")) else 2


@dataclass(frozen=True)
class _Layout:
    """Columns of the name, the word, the bar and the percent; 0: it is not there."""

    name: int
    word: int
    bar: int
    percent: int
    has_elapsed: bool


@dataclass(frozen=True)
class Frame:
    """The jobs at one moment `now`, in a window of so many columns and lines. `began` is when the wait began."""

    rows: Sequence[Row]
    tally: Tally
    now: float
    began: float
    columns: int
    height: int
    marks: Marks = Marks()
    before: Collection[str] = ()
    """The ids of the jobs that had a line a moment ago."""

    def lines(self) -> list[Text]:
        """The lines: one for the only job; of several one that counts them, those that move, and how many more."""
        if self.tally.count <= 1:
            return [self._job(row, self._layout([row])) for row in self.rows[-1:]]
        shown = self.shown()
        lines = [self._counting()]
        layout = self._layout(shown)
        lines += [self._job(row, layout) for row in shown]
        with_line = {row.step.job.id for row in shown}
        hidden = [row for row in self.rows if row.step.job.id not in with_line]
        more = max(self.tally.left - len(shown), len(hidden))
        if more > 0 and len(lines) < self._room:
            words = [row.step.word for row in hidden] + ["waiting"] * (more - len(hidden))
            lines.append(self._cut(Text(f"  +{more} more: {', '.join(counted(words))}", style="dim")))
        return lines

    @property
    def _width(self) -> int:
        """Columns that a line may have: behind the last one a terminal writes ^C, which must not begin another line."""
        return max(1, self.columns - ECHO)

    @property
    def _room(self) -> int:
        """Lines that the display may have: one of the window's is left for what is typed."""
        return max(1, self.height - 1)

    def shown(self) -> list[Row]:
        """Of several jobs those that have a line: the ones that move, in the order in which they came."""
        places = min(self._room - 1, MOST_ROWS)
        if self.tally.left > places == self._room - 1:
            places -= 1  # for the line that says how many more there are
        best = {row.step.job.id for row in sorted(self.rows, key=self._rank)[: max(0, places)]}
        return [row for row in self.rows if row.step.job.id in best]

    def _rank(self, row: Row) -> tuple[int, bool, bool, float]:
        """Who moved lately is shown, and who was shown stays."""
        return row.rank, self.now - row.moved > STILL, row.step.job.id not in self.before, -row.moved

    @property
    def share(self) -> float:
        """How much of all jobs is done, from 0 to 1; what ended otherwise is over, too."""
        parts = sum(1.0 if row.step.is_transfer else row.step.share or 0.0 for row in self.rows)
        return min(1.0, (self.tally.over + parts) / max(1, self.tally.count))

    def _layout(self, rows: Sequence[Row]) -> _Layout:
        """What these jobs' lines have in common: what is expected is said before a name is long or a bar wide."""
        several, is_wide = self.tally.count > 1, self.columns >= BAR_FROM
        word = max((cell_len(self._word(row)) for row in rows), default=0)
        detail = max((cell_len(self._detail(row)) for row in rows), default=0)
        percent = PERCENT if is_wide or any(row.step.share is not None for row in rows) else 0
        fixed = 2 + word + percent + (GAP + detail if detail else 0)
        least = 2 * GAP + NARROWEST_BAR + NARROWEST_NAME if is_wide else 0
        elapsed = GAP + max((len(spoken(self.now - row.began)) for row in rows), default=0)
        has_elapsed = not several and self._width - fixed >= least + elapsed
        fixed += elapsed if has_elapsed else 0
        names = min(WIDEST_NAME, max((cell_len(row.name) for row in rows), default=0)) if several or is_wide else 0
        room = self._width - fixed - (GAP if names else 0) - (GAP + NARROWEST_BAR if is_wide else 0)
        name = min(names, max(NARROWEST_NAME, room))
        bar = min(WIDEST_BAR, NARROWEST_BAR + max(0, room - name)) if is_wide else 0
        return _Layout(name, word, bar, percent, has_elapsed)

    def _word(self, row: Row) -> str:
        word = row.step.word
        return word if self.columns >= WORDY_FROM else word.partition(" (")[0]

    def _detail(self, row: Row) -> str:
        if self.columns < BAR_FROM and self.tally.count > 1 and row.step.share is not None:
            return ""  # the percent has to do
        return row.step.detail or remaining(row.step.eta, self.now, row.told)

    def _job(self, row: Row, layout: _Layout) -> Text:
        line = Text.assemble((self._spinner(), "green"), " ")
        if layout.name:
            name = Text(row.name, style="bold")
            name.truncate(layout.name, overflow="ellipsis", pad=True)
            line.append_text(name).append(" " * GAP)
        word = Text(self._word(row))
        word.truncate(layout.word, overflow="ellipsis", pad=True)
        line.append_text(word)
        if layout.bar:
            line.append(" " * GAP).append_text(self._bar(row, layout.bar))
        if layout.percent:
            percent = f"{row.step.share:.0%}" if row.step.share is not None else ""
            line.append(percent.rjust(layout.percent), "magenta")
        if detail := self._detail(row):
            line.append(" " * GAP).append(detail, "dim")
        if layout.has_elapsed:
            line.append(" " * GAP).append(spoken(self.now - row.began), "cyan")
        return self._cut(line)

    def _bar(self, row: Row, width: int) -> Text:
        """How far it is as the provider says; else a piece that wanders."""
        share = row.step.share
        if share is not None:
            full = round(width * min(max(share, 0.0), 1.0))
            return Text.assemble((self.marks.full * full, "green"), (self.marks.rest * (width - full), "dim"))
        piece = max(2, width // 4)
        at = int(self.now * FRAMES_PER_SECOND) % (width + piece - 1) - piece + 1
        lit = range(max(0, at), min(width, at + piece))
        before, after = self.marks.rest * lit.start, self.marks.rest * (width - lit.stop)
        return Text.assemble((before, "dim"), (self.marks.full * len(lit), "cyan"), (after, "dim"))

    def _counting(self) -> Text:
        line = Text(str(self.tally))
        elapsed = f"{' ' * GAP}{spoken(self.now - self.began)}"
        if self.columns >= BAR_FROM:
            room = self._width - line.cell_len - GAP - PERCENT - len(elapsed)
            width = min(WIDEST_BAR, max(0, room))
            full = round(width * self.share)
            if width >= NARROWEST_BAR:
                line.append(" " * GAP).append(self.marks.full * full, "green")
                line.append(self.marks.rest * (width - full), "dim").append(
                    f"{self.share:.0%}".rjust(PERCENT), "magenta"
                )
        return self._cut(line.append(elapsed, "cyan"))

    def _spinner(self) -> str:
        return self.marks.spinner[int(self.now * FRAMES_PER_SECOND) % len(self.marks.spinner)]

    def _cut(self, line: Text) -> Text:
        """The line as wide as the window at most, and without blanks at its end."""
        line.truncate(self._width, overflow="ellipsis")
        line.rstrip()
        return line
