"""Writes the completion scripts beside this file: python completions/generate.py"""

from __future__ import annotations

from pathlib import Path

from typer.completion import get_completion_script  # type: ignore[attr-defined]  # not in its __all__

from hailuo_cli.distribution.files import COMPLETIONS


def script(shell: str) -> str:
    """The completion script of one shell."""
    return get_completion_script(prog_name="hailuo", complete_var="_HAILUO_COMPLETE", shell=shell) + "\n"


def main() -> None:
    for shell, name in COMPLETIONS.items():
        (Path(__file__).parent / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    main()
