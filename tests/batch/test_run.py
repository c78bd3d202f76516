"""Whole batches against three sellers over real sockets, by the installed command: each row is ordered once."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Ran, Running, hailuo
from tests.support.sellers import NAMES, Sellers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="it is about POSIX signals")
Start = Callable[..., Sellers]
GUARD = 300.0
"""Seconds after which a command hangs, on a machine that has much else to do."""


def rows(*prompts: str, name: str = "clips.csv", top: str = "id,provider,prompt") -> None:
    """A batch file with a row for each prompt, each seller in its turn."""
    lines = [f"row-{number},{NAMES[number % 3]},{prompt}" for number, prompt in enumerate(prompts)]
    Path(name).write_text("\n".join([top, *lines]) + "\n")


def numbered(count: int) -> list[str]:
    return [f"A boat number {number}" for number in range(count)]


def run(*words: str, **how: Any) -> Ran:
    return hailuo("batch", "run", "clips.csv", "--yes", *words, **{"timeout": GUARD, **how})


def states(ran: Ran) -> dict[str, str]:
    return {row["id"]: row["state"] for row in ran.json["data"]["rows"]}


def videos() -> list[str]:
    return sorted(path.name for path in Path().glob("*.mp4"))


def test_forty_clips_are_one_file_and_one_line(sellers: Start) -> None:
    server = sellers()
    rows(*numbered(40))
    ran = run()
    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[-1].startswith("40 saved, ")
    assert sorted(ran.out.split()) == sorted(str(Path(name).absolute()) for name in videos())
    assert Counter(server.orders) == Counter(numbered(40))
    again = run()
    assert again.code == 0, again.err
    assert server.posts == 40, "what is done is left alone"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_and_run_again_it_ends_with_forty_orders_in_all(sellers: Start, number: int) -> None:
    server = sellers(seconds=0.5)
    server.orders_before_the_event = 17
    rows(*numbered(40))
    started = Running("batch", "run", "clips.csv", "--yes", "--at-once", "4")
    assert server.ordered.wait(GUARD)
    started.signal(number)
    ended = started.end(GUARD)
    assert ended.code in (128 + number, -number, 7)
    if number != signal.SIGKILL and ended.code != 7:
        assert "hailuo batch run clips.csv --yes --at-once 4 goes on with it" in ended.err
    again = run("--json")
    counted = Counter(server.orders)
    assert max(counted.values()) == 1, "no row is ordered twice"
    in_doubt = [row["id"] for row in again.json["data"]["rows"] if row["state"] == "unconfirmed"]
    assert len(in_doubt) <= 1
    assert again.code == (7 if in_doubt else 0), again.err
    assert len(counted) == 40
    assert len(videos()) == 40 - len(in_doubt)


def test_the_last_line_says_what_was_done_or_that_nothing_was_to_do(sellers: Start) -> None:
    sellers()
    rows(*numbered(2))
    assert run("--no-wait").err.splitlines()[-1].startswith("2 ordered, ")
    assert run().err.splitlines()[-1].startswith("2 saved, ")
    assert run().err.splitlines()[-1] == "nothing was to do: 2 of 2 done"


def test_with_one_row_edited_it_orders_one_and_keeps_the_old_video(sellers: Start) -> None:
    server = sellers()
    rows(*numbered(4))
    assert run().code == 0
    rows("A ship", *numbered(4)[1:])
    plan = hailuo("batch", "plan", "clips.csv")
    assert "row-0: prompt was 'A boat number 0', is 'A ship'" in plan.out
    assert "1 order, 0.35 USD" in plan.out
    kept = run("--keep-changed", "--json")
    assert kept.code == 0
    assert states(kept)["row-0"] == "changed"
    assert run().code == 0
    assert server.orders[4:] == ["A ship"]
    assert videos() == ["row-0.mp4", "row-0.old-1.mp4", "row-1.mp4", "row-2.mp4", "row-3.mp4"]


def test_with_one_file_deleted_it_fetches_it_and_orders_none(sellers: Start) -> None:
    server = sellers()
    rows(*numbered(3))
    assert run().code == 0
    Path("row-1.mp4").unlink()
    assert states(hailuo("batch", "status", "clips", "--json"))["row-1"] == "missing"
    ran = run()
    assert ran.code == 0, ran.err
    assert server.posts == 3
    assert videos() == ["row-0.mp4", "row-1.mp4", "row-2.mp4"]


def test_a_job_under_way_whose_row_is_edited_is_fetched_and_the_new_one_is_ordered(sellers: Start) -> None:
    server = sellers(seconds=0.3)
    rows("A boat")
    assert run("--no-wait").code == 0
    assert videos() == []
    rows("A ship")
    ran = run()
    assert ran.code == 0, ran.err
    assert server.orders == ["A boat", "A ship"]
    assert videos() == ["row-0.mp4", "row-0.old-1.mp4"]


def test_each_kind_of_fault_is_its_rows_own_business(sellers: Start) -> None:
    server = sellers(slow_down=2)
    rows("A boat FAIL", "A boat REFUSE", "A boat LOST", *numbered(6))
    ran = run("--json", timeout=240)
    found = states(ran)
    assert [found[f"row-{number}"] for number in range(3)] == ["failed", "refused", "unconfirmed"]
    assert {found[f"row-{number}"] for number in range(3, 9)} == {"done"}
    assert ran.code == 7
    assert ran.json["error"]["code"] == "unconfirmed"
    assert "hailuo jobs resolve" in ran.json["error"]["hint"]
    before = list(server.orders)
    assert run("--json").code == 7
    assert server.orders == before, "nothing of it is ordered again by itself"
    retried = run("--retry", "failed", "--json")
    assert server.orders[len(before) :] == ["A boat FAIL"]
    assert states(retried)["row-2"] == "unconfirmed"


def test_orders_stop_after_failures_in_a_row_and_what_is_in_flight_is_saved(sellers: Start) -> None:
    server = sellers(seconds=0.1)
    rows(*[f"A boat {number} FAIL" for number in range(30)])
    ran = run("--max-failures", "3", "--at-once", "1", "--json")
    assert ran.code == 8
    assert 3 <= len(server.orders) <= 8
    assert ran.json["data"]["totals"]["by_state"]["new"] == 30 - len(server.orders)


def test_no_more_than_so_many_are_in_flight_at_each_seller(sellers: Start) -> None:
    server = sellers(seconds=0.5)
    rows(*numbered(12))
    assert run("--at-once", "2").code == 0
    assert max(server.most_in_flight.values()) <= 2
    assert len(server.orders) == 12


def test_a_plan_above_the_budget_orders_nothing(sellers: Start) -> None:
    server = sellers()
    Path("clips.csv").write_text("id,prompt\n" + "".join(f"row-{n},A boat {n}\n" for n in range(4)))
    ran = run("--budget", "1.39", "--json")
    assert ran.code == 4
    assert "4 orders come to 1.40 USD; the budget is 1.39 USD" in ran.json["error"]["message"]
    assert server.posts == 0
    assert run("--budget", "1.40").code == 0
    Path("clips.toml").write_text(
        'name = "t"\nbudget = 0.70\n[defaults]\nprovider = "pixazo"\n'
        '[[clip]]\nid = "a"\nprompt = "x"\n[[clip]]\nid = "b"\nprompt = "y"\n'
    )
    toml = ("batch", "run", "clips.toml", "--yes")
    assert hailuo(*toml).code == 0
    Path("clips.toml").write_text(Path("clips.toml").read_text().replace('"y"', '"z"'))
    assert hailuo(*toml).code == 4, "budget = covers all orders of the batch"


def test_an_unknown_price_is_refused_under_a_budget_unless_one_is_assumed(sellers: Start) -> None:
    server = sellers()
    Path("clips.csv").write_text("id,prompt,provider\na,A boat,minimax\n")
    refused = run("--budget", "5")
    assert refused.code == 4
    assert "--assume-price" in refused.err
    assert run("--budget", "5", "--assume-price", "6").code == 4
    assert server.posts == 0
    assert run("--budget", "5", "--assume-price", "0.5").code == 0


def test_limits_in_clips_and_seconds_hold(sellers: Start) -> None:
    server = sellers()
    rows(*numbered(3))
    assert run("--max-clips", "2").code == 4
    assert run("--max-seconds", "17").code == 4
    assert server.posts == 0
    assert run("--max-clips", "3", "--max-seconds", "18").code == 0


def test_without_a_yes_nothing_is_ordered(sellers: Start) -> None:
    server = sellers()
    rows(*numbered(2))
    ran = hailuo("batch", "run", "clips.csv", "--json")
    assert ran.code == 2
    assert server.posts == 0


def test_the_first_rows_decide_about_the_others(sellers: Start) -> None:
    server = sellers()
    rows("A boat FAIL", *numbered(4))
    assert run("--first", "1").code == 8
    assert server.orders == ["A boat FAIL"]
    rows("A boat", *numbered(4))
    assert run("--first", "1").code == 0
    assert len(server.orders) == 6


def test_shards_share_the_rows_and_records_tell_each_other(
    sellers: Start, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = sellers()
    rows(*numbered(9))
    for number in (1, 2):
        monkeypatch.setenv("HAILUO_DATA_DIR", str(home / f"machine-{number}"))
        ran = run("--shard", f"{number}/2", "--record", f"r{number}.jsonl")
        assert ran.code == 0, ran.err
    assert Counter(server.orders) == Counter(numbered(9))
    events = [json.loads(line)["event"] for line in Path("r1.jsonl").read_text().splitlines()]
    assert Counter(events)["ordered"] == Counter(events)["saved"]
    monkeypatch.setenv("HAILUO_DATA_DIR", str(home / "machine-3"))
    ran = run("--record", "r1.jsonl", "--record", "r2.jsonl", "--json")
    assert ran.code == 0, ran.err
    assert set(states(ran).values()) == {"done"}
    assert server.posts == 9, "a ledger that made none of it knows all of it"


def test_only_names_rows_by_their_ids(sellers: Start) -> None:
    server = sellers()
    rows(*numbered(12))
    ran = run("--only", "ROW-1*", "--json")
    assert set(states(ran)) == {"row-1", "row-10", "row-11"}
    assert len(server.orders) == 3


def test_a_second_run_at_once_ends_at_once(sellers: Start) -> None:
    server = sellers(seconds=600)
    server.orders_before_the_event = 2
    rows(*numbered(2))
    first = Running("batch", "run", "clips.csv", "--yes")
    assert server.ordered.wait(GUARD)
    second = run("--json")
    first.signal(signal.SIGTERM)
    first.end(GUARD)
    assert second.code == 11
    assert len(server.orders) == 2


def test_events_carry_the_row_and_the_take(sellers: Start) -> None:
    sellers()
    Path("clips.jsonl").write_text('{"id": "a", "prompt": "A boat", "takes": 2}\n')
    ran = hailuo("batch", "run", "clips.jsonl", "--yes", "--events")
    events = [json.loads(line) for line in ran.out.splitlines()]
    told = [(event["event"], event["row"], event["take"]) for event in events[:-1]]
    assert {("submitted", "a", 1), ("submitted", "a", 2), ("saved", "a", 1), ("saved", "a", 2)} <= set(told)
    assert events[-1]["data"]["totals"] == {
        "rows": 2,
        "by_state": {"done": 2},
        "orders": 2,
        "usd": 0.7,
        "unknown_prices": 0,
    }
    assert videos() == ["a.mp4", "a.take-2.mp4"]


def test_a_kept_plan_is_bought_as_it_is_and_refused_when_it_is_stale(sellers: Start, frame: Path) -> None:
    server = sellers()
    Path("f.png").write_bytes(frame.read_bytes())
    Path("clips.csv").write_text("id,prompt,image\na,A boat,f.png\nb,A ship,\n")
    assert hailuo("batch", "plan", "clips.csv", "-o", "p.json").code == 0
    Path("clips.csv").write_text("id,prompt,image\na,Something else,\nc,And more,\n")
    Path("f.png").write_bytes(frame.read_bytes() + b"\0")
    refused = hailuo("batch", "run", "p.json", "--yes", "--json")
    assert refused.code == 2
    assert [row["id"] for row in refused.json["data"]["stale"]] == ["a"]
    assert server.posts == 0
    Path("f.png").write_bytes(frame.read_bytes())
    ran = hailuo("batch", "run", "p.json", "--yes")
    assert ran.code == 0, ran.err
    assert server.orders == ["A boat", "A ship"]
    again = hailuo("batch", "run", "p.json", "--yes")
    assert again.code == 0, "its own orders do not make it stale"
    assert server.posts == 2
    Path("other.csv").write_text("id,prompt\na,A plane\n")
    assert hailuo("batch", "run", "other.csv", "--name", "clips", "--yes").code == 0
    foreign = hailuo("batch", "run", "p.json", "--yes")
    assert foreign.code == 2
    assert "a: take 1 was ordered by somebody else" in foreign.err


def test_two_hundred_bad_rows_are_one_list_and_nothing_is_ordered_or_written(sellers: Start, home: Path) -> None:
    server = sellers()
    rows(*["x" * 2001] * 200)
    ran = run("--json")
    assert ran.code == 2
    assert [bad["id"] for bad in ran.json["data"]["bad"]] == [f"row-{number}" for number in range(200)]
    assert [bad["line"] for bad in ran.json["data"]["bad"]] == list(range(2, 202))
    assert server.posts == 0
    assert [path.name for path in Path().iterdir()] == ["clips.csv"]
    assert not (home / "data" / "ledger.sqlite3").exists()


def test_a_plan_needs_neither_key_nor_ledger_and_a_run_does(sellers: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = sellers()
    rows(*numbered(1))
    monkeypatch.delenv("PIXAZO_API_KEY")
    plan = hailuo("batch", "plan", "clips.csv", "--exit-code", "--json")
    assert plan.code == 20
    assert plan.json["ok"] is True
    assert "there is no key for pixazo" in plan.err
    assert run("--json").code == 3
    assert server.posts == 0


def test_the_name_of_another_file_is_refused_unless_it_is_written(sellers: Start) -> None:
    sellers()
    rows(*numbered(1))
    assert run().code == 0
    Path("other").mkdir()
    rows(*numbered(1), name="other/clips.csv")
    refused = hailuo("batch", "run", "other/clips.csv", "--yes")
    assert refused.code == 2
    assert "--name" in refused.err
    assert hailuo("batch", "run", "other/clips.csv", "--yes", "--name", "others").code == 0


def test_github_gets_a_summary_and_annotations(sellers: Start, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sellers()
    rows("A boat FAIL", "A boat")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home / "summary.md"))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = run()
    assert ran.code == 8
    assert "### clips" in (home / "summary.md").read_text()
    assert "::error title=clips%3A row-0::failed" in ran.err


def test_a_report_is_written_from_the_ledger_by_name_or_file(sellers: Start) -> None:
    sellers()
    rows("A boat FAIL", "A <b>boat</b>")
    run()
    for name in ("r.html", "r.md", "r.csv", "r.jsonl"):
        ran = hailuo("batch", "report", "clips", "-o", name)
        assert ran.code == 0, ran.err
        assert "row-1" in Path(name).read_text()
    assert "&lt;b&gt;boat" in Path("r.html").read_text()
    assert hailuo("batch", "report", "clips", "-o", "r.pdf").code == 2
