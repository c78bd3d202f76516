"""Where things are: the config file, the data folder with the ledger, and the second places for a paid ticket."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from ..errors import UsageError


def config_path(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Where the config file is: --config, else HAILUO_CONFIG, else the user's config folder."""
    import platformdirs

    if option is not None:
        return expanded(str(option))
    return _of_the_user(environ.get("HAILUO_CONFIG"), lambda: platformdirs.user_config_path("hailuo") / "config.toml")


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the ledger and the sandbox's jobs are: HAILUO_DATA_DIR, else the user's data folder."""
    import platformdirs

    return _of_the_user(environ.get("HAILUO_DATA_DIR"), lambda: platformdirs.user_data_path("hailuo"))


def ledger_path(environ: Mapping[str, str]) -> Path:
    """Where the record of every job is, unless it is in a database (`Profile.ledger`)."""
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


def expanded(text: str) -> Path:
    """A path as it was typed, with `~` at its start as the home folder; UsageError where there is no such home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"there is no home folder for {text}", hint="write the whole path instead of ~") from None


def _of_the_user(chosen: str | None, usual: Callable[[], Path]) -> Path:
    if chosen:
        return expanded(chosen)
    try:
        return usual()
    except RuntimeError:  # a container that runs as a user whom nobody knows
        raise UsageError(
            "there is no home folder: HOME is not set, and this user has none", hint="export HOME=/some/folder"
        ) from None
