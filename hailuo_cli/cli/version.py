"""`hailuo version`: the same as `--version`."""

from __future__ import annotations

from .. import __version__
from .show import Result


def version() -> Result:
    """Print the version."""
    return Result({"version": __version__}, [f"hailuo {__version__}"])
