"""Writes the completion scripts beside this file: python completions/generate.py"""

from __future__ import annotations

from pathlib import Path

from hailuo_cli.cli.shell import SCRIPTS
from hailuo_cli.distribution.files import COMPLETIONS


def script(shell: str) -> str:
    """The completion script of one shell."""
    return SCRIPTS[shell]


def main() -> None:
    """Write every script."""
    for shell, name in COMPLETIONS.items():
        (Path(__file__).parent / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    main()
