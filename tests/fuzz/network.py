"""The network as the fuzzed code sees it: httpx with its last step, the socket, taken away."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx

from hailuo_cli.transport.direct import DirectTransport


class _Body(httpx.SyncByteStream):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@contextlib.contextmanager
def answered_by(play: Callable[[httpx.Request], Answer]) -> Iterator[list[httpx.Request]]:
    """Answer every request of this process by `play`; the list is what was asked. No name is looked up anywhere."""
    asked: list[httpx.Request] = []

    def handle(_: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        request.url.raw_host.decode("ascii").encode("idna")  # as the socket module does with a name
        answer = play(request)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        return httpx.Response(answer.status, headers=headers, stream=_Body([answer.body]), request=request)

    with (
        mock.patch.object(httpx.HTTPTransport, "handle_request", handle),
        mock.patch.object(DirectTransport, "handle_request", handle),
        mock.patch.object(socket, "getaddrinfo", looked_up),
    ):
        yield asked


def looked_up(host: str, port: int, **_: Any) -> list[Any]:
    """Addresses as a resolver gives them: `inside.example` is in a private network, localhost is this machine."""
    host.encode("idna")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
        address = "127.0.0.1" if local else "10.1.2.3" if host == "inside.example" else "93.184.216.34"
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
