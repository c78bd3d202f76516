"""`hailuo jobs list`: the jobs that one looks for, in the words of `status` and in local time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.cli.job_list import Wanted, job_lines
from hailuo_cli.cli.moments import local_time, moment_of
from hailuo_cli.cli.state_words import STATES, state_word
from hailuo_cli.errors import UsageError
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from tests.support.command import hailuo

NOW = 1_795_212_000.0
"""2026-11-20 22:00 UTC."""


@pytest.fixture(autouse=True)
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A zone nine hours ahead of UTC, without summer time."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def job(number: int, state: JobState = JobState.SAVED, **facts: Any) -> Job:
    given = {"prompt": f"Boat {number} at dusk", "created_at": NOW - 3600 * number, "ticket": f"t{number}", **facts}
    return Job(f"job{number:05}", given.pop("provider", "pixazo"), state, **given)


JOBS = [
    job(0, JobState.SUBMITTED, provider="sandbox", provider_state="queued", prompt="A LIGHTHOUSE"),
    job(1, model="minimax-hailuo", duration=6, resolution="768P", price_usd=0.28, path="/films/first boat.mp4"),
    job(2, JobState.SUCCEEDED, label="The Lighthouse clip", price_usd=0.0525),
    job(3, JobState.FAILED, output="/films/lighthouse.mp4"),
    job(30, JobState.UNCONFIRMED, ticket=None),
]


def found(*states: str, provider: str | None = None, since: str | None = None, search: str | None = None) -> list[str]:
    return [each.id[-2:] for each in Wanted.read(states, provider, since, search, NOW).among(JOBS)]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({}, ["00", "01", "02", "03", "30"]),
        ({"search": "lightHOUSE"}, ["00", "02", "03"]),
        ({"search": "first boat"}, ["01"]),
        ({"provider": "sandbox"}, ["00"]),
        ({"since": "2h"}, ["00", "01", "02"]),
        ({"since": "1d"}, ["00", "01", "02", "03"]),
        ({"since": "2w"}, ["00", "01", "02", "03", "30"]),
        ({"since": "2026-11-21"}, ["00", "01", "02", "03"]),
        ({"since": "05:30"}, ["00", "01"]),
        ({"since": "2026-11-21T05:30"}, ["00", "01"]),
        ({"since": "2026-11-20T20:30Z"}, ["00", "01"]),
        ({"since": "2h", "search": "boat"}, ["01", "02"]),
    ],
)
def test_jobs_are_found_by_what_is_known_of_them(filters: dict[str, str], numbers: list[str]) -> None:
    assert found(**filters) == numbers


@pytest.mark.parametrize(
    ("states", "numbers"),
    [
        (["saved"], ["01"]),
        (["submitted"], ["00"]),
        (["succeeded", "failed"], ["02", "03"]),
        (["ready"], ["02"]),
        (["running"], ["00"]),
        (["Unconfirmed"], ["30"]),
    ],
)
def test_states_are_those_of_the_json_and_those_that_are_shown(states: list[str], numbers: list[str]) -> None:
    assert found(*states) == numbers


@pytest.mark.parametrize(
    "filters",
    [{"since": "yesterday"}, {"since": "2026-13-01"}, {"since": ""}, {"search": " "}, {"provider": ""}],
)
def test_a_filter_that_is_none_is_refused(filters: dict[str, str]) -> None:
    with pytest.raises(UsageError) as refused:
        found(**filters)
    assert refused.value.hint


def test_an_unknown_state_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        found("finished", "savd")
    assert "submitted" in str(refused.value.hint)
    with pytest.raises(UsageError) as refused:
        found("savd")
    assert refused.value.hint == "--state saved"


def test_every_state_has_a_word_that_finds_it_again() -> None:
    for state in JobState:
        assert state in STATES[state_word(job(1, state))]
    assert state_word(JOBS[0]) == "queued"
    assert state_word(job(0, JobState.SUBMITTED, provider="a-relay", provider_state="QUEUED")) == "running"


def test_the_table_has_what_one_looks_for() -> None:
    assert job_lines(JOBS[:3], None) == [
        "ID        STATE   CREATED           PROVIDER  MODEL           LENGTH    USD     FILE            PROMPT",
        "job00000  queued  2026-11-21 07:00  sandbox                                                     A LIGHTHOUSE",
        "job00001  saved   2026-11-21 06:00  pixazo    minimax-hailuo  6 s 768P  0.28    first boat.mp4  Boat 1 at dusk",
        "job00002  ready   2026-11-21 05:00  pixazo                              0.0525                  Boat 2 at dusk",
    ]


@pytest.mark.parametrize("width", [20, 60, 80, 100, 200])
def test_H11_in_a_narrow_window_columns_go_before_prompts(width: int) -> None:
    lines = job_lines(JOBS, width)
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert all("Boat 1 at dusk" in line for line in lines if "job00001" in line)
        assert "first boat.mp4" in lines[2]
    assert ("MODEL" in lines[0]) is (width > 100)


def test_moments_that_no_calendar_has_are_empty() -> None:
    assert local_time(NOW) == "2026-11-21 07:00"
    assert [local_time(moment) for moment in (None, 1e300, float("nan"))] == ["", "", ""]
    with pytest.raises(UsageError):
        moment_of("--since", "99999-01-01", NOW)


def test_people_read_local_times_and_machines_utc(home: Path) -> None:
    with Ledger(home / "data" / "ledger.sqlite3") as ledger:
        for number in range(3):
            made, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTED, ticket=f"t{number}", prompt=f"Boat {number}"))
    shown = hailuo("jobs", "list", "--search", "boat", "--limit", "2").out
    document = hailuo("jobs", "list", "--json", "--since", "1h", "-n", "1").json["data"]["jobs"]
    assert [row["id"] for row in document] == [made.id]
    utc = document[0]["created_at"]
    local = time.strftime("%Y-%m-%d %H:%M", time.localtime(made.created_at))
    assert utc == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made.created_at))
    assert [line.split()[1:4] for line in shown.splitlines()[1:]] == [["running", *local.split()]] * 2
    assert local in hailuo("jobs", "show", "@last").out
    assert json.loads(hailuo("jobs", "show", "@last", "--json").out)["data"]["created_at"] == utc
