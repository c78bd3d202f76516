"""Talking to a provider with its key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from ..backoff import retry_after
from ..errors import AuthError, BadReply, HailuoError, RateLimited, ServerTrouble
from ..model import Secret
from ..providers import Provider
from ..redaction import Redactor
from ..urls import must_be_safe
from ..wire import Call, Reply, Upload
from ._httpx import httpx
from .bodies import encoded, multipart, parsed, read
from .connection import CALL_SECONDS, Log, exchange, kept_text, new_client, new_request, redirected
from .fetcher import Fetcher, Stream, streamed

ORDER_SECONDS = 60
SLOWEST_UPLOAD = 50_000
"""Bytes per second below which sending a large image is given up."""


class Session:
    """Talks to one provider at one origin. `log` gets a line a request, without query strings or keys."""

    def __init__(
        self,
        provider: Provider,
        base_url: str,
        key: Secret | None,
        log: Log = lambda _: None,
        *,
        key_source: str = "",
        redactor: Redactor | None = None,
    ) -> None:
        self._provider = provider
        self._redactor = redactor or Redactor()
        if key:
            self._redactor.add(key)
        self._key_source = key_source
        self.base_url = base_url.rstrip("/")
        self._auth = dict(provider.auth(key.reveal())) if key else {}
        self._log: Log = lambda line: log(self._redactor.text(line))
        self.clock_offset: float | None = None
        """How many seconds the server's clock was ahead of ours when it answered last; None where it did not say."""
        self._kept: httpx.Client | None = None
        self._keeping = threading.Lock()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self._kept:
            self._kept.close()

    def send(
        self, request: Call | Upload, leaving: Callable[[], None] = lambda: None, *, until: float | None = None
    ) -> Reply:
        """Send one request and read its answer; every way in which that can go wrong is a HailuoError.

        `until` is a moment of the monotonic clock after which a call that bills nothing is not worth waiting for.
        Several threads may send: each gets a connection of its own, which is kept for the next one.
        NotSent: no byte left. Unanswered: sent, no whole answer. The provider's own refusals by its table.
        `leaving` is called when everything is ready for the first byte of a call to leave, and not before.
        """
        with self._redacted():
            if isinstance(request, Upload):
                return self._put(request)
            # a paid request gets a connection of its own: no stale keep-alive can eat it
            if request.bills or request.uploads:
                with new_client(self._provider.origin(request, self.base_url)) as client:
                    return self._call(client, request, leaving, None if request.bills else until)
            with self._keeping:
                if self._kept is None:
                    self._kept = new_client(self.base_url)
            return self._call(self._kept, request, leaving, until)

    @contextmanager
    def open(self, call: Call, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Open a result that only the key holder may read. Where it has moved to, it is fetched without the key."""
        given = {**self._auth, **call.headers, **headers}
        url = self.base_url + call.path
        with (
            self._redacted(),
            streamed(url, call.query, given, self._log, method=call.method, seconds=CALL_SECONDS) as stream,
        ):
            if stream.moved_to is None:
                for name, value in stream.response.headers.multi_items():
                    stream.response.headers[name] = self._redactor.text(value)
                yield stream
                return
            target = stream.moved_to
        with Fetcher(self.base_url, self._log).follow(target, headers) as stream:
            yield stream

    @contextmanager
    def _redacted(self) -> Iterator[None]:
        """No error says more of the key than its user does: a server may repeat it anywhere, a header's name included."""
        try:
            yield
        except HailuoError as error:
            hide = self._redactor.text
            error.message = hide(error.message)
            error.args = (error.message,)
            error.hint, error.answer = (text and hide(text) for text in (error.hint, error.answer))
            raise

    def _call(self, client: httpx.Client, call: Call, leaving: Callable[[], None], until: float | None = None) -> Reply:
        headers = {**self._auth, **call.headers}
        content: Iterator[bytes] | None = None
        kind, size = "application/json", 0
        if call.form is not None:
            kind, size, content = multipart(call.form)
        elif call.body is not None:
            size, content = encoded(call.body)
        if content is not None:
            headers |= {"Content-Type": kind, "Content-Length": str(size)}
        url = self._provider.origin(call, self.base_url) + call.path
        request = new_request(client, call.method, url, params=call.query or None, headers=headers, content=content)
        seconds = (ORDER_SECONDS if call.bills else CALL_SECONDS) + size / SLOWEST_UPLOAD
        if until is not None:
            seconds = min(seconds, max(1.0, until - time.monotonic()))
        status, received, body = exchange(client, request, seconds, self._log, leaving)
        self.clock_offset = _clock_offset(received.headers)
        if 300 <= status < 400:
            raise redirected(received)
        body = self._redactor.bytes(body)
        reply = Reply(parsed(body), status, said=kept_text(body))
        error = self._provider.refusal(call, reply)
        if error is None and reply.data is None:
            stated = received.headers.get("content-type", "no content type").split(";")[0]
            error = BadReply(
                f"{self._provider.title} answered with {stated} where JSON was promised",
                hint="a proxy or a login page of this network may be in the way" if "html" in stated else None,
            )
        if isinstance(error, RateLimited | ServerTrouble):
            error.retry_after = retry_after(received.headers) or self._provider.asked_pause(reply)
        if isinstance(error, AuthError) and self._key_source:
            error.message += f" (the key is from {self._key_source})"
        if error:
            error.answer, error.body = reply.said, reply.data if status < 300 else None
            raise error
        return reply

    def _put(self, upload: Upload) -> Reply:
        must_be_safe(upload.url, self.base_url)
        headers = {**upload.headers, "Content-Length": str(upload.image.size)}
        with new_client(upload.url) as client:
            request = new_request(client, "PUT", upload.url, headers=headers, content=read(upload.image))
            seconds = CALL_SECONDS + upload.image.size / SLOWEST_UPLOAD
            status, received, _ = exchange(client, request, seconds, self._log)
        if 300 <= status < 400:
            raise redirected(received)
        if status >= 300:
            raise ServerTrouble(f"the upload of {upload.image.label} was answered with HTTP {status}")
        return Reply({}, status)


def _clock_offset(headers: Mapping[str, str]) -> float | None:
    from email.utils import parsedate_to_datetime

    with suppress(ValueError, TypeError, OverflowError):
        return parsedate_to_datetime(headers.get("date", "")).timestamp() - time.time()
    return None
