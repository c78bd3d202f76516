"""The nine tools: what they are listed as, what they take, where their files go, and that none takes over 30 s."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_cli.documents import job_document
from hailuo_cli.errors import UsageError
from hailuo_cli.mcp import catalogue, tools
from hailuo_cli.mcp.answers import Answers
from hailuo_cli.mcp.folder import Folder
from hailuo_cli.mcp.work import Work
from hailuo_cli.model import Secret
from hailuo_cli.orders.options import OrderOptions
from hailuo_cli.redaction import Redactor
from tests.mcp.agent import NEW, OLD, agent, here
from tests.support import FRAME, ROOT
from tests.support.canary import KEY, SIGNATURE
from tests.support.sellers import Sellers

PERSONAL = {"again", "despite_unconfirmed", "webhook", "budget", "assume_price", "fallback", "only", "never"}
"""Options of an order that are a person's or a profile's to say, and no agent's."""


@pytest.fixture
def sellers() -> Iterator[Sellers]:
    with Sellers() as opened:
        yield opened


@pytest.mark.parametrize("mode", [OLD, NEW])
def test_the_tools_are_listed_with_honest_hints(mode: str, home: Path) -> None:
    async def talk() -> None:
        async with agent(here(home), mode) as one:
            listed = {tool.name: tool for tool in (await one.client.list_tools()).tools}
        hints = {name: tool.annotations for name, tool in listed.items()}
        assert list(listed) == ["quote", "check", "submit", "generate", "status", "wait", "download", "jobs", "cancel"]
        assert {n for n, hint in hints.items() if hint and hint.read_only_hint} == {"quote", "check", "status", "jobs"}
        assert {n for n, hint in hints.items() if hint and hint.destructive_hint} == {"cancel"}
        assert {n for n, hint in hints.items() if hint and not hint.open_world_hint} == {"quote", "check", "jobs"}
        assert all(hint and hint.idempotent_hint for hint in hints.values())
        for name in ("submit", "generate"):
            assert listed[name].input_schema["required"] == ["prompt", "dedupe_key"]

    asyncio.run(talk())


def test_an_order_takes_every_option_of_the_client_but_those_of_a_person() -> None:
    assert set(catalogue.ORDER) == {*OrderOptions.__annotations__, "prompt", "output"} - PERSONAL


def test_the_page_has_these_tools_and_a_start_that_the_command_takes() -> None:
    page = (ROOT / "docs" / "mcp.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(catalogue.TOOLS)
    (start,) = json.loads(page.split("```json")[1].split("```")[0])["mcpServers"].values()
    assert (start["command"], start["args"][0], len(start["args"])) == ("hailuo", "mcp", 2)
    assert f"up to {tools.CALL_SECONDS - tools.BUYING_SECONDS:.0f} s" in page


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("submit", {"prompt": "a boat"}, "dedupe_key"),
        ("submit", {"prompt": "a boat", "dedupe_key": ""}, "dedupe_key"),
        ("generate", {"prompt": "a boat", "dedupe_key": "a", "confirm": True}, "confirm"),
        ("check", {"prompt": "a boat", "duration": "6"}, "duration"),
        ("check", {"prompt": "@/etc/passwd"}, "a prompt is text"),
        ("check", {"prompt": "-"}, "a prompt is text"),
        ("check", {"prompt": "a boat", "image": "/etc/hostname"}, "outside the folder"),
        ("check", {"prompt": "a boat", "last_image": "../../frame.png"}, "outside the folder"),
        ("submit", {"prompt": "a boat", "dedupe_key": "a", "output": "/boat.mp4"}, "outside the folder"),
        ("submit", {"prompt": "a boat", "dedupe_key": "a", "output": "films/../../boat.mp4"}, "outside the folder"),
        ("generate", {"prompt": "a boat", "dedupe_key": "a", "output": "link/boat.mp4"}, "outside the folder"),
        ("wait", {"job": "key:none", "seconds": 60}, "seconds"),
        ("wait", {"job": "key:none"}, "key:none"),
        ("jobs", {"state": "lost"}, "state"),
    ],
)
def test_what_a_tool_does_not_take_is_refused_by_name(
    tool: str, arguments: dict[str, Any], named: str, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (home / "link").symlink_to(tmp_path_factory.mktemp("elsewhere"))

    async def talk() -> None:
        async with agent(here(home), says="accept") as one:
            told = await one.call(tool, **{"provider": "pixazo", **arguments} if "prompt" in arguments else arguments)
            assert (told.code, named in told.data["error"]["message"]) == ("usage", True), told
            assert one.questions == []

    asyncio.run(talk())


def test_check_keeps_the_rules_and_says_the_price_without_a_key(home: Path) -> None:
    shutil.copy(FRAME, home / "frame.png")

    async def talk() -> None:
        async with agent(here(home)) as one:
            told = await one.call("check", prompt="a boat", provider="pixazo", image="frame.png", resolution=None)
            assert not told.is_error, told
            assert (told.data["mode"], told.data["resolution"]) == ("image-to-video", "768P")
            assert told.data["price_usd"] == 0.35
            assert "no key" in told.data["notes"][0]
            assert (await one.call("check", prompt="a boat", provider="pixazo", duration=7)).code == "usage"

    asyncio.run(talk())


def test_quote_compares_every_seller_and_asks_nobody(home: Path) -> None:
    async def talk() -> None:
        async with agent(here(home)) as one:
            quotes = (await one.call("quote", prompt="a boat", duration=10, resolution="768P")).data["quotes"]
            able = [quote["price_usd"] for quote in quotes if quote["price_usd"] and not quote["cannot"]]
            assert {"pixazo", "minimax", "sandbox"} <= {quote["provider"] for quote in quotes}
            assert able == sorted(able)

    asyncio.run(talk())


def test_every_tool_that_looks_at_jobs(sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sellers.configure(home, monkeypatch)
    sellers.seconds = 3600

    async def talk() -> None:
        async with agent(here(home), says="accept") as one:
            ref = (await one.call("submit", prompt="A paper boat", dedupe_key="a", output="films/")).data["ref"]
            failing = (await one.call("submit", prompt="FAIL", dedupe_key="b", provider="myrouter")).data["ref"]
            early = await one.call("download", job=ref)
            assert early.code == "still_running"
            assert early.data["error"]["hint"] == f"then: wait {json.dumps({'job': ref})}"
            waiting = await one.call("wait", job=ref, seconds=0.2)
            assert (waiting.is_error, waiting.data["state"]) == (False, "submitted")
            assert "call wait" in waiting.data["notes"][-1]
            assert (await one.call("cancel", job=ref)).code == "unsupported"
            sellers.seconds = 0
            looked = {job["ref"]: job["state"] for job in (await one.call("status")).data["jobs"]}
            assert looked.pop(failing) == "failed"
            assert set(looked.values()) <= {"succeeded", "saved"}, "wait goes on in the background"
            saved = await one.call("wait", job="key:a")
            assert Path(saved.data["path"]).parent == home / "films"
            monkeypatch.setattr(tools, "LOOKING_SECONDS", -1)
            await one.call("submit", prompt="A second boat", dedupe_key="c")
            assert "not every job" in (await one.call("status")).data["notes"][0]
            listed = await one.call("jobs", search="PAPER", state="saved", provider="pixazo")
            assert [job["ref"] for job in listed.data["jobs"]] == [ref]
            assert len((await one.call("jobs", limit=1)).data["jobs"]) == 1

    asyncio.run(talk())


def test_a_job_that_was_ordered_elsewhere_is_saved_in_the_folder(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from hailuo_cli.client import Client

    sellers.configure(home, monkeypatch)
    folder = tmp_path_factory.mktemp("{films}")
    job = Client().submit("A boat", output=str(home / "elsewhere.mp4"))

    async def talk() -> None:
        async with agent(here(folder)) as one:
            told = await one.call("wait", job=job.called)
            assert told.data["path"] == str(folder / f"{job.id}.mp4")

    asyncio.run(talk())
    assert not (home / "elsewhere.mp4").exists()


def test_a_link_whose_name_a_prompt_makes_leads_nowhere(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sellers.configure(home, monkeypatch)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (home / "A-boat").symlink_to(elsewhere)

    async def talk() -> None:
        async with agent(here(home), says="accept") as one:
            await one.call("submit", prompt="A boat", dedupe_key="a", output="{prompt}/boat.mp4")
            assert (await one.call("wait", job="key:a")).code == "disk"
            assert (await one.call("wait", job="key:a", output="boat.mp4")).data["path"] == str(home / "boat.mp4")

    asyncio.run(talk())
    assert list(elsewhere.iterdir()) == []


def test_a_call_is_answered_in_time_while_its_order_goes_on(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seller takes its time over an order: the answer comes before that, and the key finds the job afterwards."""
    sellers.configure(home, monkeypatch, "[profiles.test.mcp]\nmax_cost = 1")
    take, goes_on, work = sellers.take, threading.Event(), Work()
    monkeypatch.setattr(sellers, "take", lambda *order: (goes_on.wait(60), take(*order))[1])
    monkeypatch.setattr(tools, "CALL_SECONDS", 1.0)
    boat = {"prompt": "A boat", "dedupe_key": "slow"}

    async def talk() -> None:
        async with agent(here(home, work)) as one:
            began = time.monotonic()
            late = await one.call("submit", **boat)
            assert (late.code, time.monotonic() - began < 10) == ("still_running", True)
            assert "dedupe_key" in late.data["error"]["hint"]
            for _ in range(2):  # and a look does not take the order's lock away
                assert (await one.call("status", job="key:slow")).data["state"] == "submitting"
            goes_on.set()
            while (found := await one.call("submit", **boat)).is_error:
                assert found.code == "still_running"
            assert found.data["ref"] == "pixazo:job1"

    asyncio.run(talk())
    work.close(10)
    assert sellers.posts == 1


def test_a_question_that_nobody_answers_orders_nothing(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch)
    monkeypatch.setattr(tools, "CALL_SECONDS", tools.BUYING_SECONDS + 1)
    from mcp import Client
    from mcp.types import ElicitResult

    async def asked(context: Any, params: Any) -> ElicitResult:
        await asyncio.sleep(60)
        return ElicitResult(action="accept")

    async def talk() -> None:
        async with Client(here(home), mode=OLD, elicitation_callback=asked) as client:
            told = await client.call_tool("submit", {"prompt": "A boat", "dedupe_key": "a"})
            assert told.is_error
            assert "nobody answered" in told.structured_content["error"]["message"]

    asyncio.run(talk())
    assert sellers.posts == 0


def test_a_client_that_fails_to_ask_orders_nothing(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mcp import Client
    from mcp.types import INTERNAL_ERROR, ErrorData

    sellers.configure(home, monkeypatch)

    async def asked(context: Any, params: Any) -> ErrorData:
        return ErrorData(code=INTERNAL_ERROR, message="no window")

    async def talk() -> None:
        async with Client(here(home), mode=OLD, elicitation_callback=asked) as client:
            told = await client.call_tool("submit", {"prompt": "A boat", "dedupe_key": "a"})
            assert "could not ask" in told.structured_content["error"]["message"]

    asyncio.run(talk())
    assert sellers.posts == 0


def test_an_answer_has_no_key_and_no_link_that_opens_anything() -> None:
    from hailuo_cli.model import Job, JobState

    redactor = Redactor(Secret(KEY))
    links = f"see https://user:pass@cdn.example/v.mp4?Signature={SIGNATURE}&Expires=9#x and http://u@h/ not {KEY}"
    told = Answers(redactor, [links]).of(
        job_document(Job("a", "pixazo", JobState.FAILED, video_url=f"https://h/v?Signature={SIGNATURE}", error=links))
    )
    text = told.content[0].text  # type: ignore[union-attr]
    assert all(secret not in text for secret in (KEY, SIGNATURE, "user:pass", "u@h", "Expires"))
    assert "https://cdn.example/v.mp4 and http://h/ not ********" in text


@given(st.lists(st.sampled_from(["..", ".", "a", "/", "~", "//", "\\", "{prompt}", "link", ""]), max_size=6))
def test_no_name_leads_out_of_the_folder(parts: list[str]) -> None:
    folder = Folder(Path("/srv/films").resolve())
    text = "/".join(parts)
    try:
        template = folder.template(text)
    except UsageError:
        return
    assert Path(template).resolve().is_relative_to(folder.path)


def test_without_the_extra_the_command_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    from hailuo_cli.mcp import server

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="extra"):
        server.must_be_installed()
