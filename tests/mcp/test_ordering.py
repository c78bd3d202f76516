"""What an agent may order: with a person's yes to that very order, or within the limit where nobody can be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mcp.agent import NEW, OLD, Say, agent, here
from tests.support.command import ledger_rows
from tests.support.sellers import Sellers

BOTH = pytest.mark.parametrize("mode", [OLD, NEW])
BOAT = {"prompt": "A paper boat in the rain", "dedupe_key": "boat-1"}
PRICE = 0.35


@pytest.fixture
def sellers() -> Iterator[Sellers]:
    with Sellers() as opened:
        yield opened


@BOTH
def test_a_person_is_asked_with_price_and_seller_each_time_and_their_yes_orders_once(
    mode: str, sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch)

    async def talk() -> None:
        async with agent(here(home), mode, says="accept") as one:
            first = await one.call("submit", **BOAT)
            second = await one.call("submit", prompt="Another boat", dedupe_key="boat-2")
            assert (first.data["ref"], second.data["ref"]) == ("pixazo:job1", "pixazo:job2")
            assert len(one.questions) == 2
            assert f"{PRICE:.2f} USD" in one.questions[0]
            assert "Pixazo" in one.questions[0]
            assert BOAT["prompt"] in one.questions[0]

    asyncio.run(talk())
    assert sellers.posts == 2


@BOTH
@pytest.mark.parametrize("says", ["decline", "cancel"])
@pytest.mark.parametrize("tool", ["submit", "generate"])
def test_without_a_yes_nothing_is_ordered(
    mode: str, says: Say, tool: str, sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch)

    async def talk() -> None:
        async with agent(here(home), mode, says=says) as one:
            told = await one.call(tool, **BOAT)
            assert (told.code, "did not agree" in told.data["error"]["message"]) == ("usage", True)

    asyncio.run(talk())
    assert (sellers.posts, ledger_rows(home)) == (0, [])


@BOTH
@pytest.mark.parametrize(
    ("limit", "ordered"),
    [("", False), ("[profiles.test.mcp]\nmax_cost = 0.34", False), ("[profiles.test.mcp]\nmax_cost = 0.35", True)],
)
def test_where_nobody_can_be_asked_only_the_limit_of_the_profile_may_be_spent(
    mode: str, limit: str, ordered: bool, sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch, limit)

    async def talk() -> None:
        async with agent(here(home), mode) as one:
            told = await one.call("submit", **BOAT, max_cost=50)
            assert told.code == (None if ordered else "cost_limit"), told

    asyncio.run(talk())
    assert sellers.posts == ordered


@BOTH
def test_an_unknown_price_is_above_every_limit(
    mode: str, sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch, "[profiles.test.mcp]\nmax_cost = 1000")

    async def talk() -> None:
        async with agent(here(home), mode) as one:
            unasked = await one.call("submit", **BOAT, param={"quality": "best"})
            assert (unasked.code, "not known" in unasked.data["error"]["message"]) == ("cost_limit", True)
        async with agent(here(home), mode, says="accept") as one:
            limited = await one.call("submit", **BOAT, param={"quality": "best"}, max_cost=1000)
            assert (limited.code, one.questions) == ("cost_limit", [])
            assert limited.data["error"]["hint"].startswith("for a person to decide, at the command line")
            assert not (await one.call("submit", **BOAT, param={"quality": "best"})).is_error
            assert "a price that is not known" in one.questions[0]

    asyncio.run(talk())
    assert sellers.posts == 1


def test_no_tool_raises_the_profiles_own_limit_and_a_person_is_not_even_asked(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch, "max_cost = 0.10")

    async def talk() -> None:
        async with agent(here(home), says="accept") as one:
            told = await one.call("generate", **BOAT, max_cost=50)
            assert (told.code, one.questions) == ("cost_limit", [])

    asyncio.run(talk())
    assert sellers.posts == 0


@BOTH
def test_the_same_key_again_gives_the_job_that_is_there_without_a_question(
    mode: str, sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch)

    async def talk() -> None:
        async with agent(here(home), mode, says="accept") as one:
            first = await one.call("generate", **BOAT)
            saved = await one.call("wait", job=first.data["ref"])
            again = await one.call("generate", **BOAT)
            other = await one.call("generate", **{**BOAT, "prompt": "A steel boat"})
            assert (saved.data["state"], again.data["reused"]) == ("saved", "saved")
            assert again.data["ref"] == first.data["ref"]
            assert Path(saved.data["path"]).parent == home.resolve()
            assert (other.code, "prompt" in other.data["error"]["message"]) == ("usage", True)
            assert len(one.questions) == 1

    asyncio.run(talk())
    assert sellers.posts == 1


def test_an_order_whose_answer_was_lost_is_never_sent_again(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sellers.configure(home, monkeypatch)
    lost = {"prompt": "LOST", "dedupe_key": "lost-1"}

    async def talk() -> None:
        async with agent(here(home), says="accept") as one:
            for _ in range(2):
                told = await one.call("submit", **lost)
                assert told.code == "unconfirmed"
                assert "hailuo jobs resolve" in told.data["error"]["hint"]
            assert (await one.call("status", job="key:lost-1")).data["state"] == "unconfirmed"
            assert len(one.questions) == 1

    asyncio.run(talk())
    assert sellers.posts == 1


def test_an_answer_counts_once_and_for_its_own_question_alone(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the protocol of 2026 a client sends answers with calls: it may send them again, or with another call."""
    from mcp.types import ElicitResult, InputRequiredResult, InputResponses

    sellers.configure(home, monkeypatch)
    yes: InputResponses = {"consent": ElicitResult(action="accept")}

    async def talk() -> None:
        async with agent(here(home), NEW, says="accept") as one:

            async def send(state: str | None, **arguments: str) -> object:
                return await one.client.session.call_tool(
                    "submit", arguments, input_responses=yes, request_state=state, allow_input_required=True
                )

            for forged in (None, "made-up"):
                assert isinstance(await send(forged, **BOAT), InputRequiredResult)
            asked = await send(None, **BOAT)
            assert isinstance(asked, InputRequiredResult)
            dearer = {**BOAT, "resolution": "1080P"}
            assert isinstance(await send(asked.request_state, **dearer), InputRequiredResult)
            assert isinstance(await send(asked.request_state, **BOAT), InputRequiredResult), "it was used up"
            asked = await send(None, **BOAT)
            assert isinstance(asked, InputRequiredResult)
            assert not isinstance(await send(asked.request_state, **BOAT), InputRequiredResult)

    asyncio.run(talk())
    assert sellers.posts == 1


def test_what_became_dearer_after_the_question_is_not_ordered(
    sellers: Sellers, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = '[profiles.test.providers.pixazo.prices]\n"hailuo-2.3 6 768P" = '
    sellers.configure(home, monkeypatch)
    config = home / "hailuo.toml"
    cheap = config.read_text()

    def says() -> Say:
        config.write_text(f"{cheap}{prices}9.99\n")
        return "accept"

    async def talk() -> None:
        async with agent(here(home), says=says) as one:
            told = await one.call("submit", **BOAT)
            assert told.code == "cost_limit"

    asyncio.run(talk())
    assert sellers.posts == 0
