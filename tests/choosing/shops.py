"""Sellers on real sockets, each at a port of its own, and a user who has keys for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from hailuo_cli.client import Client, FrontEnd
from hailuo_cli.providers import PROVIDERS
from tests.support.answers import Answer, Asked, Play, film, says
from tests.support.canary import KEY
from tests.support.fault_server import FaultServer
from tests.support.standin import small_video

TAKES: Mapping[str, Callable[[str], Any]] = {
    "pixazo": lambda ticket: {"request_id": ticket, "status": "QUEUED"},
    "novita": lambda ticket: {"task_id": ticket},
    "myrouter": lambda ticket: {"task_id": ticket},
    "pixelbyte": lambda ticket: {"jobId": ticket, "status": "pending"},
    "minimax": lambda ticket: {"task_id": ticket, "base_resp": {"status_code": 0, "status_msg": "success"}},
    "tokensmind": lambda ticket: {"task_id": ticket},
    "openrouter": lambda ticket: {"id": ticket, "status": "pending"},
}
"""How each says that it took an order."""


def _pixazo(ticket: str, word: str, url: str) -> Any:
    return {"request_id": ticket, "status": word, "output": {"media_url": [url]} if word == "COMPLETED" else None}


def _novita(ticket: str, word: str, url: str) -> Any:
    videos = [{"video_url": url}] if word == "TASK_STATUS_SUCCEED" else []
    return {"task": {"task_id": ticket, "status": word, "reason": "no luck"}, "videos": videos}


def _pixelbyte(ticket: str, word: str, url: str) -> Any:
    return {"jobId": ticket, "status": word, "output": url if word == "completed" else None}


SAYS: Mapping[str, Callable[[str, str, str], Any]] = {
    "pixazo": _pixazo,
    "novita": _novita,
    "myrouter": _novita,
    "pixelbyte": _pixelbyte,
}
DONE = {
    "pixazo": "COMPLETED",
    "novita": "TASK_STATUS_SUCCEED",
    "myrouter": "TASK_STATUS_SUCCEED",
    "pixelbyte": "completed",
}


@dataclass
class Shop:
    """One seller: `answer` is what an order gets (None: it is taken), `word` what its jobs come to."""

    name: str
    answer: Play | None = None
    word: str | None = None
    orders: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def play(self, asked: Asked) -> Answer:
        if asked.path.endswith("/estimate"):
            return says(200, {"estimatedCostMicroCents": 210_000})(asked)
        if asked.method == "POST":
            self.orders.append(json.loads(asked.body))
            ticket = f"{self.name}-{len(self.orders)}"
            return (self.answer or says(200, TAKES[self.name](ticket)))(asked)
        if asked.path == "/film":
            return film(small_video())(asked)
        ticket = asked.path.rpartition("/" if "status/" in asked.path or "/jobs/" in asked.path else "=")[2]
        word = self.word or DONE[self.name]
        return says(200, SAYS[self.name](ticket, word, f"{self.url}/film"))(asked)


@dataclass
class Town:
    """All sellers of a test, with a config that has them in this order."""

    home: Path
    shops: tuple[Shop, ...]
    profile: str = ""
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        lines = ["[profiles.test]", self.profile]
        for shop in self.shops:
            shop.url = self._stack.enter_context(FaultServer(shop.play)).url
            lines += [f"[profiles.test.providers.{shop.name}]", f'base_url = "{shop.url}"']
        self.config = self.home / "hailuo.toml"
        self.config.write_text("\n".join(lines) + "\n")
        self.environ = {
            "HAILUO_CONFIG": str(self.config),
            "HAILUO_DATA_DIR": str(self.home / "data"),
            **{str(PROVIDERS[shop.name].key_env): KEY for shop in self.shops},
        }
        front_end = FrontEnd(
            say=self.said.append, warn=self.warned.append, log=self.logged.append, sleep=lambda _: None
        )
        self.client = Client(environ=self.environ, front_end=front_end)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def orders(self) -> list[int]:
        """How many orders came to each seller."""
        return [len(shop.orders) for shop in self.shops]
