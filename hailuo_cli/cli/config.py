"""`hailuo config`: profiles. Keys are never taken from the command line and never shown."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from . import complete
from .commands import Command, Group
from .flags import Globals
from .show import Result, Show

if TYPE_CHECKING:
    from ..config.profiles import Config

app = typer.Typer(
    cls=Group, add_completion=False, help="Profiles and keys.", rich_markup_mode=None, no_args_is_help=True
)


@app.callback()
def config() -> None:
    pass


@app.command(cls=Command)
def init(ctx: typer.Context) -> Result:
    """Write a commented config file."""
    from ..config import writer
    from ..config.profiles import place

    path = place(_flags(ctx).config, os.environ)
    writer.create(path)
    Show(_flags(ctx)).say("written; next: hailuo config set-key PROVIDER")
    return Result({"path": str(path)}, [str(path)])


@app.command(cls=Command)
def path(ctx: typer.Context) -> Result:
    """Print where the config file is."""
    from ..config.profiles import place

    found = place(_flags(ctx).config, os.environ)
    return Result({"path": str(found), "exists": found.exists()}, [str(found)])


@app.command(cls=Command)
def show(ctx: typer.Context) -> Result:
    """Show every value in force and where it comes from; keys are masked."""
    from ..config.profiles import place

    flags = _flags(ctx)
    config = _read(flags)
    rows = [("config", str(place(flags.config, os.environ)), "--config" if flags.config else _source("HAILUO_CONFIG"))]
    chosen = "--profile" if flags.profile else _source("HAILUO_PROFILE", "config file")
    rows.append(("profile", config.profile or "none", chosen if config.profile else "default"))
    provider = os.environ.get("HAILUO_PROVIDER")
    rows += [("provider", provider, "HAILUO_PROVIDER")] if provider else []
    rows += [
        (name, str(value), "config file")
        for name, value in config.settings.items()
        if name != "providers" and not (name == "provider" and provider)
    ]
    for account in map(config.account, config.names):
        if account.provider.key_env is not None:
            rows.append(
                (f"{account.name}.key", "********" if account.has_key else "none", account.key_source or "not found")
            )
        for name, value in config.settings.get("providers", {}).get(account.name, {}).items():
            if not name.startswith(("api_key", "webhook_secret")):
                rows.append((f"{account.name}.{name}", str(value), "config file"))
        if source := config.webhook_secret_source(account):
            rows.append((f"{account.name}.webhook_secret", "********", source))
    data = [{"name": name, "value": value, "source": source} for name, value, source in rows]
    return Result({"values": data}, [f"{name:24} {value:32} ({source})" for name, value, source in rows])


@app.command("set-key", cls=Command)
def set_key(
    ctx: typer.Context,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", autocompletion=complete.providers)],
) -> Result:
    """Save a provider's key, typed unseen or read from stdin."""
    from ..config import writer
    from ..config.profiles import cleaned_key

    flags = _flags(ctx)
    config = _read(flags)
    account = config.account(provider)
    if account.provider.key_env is None:
        raise UsageError(f"{provider} needs no key")
    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        text = getpass.getpass(f"key for {provider}: ")
    else:
        text = sys.stdin.read() if sys.stdin else ""
    key = cleaned_key(text, "what was typed")
    profile = config.profile or "personal"
    writer.assign(config.path, ("profiles", profile, "providers", provider, "api_key"), key.reveal())
    Show(flags).say(f"key for {provider} saved in {config.path} (profile {profile})")
    return Result({"path": str(config.path), "profile": profile, "provider": provider})


@app.command("set", cls=Command)
def set_value(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="timeout, provider, providers.minimax.base_url, …")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
) -> Result:
    """Set one value of the profile, or default_profile."""
    from ..config import writer
    from ..config.schema import SECRETS, typed

    flags = _flags(ctx)
    config = _read(flags)
    parts = tuple(name.split("."))
    if parts[-1] in SECRETS:
        hint = "hailuo config set-key PROVIDER" if parts[-1] == "api_key" else f"hailuo config set {name}_env VARIABLE"
        raise UsageError("a key is never taken from the command line", hint=hint)
    where = parts if parts[0] in ("default_profile", "profiles") else ("profiles", config.profile or "personal", *parts)
    writer.assign(config.path, where, typed(parts[-1], value))
    return Result({"path": str(config.path), "name": ".".join(where), "value": value})


def _flags(ctx: typer.Context) -> Globals:
    flags: Any = ctx.find_root().obj
    assert isinstance(flags, Globals)  # noqa: S101 - `run` puts it there
    return flags


def _read(flags: Globals) -> Config:
    from ..config.profiles import load

    return load(flags.config, flags.profile, os.environ, may_be_new=True)


def _source(variable: str, otherwise: str = "default") -> str:
    return variable if os.environ.get(variable) else otherwise
