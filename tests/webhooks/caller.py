"""A stand-in that calls back: it takes an order with a webhook, and when the job is ready it says so there, signed."""

from __future__ import annotations

import copy
import json
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hailuo_cli.model import RemoteState
from hailuo_cli.providers import PROVIDERS, TellsWebhookSecret
from hailuo_cli.wire import Reply
from tests.support.command import Running, configure
from tests.support.standin import Asked, StandIn
from tests.wire import Look, scripts

from .post import Got, post
from .signers import SECRET, SIGNERS, key_set

CALLING = {name: script for name, script in scripts().items() if script.tells}
"""The protocols of the providers that call back."""


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number: int = taken.getsockname()[1]
    return number


@dataclass
class Caller(StandIn):
    """Jobs run until `finish`; then they are done, and their webhooks hear of it at a local port."""

    port: int = 0
    """Where the public address of every webhook leads to."""
    addresses: dict[str, str] = field(default_factory=dict)
    """The webhook of each order, by the job's id."""
    challenged: list[Got] = field(default_factory=list)
    answers: list[Got] = field(default_factory=list)
    finished_at: float = 0.0
    calls: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.one_host = True
        self._ready = threading.Event()
        self.looked = threading.Event()

    def finish(self) -> None:
        """The jobs are done from now on; whoever gave an address hears of it."""
        self.finished_at = time.monotonic()
        self._ready.set()
        if self.calls:
            for job in self.addresses:
                self.answers.append(self.call(job))

    def call(self, job: str, **changes: str) -> Got:
        """Say that a job has ended, signed as documented."""
        told = json.dumps(self.script.tells[-1].body).replace(self.script.id, job).encode()
        sign = SIGNERS.get(self.script.name)
        headers = sign(told, int(time.time())) if sign else {}
        return post(self.port, urlsplit(self.addresses[job]).path, told, {**headers, **changes})

    def _answer(self, host: str, asked: Asked) -> tuple[int, Any]:
        webhook = PROVIDERS[self.script.name].webhook
        if webhook and webhook.key_set and asked.path == urlsplit(webhook.key_set).path:
            assert not any(name.lower() in asked.headers for name in self.script.key_headers), "the key went along"
            return 200, key_set()
        for aside in self.script.asides:
            if aside.kind == "webhook secret" and asked.path == aside.turns[0].path:
                return 200, aside.turns[0].reply
        return super()._answer(host, asked)

    def _taken(self, asked: Asked) -> tuple[int, Any] | None:
        address = self._address(asked)
        taken = super()._taken(self._without(asked))
        if taken and taken[0] < 300 and asked.path in self._billing and address:
            newest = list(self._orders)[-1]
            webhook = PROVIDERS[self.script.name].webhook
            if webhook and webhook.challenge:
                body = json.dumps({webhook.challenge: 20261126}).encode()
                self.challenged.append(post(self.port, urlsplit(address).path, body))
            self.addresses[newest] = address
        return taken

    def _place(self) -> tuple[str, list[str]]:
        webhook = PROVIDERS[self.script.name].webhook
        assert webhook is not None
        kind, _, name = webhook.asked_in.partition(" ")
        return kind, name.split(".")

    def _address(self, asked: Asked) -> str | None:
        kind, path = self._place()
        if kind == "header":
            return asked.headers.get(path[0].lower())
        return Reply(asked.body if kind == "body" else asked.query).find(*path)

    def _without(self, asked: Asked) -> Asked:
        """The same order without a webhook, which no document shows together with each of its fields."""
        kind, path = self._place()
        plain = copy.deepcopy(asked)
        holder: Any = {"body": plain.body, "query": plain.query, "header": plain.headers}[kind]
        for name in path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
            holder.pop("webhook_events_filter", None)
        return plain

    def _looked(self, asked: Asked) -> tuple[int, Any] | None:
        looked = super()._looked(asked)
        if looked:
            self.looked.set()
        return looked

    def _current(self, one: str) -> Look:
        return self.script.look(RemoteState.DONE if self._ready.is_set() else RemoteState.RUNNING)


def at(caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile whose provider is the stand-in, with the secret where its users write it."""
    name = caller.script.name
    provider = PROVIDERS[name]
    is_given = (
        name in SIGNERS
        and not (provider.webhook and provider.webhook.key_set)
        and not isinstance(provider, TellsWebhookSecret)
    )
    if is_given:
        monkeypatch.setenv("HOOK_SECRET", SECRET)
    configure(home, caller.url, monkeypatch, name, **({"webhook_secret_env": "HOOK_SECRET"} if is_given else {}))
    return name


def started(caller: Caller, *typed: str, **how: Any) -> Running:
    """A command that listens at the port that the stand-in calls."""
    listen = f"https://hooks.example.com/in:{caller.port}"
    return Running(*typed, "--listen", listen, env={**os.environ}, **how)
