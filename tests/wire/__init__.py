"""What each provider's documents say goes over the wire, as data. Written from the documents, not from the adapters.

A script plays in memory (tests/providers/test_conformance.py) and over a real socket (tests/support/standin.py). A provider that speaks two
protocols has two scripts: tests/wire/minimax.py and tests/wire/minimax_h3.py.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hailuo_cli.errors import HailuoError
from hailuo_cli.model import RemoteState
from hailuo_cli.wire import Call
from tests.support.canary import KEY as KEY


class AnImage:
    """Where the documents put an image: an address, or a data URL of a local file."""

    kind: type = str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(("https://", "data:image/"))

    __hash__ = None  # type: ignore[assignment]


class AFileName(AnImage):
    """Where the documents put the name of an image file: any name that ends like its type, and no path."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.endswith((".png", ".jpg", ".jpeg", ".webp")) and "/" not in other

    __hash__ = None


@dataclass(frozen=True)
class Some:
    """Any value of a type that is not empty: the documents leave open which."""

    kind: type

    def __eq__(self, other: object) -> bool:
        return type(other) is self.kind and bool(other)

    __hash__ = None  # type: ignore[assignment]


class Form(dict[str, Any]):
    """A multipart body: a text for a field, `AFile()` where the file goes."""


@dataclass(frozen=True)
class File:
    """A file as it came in a multipart body."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


class AFile:
    """Any image file in a multipart body, whose name says nothing about where it came from."""

    kind = File

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, File):
            return False
        return bool(other.content) and other.media_type.startswith("image/") and AFileName() == other.name

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class WithKey:
    """A video that is fetched from the API with the key, where others give an address that needs none."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Call):
            asked = (other.method, other.path, dict(other.query), other.bills)
            return asked == ("GET", self.path, dict(self.query), False)
        return isinstance(other, WithKey) and (self.path, self.query) == (other.path, other.query)

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
    host: str = ""
    """Where the key goes instead of to the script's host."""
    allows: tuple[str, ...] = ()
    """Query fields that the documents know and hailuo has no use for."""


@dataclass(frozen=True)
class OrderScript:
    """One documented submit: what the user asks in hailuo's words, and what goes over the wire."""

    name: str
    request: Mapping[str, Any]
    turns: tuple[Turn, ...]
    source: str


@dataclass(frozen=True)
class Look:
    """One documented status answer. `video` is where the result is, when the job is done."""

    word: str
    says: RemoteState
    turns: tuple[Turn, ...]
    video: str | WithKey | None = None
    percent: float | None = None
    reason: str | None = None
    moderated: bool = False
    """Whether moderation ended the job."""
    unbilled: bool = False
    """Whether the documents say that a job which ended so is not billed."""
    billed: str | None = None
    """What the answer says that the job cost, in USD."""


@dataclass(frozen=True)
class Refusal:
    """One documented error answer and what it means for the user."""

    on: str
    status: int
    reply: Any
    error: type[HailuoError]
    source: str
    not_taken: bool | None = None
    """Whether the documents say that the order was not taken (True), or leave it open (False); None: not told by them."""


@dataclass(frozen=True)
class Page:
    """Every error code of one page of the documents, and what each means for the user.

    `form` is the answer that carries one: its HTTP status and body.
    """

    source: str
    codes: Mapping[str, type[HailuoError]]
    form: Callable[[str], tuple[int, Any]]


@dataclass(frozen=True)
class Aside:
    """One documented conversation that no order needs: "cancel", "find", "estimate", "balance" or "webhook secret", and what it gives.

    Of a cancel that is the state and the word, of an estimate the sum for `request`.
    """

    kind: str
    turns: tuple[Turn, ...]
    gives: Any
    source: str
    request: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """One documented webhook call. `names_job` is False where no document says where its id is, or whose id that is."""

    body: Any
    source: str
    names_job: bool = True


@dataclass(frozen=True)
class Script:
    """Everything documented about one protocol of a provider. `video` stands in the replies as the documents print it."""

    name: str
    host: str
    """Where the documents say the key goes."""
    ticket: str
    """What hailuo keeps of an order."""
    video: str
    key_headers: Mapping[str, str]
    orders: tuple[OrderScript, ...]
    looks: tuple[Look, ...]
    refusals: tuple[Refusal, ...]
    extras: Mapping[str, str] = field(default_factory=dict)
    """Headers that every request carries besides the key."""
    refuses: tuple[Mapping[str, Any], ...] = ()
    """What the documents rule out: requests that must be refused before anything is sent."""
    poll: float = 0
    """The seconds between two looks that the documents ask for."""
    tells: tuple[Told, ...] = ()
    """What it says to a webhook."""
    pages: tuple[Page, ...] = ()
    """The whole lists of error codes in the documents."""
    asides: tuple[Aside, ...] = ()
    no_model: frozenset[str] = frozenset()
    """Codes of the documents that say that the model is not to be had here, which is no fault of the request."""
    wire_id: str = ""
    """The job's id as the documents print it, where it is not the ticket: two protocols need tickets that differ."""

    @property
    def id(self) -> str:
        return self.wire_id or self.ticket

    @property
    def hosts(self) -> list[str]:
        """Every host that gets the key."""
        others = [turn.host for order in self.orders for turn in order.turns if turn.host]
        return list(dict.fromkeys([self.host, *others]))

    def look(self, state: RemoteState) -> Look:
        return next(look for look in self.looks if look.says is state)


def scripts() -> dict[str, Script]:
    """Every script in this folder, by the name of its file."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}").SCRIPT for name in names}
