"""Rows that were to be ordered and were not: the end is never a good one, and each of them is counted and named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Ran, hailuo
from tests.support.sellers import Sellers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="it is about POSIX processes")
Start = Callable[..., Sellers]


class Unpaid(Sellers):
    """Sellers whose answer to every order is a 401 or 402."""

    status = 401

    def take(self, path: str, prompt: str) -> tuple[int, Any] | None:
        self.posts += 1
        return self.status, {"message": "no"}


class Penniless(Unpaid):
    status = 402


def rows(*ids: str, prompt: str = "A boat") -> None:
    lines = [f"{name},{prompt} {name}" for name in ids]
    Path("clips.csv").write_text("\n".join(["id,prompt", *lines]) + "\n")


def run(*words: str, **how: Any) -> Ran:
    return hailuo("batch", "run", "clips.csv", *words, **how)


def answering(*answers: bool) -> str:
    """Lines of Python after which the person at the terminal gives these answers, and each question is on stderr."""
    return (
        "import sys\nfrom hailuo_cli.cli.show import Show\n"
        f"answers = list({answers!r})\n"
        "Show.ask = lambda self, question: (print('ASKED', question, file=sys.stderr), answers.pop(0))[1]"
    )


def test_a_seller_that_is_always_busy_ends_with_its_code_and_every_row_says_why(sellers: Start) -> None:
    server = sellers(slow_down=10**6, retry_after="60")
    rows("a", "b", "c")
    ran = run("--yes", "--timeout", "1s", "--json")
    assert ran.code == 4, ran.err
    answer = ran.json
    assert answer["ok"] is False
    assert answer["error"]["code"] == "rate_limited"
    assert answer["error"]["message"].startswith("3 rows were not ordered (a, b, c): ")
    assert "run the same line again" in answer["error"]["hint"]
    assert all("429" in row["error"] or "slow down" in row["error"] for row in answer["data"]["rows"])
    assert "0 saved, 3 not ordered, 0.00 USD" in ran.err
    assert server.posts == 1


def test_a_run_whose_time_is_up_before_all_is_ordered_is_still_running(sellers: Start) -> None:
    sellers(seconds=600)
    rows("a", "b")
    ran = run("--yes", "--timeout", "1s", "--at-once", "1", "--json")
    assert ran.code == 5, ran.err
    assert "1 running, 1 not ordered" in ran.err
    assert ran.json["data"]["rows"][1]["error"] == "the time was up before it was ordered"


@pytest.mark.parametrize("first", [(), ("--first", "1")])
@pytest.mark.parametrize(("kind", "code"), [(Unpaid, 3), (Penniless, 4)])
def test_the_row_that_was_refused_for_key_or_money_is_one_of_those_that_were_not_ordered(
    sellers: Start, kind: type[Sellers], code: int, first: tuple[str, ...]
) -> None:
    sellers(kind=kind)
    rows("a", "b")
    ran = run("--yes", "--json", *first)
    assert ran.code == code
    assert "0 saved, 2 not ordered, 0.00 USD" in ran.err
    assert ran.json["error"]["message"].startswith("2 rows were not ordered (a, b): ")
    assert ran.json["error"]["hint"].startswith("is the key a good one?" if code == 3 else "top up at pixazo")
    assert all(row["error"] for row in ran.json["data"]["rows"])


def test_rows_that_a_stop_after_failures_leaves_are_counted_and_named(sellers: Start) -> None:
    sellers(seconds=0)
    rows(*(f"r{number}" for number in range(7)), prompt="FAIL")
    ran = run("--yes", "--max-failures", "1", "--at-once", "1", "--json")
    assert ran.code == 8
    assert "1 failed, 6 not ordered, 0.35 USD" in ran.err
    assert "6 rows were not ordered (r1, r2, r3, r4, r5 and 1 more): 1 failure in a row" in ran.err


def test_a_no_to_what_is_behind_the_first_rows_is_no_good_end(sellers: Start) -> None:
    server = sellers(seconds=0)
    rows("a", "b", "c")
    ran = run("--first", "1", first=answering(True, False))
    assert ran.code == 4, ran.err
    assert len(server.orders) == 1
    assert "2 rows were not ordered (b, c): nobody has said yes to them" in ran.err
    assert "1 saved, 2 not ordered, 0.35 USD" in ran.err


def test_first_asks_for_the_first_orders_and_says_what_is_behind_them(sellers: Start) -> None:
    sellers(seconds=0)
    rows("a", "b", "c")
    ran = run("--first", "1", first=answering(True, True))
    assert ran.code == 0, ran.err
    asked = [line for line in ran.err.splitlines() if line.startswith("ASKED")]
    assert asked == [
        "ASKED Order the first, 1 order, 0.35 USD, and ask again before the rest, 2 orders, 0.70 USD?",
        "ASKED The first is saved. Order the rest, 2 orders, 0.70 USD?",
    ]


def test_first_without_waiting_leaves_the_others_and_says_so(sellers: Start) -> None:
    server = sellers(seconds=600)
    rows("a", "b", "c")
    ran = run("--first", "1", "--no-wait", "--yes", "--json")
    assert ran.code == 5, ran.err
    assert len(server.orders) == 1
    assert ran.json["error"]["message"].startswith("2 rows were not ordered (b, c): ")


def test_a_plan_above_the_day_or_the_month_of_the_profile_orders_nothing(sellers: Start) -> None:
    for span in ("day", "month"):
        server = sellers(seconds=0, profile=f"[profiles.test.budget]\n{span} = 0.70")
        rows("a", "b", "c")
        ran = run("--yes", "--json", "--name", span, "--output", f"{span}-{{name}}.mp4")
        assert ran.code == 4, ran.err
        assert server.posts == 0
        message = ran.json["error"]["message"]
        assert message == (
            f"3 orders come to 1.05 USD, which passes the limit for the {span}: "
            "0.00 spent, 0.00 held, 0.70 left of 0.70 USD"
        )
        assert f"budget.{span}" in ran.json["error"]["hint"]
        assert ran.json["error"]["limit"]["left_usd"] == 0.7


def test_what_was_spent_today_counts_against_a_plan(sellers: Start) -> None:
    server = sellers(seconds=0, profile="[profiles.test.budget]\nday = 1.00")
    rows("a", "b")
    assert run("--yes", "--only", "a").code == 0
    rows("a", "b", "c")
    ran = run("--yes", "--json")
    assert ran.code == 4, ran.err
    assert "2 orders come to 0.70 USD" in ran.json["error"]["message"]
    assert "0.35 spent, 0.00 held, 0.65 left of 1.00 USD" in ran.json["error"]["message"]
    assert server.posts == 1


def test_the_files_own_budget_is_named_with_its_whole_and_what_is_spent(sellers: Start) -> None:
    sellers(seconds=0)
    text = 'name = "t"\nbudget = 0.70\n[[clip]]\nid = "a"\nprompt = "x"\n[[clip]]\nid = "b"\nprompt = "y"\n'
    Path("clips.toml").write_text(text)
    toml = ("batch", "run", "clips.toml", "--yes")
    assert hailuo(*toml).code == 0
    Path("clips.toml").write_text(text.replace('"y"', '"z"'))
    ran = hailuo(*toml, "--budget", "9", "--json")
    assert ran.code == 4
    assert ran.json["error"]["message"] == (
        "1 order comes to 0.35 USD; the file's budget of 0.70 USD has 0.00 USD left, 0.70 USD is spent or held"
    )
    assert "budget = in the file" in ran.json["error"]["hint"]
    assert "--budget cannot" in ran.json["error"]["hint"]


@pytest.mark.parametrize("command", ["run", "plan", "status"])
def test_only_names_each_pattern_that_matches_nothing_and_ids_that_are_near(sellers: Start, command: str) -> None:
    server = sellers()
    rows("k1", "k2", "boat")
    yes = ["--yes"] if command == "run" else []
    ran = hailuo("batch", command, "clips.csv", "--only", "k1", "--only", "kk99", "--only", "bot*", *yes, "--json")
    assert ran.code == 2, ran.err
    assert "kk99, bot*" in ran.json["error"]["message"]
    assert "boat" in ran.json["error"]["hint"]
    assert server.posts == 0
