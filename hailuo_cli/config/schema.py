"""What may stand in the config file: one table of settings, and the reader that holds a file to it.

The request options among them are the fields of `Request`: a new one needs nothing here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from ..errors import UsageError
from ..model import Request
from ..providers import PROTOCOLS, PROVIDERS
from . import checks
from .checks import did_you_mean

CHOICES = ("cheapest", "fastest")
"""What may stand in place of a provider's name: how to choose one."""
DEFAULT_OUTPUT = "{job}.mp4"
DEFAULT_TIMEOUT = "30m"


class Setting(NamedTuple):
    """One name in the file: the TOML types that it takes, what it is for, and what its value has to be."""

    kinds: tuple[type, ...]
    about: str
    check: Callable[[Any], object] | None = None
    secret: bool = False
    default: str | None = None
    """What is in force where the file says nothing, in words."""


Table = Mapping[str, Setting]
NUMBER = (int, Decimal)
_LISTED = (str, list)
_TIME = (str, *NUMBER)


def _request_options() -> Iterator[tuple[str, Setting]]:
    """Every field of a request that can have a default: switches, numbers, texts and lists of texts."""
    kinds: Mapping[Any, tuple[type, ...]] = {
        str | None: (str,),
        int | None: (int,),
        bool | None: (bool,),
        tuple[str, ...]: _LISTED,
    }
    special: Mapping[str, Callable[[Any], object]] = {"webhook": checks.https_address, "duration": checks.positive}
    hints = get_type_hints(Request)
    for field in fields(Request):
        if found := kinds.get(hints[field.name]):
            about = f"the default for --{field.name.replace('_', '-')}"
            yield field.name, Setting(found, about, special.get(field.name))


REQUEST_OPTIONS: Table = dict(_request_options())
ENTRY: Table = {
    "api_key": Setting((str,), "the key itself; better: hailuo config set-key", secret=True),
    "api_key_env": Setting((str,), "the environment variable that holds the key", checks.variable),
    "api_key_command": Setting((str,), "a command that prints the key; run without a shell", checks.command),
    "base_url": Setting(
        (str,), "where the provider is, for a relay or another region; the key goes there", checks.base_url
    ),
    "protocol": Setting((str,), "the provider whose protocol a relay speaks"),
    "camera_tags": Setting((str,), "the language of camera tags: en or zh", checks.one_of("en", "zh"), default="en"),
    "webhook_secret": Setting((str,), "the secret that the provider signs webhooks with", secret=True),
    "webhook_secret_env": Setting((str,), "the environment variable that holds this secret", checks.variable),
    "webhook_secret_command": Setting((str,), "a command that prints this secret", checks.command),
    "prices": Setting((dict,), 'prices of your own in USD, by "FAMILY SECONDS RESOLUTION" or "FAMILY RESOLUTION/s"'),
    **REQUEST_OPTIONS,
}
CHOICE: Table = {
    "provider": Setting(_LISTED, "a name, cheapest, fastest, or names in the order to prefer"),
    "only": Setting(_LISTED, "the providers that may be chosen"),
    "not": Setting(_LISTED, "the providers that are never chosen"),
}
BUDGET: Table = {
    "day": Setting(NUMBER, "USD a day (UTC) over all providers", checks.amount),
    "month": Setting(NUMBER, "USD a month (UTC) over all providers", checks.amount),
}
MCP: Table = {
    "max_cost": Setting(NUMBER, "USD an agent may spend on one order without asking", checks.amount, default="0"),
}
_LEDGER: Table = {
    "ledger": Setting((str,), "a PostgreSQL address, to share one ledger between machines", checks.ledger_address),
    "ledger_command": Setting((str,), "a command that prints the ledger's password", checks.command),
}
PROFILE: Table = {
    "provider": Setting((str,), "who makes the video where --provider is not given"),
    "output": Setting((str,), "the file or folder/ to save to", checks.output_template, default=DEFAULT_OUTPUT),
    "timeout": Setting(_TIME, "how long to wait: 90, 10m, 1h30m", checks.length_of_time, default=DEFAULT_TIMEOUT),
    "poll_interval": Setting(_TIME, "between two looks; never below the provider's own", checks.length_of_time),
    "max_cost": Setting(NUMBER, "USD; refuses an order that costs more or has no known price", checks.amount),
    "notify": Setting((bool,), "tell the desktop when a video is saved"),
    "on_saved": Setting(_LISTED, "a program to run for each saved video, without a shell", checks.command),
    **_LEDGER,
    "choice": Setting((dict,), "how a provider is chosen"),
    "budget": Setting((dict,), "limits on spending"),
    "mcp": Setting((dict,), "what agents may do"),
    "providers": Setting((dict,), "what each provider needs: key, address, defaults"),
    **REQUEST_OPTIONS,
}
TOP: Table = {
    "default_profile": Setting((str,), "the profile that is used where --profile is not given"),
    **_LEDGER,
    "profiles": Setting((dict,), "profiles by name"),
}
SUBTABLES: Mapping[str, Table] = {"choice": CHOICE, "budget": BUDGET, "mcp": MCP}
"""The tables of a profile that are not by name."""
WORDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    Decimal: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def parse(text: str, path: Path) -> dict[str, Any]:
    """Read TOML and hold it to the tables above; UsageError names file, line and the nearest known name.

    Numbers with a fraction are Decimal, so that money stays exact.
    """
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error), re.DOTALL)
        what = found[1] if found else str(error)
        line = found[2] if found and found[2] else str(text.count("\n") + 1)
        column = f":{found[3]}" if found and found[3] else ""
        is_escape = "Unescaped '\\'" in what or "Invalid hex value" in what
        hint = checks.BACKSLASH_HINT if is_escape else "hailuo config example shows how it looks"
        raise UsageError(f"{path}:{line}{column}: {what}", hint=hint) from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None
    except (ValueError, ArithmeticError):  # a number of thousands of digits, which Python refuses to read
        raise UsageError(f"{path}: a number in it is too long") from None
    reader = _Reader(text, path)
    reader.table(data, TOP, ())
    for name, profile in data.get("profiles", {}).items():
        reader.profile(profile, ("profiles", name))
    return data


def setting(where: tuple[str, ...]) -> Setting | None:
    """The setting that a whole name stands for: ("profiles", "work", "budget", "day")."""
    match where:
        case (name,):
            return TOP.get(name)
        case ("profiles", _, name):
            return PROFILE.get(name)
        case ("profiles", _, "providers", _, name):
            return ENTRY.get(name)
        case ("profiles", _, table, name) if table in SUBTABLES:
            return SUBTABLES[table].get(name)
        case ("profiles", _, "providers", _, "prices", _):
            return Setting(NUMBER, "a price of your own in USD", checks.amount)
    return None


def typed(where: tuple[str, ...], text: str) -> Any:
    """A value of the command line in the type that its name wants; what does not fit stays text and is refused later."""
    found = setting(where)
    kinds = found.kinds if found else (str,)
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    for kind in (int, Decimal):
        if kind in kinds:
            try:
                return kind(text)
            except (ValueError, ArithmeticError):
                continue
    return text


def is_name(text: str, known: Mapping[str, Any]) -> bool:
    """Whether a text names a provider, says how to choose one, or lists names with commas."""
    return text in CHOICES or all(name.strip() in known for name in text.split(","))


class _Reader:
    """Holds values to the tables and finds the line to name when one does not fit."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path

    def profile(self, profile: Any, where: tuple[str, ...]) -> None:
        self.table(profile, PROFILE, where)
        for name, table in SUBTABLES.items():
            self.table(profile.get(name, {}), table, (*where, name))
        entries = profile.get("providers", {})
        for name, entry in entries.items():
            self._entry(name, entry, (*where, "providers", name))
        known = {**PROVIDERS, **entries}
        self._names(profile.get("provider"), known, (*where, "provider"))
        for name, value in profile.get("choice", {}).items():
            self._names(value, known, (*where, "choice", name))

    def table(self, values: Any, known: Table, where: tuple[str, ...]) -> None:
        if not isinstance(values, dict):
            raise self._error(where, f"{where[-1]} must be a table")
        for key, value in values.items():
            here = (*where, key)
            if key not in known:
                raise self._error(here, f'unknown key "{key}"', did_you_mean(key, known, f"known: {', '.join(known)}"))
            self._value(key, value, known[key], here)

    def _value(self, key: str, value: Any, setting: Setting, here: tuple[str, ...]) -> None:
        kinds = setting.kinds
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self._error(here, f"{key} must be {' or '.join(dict.fromkeys(WORDS[kind] for kind in kinds))}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise self._error(here, f"{key} must be a list of texts")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:  # TOML's own range
            raise self._error(here, f"{key} is too large")
        if isinstance(value, Decimal) and not value.is_finite():
            raise self._error(here, f"{key} must be a number")
        try:
            for text in [value] if isinstance(value, str) else value if isinstance(value, list) else ():
                checks.plain_text(text)
            if setting.check:
                setting.check(value)
        except UsageError as error:
            raise self._error(here, f"{key}: {error}", error.hint) from None

    def _entry(self, name: str, entry: Any, where: tuple[str, ...]) -> None:
        self.table(entry, ENTRY, where)
        protocol = entry.get("protocol")
        if protocol is not None and protocol not in PROTOCOLS:
            nearest = did_you_mean(protocol, PROTOCOLS, f"known: {', '.join(PROTOCOLS)}")
            raise self._error((*where, "protocol"), f'unknown protocol "{protocol}"', nearest)
        if name not in PROVIDERS and not (protocol and "base_url" in entry):
            hint = did_you_mean(name, PROVIDERS, "a relay needs protocol and base_url")
            raise self._error(where, f'no provider is called "{name}"', hint)
        provider = PROTOCOLS[protocol] if protocol else PROVIDERS[name]
        for key, price in entry.get("prices", {}).items():
            here = (*where, "prices", key)
            try:
                checks.price_key(key, (model.family for model in provider.models))
            except UsageError as error:
                raise self._error(here, str(error), error.hint) from None
            self._value(key, price, Setting(NUMBER, "", checks.amount), here)

    def _names(self, value: str | list[str] | None, known: Mapping[str, Any], where: tuple[str, ...]) -> None:
        for text in [value] if isinstance(value, str) else value or []:
            if not is_name(text, known):
                hint = did_you_mean(text, [*known, *CHOICES], "hailuo providers")
                raise self._error(where, f'no provider is called "{text}"', hint)

    def _error(self, where: tuple[str, ...], what: str, hint: str | None = None) -> UsageError:
        return UsageError(f"{self._path}:{self._line(where)}: {what}", hint=hint)

    def _line(self, where: tuple[str, ...]) -> int:
        """The line of a key, by its section and name; 1 where it is written in a way not foreseen."""
        section: tuple[str, ...] = ()
        for number, line in enumerate(self._text.splitlines(), 1):
            if header := re.match(r"\s*\[+([^\]]+)\]+", line):
                section = name_parts(header[1])
                if section[: len(where)] == where:
                    return number
            elif (assigned := re.match(r"\s*([^=#]+?)\s*=", line)) and where == (
                *section,
                *name_parts(assigned[1]),
            )[: len(where)]:
                return number
        return 1


def name_parts(dotted: str) -> tuple[str, ...]:
    """a."b.c" as the names in it."""
    parts = re.findall(r"""\s*(\"[^\"]*\"|'[^']*'|[^.]+)""", dotted)
    return tuple(part.strip().strip("\"'") for part in parts if part.strip())
