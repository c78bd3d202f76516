"""What the action reads from hailuo's JSON: python documents.py mask FILE | end FOLDER

Only the standard library of the Python that hailuo was installed with. Results go to the files that the runner names.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any]:
    """One JSON document; empty where a command was ended before it could write one."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def mask(providers: Iterable[Mapping[str, Any]], environ: Mapping[str, str]) -> tuple[list[str], bool]:
    """The runner's commands that mask every key in the environment, and whether there is any key at all."""
    keys = {environ.get(one["key"]["env"] or "", "") for one in providers}
    lines = {f"::add-mask::{line}" for key in keys for line in key.splitlines() if line.strip()}
    return sorted(lines), any(one["key"]["found"] and one["key"]["env"] for one in providers)


def spent(run: Mapping[str, Any], before: Path, record: Path) -> Decimal:
    """What this run ordered, in USD: as it said itself; by the record where it was ended before it could."""
    told = run.get("data", {}).get("totals", {}).get("usd")
    if told is not None:
        return Decimal(str(told))
    had = len(ordered(before))
    return sum((Decimal(str(line.get("price_usd") or 0)) for line in ordered(record)[had:]), Decimal(0))


def ordered(record: Path) -> list[dict[str, Any]]:
    """The orders in a record; a line that was cut is none."""
    lines = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    found = []
    for line in lines:
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict) and one.get("event") == "ordered":
            found.append(one)
    return found


def counts(document: Mapping[str, Any]) -> dict[str, int]:
    """How many rows are saved, failed and unconfirmed."""
    states: Mapping[str, int] = document.get("data", {}).get("totals", {}).get("by_state", {})
    return {
        "saved": states.get("done", 0),
        "failed": states.get("failed", 0) + states.get("refused", 0),
        "unconfirmed": states.get("unconfirmed", 0),
    }


def plan_as_markdown(document: Mapping[str, Any]) -> str:
    """What a run would do, as a comment can show it."""
    data = document.get("data", {})
    if not document.get("ok"):
        error = document.get("error", {})
        bad = [f"| `{row['id']}` | {row['line']} | {cell(row['rule'])} |" for row in data.get("bad", ())]
        table = ["", "| Row | Line | Rule |", "|---|---|---|", *bad] if bad else []
        return (
            "\n".join([f"### hailuo: nothing can be ordered\n\n{cell(str(error.get('message', '')))}", *table]) + "\n"
        )
    totals = data["totals"]
    usd = f"{Decimal(str(totals['usd'])):.2f} USD" if totals.get("usd") is not None else "unknown"
    states = ", ".join(f"{number} {state}" for state, number in totals["by_state"].items() if number)
    lines = [f"### hailuo: {data['name']}", "", f"{totals['orders']} orders, {usd}; rows: {states or 'none'}."]
    if unknown := totals.get("unknown_prices"):
        lines.append(f"{unknown} orders have no known price.")
    lines += [
        "",
        "<details><summary>Rows</summary>",
        "",
        "| Row | Take | State | Provider | USD |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row['id']}` | {row['take']} | {row['state']} | {cell(str(row['provider'] or ''))} | {row['price_usd'] if row['price_usd'] is not None else 'unknown'} |"
        for row in data["rows"]
    ]
    return "\n".join([*lines, "", "</details>"]) + "\n"


def cell(text: str) -> str:
    """Text that stays inside a cell of a Markdown table and makes no tags."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def output(name: str, value: str) -> str:
    """One output in the runner's form, whatever is in the value."""
    mark = f"end-{uuid.uuid4().hex}"
    return f"{name}<<{mark}\n{value}\n{mark}\n"


def end(folder: Path, environ: Mapping[str, str]) -> None:
    """Write the outputs, and in mode plan the summary of the step."""
    plan, run, status = (read(folder / f"{name}.json") for name in ("plan", "run", "status"))
    summary, report = Path(environ["summary"]), environ["report"]
    if environ["MODE"] == "plan":
        summary.write_text(plan_as_markdown(plan), encoding="utf-8")
        with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
            file.write(summary.read_text(encoding="utf-8"))
    document = status if status.get("data") else plan
    files = [report] if report else []
    if environ["VIDEOS"] == "true":
        rows = document.get("data", {}).get("rows", ())
        files += [row["output"] for row in rows if row.get("state") == "done" and row.get("output")]
    values = {name: str(number) for name, number in counts(document).items()}
    values["spent"] = f"{spent(run, folder / 'record-before', Path(environ['RECORD'])):f}"
    values |= {"report": report, "summary": str(summary) if summary.is_file() else "", "files": "\n".join(files)}
    with Path(environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write("".join(output(name, value) for name, value in values.items()))


def main(words: list[str]) -> None:
    """One of the two."""
    if words[0] == "end":
        end(Path(words[1]), os.environ)
        return
    lines, has_key = mask(read(Path(words[1])).get("data", {}).get("providers", ()), os.environ)
    sys.stderr.write("".join(f"{line}\n" for line in lines))  # the runner reads its commands from stderr too
    sys.stdout.write("yes\n" if has_key else "no\n")


if __name__ == "__main__":
    main(sys.argv[1:])
