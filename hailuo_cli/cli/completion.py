"""`hailuo completion`: the script that teaches a shell to complete `hailuo`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..distribution import files
from ..errors import UsageError
from .show import Result


def completion(
    shell: Annotated[
        str,
        typer.Argument(
            metavar="SHELL", help="bash, zsh, fish or powershell.", autocompletion=lambda: list(files.COMPLETIONS)
        ),
    ],
) -> Result:
    """Print the completion script of a shell; where to put it is in its documentation."""
    if shell not in files.COMPLETIONS:
        raise UsageError(f"there is no completion for {shell}", hint=f"one of {', '.join(files.COMPLETIONS)}")
    script = files.read(f"completions/{files.COMPLETIONS[shell]}")
    return Result({"shell": shell, "script": script}, script.rstrip("\n").split("\n"))
