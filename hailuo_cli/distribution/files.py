"""The files that a copy carries beside its code: the example config, the completion scripts, the skill for agents."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError

_IN_A_WHEEL = Path(__file__).parent / "data"
_IN_A_SOURCE_TREE = Path(__file__).parents[2]

COMPLETIONS = {"bash": "hailuo.bash", "zsh": "_hailuo", "fish": "hailuo.fish", "powershell": "hailuo.ps1"}
"""The script of each shell, in `completions/`."""


def read(name: str) -> str:
    """The text of a file, named as in the source tree; UsageError where this copy was packed without it."""
    for folder in (_IN_A_WHEEL, _IN_A_SOURCE_TREE):
        if (file := folder / name).is_file():
            return file.read_text(encoding="utf-8")
    raise UsageError(f"this copy of hailuo was packed without {name}", hint="install it from a wheel")
