"""`--on-saved COMMAND`: a program that is run for each film once it is saved.

The command is split as a shell would do it and no shell runs it; what is filled in comes after the splitting, so a
prompt with quotes, blanks or `$(…)` stays one argument.
"""

from __future__ import annotations

import difflib
import ntpath
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from .programs import Program, resolved

FIELDS = (
    "path", "job", "id", "ref", "provider", "model", "duration", "resolution", "prompt", "name", "take", "batch",
    "price_usd", "sha256", "bytes", "created_at", "finished_at",
)  # fmt: skip
"""What can be filled in: values of the job object, the path first."""
_OTHER_NAMES = {"job": "id"}
_BLANK = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_SCRIPTS = (".bat", ".cmd")


@dataclass(frozen=True)
class OnSaved:
    """A command that was found to be runnable, with its blanks still open."""

    words: tuple[str, ...]

    def program(self, job: Mapping[str, Any]) -> Program:
        """The program for one saved job, given as its JSON object; a value that is not known is empty."""
        program, *arguments = self.words
        return Program((program, *(_filled(word, job) for word in arguments)))


def planned(command: str | Sequence[str], which: Callable[[str], str | None], *, is_windows: bool = False) -> OnSaved:
    """A command, as one text or as a list, checked before anything is ordered.

    UsageError where it is empty, cannot be split, has an unknown field, or names a program that is not there, and for
    a Windows batch file with fields: cmd.exe would read what is filled in as commands.
    """
    words = _split(command, is_windows) if isinstance(command, str) else list(command)
    if not words or not words[0].strip():
        raise UsageError("--on-saved is empty", hint="--on-saved 'PROGRAM {path}'")
    for word in words:
        _check_fields(word)
    if _has_field(words[0]):
        raise UsageError(f"--on-saved cannot fill in the program itself: {words[0]}", hint="name the program")
    found = resolved(words, which)
    if found is None:
        raise UsageError(f"--on-saved: there is no program {words[0]}", hint="install it, or give its whole path")
    if ntpath.splitext(found[0])[1].casefold() in _SCRIPTS and any(map(_has_field, words)):
        raise UsageError(
            f"--on-saved: {words[0]} is run by cmd.exe, which would read a prompt as commands",
            hint="name a program, e.g. powershell -File SCRIPT.ps1 {path}",
        )
    return OnSaved(tuple(word if number else found[0] for number, word in enumerate(words)))


def _split(command: str, is_windows: bool) -> list[str]:
    reader = shlex.shlex(command, posix=True)
    reader.whitespace_split, reader.commenters = True, ""
    if is_windows:
        reader.escape = ""  # a backslash there is part of a path
    try:
        return list(reader)
    except ValueError as error:
        raise UsageError(f"--on-saved cannot be split into words: {error}", hint="close every quote") from error


def _check_fields(word: str) -> None:
    if "\0" in word:
        raise UsageError("--on-saved holds a NUL character")
    for blank in _BLANK.finditer(word):
        if blank[1] is None or blank[1] in FIELDS:
            continue
        near = difflib.get_close_matches(blank[1], FIELDS, 1, 0.5)
        meant = f"; did you mean {{{near[0]}}}?" if near else ""
        known = " ".join(f"{{{name}}}" for name in FIELDS)
        raise UsageError(f"--on-saved has an unknown field {blank[0]}{meant}", hint=f"known fields: {known}")


def _has_field(word: str) -> bool:
    return any(blank[1] is not None for blank in _BLANK.finditer(word))


def _filled(word: str, job: Mapping[str, Any]) -> str:
    def value(blank: re.Match[str]) -> str:
        if blank[1] is None:
            return blank[0][0]
        found = job.get(_OTHER_NAMES.get(blank[1], blank[1]))
        return "" if found is None else str(found).replace("\0", "")

    return _BLANK.sub(value, word)
