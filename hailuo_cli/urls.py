"""Which addresses are safe to go to, decided from the text of the address and where it came from."""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from .errors import UnsafeReply


def is_web(text: str) -> bool:
    """Whether a text is an http or https address with a host, and nothing in it that breaks a header or a line."""
    parts = split(text)
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)


def split(url: str) -> SplitResult | None:
    """The parts of an address, None where it has no readable ones."""
    if re.search(r"[\x00-\x20\x7f-\x9f\s]", url):
        return None
    try:
        parts = urlsplit(url)
        _check_host(parts.netloc, parts.hostname or "")
        return parts if parts.port != 0 else None  # asking for the port checks it
    except ValueError:
        return None


def _check_host(place: str, host: str) -> None:
    """ValueError for what no resolver takes: a bad IPv6 address, a label that is empty, too long or broken punycode."""
    if "[" in place:
        ipaddress.IPv6Address(host)
    elif host.isascii() and host:
        host.encode().decode("idna").encode("idna")


def is_loopback(url: str) -> bool:
    """Whether an address is this very machine by its literal name, with no look-up."""
    parts = split(url)
    host = (parts and parts.hostname) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def must_be_safe(url: str, handed_out_by: str) -> None:
    """UnsafeReply unless it is https to a public place, or anything on loopback handed out by loopback itself."""
    parts = split(url)
    if parts is None or not parts.hostname:
        raise UnsafeReply("the address given for the file cannot be read")
    host = parts.hostname
    if parts.username or parts.password:
        raise UnsafeReply(f"the address given for the file carries a login ({host})")
    if is_loopback(handed_out_by) and is_loopback(url) and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https":
        raise UnsafeReply(f"the address given for the file is {parts.scheme or 'no'} and not https ({host})")
    if not is_loopback(handed_out_by) and _is_private(host):
        raise UnsafeReply(f"the address given for the file is in a private network ({host})")


def _is_private(host: str) -> bool:
    try:
        addresses = [ipaddress.ip_address(host)]
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            return True
        with suppress(OSError, UnicodeError):
            found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
            return any(not ipaddress.ip_address(str(item[4][0]).partition("%")[0]).is_global for item in found)
        return False  # it cannot be resolved here; a proxy may, else connecting says so
    return any(not address.is_global for address in addresses)
