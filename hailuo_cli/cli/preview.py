"""`hailuo preview`: a look at a film in the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import complete, front_end
from .show import Result, Show, file_size

if TYPE_CHECKING:
    from ..films.frames import Film

NARROW, FEW, MANY = 60, 4, 6
"""Below so many columns a strip has few frames, else many."""

FilmArgument = Annotated[
    str, typer.Argument(metavar="FILE|JOB", help="A film, or a job that is saved.", autocompletion=complete.jobs)
]


def preview(
    ctx: typer.Context,
    film: FilmArgument,
    how: Annotated[
        Literal["kitty", "iterm2", "sixel", "blocks", "text"] | None,
        typer.Option(metavar="WAY", help="kitty, iterm2, sixel, blocks or text; else what the terminal has."),
    ] = None,
    frames: Annotated[int | None, typer.Option(metavar="N", help="So many frames (4 or 6).", min=1, max=24)] = None,
    image: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Write the strip of frames.", autocompletion=complete.files),
    ] = None,
    poster: Annotated[bool, typer.Option("--poster", help="Write a poster beside the film: NAME.poster.jpg.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> Result:
    """Show a film's poster and a strip of its frames in the terminal."""
    from ..errors import UsageError
    from ..films import finding
    from ..films import frames as reading

    flags = ctx.find_root().obj
    show = Show(flags)
    if image is not None and image.suffix.casefold() != ".png":
        raise UsageError(f"--image writes a PNG, and {image} is not called so", hint=f"--image {image}.png")
    path = finding.film(film, lambda: front_end.client(flags, show).context()).path
    columns = os.get_terminal_size(sys.stdout.fileno()).columns if _is_terminal() else 80
    found = reading.look(path, frames or (FEW if columns < NARROW else MANY))
    made = _written(path, found, image.expanduser() if image else None, poster, force)
    if not show.is_machine and (how or _is_terminal()):
        show.picture(_drawn(found, how))
    elif not made and not show.is_machine:
        show.say("stdout is not a terminal: --image FILE.png writes the strip, --how blocks draws all the same")
    facts = found.facts
    data: dict[str, Any] = {"path": str(path.absolute()), **vars(facts), **made}
    return Result(data, [_described(path, found), *made.values()])


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _written(path: Path, film: Film, image: Path | None, poster: bool, force: bool) -> dict[str, str]:
    from ..films import sheet
    from ..films.files import written

    made = {}
    if image is not None:
        with written(image, replace=force) as part:
            sheet.strip(film.frames).save(part, "PNG")
        made["image"] = str(image)
    if poster:
        target = path.with_suffix(".poster.jpg")
        with written(target, replace=force) as part:
            film.poster.convert("RGB").save(part, "JPEG", quality=90)
        made["poster"] = str(target)
    return made


def _drawn(film: Film, how: str | None) -> str:
    from ..films import preview as drawing
    from ..films.screen.terminal import Way, detected

    look = detected(os.environ, encoding=sys.stdout.encoding, how=Way(how) if how else None)
    return drawing.drawn(film, look, front_end.screen())


def _described(path: Path, film: Film) -> str:
    facts = film.facts
    parts = [path.name, f"{facts.width} × {facts.height}"]
    parts += [f"{facts.seconds:.1f} s"] if facts.seconds is not None else []
    parts += [f"{facts.fps:g} fps"] if facts.fps is not None else []
    return "  ".join([*parts, facts.codec, *(["sound"] if facts.has_sound else []), file_size(facts.bytes)])
