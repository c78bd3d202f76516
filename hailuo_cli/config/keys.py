"""Finding and unlocking secrets: in the environment, in the file, or from a command that prints one."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from ..errors import AuthError, NoKey
from ..model import Secret

KEY_LIMIT = 4096
"""Characters; no key is longer."""
PRINT_LIMIT = 64 * 1024
"""Bytes that a key command may print."""
COMMAND_SECONDS = 60.0
"""How long a key command may take: it may ask a person."""
_SHELL_WORDS = re.compile(r"[|&;<>`$*]")
_SHELL = re.compile(r"(?:/\S*/)?(?:ba|z|da)?sh ")


class Places(NamedTuple):
    """Where one secret may be: a variable, a text in the file, a command. `kind` is its name there: api_key."""

    kind: str
    variable: str | None = None
    written: Secret | None = None
    command: str | None = None


class Located(NamedTuple):
    """What looking came to: the text of a secret where it is at hand, and every place that was looked into.

    `command` is the one still to be run; `source` is empty where nothing was found.
    """

    secret: Secret | None = None
    source: str = ""
    places: tuple[str, ...] = ()
    command: str | None = None


def locate(places: Places, path: Path, environ: Mapping[str, str]) -> Located:
    """Look for a secret, the environment first, without running anything."""
    looked: list[str] = []
    if places.variable:
        looked.append(f"{places.variable} in the environment")
        text = environ.get(places.variable)
        if text is not None and (lack := _lack(text)):
            looked[-1] += f" (it is set, but {lack})"
        elif text is not None:
            return Located(Secret(text), looked[-1], tuple(looked))
    if places.written:
        looked.append(f"{places.kind} in {path}")
        if lack := _lack(places.written.reveal()):
            looked[-1] += f" (it is there, but {lack})"
        else:
            return Located(places.written, looked[-1], tuple(looked))
    if places.command:
        looked.append(f"{places.kind}_command in {path}")
        return Located(None, looked[-1], tuple(looked), places.command)
    if not places.written:
        looked.append(f"an {places.kind} for it in {path}" if places.kind == "api_key" else f"{places.kind} in {path}")
    return Located(places=tuple(looked))


def unlocked(located: Located) -> Secret | None:
    """The secret in the form in which it is sent, running the command where there is one; None where none was found.

    NoKey where the command gives none, AuthError for what no key can be.
    """
    if located.command:
        return cleaned_key(printed(located.command, located.source), located.source)
    return cleaned_key(located.secret.reveal(), located.source) if located.secret else None


def cleaned_key(text: str, source: str) -> Secret:
    """A key without what copying adds to it; AuthError for what no key can be. `source` names where it is from."""
    key = text.strip("\ufeff\u00a0 \t\r\n")
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'":
        key = key[1:-1]
    if not key:
        raise AuthError(f"{source} is empty, and a key is needed")
    if len(key) > KEY_LIMIT or not re.fullmatch(r"[\x21-\x7e]+", key):
        raise AuthError(f"what is in {source} cannot be a key: it has spaces, line breaks or characters no key has")
    return Secret(key)


def printed(command: str, source: str, *, seconds: float = COMMAND_SECONDS) -> str:
    """The first line that a command prints. NoKey where it fails, takes too long or prints without end.

    It is split like a shell does and run without one; `~/` at the start of a word is the home folder.
    """
    import subprocess
    import threading

    words = [os.path.expanduser(word) for word in _words(command)]  # noqa: PTH111 - Path raises for an unknown user
    try:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise _gave_nothing(command, source, reason) from None
    said = bytearray()
    # a thread, because what the process has started may hold the pipe open for longer than the process lives
    listener = threading.Thread(target=_listen, args=(process.stdout, said), daemon=True)
    try:
        listener.start()
        listener.join(seconds)
        if len(said) > PRINT_LIMIT:
            raise _gave_nothing(command, source, f"it printed more than {PRINT_LIMIT // 1024} KiB")
        if listener.is_alive():
            raise _gave_nothing(command, source, f"it was not done within {seconds:g} s")
    except RuntimeError as error:  # no more threads are to be had
        raise _gave_nothing(command, source, str(error)) from None
    finally:
        if listener.is_alive() or len(said) > PRINT_LIMIT or listener.ident is None:
            process.kill()
        code = process.wait()
        if process.stdout:
            process.stdout.close()
    if code:
        raise _gave_nothing(command, source, f"exit code {code}")
    return said.decode("utf-8", "replace").strip().partition("\n")[0]


def _listen(pipe: IO[bytes], said: bytearray) -> None:
    with suppress(OSError, ValueError):  # closed by the one who waits no longer
        while len(said) <= PRINT_LIMIT and (piece := pipe.read(PRINT_LIMIT)):
            said += piece


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command) or [""]
    except ValueError:
        return [command]


def _gave_nothing(command: str, source: str, reason: str) -> NoKey:
    """The command itself is not repeated beyond its first word: what follows may be a secret."""
    name = _words(command)[0]
    hint = "run it in a terminal to see what it says; its first line has to be the key"
    if _SHELL_WORDS.search(command) and not _SHELL.match(command):
        hint = "it is run without a shell; for pipes and variables write sh -c '…'"
    return NoKey(f"{source} gave no key: `{name} …`: {reason}", hint=hint)


def _lack(text: str) -> str:
    """Why a text is no key at all, in words; empty where it may be one."""
    stripped = text.strip("\ufeff\u00a0 \t\r\n\"'")
    if not stripped:
        return "blank" if text else "empty"
    return "it holds only a comment" if stripped.startswith("#") else ""
