"""The config file in the user's own editor: a private copy is edited, and taken only when it can be read."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .. import private_files
from ..config import source, writer
from ..config.paths import config_path
from ..errors import DiskError, HailuoError, UsageError


def edit(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Let the user edit the config file, and give its path. What cannot be read is kept beside it, not taken."""
    path = config_path(option, environ)
    words = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "")
    if not words:
        raise UsageError("no editor is named", hint=f"export EDITOR=nano, or edit {shlex.quote(str(path))} by hand")
    found = source.read(path)
    copy = path.with_name(f"{path.stem}.edited{path.suffix}")
    old = found.text if found.exists else ""
    try:
        private_files.make_folder(path.parent)
        if not copy.exists():  # what an earlier try left is gone on with
            with os.fdopen(private_files.create(copy), "w", encoding="utf-8", newline="\n") as file:
                file.write(old or writer.template())
        code = subprocess.run([*words, str(copy)], check=False).returncode  # noqa: S603
        new = source.read(copy).text
    except OSError as error:
        raise DiskError(f"cannot edit {path} with {words[0]}: {error.strerror}") from error
    if code:
        copy.unlink(missing_ok=True)
        raise UsageError(f"{words[0]} ended with exit code {code}; nothing was changed")
    try:
        if new != old:
            writer.replace(path, old, new)
    except HailuoError as error:
        error.hint = f"hailuo config edit goes on with {shlex.quote(str(copy))}; remove that to start over"
        raise
    copy.unlink(missing_ok=True)
    return path
