"""The one folder that an agent's files are in: what it names is inside, or refused."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

_ADDRESS = re.compile(r"(?:https?|data):", re.IGNORECASE)


@dataclass(frozen=True)
class Folder:
    """A folder, by its real path."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Folder:
        """The folder of this name; UsageError where there is none."""
        if not path.is_dir():
            raise UsageError(f"{path} is not a folder", hint="name a folder that is there, or none for the current one")
        return cls(path.resolve())

    def has(self, path: Path) -> bool:
        """Whether a path is inside, wherever links on its way lead."""
        return path.resolve().is_relative_to(self.path)

    def image(self, text: str, what: str) -> str:
        """An address as it is, or the path of a file in here; UsageError for any other file."""
        return text if _ADDRESS.match(text) else str(self._inside(text, what))

    def template(self, output: str) -> str:
        """The name of a video, with its fields still in braces, as one in here; UsageError where it leads elsewhere."""
        path = self._inside(output, "output")
        below = os.fspath(path.relative_to(self.path))
        last = os.sep if output.endswith(("/", os.sep)) else ""
        # a brace in the folder's own name is no field
        own = os.fspath(self.path).replace("{", "{{").replace("}", "}}")
        return os.path.join(own, below) + last  # noqa: PTH118 - a Path would drop the last separator

    def _inside(self, text: str, what: str) -> Path:
        if not text.strip() or "\0" in text:
            raise UsageError(f"{what} is empty" if not text.strip() else f"{what} holds a NUL character")
        try:
            path = (self.path / text).resolve()
        except (OSError, RuntimeError):  # links that lead in a circle
            raise UsageError(f"{what}: {text} leads nowhere") from None
        if not path.is_relative_to(self.path):
            raise UsageError(
                f"{what}: {text} is outside the folder of this server", hint=f"name a file in {self.path}, without .."
            )
        return path
