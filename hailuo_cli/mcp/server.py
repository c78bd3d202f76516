"""The server: the protocol on stdin and stdout, until stdin ends or a signal comes."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..distribution.installation import missing_extra
from ..errors import Interrupted
from . import catalogue
from .folder import Folder
from .ordering import Desk
from .tools import Tools
from .work import Work

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server
    from mcp.types import (
        CallToolRequestParams,
        CallToolResult,
        InputRequiredResult,
        ListToolsResult,
        PaginatedRequestParams,
    )

ENDING_SECONDS = 5.0
"""How long a paid request that is on its way may still be answered after the client has gone."""
HURRIED_SECONDS = 1.5
"""The same after a signal: whoever sends one kills soon after."""
PIECE_SECONDS = 0.5
"""A signal is heard after a piece of this length on systems that do not break a wait for it."""


def must_be_installed() -> None:
    """UsageError where the extra is missing."""
    import importlib.util

    if importlib.util.find_spec("mcp") is None:
        raise missing_extra("mcp", "an agent's server needs an extra that is not installed (mcp is missing)")


def serve(folder: Path, *, profile: str | None = None, config: Path | None = None) -> None:
    """Serve one client over stdin and stdout, with files in this folder, until it hangs up; Interrupted on a signal."""
    work = Work()
    desk = Desk(Folder.at(folder), profile, config, work.sleep)
    server = build(Tools(desk, work))
    # a read of stdin cannot be broken off, and the workers of a daemon thread are daemons too: the process can end
    talking = Work().start(lambda: asyncio.run(_talk(server)))
    patience = ENDING_SECONDS
    try:
        while not wait([talking], PIECE_SECONDS).done:
            pass
        talking.result()
    except Interrupted:
        patience = HURRIED_SECONDS
        raise
    finally:
        work.close(patience)


def build(tools: Tools) -> Server[Any]:
    """The server of these tools, for any transport of the SDK."""
    from mcp.server.lowlevel import Server
    from mcp.shared.exceptions import MCPError
    from mcp.types import INVALID_PARAMS, ListToolsResult

    async def listed(_: ServerRequestContext, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=catalogue.listed())

    async def called(
        context: ServerRequestContext, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        if params.name not in catalogue.TOOLS:
            raise MCPError(INVALID_PARAMS, f"there is no tool {params.name[:100]}")
        return await tools.call(context, params)

    return Server(
        "hailuo",
        version=__version__,
        title="hailuo",
        instructions=catalogue.INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


async def _talk(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    except* (BrokenPipeError, ConnectionResetError):  # whoever read the answers has gone
        pass
