"""How this copy was installed, and so the command that adds an extra to it.

Sources: the `direct_url.json` and `INSTALLER` of the installed metadata (PEP 610, PEP 376), `EXTERNALLY-MANAGED`
(PEP 668), and the notes that pipx and uv keep beside what they install.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError

NAME = "hailuo"
_UV_CACHE = ("archive-v", "environments-v", "builds-v")
"""Folders of uv's cache in which `uvx` makes the environments that it does not keep."""


@dataclass(frozen=True)
class Copy:
    """What is known of an installed copy."""

    prefix: Path
    """Of the environment it is in."""
    python: str
    """The interpreter that runs it."""
    is_isolated: bool = True
    """Whether that is a virtual environment."""
    is_externally_managed: bool = False
    """Whether the system's package manager owns that Python."""
    installer: str = ""
    """What wrote the files: pip, uv, a distribution; empty where nobody said."""
    origin: Mapping[str, Any] = field(default_factory=dict)
    """`direct_url.json`; empty for a copy from an index."""
    has_pip: bool = True


def running() -> Copy:
    """The copy that runs this code."""
    import importlib.util
    import sysconfig

    installer, origin = _metadata()
    return Copy(
        prefix=Path(sys.prefix),
        python=sys.executable,
        is_isolated=sys.prefix != sys.base_prefix,
        is_externally_managed=(Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file(),
        installer=installer,
        origin=origin,
        has_pip=importlib.util.find_spec("pip") is not None,
    )


def missing_extra(extra: str, what: str) -> UsageError:
    """The error of a command whose extra is not installed; `what` says in a sentence what needs it."""
    return UsageError(what, hint=install_command(extra))


def install_command(extra: str, copy: Copy | None = None) -> str:
    """The command that adds an extra to a copy, the running one by default, and keeps the extras that it has."""
    copy = copy or running()
    if note := _json(copy.prefix / "pipx_metadata.json"):
        return _with_pipx(note.get("main_package", {}), extra, copy)
    if requirement := _uv_tool(copy.prefix / "uv-receipt.toml"):
        extras = {extra, *requirement.get("extras", ())}
        editable = "--editable " if "editable" in requirement else ""
        return f"uv tool install --force {editable}{quoted(_requirement(copy, extras))}"
    if any(part.startswith(_UV_CACHE) for part in copy.prefix.parts):
        return f"uvx --from {quoted(_requirement(copy, {extra}))} {NAME}"
    if "Cellar" in copy.prefix.parts:  # Homebrew's own, built in a folder that is gone
        return f"pipx install {quoted(f'{NAME}[{extra}]')}"
    if copy.is_externally_managed and not copy.is_isolated:
        return f"pipx install {quoted(_requirement(copy, {extra}))}"
    if (project := _folder(copy)) and _is_editable(copy) and (project / "uv.lock").is_file():
        return f"uv sync --inexact --extra {extra} --project {quoted(str(project))}"
    return _with_pip(extra, copy)


def quoted(text: str) -> str:
    """The text as one word of this system's shell."""
    import shlex

    return f'"{text}"' if sys.platform == "win32" else shlex.quote(text)


def _with_pipx(package: Mapping[str, Any], extra: str, copy: Copy) -> str:
    kept = str(package.get("package_or_url") or "")
    extras = {extra, *(kept.rpartition("[")[2].rstrip("]").split(",") if kept.endswith("]") else ())}
    if copy.prefix.parent.name != "venvs":  # that of `pipx run`, which is not kept
        return f"pipx run --spec {quoted(_requirement(copy, extras))} {NAME}"
    suffix = f"--suffix={quoted(package['suffix'])} " if package.get("suffix") else ""
    editable = "--editable " if _is_editable(copy) else ""
    return f"pipx install --force {suffix}{editable}{quoted(_requirement(copy, extras))}"


def _with_pip(extra: str, copy: Copy) -> str:
    editable = "-e " if _is_editable(copy) else ""
    what = f"{editable}{quoted(_requirement(copy, {extra}))}"
    python = quoted(copy.python or "python")
    if not copy.has_pip and copy.installer == "uv":
        return f"uv pip install --python {python} {what}"
    return f"{python} -m pip install {what}"


def _requirement(copy: Copy, extras: Iterable[str]) -> str:
    """What to install so that it is this copy with these extras, as pip, pipx and uv read it (PEP 508, or a path)."""
    wanted = f"[{','.join(sorted(extras))}]"
    if folder := _folder(copy):
        return f"{folder}{wanted}"
    url = str(copy.origin.get("url", ""))
    if source := copy.origin.get("vcs_info"):
        url = f"{source['vcs']}+{url}@{source.get('requested_revision') or source['commit_id']}"
    return f"{NAME}{wanted} @ {url}" if url else f"{NAME}{wanted}"


def _folder(copy: Copy) -> Path | None:
    """The folder it was installed from, where it was one."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(copy.origin["url"]).path)) if "dir_info" in copy.origin else None


def _is_editable(copy: Copy) -> bool:
    return bool(copy.origin.get("dir_info", {}).get("editable"))


def _metadata() -> tuple[str, Mapping[str, Any]]:
    """Who installed it and from where; a source tree that runs uninstalled counts as installed from there for editing."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution(NAME)
    except PackageNotFoundError:
        return "", {"url": Path(__file__).parents[2].as_uri(), "dir_info": {"editable": True}}
    origin: Any = json.loads(installed.read_text("direct_url.json") or "{}")
    return (installed.read_text("INSTALLER") or "").strip(), origin


def _uv_tool(receipt: Path) -> Mapping[str, Any]:
    """The requirement that uv noted when it installed this as a tool; empty where it did not."""
    try:
        requirements: Any = tomllib.loads(receipt.read_text(encoding="utf-8"))["tool"]["requirements"]
    except (OSError, ValueError, KeyError):
        return {}
    return next((one for one in requirements if one.get("name") == NAME), {})


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
