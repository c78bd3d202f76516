"""What a person or a program sees while jobs are waited for and saved: one reader of the events of `jobs`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from ..errors import HailuoError, Interrupted
from ..orders.deliver import Ended, Event, Hitch, Moving, Seen
from .display import Display, Plain, Silent, Step, Tally
from .show import Result, Show, clean, job

if TYPE_CHECKING:
    from ..providers import Progress


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
        return nullcontext(Silent())
    if show.is_plain:
        return nullcontext(Plain(show, tally))
    from .progress import Live

    return Live(tally)
