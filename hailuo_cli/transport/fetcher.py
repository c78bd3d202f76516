"""Fetching a video from wherever its address points."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ..errors import NotSent, UnsafeReply, WithoutTls
from ..urls import is_loopback, must_be_safe, with_tls
from ._httpx import httpx
from .connection import CALL_SECONDS, Log, has_proxy, named, new_client, new_request, opened, target_of
from .direct import DirectTransport
from .watch import Watch

HOPS = 5


class Fetcher:
    """Opens result addresses. Knows no key; `home` is the origin that handed the address out."""

    def __init__(self, home: str, log: Log = lambda _: None) -> None:
        self._home = home
        self._log = log

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Open an address as a provider gave it, and what it redirects to.

        An http address of another machine is asked for with TLS; WithoutTls where nothing answers there.
        """
        asked = url if is_loopback(url) and is_loopback(self._home) else with_tls(url)
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(self.follow(asked, headers))
            except NotSent as error:
                if asked == url:
                    raise
                raise WithoutTls(f"the video's address is http, and with https: {error.message}") from error
            yield stream

    @contextmanager
    def follow(self, url: str, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Open an address after at most 5 redirects, none of them to an unsafe place (UnsafeReply)."""
        origin, until = self._home, time.monotonic() + CALL_SECONDS
        for _ in range(HOPS + 1):
            must_be_safe(url, origin)
            with streamed(url, {}, headers, self._log, seconds=until - time.monotonic()) as stream:
                if stream.moved_to is None:
                    yield stream
                    return
                origin, url = url, stream.moved_to
        raise UnsafeReply(f"the video's address redirects more than {HOPS} times")


@contextmanager
def streamed(
    url: str, query: Mapping[str, str], headers: Mapping[str, str], log: Log, *, method: str = "GET", seconds: float
) -> Iterator[Stream]:
    """Open an address within so many seconds and follow nothing; straight to its host, or through a proxy by httpx."""
    with (
        new_client(url, None if has_proxy(url) else DirectTransport()) as client,
        Watch(seconds) as watch,
        opened(client, new_request(client, method, url, params=query or None, headers=headers), log, watch) as response,
    ):
        yield Stream(response, watch)


@dataclass(frozen=True)
class Stream:
    """The body of an answer, on its way."""

    response: httpx.Response
    watch: Watch

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""
        return self.response.headers

    @property
    def moved_to(self) -> str | None:
        """Where a redirect points; None for an answer that is none."""
        return target_of(self.response) if self.response.is_redirect else None

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they travelled; Unanswered where the connection breaks, or brings nothing for 30 s."""
        with named(self.response.request, sent=True):
            self.watch.allow(CALL_SECONDS)
            for chunk in self.response.iter_raw():
                self.watch.allow()  # how long our own reader takes is not the server's fault
                yield chunk
                self.watch.allow(CALL_SECONDS)
