"""One exchange over the network: a client that keeps and follows nothing, limits that are ours, troubles by name."""

from __future__ import annotations

import functools
import os
import re
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

from .. import __version__
from ..errors import BadReply, HailuoError, NetworkError, NotSent, Redirected, Unanswered, UnsafeReply
from ..urls import is_loopback, loopback_addresses, split
from ._httpx import httpcore, httpx
from .bodies import decoded
from .watch import Watch

CALL_SECONDS = 30
CONNECT_SECONDS = 10
IDLE_SECONDS = 120
"""For so long an idle connection is kept for the next look."""
JSON_LIMIT = 8 * 1024 * 1024
ERROR_LIMIT = ANSWER_LIMIT = 64 * 1024
CERTIFICATE_NOT_YET, CERTIFICATE_NO_MORE = 9, 10
"""What OpenSSL says of a certificate outside of its dates (X509_V_ERR_…)."""
UNKNOWN_AUTHORITY = (18, 19, 20, 21)
"""What it says of one that is self-signed, or whose issuer is not in the store."""
Log = Callable[[str], None]


def new_client(url: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client for one origin, by the environment's proxy where it has one and no transport is given."""
    local = is_loopback(url)
    try:
        client = httpx.Client(
            # the check is off only where there is nothing to check: a loopback address without TLS
            verify=tls() if urlsplit(url).scheme == "https" and transport is None else False,
            trust_env=not local,
            transport=transport,
            follow_redirects=False,
            event_hooks={"response": [_keep_location]},
            timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS),
            headers={"User-Agent": f"hailuo/{__version__}", "Accept-Encoding": "identity"},
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise _lasting(_unusable_proxy(error)) from None
    client.cookies.jar.set_policy(_no_cookies())
    return client


def _unusable_proxy(error: Exception) -> NotSent:
    message, hint = "it is not an address of a proxy", "see HTTPS_PROXY and ALL_PROXY"
    if isinstance(error, ImportError):
        from ..distribution.installation import install_command

        message, hint = "SOCKS needs an extra", install_command("socks")
    return NotSent(f"the proxy that the environment names cannot be used: {message}", hint=hint)


def new_request(client: httpx.Client, method: str, url: str, **parts: Any) -> httpx.Request:
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
def tls() -> ssl.SSLContext:
    """One context a process: the system's trust store, or the file that SSL_CERT_FILE names."""
    if chosen := os.environ.get("SSL_CERT_FILE"):
        try:
            # not create_default_context, which would also open what SSLKEYLOGFILE names and fail where that is no file
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cafile=chosen)
            return context
        except (OSError, ssl.SSLError) as error:
            raise _lasting(
                NotSent(
                    f"SSL_CERT_FILE names {chosen}, which cannot be read as certificates: {error}",
                    hint="name a file of certificates (PEM), or: unset SSL_CERT_FILE",
                )
            ) from None
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def exchange(
    client: httpx.Client,
    request: httpx.Request,
    seconds: float,
    log: Log,
    leaving: Callable[[], None] = lambda: None,
) -> tuple[int, httpx.Response, bytes]:
    """Send, and read the whole answer within a total time and a size, both ours."""
    heard = bytearray()
    with Watch(seconds, leaving) as watch:
        request.extensions["timeout"] = httpx.Timeout(
            seconds + 5, connect=CONNECT_SECONDS
        ).as_dict()  # the watch is first
        try:
            with opened(client, request, log, watch) as response:
                limit = ERROR_LIMIT if response.status_code >= 300 else JSON_LIMIT
                with named(request, sent=True):
                    chunks = _listened(response.iter_raw(), heard)
                    body = decoded(chunks, response.headers.get("content-encoding", ""), limit)
                if len(body) <= limit or limit == ERROR_LIMIT:
                    return response.status_code, response, body
            unclear: HailuoError = BadReply(f"an answer of more than {limit // 1024 // 1024} MiB")
        except (NetworkError, BadReply) as error:
            unclear = error
            if watch.late:
                kind = Unanswered if watch.sent else NotSent
                unclear = kind(f"no whole answer from {origin_of(request)} within {seconds:.0f} s")
                unclear.__cause__ = error
    unclear.answer = kept_text(heard) or None
    raise unclear


def _listened(chunks: Iterator[bytes], heard: bytearray) -> Iterator[bytes]:
    """The same chunks, with the beginning of them kept."""
    for chunk in chunks:
        heard += chunk[: ANSWER_LIMIT - len(heard)]
        yield chunk


@contextmanager
def opened(client: httpx.Client, request: httpx.Request, log: Log, watch: Watch) -> Iterator[httpx.Response]:
    """Send a request and hand out its answer once the headers are here; without TLS to this machine alone."""
    began = time.monotonic()
    request.extensions |= {"trace": watch.trace, "watch": watch}
    with named(request, sent=lambda: watch.sent):
        response = _sent(client, request)
    try:
        took = time.monotonic() - began
        log(f"{request.method} {origin_of(request)}{request.url.path} → {response.status_code} in {took:.2f} s")
        yield response
    finally:
        response.close()


def _sent(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    if request.url.scheme != "http":
        return client.send(request, stream=True)
    *others, last = loopback_addresses(request.url.host, request.url.port)
    for address in others:
        request.url = request.url.copy_with(host=address)
        with suppress(httpx.ConnectError):  # nothing has left: "localhost" is often two addresses, one of them idle
            return client.send(request, stream=True)
    request.url = request.url.copy_with(host=last)
    return client.send(request, stream=True)


@contextmanager
def named(request: httpx.Request, *, sent: bool | Callable[[], bool]) -> Iterator[None]:
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
            raise Unanswered(f"the connection to {origin_of(request)} broke: {text}") from error
        failure = NotSent(f"cannot reach {origin_of(request)}{_by_proxy(request.url)}: {without_password(text)}")
        failure.passing = not isinstance(error, UnicodeError)
        if certificate := _bad_certificate(error):
            failure.passing = False
            if certificate.verify_code in (CERTIFICATE_NOT_YET, CERTIFICATE_NO_MORE):
                failure.hint = f"is this machine's clock right? It says {time.strftime('%Y-%m-%d %H:%M')}"
            elif certificate.verify_code in UNKNOWN_AUTHORITY:
                failure.hint = "if this network has an authority of its own: export SSL_CERT_FILE=/path/to/its.pem"
        raise failure from error


def kept_text(body: bytes | bytearray) -> str:
    """The beginning of an answer, as text to be kept."""
    return body[:ANSWER_LIMIT].decode("utf-8", "replace")


def _lasting(error: NotSent) -> NotSent:
    error.passing = False
    return error


def _bad_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def has_proxy(url: str) -> bool:
    """Whether the environment names a proxy for such addresses, which httpx then has to judge."""
    proxies = urllib.request.getproxies()
    return not is_loopback(url) and bool(proxies.get(urlsplit(url).scheme) or proxies.get("all"))


def _by_proxy(url: httpx.URL) -> str:
    """The proxy that the environment has for an address, in words and without its login."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or is_loopback(str(url)) or urllib.request.proxy_bypass(url.host):
        return ""
    return f" by the proxy {proxy.rpartition('@')[2].rpartition('//')[2]}"


def without_password(text: str) -> str:
    """A text with addresses in it, without the logins of those."""
    return re.sub(r"//[^/@\s]+@", "//…@", text)


def origin_of(request: httpx.Request) -> str:
    """Scheme, host and port of a request, without a login."""
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"


def target_of(response: httpx.Response) -> str:
    """Where a redirect points, as an absolute address where it can be read as one."""
    location: str = response.extensions["location"]
    try:
        return urljoin(str(response.request.url), location)
    except ValueError:
        return location


def redirected(response: httpx.Response) -> Redirected:
    """The error for an answer that leads elsewhere, which is not followed."""
    target = split(target_of(response))
    place = f"{target.scheme}://{target.hostname}" if target else "no readable address"
    error = Redirected(
        f"{origin_of(response.request)} redirects to {place}; not followed, so that the key stays home",
        hint="if that host is the right one, set it as base_url in your config",
    )
    error.refused = response.status_code in (301, 307, 308)
    return error
