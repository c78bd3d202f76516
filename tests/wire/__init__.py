"""What each provider's documents say goes over the wire, as data. Written from the documents, not from the adapters.

A script plays in memory (tests/test_conformance.py) and over a real socket (tests/standin.py).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hailuo_cli.errors import HailuoError
from hailuo_cli.model import State

from ..canary import KEY as KEY


class AnImage:
    """Where the documents put an image: an address, or a data URL of a local file."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(("https://", "data:image/"))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Turn:
    """One request as documented and the documented answer to it."""

    method: str
    path: str
    reply: Any
    status: int = 200
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """One documented submit: what the user asks in hailuo's words, and what goes over the wire."""

    name: str
    request: Mapping[str, Any]
    turns: tuple[Turn, ...]
    source: str


@dataclass(frozen=True)
class Look:
    """One documented status answer. `video` is the result's address where the job is done."""

    word: str
    says: State
    turns: tuple[Turn, ...]
    video: str | None = None
    percent: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Refusal:
    """One documented error answer and what it means for the user."""

    on: str
    status: int
    reply: Any
    error: type[HailuoError]
    source: str


@dataclass(frozen=True)
class Script:
    """Everything documented about one provider. `ticket` and `video` stand in the replies as the documents print them."""

    name: str
    host: str
    """Where the documents say the key goes."""
    ticket: str
    video: str
    key_headers: Mapping[str, str]
    orders: tuple[Order, ...]
    looks: tuple[Look, ...]
    refusals: tuple[Refusal, ...]
    extras: Mapping[str, str] = field(default_factory=dict)
    """Headers that every request carries besides the key."""
    refuses: tuple[Mapping[str, Any], ...] = ()
    """What the documents rule out: requests that must be refused before anything is sent."""
    poll: float = 0
    """The seconds between two looks that the documents ask for."""

    def look(self, state: State) -> Look:
        return next(look for look in self.looks if look.says is state)


def scripts() -> dict[str, Script]:
    """Every script in this folder, by provider."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {module.SCRIPT.name: module.SCRIPT for module in modules}
