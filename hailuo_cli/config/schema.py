"""What may stand in the config file, read with the line to name when something in it does not fit."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import durations
from ..errors import UsageError
from ..providers import PROTOCOLS, PROVIDERS
from ..urls import is_loopback, is_web, split

Kinds = tuple[type, ...]

REQUEST_OPTIONS: Mapping[str, Kinds] = {
    "model": (str,),
    "duration": (int,),
    "resolution": (str,),
    "camera": (str, list),
    "prompt_optimizer": (bool,),
    "fast_pretreatment": (bool,),
    "watermark": (bool,),
    "webhook": (str,),
}
ENTRY: Mapping[str, Kinds] = {
    "api_key": (str,),
    "api_key_env": (str,),
    "api_key_command": (str,),
    "webhook_secret": (str,),
    "webhook_secret_env": (str,),
    "webhook_secret_command": (str,),
    "base_url": (str,),
    "protocol": (str,),
    "camera_tags": (str,),
    **REQUEST_OPTIONS,
}
PROFILE: Mapping[str, Kinds] = {
    "provider": (str,),
    "output": (str,),
    "timeout": (str, int, float),
    "poll_interval": (str, int, float),
    "max_cost": (int, float),
    "providers": (dict,),
    **REQUEST_OPTIONS,
}
_SPOKEN: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}
SECRETS = frozenset({"api_key", "webhook_secret"})
"""Values that are shown as a mask, and never taken from a command line."""
TOP: Mapping[str, Kinds] = {"default_profile": (str,), "profiles": (dict,)}


def parse(text: str, path: Path) -> dict[str, Any]:
    """Read TOML and hold it to what hailuo knows; UsageError names file, line and the nearest known name."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error), re.DOTALL)
        what = found[1] if found else str(error)
        line = found[2] if found and found[2] else str(text.count("\n") + 1)
        column = f":{found[3]}" if found and found[3] else ""
        raise UsageError(f"{path}:{line}{column}: {what}", hint="config.example.toml shows how it looks") from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None
    except ValueError:  # a whole number of thousands of digits, which Python refuses to read
        raise UsageError(f"{path}: a number in it is too long") from None
    checker = _Checker(text, path)
    checker.table(data, TOP, ())
    for name, profile in data.get("profiles", {}).items():
        checker.table(profile, PROFILE, ("profiles", name))
        for provider, entry in profile.get("providers", {}).items():
            checker.entry(provider, entry, ("profiles", name, "providers", provider))
    return data


def typed(name: str, text: str) -> Any:
    """A value of the command line in the type that a name wants; what does not fit stays text and is refused later."""
    kinds = {**TOP, **PROFILE, **ENTRY}.get(name, (str,))
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                continue
    return text


class _Checker:
    """Holds values to the tables above and finds the line to name when one does not fit."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._path = path

    def table(self, values: Any, known: Mapping[str, Kinds], where: tuple[str, ...]) -> None:
        if not isinstance(values, dict):
            raise self._error(where, f"{where[-1]} must be a table")
        for key, value in values.items():
            here = (*where, key)
            if key not in known:
                raise self._error(here, f'unknown key "{key}"', did_you_mean(key, known, f"known: {', '.join(known)}"))
            kinds = known[key]
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise self._error(here, f"{key} must be {' or '.join(_SPOKEN[k] for k in kinds)}")
            if isinstance(value, list) and not all(isinstance(item, str) for item in value):
                raise self._error(here, f"{key} must be a list of texts")
            if isinstance(value, int) and not -(2**63) <= value < 2**63:  # TOML's own range
                raise self._error(here, f"{key} is too large")
            if isinstance(value, float) and not math.isfinite(value):
                raise self._error(here, f"{key} must be a number")
            if key in ("timeout", "poll_interval"):
                try:
                    durations.seconds(str(value))
                except UsageError as error:
                    raise self._error(here, f"{key}: {error}", error.hint) from None

    def entry(self, name: str, entry: Any, where: tuple[str, ...]) -> None:
        self.table(entry, ENTRY, where)
        protocol = entry.get("protocol")
        if protocol is not None and protocol not in PROTOCOLS:
            nearest = did_you_mean(protocol, PROTOCOLS, f"known: {', '.join(PROTOCOLS)}")
            raise self._error((*where, "protocol"), f'unknown protocol "{protocol}"', nearest)
        if name not in PROVIDERS and not (protocol and "base_url" in entry):
            hint = did_you_mean(name, PROVIDERS, "a relay needs protocol and base_url")
            raise self._error(where, f'no provider is called "{name}"', hint)
        if entry.get("camera_tags", "en") not in ("en", "zh"):
            raise self._error((*where, "camera_tags"), 'camera_tags must be "en" or "zh"')
        url = entry.get("base_url")
        if url is not None and not _is_base(url):
            raise self._error(
                (*where, "base_url"),
                f"base_url {url} must be https (http only for loopback), with no login and no query",
            )

    def _error(self, where: tuple[str, ...], what: str, hint: str | None = None) -> UsageError:
        return UsageError(f"{self._path}:{self._line(where)}: {what}", hint=hint)

    def _line(self, where: tuple[str, ...]) -> int:
        """The line of a key, by its section and name; 1 where it is written in a way not foreseen."""
        section: tuple[str, ...] = ()
        for number, line in enumerate(self._text.splitlines(), 1):
            if header := re.match(r"\s*\[+([^\]]+)\]+", line):
                section = tuple(part.strip().strip("\"'") for part in header[1].split("."))
                if section[: len(where)] == where:
                    return number
            elif assigned := re.match(r"\s*([^=#]+?)\s*=", line):
                keys = tuple(part.strip().strip("\"'") for part in assigned[1].split("."))
                if (*section, *keys)[: len(where)] == where:
                    return number
        return 1


def _is_base(url: str) -> bool:
    parts = split(url)
    if parts is None or not is_web(url):
        return False
    clean = not (parts.username or parts.password or parts.query or parts.fragment)
    return clean and parts.netloc.isascii() and (parts.scheme == "https" or is_loopback(url))


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint that names the nearest known name, or something else where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else otherwise
