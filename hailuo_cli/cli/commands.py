"""What all commands have in common: the global options, and signatures made of groups of options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from . import complete

EVERYWHERE = "Options of every command"


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Spread every option group in a command's signature out for Typer, and pack it again for the command."""
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    spread: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            spread += _parameters(groups[name])
        else:
            spread.append(parameter.replace(annotation=hints.get(name, parameter.annotation)))

    @functools.wraps(command)
    def packed(**given: Any) -> Any:
        for name, group in groups.items():
            given[name] = group(**{f.name: given.pop(f.name) for f in fields(group)})
        return command(**given)

    spread.sort(key=lambda p: p.default is not inspect.Parameter.empty)
    packed.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    packed.__annotations__ = {p.name: p.annotation for p in spread}
    return packed


def _parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            f.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            annotation=_under(group.heading, hints[f.name]),
            default=inspect.Parameter.empty if f.default is MISSING else f.default,
        )
        for f in fields(group)
    ]


def _under(heading: str, hint: Any) -> Any:
    """The annotation of an option, which stands under this heading; a copy, for several groups may share an option."""
    kind, *about = get_args(hint)
    shown = [copy(one) for one in about]
    for one in shown:
        if isinstance(one, typer.models.OptionInfo):
            one.rich_help_panel = heading
    return Annotated[(kind, *shown)]


def _keep(ctx: typer.Context, param: Any, value: Any) -> None:
    if (value or value == "") and not ctx.resilient_parsing:
        setattr(ctx.find_root().obj, param.name, value)


def _global_options() -> list[TyperOption]:
    def option(*names: str, **how: Any) -> TyperOption:
        return TyperOption(
            param_decls=list(names), expose_value=False, callback=_keep, rich_help_panel=EVERYWHERE, **how
        )

    return [
        option(
            "--profile",
            metavar="NAME",
            help="Use this profile.",
            autocompletion=lambda _ctx, _args, incomplete: list(complete.profiles(incomplete)),
        ),
        option(
            "--config",
            metavar="FILE",
            help="Use this config file.",
            type=Path,
            autocompletion=lambda _ctx, _args, incomplete: list(complete.files(incomplete)),
        ),
        option("--json", is_flag=True, help="One JSON document on stdout."),
        option("--events", is_flag=True, help="One JSON object per line on stdout while working."),
        option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
        option("-v", "--verbose", count=True, type=int, help="Say more (-vv: also tracebacks)."),
    ]


class Command(TyperCommand):
    """A command that also takes the global options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_global_options()]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_options(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        _write_examples(ctx.command_path, formatter)


class Group(TyperGroup):
    """A group of commands that also takes the global options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_global_options()]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_paragraph(one.help)) for name, one in found if one and not one.hidden])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        _write_examples(ctx.command_path, formatter)


def first_paragraph(text: str | None) -> str:
    """What a command does, in the words that its help begins with."""
    return " ".join((text or "").split("\n\n")[0].split())


def _write_options(command: Any, ctx: Any, formatter: Any) -> None:
    """The arguments, then the options under the headings of their groups, those of every command at the end."""
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for param in command.get_params(ctx):
        panel = getattr(param, "rich_help_panel", None) or "Options"
        heading = "Arguments" if param.param_type_name == "argument" else EVERYWHERE if param.name == "help" else panel
        if record := param.get_help_record(ctx):
            sections.setdefault(heading, []).append(record)
    sections[EVERYWHERE] = sections.pop(EVERYWHERE, [])
    for heading, rows in sections.items():
        if rows:
            with formatter.section(heading):
                formatter.write_dl(rows)


def _write_examples(path: str, formatter: Any) -> None:
    from .examples import EXAMPLES, NAME_FILES

    if path in NAME_FILES:
        from ..model import OUTPUT_FIELDS

        with formatter.section("Fields in -o"):
            formatter.write_text(" ".join(f"{{{name}}}" for name in OUTPUT_FIELDS))
    with formatter.section("Examples"):
        for line in EXAMPLES.get(path, ()):
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")  # one line, for it is copied
