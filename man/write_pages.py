"""Writes the manual pages in man1/, one for each command, from the commands themselves: python man/write_pages.py"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from hailuo_cli.cli.app import app
from hailuo_cli.cli.examples import EXAMPLES, EXIT_CODES, NAME_FILES
from hailuo_cli.model import OUTPUT_FIELDS

PAGES = Path(__file__).parent / "man1"
VARIABLES: Mapping[str, str] = {
    "HAILUO_CONFIG": "The config file, as --config.",
    "HAILUO_PROFILE": "The profile, as --profile.",
    "HAILUO_PROVIDER": "The provider, as --provider.",
    "HAILUO_DATA_DIR": "Where the ledger and the jobs of the sandbox are.",
    "NO_COLOR": "Takes the colours out of what is printed, and nothing else.",
}


def pages() -> dict[str, str]:
    """Every page by its file name."""
    root: Any = typer.main.get_command(app)
    return {f"{'-'.join(path)}.1": page(path, command) for path, command in commands(("hailuo",), root)}


def commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and all below it, each with the words that call it."""
    yield path, command
    for name, one in (getattr(command, "commands", None) or {}).items():
        if not one.hidden:
            yield from commands((*path, name), one)


def page(path: tuple[str, ...], command: Any) -> str:
    """One page, in the macros of man(7)."""
    title = "-".join(path)
    summary, *rest = paragraphs(command.help or "")
    below = getattr(command, "commands", None) or {}
    options = [param for param in command.params if param.param_type_name == "option"]
    words = [bare(param) for param in command.params if param.param_type_name == "argument"]
    lines = [
        f'.TH "{title.upper()}" 1 "" "hailuo" "hailuo"',
        ".SH NAME",
        f"{roff(title)} \\- {roff(summary.rstrip('.'))}",
    ]
    asked = [*(["[OPTIONS]"] if options else []), *(["COMMAND"] if below else []), *words]
    lines += [".SH SYNOPSIS", f".B {roff(' '.join(path))}", roff(" ".join(asked))]
    if rest:
        lines += [".SH DESCRIPTION", *"\n.PP\n".join(map(roff, rest)).split("\n")]
    arguments = [
        (bare(p), p.help) for p in command.params if p.param_type_name == "argument" and getattr(p, "help", None)
    ]
    lines += listed("ARGUMENTS", arguments)
    lines += listed(
        "COMMANDS", [(name, (one.help or "").split("\n\n")[0]) for name, one in below.items() if not one.hidden]
    )
    for heading, members in by_panel(options).items():
        lines += listed(heading, [(spelled(option), option.help or "") for option in members])
    if " ".join(path) in NAME_FILES:
        lines += [".SH FIELDS IN \\-o", roff(" ".join(f"{{{name}}}" for name in OUTPUT_FIELDS))]
    if examples := EXAMPLES.get(" ".join(path)):
        lines += [".SH EXAMPLES", ".nf", *map(roff, examples), ".fi"]
    if path == ("hailuo",):
        lines += listed("EXIT STATUS", list(EXIT_CODES))
        lines += listed("ENVIRONMENT", list(VARIABLES.items()))
    others = [path[:-1]] if len(path) > 1 else []
    others += [(*path, name) for name, one in below.items() if not one.hidden]
    return "\n".join([*lines, ".SH SEE ALSO", *see_also(others)]) + "\n"


def listed(heading: str, entries: list[tuple[str, str]]) -> list[str]:
    """A section of terms, each with what it means; nothing where there is none."""
    lines = [f".SH {heading}"] if entries else []
    for term, text in entries:
        lines += [".TP", f".B {roff(term)}", roff(" ".join(text.split())) or "\\&"]
    return lines


def by_panel(options: list[Any]) -> dict[str, list[Any]]:
    """The options under the headings that --help has."""
    panels: dict[str, list[Any]] = {}
    for option in options:
        if not option.hidden:
            panels.setdefault((getattr(option, "rich_help_panel", None) or "Options").upper(), []).append(option)
    return panels


def spelled(option: Any) -> str:
    """How an option is typed."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag or option.count else f"{names} {option.metavar or option.name.upper()}"


def bare(argument: Any) -> str:
    """How an argument stands in the synopsis."""
    return str(argument.metavar or argument.name.upper()).strip("{}")


def see_also(others: list[tuple[str, ...]]) -> list[str]:
    """References to other pages."""
    return [f".BR {roff('-'.join(path))} (1){',' if path != others[-1] else ''}" for path in others]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a help text, each on one line; at least one."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())]


def roff(text: str) -> str:
    """Text that troff prints as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def main() -> None:
    """Write every page, and remove those of commands that are gone."""
    PAGES.mkdir(exist_ok=True)
    wanted = pages()
    for old in PAGES.glob("*.1"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (PAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
