"""What an examination finds: one check a thing that was looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import HailuoError


@dataclass(frozen=True)
class Check:
    """One thing, how it is, and what to do where it is not well. `error` is what a command would end with."""

    name: str
    message: str
    state: Literal["ok", "warning", "error"] = "ok"
    hint: str | None = None
    error: HailuoError | None = None


def failed(name: str, error: HailuoError) -> Check:
    """A check that found what a command would stop at."""
    return Check(name, error.message, "error", error.hint, error)


def attempt(name: str, look: Callable[[], str | Check]) -> Check:
    """A check by a function that says how things are, or raises what a command would."""
    try:
        found = look()
    except HailuoError as error:
        return failed(name, error)
    return found if isinstance(found, Check) else Check(name, found)
