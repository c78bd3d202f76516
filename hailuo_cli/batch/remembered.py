"""What records know of a batch, in the shape in which the ledger knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..ledger.base import Ledger
from ..model import Job, JobState
from .record import RecordLine


def jobs_of(lines: Iterable[RecordLine], batch: str, folder: Path) -> list[Job]:
    """The jobs of a batch that records tell of, oldest first; paths in them are relative to the batch file's folder."""
    found: dict[str, Job] = {}
    for line in lines:
        if line.batch != batch:
            continue
        provider, _, ticket = line.ref.partition(":")
        path = str((folder / line.output).absolute()) if line.output else None
        job = Job(
            id="",
            provider=provider,
            state=JobState.SUBMITTED,
            ticket=ticket,
            price_usd=line.price_usd,
            request_hash=line.request_hash,
            command="batch",
            batch=batch,
            row=line.id,
            take=line.take,
        )
        if line.event == "saved":
            job = replace(job, state=JobState.SAVED, path=path, sha256=line.sha256, bytes=line.bytes)
        found[line.ref] = job
    return list(found.values())


def unknown_to(ledger: Iterable[Job], recorded: Iterable[Job]) -> list[Job]:
    """The recorded jobs that the ledger does not know as jobs of the batch."""
    known = {(job.provider, job.ticket) for job in ledger}
    return [job for job in recorded if (job.provider, job.ticket) not in known]


def take_in(ledger: Ledger, recorded: Iterable[Job]) -> None:
    """Write recorded jobs into the ledger, each with its place in the batch."""
    for job in recorded:
        written, is_new = ledger.begin(job)
        if not is_new:
            ledger.note(written, batch=job.batch, row=job.row, take=job.take, request_hash=job.request_hash)
