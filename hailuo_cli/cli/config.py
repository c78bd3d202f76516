"""`hailuo config`: profiles. Keys are never taken from the command line and never shown."""

from __future__ import annotations

import os
import shlex
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
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="timeout, provider, providers.minimax.base_url, …", autocompletion=complete.settings
    ),
]


@app.callback()
def config() -> None:
    pass


@app.command(cls=Command)
def init(ctx: typer.Context) -> Result:
    """Write a commented config file."""
    from ..config import paths, writer

    path = paths.config_path(_flags(ctx).config, os.environ)
    writer.create(path)
    Show(_flags(ctx)).say("written; next: hailuo config set-key PROVIDER")
    return Result({"path": str(path)}, [str(path)])


@app.command(cls=Command)
def example() -> Result:
    """Print an example of everything that may stand in the config file."""
    from ..distribution import files

    text = files.read("config.example.toml")
    return Result({"text": text}, text.rstrip("\n").split("\n"))


@app.command(cls=Command)
def path(ctx: typer.Context) -> Result:
    """Print where the config file is."""
    from ..config.paths import config_path

    found = config_path(_flags(ctx).config, os.environ)
    return Result({"path": str(found), "exists": found.exists()}, [str(found)])


@app.command(cls=Command)
def show(ctx: typer.Context) -> Result:
    """Show every value in force and where it comes from; keys are masked."""
    from ..config.in_force import InForce, in_force, without_key

    flags = _flags(ctx)
    config = _read(flags)
    chosen = "--profile" if flags.profile else _source("HAILUO_PROFILE", "config file")
    rows = [
        InForce("config", str(config.path), "--config" if flags.config else _source("HAILUO_CONFIG")),
        InForce("profile", config.profile or "none", chosen if config.profile else "default"),
        *in_force(config, os.environ),
    ]
    missing = without_key(config)
    lines = [f"{row.name:28} {_plain(row.value):32} ({row.source})" for row in rows]
    if missing:
        lines.append(f"no key for {len(missing)} other providers: hailuo providers lists them")
    data = [{"name": row.name, "value": _plain(row.value), "source": row.source} for row in rows]
    return Result({"values": data, "without_key": missing}, lines)


@app.command("get", cls=Command)
def get_value(ctx: typer.Context, name: Name) -> Result:
    """Print one value in force; a key as a mask."""
    from ..config.in_force import in_force

    config = _read(_flags(ctx))
    where = _where(config, name)
    top = {"default_profile": config.data.get("default_profile")}
    if len(where) == 1:
        found = [(top.get(where[0]), "config file")] if top.get(where[0]) is not None else []
    else:
        seen = config if where[1] == config.profile else config.seen_as(where[1])
        found = [(row.value, row.source) for row in in_force(seen, os.environ) if _where(seen, row.name) == where]
    if not found:
        raise UsageError(f"{name} is not set", hint=f"hailuo config set {name} VALUE; all that is: hailuo config show")
    value, source = found[0]
    return Result({"name": name, "value": _plain(value), "source": source}, [_plain(value)])


@app.command("set", cls=Command)
def set_value(ctx: typer.Context, name: Name, value: Annotated[str, typer.Argument(metavar="VALUE")]) -> Result:
    """Set one value of the profile, or default_profile."""
    from ..config import schema, writer

    config = _read(_flags(ctx))
    where = _where(config, name)
    setting = schema.setting(where)
    if where[-1] == "api_key" or (setting and setting.secret):
        raise UsageError("a key is never taken from the command line", hint="hailuo config set-key PROVIDER")
    if where == ("default_profile",) and value not in config.data.get("profiles", {}):
        makes = f"hailuo config set provider NAME --profile {shlex.quote(value)} makes it"
        raise UsageError(f"no profile is called {value} in {config.path}", hint=makes)
    writer.assign(config.path, {where: schema.typed(where, value)})
    return Result({"path": str(config.path), "name": ".".join(where), "value": value})


@app.command(cls=Command)
def unset(ctx: typer.Context, name: Name) -> Result:
    """Take one value, or a table such as providers.minimax, out of the file."""
    from ..config import writer

    config = _read(_flags(ctx))
    where = _where(config, name)
    writer.assign(config.path, {where: writer.NOTHING})
    return Result({"path": str(config.path), "name": ".".join(where)})


@app.command("set-key", cls=Command)
def set_key(
    ctx: typer.Context,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", autocompletion=complete.providers)],
    webhook: Annotated[
        bool, typer.Option("--webhook", help="The secret that it signs webhooks with, instead of the key.")
    ] = False,
) -> Result:
    """Save a provider's key, typed unseen or read from stdin."""
    from ..config import keys, writer

    flags = _flags(ctx)
    config = _read(flags)
    account = config.account(provider)
    if account.provider.key_env is None:
        raise UsageError(f"{provider} needs no key", hint=f"hailuo generate PROMPT --provider {provider}")
    what = "webhook secret" if webhook else "key"
    if sys.stdin is not None and sys.stdin.isatty():
        text = Show(flags).ask_secret(f"{what} for {provider}: ")
    else:
        text = sys.stdin.read(keys.PRINT_LIMIT) if sys.stdin else ""
    key = keys.cleaned_key(text, "what was typed")
    profile = config.profile or "personal"
    name = "webhook_secret" if webhook else "api_key"
    writer.assign(config.path, {("profiles", profile, "providers", provider, name): key.reveal()})
    Show(flags).say(f"{what} for {provider} saved in {config.path} (profile {profile})")
    return Result({"path": str(config.path), "profile": profile, "provider": provider})


@app.command(cls=Command)
def edit(ctx: typer.Context) -> Result:
    """Open the file in $VISUAL or $EDITOR; it is checked before it is taken."""
    from . import editor

    flags = _flags(ctx)
    path = editor.edit(flags.config, os.environ)
    Show(flags).say(f"{path} is in force; hailuo config show")
    return Result({"path": str(path)})


@app.command("schema", cls=Command)
def print_schema() -> Result:
    """Print the JSON Schema of the config file, for editors."""
    import json

    from ..config.json_schema import json_schema

    found = json_schema()
    return Result({"schema": found}, json.dumps(found, indent=2, ensure_ascii=False).splitlines())


def _flags(ctx: typer.Context) -> Globals:
    flags: Any = ctx.find_root().obj
    assert isinstance(flags, Globals)  # noqa: S101 - `run` puts it there
    return flags


def _read(flags: Globals) -> Config:
    from ..config.profiles import load

    return load(flags.config, flags.profile, os.environ, may_be_new=True)


def _where(config: Config, name: str) -> tuple[str, ...]:
    """The place in the file that a name stands for: in the profile, unless it begins at the top."""
    from ..config.schema import name_parts

    parts = name_parts(name)
    if not parts:
        raise UsageError("NAME is empty", hint="hailuo config show lists the names")
    if parts[0] in ("default_profile", "profiles"):
        return parts
    return ("profiles", config.profile or "personal", *parts)


def _plain(value: Any) -> str:
    """A value as `config set` takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _source(variable: str, otherwise: str = "default") -> str:
    return variable if os.environ.get(variable) else otherwise
