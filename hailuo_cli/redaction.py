"""Keeps secrets out of whatever goes out: some servers repeat a key, or its beginning, in the oddest places.

A key is looked for in every spelling it may come back in: as it is, in other case, URL-encoded, with JSON's or HTML's
escapes, in base64 of both alphabets at any alignment; whole, or any of its parts from eight characters on.
"""

from __future__ import annotations

import base64
import functools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from .model import MASK, Secret

TELLING = 8
"""So many characters of a key, from the start of a part, already tell which key it is."""
_REST = re.compile(r"[\w\-./+=~]*", re.ASCII)
_ESCAPE = re.compile(
    r"[%\\&](?:(?<=%)([0-9a-f]{2})|(?<=\\)\\*(?:u000000|u00|x)([0-9a-f]{2})|#x([0-9a-f]{1,6});|#([0-9]{1,7});|(amp|lt|gt|quot);)",
    re.IGNORECASE | re.ASCII,
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}
_BASE64_REST = r"(?:[A-Za-z0-9+/_=-]|%2[BbFf]|%3[Dd]|\\+/)*"


class Redactor:
    """Knows the secrets in force and writes a mask in their place. Usable from any thread.

    A secret of fewer than 8 characters is not looked for: it would be found everywhere.
    """

    def __init__(self, *secrets: Secret) -> None:
        self._parts: list[str] = []
        self._traces: list[str] = []
        self._search: re.Pattern[str] | None = None
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Look for this secret too, from now on."""
        with self._lock:
            known = list(dict.fromkeys([*self._parts, *_parts(secret.reveal())]))
            if known != self._parts:
                self._parts = known
                raw = [f"(?P<raw{n}>(?i:{_begins(part)}))" for n, part in enumerate(known)]
                self._traces = [trace for part in known for trace in _traces(part)]
                packed = (f"(?:{_base64(part)}){_BASE64_REST}" for part in known)
                self._search = re.compile(
                    "|".join([*raw, *packed, *(f"(?i:{_hex(part)}(?:[0-9a-f]{{2}})*)" for part in known)])
                )

    def text(self, text: str) -> str:
        """The text without any secret in it; redacting it again changes nothing."""
        if self._search is None or not self._may_hold_one(text):
            return text
        kept, end = [], 0
        while found := self._search.search(text, end):
            kept += [text[end : found.start()], MASK]
            end = found.end()
            if found.lastgroup:
                end = _end_of(self._parts[int(found.lastgroup[3:])], text, end)
        return "".join([*kept, text[end:]])

    def _may_hold_one(self, text: str) -> bool:
        """A quick no for nearly every text: without its escapes there is no beginning of a part in it."""
        for _ in range(4):  # as it is, then with its escapes undone; some are escaped twice or thrice
            plain = text.replace("\\", "").translate(_STANDARD_BASE64)
            folded = plain.lower()
            if any(trace in folded or trace in plain for trace in self._traces):
                return True
            text, before = _ESCAPE.sub(_decoded, text), text
            if text == before:
                break
        return False

    def bytes(self, content: bytes) -> bytes:
        """The same for what a server sent, whatever its encoding."""
        return self.text(content.decode("latin-1")).encode("latin-1") if self._search else content

    def value(self, value: Any) -> Any:
        """The same for every text in a JSON value, names included."""
        if isinstance(value, str):
            return self.text(value)
        if self._search is None or not self._may_hold_one(json.dumps(value, ensure_ascii=False, default=str)):
            return value
        return self._each(value)

    def _each(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self._each(inner) for name, inner in value.items()}
        return [self._each(inner) for inner in value] if isinstance(value, list | tuple) else value


def _parts(key: str) -> Iterator[str]:
    """The key, the halves of id:secret, the pieces of a JWT, and the second half of each that is long.

    The header of a JWT is the same in thousands of keys and in signed links, and tells nothing.
    """
    is_jwt = key.startswith("eyJ") and "." in key
    pieces = key.split(".")[1:] if is_jwt else [key, *key.split(":"), *key.split(".")[1:]]
    for piece in [piece.removeprefix(piece[:TELLING] if piece.startswith("eyJ") else "") for piece in pieces]:
        if len(piece) >= TELLING:
            yield piece
        if len(piece) >= 2 * TELLING:
            yield piece[len(piece) // 2 :]


def _begins(part: str) -> str:
    return "".join(_spelled(letter) for letter in part[:TELLING])


@functools.cache
def _spelled(letter: str) -> str:
    """A pattern for every way in which one ASCII character may be written."""
    code, point = f"{ord(letter):02x}", ord(letter)
    named = "".join(f"|&(?:amp;)*{name};" for name, meant in _NAMED.items() if meant == letter)
    entity = f"&(?:amp;)*#(?:0*{point}|x0*{code});"
    # the letter itself comes last: an escape of "&" or "%" begins with it
    return rf"(?:%(?:25)*{code}|\\+(?:u000000|u00|x){code}|{entity}{named}|\\*{re.escape(letter)})"


def _base64(part: str) -> str:
    """A pattern for the beginning of a part in base64, of either alphabet, wherever it stands in what was encoded."""
    ways = {"+": r"(?:[+-]|%2[Bb]|\\+u002[Bb])", "/": r"(?:[/_]|%2[Ff]|\\+/|\\+u002[Ff])"}
    return "|".join("".join(ways.get(letter, letter) for letter in packed) for packed in _packed(part))


def _hex(part: str) -> str:
    """The beginning of a part as hexadecimal digits."""
    return part[:TELLING].encode().hex()


def _packed(part: str) -> list[str]:
    """The letters of base64 that stand for the beginning of a part alone, at each of the three alignments."""
    first = part[:TELLING].encode()
    ends = [(-(-before * 8 // 6), (before + len(first)) * 8 // 6) for before in range(3)]
    return [base64.b64encode(bytes(n) + first).decode()[begin:end] for n, (begin, end) in enumerate(ends)]


_STANDARD_BASE64 = str.maketrans("-_", "+/")


def _traces(part: str) -> list[str]:
    """What a text without escapes holds where a part begins in it; what looks like an escape in a key is undone too."""
    undone = _ESCAPE.sub(_decoded, part)
    begins = [part[:TELLING], *([undone[: TELLING // 2]] if undone != part else [])]
    return [
        *(begin.replace("\\", "").translate(_STANDARD_BASE64).lower() for begin in begins),
        *_packed(part),
        _hex(part),
    ]


def _decoded(found: re.Match[str]) -> str:
    percent, backslash, hexadecimal, decimal, name = found.groups()
    if name:
        return _NAMED[name.lower()]
    number = int(decimal) if decimal else int(percent or backslash or hexadecimal, 16)
    return chr(number) if number < 128 else found[0]


def _end_of(part: str, text: str, at: int) -> int:
    """Where a part that begins in a text ends there: at its own end, else with the word it differs in."""
    for letter in re.findall(r"\\+|[^\\]", part[TELLING:]):
        # of several backslashes one spelling may have taken all; the one of the next letter's escape is left
        run = rf"(?:{_spelled(letter[0])}(?!u00[0-9a-f]{{2}}|x[0-9a-f]{{2}}))*"
        spelled = run if letter[0] == "\\" else _spelled(letter)
        found = re.compile(spelled, re.IGNORECASE).match(text, at)
        if not found:
            rest = _REST.match(text, at)
            return rest.end() if rest else at
        at = found.end()
    return at
