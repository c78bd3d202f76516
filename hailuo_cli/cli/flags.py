"""What every command is told besides its own options."""

from __future__ import annotations

from dataclasses import dataclass
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
    is_reader_gone: bool = False
    """Nobody reads stdout any more: known to whoever writes there next, and to the exit code."""
