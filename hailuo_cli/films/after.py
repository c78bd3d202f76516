"""What is done with a film once it is saved: labelled, described beside itself, handed to a program.

All of it is planned before an order, and what cannot be done is refused then. Once a film is there nothing of this
can lose it or fail its command: what goes wrong is words for a warning.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..distribution.installation import missing_extra
from ..documents import job_document
from ..errors import HailuoError, UsageError
from ..model import Job
from . import info
from .files import written
from .labels import writing
from .on_saved import OnSaved, planned
from .programs import Start, run

Note = Callable[[Job, str, int], Job]
"""Writes down the SHA-256 and the size in bytes that a job's film has from now on, and gives the job."""


@dataclass(frozen=True)
class After:
    """The steps after saving. `environ` is what programs get, without keys; `stdout` is where theirs goes."""

    label: bool = False
    info: bool = False
    on_saved: OnSaved | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    stdout: Any = None
    start: Start = subprocess.run

    def finish(self, job: Job, note: Note, told: Callable[[str], None]) -> Job:
        """Label and describe the film that was just saved; the job as it is then. `told` hears what went wrong."""
        if job.path is None:
            return job
        for step in self._film_steps(job.sha256):
            try:
                job = step(job, note)
            except HailuoError as error:
                told(f"{job.path}: {error.message}")
            except OSError as error:
                told(f"{job.path}: {error}")
        return job

    def hand_on(self, job: Job, told: Callable[[str], None]) -> None:
        """Run the program that was asked for, to its end. `told` hears what went wrong."""
        if self.on_saved is None or job.path is None:
            return
        program = self.on_saved.program(job_document(job))
        if trouble := run(program, self.environ, start=self.start, stdout=self.stdout):
            told(f"--on-saved: {trouble}")

    def _film_steps(self, source_sha256: str | None) -> Iterator[Callable[[Job, Note], Job]]:
        if self.label:
            yield _label
        if self.info:
            yield lambda job, _: _describe(job, source_sha256)


def plan(
    *,
    label: bool,
    info: bool,
    command: str | Sequence[str] | None,
    to_pipe: bool,
    environ: Mapping[str, str],
    which: Callable[[str], str | None],
    stdout: Any = None,
    is_windows: bool = False,
) -> After:
    """The steps that were asked for; UsageError where one cannot be done. A label brings the document with it.

    The document has both hashes: of the bytes that came, and of the labelled film.
    """
    asked = [("--label", label), ("--write-info-json", info), ("--on-saved", command is not None)]
    if to_pipe and (names := [name for name, is_asked in asked if is_asked]):
        raise UsageError(f"{names[0]} needs a file, and -o - makes none", hint="-o FILE, or leave it out")
    if label and importlib.util.find_spec("av") is None:
        raise missing_extra("films", "--label needs the extra hailuo[films]")
    on_saved = None if command is None else planned(command, which, is_windows=is_windows)
    return After(label=label, info=info or label, on_saved=on_saved, environ=environ, stdout=stdout)


def _label(job: Job, note: Note) -> Job:
    path = Path(job.path or "")
    with written(path, replace=True) as part:
        done = writing.label(path, part, writing.Maker(job.provider, job.ticket or ""))
        part.chmod(path.stat().st_mode & 0o777)
        # the ledger knows the new hash before the file has its name, as when it was saved
        return note(job, done.sha256, done.bytes)


def _describe(job: Job, source_sha256: str | None) -> Job:
    target = info.beside(Path(job.path or ""))
    document = info.document(job_document(job), tool=f"hailuo {__version__}", source_sha256=source_sha256)
    if _is_same(target, document):
        return job
    with written(target, replace=_is_ours(target, job)) as part:
        part.write_text(info.text(document), encoding="utf-8")
    return job


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _is_same(path: Path, document: Mapping[str, Any]) -> bool:
    return bool(_read(path) == document)


def _is_ours(path: Path, job: Job) -> bool:
    """Whether what stands there is this job's own document of an earlier time."""
    found = _read(path)
    return isinstance(found, dict) and found.get("schema") == info.SCHEMA and found.get("id") == job.id
