"""Profiles: the TOML file and the environment, read into the accounts that can be used.

Precedence everywhere: option, then environment, then profile, then default. Every value knows where it came from.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..errors import LedgerError, NoKey, UsageError
from ..model import Secret
from ..providers import PROTOCOLS, PROVIDERS, Provider
from . import checks, keys, schema, source
from .checks import PriceKey, did_you_mean
from .paths import config_path
from .settings import Choice, Entry, names_in, read_profile


@dataclass(frozen=True)
class Account:
    """One provider as this user has it: where it is, which key, and the request defaults."""

    name: str
    provider: Provider
    base_url: str
    profile: str | None
    key: Secret | None = None
    """As it was found; `Config.unlocked` gives it in the form in which it is sent."""
    key_source: str = ""
    key_places: tuple[str, ...] = ()
    camera_zh: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    prices: Mapping[PriceKey, Decimal] = field(default_factory=dict)
    """The user's own prices in USD; where one is, it wins over the printed one."""

    @property
    def has_key(self) -> bool:
        """Whether an order could be tried: a key was found or is not needed. A key command has not been run for this."""
        return self.provider.key_env is None or bool(self.key_source)


class Config:
    """One profile of one file, seen through the environment. Reading it never runs a key command.

    `learn` is told every secret as soon as it is known, so that nothing that goes out repeats it.
    """

    def __init__(
        self,
        path: Path,
        data: Mapping[str, Any],
        profile: str | None,
        environ: Mapping[str, str],
        *,
        is_public: bool = False,
        is_explicit: bool = False,
        learn: Callable[[Secret], None] = lambda _: None,
    ) -> None:
        self.path = path
        self.data = data
        self.profile = profile
        self.settings = read_profile(profile, data.get("profiles", {}).get(profile, {}))
        self.warnings: list[str] = []
        self.is_explicit = is_explicit
        self._environ = environ
        self._is_public = is_public
        self._learn = learn

    @property
    def profiles(self) -> list[str]:
        """The names of the file's profiles."""
        return list(self.data.get("profiles", {}))

    @property
    def names(self) -> list[str]:
        """Every provider that can be named: the built-in ones, then the profile's relays."""
        return list(dict.fromkeys([*PROVIDERS, *self.settings.providers]))

    @property
    def ledger(self) -> str | None:
        """The PostgreSQL address of the ledger: the environment's, the profile's, the file's; None: a local file."""
        if chosen := self._environ.get("HAILUO_LEDGER"):
            try:
                checks.ledger_address(chosen)
            except UsageError as error:
                raise UsageError(f"HAILUO_LEDGER {error}", hint=error.hint) from None
            return chosen
        return self.settings.ledger or self.data.get("ledger")

    @property
    def ledger_command(self) -> str | None:
        """The command that prints the ledger's password, where there is one."""
        return self.settings.ledger_command or self.data.get("ledger_command")

    def ledger_password(self) -> Secret | None:
        """What `ledger_command` prints, where there is one; LedgerError where it gives nothing."""
        if self.ledger_command is None:
            return None
        try:
            password = Secret(keys.printed(self.ledger_command, f"ledger_command in {self.path}"))
        except NoKey as error:
            raise LedgerError(error.message.replace(" gave no key:", " gave no password:"), hint=error.hint) from None
        self._learn(password)
        return password

    @property
    def secret_variables(self) -> frozenset[str]:
        """Every environment variable that may hold a key or another secret, of any profile of the file."""

        def named(value: Any) -> Iterator[str]:
            for name, inner in value.items() if isinstance(value, dict) else ():
                if name.endswith("_env") and isinstance(inner, str):
                    yield inner
                yield from named(inner)

        usual = (provider.key_env for provider in PROVIDERS.values() if provider.key_env)
        return frozenset({*usual, *named(self.data), "PGPASSWORD"})

    def seen_as(self, profile: str | None) -> Config:
        """The same file with another profile, where that exists and no profile was asked for by name."""
        if self.is_explicit or profile == self.profile or profile not in self.profiles:
            return self
        return Config(self.path, self.data, profile, self._environ, is_public=self._is_public, learn=self._learn)

    def account(self, name: str) -> Account:
        """The account for a provider, with its key where one is found; UsageError for an unknown name."""
        settings = self.settings
        entry = settings.providers.get(name, Entry())
        provider = PROTOCOLS.get(entry.protocol) if entry.protocol else PROVIDERS.get(name)
        if provider is None:
            raise UsageError(f"no provider is called {name}", hint=did_you_mean(name, self.names, "hailuo providers"))
        located = self._locate(name, entry, provider)
        return Account(
            name=name,
            provider=provider,
            base_url=entry.base_url or provider.base_url,
            profile=self.profile,
            key=located.secret,
            key_source=located.source,
            key_places=located.places,
            camera_zh=entry.camera_tags == "zh",
            defaults={**settings.request, **entry.request},
            prices=entry.prices,
        )

    @property
    def in_order(self) -> list[str]:
        """Every provider that can be named, those of the profile first and in its order."""
        return list(dict.fromkeys([*self.settings.providers, *PROVIDERS]))

    def choice(self, provider: str | None = None, only: str | None = None, never: str | None = None) -> Choice:
        """How a provider is chosen: options, then the environment, then the profile; UsageError for unknown names.

        What the profile excludes stays excluded, whatever an option excludes besides.
        """
        said, settings = self.settings.choice, self.settings
        wanted = names_in(provider) or names_in(self._environ.get("HAILUO_PROVIDER")) or said.provider
        found = Choice(
            wanted or names_in(settings.provider),
            names_in(only) or said.only,
            tuple(dict.fromkeys((*said.never, *names_in(never)))),
        )
        if len(found.provider) > 1 and (mixed := set(schema.CHOICES) & set(found.provider)):
            raise UsageError(
                f"--provider {','.join(found.provider)}: {min(mixed)} stands alone",
                hint="--only NAMES says among which to choose",
            )
        for name in (*found.provider, *found.only, *found.never):
            if name not in schema.CHOICES or name in (*found.only, *found.never):
                self.account(name)
        return found

    def chosen(self, option: str | None) -> Account:
        """The account to use: the one asked for, else the profile's, else the only one with a key."""
        name = option or self._environ.get("HAILUO_PROVIDER") or self.settings.provider
        if name:
            return self.account(name)
        able = [a for a in map(self.account, self.names) if a.provider.key_env is not None and a.has_key]
        if len(able) == 1:
            return able[0]
        if able:
            found = ", ".join(f"{a.name} ({a.key_source})" for a in able)
            raise UsageError(
                f"several providers have a key: {found}",
                hint=f"add --provider {able[0].name}, or for good: hailuo config set provider {able[0].name}",
            )
        looked = ", ".join(p.key_env for p in PROVIDERS.values() if p.key_env)
        raise NoKey(
            f"no provider has a key: looked for {looked} in the environment, and for keys in {self.path}",
            hint="export one of them, or `hailuo config set-key PROVIDER`; with no key at all: --provider sandbox",
        )

    def unlocked(self, account: Account) -> Account:
        """The account with its key in hand, running the key command where there is one; NoKey where there is none."""
        if account.provider.key_env is None:
            return account
        entry = self.settings.providers.get(account.name, Entry())
        if key := keys.unlocked(self._locate(account.name, entry, account.provider)):
            self._learn(key)
            return replace(account, key=key)
        variable = entry.api_key_env or (account.provider.key_env if account.name in PROVIDERS else None)
        raise NoKey(
            f"no key for {account.name}: looked for {', then '.join(account.key_places)}",
            hint=(f"export {variable}=…, or " if variable else "") + f"hailuo config set-key {account.name}",
        )

    def webhook_secret(self, account: Account) -> Secret | None:
        """The secret that a provider signs its webhooks with, where one is known."""
        entry = self.settings.providers.get(account.name, Entry())
        places = keys.Places(
            "webhook_secret", entry.webhook_secret_env, entry.webhook_secret, entry.webhook_secret_command
        )
        secret = keys.unlocked(keys.locate(places, self.path, self._environ))
        if secret:
            self._learn(secret)
        return secret

    def _locate(self, name: str, entry: Entry, provider: Provider) -> keys.Located:
        # a relay never gets the key of the provider whose protocol it speaks, and a named variable is meant
        # to replace the usual one: falling back would bill another account
        variable = entry.api_key_env or (provider.key_env if name == provider.name else None)
        places = keys.Places("api_key", variable, entry.api_key, entry.api_key_command)
        located = keys.locate(places, self.path, self._environ)
        if located.secret:
            self._learn(located.secret)
        if located.secret is not None and located.secret is entry.api_key and self._is_public:
            warning = f"{self.path} holds a key and others can read it; chmod 600 {shlex.quote(str(self.path))}"
            if warning not in self.warnings:
                self.warnings.append(warning)
        return located


def load(
    option: Path | None,
    profile: str | None,
    environ: Mapping[str, str],
    *,
    may_be_new: bool = False,
    learn: Callable[[Secret], None] = lambda _: None,
) -> Config:
    """Read the file and choose the profile; UsageError with file and line for whatever is not understood.

    A file or profile that was named must be there, unless it `may_be_new`: then it is about to be written.
    AuthError for a file that is somebody else's to write.
    """
    if profile is not None and not profile.strip():
        raise UsageError("--profile is empty", hint="name a profile, or omit --profile")
    path = config_path(option, environ)
    found = source.read(path)
    if not found.exists and bool(option or environ.get("HAILUO_CONFIG")) and not may_be_new:
        raise UsageError(
            f"there is no config file {path}", hint=f"hailuo config init --config {shlex.quote(str(path))} writes one"
        )
    data = schema.parse(found.text, path)
    profiles = data.get("profiles", {})
    name = profile or environ.get("HAILUO_PROFILE") or data.get("default_profile")
    if name is None and len(profiles) == 1:
        name = next(iter(profiles))
    if name is not None and name not in profiles and not may_be_new:
        raise UsageError(
            f"no profile is called {name} in {path}",
            hint=did_you_mean(name, profiles, f"profiles: {', '.join(profiles) or 'none'}"),
        )
    return Config(path, data, name, environ, is_public=found.is_public, is_explicit=profile is not None, learn=learn)
