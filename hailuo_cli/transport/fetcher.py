"""Fetching a video from wherever its address points."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import Unanswered, UnsafeReply
from ..urls import must_be_safe
from .connection import CALL_SECONDS, Log, named, new_client, new_request, opened, origin_of, target_of
from .lean import httpx

HOPS = 5
PIECE = 1024 * 1024


class Fetcher:
    """Opens result addresses. Knows no key; `home` is the origin that handed the address out."""

    def __init__(self, home: str, log: Log = lambda _: None) -> None:
        self._home = home
        self._log = log

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Open an address after at most 5 redirects, none of them to an unsafe place (UnsafeReply)."""
        origin = self._home
        for _ in range(HOPS + 1):
            must_be_safe(url, origin)
            with (
                new_client(url) as client,
                opened(client, new_request(client, "GET", url, headers=headers), self._log) as r,
            ):
                if not r.is_redirect:
                    yield Stream(r)
                    return
                origin, url = url, target_of(r)
        raise UnsafeReply(f"the video's address redirects more than {HOPS} times")


@dataclass(frozen=True)
class Stream:
    """The body of an answer, on its way."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self.response.headers

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they travelled; Unanswered where the connection breaks."""
        with named(self.response.request, sent=True):
            parsed_pieces = self.response.iter_raw()
            # with the first piece the parser has given out all it had; it reads 64 KiB at a time and copies them twice
            yield from itertools.islice(parsed_pieces, 1)
            left = _left(self.response)
            if left is None:
                yield from parsed_pieces
                return
            network = self.response.extensions["network_stream"]
            while left > 0 and (piece := network.read(min(left, PIECE), CALL_SECONDS)):
                left -= len(piece)
                yield piece
            if left:
                raise Unanswered(f"the connection to {origin_of(self.response.request)} ended {left} bytes early")


def _left(response: httpx.Response) -> int | None:
    """How many bytes of a body are still in the connection; None where only the parser can tell where it ends."""
    headers, taken = response.headers, response.num_bytes_downloaded
    if not taken or "content-length" not in headers or "transfer-encoding" in headers:
        return None
    return int(headers["content-length"]) - taken
