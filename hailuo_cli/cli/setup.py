"""`hailuo setup`: the questions that make a config, asked at a terminal; all is written at the end or nothing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import typer

from ..errors import HailuoError, UsageError
from . import front_end
from .show import Result, Show

if TYPE_CHECKING:
    from ..client import Client
    from ..config.profiles import Account, Config
    from ..config.writer import Name

INSTEAD = "hailuo config set-key PROVIDER < KEYFILE; then: hailuo config set provider PROVIDER; hailuo config show"
FIRST_CLIP = "a lighthouse at dusk [Push in]"


def setup(ctx: typer.Context) -> Result:
    """Ask for a seller and its key, and write the config file at the end. Goes online only where you say so."""
    from ..config import writer
    from ..config.profiles import load

    flags = ctx.find_root().obj
    show = Show(flags)
    if show.is_machine or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("setup asks questions and needs a terminal", hint=INSTEAD)
    config = load(flags.config, flags.profile, os.environ, may_be_new=True)
    profile = config.profile or "personal"
    account = _seller(show, config)
    changes = _changes(show, config, profile, account) if account else {}
    if changes:
        writer.assign(config.path, changes)
    show.say(f"written to {config.path}, profile {profile}" if changes else "nothing was changed")
    client = front_end.client(flags, show)
    if account and show.ask(f"ask {account.name} now whether the key is good? It bills nothing"):
        _ask_seller(show, client, account.name)
    path = None
    if show.ask("make a first clip in the sandbox? It is free and stays on this machine"):
        path = _first_clip(show, client)
    names = sorted(".".join(where) for where in changes)
    return Result({"path": str(config.path), "changed": names, "clip": path}, [path] if path else [])


def _seller(show: Show, config: Config) -> Account | None:
    """The seller that is chosen, None where the sandbox is enough."""
    show.say("sellers (models and prices: hailuo providers):")
    accounts = [account for account in map(config.account, config.names) if account.provider.key_env]
    for account in accounts:
        show.say(f"  {account.name:12} {account.provider.title}" + (", has a key" if account.has_key else ""))
    while name := show.ask_text("seller (nothing: only the sandbox): "):
        try:
            return config.account(name)
        except HailuoError as error:
            show.complain(error)
    return None


def _changes(show: Show, config: Config, profile: str, account: Account) -> dict[Name, Any]:
    """What is to be written, by the place of each value."""
    from ..config.keys import cleaned_key

    changes: dict[Name, Any] = {}
    needs_key = account.provider.key_env is not None
    if needs_key and (not account.has_key or show.ask(f"there is a key: {account.key_source}; replace it?")):
        show.say(f"keys are made where this begins: {account.provider.docs}")
        key = cleaned_key(show.ask_secret(f"key for {account.name} (it is not shown): "), "what was typed")
        changes["profiles", profile, "providers", account.name, "api_key"] = key.reveal()
    if config.settings.provider != account.name and show.ask(f"use {account.name} where --provider is not given?"):
        changes["profiles", profile, "provider"] = account.name
    if changes and config.path.exists() and "default_profile" not in config.data:
        changes["default_profile",] = profile
    return changes


def _ask_seller(show: Show, client: Client, name: str) -> None:
    from ..health import sellers

    for found in sellers.ask(client.config, client.connect, only=name):
        show.say(f"{found.name}: {found.message}" + (f" → {found.hint}" if found.hint else ""))


def _first_clip(show: Show, client: Client) -> str | None:
    show.say(f'the same by hand: hailuo generate "{FIRST_CLIP}" --provider sandbox')
    try:
        return client.generate(FIRST_CLIP, provider="sandbox").path
    except HailuoError as error:
        show.complain(error)
        return None
