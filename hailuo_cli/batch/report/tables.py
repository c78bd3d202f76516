"""The report as a table: CSV for spreadsheets, JSON lines for programs, Markdown for people and pull requests."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .outcomes import FAILURES, Report, RowOutcome, usd

COLUMNS = (
    "id",
    "take",
    "state",
    "provider",
    "model",
    "duration",
    "resolution",
    "price_usd",
    "price_source",
    "output",
    "job",
    "error",
    "prompt",
)
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_MARKUP = re.compile(r"([\\`*_{}\[\]|<>~&$@:])")
MOST_SHOWN = 1000
"""Rows of a Markdown table; a step summary holds 1 MiB."""

HEADING = "| Row | State | Provider | Model | Length | Price | Video |"


def as_jsonl(report: Report, folder: Path) -> str:
    """One JSON object a line for each outcome; paths as from a folder."""
    return "".join(json.dumps(_values(row, folder), ensure_ascii=False) + "\n" for row in report.rows)


def as_csv(report: Report, folder: Path) -> str:
    """A header and a line for each outcome, with a column for each name under `extra`.

    No cell begins like a formula: what would is made text by an apostrophe.
    """
    extras = list(dict.fromkeys(name for row in report.rows for name in row.extra))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_as_text(cell) for cell in (*COLUMNS, *(f"extra.{name}" for name in extras)))
    for row in report.rows:
        values = _values(row, folder)
        cells = [*(values[name] for name in COLUMNS), *(row.extra.get(name) for name in extras)]
        writer.writerow(_as_text(cell) for cell in cells)
    return out.getvalue()


def as_markdown(report: Report, folder: Path) -> str:
    """A heading, the totals, a table of the rows, and what went wrong; nothing in it is taken for markup."""
    lines = [f"### {_plain(report.name)}", "", f"{report.summary}.", ""]
    lines += [HEADING, "|---|---|---|---|---|---|---|"]
    lines += [_line(row, folder) for row in report.rows[:MOST_SHOWN]]
    if len(report.rows) > MOST_SHOWN:
        lines += ["", f"… and {len(report.rows) - MOST_SHOWN:,} more rows."]
    failures = [row for row in report.rows if row.state in FAILURES][:MOST_SHOWN]
    if failures:
        lines += ["", "<details open><summary>What went wrong</summary>", ""]
        lines += [f"- **{_plain(row.label)}**: {_plain(row.error or row.state)}" for row in failures]
        lines += ["", "</details>"]
    return "\n".join([*lines, "", f"Made at {report.made_at}.", ""])


def relative(path: str | None, folder: Path) -> str | None:
    """A path as from a folder, with forward slashes; absolute where there is no way between them."""
    if path is None:
        return None
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return Path(path).as_posix()


def _values(row: RowOutcome, folder: Path) -> dict[str, Any]:
    return {
        "id": row.id,
        "take": row.take,
        "state": row.state,
        "provider": row.provider,
        "model": row.model,
        "duration": row.duration,
        "resolution": row.resolution,
        "price_usd": None if row.price_usd is None else float(row.price_usd),
        "price_source": row.price_source,
        "output": relative(row.output, folder),
        "job": row.job,
        "error": row.error,
        "prompt": row.prompt,
        "extra": dict(row.extra),
    }


def _as_text(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _line(row: RowOutcome, folder: Path) -> str:
    length = " ".join(filter(None, [f"{row.duration} s" if row.duration else "", row.resolution or ""]))
    cells: Iterable[str | None] = (
        row.label,
        row.state,
        row.provider,
        row.model,
        length,
        usd(row.price_usd),
        relative(row.output, folder) if row.state == "done" else "",
    )
    return "| " + " | ".join(_plain(cell or "") for cell in cells) + " |"


def _plain(text: str) -> str:
    """A text on one line that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
