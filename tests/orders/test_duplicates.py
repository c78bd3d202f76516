"""The same thing a second time: the rules of ordering again as a table, values in and a decision out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.errors import ContentRefused, HailuoError, Unconfirmed, UsageError
from hailuo_cli.ledger.base import Earlier
from hailuo_cli.model import Job, JobState
from hailuo_cli.orders.duplicates import DUPLICATE_WINDOW, Again

NOW = 1_000_000.0
HOUR = 3600.0
PAID = (JobState.SUBMITTED, JobState.SUCCEEDED, JobState.SAVED)
ENDED = (JobState.FAILED, JobState.CANCELLED, JobState.GONE, JobState.NOT_SENT, JobState.REFUSED)


def job(state: JobState, *, age: float = HOUR, **facts: Any) -> Job:
    known = {"ticket": "t", "request_hash": "same", "command": "generate", "announced_at": NOW - age}
    return Job("earlier2", "pixazo", state, created_at=NOW - age, **{**known, **facts})


def intent(command: str = "generate", **facts: Any) -> Job:
    return Job("", "minimax", JobState.SUBMITTING, **{"command": command, "request_hash": "same", **facts})


def decided(
    earlier: Job | None, wanted: Job, *, keyed: bool = False, alive: bool = False, **how: bool
) -> str | type[HailuoError]:
    jobs = [earlier] if earlier else []
    ways: dict[str, Any] = dict(how)
    known = Earlier(() if keyed else jobs, jobs if keyed else (), frozenset({"earlier2"} if alive else ()))
    try:
        found = Again(**ways).choose(known, wanted, NOW)
    except HailuoError as error:
        return type(error)
    return "order" if found is None else found.reused or "wait"


@pytest.mark.parametrize("state", [JobState.SUBMITTED, JobState.SUCCEEDED])
def test_generate_goes_on_with_what_is_under_way_and_nobody_waits_for(state: JobState) -> None:
    assert decided(job(state), intent()) == "continued"
    assert decided(job(state), intent(), alive=True) == "order", "a living command waits for it"
    assert decided(job(state, age=DUPLICATE_WINDOW + 1), intent()) == "order"
    assert decided(job(state, command="submit"), intent()) == "order", "a submit's job is not taken over"
    assert decided(job(state), intent("submit")) == "order", "submit always orders"
    assert decided(job(state, dedupe_key="k"), intent()) == "order", "a key's job is the key's"
    assert decided(job(state), intent(), again=True) == "order"


@pytest.mark.parametrize("age", [HOUR, 30 * 24 * HOUR])
@pytest.mark.parametrize("state", PAID)
def test_the_same_explicit_file_is_the_same_job_however_old(state: JobState, age: float) -> None:
    told = decided(job(state, age=age, output="/v/a.mp4"), intent(output="/v/a.mp4"))
    assert told == ("saved" if state is JobState.SAVED else "continued")
    assert decided(job(JobState.SAVED, output="/v/a.mp4"), intent(output="/v/b.mp4")) == "order"
    assert decided(job(JobState.SAVED), intent()) == "order", "saved, and no file was named"


@pytest.mark.parametrize("state", ENDED)
def test_what_ended_without_a_video_is_ordered_anew_but_not_refused_content(state: JobState) -> None:
    assert decided(job(state), intent()) == "order"
    refused = job(state, error_code="content_refused")
    is_refusal = state in (JobState.FAILED, JobState.REFUSED)
    assert decided(refused, intent()) == (ContentRefused if is_refusal else "order")
    assert decided(refused, intent(), again=True) == "order"


@pytest.mark.parametrize("state", [*PAID, JobState.SUBMITTING])
def test_a_retry_is_ordered_once_and_stands_for_the_next_retry_of_the_same_job(state: JobState) -> None:
    how = Again(retry_of="failed22")
    wanted = intent("submit", group="failed22")
    retried = job(state, group="failed22")
    assert how.choose(Earlier([retried]), wanted, NOW) is not None
    assert how.choose(Earlier([job(state, group="another2")]), wanted, NOW) is None, "another order of the same request"
    assert how.choose(Earlier([replace(retried, state=JobState.FAILED)]), wanted, NOW) is None, "it failed too"
    with pytest.raises(Unconfirmed):
        how.choose(Earlier([job(JobState.UNCONFIRMED)]), wanted, NOW)


def test_an_output_is_the_same_through_a_linked_folder(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "films")
    saved = job(JobState.SAVED, output=str(tmp_path / "films" / "a.mp4"))
    assert decided(saved, intent(output=str(tmp_path / "link" / "a.mp4"))) == "saved"


@pytest.mark.parametrize("command", ["generate", "submit", "batch"])
@pytest.mark.parametrize("age", [HOUR, 400 * 24 * HOUR])
@pytest.mark.parametrize("again", [False, True])
def test_an_unconfirmed_order_blocks_the_same_request_however_old(command: str, age: float, again: bool) -> None:
    doubt = job(JobState.UNCONFIRMED, age=age, ticket=None, command="submit")
    assert decided(doubt, intent(command), again=again) is Unconfirmed
    assert decided(doubt, intent(command, dedupe_key="k"), again=again) is Unconfirmed
    assert decided(doubt, intent(command), despite_unconfirmed=True) == "order"


def test_submit_finds_the_order_whose_command_died_before_it_could_say_so() -> None:
    untold = job(JobState.SUBMITTED, command="submit", announced_at=None)
    assert decided(untold, intent("submit")) == "continued"
    assert decided(untold, intent("submit"), alive=True) == "order", "its command lives and will say so"
    assert decided(job(JobState.SUBMITTED, command="submit"), intent("submit")) == "order"
    assert decided(untold, intent("submit"), again=True) == "order"


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("command", ["generate", "submit"])
def test_a_key_stands_for_one_delivered_video(state: JobState, command: str) -> None:
    told = decided(job(state, dedupe_key="k"), intent(command, dedupe_key="k"), keyed=True)
    expected: dict[JobState, Any] = {
        JobState.SUBMITTING: "wait",
        JobState.UNCONFIRMED: "order",  # the request's own guard, below, is what stops it
        JobState.SAVED: "saved",
        JobState.SUBMITTED: "continued",
        JobState.SUCCEEDED: "continued",
    }
    assert told == expected.get(state, "order")


@pytest.mark.parametrize("state", JobState)
def test_another_request_under_a_key_is_refused_while_the_key_stands_for_a_job(state: JobState) -> None:
    holder = job(
        state,
        dedupe_key="k",
        request_hash="other",
        request='{"prompt": "a bear", "duration": 6}',
    )
    wanted = intent(dedupe_key="k", request='{"prompt": "a fox", "duration": 6}')
    holds = state in (*PAID, JobState.UNCONFIRMED)
    told = decided(holder, wanted, keyed=True)
    assert told == (UsageError if holds else "wait" if state is JobState.SUBMITTING else "order")
    if holds:
        with pytest.raises(UsageError, match="differs in prompt") as error:
            Again().choose(Earlier((), [holder]), wanted, NOW)
        assert "--again" in (error.value.hint or "")
        assert decided(holder, wanted, keyed=True, again=True) == "order"


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.REFUSED])
def test_refused_content_under_a_key_is_tried_again_only_when_it_changed(state: JobState) -> None:
    refused = job(state, dedupe_key="k", error_code="content_refused", error="no")
    assert decided(refused, intent(dedupe_key="k"), keyed=True) is ContentRefused
    assert decided(refused, intent(dedupe_key="k", request_hash="changed"), keyed=True) == "order"
    assert decided(refused, intent(dedupe_key="k"), keyed=True, again=True) == "order"
