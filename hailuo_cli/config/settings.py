"""What a profile says, as typed values: the checked tables of the file without their spelling."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from .. import durations
from ..model import Secret
from ..providers import PROTOCOLS, PROVIDERS
from . import checks, schema
from .checks import PriceKey


@dataclass(frozen=True)
class Entry:
    """What a profile says about one provider. None: not said."""

    api_key: Secret | None = None
    api_key_env: str | None = None
    api_key_command: str | None = None
    base_url: str | None = None
    protocol: str | None = None
    camera_tags: str = "en"
    webhook_secret: Secret | None = None
    webhook_secret_env: str | None = None
    webhook_secret_command: str | None = None
    prices: Mapping[PriceKey, Decimal] = field(default_factory=dict)
    """USD, by family, seconds (None: for each second) and resolution."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """Request options that are the default at this provider."""


class Choice(NamedTuple):
    """How a provider is chosen: names, `cheapest` or `fastest`; which may be, and which never."""

    provider: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Budget(NamedTuple):
    """The most that may be spent, in USD, in a day and a month of UTC."""

    day: Decimal | None = None
    month: Decimal | None = None


@dataclass(frozen=True)
class Profile:
    """What one profile says. None: not said. Times are in seconds, money in USD."""

    name: str | None = None
    provider: str | None = None
    output: str | None = None
    timeout: float | None = None
    poll_interval: float | None = None
    max_cost: Decimal | None = None
    notify: bool | None = None
    on_saved: tuple[str, ...] | None = None
    write_info_json: bool | None = None
    label: bool | None = None
    ledger: str | None = None
    ledger_command: str | None = None
    choice: Choice = field(default_factory=Choice)
    budget: Budget = field(default_factory=Budget)
    mcp_max_cost: Decimal = Decimal(0)
    providers: Mapping[str, Entry] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)
    """Request options that are the default at every provider."""


def read_profile(name: str | None, values: Mapping[str, Any]) -> Profile:
    """A checked table as typed values."""
    plain = {
        key: values[key]
        for key in ("provider", "notify", "write_info_json", "label", "ledger", "ledger_command")
        if key in values
    }
    choice = {("never" if key == "not" else key): names_in(value) for key, value in values.get("choice", {}).items()}
    return Profile(
        name=name,
        output=_home_expanded(values.get("output")),
        timeout=_seconds(values.get("timeout")),
        poll_interval=_seconds(values.get("poll_interval")),
        max_cost=_money(values.get("max_cost")),
        on_saved=_command(values.get("on_saved")),
        choice=Choice(**choice),
        budget=Budget(**{key: _money(value) for key, value in values.get("budget", {}).items()}),
        mcp_max_cost=_money(values.get("mcp", {}).get("max_cost")) or Decimal(0),
        providers={key: _entry(key, entry) for key, entry in values.get("providers", {}).items()},
        request=_request_options(values),
        **plain,
    )


def _entry(name: str, values: Mapping[str, Any]) -> Entry:
    provider = PROTOCOLS[values["protocol"]] if "protocol" in values else PROVIDERS[name]
    families = [model.family for model in provider.models]
    prices = {checks.price_key(key, families): Decimal(price) for key, price in values.get("prices", {}).items()}
    said = {key: value for key, value in values.items() if key != "prices" and key not in schema.REQUEST_OPTIONS}
    secrets = {key: Secret(value) for key, value in said.items() if schema.ENTRY[key].secret}
    return Entry(**{**said, **secrets}, prices=prices, request=_request_options(values))


def _request_options(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in schema.REQUEST_OPTIONS if name in values}


def names_in(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """The names of "a, b" or of a list, each once."""
    names = value.split(",") if isinstance(value, str) else value or ()
    return tuple(dict.fromkeys(filter(None, (name.strip() for name in names))))


def _seconds(value: object) -> float | None:
    return None if value is None else durations.seconds(str(value))


def _money(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _command(value: str | list[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(shlex.split(value) if isinstance(value, str) else value)


def _home_expanded(path: str | None) -> str | None:
    # not Path.expanduser, which takes a folder's last slash away
    return None if path is None else os.path.expanduser(path)  # noqa: PTH111
