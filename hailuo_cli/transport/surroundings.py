"""What the environment says about the network: the proxy and the certificates in force."""

from __future__ import annotations

import os
import urllib.request

from ..urls import is_web
from .connection import new_client, without_password

_PROXIES = ("http", "https", "all")


def proxy() -> str:
    """The proxies of the environment without their logins; NotSent for one that cannot be used."""
    found = {kind: address for kind, address in urllib.request.getproxies().items() if kind in _PROXIES}
    with new_client("http://hailuo.invalid"):
        pass
    if not found:
        return "none"
    return ", ".join(
        f"{kind}: {without_password(address) if is_web(address) else without_password(f'//{address}')[2:]}"
        for kind, address in sorted(found.items())
    )


def certificates() -> str:
    """Which certificates are trusted; NotSent where SSL_CERT_FILE names none."""
    with new_client("https://127.0.0.1"):  # this machine's own: no proxy is looked at
        pass
    return os.environ.get("SSL_CERT_FILE") or "those of the system"
