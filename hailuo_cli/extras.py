"""Parts of hailuo that need more packages, and the command that installs those where hailuo itself is."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from .errors import UsageError

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "films": ("av>=14", "pillow>=11"),
    "sandbox": ("av>=14", "pillow>=11", "starlette>=0.45", "uvicorn>=0.34"),
}
"""The extras of this distribution with all that they bring, as in pyproject.toml."""


def missing(extra: str, purpose: str) -> UsageError:
    """The error for a part whose extra is not installed; `purpose` begins the sentence: "looking at a film"."""
    hint = install_hint(*PACKAGES[extra])
    return UsageError(f"{purpose} needs the extra hailuo[{extra}], which is not installed", hint=hint)


def install_hint(*packages: str) -> str:
    """The command that adds packages to the environment in which this program runs."""
    return install_command(packages, prefix=Path(sys.prefix), executable=sys.executable, has_pip=_has_pip())


def install_command(packages: tuple[str, ...], *, prefix: Path, executable: str, has_pip: bool) -> str:
    """The command line that adds packages to the environment `prefix`, whatever program made that.

    The packages themselves are named and not hailuo's extra: naming hailuo would make pip look for another hailuo.
    """
    named = shlex.join(packages)
    if prefix.parent.name == "venvs" and (prefix / "pipx_metadata.json").is_file():
        return f"pipx inject {shlex.quote(prefix.name)} {named}"
    if has_pip and not (prefix / "uv-receipt.toml").is_file():
        return f"{shlex.quote(executable)} -m pip install {named}"
    return f"uv pip install --python {shlex.quote(executable)} {named}"


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None
