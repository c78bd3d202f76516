"""Single frames of a film, and the facts about it. Needs PyAV and Pillow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..distribution.installation import missing_extra
from ..errors import BadVideo, DiskError, UsageError

if TYPE_CHECKING:
    from PIL import Image

LARGEST_SIDE = 16_384
"""Pixels. No film that Hailuo makes comes near; a file that says more is not decoded."""


@dataclass(frozen=True)
class Facts:
    """What a film is: sides in pixels as it is shown, `seconds` and `fps` None where the file does not tell."""

    width: int
    height: int
    seconds: float | None
    fps: float | None
    codec: str
    has_sound: bool
    bytes: int


@dataclass(frozen=True)
class Film:
    """The facts of a film, a poster from its middle, and frames spread evenly over its length."""

    facts: Facts
    poster: Image.Image
    frames: Sequence[Image.Image]


def look(path: Path, count: int) -> Film:
    """Open a film and take a poster and `count` frames out of it.

    UsageError without PyAV or where there is no such file, BadVideo where it is not a film that can be decoded,
    DiskError where it cannot be read.
    """
    with _opened(path) as container:
        stream = container.streams.video[0]
        seconds = _seconds(container, stream)
        shares = [(n + 0.5) / count for n in range(count)]
        # the middle first, then in order: each is one jump to a key frame and a few frames from there
        poster, *frames = [_at(container, stream, share * (seconds or 0.0)) for share in (0.5, *shares)]
        facts = Facts(
            width=poster.width,
            height=poster.height,
            seconds=seconds,
            fps=float(stream.average_rate) if stream.average_rate else None,
            codec=stream.codec_context.name,
            has_sound=bool(container.streams.audio),
            bytes=path.stat().st_size,
        )
    return Film(facts, poster, frames)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import av
        import PIL  # noqa: F401 - frames become its images
        from av.error import FFmpegError
    except ImportError as error:
        raise missing_extra("films", "looking at a film needs the extra hailuo[films]") from error
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise BadVideo(f"{path} is an empty file, not a film")
        with path.open("rb") as file, av.open(file, "r") as container:
            if not container.streams.video:
                raise BadVideo(f"{path} has no pictures, only sound or nothing")
            yield container
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"{path} is not a film: {error.strerror}", hint="give the path of a film, or a job") from error
    except (FFmpegError, ValueError, EOFError) as error:
        raise BadVideo(f"{path} is not a film that can be shown: {error}") from error
    except OSError as error:
        raise DiskError(f"{path} cannot be read: {error.strerror}") from error


def _seconds(container: Any, stream: Any) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration is not None else None


def _at(container: Any, stream: Any, seconds: float) -> Image.Image:
    """The frame that is shown at this time, the last one where there is none so late."""
    start = stream.start_time or 0
    container.seek(start + round(seconds / stream.time_base), stream=stream)
    shown = None
    for frame in container.decode(stream):
        if shown is not None and frame.time is not None and frame.time > seconds + float(start * stream.time_base):
            break
        shown = frame
    if shown is None:
        raise BadVideo("the film has no frame that can be decoded")
    return _image(shown, stream)


def _image(frame: Any, stream: Any) -> Image.Image:
    """A frame as it is shown: square pixels, turned as the file says."""
    if max(frame.width, frame.height) > LARGEST_SIDE:
        raise BadVideo(f"the film says it is {frame.width} × {frame.height}, which is no size of a film")
    image: Image.Image = frame.to_image()
    aspect = stream.sample_aspect_ratio
    if aspect and aspect != 1:
        image = image.resize((max(1, round(image.width * float(aspect))), image.height))
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
