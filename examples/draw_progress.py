"""Draws `progress.svg`: what the display shows of three jobs in a window of 80 columns, made by the display itself.

Every run draws the same picture. Usage: python draw_progress.py [FILE]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from rich.text import Text

from hailuo_cli.cli.display import Step, Tally, Told, name_of
from hailuo_cli.cli.frame import Frame, Row
from hailuo_cli.model import Job, JobState
from hailuo_cli.waiting.eta import Eta, estimate_duration

COLUMNS, CELL, LINE, EDGE = 80, 9.6, 22, 16
COLOURS = {"green": "#98c379", "cyan": "#56b6c2", "magenta": "#c678dd", "dim": "#7f848e", "bold": "#ffffff"}
PLAIN, GROUND = "#c8ccd4", "#282c34"
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
NOW = 95.0


def frame() -> Frame:
    """Four jobs after 95 s: one is saved, one comes in, one is made, one waits."""
    rows = [
        _row("beach", "downloading", 0.8, detail="4.2 MB 1.1 MB/s"),
        _row("lighthouse", "running", 0.45),
        _row("boat", "queued", None),
    ]
    return Frame(rows, Tally(4, done=1), NOW, 0.0, COLUMNS, 24)


def _row(name: str, word: str, share: float | None, detail: str = "") -> Row:
    job = Job(name, "pixazo", JobState.SUBMITTED, label=name)
    estimate = estimate_duration(150, [140.0, 150.0, 165.0])
    eta = Eta(estimate, 0.0) if estimate else None
    step = Step(job, word, share, detail, eta, is_transfer=bool(detail))
    told = Told(share, NOW - 5, nothing_at=30.0) if share else None
    return Row(step, name_of(job), began=0.0, moved=NOW, told=told)


def svg(lines: list[Text]) -> str:
    """Lines of text as a picture of a terminal; every letter stands in its own cell."""
    width, height = COLUMNS * CELL + 2 * EDGE, len(lines) * LINE + 2 * EDGE
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" font-size="16" font-family="{FONTS}">',
        f'<rect width="{width:g}" height="{height}" rx="8" fill="{GROUND}"/>',
    ]
    for number, line in enumerate(lines):
        y = EDGE + LINE * number + 16
        for start, text, style in _pieces(line):
            x, length = EDGE + start * CELL, len(text) * CELL
            drawn.append(
                f'<text x="{x:g}" y="{y}" textLength="{length:g}" xml:space="preserve" fill="{_colour(style)}">'
                f"{escape(text)}</text>"
            )
    return "\n".join([*drawn, "</svg>", ""])


def _pieces(line: Text) -> Iterator[tuple[int, str, str]]:
    """Runs of letters of one style: where each begins, its text, its style."""
    styles = [str(line.style)] * len(line.plain)
    for span in line.spans:
        styles[span.start : span.end] = [str(span.style)] * (span.end - span.start)
    start = 0
    for end in range(1, len(styles) + 1):
        if end == len(styles) or styles[end] != styles[start]:
            text = line.plain[start:end]
            if bare := text.strip():
                yield start + text.index(bare[0]), bare, styles[start]
            start = end


def _colour(style: str) -> str:
    return COLOURS.get(style, PLAIN)


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("progress.svg")
    target.write_text(svg(frame().lines()), encoding="utf-8")


if __name__ == "__main__":
    main()
