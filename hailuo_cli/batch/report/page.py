"""The report as one page that needs nothing beside the videos: it opens from a folder, offline, and asks no one anything.

Whatever comes from rows and providers is text in it and never markup. A policy in the page allows its own script and
style by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from .outcomes import STATES, Report, RowOutcome, usd
from .tables import relative

POLICY = "default-src 'none'; media-src 'self' file:;"
MARK = escape(POLICY)
"""What stands in every page and hardly in any other."""
_HERE = Path(__file__).parent
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ORDERS = {
    "file": "as in the file",
    "id": "by row",
    "state": "by state",
    "provider": "by provider",
    "dearest": "dearest first",
}


def as_html(report: Report, folder: Path) -> str:
    """The page, to be saved in a folder: the videos are found from there."""
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = f"{POLICY} style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    providers = {row.provider: row.provider for row in report.rows if row.provider}
    cards = "\n".join(_card(number, row, folder) for number, row in enumerate(report.rows))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{_text(report.name)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1><bdi>{_text(report.name)}</bdi></h1>
<p class="soft">{_text(report.summary)}</p>
</header>
<form hidden aria-label="Filter and sort"><div>
<input name="search" type="search" placeholder="Search rows and prompts" aria-label="Search" autocomplete="off">
{_select("state", "State", {"": "every state", **{state: state for state in report.by_state}})}
{_select("provider", "Provider", {"": "every provider", **providers})}
{_select("order", "Order", _ORDERS)}
<output name="count"></output>
</div></form>
<main>
{cards}
<p id="none" hidden>No row is like that.</p>
</main>
<footer>Made by hailuo at {_text(report.made_at)}.</footer>
<script>{script}</script>
</body>
</html>
"""


def _card(number: int, row: RowOutcome, folder: Path) -> str:
    searched = " ".join([row.label, row.prompt, row.error or "", json.dumps(dict(row.extra), ensure_ascii=False)])
    data = {
        "number": number,
        "id": row.label,
        "state": row.state,
        "rank": STATES.index(row.state),
        "provider": row.provider or "",
        "price": "" if row.price_usd is None else row.price_usd,
        "text": searched.lower(),
    }
    attributes = " ".join(f'data-{name}="{_text(str(value))}"' for name, value in data.items())
    error = f'<p class="error" dir="auto">{_text(row.error)}</p>\n' if row.error else ""
    return f"""<article {attributes}>
<div class="screen">{_screen(row, folder)}</div>
<div class="text">
<h2><bdi>{_text(row.label)}</bdi><span class="state {row.state}">{row.state}</span></h2>
<p class="prompt" dir="auto">{_text(row.prompt)}</p>
{error}<dl>{_facts(row, folder)}</dl>
</div>
</article>"""


def _screen(row: RowOutcome, folder: Path) -> str:
    if row.state != "done" or row.output is None:
        return f"<span>{row.state}</span>"
    # without the script a browser still reads nothing until somebody plays it
    return f'<video controls preload="none" playsinline src="{_address(row.output, folder)}"></video>'


def _facts(row: RowOutcome, folder: Path) -> str:
    made = " ".join(filter(None, [f"{row.duration} s" if row.duration else "", row.resolution or ""]))
    source = f", {row.price_source}" if row.price_source else ""
    facts = [
        ("Provider", " · ".join(filter(None, [row.provider, row.model, made]))),
        ("Price", f"{usd(row.price_usd)}{source}"),
        ("Job", row.job or ""),
        *((name, value if isinstance(value, str) else json.dumps(value)) for name, value in row.extra.items()),
    ]
    lines = [f"<dt>{_text(name)}</dt><dd><bdi>{_text(value)}</bdi></dd>" for name, value in facts if value]
    if row.state == "done" and row.output:
        link = f'<a href="{_address(row.output, folder)}">{_text(Path(row.output).name)}</a>'
        lines.append(f"<dt>File</dt><dd>{link}</dd>")
    return "".join(lines)


def _address(path: str, folder: Path) -> str:
    """Where a page in that folder finds a file."""
    way = relative(path, folder) or ""
    return Path(path).as_uri() if Path(way).is_absolute() else quote(way)


def _select(name: str, label: str, choices: Mapping[str, str]) -> str:
    lines = "".join(f'<option value="{_text(value)}">{_text(shown)}</option>' for value, shown in choices.items())
    return f'<select name="{name}" aria-label="{label}">{lines}</select>'


def _text(text: str) -> str:
    """A text as HTML that shows just it."""
    return escape(_UNSEEN.sub("\ufffd", text))


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
