"""A person's yes to one order, asked for by elicitation each time: price and seller first, and nothing is remembered.

The two ways of asking are those of the protocol's two forms. Until 2025-11-25 the server asks in the middle of a call,
which then waits; from 2026-07-28 on the call is answered with the question, and comes again with the person's answer.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.types import CallToolRequestParams, InputRequiredResult

ASKS_IN_ANSWERS = "2026-07-28"
"""The first version of the protocol whose servers ask in an answer."""
ANSWER_SECONDS = 600.0
"""A question that is asked in an answer stands for so long."""
MOST_OPEN = 100
_FORM = {"type": "object", "properties": {}}
"""There is nothing to fill in: to accept is to agree."""
_NAME = "consent"


class Unanswered(Exception):
    """When a question was asked and nobody said yes or no; the text says why."""


def can_ask(context: ServerRequestContext) -> bool:
    """Whether the client says that it can show a person a question (a form; links alone do not do)."""
    capabilities = context.session.client_capabilities
    asking = capabilities.elicitation if capabilities else None
    return asking is not None and (asking.form is not None or asking.url is None)


class Consent:
    """The questions that are open. Each can be answered once, and an answer holds for that very question alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}

    async def ask(
        self, context: ServerRequestContext, params: CallToolRequestParams, question: str, seconds: float
    ) -> bool | InputRequiredResult:
        """Whether a person agrees, or the answer that asks one; Unanswered where nobody said so within the time."""
        from mcp.types import ElicitResult

        if context.protocol_version < ASKS_IN_ANSWERS:
            return await _asked(context, question, seconds)
        given = (params.input_responses or {}).get(_NAME)
        if isinstance(given, ElicitResult) and self._closes(params.request_state, question):
            return given.action == "accept"
        return self._asking(question)

    def _asking(self, question: str) -> InputRequiredResult:
        from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult

        while len(self._open) >= MOST_OPEN:
            del self._open[next(iter(self._open))]
        number = secrets.token_urlsafe(16)
        self._open[number] = (question, self._clock())
        asked = ElicitRequest(params=ElicitRequestFormParams(message=question, requested_schema=_FORM))
        return InputRequiredResult(input_requests={_NAME: asked}, request_state=number)

    def _closes(self, number: str | None, question: str) -> bool:
        """Whether this is the number of an open question in these very words; it is open no more."""
        asked, when = self._open.pop(number or "", ("", 0.0))
        return asked == question and self._clock() - when <= ANSWER_SECONDS


async def _asked(context: ServerRequestContext, question: str, seconds: float) -> bool:
    """Whether a person agrees, by a request to the client in the middle of the call."""
    from mcp.shared.exceptions import MCPError

    asking = context.session.elicit_form(question, _FORM, related_request_id=context.request_id)
    try:
        return (await asyncio.wait_for(asking, seconds)).action == "accept"
    except TimeoutError:
        raise Unanswered("nobody answered the question in time") from None
    except (MCPError, ValueError):
        raise Unanswered("the client could not ask the person") from None
