"""A provider that keeps its own record of what it accepted, in the words of Pixelbyte, which lists its jobs."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.support.answers import Answer, Asked, film, says
from tests.support.clips import clip
from tests.support.fault_server import Origin

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
        self._origin = Origin(self._answer)

    def __enter__(self) -> Api:
        self._origin.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._origin.__exit__()

    def url(self, customer: str) -> str:
        return f"{self._origin.url}/{customer}"

    def orders(self, customer: str, prompt: str | None = None) -> list[Accepted]:
        """What was accepted from exactly this customer."""
        return [o for o in list(self.accepted) if o.customer == customer and prompt in (None, o.prompt)]

    def _answer(self, asked: Asked) -> Answer:
        customer, _, path = urlsplit(asked.path).path.removeprefix("/").partition("/")
        if path == "video.mp4":
            return self._film(asked)
        data = self._ordered(customer, asked) if asked.method == "POST" else self._looked_up(customer, path)
        return says(200, {"success": True, "data": data})(asked) if data else Answer(head=b"")

    def _ordered(self, customer: str, asked: Asked) -> Any:
        prompt = json.loads(asked.body)["input"]["prompt"]  # of a customer killed half-way it is cut: no order
        order = Accepted(customer, prompt, f"job_{next(self._numbers):06}")
        self.accepted.append(order)
        return None if UNANSWERED in prompt else {"jobId": order.ticket, "status": "pending"}

    def _looked_up(self, customer: str, path: str) -> Any:
        if path == "v1/jobs":
            mine = [order for order in list(self.accepted) if order.customer in (customer, family(customer))]
            return {"jobs": [{"jobId": order.ticket, "input": {"prompt": order.prompt}} for order in mine]}
        ticket = re.fullmatch(r"v1/jobs/(job_\d+)", path)
        assert ticket, f"nobody documented {path}"
        self._looks[customer, ticket[1]] += 1
        if sum(self._looks[name, ticket[1]] for name in {customer, family(customer)}) < 2:
            return {"jobId": ticket[1], "status": "processing"}
        return {"jobId": ticket[1], "status": "completed", "output": f"{self.url(customer)}/video.mp4"}


def family(customer: str) -> str:
    return customer.partition(".")[0]
