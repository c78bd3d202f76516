"""The installed command as an agent meets it: over stdin and stdout, in both forms of the protocol, and killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mcp.agent import NEW, OLD, Say, agent, started
from tests.support.command import hailuo, ledger_rows
from tests.support.sellers import Sellers

LIMIT = "[profiles.test.mcp]\nmax_cost = 1"
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "an agent", "version": "1"},
}


@pytest.fixture
def sellers() -> Iterator[Sellers]:
    with Sellers() as opened:
        yield opened


class Raw:
    """The command and its pipes, with nothing in between: an agent that can be cut off at any moment."""

    def __init__(self, *words: str) -> None:
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen([sys.executable, "-m", "hailuo_cli", "mcp", *words], text=True, **pipes)
        self.send("initialize", HELLO, number=1)
        assert self.hear()["result"]["serverInfo"]["name"] == "hailuo"
        self.send("notifications/initialized", {})

    def send(self, method: str, params: dict[str, Any], number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message | ({"id": number} if number else {})) + "\n")
        self.process.stdin.flush()

    def call(self, tool: str, **arguments: Any) -> None:
        self.send("tools/call", {"name": tool, "arguments": arguments}, number=2)

    def hear(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it wrote on stderr; whatever is left on stdout is the protocol's."""
        out, err = self.process.communicate(timeout=60)
        for line in out.splitlines():
            assert json.loads(line)["jsonrpc"] == "2.0"
        return self.process.returncode, err


@pytest.mark.parametrize("mode", [OLD, NEW])
def test_an_agent_is_refused_twice_and_then_makes_a_film(
    mode: str, sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch, "max_cost = 0.10")
    answers: list[Say] = ["decline", "accept"]
    boat = {"prompt": "A paper boat", "dedupe_key": "boat", "provider": "sandbox"}

    async def talk() -> None:
        async with agent(started(home), mode, says=lambda: answers.pop(0)) as one:
            assert len((await one.client.list_tools()).tools) == 9
            dear = await one.call("generate", prompt="A paper boat", dedupe_key="dear")
            assert (dear.code, one.questions) == ("cost_limit", [])
            assert (await one.call("generate", **boat, param={"seconds": 0})).code == "usage"
            made = await one.call("generate", **boat, param={"seconds": 0})
            while (film := await one.call("wait", job=made.data["ref"])).data["state"] != "saved":
                assert not film.is_error, film
            assert Path(film.data["path"]).read_bytes()[4:8] == b"ftyp"
            assert len(one.questions) == 2

    asyncio.run(talk())
    assert sellers.posts == 0


def test_a_job_whose_answer_was_lost_with_the_server_is_found_again_by_its_key(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch, LIMIT)
    boat = {"prompt": "A paper boat", "dedupe_key": "boat"}
    raw = Raw(str(home))
    raw.call("generate", **boat)
    while not any(ticket for _, ticket in ledger_rows(home)):
        assert raw.process.poll() is None
        time.sleep(0.002)
    raw.process.kill()
    raw.end()

    raw = Raw(str(home))
    raw.call("generate", **boat)
    again = raw.hear()["result"]["structuredContent"]
    assert (again["ref"], again["reused"] is not None) == ("pixazo:job1", True)
    raw.call("wait", job="key:boat")
    assert raw.hear()["result"]["structuredContent"]["state"] == "saved"
    assert raw.end() == (0, ""), "it ends with its client, and says nothing of its own"
    assert sellers.posts == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_server_that_ends_while_it_orders_leaves_an_order_that_is_never_sent_again(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch, LIMIT)
    take = sellers.take

    def slow(*order: Any) -> Any:
        taken = take(*order)
        time.sleep(30)
        return taken

    monkeypatch.setattr(sellers, "take", slow)
    raw = Raw(str(home))
    raw.call("submit", prompt="A paper boat", dedupe_key="boat")
    assert sellers.ordered.wait(60)
    raw.process.send_signal(signal.SIGTERM)
    assert raw.end()[0] == 143
    monkeypatch.setattr(sellers, "take", take)
    ran = hailuo("submit", "A paper boat", "--dedupe-key", "boat", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (7, "unconfirmed")
    assert sellers.posts == 1


def test_stdout_is_for_no_other_document(home: Path) -> None:
    ran = hailuo("mcp", "--json")
    assert (ran.code, ran.json["ok"]) == (2, False)
    assert hailuo("mcp", "no-such-folder").code == 2
