"""Writing the config file: chosen values changed, every comment kept, whole or not at all, readable by its owner only."""

from __future__ import annotations

import copy
import os
import re
import secrets
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from .. import private_files
from ..errors import DiskError, UsageError
from . import schema, source
from .json_schema import SHIPPED
from .lock import locked

Name = tuple[str, ...]
"""Where a value is: ("profiles", "work", "timeout")."""
PROFILE_DEPTH = 2
"""How deep a profile is: profiles.NAME."""
NOTHING = object()
"""In place of a value: take the name out."""
_TEMPLATE = """\
{schema}
# hailuo: profiles and keys. `hailuo config show` tells what is in force and where it comes from.

default_profile = "personal"

[profiles.personal]
# provider = "pixazo"          # who makes the video where --provider is not given
# output = "{{job}}.mp4"         # also {{provider}} {{model}} {{date}} {{prompt}} {{name}} {{take}} …
# timeout = "20m"
# max_cost = 1.00              # USD; refuses what costs more or has no known price

# [profiles.personal.providers.pixazo]
# api_key_env = "PIXAZO_API_KEY"      # or: hailuo config set-key pixazo
"""


def template() -> str:
    """The commented file that a new user gets; its first line names the JSON Schema for editors."""
    return _TEMPLATE.format(schema=f"#:schema {SHIPPED.as_uri()}")


def create(path: Path) -> None:
    """Write a commented config file where there is none; UsageError where there is one."""
    with _one_writer(path):
        if path.exists():
            raise UsageError(f"{path} is there already", hint="hailuo config show; to start over, move it away")
        write(path, template())


def assign(path: Path, changes: Mapping[Name, Any]) -> None:
    """Set values in the file (NOTHING removes one), which is made where there is none; all of them or none.

    UsageError where hailuo would not read it back. Writers wait for each other, so that none is lost.
    """
    for where, value in changes.items():
        if any("\ud800" <= c <= "\udfff" for c in f"{value}{where}"):
            raise UsageError("that is not valid text", hint="type it as UTF-8")
    with _one_writer(path):
        found = source.read(path)
        text = found.text if found.exists else template()
        for where, value in changes.items():
            text = edited(text, where, value)
        schema.parse(text, path)
        holds_secret = any((known := schema.setting(where)) and known.secret for where in changes)
        write(path, text, mode=0o600 if holds_secret else None)


def replace(path: Path, old: str, new: str) -> None:
    """Write a text that a person has edited; UsageError where it cannot be read, or the file is not the old one now."""
    schema.parse(new, path)
    with _one_writer(path):
        if source.read(path).text != old:
            raise UsageError(f"{path} was changed by another program meanwhile")
        write(path, new)


def edited(text: str, where: Name, value: Any) -> str:
    """The same TOML with one value set or removed, and every other line as it was."""
    wanted = copy.deepcopy(tomllib.loads(text, parse_float=Decimal))
    *sections, key = where
    table: Any = wanted
    for name in sections:
        table = table.setdefault(name, {}) if value is not NOTHING else table.get(name, {})
        if not isinstance(table, dict):
            raise UsageError(f"{name} is a value and has nothing below it")
    if value is NOTHING:
        if key not in table:
            raise UsageError(f"{'.'.join(where)} is not in the file", hint="hailuo config show")
        _take_out(wanted, where)
    else:
        table[key] = _as_read(value)
    try:
        new = _edit(text, sections, key, value)
        if tomllib.loads(new, parse_float=Decimal) == wanted:
            return new
    except (TOMLKitError, tomllib.TOMLDecodeError, ValueError, TypeError, KeyError, AttributeError):
        pass  # a way of writing TOML that tomlkit does not follow
    raise UsageError("this file is written in a way that can only be edited by hand", hint="hailuo config edit")


def _as_read(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_as_read(item) for item in value]
    return {name: _as_read(item) for name, item in value.items()} if isinstance(value, dict) else value


def write(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace a file by a whole new one. Its mode stays unless one is given; a new file is 0600 from its first byte.
    Links stay links. DiskError where that fails, and then the old one is as it was.
    """
    try:
        real = path.resolve()
        private_files.make_folder(real.parent)
        private_files.remove_stale(real.parent.glob(f".{real.name}.*"))
        if mode is None:
            mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o600
        if real.exists() and not os.access(real, os.W_OK):
            raise DiskError(f"{path} is read-only", hint=f"chmod u+w {shlex.quote(str(path))}")
        new = real.with_name(f".{real.name}.{secrets.token_hex(6)}")
        handle = private_files.create(new)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(handle)
            private_files.set_mode(new, mode)
            new.replace(real)
            private_files.sync_folder(real.parent)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def _one_writer(path: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(locked(path.resolve()))
        except OSError as error:
            raise DiskError(f"cannot write {path}: {error.strerror}") from error
        yield


def _edit(text: str, sections: list[str], key: str, value: Any) -> str:
    document = tomlkit.parse(text)
    if value is NOTHING:
        _take_out(document, (*sections, key))
        return tomlkit.dumps(document)
    table: Any = document
    for depth, name in enumerate(sections):
        if name not in table:
            # only the last of several new tables gets a header of its own
            table.append(name, tomlkit.table(is_super_table=depth < len(sections) - 1))
        table = table[name]
    table[key] = _item(value)
    return tomlkit.dumps(document)


def _take_out(document: Any, where: Name) -> None:
    """Remove a value, and the tables around it that are empty then, up to the profile's own."""
    around = [document]
    for name in where[:-1]:
        around.append(around[-1][name])
    for depth in range(len(where) - 1, -1, -1):
        del around[depth][where[depth]]
        if around[depth] or depth <= PROFILE_DEPTH:
            return


def _item(value: Any) -> Any:
    """A value as tomlkit writes it; a number that a person typed keeps its digits."""
    if isinstance(value, Decimal):
        text = str(value)
        return tomlkit.value(text if re.search("[.eE]", text) else f"{text}.0")
    return value
