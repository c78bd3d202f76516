"""What the values of the config file have to be: each check raises UsageError with what is wrong and a hint."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from .. import durations
from ..errors import UsageError
from ..model import OUTPUT_FIELDS
from ..urls import is_loopback, is_web, split

POSTGRES = ("postgresql", "postgres")
PriceKey = tuple[str, int | None, str]
"""Model family, seconds (None: the price is for one second), resolution."""
_PRICE_KEY = re.compile(r"(\S+) +(?:(?P<seconds>[0-9]{1,3}) +(?P<size>[0-9]+[PK])|(?P<each>[0-9]+[PK])/s)", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_LARGEST = Decimal(2) ** 63
BACKSLASH_HINT = """in "…" a backslash begins an escape; write a path in single quotes: 'C:\\Users\\me\\{job}.mp4'"""


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint that names the nearest known name, or something else where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else otherwise


def plain_text(text: str) -> None:
    """No control characters: a Windows path in double quotes has them (`"C:\\temp"` holds a tab)."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise UsageError("holds a control character", hint=BACKSLASH_HINT)


def length_of_time(value: object) -> None:
    """A duration as `--timeout` takes it."""
    durations.seconds(str(value))


def amount(value: int | Decimal) -> None:
    """Money in USD: a number, 0 or more."""
    if not (Decimal(value).is_finite() and 0 <= value < _LARGEST):
        raise UsageError("must be a number of USD, 0 or more")


def positive(value: int) -> None:
    """A number above 0."""
    if value <= 0:
        raise UsageError("must be more than 0")


def output_template(text: str) -> None:
    """A file name whose `{fields}` are known."""
    if not text:
        raise UsageError("is empty", hint="name a file or a folder, or leave it away")
    for found in _FIELD.finditer(text):
        if found[1] is not None and found[1] not in OUTPUT_FIELDS:
            known = " ".join(f"{{{name}}}" for name in OUTPUT_FIELDS)
            raise UsageError(
                f"has an unknown field {found[0]}", hint=did_you_mean(found[1], OUTPUT_FIELDS, f"known fields: {known}")
            )


def base_url(url: str) -> None:
    """Where a key goes: https, or http on this machine, with nothing that is not an address."""
    parts = split(url)
    clean = parts and not (parts.username or parts.password or parts.query or parts.fragment)
    safe = parts and parts.netloc.isascii() and (parts.scheme == "https" or is_loopback(url))
    if not (is_web(url) and clean and safe):
        raise UsageError(f"{url} must be https (http only for loopback), with no login and no query")


def https_address(url: str) -> None:
    """An address that a provider can call."""
    if not (is_web(url) and url.startswith("https://") and url.isascii()):
        raise UsageError("must be an https address", hint="https://your-server.example/hailuo")


def variable(name: str) -> None:
    """The name of an environment variable, which is often mistaken for its content."""
    if not _VARIABLE.fullmatch(name):
        raise UsageError("must be the name of a variable, such as MY_KEY", hint="a key itself: hailuo config set-key")


def command(value: str | list[str]) -> None:
    """A program with its arguments, split like a shell does."""
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise UsageError(f"cannot be split into words: {error}") from None
    if not words or not words[0]:
        raise UsageError("is empty", hint="name a program, or leave it away")


def ledger_address(url: str) -> None:
    """A PostgreSQL address without a password, which belongs into PGPASSFILE or what `ledger_command` prints."""
    parts = split(url)
    if parts is None or parts.scheme not in POSTGRES:
        raise UsageError("must be an address of PostgreSQL", hint="postgresql://user@host:5432/database")
    if parts.password is not None or "password" in parse_qs(parts.query, keep_blank_values=True):
        raise UsageError("must not hold a password", hint="ledger_command prints it, or PGPASSFILE names its file")


def price_key(text: str, families: Iterable[str]) -> PriceKey:
    """Read "hailuo-2.3 6 768P" or "hailuo-3 2K/s" (a price for each second); UsageError for anything else."""
    found = _PRICE_KEY.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f'"{text}" names no size that has a price', hint='write "hailuo-2.3 6 768P", or "hailuo-3 2K/s" per second'
        )
    known = list(dict.fromkeys(families))
    if found[1] not in known:
        raise UsageError(
            f"{found[1]} is not sold there", hint=did_you_mean(found[1], known, f"sold: {', '.join(known)}")
        )
    return found[1], int(found["seconds"]) if found["seconds"] else None, found["size"] or found["each"]


def one_of(*words: str) -> Any:
    """A check that lets only these words pass."""

    def check(text: str) -> None:
        if text not in words:
            raise UsageError("must be " + " or ".join(f'"{word}"' for word in words))

    return check
