"""The options that commands share, declared once: a dataclass of annotated fields is a group of options."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from . import complete


@dataclass(frozen=True)
class RequestOptions:
    """What to make, and at which provider."""

    prompt: Annotated[str, typer.Argument(help="Text, @FILE, or - for stdin.", show_default=False)]
    image: Annotated[str | None, typer.Option(metavar="PATH|URL|-", help="The start frame.")] = None
    last_image: Annotated[str | None, typer.Option(metavar="PATH|URL", help="The last frame, where sold.")] = None
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who makes it.", autocompletion=complete.providers)
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="A model id, or hailuo-2.3, hailuo-2.3-fast, hailuo-3 (h3), …",
            autocompletion=complete.models,
        ),
    ] = None
    duration: Annotated[int | None, typer.Option(metavar="SECONDS", help="6 or 10 for Hailuo 2.3, 4 to 15 for H3.")] = (
        None
    )
    resolution: Annotated[
        str | None,
        typer.Option(
            metavar="768P", help="768P or 1080P for Hailuo 2.3, 768P or 2K for H3.", autocompletion=complete.resolutions
        ),
    ] = None
    camera: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MOVES", help='"push in + tilt up"; again for what follows.', autocompletion=complete.moves
        ),
    ] = None
    prompt_optimizer: Annotated[
        bool | None,
        typer.Option("--prompt-optimizer/--no-prompt-optimizer", help="Let the provider rewrite the prompt."),
    ] = None
    fast_pretreatment: Annotated[
        bool | None, typer.Option("--fast-pretreatment/--no-fast-pretreatment", help="Rewrite the prompt in less time.")
    ] = None
    watermark: Annotated[bool | None, typer.Option("--watermark/--no-watermark", help="Mark the video as AI-made.")] = (
        None
    )
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Where the provider reports progress.")] = None
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=JSON", help="A raw field of the provider (repeatable).")
    ] = None


@dataclass(frozen=True)
class OrderOptions:
    """How to pay."""

    dedupe_key: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Your name for this job: ordered once, however often asked.")
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the request as it would go out; send nothing.")] = (
        False
    )
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Refuse what costs more, or has no known price.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", help="Order again even while the same order is unconfirmed.")] = False


@dataclass(frozen=True)
class WaitOptions:
    """How long to wait."""

    timeout: Annotated[str | None, typer.Option(metavar="DURATION", help="Give up after 90, 10m, 1h30m (30m).")] = None
    poll_interval: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Between looks; never below the provider's own.")
    ] = None


@dataclass(frozen=True)
class SaveOptions:
    """Where to put the video."""

    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File, folder/, - for stdout, or a name with {job} {prompt} …"
        ),
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False
    max_size: Annotated[str | None, typer.Option(metavar="BYTES", help="Refuse a larger video: 500M, 4G (4G).")] = None


Jobs = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB...",
        help="PROVIDER:TICKET, a ledger id, or @last.",
        autocompletion=complete.jobs,
        show_default=False,
    ),
]
Job = Annotated[
    str, typer.Argument(metavar="JOB", help="PROVIDER:TICKET, a ledger id, or @last.", autocompletion=complete.jobs)
]


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
            annotation=hints[f.name],
            default=inspect.Parameter.empty if f.default is MISSING else f.default,
        )
        for f in fields(group)
    ]


def _keep(ctx: typer.Context, param: Any, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        setattr(ctx.find_root().obj, param.name, value)


def _global_options() -> list[TyperOption]:
    def option(*names: str, **how: Any) -> TyperOption:
        return TyperOption(param_decls=list(names), expose_value=False, callback=_keep, **how)

    return [
        option(
            "--profile",
            metavar="NAME",
            help="Use this profile.",
            autocompletion=lambda _ctx, _args, incomplete: list(complete.profiles(incomplete)),
        ),
        option("--config", metavar="FILE", help="Use this config file.", type=Path),
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


class Group(TyperGroup):
    """A group of commands that also takes the global options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_global_options()]
