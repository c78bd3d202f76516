"""Fonts for a text in any script: the one that Pillow brings along, and those that this system has.

Pillow's own is Latin without accents. For what it lacks fontconfig is asked, where it is, and else the folders are
read where systems keep their fonts.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_SAMPLE = 100
_NO_LETTER = "\U0010fffd"
_MOST_FONTS = 4
_MOST_TRIED = 400
_SECONDS = 10.0
_ENDINGS = (".ttf", ".ttc", ".otf")
_LIKED = re.compile(
    r"noto ?sans|dejavu ?sans|arial ?unicode|pingfang|hiragino|msyh|yahei|malgun|gothic|nirmala|segoeui|arial|microhei|hei",
    re.IGNORECASE,
)
_DISLIKED = re.compile(r"bold|italic|oblique|light|thin|black|mono|serif|condensed|emoji|symbol", re.IGNORECASE)


@dataclass(frozen=True)
class Face:
    """One font: a file and the number of a face in it; without a file the one that Pillow brings along."""

    path: str | None = None
    index: int = 0

    def sized(self, points: float) -> Font:
        """The font at a size; OSError where the file is none that can be read."""
        return _sized(self, points)

    def has(self, letter: str) -> bool:
        """Whether the font can draw a letter; a blank needs no font."""
        return letter.isspace() or _has(self, letter)


BUILT_IN = Face()


@dataclass(frozen=True)
class Typeface:
    """Fonts in order: each letter is drawn with the first that has it."""

    faces: tuple[Face, ...] = (BUILT_IN,)

    def face(self, letter: str) -> Face | None:
        """The font for a letter, None where no font has it."""
        return next((face for face in self.faces if face.has(letter)), None)

    def lacks(self, text: str) -> bool:
        """Whether some letter of a text has no font."""
        return any(self.face(letter) is None for letter in text)


LATIN = Typeface()

Candidates = Callable[[str], Iterable[Face]]
"""Fonts of the system that may have a letter, the likeliest first."""


def found(text: str, candidates: Candidates | None = None) -> Typeface:
    """The fonts that draw a text. One font that has all of it draws all of it, so that words stay of one piece."""
    candidates = candidates or of_the_system
    faces: list[Face] = []
    left = {letter for letter in text if not BUILT_IN.has(letter) and letter.isprintable()}
    everything = set(text)
    while left and len(faces) < _MOST_FONTS:
        best = _best(min(left), left, everything, candidates)
        if best is None:
            left.discard(min(left))
            continue
        if not faces and all(best.has(letter) for letter in everything):
            return Typeface((best, BUILT_IN))
        faces.append(best)
        left = {letter for letter in left if not best.has(letter)}
    return Typeface((BUILT_IN, *faces))


def _best(letter: str, wanted: set[str], everything: set[str], candidates: Candidates) -> Face | None:
    """Of the fonts that have a letter, the first that has the most of what is wanted, and then of the whole text."""
    able: list[Face] = []
    for number, face in enumerate(candidates(letter)):
        if number >= _MOST_TRIED or len(able) >= _MOST_FONTS:
            break
        if _opens(face) and face.has(letter):
            able.append(face)
    return max(able, key=lambda face: (sum(map(face.has, wanted)), sum(map(face.has, everything))), default=None)


def of_the_system(letter: str) -> Iterator[Face]:
    """The system's fonts for a letter: those that fontconfig names, else all that are in the usual folders."""
    if program := shutil.which("fc-list"):
        yield from _listed(program, f"{ord(letter):x}")
    else:
        yield from _in_folders(tuple(folders(sys.platform, os.environ)))


@functools.lru_cache(maxsize=256)
def _listed(program: str, code: str) -> tuple[Face, ...]:
    try:
        done = subprocess.run(  # noqa: S603 - found on PATH, and told a number
            [program, f":charset={code}:scalable=true", "--format", "%{file}\t%{index}\t%{family} %{style}\n"],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = [line.split("\t", 2) for line in done.stdout.decode("utf-8", "replace").splitlines()]
    rows = [
        (path, int(index), name) for path, index, name in (line for line in lines if len(line) == 3) if index.isdigit()
    ]
    # the upper half of an index is the number of a named instance of a variable font
    return tuple(
        Face(path, index & 0xFFFF) for path, index, name in sorted(rows, key=lambda row: _rank(row[2], row[0]))
    )


@functools.lru_cache(maxsize=4)
def _in_folders(places: tuple[Path, ...]) -> tuple[Face, ...]:
    paths = [path for place in places for path in place.rglob("*") if path.suffix.casefold() in _ENDINGS]
    return tuple(Face(str(path)) for path in sorted(paths, key=lambda path: _rank(path.stem, str(path))))


def folders(platform: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where a system keeps fonts, those that are there."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/nonexistent")
    usual = {
        "darwin": [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"],
        "win32": [
            Path(environ.get("WINDIR", "C:\\Windows")) / "Fonts",
            Path(environ.get("LOCALAPPDATA", "/nonexistent")) / "Microsoft/Windows/Fonts",
        ],
    }
    other = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]
    yield from (place for place in usual.get(platform, other) if place.is_dir())


def _rank(name: str, path: str) -> tuple[bool, bool, str]:
    return bool(_DISLIKED.search(name)), not _LIKED.search(name), path


def _opens(face: Face) -> bool:
    try:
        face.sized(_SAMPLE)
    except (OSError, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=256)
def _sized(face: Face, points: float) -> Font:
    if face.path is None:
        return ImageFont.load_default(points)
    return ImageFont.truetype(face.path, points, index=face.index)


@functools.lru_cache(maxsize=16384)
def _has(face: Face, letter: str) -> bool:
    return _shape(face, letter) != _shape(face, _NO_LETTER)


@functools.lru_cache(maxsize=16384)
def _shape(face: Face, letter: str) -> tuple[object, bytes]:
    mask = face.sized(_SAMPLE).getmask(letter)
    return mask.size, bytes(mask)  # pyright: ignore[reportArgumentType] - it has no type, and is a sequence of bytes
