"""Which addresses are safe to go to, decided from the text of the address and where it came from."""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from .errors import NotSent, UnsafeReply


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
    elif "xn--" in host and host.isascii():
        host.encode().decode("idna").encode("idna")
    elif host.isascii():
        *labels, last = host.split(".")
        if not all(0 < len(label) < 64 for label in labels) or len(last) > 63:
            raise ValueError(f"{host} is no name of a host")


def is_loopback(url: str) -> bool:
    """Whether an address is this very machine by its literal name, with no look-up."""
    parts = split(url)
    host = (parts and parts.hostname) or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def loopback_addresses(host: str, port: int | None) -> list[str]:
    """Where a connection without TLS to a host may go: to these addresses and not to the name.

    NotSent where the name leads out of this machine, whatever it looks like. OSError where it leads nowhere.
    """
    found = _looked_up(host, port)
    for address in found:
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            error = NotSent(
                f"{host} is {address} and not this machine: nothing goes there without TLS",
                hint="use https://, or see why that name leads there (/etc/hosts, DNS)",
            )
            error.passing = False
            raise error
    return found


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
    if not is_loopback(handed_out_by) and _leads_inside(host):
        raise UnsafeReply(f"the address given for the file is in a private network ({host})")


def with_tls(url: str) -> str:
    """The same address with https:// where it has http://; a port that was written stays."""
    parts = split(url)
    if parts is None or parts.scheme != "http":
        return url
    place = parts.netloc.removesuffix(":80") if parts.port == 80 else parts.netloc
    return parts._replace(scheme="https", netloc=place).geturl()


def _leads_inside(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(OSError, UnicodeError):
        return not all(is_public(address) for address in _looked_up(host, 443))
    return False  # it cannot be resolved here; a proxy may, else connecting says so


def _looked_up(host: str, port: int | None) -> list[str]:
    """The addresses of a host, each once, in the resolver's order."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(item[4][0]) for item in found))


_CARRIERS = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96")))
"""IPv6 that ends in an IPv4 address to go on to: the old compatible form, and NAT64 (RFC 6052)."""
_INSIDE = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "fec0::/10")))
"""Protocol assignments (RFC 6890), NAT64 of one's own (RFC 8215), site-local: ipaddress calls some of these global."""


def is_public(address: str) -> bool:
    """Whether an IP address, and one that it carries inside, is of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if any(ip in network for network in _CARRIERS):
            carried.append(ipaddress.IPv4Address(ip.packed[-4:]))
        if inside := [str(one) for one in carried if one]:
            return all(map(is_public, inside))
    if any(ip.version == network.version and ip in network for network in _INSIDE):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
