"""What a person or a program sees while jobs are waited for and saved: one reader of the events of `jobs`."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..delivery import Ended, Event, Hitch, Moving, Seen
from ..duration import spoken, spoken_range
from ..errors import HailuoError, Interrupted
from ..expected import Outlook
from ..model import Entry
from .show import Result, Show, clean, job

if TYPE_CHECKING:
    from ..providers import Progress

HEARTBEAT = 30.0


@dataclass(frozen=True)
class Step:
    """How one job stands: a short word ("running") and, where they are known, a share from 0 to 1 and more."""

    entry: Entry
    word: str
    share: float | None = None
    detail: str = ""
    outlook: Outlook | None = None


class Display(Protocol):
    """Shows how jobs stand; what is told stays on the screen. `end` takes a job off it."""

    def step(self, step: Step) -> None: ...

    def end(self, entry: Entry) -> None: ...

    def tell(self, text: str) -> None: ...


@dataclass
class Tally:
    """How many jobs of how many have come to which end."""

    count: int
    done: int = 0
    failed: int = 0
    verb: str = "saved"

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.count} {self.verb}{failed}"


def remaining(outlook: Outlook | None, now: float) -> str:
    """What is expected of a job that is at work: a range, or that it is late; nothing where nothing is known."""
    if outlook is None:
        return ""
    left = outlook.left(now)
    return f"{spoken_range(*left)} left" if left else "longer than usual"


class Plain:
    """Lines without ANSI: one per change of state, one heartbeat per 30 s, for several jobs together."""

    def __init__(self, show: Show, tally: Tally, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._tally = tally
        self._clock = clock
        self._began = self._told = clock()
        self._words: dict[str, str] = {}

    def step(self, step: Step) -> None:
        now = self._clock()
        is_new = self._words.get(step.entry.id) != step.word
        if not is_new and now - self._told < HEARTBEAT:
            return
        self._words[step.entry.id] = step.word
        after = f" after {spoken(now - self._began)}" if now - self._began >= 1 else ""
        if not is_new and self._tally.count > 1:
            self._show.say(f"{self._tally}{after}")
        else:
            percent = f" {step.share:.0%}" if step.share is not None else ""
            detail = step.detail or remaining(step.outlook, now)
            more = f", {detail}" if detail and not is_new else ""
            self._show.say(f"{step.entry.name}: {step.word}{percent}{after}{more}")
        if not is_new or self._tally.count == 1:
            self._told = now

    def end(self, entry: Entry) -> None:
        self._words.pop(entry.id, None)

    def tell(self, text: str) -> None:
        self._show.say(text)


def follow(events: Iterable[Event], show: Show, *, one: bool, count: int = 1, save: bool = True) -> Result:
    """Show events as they come, print each result as soon as it is there, and sum up.

    With several jobs the highest-numbered failure decides, after all were tried. `one`: a command about one job
    (its data is the job itself). `count` is how many jobs there are.
    """
    tally = Tally(count, verb="saved" if save else "ready")
    ended: list[Ended] = []
    failures: list[HailuoError] = []
    doubted: set[str] = set()
    said: dict[str, tuple[str, float | None]] = {}
    with _display(show, tally) as display, _stops_both(events):
        for event in events:
            if isinstance(event, Hitch):
                _hitch(event, show, display, doubted)
                continue
            doubted.discard(event.entry.id)
            if isinstance(event, Seen):
                _seen(event, show, display, said)
            elif isinstance(event, Moving):
                _moving(event, show, display)
            else:
                ended.append(event)
                tally.failed += event.error is not None
                tally.done += event.error is None
                display.end(event.entry)
                if event.error:
                    failures.append(event.error)
                    if not one:
                        show.event("error", code=event.error.code, message=event.error.message, job=job(event.entry))
                elif save:
                    _saved(event, show, display)
    entries = [job(event.entry) for event in ended]
    data = entries[0] if one and entries else {"jobs": entries}
    lines = [] if save else [event.entry.name for event in ended if not event.error]
    return Result({} if one and failures else data, lines).with_failures(failures, show)


@contextmanager
def _stops_both(events: Iterable[Event]) -> Iterator[None]:
    """A signal that arrives while an event is shown is heard where the jobs that are left are known, too."""
    try:
        yield
    except Interrupted as stop:
        if isinstance(events, Generator):
            events.throw(stop)
        raise


def _seen(event: Seen, show: Show, display: Display, said: dict[str, tuple[str, float | None]]) -> None:
    progress, entry = event.progress, event.entry
    word, percent = said.get(entry.id, ("", None))
    facts = {"state": progress.state.value, "provider_state": progress.word, "progress": progress.percent}
    if progress.word != word:
        show.event("state", ref=entry.ref, **facts)
    elif progress.percent != percent:
        show.event("progress", ref=entry.ref, **facts)
    said[entry.id] = (progress.word, progress.percent)
    share = progress.percent / 100 if progress.percent is not None else None
    display.step(Step(entry, _word(progress), share, outlook=None if progress.state.over else event.outlook))


def _word(progress: Progress) -> str:
    known = progress.state.value
    return known if progress.word.casefold() in ("", known) else f"{known} ({progress.word})"


def _hitch(event: Hitch, show: Show, display: Display, doubted: set[str]) -> None:
    """One warning a trouble, not one a try: the next comes only after something went well again."""
    error, entry = event.trouble.error, event.entry
    show.event("retry", ref=entry.ref, code=error.code, message=error.message, wait=round(event.trouble.wait, 1))
    if entry.id not in doubted:
        doubted.add(entry.id)
        display.tell(f"warning: {clean(error.message)}; trying on")


def _moving(event: Moving, show: Show, display: Display) -> None:
    amount = event.amount
    show.event("downloading", ref=event.entry.ref, bytes=amount.done, total=amount.total)
    share = amount.done / amount.total if amount.total else None
    speed = f" {size(amount.speed)}/s" if amount.speed else ""
    display.step(Step(event.entry, "downloading", share, f"{size(amount.done)}{speed}"))


def _saved(event: Ended, show: Show, display: Display) -> None:
    entry = event.entry
    show.event("saved", ref=entry.ref, path=entry.path, bytes=entry.bytes, sha256=entry.sha256)
    verb = "already there" if event.already else "saved"
    display.tell(f"{verb}: {entry.path or 'to stdout'} ({size(entry.bytes or 0)})")
    if not show.is_machine and entry.path:
        show.line(entry.path)


def size(count: float) -> str:
    """Bytes as people read them: 3.4 MB."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _display(show: Show, tally: Tally) -> AbstractContextManager[Display]:
    if show.is_quiet:
        return nullcontext(_Silent())
    if show.is_plain:
        return nullcontext(Plain(show, tally))
    from .progress import Live

    return Live(tally)


class _Silent:
    def step(self, step: Step) -> None:
        pass

    def end(self, entry: Entry) -> None:
        pass

    def tell(self, text: str) -> None:
        pass
