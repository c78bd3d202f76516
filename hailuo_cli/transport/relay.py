"""Passing a request on to an address of the user's own, without any key."""

from __future__ import annotations

from collections.abc import Mapping

from .connection import CALL_SECONDS, Log, exchange, new_client, new_request

_OF_THE_CONNECTION = frozenset(
    [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)


def relay(url: str, headers: Mapping[str, str], body: bytes, log: Log = lambda _: None) -> int:
    """POST a body byte for byte, with the headers that are not about the connection it came by; the answer's status.

    NetworkError where it does not arrive. A redirect is not followed.
    """
    passed = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION}
    with new_client(url) as client:
        status, _, _ = exchange(
            client, new_request(client, "POST", url, headers=passed, content=body), CALL_SECONDS, log
        )
    return status
