"""Where a video is saved: what the user typed, with the blanks filled in safely.

What the user types is trusted to mean what it says, `../out/{prompt}.mp4` included. What is filled in comes from
prompts and providers, so each value becomes one harmless part of a path, the same on every operating system.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from ..errors import UsageError

FIELDS = ("job", "id", "ref", "provider", "model", "duration", "resolution", "date", "time", "prompt", "name", "take")
NAME_BYTES = 240
"""The longest file name: 255 is what file systems take, and `.part.json` has to fit behind it."""
SLUG = 60
_LEAST_BYTES = 16

_BLANK = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_SEPARATORS = tuple(filter(None, {os.sep, os.altsep}))
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?", re.IGNORECASE | re.DOTALL
)
_DEVICES = ("/dev", "/dev/fd", "/dev/pts") if os.name == "posix" else ()
_SYSTEM = ("/proc/", "/sys/") if os.name == "posix" else ()
_PLAIN = frozenset("._-+=@,")
# letters and marks by category that nobody can see: fillers, joiners, variation selectors
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def target(output: str | None, values: Mapping[str, str], *, default: str = "{job}.mp4") -> Path:
    """The file to save to, from `--output` or the default, with `{job}` and the other FIELDS filled in.

    A folder (one that exists, or a text that ends in a separator) gets `<job>.mp4` inside. UsageError for an empty
    text, an unknown field, a name that is too long, and for what is there already and is no file.
    """
    text = default if output is None else output
    if not text:
        raise UsageError("--output is empty", hint="name a file or a folder, or omit --output")
    if "\0" in text:
        raise UsageError("--output holds a NUL character")
    path = _filled(_at_home(text), values)
    if _is_folder(text) or os.path.isdir(path):  # noqa: PTH112 - Path raises where a name is too long
        path /= _filled("{job}.mp4", values)
    _must_be_free_or_a_file(path)
    return path


def for_take(output: str | None, take: int | None) -> str | None:
    """The template of a take: `.take-2` goes before the ending where the text has no place for it."""
    if output is None or take in (None, 1) or "{take}" in output or _is_folder(output):
        return output
    path, ending = os.path.splitext(output)  # noqa: PTH122 - a Path would drop what the user typed
    return f"{path}.take-{take}{ending}"


def clean(value: str, *, limit: int = NAME_BYTES, otherwise: str = "untitled") -> str:
    """One safe part of a path of at most `limit` bytes, never empty; cleaning it again changes nothing."""
    kept = "".join(c if _is_plain(c) else "-" for c in unicodedata.normalize("NFC", value))
    text = _trimmed(re.sub("-{2,}", "-", kept))
    if len(text.encode()) > limit:
        # one byte less, for the mark in front of a name that is reserved only once it is cut
        text = _trimmed(text.encode()[: limit - 1].decode(errors="ignore"))
    text = text or otherwise
    return f"_{text}" if _RESERVED.fullmatch(text) else text


def slug(prompt: str) -> str:
    """A prompt as words joined by "-", whole words as far as 60 characters reach."""
    text = unicodedata.normalize("NFC", prompt).replace("'", "").replace("’", "")
    words = re.findall(r"[^-._+=@,]+", "".join(c if _is_plain(c) else "-" for c in text))
    short = "-".join(words)
    if len(short) <= SLUG:
        return short
    whole, _, _ = short[: SLUG + 1].rpartition("-")
    return whole or short[:SLUG]


def _at_home(text: str) -> str:
    return os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises for a user that there is none of


def _is_folder(text: str) -> bool:
    return text.endswith(_SEPARATORS) or os.path.isdir(text)  # noqa: PTH112 - Path raises where a name is too long


def _filled(text: str, values: Mapping[str, str]) -> Path:
    for limit in range(NAME_BYTES, _LEAST_BYTES - 1, -1):
        path = Path(_BLANK.sub(lambda blank: _value(blank, values, limit), text))  # noqa: B023 - used at once
        if len(os.fsencode(path.name)) <= NAME_BYTES:
            break
    else:
        raise UsageError(f"the file name in --output is too long: at most {NAME_BYTES} bytes", hint="shorten it")
    if _RESERVED.fullmatch(path.name) and (os.name == "nt" or path.name != Path(text).name):
        path = path.with_name(f"_{path.name}")
    return path


def _value(blank: re.Match[str], values: Mapping[str, str], limit: int) -> str:
    field = blank[1]
    if field is None:
        return blank[0][0]
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, 1, 0.5)
        meant = f"; did you mean {{{near[0]}}}?" if near else ""
        known = " ".join(f"{{{name}}}" for name in FIELDS)
        raise UsageError(f"--output has an unknown field {blank[0]}{meant}", hint=f"known fields: {known}")
    if field == "name" and not values.get(field):
        raise UsageError("--output has {name}, and this job has none", hint="add --name TEXT")
    value = values.get(field, "")
    return clean(slug(value) if field == "prompt" else value, limit=limit, otherwise=field)


def _is_plain(character: str) -> bool:
    visible = character.isalnum() or unicodedata.category(character).startswith("M")
    return character in _PLAIN or (visible and not _UNSEEN.match(character))


def _trimmed(text: str) -> str:
    return text.lstrip(".-").rstrip(".-")


def _must_be_free_or_a_file(path: Path) -> None:
    """A name is what it is, wherever a link there leads: /dev/stdout is no file, also where stdout goes into one."""
    folder = os.path.realpath(path.parent)
    if folder in _DEVICES or folder.startswith(_SYSTEM):
        raise UsageError(f"{path} is a device or a pipe, not a file", hint="use -o - to stream the video to stdout")
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # not there yet, or not to be looked at: opening it will say so
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a folder, and a video cannot take its place")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is a device or a pipe, not a file", hint="use -o - to stream the video to stdout")
