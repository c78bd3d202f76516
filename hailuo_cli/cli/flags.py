"""What every command is told besides its own options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Job
    from ..redaction import Redactor


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
    typed: Sequence[str] = ()
    """Every word behind the program's name."""
    exit_callbacks: list[Callable[[], None]] = field(default_factory=list)
    """What is left to do when everything has been printed."""
    redactors: list[Redactor] = field(default_factory=list)
    """What takes keys out of everything that is printed; each client of this command adds its own."""
    told: list[str] = field(default_factory=list)
    """What was really written, to whichever stream: who reads it knows of it."""
    aside: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered while something is printed: it makes room above a display that is at work on the terminal."""
    jobs: list[Job] = field(default_factory=list)
    """The jobs that this command has ordered or asked about."""
    is_reader_gone: bool = False
    """Nobody reads stdout any more: known to whoever writes there next, and to the exit code."""

    def redacted(self, value: Any) -> Any:
        """A text or a JSON value without any key in it."""
        for redactor in self.redactors:
            value = redactor.value(value)
        return value
