"""What a person or a program sees while jobs are waited for and saved: one reader of the events of a wait."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..documents import job_document
from ..errors import HailuoError, Interrupted
from ..orders.events import DownloadProgress, Event, Finished, PassedOn, Retrying, StatusChecked
from .closing import closing, end_of
from .display import Display, Plain, Silent, Step, Tally
from .show import Result, Show, file_size

if TYPE_CHECKING:
    from ..providers import Progress
    from .afterwards import Afterwards


def follow(
    events: Iterable[Event],
    show: Show,
    *,
    one: bool,
    count: int = 1,
    save: bool = True,
    after: Afterwards | None = None,
    missing: int = 0,
    others: Sequence[HailuoError] = (),
) -> Result:
    """Show events as they come, print each result as soon as it is there, and sum up.

    With several jobs the highest-numbered failure decides, after all were tried. `one`: a command about one job
    (its data is the job itself). `count` is how many jobs there are, `after` what is done with each saved film,
    `missing` how many orders were not made at all, because of `others`.
    """
    tally = Tally(count, verb="saved" if save else "ready")
    ended: list[Finished] = []
    failures: list[HailuoError] = []
    doubted: set[str] = set()
    said: dict[str, tuple[str, float | None]] = {}
    with display_of(show, tally) as display, _stops_both(events):
        for event in events:
            if isinstance(event, Retrying):
                _hitch(event, show, doubted)
                continue
            doubted.discard(event.job.id)
            if isinstance(event, PassedOn):
                _passed_on(event, show, display)
            elif isinstance(event, StatusChecked):
                _seen(event, show, display, said)
            elif isinstance(event, DownloadProgress):
                _moving(event, show, display)
            else:
                is_new = save and not event.error and not event.already
                if after and is_new:
                    event = replace(event, job=after.finish(event.job, show.warn))
                ended.append(event)
                count_end(tally, event)
                display.end(event.job)
                if event.error:
                    failures.append(event.error)
                    if not one:
                        show.event(
                            "error", code=event.error.code, message=event.error.message, job=job_document(event.job)
                        )
                elif save:
                    _saved(event, show, display)
                if after and is_new:
                    with show.aside():
                        after.hand_on(event.job, show.warn)
    if after and ended:
        names = [Path(event.job.path).name for event in ended if event.job.path]
        after.ended(len(ended) - len(failures), len(failures), names[0] if len(ended) == len(names) == 1 else None)
    if count + missing > 1:
        show.say(closing(ended, missing, others, tally.verb))
    jobs = [job_document(event.job) for event in ended]
    data = jobs[0] if one and jobs else {"jobs": jobs}
    lines = [] if save else [event.job.called for event in ended if not event.error]
    return Result({} if one and failures else data, lines).with_failures([*failures, *others], show)


def count_end(tally: Tally, event: Finished) -> None:
    """Count how a job ended: as failed only where it failed or was refused."""
    if event.error is None:
        tally.done += 1
        return
    match end_of(event):
        case "failed" | "refused":
            tally.failed += 1
        case "unconfirmed":
            tally.unconfirmed += 1
        case _:
            tally.unfinished += 1


@contextmanager
def _stops_both(events: Iterable[Event]) -> Iterator[None]:
    """A signal that arrives while an event is shown is heard where the jobs that are left are known, too."""
    try:
        yield
    except Interrupted as stop:
        if isinstance(events, Generator):
            events.throw(stop)
        raise


def _seen(event: StatusChecked, show: Show, display: Display, said: dict[str, tuple[str, float | None]]) -> None:
    progress, job = event.progress, event.job
    word, percent = said.get(job.id, ("", None))
    facts = {"state": progress.state.value, "provider_state": progress.word, "progress": progress.percent}
    if progress.word != word:
        show.event("state", ref=job.ref, **facts)
    elif progress.percent != percent:
        show.event("progress", ref=job.ref, **facts)
    said[job.id] = (progress.word, progress.percent)
    share = progress.percent / 100 if progress.percent is not None else None
    display.step(Step(job, word_of(progress), share, eta=None if progress.state.over else event.eta))


def word_of(progress: Progress) -> str:
    known = progress.state.value
    return known if progress.word.casefold() in ("", known) else f"{known} ({progress.word})"


def _hitch(event: Retrying, show: Show, doubted: set[str]) -> None:
    """One warning a trouble, not one a try: the next comes only after something went well again."""
    error, job = event.retry.error, event.job
    show.event("retry", ref=job.ref, code=error.code, message=error.message, wait=round(event.retry.wait, 1))
    if job.id not in doubted:
        doubted.add(job.id)
        if not show.is_quiet:
            show.warn(f"{error.message}; retrying")


def _passed_on(event: PassedOn, show: Show, display: Display) -> None:
    """A job that ended unbilled, and the one that was ordered in its place."""
    error, job = event.error, event.next_job
    show.event("passed_over", provider=event.job.provider, code=error.code, message=error.message)
    show.event("submitted", ref=job.ref, job=job_document(job))
    display.end(event.job)
    display.tell(f"ordered: {job.called}")


def _moving(event: DownloadProgress, show: Show, display: Display) -> None:
    amount = event.amount
    show.event("downloading", ref=event.job.ref, bytes=amount.done, total=amount.total)
    share = amount.done / amount.total if amount.total else None
    speed = f" {file_size(amount.speed)}/s" if amount.speed else ""
    display.step(Step(event.job, "downloading", share, f"{file_size(amount.done)}{speed}", is_transfer=True))


def _saved(event: Finished, show: Show, display: Display) -> None:
    job = event.job
    show.event("saved", ref=job.ref, path=job.path, bytes=job.bytes, sha256=job.sha256)
    verb = "already made" if event.already else "saved"
    display.tell(f"{verb}: {job.path or 'to stdout'} ({file_size(job.bytes or 0)})")
    show.path(job.path)


def display_of(show: Show, tally: Tally) -> AbstractContextManager[Display]:
    """The display that this terminal takes, or none of it."""
    if show.is_quiet:
        return nullcontext(Silent())
    if show.is_plain:
        return Plain(show, tally)
    from .progress import Live

    return Live(show, tally)
