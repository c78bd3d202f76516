"""The way of a file from its server: a transport for httpx that hands over as much at a time as has come.

httpx's own reads 64 KiB at a time and copies each several times. This one has a parser, h11, for everything but a body
whose length the headers tell: h11 promises in `trailing_data` every byte that it was given and did not use, and the
bytes behind those are read and counted here.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ._httpx import h11, httpx
from .connection import CALL_SECONDS, CONNECT_SECONDS, tls
from .watch import Watch

PIECE = 1 << 20
HEAD = 64 * 1024
LONGEST_LINE = 100 * 1024
_RECORD = 16 * 1024
_EMPTY = (204, 304)


class DirectTransport(httpx.BaseTransport):
    """One GET on one connection, straight to the host that the address names, closed with its answer."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _troubles(httpx.ConnectError, httpx.ConnectTimeout):
            line = _Line(request)
        try:
            with _troubles(httpx.ReadError, httpx.ReadTimeout):
                parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_LINE)
                line.send(
                    parser.send(
                        h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
                    )
                )
                line.send(parser.send(h11.EndOfMessage()))
                head = _head(line, parser)
        except BaseException:
            line.close()
            raise
        headers = httpx.Headers(list(head.headers))
        return httpx.Response(
            head.status_code, headers=headers, stream=_Body(line, parser, _length(head.status_code, headers))
        )


class _Line:
    """A connection to the host of a request, with TLS where its scheme says so."""

    def __init__(self, request: httpx.Request) -> None:
        watch: Watch = request.extensions["watch"]
        url = request.url
        is_tls = url.scheme == "https"
        host = url.raw_host.decode("ascii")
        self._socket = socket.create_connection((host, url.port or (443 if is_tls else 80)), CONNECT_SECONDS)
        try:
            watch.follow(self._socket)
            if is_tls:
                self._socket = tls().wrap_socket(self._socket, server_hostname=host)
                watch.follow(self._socket)
            watch.sent = True
            self._socket.settimeout(CALL_SECONDS)
        except BaseException:
            self.close()
            raise

    def send(self, data: bytes | None) -> None:
        self._socket.sendall(data or b"")

    def read(self, most: int) -> bytes:
        """What has come, at most so many bytes; waits for the first one. Empty where the connection has ended."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return self._socket.recv(most)
        pieces = [self._socket.recv(_RECORD)]  # OpenSSL hands out one record at a time
        left = most - len(pieces[0])
        self._socket.settimeout(0)
        with suppress(OSError):  # nothing more by now; a connection that broke says so again
            while pieces[-1] and left > 0:
                pieces.append(self._socket.recv(min(left, _RECORD)))
                left -= len(pieces[-1])
        self._socket.settimeout(CALL_SECONDS)
        return b"".join(pieces)

    def close(self) -> None:
        self._socket.close()


class _Body(httpx.SyncByteStream):
    """The bytes of one answer; `length` of them, None where h11 has to find their end."""

    def __init__(self, line: _Line, parser: h11.Connection, length: int | None) -> None:
        self._line, self._parser, self._length = line, parser, length

    def __iter__(self) -> Iterator[bytes]:
        with _troubles(httpx.ReadError, httpx.ReadTimeout):
            yield from self._parsed() if self._length is None else self._counted(self._length)

    def close(self) -> None:
        self._line.close()

    def _counted(self, left: int) -> Iterator[bytes]:
        piece = self._parser.trailing_data[0][:left]
        while True:
            left -= len(piece)
            if piece:
                yield piece
            if not left:
                return
            piece = self._line.read(min(left, PIECE))
            if not piece:
                raise httpx.RemoteProtocolError(f"the server closed the connection {left} bytes early")

    def _parsed(self) -> Iterator[bytes]:
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                self._parser.receive_data(self._line.read(HEAD))
            elif isinstance(event, h11.Data):
                yield bytes(event.data)
            else:
                return


def _head(line: _Line, parser: h11.Connection) -> h11.Response:
    """The answer that counts, behind all that only say that it is coming."""
    while True:
        event = parser.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            data = line.read(HEAD)
            if not data and parser.their_state is h11.SEND_RESPONSE:
                raise httpx.RemoteProtocolError("the server closed the connection without an answer")
            parser.receive_data(data)


def _length(status: int, headers: httpx.Headers) -> int | None:
    """How long a body is where the headers tell it (RFC 9112, section 6.3); h11 has checked that they agree."""
    if status in _EMPTY:
        return 0
    if "transfer-encoding" in headers or "content-length" not in headers:
        return None
    return int(headers["content-length"])


@contextmanager
def _troubles(error_kind: type[httpx.TransportError], late: type[httpx.TransportError]) -> Iterator[None]:
    """Name what goes wrong as httpx does."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise error_kind(str(error)) from error
    except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
        raise httpx.RemoteProtocolError(str(error)) from error
