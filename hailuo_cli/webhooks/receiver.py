"""Taking calls: where they came in, how large and how slow they may be, and the answer, before anybody looks at a job."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..errors import HailuoError
from ..providers.webhooks import Webhook, WebhookCall
from .verification import Keys, NotGenuine, verify

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

LONGEST_BODY = 1024 * 1024
ANSWER_SECONDS = 2.5
"""An answer is due within 3 s of the request; a body that has not come by now is not waited for."""
LONGEST_CHALLENGE = 1024


@dataclass(frozen=True)
class Mailbox:
    """What an address stands for: an account that calls there and, where it is that of one job, the job's ledger id."""

    account: str
    webhook: Webhook
    address: str = ""
    job: str | None = None


@dataclass(frozen=True)
class Heard:
    """A call that was taken. `tickets` are those it may mean; none of them where only its address tells the job."""

    mailbox: Mailbox
    tickets: tuple[str, ...]
    call: WebhookCall


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, reason: str = "") -> None:
        super().__init__(reason or status.phrase)
        self.status = status


@dataclass(frozen=True)
class Receiver:
    """Answers calls. Everything it knows about jobs and secrets is handed in, as it is at that moment.

    `mailbox` finds what a path stands for. `keys` gives those of an account, None where none are known: then the
    unguessable path alone counts. `renew` gets newer ones after a signature that did not fit; None where there are
    no newer ones. `heard` is told of each call that was taken, `refused` of each one that was not genuine.
    """

    mailbox: Callable[[str], Awaitable[Mailbox | None]]
    keys: Callable[[str], Awaitable[Keys | None]]
    renew: Callable[[str], Awaitable[Keys | None]]
    heard: Callable[[Heard], None]
    refused: Callable[[str, str], None]
    now: Callable[[], float] = time.time

    async def answer(self, method: str, path: str, headers: Mapping[str, str], body: AsyncIterator[bytes]) -> Answer:
        """The answer to one request, within `ANSWER_SECONDS` whatever the caller does."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._taken(method, path, headers, body)
        except _Refused as refusal:
            return Answer(refusal.status, {"error": str(refusal)})
        except HailuoError:  # the ledger, of which a caller need not know more
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "try again later"})
        except TimeoutError:
            return Answer(HTTPStatus.REQUEST_TIMEOUT, {"error": "it took too long"})

    async def _taken(self, method: str, path: str, headers: Mapping[str, str], body: AsyncIterator[bytes]) -> Answer:
        mailbox = await self.mailbox(path)
        if mailbox is None:
            raise _Refused(HTTPStatus.NOT_FOUND)
        if method != "POST":
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED)
        if headers.get("content-encoding", "identity") != "identity":
            # what is signed is what travels, and what is small may unpack to anything
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as it is, not compressed")
        call = WebhookCall(headers, await _whole(body, headers.get("content-length", "")))
        await self._must_be_genuine(mailbox, call)
        webhook = mailbox.webhook
        if webhook.challenge and (given := call.reply.find(webhook.challenge)):
            return Answer(HTTPStatus.OK, {webhook.challenge: _echo(call, webhook.challenge, given)})
        self.heard(Heard(mailbox, webhook.tickets(call), call))
        return Answer(HTTPStatus.OK, {"ok": True})

    async def _must_be_genuine(self, mailbox: Mailbox, call: WebhookCall) -> None:
        if mailbox.webhook.claim is None:
            return
        keys = await self.keys(mailbox.account)
        if keys is None:
            return
        try:
            verify(mailbox.webhook, call, keys, self.now())
        except NotGenuine as doubt:
            reason = str(doubt)
            newer = await self.renew(mailbox.account)
            if newer is not None:
                try:
                    verify(mailbox.webhook, call, newer, self.now())
                except NotGenuine as still:
                    reason = str(still)
                else:
                    return
            self.refused(mailbox.account, reason)
            raise _Refused(HTTPStatus.UNAUTHORIZED, reason) from None


@dataclass(frozen=True)
class Answer:
    """What a caller gets: a status, and a small JSON object."""

    status: HTTPStatus
    body: Mapping[str, Any]


async def _whole(body: AsyncIterator[bytes], stated: str) -> bytes:
    """The body, as long as it stays small; a length that is stated to be too much is not even read."""
    too_large = _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LONGEST_BODY} bytes")
    if stated.isdecimal() and int(stated[:20]) > LONGEST_BODY:
        raise too_large
    whole = bytearray()
    async for chunk in body:
        whole += chunk
        if len(whole) > LONGEST_BODY:
            raise too_large
    return bytes(whole)


def _echo(call: WebhookCall, field: str, text: str) -> object:
    """The challenge as it was written: a number stays a number."""
    if len(text) > LONGEST_CHALLENGE:
        raise _Refused(HTTPStatus.BAD_REQUEST, "a challenge of this length is none")
    return call.reply.value(field)


def application(receiver: Receiver) -> Starlette:
    """The receiver as an ASGI application."""
    from starlette.applications import Starlette
    from starlette.requests import ClientDisconnect
    from starlette.responses import Response
    from starlette.routing import Route

    class Endpoint:
        """Not a function: Starlette lets those have GET and HEAD alone, and every method gets an answer here."""

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            from starlette.requests import Request

            request = Request(scope, receive)
            headers = {name.lower(): value for name, value in request.headers.items()}
            try:
                given = await receiver.answer(request.method, scope["path"], headers, _chunks(request))
            except ClientDisconnect:
                return
            content = json.dumps(given.body).encode()
            # closed, so that what is left of a body that was not read is not taken for the next request
            close = {"Connection": "close"}
            await Response(content, given.status, close, "application/json")(scope, receive, send)

    return Starlette(routes=[Route("/{path:path}", Endpoint())])


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk
