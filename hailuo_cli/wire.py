"""A conversation with a provider, as values: what is asked, what came back, and in which order.

A provider writes a conversation as a generator: it yields a `Call` or an `Upload` and is handed the `Reply`.
Whoever drives it does the sending; a reply that reports an error never reaches the generator.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import string
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from .errors import BadReply, UsageError
from .model import LocalImage
from .urls import is_web

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")
Key = str | int

TICKET_LIMIT = 512
_TICKET = re.compile(r"[\x21-\x7e]+")
_DOTS = re.compile(r"(^|[^A-Za-z0-9.])\.{1,2}([^A-Za-z0-9.]|$)")
"""One or two dots that stand alone: in a path they would lead elsewhere, also behind the beginning that tells protocols apart."""


@dataclass(frozen=True)
class Call:
    """One API request below the configured origin. It has a path and no host: a key can only go home.

    A call that `bills` is sent at most once. Images in the body are sent as streamed data URLs, files in a `form`
    as they are. A call that `uploads` goes to the provider's second origin, where it has one.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    bills: bool = False
    form: Mapping[str, str | LocalImage] | None = None
    uploads: bool = False

    def extended(self, params: Mapping[str, Any]) -> Call:
        """The same call with raw vendor fields (`--param a.b=1`); UsageError where a field is already set."""
        if not params:
            return self
        return replace(self, body=fields_of(self.body or {}, params))


@dataclass(frozen=True)
class Upload:
    """A file that goes to an address a provider handed out, through a client that has no key."""

    url: str
    image: LocalImage
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """A JSON answer that reported no error. Reading is lenient; what is missing raises BadReply with the path.

    `said` is the beginning of the text that it was read from.
    """

    data: Any
    status: int = 200
    where: tuple[Key, ...] = ()
    said: str = field(default="", repr=False)

    def text(self, *path: Key) -> str:
        """The text at a path; numbers count as text (some ids come as numbers)."""
        found = self.find(*path)
        if found is None:
            raise BadReply(f"the answer has no text at {self._name(path)}")
        return found

    def url(self, *path: Key) -> str:
        """The web address at a path."""
        found = self.address(*path)
        if found is None:
            raise BadReply(f"the answer has no web address at {self._name(path)}")
        return found

    def address(self, *path: Key) -> str | None:
        """The web address at a path, or None where there is something else."""
        found = self.find(*path)
        return found if found and is_web(found) else None

    def find(self, *path: Key) -> str | None:
        """The text at a path, or None where it is missing, empty or of another kind."""
        value = self.value(*path)
        if isinstance(value, str):
            return value.strip() or None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return None

    def number(self, *path: Key) -> float:
        """The number at a path, which may be written as text."""
        try:
            found = float(self.text(*path) if not isinstance(self.value(*path), float) else self.value(*path))
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise BadReply(f"the answer has no number at {self._name(path)}")
        return found

    def amount(self, *path: Key) -> Decimal | None:
        """The sum of money at a path, exact; None where there is none above zero, for nothing is sold for nothing."""
        from decimal import Decimal, InvalidOperation

        value = self.value(*path)
        try:
            found = Decimal(str(value).strip())
        except InvalidOperation:
            return None
        return found if found.is_finite() and found > 0 else None

    def percent(self, *path: Key) -> float | None:
        """A percentage from 50, "50" or "50%"; None for anything that is not from 0 to 100."""
        value = self.value(*path)
        try:
            number = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
        except (TypeError, ValueError, OverflowError):
            return None
        return number if 0 <= number <= 100 and not isinstance(value, bool) else None

    def texts(self, *path: Key) -> dict[str, str]:
        """The texts by name at a path, without whatever else is there."""
        value = self.value(*path)
        return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}

    def moment(self, *path: Key) -> float | None:
        """Seconds since the epoch from a time like 2026-11-24T22:10:00Z; None for anything else."""
        try:
            return datetime.fromisoformat(self.find(*path) or "").timestamp()
        except (ValueError, OverflowError):
            return None

    def value(self, *path: Key) -> Any:
        """Whatever is at a path, or None. Index 0 of a value that is no list is the value itself."""
        value = self.data
        for key in path:
            if isinstance(key, int):
                if isinstance(value, list):
                    value = value[key] if key < len(value) else None
                elif key != 0:
                    return None
            elif isinstance(value, dict):
                value = value.get(key)
            else:
                return None
        return value

    def rows(self, *path: Key) -> list[Reply]:
        """The objects of the list at a path, without whatever else is in it; empty where there is no list."""
        value = self.value(*path)
        rows = value if isinstance(value, list) else []
        where = (*self.where, *path)
        return [replace(self, data=row, where=(*where, n)) for n, row in enumerate(rows) if isinstance(row, dict)]

    def inside(self, key: str) -> Reply:
        """The reply within an envelope, where there is one; the reply itself where there is none."""
        inner = self.value(key)
        return replace(self, data=inner, where=(*self.where, key)) if isinstance(inner, dict) else self

    def unpacked(self, *path: Key) -> Reply:
        """The reply that is written as JSON text at a path, or stands there as it is."""
        inner = self.value(*path)
        if isinstance(inner, str):
            try:
                inner = json.loads(inner)
            except (ValueError, RecursionError):
                inner = None
        return replace(self, data=inner, where=(*self.where, *path))

    def about(self, ticket: str, *path: Key) -> Reply:
        """This very reply; BadReply where it names another job than the one that was asked about."""
        named = self.find(*path)
        if named not in (None, ticket):
            raise BadReply(f"asked about {ticket}, and the answer is about another job ({named})")
        return self

    def _name(self, path: tuple[Key, ...]) -> str:
        return ".".join(str(key) for key in (*self.where, *path)) or "its top"


class PlaceholderReply(Reply):
    """The answer of a rehearsal: every text is its own name in angle brackets."""

    def find(self, *path: Key) -> str | None:
        return f"<{self._name(path)}>"

    def address(self, *path: Key) -> str | None:
        return f"https://provider.example/{self._name(path)}"


Flow = Generator[Call | Upload, Reply, T]


def get(path: str, **values: str) -> Call:
    """Ask for a path as the provider's page prints it; values fill its {placeholders}, the rest is the query."""
    return _call("GET", path, values)


def post(
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    bills: bool = True,
    uploads: bool = False,
    headers: Mapping[str, str | None] | None = None,
    **values: str | None,
) -> Call:
    """Post JSON. Fields, headers and values that are None were not asked for and are left out."""
    call = _call("POST", path, {name: value for name, value in values.items() if value is not None})
    given = {name: value for name, value in (headers or {}).items() if value is not None}
    return replace(call, body=None if body is None else fields_of(body), bills=bills, uploads=uploads, headers=given)


def put(path: str, **values: str) -> Call:
    """Put nothing: how some providers take a cancellation."""
    return _call("PUT", path, values)


def send_file(path: str, image: LocalImage, name: str = "file") -> Call:
    """Bring a file to the provider as a form, with the key."""
    return replace(_call("POST", path, {}), form={name: image}, uploads=True)


def run_flow(flow: Flow[T], send: Callable[[Call | Upload], Reply]) -> T:
    """Drive a conversation to its end: each request goes to `send`, each answer back to the provider."""
    try:
        request = next(flow)
        while True:
            request = flow.send(send(request))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()


def collect_requests(flow: Flow[Any]) -> list[Call | Upload]:
    """The requests of a conversation up to the one that bills, without sending anything."""
    requests: list[Call | Upload] = []

    class Enough(Exception):
        pass

    def note(request: Call | Upload) -> Reply:
        requests.append(request)
        if isinstance(request, Call) and request.bills:
            raise Enough
        return PlaceholderReply({})

    with contextlib.suppress(Enough):
        run_flow(flow, note)
    return requests


def ticket_in(flow: Flow[str], data: Any) -> str | None:
    """The ticket that a conversation would read from the JSON of an answer to its call that bills; None where there is none."""
    answer = Reply(data)
    try:
        return check_ticket(
            run_flow(
                flow, lambda request: answer if isinstance(request, Call) and request.bills else PlaceholderReply({})
            )
        )
    except BadReply:
        return None


def check_ticket(ticket: str) -> str:
    """A ticket that can be printed, typed and put in a path; anything else raises BadReply."""
    if not is_ticket(ticket):
        raise BadReply(f"a job id of {len(ticket)} characters that cannot be used as one")
    return ticket


def is_ticket(text: str) -> bool:
    """Whether a text can be a ticket: something that can be printed, typed and put in a path."""
    plain = len(text) <= TICKET_LIMIT and _TICKET.fullmatch(text) is not None
    return plain and text.strip("./") != "" and not _DOTS.search(text)


def _call(method: str, path: str, values: dict[str, str]) -> Call:
    for name, value in values.items():
        if re.search("[\ud800-\udfff]", value):
            raise BadReply(f"a {name} that cannot be put in an address: it holds half a character")
    named = {name for _, name, _, _ in string.Formatter().parse(path) if name}
    for name in named:
        if _DOTS.search(values[name]) or not values[name]:
            raise UsageError(f"{values[name]!r} would lead to another address, so it is not asked for")
    filled = path.format(**{name: quote(values[name], safe="") for name in named})
    return Call(method, filled, {name: value for name, value in values.items() if name not in named})


def fields_of(body: Mapping[str, Any], params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fields of a body that were asked for, with raw vendor fields as `Call.extended` puts them there."""
    said = {
        name: fields_of(value) if isinstance(value, dict) else value
        for name, value in body.items()
        if value is not None
    }
    for name, value in (params or {}).items():
        _put(said, name.split("."), value, name)
    return said


def _put(body: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    key, *rest = path
    if not rest:
        if key in body:
            raise UsageError(f"--param {name} is a field that hailuo already sends", hint="use the option for it")
        body[key] = value
        return
    inner = body.get(key, {})
    if not isinstance(inner, dict):
        raise UsageError(f"--param {name}: {key} is not an object")
    body[key] = dict(inner)
    _put(body[key], rest, value, name)
