"""Which values are in force, and where each comes from: an option, the environment, the file or a default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..model import MASK
from .paths import data_folder, ledger_path
from .profiles import Config
from .schema import ENTRY, PROFILE, SUBTABLES, Table

FILE = "config file"
DEFAULT = "default"


class InForce(NamedTuple):
    """One value under the name that `config set` and `get` take; a secret is a mask already."""

    name: str
    value: Any
    source: str


def in_force(config: Config, environ: Mapping[str, str]) -> Iterator[InForce]:
    """The profile's values and the defaults beside them, the places, then what each provider has. No command is run."""
    yield from _places(config, environ)
    written = config.data.get("profiles", {}).get(config.profile, {})
    if chosen := environ.get("HAILUO_PROVIDER"):
        yield InForce("provider", chosen, "HAILUO_PROVIDER")
        written = {name: value for name, value in written.items() if name != "provider"}
    yield from _table(written, PROFILE)
    for name, table in SUBTABLES.items():
        yield from _table(written.get(name, {}), table, f"{name}.")
    for name in config.names:
        account = config.account(name)
        entry = written.get("providers", {}).get(name, {})
        prefix = f"providers.{name}."
        if account.provider.key_env is not None and account.has_key:
            yield InForce(f"{prefix}api_key", MASK, account.key_source)
        yield from _table({key: value for key, value in entry.items() if not key.startswith("api_key")}, ENTRY, prefix)
        for size, price in entry.get("prices", {}).items():
            yield InForce(f'{prefix}prices."{size}"', price, FILE)


def without_key(config: Config) -> list[str]:
    """The providers that would need a key and have none."""
    accounts = map(config.account, config.names)
    return [account.name for account in accounts if account.provider.key_env is not None and not account.has_key]


def _places(config: Config, environ: Mapping[str, str]) -> Iterator[InForce]:
    moved = "HAILUO_DATA_DIR" if environ.get("HAILUO_DATA_DIR") else DEFAULT
    yield InForce("data", str(data_folder(environ)), moved)
    if config.ledger:
        yield InForce("ledger", config.ledger, "HAILUO_LEDGER" if environ.get("HAILUO_LEDGER") else FILE)
    else:
        yield InForce("ledger", str(ledger_path(environ)), moved)


def _table(written: Mapping[str, Any], table: Table, prefix: str = "") -> Iterator[InForce]:
    for name, setting in table.items():
        if dict in setting.kinds or name == "ledger":
            continue
        if name in written:
            yield InForce(prefix + name, MASK if setting.secret else written[name], FILE)
        elif setting.default is not None and not prefix.startswith("providers."):
            yield InForce(prefix + name, setting.default, DEFAULT)
