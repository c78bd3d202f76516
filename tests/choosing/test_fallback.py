"""Falling over to the next seller: each way an order can end, by what was said about it, over real sockets.

Judged by what every seller was asked: never two orders where the first may have been bought.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    NotSent,
    RateLimited,
    ServerTrouble,
    StillRunning,
    Unconfirmed,
    UnsafeReply,
)
from hailuo_cli.model import Job, JobState
from hailuo_cli.orders import verdict
from hailuo_cli.orders.events import Finished, PassedOn
from hailuo_cli.orders.verdict import Fallback, Verdict
from tests.choosing.shops import Shop, Town
from tests.support.answers import Play, resets, says

NEVER, AFTER_REFUSAL = (0, 0, 0), (0, 1, 1)
"""How many orders the second seller gets, by --fallback none, refused and failed."""


def novita(status: int, reason: str) -> Play:
    return says(status, {"code": status, "reason": reason, "message": "as the page says"})


ENDINGS: dict[str, tuple[str, Play, type[HailuoError], tuple[int, int, int]]] = {
    "no balance": ("novita", novita(403, "BILLING_BALANCE_NOT_ENOUGH"), BalanceError, AFTER_REFUSAL),
    "too many requests": ("novita", novita(429, "RATE_LIMIT_EXCEEDED"), RateLimited, AFTER_REFUSAL),
    "no such model": ("novita", novita(404, "API_NOT_FOUND"), InvalidRequest, AFTER_REFUSAL),
    "a refused key": ("novita", novita(403, "INVALID_API_KEY"), AuthError, AFTER_REFUSAL),
    "a 503 that is documented as not taken": (
        "openrouter",
        says(503, {"error": {"code": 503, "message": "no provider"}}),
        ServerTrouble,
        AFTER_REFUSAL,
    ),
    "a malformed request": ("novita", novita(400, "INVALID_REQUEST_BODY"), InvalidRequest, NEVER),
    "refused content": ("novita", novita(400, "ILLEGAL_PROMPT"), ContentRefused, NEVER),
    "a 400 that nobody explains": ("pixazo", says(400, {"error": "bad"}), InvalidRequest, NEVER),
    "a 500 of its own": ("novita", novita(500, "CREATE_TASK_FAILED"), Unconfirmed, NEVER),
    "a 502 of whoever is between": ("pixazo", says(502, b"<html>bad gateway"), Unconfirmed, NEVER),
    "a 503 that is not documented": ("pixazo", says(503, {"error": "busy"}), Unconfirmed, NEVER),
    "an answer that is cut off": ("pixazo", says(200, b"{", length=99), Unconfirmed, NEVER),
    "a 200 that nobody can read": ("pixazo", says(200, b"<html>"), Unconfirmed, NEVER),
    "a redirect": ("pixazo", says(307, location="https://example.com/"), UnsafeReply, NEVER),
    "a lost answer": ("pixazo", resets, Unconfirmed, NEVER),
}


@pytest.mark.parametrize("fallback", list(Fallback))
@pytest.mark.parametrize("ending", list(ENDINGS))
def test_the_next_seller_is_asked_only_where_nothing_was_bought_and_the_reason_was_the_seller_s(
    ending: str, fallback: Fallback, home: Path
) -> None:
    name, answer, error, second = ENDINGS[ending]
    next_one = "myrouter"
    goes_on = second[list(Fallback).index(fallback)]
    with Town(home, (Shop(name, answer), Shop(next_one))) as town:
        how = {"provider": f"{name},{next_one}", "fallback": fallback.value}
        if goes_on:
            job = town.client.submit("a bear", **how)  # type: ignore[arg-type]
            assert job.provider == next_one
        else:
            with pytest.raises(error):
                town.client.submit("a bear", **how)  # type: ignore[arg-type]
        assert len(town.shops[1].orders) == goes_on
        rows = ledger_rows(home)
    assert len(rows) == 1 + goes_on
    assert len({group for _, group, _ in rows}) == 1, "the attempts are one group"
    held = [state for state, _, _ in rows if JobState(state).may_bill]
    assert len(held) == (0 if not goes_on and error is not Unconfirmed else 1), "and at most one of them may be billed"


def test_an_order_that_cannot_leave_goes_to_the_next_seller(home: Path) -> None:
    with Town(home, (Shop("pixazo"), Shop("myrouter"))) as town:
        config = town.config.read_text().replace(town.shops[0].url, "http://127.0.0.1:9")
        town.config.write_text(config)
        with pytest.raises(NotSent):
            town.client.submit("a bear", provider="pixazo,myrouter")
        assert town.orders == [0, 0]
        assert town.client.submit("a bear", provider="pixazo,myrouter", fallback="refused").provider == "myrouter"


JOB_ENDS = {
    # Pixelbyte gives credits back for both; Pixazo for ERROR and not for FAILED; Novita's page says nothing
    "pixelbyte failed": ("pixelbyte", "failed", JobFailed, True),
    "pixelbyte cancelled": ("pixelbyte", "cancelled", JobCancelled, True),
    "pixazo error": ("pixazo", "ERROR", JobFailed, True),
    "pixazo failed": ("pixazo", "FAILED", JobFailed, False),
    "novita failed": ("novita", "TASK_STATUS_FAILED", JobFailed, False),
}


@pytest.mark.parametrize("fallback", list(Fallback))
@pytest.mark.parametrize("end", list(JOB_ENDS))
def test_a_job_that_failed_is_made_by_the_next_seller_only_where_this_end_is_documented_as_unbilled(
    end: str, fallback: Fallback, home: Path
) -> None:
    name, word, error, is_unbilled = JOB_ENDS[end]
    goes_on = is_unbilled and fallback is Fallback.FAILED
    with Town(home, (Shop(name, word=word), Shop("myrouter"))) as town:
        events = town.client.generate(
            "a bear", provider=f"{name},myrouter", fallback=fallback.value, output="bear.mp4", events=True
        )
        seen = list(events)
        passed = [event for event in seen if isinstance(event, PassedOn)]
        last = seen[-1]
        assert town.orders == [1, int(goes_on)]
        assert len(passed) == int(goes_on)
        assert isinstance(getattr(last, "error", None), type(None) if goes_on else error)
        rows = ledger_rows(home)
    assert [state for state, _, _ in rows][1:] == (["saved"] if goes_on else [])
    assert len({group for _, group, _ in rows}) == 1
    assert Path("bear.mp4").exists() == goes_on


def test_an_order_in_doubt_blocks_the_same_request_at_every_seller(home: Path) -> None:
    with Town(home, (Shop("pixazo", resets), Shop("myrouter"), Shop("novita"))) as town:
        with pytest.raises(Unconfirmed):
            town.client.submit("a bear", provider="pixazo,myrouter,novita", fallback="failed")
        for who in ("myrouter", "cheapest", "myrouter,novita"):
            with pytest.raises(Unconfirmed):
                town.client.submit("a bear", provider=who, fallback="failed")
        assert town.orders[1:] == [0, 0]


def test_a_refused_key_is_warned_of_each_time_and_named_in_the_job(home: Path) -> None:
    with Town(home, (Shop("novita", novita(403, "INVALID_API_KEY")), Shop("myrouter"))) as town:
        for number in (1, 2):
            job = town.client.submit("a bear", provider="novita,myrouter", fallback="refused", again=True)
            assert len(town.warned) == number
        assert "novita" in town.warned[0]
        assert '"passed_over": [{"provider": "novita", "code": "auth"' in (job.choice or "")


def test_a_job_of_an_earlier_command_that_fails_unbilled_is_made_by_the_first_of_the_ranking(home: Path) -> None:
    shops = (Shop("pixazo"), Shop("pixelbyte", word="processing"), Shop("myrouter"))
    with Town(home, shops) as town:
        with pytest.raises(StillRunning):
            town.client.generate("a bear", provider="pixelbyte", timeout="0.2s", output="bear.mp4")
        shops[1].word = "failed"
        who = {"provider": "pixazo,pixelbyte,myrouter", "fallback": "failed"}
        job = town.client.generate("a bear", **who, output="bear.mp4")  # type: ignore[call-overload]
        assert job.provider == "pixazo"
        assert town.orders == [1, 1, 0]
        assert [state for state, _, _ in ledger_rows(home)] == ["failed", "saved"]


@pytest.mark.parametrize("key", ["monday", None])
def test_two_commands_that_wait_for_one_job_fall_over_to_one_order(key: str | None, home: Path) -> None:
    with Town(home, (Shop("pixazo", word="ERROR"), Shop("myrouter"))) as town, town.client.context() as context:
        how = town.client.delivery(output="bear.mp4")
        terms = town.client.terms("generate", how, {"dedupe_key": key})
        values = {"prompt": "a bear", "provider": "pixazo,myrouter", "fallback": "failed"}
        with (
            town.client.placed(context, values, terms, how) as one,
            town.client.placed(context, values, terms, how) as other,
        ):
            other.made.jobs[:] = one.made.jobs
            ends = [[event for event in placed.deliver(how) if isinstance(event, Finished)] for placed in (one, other)]
    first, second = (end[-1] for end in ends)
    assert (first.error, second.error) == (None, None)
    assert first.job.ref == second.job.ref
    assert second.job.reused == "saved"
    assert town.orders[1] == 1


def test_every_take_that_fails_unbilled_is_made_by_the_next_seller(home: Path) -> None:
    with Town(home, (Shop("pixazo", word="ERROR"), Shop("myrouter"))) as town, town.client.context() as context:
        how = town.client.delivery(output="bear.mp4")
        terms = town.client.terms("generate", how, {})
        values = {"prompt": "a bear", "provider": "pixazo,myrouter", "fallback": "failed"}
        with town.client.placed(context, values, terms, how, takes=3) as placed:
            last = [event for event in placed.deliver(how) if isinstance(event, Finished)]
        assert [(event.job.provider, event.error) for event in last] == [("myrouter", None)] * 3
        assert sorted(event.job.take or 0 for event in last) == [1, 2, 3]
        assert town.orders == [3, 3]


def test_takes_go_on_where_the_first_one_was_taken(home: Path) -> None:
    with Town(home, (Shop("novita", novita(403, "BILLING_BALANCE_NOT_ENOUGH")), Shop("myrouter"))) as town:
        with town.client.context() as context:
            terms = town.client.terms("submit", town.client.delivery(), {})
            values = {"prompt": "a bear", "provider": "novita,myrouter", "fallback": "refused"}
            with town.client.placed(context, values, terms, town.client.delivery(), takes=3) as placed:
                assert [job.provider for job in placed.made.jobs] == ["myrouter"] * 3
        assert town.orders == [1, 3]
        assert len({group for _, group, _ in ledger_rows(home)}) == 1


@pytest.mark.parametrize("billed", [None, 0, 350_000_000])
@pytest.mark.parametrize("state", list(JobState))
def test_there_is_a_verdict_for_every_end(state: JobState, billed: int | None) -> None:
    found = verdict.of(Job("abcd2345", "pixazo", state, billed=billed))
    if state in (JobState.UNCONFIRMED, JobState.SUBMITTING):
        assert found is Verdict.UNKNOWN
    elif not state.may_bill or (billed == 0 and state in (JobState.FAILED, JobState.CANCELLED)):
        assert found is Verdict.NOTHING_BOUGHT
    else:
        assert found is Verdict.BOUGHT


@pytest.mark.parametrize("fallback", list(Fallback))
@pytest.mark.parametrize(
    ("error", "state", "goes_on"),
    [
        (JobFailed("no luck"), JobState.FAILED, (False, False, True)),
        (JobCancelled("stopped"), JobState.CANCELLED, (False, False, True)),
        # moderation, at whatever time: the next one might take it
        (ContentRefused("not this"), JobState.FAILED, (False, False, False)),
        (ContentRefused("not this"), JobState.REFUSED, (False, False, False)),
        (BalanceError("no money"), JobState.REFUSED, (False, True, True)),
        (BalanceError("no money"), JobState.SUBMITTING, (False, False, False)),
        (NotSent("no route"), JobState.NOT_SENT, (False, True, True)),
        (NotSent("no route"), JobState.UNCONFIRMED, (False, False, False)),
        (JobFailed("no luck"), JobState.SAVED, (False, False, False)),
    ],
)
def test_what_is_tried_next_by_the_error_and_by_what_the_ledger_says_of_the_job(
    error: HailuoError, state: JobState, goes_on: tuple[bool, ...], fallback: Fallback
) -> None:
    about = error.about(Job("abcd2345", "pixelbyte", state, billed=0))
    assert verdict.falls_over(about, fallback) == goes_on[list(Fallback).index(fallback)]


def ledger_rows(home: Path) -> list[tuple[str, str | None, str | None]]:
    """State, group and choice of every row, oldest first."""
    with closing(sqlite3.connect(home / "data" / "ledger.sqlite3")) as db:
        return list(db.execute('SELECT state, "group", choice FROM jobs ORDER BY seq'))
