"""An agent over the SDK's own client: it calls tools, and its person answers what is asked."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mcp import Client, StdioServerParameters
from mcp.server.lowlevel import Server
from mcp.types import ElicitRequestParams, ElicitResult

from hailuo_cli.mcp.folder import Folder
from hailuo_cli.mcp.ordering import Desk
from hailuo_cli.mcp.server import build
from hailuo_cli.mcp.tools import Tools
from hailuo_cli.mcp.work import Work
from tests.support.canary import SIGNATURE, shown_in
from tests.support.command import MAIN, SMALL_CLIPS

Say = Literal["accept", "decline", "cancel"]

OLD, NEW = "legacy", "2026-07-28"
"""The handshake of 2025, and the protocol without one."""


@dataclass(frozen=True)
class Told:
    """What a tool answered: the same document as text and as values."""

    is_error: bool
    data: Any

    @property
    def code(self) -> str | None:
        return self.data["error"]["code"] if self.is_error else None


@dataclass
class Agent:
    client: Client
    questions: list[str] = field(default_factory=list)

    async def call(self, tool: str, **arguments: Any) -> Told:
        """Call a tool; no answer holds a key or a signed link, in any dress."""
        result = await self.client.call_tool(tool, arguments)
        text = result.content[0].text  # type: ignore[union-attr]
        assert json.loads(text) == result.structured_content
        assert not shown_in(text)
        assert SIGNATURE not in text
        return Told(bool(result.is_error), result.structured_content)


def here(folder: Path, work: Work | None = None) -> Server[Any]:
    """A server in this process."""
    work = work or Work()
    return build(Tools(Desk(Folder.at(folder), sleep=work.sleep), work))


def started(folder: Path) -> StdioServerParameters:
    """The command in a process of its own, whose sandbox draws small clips."""
    words = ["-c", f"{SMALL_CLIPS}\n{MAIN}", "mcp", str(folder)]
    return StdioServerParameters(command=sys.executable, args=words, env=dict(os.environ))


@contextlib.asynccontextmanager
async def agent(
    server: Server[Any] | StdioServerParameters,
    mode: str = OLD,
    *,
    says: Say | Callable[[], Say] | None = None,
) -> AsyncIterator[Agent]:
    """An agent whose person says this to every question; None: a client that cannot ask."""
    questions: list[str] = []

    async def asked(context: Any, params: ElicitRequestParams) -> ElicitResult:
        questions.append(params.message)
        return ElicitResult(action=says() if callable(says) else says or "cancel")

    async with Client(server, mode=mode, elicitation_callback=asked if says else None) as client:
        yield Agent(client, questions)
