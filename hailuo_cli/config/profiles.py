"""Profiles: the TOML file and the environment, read into the accounts that can be used.

Precedence everywhere: option, then environment, then profile, then default. Every value knows where it came from.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import AuthError, DiskError, NoKey, UsageError
from ..model import Secret
from ..providers import PROTOCOLS, PROVIDERS, Provider
from . import schema
from .schema import REQUEST_OPTIONS, did_you_mean

KEY_LIMIT = 4096
COMMAND_SECONDS = 60


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

    @property
    def has_key(self) -> bool:
        return self.provider.key_env is None or bool(self.key_source)


class Config:
    """One profile of one file, seen through the environment. Reading it never runs a key command."""

    def __init__(self, path: Path, data: Mapping[str, Any], profile: str | None, environ: Mapping[str, str]) -> None:
        self.path = path
        self.data = data
        self.profile = profile
        self.settings: Mapping[str, Any] = data.get("profiles", {}).get(profile, {})
        self._environ = environ
        self.warnings: list[str] = []
        self.is_explicit = False

    @property
    def names(self) -> list[str]:
        """Every provider that can be named: the built-in ones, then the profile's relays."""
        return list(dict.fromkeys([*PROVIDERS, *self.settings.get("providers", {})]))

    def seen_as(self, profile: str | None) -> Config:
        """The same file with another profile, where that exists and no profile was asked for by name."""
        if self.is_explicit or profile == self.profile or profile not in self.data.get("profiles", {}):
            return self
        return Config(self.path, self.data, profile, self._environ)

    def account(self, name: str) -> Account:
        """The account for a provider, with its key where one is found; UsageError for an unknown name."""
        entry: Mapping[str, Any] = self.settings.get("providers", {}).get(name, {})
        provider = PROTOCOLS.get(entry["protocol"]) if "protocol" in entry else PROVIDERS.get(name)
        if provider is None:
            raise UsageError(f"no provider is called {name}", hint=did_you_mean(name, self.names, "hailuo providers"))
        key, source, places = self._key(name, provider, entry)
        merged = {**self.settings, **entry}
        return Account(
            name=name,
            provider=provider,
            base_url=entry.get("base_url", provider.base_url),
            profile=self.profile,
            key=key,
            key_source=source,
            key_places=places,
            camera_zh=entry.get("camera_tags") == "zh",
            defaults={option: merged[option] for option in REQUEST_OPTIONS if option in merged},
        )

    def chosen(self, option: str | None) -> Account:
        """The account to use: the one asked for, else the profile's, else the only one with a key."""
        name = option or self._environ.get("HAILUO_PROVIDER") or self.settings.get("provider")
        if name:
            return self.account(name)
        able = [a for a in map(self.account, self.names) if a.provider.key_env is not None and a.has_key]
        if len(able) == 1:
            return able[0]
        if able:
            found = ", ".join(f"{a.name} ({a.key_source})" for a in able)
            raise UsageError(
                f"several providers have a key: {found}",
                hint=f"add --provider {able[0].name}, or a line"
                f' provider = "{able[0].name}" under [profiles.NAME] in {self.path}',
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
        if account.key:
            if account.key_source == self._written:
                self._must_be_ours(self._written)
            return replace(account, key=cleaned_key(account.key.reveal(), account.key_source))
        entry = self._entry(account)
        if command := entry.get("api_key_command"):
            text, source = _output_of(command, "api_key_command"), f"api_key_command in {self.path}"
            return replace(account, key=cleaned_key(text, source), key_source=source)
        section = f"[profiles.{self.profile or 'personal'}.providers.{account.name}]"
        variable = entry.get("api_key_env", account.provider.key_env if account.name in PROVIDERS else None)
        raise NoKey(
            f"no key for {account.name}: looked for {', then '.join(account.key_places)}",
            hint=(f"export {variable}=…, or " if variable else "")
            + f"`hailuo config set-key {account.name}` (it writes {section} in {self.path})",
        )

    def webhook_secret(self, account: Account) -> Secret | None:
        """The secret that an account's webhooks are signed with, None where its entry gives none.

        The command is run here. NoKey where the entry names a variable or a command that gives nothing.
        """
        entry, source = self._entry(account), self.webhook_secret_source(account)
        if variable := entry.get("webhook_secret_env"):
            if text := self._environ.get(variable, ""):
                return cleaned_key(text, source)
            raise NoKey(
                f"webhook_secret_env of {account.name} names {variable}, which is not set", hint=f"export {variable}=…"
            )
        if written := entry.get("webhook_secret"):
            self._must_be_ours(source)
            return cleaned_key(written, source)
        if command := entry.get("webhook_secret_command"):
            return cleaned_key(_output_of(command, "webhook_secret_command"), source)
        return None

    def webhook_secret_source(self, account: Account) -> str:
        """Where the secret of an account's webhooks is from, in words; empty where its entry gives none."""
        entry = self._entry(account)
        if variable := entry.get("webhook_secret_env"):
            return f"{variable} in the environment"
        if entry.get("webhook_secret"):
            self._doubt_a_public_file()
            return f"webhook_secret in {self.path}"
        return f"webhook_secret_command in {self.path}" if entry.get("webhook_secret_command") else ""

    def _entry(self, account: Account) -> Mapping[str, Any]:
        entry: Mapping[str, Any] = self.settings.get("providers", {}).get(account.name, {})
        return entry

    def _key(
        self, name: str, provider: Provider, entry: Mapping[str, Any]
    ) -> tuple[Secret | None, str, tuple[str, ...]]:
        # a relay never gets the key of the provider whose protocol it speaks, and a named variable is meant
        # to replace the usual one: falling back would bill another account
        variable = entry.get("api_key_env", provider.key_env if name == provider.name else None)
        places = []
        if variable:
            places.append(f"{variable} in the environment")
            if text := self._environ.get(variable, ""):
                return Secret(text), places[-1], tuple(places)
            if variable in self._environ:
                places[-1] += " (it is set, but empty)"
        if written := entry.get("api_key"):
            self._doubt_a_public_file()
            return Secret(written), self._written, (*places, self._written)
        if entry.get("api_key_command"):
            source = f"api_key_command in {self.path}"
            return None, source, (*places, source)
        return None, "", (*places, f"an api_key for it in {self.path}")

    @property
    def _written(self) -> str:
        return f"api_key in {self.path}"

    def _must_be_ours(self, source: str) -> None:
        if os.name != "nt" and self.path.stat().st_uid not in (0, os.geteuid()):
            message = f"{source} is not used: the file belongs to another user"
            raise AuthError(message, hint=f"chown it: {self.path}")

    def _doubt_a_public_file(self) -> None:
        warning = f"{self.path} holds a key and others can read it; chmod 600 {self.path}"
        public = os.name != "nt" and stat.S_IMODE(self.path.stat().st_mode) & 0o077
        if public and warning not in self.warnings:
            self.warnings.append(warning)


def place(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Where the config file is: --config, else HAILUO_CONFIG, else the user's config folder."""
    import platformdirs

    usual = platformdirs.user_config_path
    return option or _of_the_user(environ.get("HAILUO_CONFIG"), lambda: usual("hailuo") / "config.toml")


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the ledger and the sandbox's jobs are: HAILUO_DATA_DIR, else the user's data folder."""
    import platformdirs

    return _of_the_user(environ.get("HAILUO_DATA_DIR"), lambda: platformdirs.user_data_path("hailuo"))


def _of_the_user(chosen: str | None, usual: Callable[[], Path]) -> Path:
    try:
        return Path(chosen).expanduser() if chosen else usual()
    except RuntimeError:  # a container that runs as a user whom nobody knows
        raise UsageError("there is no home folder: HOME is not set, and this user has none", hint="set HOME") from None


def ledger_path(environ: Mapping[str, str]) -> Path:
    """Where the record of every job is."""
    return data_folder(environ) / "ledger.sqlite3"


def spool_folders(environ: Mapping[str, str]) -> list[Path]:
    """Where a ticket may be noted that the ledger does not take: beside it, then where another disk may be."""
    import platformdirs

    owner = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    shared = Path(environ.get("TMPDIR") or environ.get("TEMP") or "/tmp")  # noqa: S108 - the spool checks whose it is
    others = [shared / f"hailuo{owner}"]
    with suppress(RuntimeError):  # no home
        others.insert(0, platformdirs.user_state_path("hailuo") / "unsaved")
    return [data_folder(environ) / "unsaved", *(place for place in others if place.is_absolute())]


def load(option: Path | None, profile: str | None, environ: Mapping[str, str], *, may_be_new: bool = False) -> Config:
    """Read the file and choose the profile; UsageError with file and line for whatever is not understood.

    A file or profile that was named must be there, unless it `may_be_new`: then it is about to be written.
    """
    path = place(option, environ)
    text = _text(path, must_exist=bool(option or environ.get("HAILUO_CONFIG")) and not may_be_new)
    data = schema.parse(text, path)
    profiles = data.get("profiles", {})
    name = profile or environ.get("HAILUO_PROFILE") or data.get("default_profile")
    if name is None and len(profiles) == 1:
        name = next(iter(profiles))
    if name is not None and name not in profiles and not may_be_new:
        raise UsageError(
            f"no profile is called {name} in {path}",
            hint=did_you_mean(name, profiles, f"profiles: {', '.join(profiles)}"),
        )
    config = Config(path, data, name, environ)
    config.is_explicit = profile is not None
    return config


def _text(path: Path, *, must_exist: bool) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if must_exist:
            raise UsageError(f"there is no config file {path}", hint="hailuo config init writes one") from None
        return ""
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: not UTF-8", hint="save the file as UTF-8") from None
    except OSError as error:
        raise DiskError(f"cannot read {path}: {error.strerror}") from error


def cleaned_key(text: str, source: str) -> Secret:
    """A key without what copying adds to it; AuthError for what no key can be. `source` names where it is from."""
    key = text.strip("\ufeff\u00a0 \t\r\n")
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'":
        key = key[1:-1]
    if not key or len(key) > KEY_LIMIT or not re.fullmatch(r"[\x21-\x7e]+", key):
        raise AuthError(f"what is in {source} cannot be a key: it has spaces, line breaks or characters no key has")
    return Secret(key)


def _output_of(command: str, name: str) -> str:
    words: list[str] = []
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=True)  # noqa: S603
    except (OSError, ValueError, subprocess.SubprocessError, IndexError) as error:
        reason = (
            f"exit code {error.returncode}"
            if isinstance(error, subprocess.CalledProcessError)
            else type(error).__name__
        )
        raise NoKey(f"{name} `{words[0] if words else ''} …` gave no key ({reason})") from None
    return done.stdout.decode("utf-8", "replace").strip().partition("\n")[0]
