"""Other programs, started without a shell and without a key in their environment."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Start = Callable[..., Any]
"""`subprocess.run`, or what stands for it in a test."""


@dataclass(frozen=True)
class Program:
    """A program with its arguments; `added` comes on top of the environment it is started in."""

    argv: tuple[str, ...]
    added: Mapping[str, str] = field(default_factory=dict)


def without_keys(environ: Mapping[str, str], names: Collection[str], values: Collection[str]) -> dict[str, str]:
    """The environment without the variables of these names, and without any that holds one of these values."""
    folded = {name.casefold() for name in names}
    keys = [value for value in values if value]
    return {
        name: text
        for name, text in environ.items()
        if name.casefold() not in folded and not any(key in text for key in keys)
    }


def run(
    program: Program,
    environ: Mapping[str, str],
    *,
    start: Start = subprocess.run,
    stdout: Any = subprocess.DEVNULL,
    inherits_stdin: bool = False,
    timeout: float | None = None,
) -> str | None:
    """Run a program to its end; the result is what went wrong, in words, and None where nothing did.

    `timeout` is in seconds; a program that takes longer is stopped.
    """
    name = program.argv[0]
    try:
        ended = start(
            program.argv,
            env={**environ, **program.added},
            stdin=None if inherits_stdin else subprocess.DEVNULL,
            stdout=stdout,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{name} did not end within {timeout:g} s"
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return f"{name} cannot be started: {reason}"
    code: int = ended.returncode
    if code < 0:
        return f"{name} was ended by signal {-code}"
    return f"{name} ended with exit code {code}" if code else None


def resolved(argv: Sequence[str], which: Callable[[str], str | None]) -> tuple[str, ...] | None:
    """The arguments with the program's whole path in front; None where there is no such program."""
    path = which(argv[0]) if argv else None
    return (path, *argv[1:]) if path else None
