"""The choice, the limits and the costs as a user meets them: the command line, over real sockets."""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.client import Client
from tests.choosing.shops import Shop, Town
from tests.support import FRAME
from tests.support.answers import hangs, says
from tests.support.command import Ran, hailuo

BROKE = says(200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})


def run(town: Town, *words: str, **environ: str) -> Ran:
    return hailuo(*words, env={**town.environ, **environ})


def test_three_sellers_the_first_without_balance_the_second_without_the_size_the_third_takes_it(home: Path) -> None:
    asked = ["submit", "a bear", "--image", str(FRAME), "--model", "hailuo-02", "--resolution", "512P"]
    who = ["--provider", "minimax,myrouter,tokensmind", "--fallback", "refused"]
    with Town(home, (Shop("minimax", BROKE), Shop("myrouter"), Shop("tokensmind"))) as town:
        ran = run(town, *asked, *who, "-v", "--json")
        assert town.orders == [1, 0, 1]
    assert ran.code == 0, ran.err
    job = ran.json["data"]
    assert job["provider"] == "tokensmind"
    assert job["choice"]["by"] == "list"
    assert job["choice"]["passed_over"] == [
        {"provider": "minimax", "code": "balance", "message": job["choice"]["passed_over"][0]["message"]}
    ]
    assert "not myrouter: minimax-hailuo-02 makes 768P or 1080P, not 512P" in ran.err
    assert "nothing was bought of minimax" in ran.err
    rows = ledger(home, 'SELECT id, provider, state, "group" FROM jobs ORDER BY seq')
    assert [(provider, state) for _, provider, state, _ in rows] == [
        ("minimax", "refused"),
        ("tokensmind", "submitted"),
    ]
    assert {group for *_, group in rows} == {rows[0][0]} == {job["group"]}


def test_a_502_after_the_order_was_taken_is_exit_7_and_nobody_else_is_asked(home: Path) -> None:
    shops = (Shop("pixazo", says(502, b"<html>bad gateway")), Shop("myrouter"), Shop("novita"))
    with Town(home, shops) as town:
        who = ["--provider", "pixazo,myrouter,novita", "--fallback", "failed"]
        for _ in range(2):
            assert run(town, "generate", "a bear", *who, "--json").json["error"]["exit"] == 7
        assert run(town, "submit", "a bear", "--provider", "novita").code == 7
        assert town.orders == [1, 0, 0]


def test_the_events_tell_who_took_nothing_before_they_tell_who_took_it(home: Path) -> None:
    with Town(home, (Shop("pixazo", word="ERROR"), Shop("myrouter"))) as town:
        who = ["--provider", "pixazo,myrouter", "--fallback", "failed", "-o", "bear.mp4"]
        ran = run(town, "generate", "a bear", *who, "--events")
    assert ran.code == 0, ran.err
    events = [json.loads(line) for line in ran.out.splitlines()]
    told = [(one["event"], one.get("provider") or one.get("ref")) for one in events if "event" in one]
    kinds = [kind for kind in told if kind[0] in ("submitted", "passed_over", "saved")]
    assert kinds == [
        ("submitted", "pixazo:pixazo-1"),
        ("passed_over", "pixazo"),
        ("submitted", "myrouter:myrouter-1"),
        ("saved", "myrouter:myrouter-1"),
    ]
    assert events[-1]["data"]["provider"] == "myrouter"


def test_check_and_dry_run_say_who_would_be_chosen_and_ask_nobody(home: Path) -> None:
    with Town(home, (Shop("pixazo"), Shop("pixelbyte"))) as town:
        found = run(town, "check", "a bear", "--provider", "cheapest", "--json").json["data"]
        assert (found["provider"], found["choice"]["runner_up"], found["price_usd"]) == ("pixelbyte", "pixazo", 0.21)
        dry = run(town, "submit", "a bear", "--provider", "cheapest", "--dry-run", "--json").json["data"]
        assert dry["choice"] == found["choice"]
        assert town.orders == [0, 0]
    assert not (home / "data" / "ledger.sqlite3").exists()


def test_the_limit_of_a_day_holds_over_all_sellers_and_says_what_is_left(home: Path) -> None:
    budget = "budget = { day = 1.00, month = 20 }"
    with Town(home, (Shop("pixazo"), Shop("pixelbyte", word="failed")), budget) as town:
        assert run(town, "submit", "one", "--provider", "pixazo").code == 0
        assert run(town, "generate", "two", "--provider", "pixelbyte").code == 8  # given back: 0.21
        assert run(town, "submit", "three", "--provider", "pixazo").code == 0
        ran = run(town, "submit", "four", "--provider", "pixazo", "--json")
        assert run(town, "check", "four", "--provider", "pixazo").code == 4
        assert run(town, "submit", "five", "--provider", "pixelbyte").code == 0
        assert town.orders == [2, 2]
    assert ran.code == 4
    assert ran.json["error"]["code"] == "cost_limit"
    assert ran.json["error"]["limit"] == {
        "name": "day", "usd": 1.0, "spent_usd": 0.0, "held_usd": 0.7, "left_usd": 0.3
    }  # fmt: skip
    assert "0.00 spent, 0.70 held, 0.30 left of 1.00 USD" in ran.json["error"]["message"]


def test_an_unknown_price_is_refused_under_a_limit_unless_one_is_assumed(home: Path) -> None:
    with Town(home, (Shop("myrouter"),), "budget = { day = 1.00 }") as town:
        assert run(town, "submit", "one").code == 4
        assert run(town, "submit", "one", "--assume-price", "x").code == 2
        assert run(town, "submit", "one", "--assume-price", "0.60").code == 0
        assert run(town, "submit", "two", "--assume-price", "0.60").code == 4
        assert run(town, "submit", "three", "--max-cost", "0.5", "--assume-price", "0.6").code == 4
        assert town.orders == [1]


def test_takes_that_together_cost_more_than_their_budget_are_not_ordered(home: Path) -> None:
    with Town(home, (Shop("pixazo"),)) as town:
        assert run(town, "submit", "a bear", "--takes", "3", "--budget", "1.04").code == 4
        assert town.orders == [0]
        assert run(town, "submit", "a bear", "--takes", "3", "--budget", "1.05").code == 0
        assert town.orders == [3]


def test_a_batch_chooses_for_each_row_and_keeps_the_limit_of_the_day(home: Path) -> None:
    rows = "id,prompt,resolution\none,a bear,768P\ntwo,a fox,1080P\nthree,a hen,768P\n"
    prices = '[profiles.test.providers.myrouter.prices]\n"hailuo-2.3 6 768P" = 0.10\n"hailuo-2.3 6 1080P" = 0.90\n'
    with Town(home, (Shop("pixazo"), Shop("myrouter")), "budget = { day = 0.50 }") as town:
        text = town.config.read_text()
        town.config.write_text(text + prices)
        Path("clips.csv").write_text(rows)
        plan = run(town, "batch", "plan", "clips.csv", "--provider", "cheapest", "--json").json["data"]
        assert [row["provider"] for row in plan["rows"]] == ["myrouter", "pixazo", "myrouter"]
        without = run(town, "batch", "plan", "clips.csv", "--provider", "cheapest", "--not", "myrouter", "--json")
        assert {row["provider"] for row in without.json["data"]["rows"]} == {"pixazo"}
        ran = run(town, "batch", "run", "clips.csv", "--provider", "cheapest", "--yes", "--json")
        assert ran.code == 4, ran.err
        assert town.orders == [0, 0]
        few = ("--only", "one", "--only", "two")
        assert run(town, "batch", "run", "clips.csv", "--provider", "cheapest", "--yes", *few).code == 0
        assert town.orders == [1, 1]
    choices = [json.loads(text)["by"] for (text,) in ledger(home, "SELECT choice FROM jobs")]
    assert choices == ["cheapest", "cheapest"]


# quotes


def quoted(ran: Ran) -> Mapping[str, Any]:
    return {one["provider"]: one for one in ran.json["data"]["quotes"]}


def test_quote_has_every_seller_in_one_table_without_a_key_a_ledger_or_the_network(home: Path) -> None:
    found = quoted(hailuo("quote", "a bear", "--json"))
    assert found["pixazo"] == {
        "provider": "pixazo",
        "model": "minimax-hailuo-ai",
        "price_usd": 0.35,
        "price_source": "https://www.pixazo.ai/models/hailuo (2026-03-31)",
        "price_date": "2026-03-31",
        "age_days": found["pixazo"]["age_days"],
        "expected_seconds": None,
        "expected_source": None,
        "cannot": None,
        "key": False,
    }
    assert (found["pixelbyte"]["expected_seconds"], found["pixelbyte"]["expected_source"]) == (180.0, "stated")
    assert (found["minimax"]["price_usd"], found["minimax"]["cannot"]) == (None, None)
    refused = hailuo("check", "a bear", "--provider", "kie", "--json").json["error"]["message"]
    assert found["kie"]["cannot"] == refused
    prices = [
        one["price_usd"] for one in found.values() if one["price_usd"] is not None and one["provider"] != "sandbox"
    ]
    assert prices == sorted(prices)
    assert not (home / "data").exists()
    lines = hailuo("quote", "a bear").out.splitlines()
    assert lines[1].split()[:4] == ["pixelbyte", "0.21", "2026-02-18", "!"]


def test_quote_is_for_the_sellers_that_are_named_and_says_who_is_excluded(home: Path) -> None:
    found = quoted(hailuo("quote", "a bear", "--provider", "fal,pixazo", "--not", "fal", "--json"))
    assert list(found) == ["pixazo", "fal"]
    assert "excluded" in found["fal"]["cannot"]
    assert hailuo("quote", "a bear", "--image", "nothing.png").code == 2


def test_quote_asks_those_that_tell_all_at_once_and_waits_for_nobody_too_long(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hailuo_cli.choosing.quotes.ASK_SECONDS", 3.0)
    told = says(200, {"data": {"unit_price": 0.25, "currency": "USD"}})
    with Town(home, (Shop("pixelbyte"), Shop("wavespeed", told), Shop("atlascloud", hangs))) as town:
        found = {one.account.name: one for one in Client(environ=town.environ).quote("a bear", ask=True)}
    assert found["pixelbyte"].price.source == "estimate by Pixelbyte"
    assert (str(found["wavespeed"].price.usd), found["wavespeed"].age_days(time.time())) == ("0.25", 0)
    assert found["atlascloud"].price.usd is None
    assert found["atlascloud"].doubt


# costs


def test_jobs_cost_keeps_what_is_known_what_is_estimated_and_what_nobody_knows_apart(home: Path) -> None:
    with Town(home, (Shop("pixazo"), Shop("pixelbyte", word="failed"), Shop("myrouter"))) as town:
        run(town, "submit", "one", "--provider", "pixazo")
        run(town, "submit", "two", "--provider", "pixazo")
        run(town, "generate", "three", "--provider", "pixelbyte")
        run(town, "submit", "four", "--provider", "myrouter")
        cost = run(town, "jobs", "cost", "--json").json["data"]
        assert cost["rows"] == [
            {"provider": "myrouter", "orders": 1, "known_usd": 0.0, "estimated_usd": 0.0, "unknown": 1},
            {"provider": "pixazo", "orders": 2, "known_usd": 0.0, "estimated_usd": 0.7, "unknown": 0},
            {"provider": "pixelbyte", "orders": 1, "known_usd": 0.0, "estimated_usd": 0.0, "unknown": 0},
        ]
        assert cost["totals"] == {"orders": 4, "known_usd": 0.0, "estimated_usd": 0.7, "unknown": 1}
        for by in ("model", "day", "batch", "profile"):
            rows = run(town, "jobs", "cost", "--by", by, "--json").json["data"]["rows"]
            assert sum(row["orders"] for row in rows) == 4
        table = list(csv.DictReader(run(town, "jobs", "cost", "--csv").out.splitlines()))
        assert table[1] == {
            "provider": "pixazo", "orders": "2", "known_usd": "0", "estimated_usd": "0.70", "unknown": "0"
        }  # fmt: skip
        assert run(town, "jobs", "cost", "--since", "2999-01-01", "--json").json["data"]["rows"] == []
        assert run(town, "jobs", "cost", "--since", "soon").code == 2


def ledger(home: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(home / "data" / "ledger.sqlite3")) as db:
        return list(db.execute(query))
