"""`hailuo label`: what a film says of its own making."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import complete, front_end
from .commands import Command, Group
from .preview import FilmArgument
from .show import Result, Show

if TYPE_CHECKING:
    from ..films.labels.reading import Labels

app = typer.Typer(
    cls=Group,
    add_completion=False,
    help="What a film says of its own making.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

NO_CLAIM = "nothing here is verified, and no label makes a film meet a law or a standard"


@app.callback()
def label() -> None:
    pass


@app.command("show", cls=Command)
def show_labels(ctx: typer.Context, film: FilmArgument) -> Result:
    """List what a film carries: C2PA manifest, XMP source type, the AIGC key, metadata."""
    from ..films import finding
    from ..films.labels import reading

    flags = ctx.find_root().obj
    show = Show(flags)
    path = finding.film(film, front_end.client(flags, show).context).path
    labels = reading.read(path)
    show.say(NO_CLAIM)
    return Result(_data(path, labels), _lines(labels))


@app.command("add", cls=Command)
def add(
    ctx: typer.Context,
    film: FilmArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The copy (NAME.labelled.mp4).", autocompletion=complete.files
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> Result:
    """Write a copy of a film that says, in XMP and in an AIGC key, that a model made it; the film stays as it is."""
    from ..errors import UsageError
    from ..films import finding
    from ..films.files import written
    from ..films.labels import writing

    flags = ctx.find_root().obj
    show = Show(flags)
    found = finding.film(film, front_end.client(flags, show).context)
    target = output.expanduser() if output else found.path.with_name(f"{found.path.stem}.labelled.mp4")
    if target.exists() and target.samefile(found.path):
        raise UsageError("a labelled copy cannot take the place of the film itself", hint="name another file with -o")
    job = found.job
    maker = writing.Maker(job.provider, job.ticket or "") if job else writing.Maker()
    with written(target, replace=force) as part:
        done = writing.label(found.path, part, maker)
    for warning in done.warnings:
        show.warn(warning)
    show.say(f"added: {', '.join(done.added) or 'nothing'}; kept: {', '.join(done.kept) or 'nothing'}; {NO_CLAIM}")
    show.say(f"sha256 of the film {done.source_sha256}")
    show.say(f"sha256 of the copy {done.sha256}")
    return Result({"path": str(target.absolute()), "source": str(found.path.absolute()), **vars(done)}, [str(target)])


def _data(path: Path, labels: Labels) -> dict[str, Any]:
    from ..films.labels.reading import statement

    manifest = labels.c2pa
    return {
        "path": str(path.absolute()),
        "says_generated": labels.says_generated,
        "c2pa": manifest and {"bytes": manifest.size, "says_generated": manifest.says_generated, "verified": False},
        "xmp": labels.has_xmp,
        "digital_source_type": list(labels.source_types),
        "aigc": [statement(text) or text for text in labels.aigc],
        "metadata": dict(labels.metadata),
    }


def _lines(labels: Labels) -> list[str]:
    manifest = labels.c2pa
    there = f"yes, {manifest.size:,} bytes, not verified" if manifest else "no"
    told = {
        "C2PA manifest": there + (", names a trained model" if manifest and manifest.says_generated else ""),
        "XMP source type": ", ".join(labels.source_types) or ("none in its packet" if labels.has_xmp else "no XMP"),
        "AIGC key": " ".join(labels.aigc) or "no",
        **{name: value for name, value in labels.metadata.items() if value not in labels.aigc},
    }
    return [f"{name + ':':18}{value}".replace("\n", " ") for name, value in told.items()]
