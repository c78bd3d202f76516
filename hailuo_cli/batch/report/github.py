"""What GitHub Actions shows of a batch: a summary of the step, and an annotation for each failure."""

from __future__ import annotations

from pathlib import Path

from .outcomes import FAILURES, Report, RowOutcome
from .tables import as_markdown

SUMMARY_BYTES = 1024 * 1024
"""GitHub drops a larger summary."""
MOST_ANNOTATIONS = 10
"""GitHub shows so many of one kind for each step."""


def step_summary(report: Report, folder: Path) -> str:
    """The report as Markdown for `GITHUB_STEP_SUMMARY`, without its table where that is too large."""
    text = as_markdown(report, folder)
    if len(text.encode()) < SUMMARY_BYTES:
        return text
    return f"{text.splitlines()[0]}\n\n{report.summary}.\n"


def error_annotations(report: Report) -> list[str]:
    """The lines that make annotations of what failed, refused or is unconfirmed; the last one counts what is left."""
    failures = [row for row in report.rows if row.state in FAILURES]
    shown = failures if len(failures) <= MOST_ANNOTATIONS else failures[: MOST_ANNOTATIONS - 1]
    lines = [_error(f"{report.name}: {row.label}", _what(row)) for row in shown]
    if left := len(failures) - len(shown):
        lines.append(_error(report.name, f"{left} more rows failed, were refused or are unconfirmed"))
    return lines


def _what(row: RowOutcome) -> str:
    return f"{row.state}: {row.error}" if row.error else row.state


def _error(title: str, message: str) -> str:
    escaped = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    escaped = escaped.replace(":", "%3A").replace(",", "%2C")
    return f"::error title={escaped}::" + message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
