"""A report into its file, whole or not at all, and over nothing but an earlier report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import DiskError, UsageError
from . import page, tables
from .outcomes import Report

KINDS: Mapping[str, tuple[Callable[[Report, Path], str], str]] = {
    ".html": (page.as_html, page.MARK),
    ".md": (tables.as_markdown, tables.HEADING),
    ".csv": (tables.as_csv, ",".join(tables.COLUMNS[:3])),
    ".jsonl": (tables.as_jsonl, '"take":'),
}
"""How each kind is made, and what tells one from any other file of that kind."""
_BEGINNING = 8192


def write(report: Report, out: Path) -> None:
    """Write the kind of report that the file's name says.

    UsageError for another name, and where something else than a report is there; DiskError where it cannot be written.
    """
    made = KINDS.get(out.suffix.lower())
    if made is None:
        raise UsageError(f"{out} is none of {', '.join(KINDS)}", hint="-o report.html")
    kind, mark = made
    new = out.with_name(f"{out.name}.new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists() and (beginning := _beginning(out)) and mark not in beginning:
            raise UsageError(f"{out} is there and is no report of a batch", hint="name another file")
        new.write_bytes(kind(report, out.parent.absolute()).encode())
        new.replace(out)
    except OSError as error:
        raise DiskError(f"cannot write {out}: {error.strerror}") from error


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_BEGINNING).decode("utf-8", "replace")
