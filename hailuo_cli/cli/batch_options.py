"""The options of `hailuo batch`, and what they come to as values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from ..errors import UsageError
from . import complete
from .options import ListenAddress, Never, RowOptions

if TYPE_CHECKING:
    from ..batch.reading import Given
    from ..batch.selection import Selection

FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="TOML, JSONL or CSV with the rows.", show_default=False, autocompletion=complete.files
    ),
]
NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        help="A batch by its name, or its file.",
        show_default=False,
        autocompletion=complete.files,
    ),
]


@dataclass(frozen=True)
class FileOptions:
    """How the file is read."""

    heading: ClassVar[str] = "How the file is read"
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What the batch is called.")] = None
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="Where videos go: a name with {name} {take} …",
            autocompletion=complete.files,
        ),
    ] = None
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Let videos go outside the folder of the file.")
    ] = False


@dataclass(frozen=True)
class ChoiceOptions:
    """Which rows are meant, and what counts as work."""

    heading: ClassVar[str] = "Which rows"
    only: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Rows whose id matches (repeatable).")] = None
    never: Never = None
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="One of N parts of the rows.")] = None
    retry: Annotated[str | None, typer.Option(metavar="failed", help="Order failed rows again.")] = None
    keep_changed: Annotated[
        bool, typer.Option("--keep-changed", help="Leave rows alone that were edited after they were ordered.")
    ] = False
    record: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A record of orders; run appends to the last one (repeatable).",
            autocompletion=complete.files,
        ),
    ] = None


@dataclass(frozen=True)
class SpendingOptions:
    """How much may be spent."""

    heading: ClassVar[str] = "How much"
    budget: Annotated[str | None, typer.Option(metavar="USD", help="What this run may cost.")] = None
    max_clips: Annotated[int | None, typer.Option(metavar="N", help="At most so many videos.", min=0)] = None
    max_seconds: Annotated[int | None, typer.Option(metavar="N", help="At most so many seconds.", min=0)] = None
    assume_price: Annotated[str | None, typer.Option(metavar="USD", help="What an order of unknown price counts.")] = (
        None
    )
    yes: Annotated[bool, typer.Option("--yes", help="Order without asking.")] = False


@dataclass(frozen=True)
class PaceOptions:
    """How fast, and for how long."""

    heading: ClassVar[str] = "How fast"
    first: Annotated[int | None, typer.Option(metavar="N", help="Order N videos, wait, then the rest.", min=1)] = None
    at_once: Annotated[int, typer.Option(metavar="N", help="Jobs in flight at each provider.", min=1)] = 8
    max_failures: Annotated[int, typer.Option(metavar="N", help="Stop ordering after N in a row.", min=1)] = 5
    timeout: Annotated[str | None, typer.Option(metavar="DURATION", help="Give up after 90, 10m, 1h30m.")] = None
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Order, and wait for nothing.")] = False
    listen: ListenAddress = None


def given(file: FileOptions, row: RowOptions) -> Given:
    """What the command says for every row."""
    from ..batch.reading import Given
    from ..request import build

    said: dict[str, Any] = {f.name: getattr(row, f.name) for f in fields(row)}
    if said["param"]:
        said["param"] = build.params(said["param"])
    options = {name: value for name, value in said.items() if value is not None and value != []}
    for name in ("name", "output"):
        if getattr(file, name) == "":
            raise UsageError(f"--{name} is empty", hint="leave it out")
    return Given(file.name, file.output, options, file.allow_outside)


def selection(choice: ChoiceOptions) -> Selection:
    """The rows that are meant."""
    from ..batch.selection import Selection, Shard

    if choice.retry not in (None, "failed"):
        raise UsageError(f'--retry "{choice.retry}" is not known', hint="--retry failed")
    return Selection(tuple(choice.only or ()), Shard.parsed(choice.shard) if choice.shard is not None else None)
