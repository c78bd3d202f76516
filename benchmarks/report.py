"""The table in Markdown, the plot as SVG, and the section of a page that shows both."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from .rows import Bars, Row

BEGIN, END = "<!-- benchmarks: written by python -m benchmarks -->", "<!-- end of benchmarks -->"
_LEFT, _RIGHT, _LINE, _WIDTH = 190, 110, 22, 760


def table(rows: Sequence[Row]) -> str:
    """Every row with its target and whether that was met."""
    lines = ["| What | hailuo | Against | Ratio | Target | Others |", "|---|---|---|---|---|---|"]
    for row in rows:
        unit = f" {row.limit}" if row.limit else " ×"
        ratio = f"{row.ratio:.2f}{unit}" if row.ratio is not None else "not measured"
        sign = "≥" if row.at_least else "≤"
        missed = "" if row.met else ", missed"
        target = f"{sign} {row.target:g}{unit}{missed}"
        lines.append(f"| {row.what} | {row.ours} | {row.against} | {ratio} | {target} | {row.others} |")
    return "\n".join(lines) + "\n"


def plot(groups: Sequence[Bars]) -> str:
    """Horizontal bars, one group below the other, each group on its own scale."""
    parts: list[str] = []
    y = 10
    for group in groups:
        y += 24
        parts.append(f'<text x="10" y="{y}" class="title">{html.escape(group.title)}</text>')
        longest = max(value for _, value in group.values)
        for name, value in group.values:
            y += _LINE
            width = max(1.0, (_WIDTH - _LEFT - _RIGHT) * value / longest)
            kind = "ours" if name.startswith("hailuo") and name != "hailuo-cli" else "other"
            shown = f"{value:.1f}" if value < 10 else f"{value:.0f}"
            parts.append(f'<text x="{_LEFT - 8}" y="{y}" class="name">{html.escape(name)}</text>')
            parts.append(f'<rect x="{_LEFT}" y="{y - 12}" width="{width:.1f}" height="15" class="{kind}"/>')
            parts.append(f'<text x="{_LEFT + width + 6:.1f}" y="{y}">{shown} {group.unit}</text>')
        y += 12
    height = y + 10
    style = (
        "text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-weight:600}.name{text-anchor:end}"
        ".ours{fill:#1f883d}.other{fill:#8c959f}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="hailuo beside other tools"><style>{style}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def write_section(page: Path, section: str) -> None:
    """Put the section between its two marks."""
    text = page.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"{page.name} has no place marked for the benchmarks")
    page.write_text(marked.sub(lambda _: f"{BEGIN}\n\n{section.strip()}\n\n{END}", text), encoding="utf-8")
