"""What every command is told besides its own options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Globals:
    """The options that stand before or after any command, and what the process started with."""

    profile: str | None = None
    config: Path | None = None
    json: bool = False
    events: bool = False
    quiet: bool = False
    verbose: int = 0
    command: str = "hailuo"
    exit_callbacks: list[Callable[[], None]] = field(default_factory=list)
    """What is left to do when everything has been printed."""
    is_reader_gone: bool = False
    """Nobody reads stdout any more: known to whoever writes there next, and to the exit code."""
