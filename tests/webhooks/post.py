"""A caller that can be as slow, large or rude as a test wants: one request over a plain socket, and what came back."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

PATIENCE = 60


@dataclass(frozen=True)
class Got:
    """An answer; status 0 where the connection was closed without one."""

    status: int
    body: Any


def post(
    port: int,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    length: int | None = None,
) -> Got:
    """Send one request; a body in pieces is sent as its iterator gives them, which may rest in between."""
    pieces = [body] if isinstance(body, bytes) else body
    stated = len(body) if isinstance(body, bytes) and length is None else length
    given = {"Host": "you.example", "Content-Type": "application/json", **(headers or {})}
    if stated is not None:
        given["Content-Length"] = str(stated)
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            connection.sendall("\r\n".join([*head, "", ""]).encode())
            for piece in pieces:
                connection.sendall(piece)
        except OSError:  # answered before everything was sent
            pass
        response = HTTPResponse(connection, method=method)
        try:
            response.begin()
            content = response.read()
        except (OSError, ValueError, EOFError) as error:
            if "timed out" in str(error):
                raise
            return Got(0, None)
        return Got(response.status, json.loads(content) if content else None)
