"""Everything that touches the network, and the only module that knows httpx.

Two clients that never mix. `Session` talks to one configured origin with its key and follows no redirect.
`Fetcher` goes wherever a result address points, without key, cookies or netrc, and follows a few safe redirects.
"""

from __future__ import annotations

import email.utils
import functools
import itertools
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from . import __version__
from .addresses import is_loopback, must_be_safe, split
from .bodies import decoded, encoded, multipart, parsed, read
from .errors import (
    AuthError,
    BadReply,
    HailuoError,
    NetworkError,
    NotSent,
    RateLimited,
    Redirected,
    ServerTrouble,
    Unanswered,
    UnsafeReply,
)
from .masking import masked
from .model import Secret
from .providers import Provider
from .wire import Call, Reply, Upload

# where they are installed, httpx also imports its command-line tool, which costs as much as httpx itself, and httpcore
# what it runs its asynchronous half on
_unneeded = {name for name in ("click", "anyio", "trio") if name not in sys.modules}
sys.modules.update(dict.fromkeys(_unneeded))  # type: ignore[arg-type]
import httpcore  # noqa: E402
import httpx  # noqa: E402

for _name in _unneeded:
    del sys.modules[_name]

CALL_SECONDS = 30
ORDER_SECONDS = 60
SLOWEST_UPLOAD = 50_000
"""Bytes per second below which sending a large image is given up."""
JSON_LIMIT = 8 * 1024 * 1024
ERROR_LIMIT = ANSWER_LIMIT = 64 * 1024
HOPS = 5
PIECE = 1024 * 1024
CERTIFICATE_NOT_YET, CERTIFICATE_NO_MORE = 9, 10
"""What OpenSSL says of a certificate outside of its dates (X509_V_ERR_…)."""
Log = Callable[[str], None]


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
    ) -> None:
        self._provider = provider
        self._key_source = key_source
        self.base_url = base_url.rstrip("/")
        self._key = key.reveal() if key else ""
        self._auth = dict(provider.auth(self._key)) if key else {}
        self._log = log
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
        if isinstance(request, Upload):
            return self._put(request)
        # a paid request gets a connection of its own: no stale keep-alive can eat it
        if request.bills or request.uploads:
            with _client(self._provider.origin(request, self.base_url)) as client:
                return self._call(client, request, leaving, None if request.bills else until)
        with self._keeping:
            if self._kept is None:
                self._kept = _client(self.base_url)
        return self._call(self._kept, request, leaving, until)

    @contextmanager
    def open(self, call: Call, headers: Mapping[str, str]) -> Iterator[Stream]:
        """Open a result that only the key holder may read. Where it has moved to, it is fetched without the key."""
        with _client(self.base_url) as client:
            request = _request(
                client,
                call.method,
                self.base_url + call.path,
                params=call.query,
                headers={**self._auth, **call.headers, **headers},
            )
            with _opened(client, request, self._log) as response:
                if not response.is_redirect:
                    yield Stream(response)
                    return
                target = _target(response)
        with Fetcher(self.base_url, self._log).open(target, headers) as stream:
            yield stream

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
        request = _request(client, call.method, url, params=call.query or None, headers=headers, content=content)
        seconds = (ORDER_SECONDS if call.bills else CALL_SECONDS) + size / SLOWEST_UPLOAD
        if until is not None:
            seconds = min(seconds, max(1.0, until - time.monotonic()))
        try:
            status, received, body = _exchange(client, request, seconds, self._log, leaving)
        except HailuoError as unclear:
            unclear.answer = unclear.answer and _text(masked(unclear.answer.encode(), self._key))
            raise
        if 300 <= status < 400:
            raise _redirected(received)
        body = masked(body, self._key)
        reply = Reply(parsed(body), status, said=_text(body))
        error = self._provider.refusal(call, reply)
        if error is None and reply.data is None:
            stated = received.headers.get("content-type", "no content type").split(";")[0]
            got = _text(masked(stated.encode(), self._key))
            error = BadReply(
                f"{self._provider.title} answered with {got} where JSON was promised",
                hint="a proxy or a login page of this network may be in the way" if "html" in got else None,
            )
        if isinstance(error, RateLimited | ServerTrouble):
            error.retry_after = retry_after(received.headers) or self._provider.asked_pause(reply)
        if isinstance(error, AuthError) and self._key_source:
            error.message += f" (the key is from {self._key_source})"
        if error:
            error.answer = reply.said
            raise error
        return reply

    def _put(self, upload: Upload) -> Reply:
        must_be_safe(upload.url, self.base_url)
        headers = {**upload.headers, "Content-Length": str(upload.image.size)}
        with _client(upload.url) as client:
            request = _request(client, "PUT", upload.url, headers=headers, content=read(upload.image))
            seconds = CALL_SECONDS + upload.image.size / SLOWEST_UPLOAD
            status, received, _ = _exchange(client, request, seconds, self._log)
        if 300 <= status < 400:
            raise _redirected(received)
        if status >= 300:
            raise ServerTrouble(f"the upload of {upload.image.label} was answered with HTTP {status}")
        return Reply({}, status)


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
                _client(url) as client,
                _opened(client, _request(client, "GET", url, headers=headers), self._log) as r,
            ):
                if not r.is_redirect:
                    yield Stream(r)
                    return
                origin, url = url, _target(r)
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
        with _named(self.response.request, sent=True):
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
                raise Unanswered(f"the connection to {_origin(self.response.request)} ended {left} bytes early")


def _left(response: httpx.Response) -> int | None:
    """How many bytes of a body are still in the connection; None where only the parser can tell where it ends."""
    headers, taken = response.headers, response.num_bytes_downloaded
    if not taken or "content-length" not in headers or "transfer-encoding" in headers:
        return None
    return int(headers["content-length"]) - taken


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; a date is read against the server's own Date. None for anything else."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return float(text)
    with suppress(ValueError, TypeError, OverflowError):
        now = headers.get("date")
        base = email.utils.parsedate_to_datetime(now).timestamp() if now else time.time()
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - base)
    return None


def _client(url: str) -> httpx.Client:
    local = is_loopback(url)
    try:
        client = httpx.Client(
            # the check is off only where there is nothing to check: a loopback address without TLS
            verify=_tls() if urlsplit(url).scheme == "https" else False,
            trust_env=not local,
            follow_redirects=False,
            event_hooks={"response": [_keep_location]},
            timeout=httpx.Timeout(CALL_SECONDS, connect=10),
            headers={"User-Agent": f"hailuo/{__version__}", "Accept-Encoding": "identity"},
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        why = "socks needs another package" if isinstance(error, ImportError) else "it is no address of a proxy"
        hint = "see HTTPS_PROXY and ALL_PROXY; for socks5:// install httpx[socks] beside hailuo"
        raise _lasting(NotSent(f"the proxy that the environment names cannot be used: {why}", hint=hint)) from None
    client.cookies.jar.set_policy(_no_cookies())
    return client


def _request(client: httpx.Client, method: str, url: str, **parts: Any) -> httpx.Request:
    """A request; UnsafeReply for an address that httpx cannot read, of which there are more than `addresses` knows."""
    try:
        return client.build_request(method, url, **parts)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _unusable(error) from None


def _unusable(error: Exception) -> UnsafeReply:
    return UnsafeReply(f"an address that cannot be used: {error}")


def _keep_location(response: httpx.Response) -> None:
    """Take the Location away before httpx reads it as an address, which it does even where it does not follow."""
    response.extensions["location"] = response.headers.pop("location", "")


def _no_cookies() -> Any:
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=[])


@functools.cache
def _tls() -> ssl.SSLContext:
    """One context a process: the system's trust store, or the file that SSL_CERT_FILE names."""
    if chosen := os.environ.get("SSL_CERT_FILE"):
        try:
            return ssl.create_default_context(cafile=chosen)
        except (OSError, ssl.SSLError) as error:
            raise _lasting(
                NotSent(f"SSL_CERT_FILE names {chosen}, which cannot be read as certificates: {error}")
            ) from None
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Watch:
    """Follows one exchange: has a byte of the request left, and when is the time up."""

    def __init__(self, seconds: float, leaving: Callable[[], None]) -> None:
        self.sent = False
        self.late = False
        self._leaving = leaving
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._stop)
        self._timer.daemon = True

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
        elif event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self._leaving()
            self.sent = True

    def _stop(self) -> None:
        self.late = True
        if self._socket is not None:
            with suppress(OSError):
                # not SSLSocket.shutdown, which takes the TLS state away under the reader's feet
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _exchange(
    client: httpx.Client,
    request: httpx.Request,
    seconds: float,
    log: Log,
    leaving: Callable[[], None] = lambda: None,
) -> tuple[int, httpx.Response, bytes]:
    """Send, and read the whole answer within a total time and a size, both ours."""
    heard = bytearray()
    with _Watch(seconds, leaving) as watch:
        request.extensions["trace"] = watch.trace
        request.extensions["timeout"] = httpx.Timeout(seconds + 5, connect=10).as_dict()  # the watch is first
        try:
            with _opened(client, request, log, watch) as response:
                limit = ERROR_LIMIT if response.status_code >= 300 else JSON_LIMIT
                with _named(request, sent=True):
                    chunks = _listened(response.iter_raw(), heard)
                    body = decoded(chunks, response.headers.get("content-encoding", ""), limit)
                if len(body) <= limit or limit == ERROR_LIMIT:
                    return response.status_code, response, body
            unclear: HailuoError = BadReply(f"an answer of more than {limit // 1024 // 1024} MiB")
        except (NetworkError, BadReply) as error:
            unclear = error
            if watch.late:
                kind = Unanswered if watch.sent else NotSent
                unclear = kind(f"no whole answer from {_origin(request)} within {seconds:.0f} s")
                unclear.__cause__ = error
    unclear.answer = _text(heard) or None
    raise unclear


def _listened(chunks: Iterator[bytes], heard: bytearray) -> Iterator[bytes]:
    """The same chunks, with the beginning of them kept."""
    for chunk in chunks:
        heard += chunk[: ANSWER_LIMIT - len(heard)]
        yield chunk


@contextmanager
def _opened(
    client: httpx.Client, request: httpx.Request, log: Log, watch: _Watch | None = None
) -> Iterator[httpx.Response]:
    began = time.monotonic()
    with _named(request, sent=lambda: watch.sent if watch else True):
        response = client.send(request, stream=True)
    try:
        took = time.monotonic() - began
        log(f"{request.method} {_origin(request)}{request.url.path} → {response.status_code} in {took:.2f} s")
        yield response
    finally:
        response.close()


@contextmanager
def _named(request: httpx.Request, *, sent: bool | Callable[[], bool]) -> Iterator[None]:
    """Turn what httpx raises into our errors, by whether the request had left when it happened."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise _unusable(error) from None
    except (
        httpx.HTTPError,
        httpx.StreamError,
        httpcore.NetworkError,
        httpcore.TimeoutException,
        OSError,
        UnicodeError,  # no host has that name
    ) as error:
        text = str(error) or type(error).__name__
        never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
        if not never_left and (sent if isinstance(sent, bool) else sent()):
            raise Unanswered(f"the connection to {_origin(request)} broke: {text}") from error
        failure = NotSent(f"cannot reach {_origin(request)}{_by_proxy(request.url)}: {_without_password(text)}")
        failure.passing = not isinstance(error, UnicodeError)
        if certificate := _bad_certificate(error):
            failure.passing = False
            if certificate.verify_code in (CERTIFICATE_NOT_YET, CERTIFICATE_NO_MORE):
                failure.hint = f"is this machine's clock right? It says {time.strftime('%Y-%m-%d %H:%M')}"
        raise failure from error


def _text(body: bytes | bytearray) -> str:
    """The beginning of an answer, as text to be kept."""
    return body[:ANSWER_LIMIT].decode("utf-8", "replace")


def _lasting(error: NotSent) -> NotSent:
    error.passing = False
    return error


def _bad_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _by_proxy(url: httpx.URL) -> str:
    """The proxy that the environment has for an address, in words and without its login."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or is_loopback(str(url)) or urllib.request.proxy_bypass(url.host):
        return ""
    return f" by the proxy {proxy.rpartition('@')[2].rpartition('//')[2]}"


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]+@", "//…@", text)


def _origin(request: httpx.Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"


def _target(response: httpx.Response) -> str:
    """Where a redirect points, as an absolute address where it can be read as one."""
    location: str = response.extensions["location"]
    try:
        return urljoin(str(response.request.url), location)
    except ValueError:
        return location


def _redirected(response: httpx.Response) -> Redirected:
    target = split(_target(response))
    place = f"{target.scheme}://{target.hostname}" if target else "no readable address"
    error = Redirected(
        f"{_origin(response.request)} redirects to {place}; not followed, so that the key stays home",
        hint="if that host is the right one, set it as base_url in your config",
    )
    error.refused = response.status_code in (301, 307, 308)
    return error
