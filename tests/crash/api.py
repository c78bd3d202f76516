"""A provider that keeps its own record of what it accepted, in the words of Pixelbyte, which lists its jobs."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import socket
import threading
from collections import Counter
from dataclasses import dataclass
from http.client import parse_headers
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.flaky import Asked, clip, film

UNANSWERED = "unanswered"
"""A prompt with this word is accepted and never answered."""
VIDEO = clip(150_000)


@dataclass(frozen=True)
class Accepted:
    """An order that is billed. `customer` is whose base URL it came to."""

    customer: str
    prompt: str
    ticket: str


class Api:
    """Every customer has a base URL; one named like another with a suffix (`a.7` and `a`) sees its jobs too.

    A job is done at the second look at it.
    """

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self._looks: Counter[tuple[str, str]] = Counter()
        self._numbers = itertools.count(1)
        self._film = film(VIDEO)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def __enter__(self) -> Api:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def url(self, customer: str) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/{customer}"

    def orders(self, customer: str, prompt: str | None = None) -> list[Accepted]:
        """What was accepted from exactly this customer."""
        return [o for o in list(self.accepted) if o.customer == customer and prompt in (None, o.prompt)]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # a customer that is killed leaves a request cut or an answer unread
        with connection, connection.makefile("rb") as reader, contextlib.suppress(OSError, ValueError):
            method, path, _ = reader.readline().decode().split()
            headers = parse_headers(reader)
            length = int(headers.get("Content-Length", 0))
            body = reader.read(length)
            if len(body) < length:
                return
            customer, _, rest = urlsplit(path).path.removeprefix("/").partition("/")
            if rest == "video.mp4":
                answer = self._film(Asked(method, path, headers))
                lines = [f"HTTP/1.1 {answer.status} x", "Connection: close"]
                lines += [f"{name}: {value}" for name, value in answer.headers.items()]
                connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"".join(answer.body))
                return
            data = self._ordered(customer, body) if method == "POST" else self._looked_up(customer, rest)
            if data is not None:
                content = json.dumps({"success": True, "data": data}).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
                connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + content)

    def _ordered(self, customer: str, body: bytes) -> Any:
        prompt = json.loads(body)["input"]["prompt"]
        order = Accepted(customer, prompt, f"job_{next(self._numbers):06}")
        self.accepted.append(order)
        return None if UNANSWERED in prompt else {"jobId": order.ticket, "status": "pending"}

    def _looked_up(self, customer: str, path: str) -> Any:
        if path == "v1/jobs":
            mine = [order for order in list(self.accepted) if order.customer in (customer, _family(customer))]
            return {"jobs": [{"jobId": order.ticket} for order in mine]}
        found = re.fullmatch(r"v1/jobs/(job_\d+)", path)
        assert found, f"nobody documented {path}"
        self._looks[customer, found[1]] += 1
        if sum(self._looks[name, found[1]] for name in {customer, _family(customer)}) < 2:
            return {"jobId": found[1], "status": "processing"}
        return {"jobId": found[1], "status": "completed", "output": f"{self.url(customer)}/video.mp4"}


def _family(customer: str) -> str:
    return customer.partition(".")[0]
