"""Writing the config file: one value at a time, comments kept, whole or not at all, readable by its owner only."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import secrets
import stat
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from .. import private_files
from ..errors import DiskError, UsageError
from . import schema

TEMPLATE = """\
# hailuo: profiles and keys. `hailuo config show` tells what is in force and where it comes from.

default_profile = "personal"

[profiles.personal]
# provider = "pixazo"          # who makes the video where --provider is not given
# output = "{job}.mp4"         # also {provider} {model} {date} {prompt}
# timeout = "20m"
# max_cost = 1.00              # USD; refuses what costs more or has no known price

# [profiles.personal.providers.pixazo]
# api_key_env = "PIXAZO_API_KEY"      # or: hailuo config set-key pixazo
"""


def create(path: Path) -> None:
    """Write a commented config file where there is none; UsageError where there is one."""
    if path.exists():
        raise UsageError(f"{path} is there already", hint="hailuo config show; to start over, move it away")
    write(path, TEMPLATE)


def assign(path: Path, where: tuple[str, ...], value: Any) -> None:
    """Set one value in the file, which is made where there is none; UsageError where hailuo would not read it back."""
    try:
        text = path.read_bytes().decode("utf-8-sig") if path.exists() else TEMPLATE
    except (OSError, UnicodeDecodeError) as error:
        raise DiskError(f"cannot read {path}: {error}") from error
    if any("\ud800" <= c <= "\udfff" for c in f"{value}{where}"):
        raise UsageError("that is not valid text", hint="type it as UTF-8")
    new = assigned(text, where, value)
    schema.parse(new, path)
    write(path, new, mode=0o600 if where[-1] in schema.SECRETS else None)


def assigned(text: str, where: tuple[str, ...], value: Any) -> str:
    """The same TOML with one value set. Comments stay, unless the value is written in a way not foreseen here."""
    wanted = copy.deepcopy(tomllib.loads(text))
    *sections, key = where
    table: Any = wanted
    for name in sections:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise UsageError(f"{name} is a value and has nothing below it")
    table[key] = value
    with contextlib.suppress(tomllib.TOMLDecodeError):
        edited = _edited(text, tuple(sections), tomli_w.dumps({key: value}).rstrip("\n"))
        if tomllib.loads(edited) == wanted:
            return edited
    return tomli_w.dumps(wanted)


def write(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace a file by a whole new one. Its mode stays unless one is given; a new file is 0600 from its first byte.
    Links stay links.
    """
    try:
        real = path.resolve()
        private_files.make_folder(real.parent)
        private_files.remove_stale(real.parent.glob(f".{real.name}.*"))
        if mode is None:
            mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o600
        if real.exists() and not os.access(real, os.W_OK):
            raise DiskError(f"{path} is read-only", hint=f"chmod u+w {path}")
        new = real.with_name(f".{real.name}.{secrets.token_hex(6)}")
        handle = private_files.create(new)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(handle)
            new.chmod(mode)
            new.replace(real)
            private_files.sync_folder(real.parent)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error


def _edited(text: str, section: tuple[str, ...], line: str) -> str:
    """The text with a line replaced in its section, or added below the section's header, or with a new section."""
    key = line.partition("=")[0].strip()
    lines = text.splitlines()
    here: tuple[str, ...] = ()
    header: int | None = -1 if not section else None
    for number, old in enumerate(lines):
        if found := re.match(r"\s*\[([^\[\]]+)\]", old):
            here = tuple(part.strip().strip("\"'") for part in found[1].split("."))
            header = number if here == section else header
        elif here == section and re.match(rf"\s*{re.escape(key)}\s*=", old):
            lines[number] = line
            return "\n".join(lines) + "\n"
    if header is None:
        name = ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in section)
        return "\n".join([*lines, "", f"[{name}]", line]) + "\n"
    return "\n".join([*lines[: header + 1], line, *lines[header + 1 :]]) + "\n"
