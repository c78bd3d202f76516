"""What can be known of this machine without asking anybody."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping

from .. import __version__
from ..config.paths import data_folder, ledger_path
from ..config.profiles import Config
from ..errors import DiskError, NoKey
from .report import Check, attempt, failed

LEAST_FREE = 32 * 1024 * 1024
"""Bytes; with less, no order is made."""


def version() -> Check:
    """Which hailuo this is, and on what it runs."""
    python = platform.python_version()
    return Check("version", f"hailuo {__version__}, Python {python}, {platform.system()} {platform.machine()}")


def extras() -> Check:
    """Which optional parts are installed, by what the distribution says they need."""
    from importlib import metadata

    parts: dict[str, bool] = {}
    for requirement in metadata.requires("hailuo") or ():
        name, _, marker = requirement.partition(";")
        if "extra ==" in marker and (extra := marker.split("extra ==")[1].strip(" \"'")) != "dev":
            parts[extra] = parts.get(extra, True) and _is_installed(name)
    there = ", ".join(name for name, has in parts.items() if has) or "none"
    absent = ", ".join(name for name, has in parts.items() if not has)
    return Check("extras", f"{there}" + (f"; not installed: {absent}" if absent else ""))


def config(found: Config) -> Iterator[Check]:
    """The file in force, its profile, and what is doubtful about it."""
    if not found.path.exists():
        yield Check("config", f"no file at {found.path}: defaults and the environment are in force")
    else:
        names = ", ".join(found.profiles) or "none"
        yield Check("config", f"{found.path}; profiles: {names}; in force: {found.profile or 'none'}")
    for warning in found.warnings:
        what, _, fix = warning.partition("; ")
        yield Check("config", what, "warning", fix or None)


def data(environ: Mapping[str, str]) -> Check:
    """The folder of the ledger: ours, writable, and with room."""

    def look() -> str:
        folder = data_folder(environ)
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        if not there.is_dir():
            raise DiskError(f"{there} is not a folder", hint="set HAILUO_DATA_DIR to a folder of yours")
        if not os.access(there, os.W_OK | os.X_OK):
            raise DiskError(f"{there} cannot be written to", hint="set HAILUO_DATA_DIR to a folder of yours")
        free = shutil.disk_usage(there).free
        if free < LEAST_FREE:
            raise DiskError(
                f"{folder}: only {free // 1024 // 1024} MiB are free",
                hint=f"make room: df -h {shlex.quote(str(there))}",
            )
        return f"{folder}" + ("" if folder.exists() else " (made with the first order)")

    return attempt("data", look)


def ledger(found: Config | None, environ: Mapping[str, str], verify_shared: Callable[[str], str]) -> Check:
    """The record of jobs: there, whole, and of a version that can be read. It is opened for reading only."""

    def look() -> str:
        if found is not None and found.ledger:
            return verify_shared(found.ledger)
        from ..ledger.verify import verified

        path = ledger_path(environ)
        if not path.exists():
            return f"{path} (made with the first order)"
        count = verified(path)
        return f"{path}: {count} jobs, whole"

    return attempt("ledger", look)


def keys(found: Config) -> Iterator[Check]:
    """Which keys are there and where each is from; a profile's own provider without one is an error."""
    accounts = [found.account(name) for name in found.names]
    paid = [account for account in accounts if account.provider.key_env is not None]
    with_key = [account for account in paid if account.has_key]
    for account in with_key:
        yield Check(f"key: {account.name}", account.key_source)
    for account in paid:
        if account.has_key or account.name not in {found.settings.provider, *found.settings.providers}:
            continue
        missing = NoKey(
            f"no key: looked for {', then '.join(account.key_places)}", hint=f"hailuo config set-key {account.name}"
        )
        if account.name == found.settings.provider:
            yield failed(f"key: {account.name}", missing)
        else:
            yield Check(f"key: {account.name}", missing.message, "warning", missing.hint)
    if not with_key:
        yield Check(
            "keys", "no provider has a key; the sandbox needs none", "warning", "hailuo setup, or --provider sandbox"
        )


def network() -> Iterator[Check]:
    """What the environment says about proxies and certificates."""
    from ..transport import surroundings

    yield attempt("proxy", surroundings.proxy)
    yield attempt("certificates", surroundings.certificates)


def _is_installed(requirement: str) -> bool:
    import re
    from importlib import metadata

    name = re.split(r"[\s<>=!~\[(]", requirement.strip(), maxsplit=1)[0]
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
