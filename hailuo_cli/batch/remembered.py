"""What records know of a batch, in the shape in which the ledger knows it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..ledger.sqlite import Ledger
from ..model import BatchPlace, Job, JobState
from .record import RecordLine

UNKNOWN = "{}"
"""The request of an order of which only the hash is known."""
Known = tuple[BatchPlace, Job]


def jobs_of(lines: Iterable[RecordLine], batch: str, folder: Path) -> list[Known]:
    """The jobs of a batch that records tell of, oldest first; paths in them are relative to the batch file's folder."""
    found: dict[str, Known] = {}
    for line in lines:
        if line.batch != batch:
            continue
        provider, _, ticket = line.ref.partition(":")
        path = str((folder / line.output).absolute()) if line.output else None
        job = Job(id="", provider=provider, state=JobState.SUBMITTED, ticket=ticket, price_usd=line.price_usd)
        if line.event == "saved":
            job = Job(
                id="",
                provider=provider,
                state=JobState.SAVED,
                ticket=ticket,
                price_usd=line.price_usd,
                path=path,
                sha256=line.sha256,
                bytes=line.bytes,
            )
        place = BatchPlace(batch, line.id, line.take, line.request_hash, UNKNOWN, path or "")
        found[line.ref] = (place, job)
    return list(found.values())


def unknown_to(ledger: Iterable[Known], recorded: Iterable[Known]) -> list[Known]:
    """The recorded jobs that the ledger has no row of."""
    known = {(job.provider, job.ticket) for _, job in ledger}
    return [(place, job) for place, job in recorded if (job.provider, job.ticket) not in known]


def take_in(ledger: Ledger, recorded: Iterable[Known]) -> None:
    """Write recorded jobs into the ledger, each with its place in the batch."""
    for place, job in recorded:
        written, is_new = ledger.begin(job, place=place)
        if not is_new:
            ledger.place(written, place)
