"""The skill that teaches an agent to use hailuo, and where agents look for one.

The form is the open one of https://agentskills.io/specification: a folder of the skill's name with a SKILL.md in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import DiskError, UsageError
from . import files

NAME = "hailuo"
PLACES: Mapping[str, str] = {
    "agents": ".agents/skills",
    "claude": ".claude/skills",
    "codex": ".agents/skills",
    "copilot": ".copilot/skills",
    "cursor": ".cursor/skills",
    "gemini": ".gemini/skills",
}
"""Where each agent looks, below the home folder or a project; `agents` is the place that several of them share."""


def text() -> str:
    """The skill itself."""
    return files.read(f"skills/{NAME}/SKILL.md")


def place_for(agent: str, below: Path) -> Path:
    """The folder of skills of an agent; UsageError for one that is not known."""
    if agent not in PLACES:
        raise UsageError(f"{agent} is not a known agent", hint=f"one of {', '.join(PLACES)}; or --into FOLDER")
    return below / PLACES[agent]


def install(folder: Path, *, replace: bool = False) -> tuple[Path, bool]:
    """Put the skill into a folder of skills; give its path and whether anything was written.

    UsageError where another skill of that name is there already, unless `replace`. DiskError where it cannot be written.
    """
    target, wanted = folder / NAME / "SKILL.md", text()
    try:
        if target.exists():
            if target.read_text(encoding="utf-8", errors="replace") == wanted:
                return target, False
            if not replace:
                raise UsageError(f"{target} is there already, and is another", hint="--force replaces it")
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name("SKILL.md.part")
        new.write_text(wanted, encoding="utf-8")
        new.replace(target)
    except OSError as error:
        raise DiskError(f"cannot write {target}: {error.strerror}") from error
    return target, True
