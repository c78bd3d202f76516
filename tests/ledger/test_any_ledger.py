"""What any ledger promises, over each of them: states, at most once, keys, finding, handing over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.errors import LedgerError, UsageError
from hailuo_cli.ledger import exchange
from hailuo_cli.ledger.base import HOLDS_KEY, ID_LENGTH, ID_LETTERS, Earlier, Ledger
from hailuo_cli.model import Job, JobState
from tests.ledger.shelf import Shelf, intent
from tests.support.command import hailuo

NEXT = {
    "submitting": "not_sent refused unconfirmed submitted",
    "unconfirmed": "not_sent submitted",
    "submitted": "succeeded failed cancelled gone",
    "succeeded": "saved gone",
    "gone": "submitted succeeded failed cancelled",
    "failed": "submitted succeeded cancelled gone",
    "cancelled": "submitted succeeded failed gone",
}


def test_ids_are_short_and_never_the_same_twice(ledger: Ledger) -> None:
    ids = [ledger.begin(intent(fingerprint=str(n)))[0].id for n in range(50)]
    assert len(set(ids)) == 50
    assert all(len(entry_id) == ID_LENGTH and set(entry_id) <= set(ID_LETTERS) for entry_id in ids)


@pytest.mark.parametrize("before", JobState)
def test_a_job_goes_only_where_its_state_leads(before: JobState, ledger: Ledger) -> None:
    for after in JobState:
        entry, _ = ledger.begin(intent(before))
        moved = ledger.move(entry, after, error="because")
        allowed = after == before or after in NEXT.get(before, "").split()
        assert moved.state is (after if allowed else before)
        assert moved.error == ("because" if allowed else None), "a move that is not made changes nothing"
        assert ledger.recent(1) == [moved]


def test_a_stale_entry_in_hand_does_not_turn_time_back(ledger: Ledger) -> None:
    stale, _ = ledger.begin(intent(JobState.SUBMITTED))
    ledger.move(stale, JobState.SUCCEEDED)
    ledger.move(stale, JobState.SAVED)
    for state in (JobState.FAILED, JobState.SUCCEEDED, JobState.GONE, JobState.SUBMITTED):
        assert ledger.move(stale, state).state is JobState.SAVED


def test_a_note_changes_facts_and_never_the_state(ledger: Ledger) -> None:
    entry, _ = ledger.begin(intent(JobState.SUBMITTED))
    noted = ledger.note(entry, progress=50.0, provider_state="Processing")
    assert (noted.progress, noted.provider_state, noted.state) == (50.0, "Processing", JobState.SUBMITTED)
    assert ledger.note(entry) == noted


@pytest.mark.parametrize("state", JobState)
def test_A16_a_dedupe_key_is_held_by_what_is_or_may_be_a_video_and_a_new_job_takes_it_over(
    state: JobState, ledger: Ledger
) -> None:
    first, _ = ledger.begin(intent(state, dedupe_key="mine"))
    assert (ledger.by_key("mine") or first).id == first.id
    second, is_new = ledger.begin(intent(dedupe_key="mine"))
    assert is_new
    holder = ledger.by_key("mine")
    assert holder is not None
    assert holder.id == second.id
    assert ledger.again(first).dedupe_key == (None if state in HOLDS_KEY else "mine")


def test_what_is_decided_about_an_intent_is_decided_from_what_the_ledger_knows_of_it(ledger: Ledger) -> None:
    seen: list[Earlier] = []

    def chosen(earlier: Earlier) -> Job | None:
        seen.append(earlier)
        return earlier.same[0] if earlier.same else None

    first, is_new = ledger.begin(intent(request_hash="h", dedupe_key="k"), chosen)
    assert is_new
    assert ledger.begin(intent(request_hash="h"), chosen) == (first, False)
    assert ledger.begin(intent(request_hash="other", dedupe_key="k"), lambda e: e.keyed[0])[0] == first
    assert ledger.begin(intent(request_hash="h", take=2), chosen)[1], "another take is another job"
    assert [len(earlier.same) for earlier in seen] == [0, 1, 0]
    assert first.id in seen[1].alive
    assert "abcdefgh" not in seen[1].alive


def test_A19_an_unconfirmed_order_of_a_ledger_before_requests_were_kept_is_the_same_request(ledger: Ledger) -> None:
    first, _ = ledger.begin(intent(JobState.UNCONFIRMED, fingerprint=None, prompt="a bear", duration=6))
    asked = intent(request_hash="h", prompt="a bear", duration=6, fingerprint="of another version")
    assert ledger.begin(asked, lambda earlier: earlier.same[0]) == (first, False)


def test_what_is_decided_against_leaves_no_row(ledger: Ledger) -> None:
    def refuse(_: Earlier) -> Job | None:
        raise UsageError("no")

    with pytest.raises(UsageError):
        ledger.begin(intent(request_hash="h"), refuse)
    assert ledger.recent() == []


def test_a_revised_end_gives_no_key_to_two_jobs(ledger: Ledger) -> None:
    first, _ = ledger.begin(intent(JobState.GONE, dedupe_key="mine", ticket="t-1"))
    second, _ = ledger.begin(intent(dedupe_key="mine"))
    assert ledger.move(first, JobState.SUCCEEDED).dedupe_key is None
    assert (ledger.by_key("mine") or first).id == second.id


def test_a_row_that_is_forgotten_is_gone(ledger: Ledger) -> None:
    first, _ = ledger.begin(intent(JobState.FAILED))
    ledger.forget(first)
    assert ledger.recent() == []


def test_a_job_of_another_machine_is_written_down_once(ledger: Ledger) -> None:
    adopted = ledger.adopt("pixazo", "t-1", "work")
    assert (adopted.state, adopted.ref, adopted.profile) == (JobState.SUBMITTED, "pixazo:t-1", "work")
    assert ledger.adopt("pixazo", "t-1") == adopted
    assert ledger.adopt("minimax", "t-1").id != adopted.id
    assert len(ledger.recent()) == 2


def test_an_id_is_found_by_its_first_four_letters_where_they_are_enough(ledger: Ledger) -> None:
    first, _ = ledger.begin(intent(id="abcdefgh"))
    second, _ = ledger.begin(intent(id="abcdxxxx"))
    assert ledger.by_id("abcdefgh") == ledger.by_id("abcde") == first
    assert ledger.by_id("abcdx") == second
    for text in ("abc", "", "zzzz", "ABCDE", "abcd%", "abcdefgh2", "1111", "abcdefghx"):
        assert ledger.by_id(text) is None
    with pytest.raises(UsageError, match="abcdxxxx, abcdefgh"):
        ledger.by_id("abcd")


def test_unfinished_is_whatever_the_provider_may_still_owe(ledger: Ledger) -> None:
    for state in JobState:
        ledger.begin(intent(state))
    assert [entry.state.value for entry in ledger.unfinished()] == [
        "submitting",
        "unconfirmed",
        "submitted",
        "succeeded",
    ]


def test_a_write_that_fails_leaves_nothing_of_itself_and_the_ledger_usable(ledger: Ledger) -> None:
    ledger.begin(intent(JobState.SUBMITTED, ticket="t"))
    second, _ = ledger.begin(intent())
    with pytest.raises(LedgerError):
        ledger.move(second, JobState.SUBMITTED, ticket="t", error="x")
    assert ledger.by_id(second.id) == second
    assert ledger.begin(intent())[1]


@pytest.mark.parametrize("name", ["prompt", "dedupe_key", "image", "error", "provider_state", "path"])
def test_F4_a_lone_surrogate_from_a_server_or_a_file_name_can_be_written_down(name: str, ledger: Ledger) -> None:
    facts: dict[str, Any] = {name: "caf\udce9 \ud800"}
    entry, _ = ledger.begin(intent(JobState.SUBMITTED, **facts))
    assert ledger.note(entry, **facts).state is JobState.SUBMITTED
    assert ledger.move(entry, JobState.FAILED, **facts).state is JobState.FAILED


def test_A3_what_an_unclear_answer_said_is_kept(ledger: Ledger) -> None:
    entry, _ = ledger.begin(intent())
    assert ledger.answer(entry) is None
    ledger.move(entry, JobState.UNCONFIRMED, answer='{"id": \ud800')
    assert ledger.answer(entry) == '{"id": \\ud800'


FACTS: dict[str, Any] = {
    "profile": "work",
    "model": "m",
    "prompt": "熊 [Push in]\n'\"; DROP TABLE jobs; -- %s {}",
    "duration": 6,
    "resolution": "768P",
    "image": "a.png",
    "fingerprint": "f",
    "request_hash": "h",
    "request": '{"prompt": "熊"}',
    "dedupe_key": "mine",
    "command": "submit",
    "output": "/x/{job}.mp4",
    "label": "boat",
    "group": "g",
    "take": 2,
    "batch": "spring",
    "row": "sku-1",
    "choice": '{"by": "cheapest"}',
    "webhook": "https://me.example/x",
    "reserved": 350_000_000,
    "billed": 340_000_000,
    "price_usd": 0.35,
    "price_source": "a page",
    "provider_state": "QUEUED",
    "progress": 12.5,
    "video_url": "https://v.example",
    "path": "/x.mp4",
    "sha256": "s",
    "bytes": 2**40,
    "error": "none",
    "error_code": "balance",
    "finished_at": 5.5,
}


def test_every_fact_of_a_job_is_among_those_that_are_tried() -> None:
    tried = {"id", "provider", "state", "ticket", "created_at", *FACTS}
    assert {field.name for field in fields(Job)} - tried == {"announced_at", "reused"}


def test_what_was_written_is_read_back_by_another_connection(shelf: Shelf) -> None:
    with shelf.open() as first:
        written, is_new = first.begin(intent(JobState.SUBMITTED, ticket="t", **FACTS))
    with shelf.open() as second:
        assert second.recent() == [written]
    assert is_new
    assert written.created_at is not None
    facts = {"ticket": "t", "created_at": written.created_at, **FACTS}
    assert written == Job(written.id, "pixazo", JobState.SUBMITTED, **facts)


def test_a_secret_is_taken_out_of_whatever_is_written_down(shelf: Shelf) -> None:
    with shelf.open(redact=lambda text: text.replace("sesame", "***")) as ledger:
        job, _ = ledger.begin(intent(prompt="open sesame", dedupe_key="sesame"))
        ledger.move(job, JobState.UNCONFIRMED, error="sesame", answer="sesame")
    assert "sesame" not in str(shelf.execute("SELECT * FROM {jobs}"))


def test_the_end_of_a_job_has_its_time_and_keeps_it(ledger: Ledger) -> None:
    for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.GONE):
        entry, _ = ledger.begin(intent(JobState.SUBMITTED))
        ended = ledger.move(entry, state)
        assert ended.finished_at is not None
        assert ended.created_at is not None
        assert ended.finished_at >= ended.created_at
        assert ledger.move(entry, state, error="x").finished_at == ended.finished_at


def test_the_last_job_is_the_newest_that_may_be_paid_for(ledger: Ledger) -> None:
    assert ledger.last() is None
    ledger.begin(intent(JobState.SUBMITTED, ticket="a"))
    second, _ = ledger.begin(intent(JobState.SUBMITTED, ticket="b"))
    ledger.begin(intent(JobState.NOT_SENT))
    assert ledger.last() == second
    assert [entry.ticket for entry in ledger.recent()] == [None, "b", "a"]


def test_durations_are_those_of_like_jobs_newest_first(ledger: Ledger) -> None:
    for took in (40.0, 41.0, 42.0):
        job, _ = ledger.begin(intent(JobState.SUBMITTED, model="m", duration=6))
        ledger.move(job, JobState.SUCCEEDED, took=took)
    other, _ = ledger.begin(intent(JobState.SUBMITTED, model="m", duration=10))
    ledger.move(other, JobState.SUCCEEDED, took=90.0)
    assert ledger.durations(job, 2) == [42.0, 41.0]


def test_jobs_of_a_batch_are_found_by_its_name(ledger: Ledger) -> None:
    made = [ledger.begin(intent(batch="spring", row=str(number)))[0] for number in range(3)]
    ledger.begin(intent(batch="autumn"))
    assert [job.id for job in ledger.of_batch("spring")] == [job.id for job in reversed(made)]


# one ledger after another


def both_ways(shelf: Shelf, home: Path) -> Shelf:
    """A ledger of the other kind, or of the same where there is only one."""
    return Shelf("sqlite", str(home / "other" / "ledger.sqlite3"), home / "other")


def test_every_job_goes_over_whole_and_once(shelf: Shelf, home: Path) -> None:
    with shelf.open() as ledger, both_ways(shelf, home).open() as other:
        for number, state in enumerate(JobState):
            facts = {**FACTS, "dedupe_key": f"k{number}", "ticket": f"t{number}"}
            job, _ = ledger.begin(intent(JobState.SUBMITTED, **facts))
            ledger.note(job, state=state.value, answer="what it said", took=3.5)
        for here, there in ((ledger, other), (other, ledger)):
            lines = "\n".join(json.dumps(exchange.written(row)) for row in here.rows())
            assert "https://v.example" not in lines, "a signed link is nobody else's"
            exchange.take_in(there, exchange.read(lines, "x"))
            assert exchange.take_in(there, exchange.read(lines, "x")) == 0, "each once"
        before, after = ([replace(job, video_url=None) for job in one.recent()] for one in (ledger, other))
        states = [JobState.UNCONFIRMED if job.state is JobState.SUBMITTING else job.state for job in before]
        assert [job.state for job in after] == states, "nobody here is at work on an order of another ledger"
        assert [replace(job, state=JobState.SAVED, error=None) for job in after] == [
            replace(job, state=JobState.SAVED, error=None) for job in before
        ]
        assert [other.answer(job) for job in after] == ["what it said"] * len(JobState)
        assert other.durations(after[0], 3) == [3.5, 3.5, 3.5]


def test_the_command_s_export_is_taken_in_whole_however_long_its_lines_are(home: Path) -> None:
    path = home / "data" / "ledger.sqlite3"
    with Shelf("sqlite", str(path), home).open() as ledger:
        job, _ = ledger.begin(intent(JobState.SUBMITTED, **{**FACTS, "prompt": "熊 \u202e" * 3000}))
    Path("jobs.jsonl").write_text(hailuo("jobs", "export").out)
    path.unlink()
    ran = hailuo("jobs", "import", "jobs.jsonl")
    assert ran.code == 0, ran
    with Shelf("sqlite", str(path), home).open() as ledger:
        assert ledger.recent() == [replace(job, video_url=None)]


@pytest.mark.parametrize(
    ("here", "there", "learned"),
    [
        ("submitted", "succeeded", True),
        ("saved", "submitted", False),
        ("unconfirmed", "not_sent", True),
        ("not_sent", "submitted", True),
        ("failed", "succeeded", True),
        ("succeeded", "succeeded", False),
    ],
)
def test_of_two_accounts_of_one_job_the_further_one_wins(here: str, there: str, learned: bool, ledger: Ledger) -> None:
    known, _ = ledger.begin(intent(JobState(here), ticket="t"))
    by_id = {"id": known.id, "provider": "pixazo", "state": there, "ticket": "t", "error": "news"}
    by_ticket = {**by_id, "id": "abcdefgh"}
    assert ledger.take_in(by_ticket) is learned
    assert not ledger.take_in(by_id)
    (job,) = ledger.recent()
    assert (job.id, job.state.value) == (known.id, there if learned else here)


def test_a_key_that_is_held_here_stays_where_it_is(ledger: Ledger) -> None:
    holder, _ = ledger.begin(intent(JobState.SUBMITTED, dedupe_key="mine"))
    assert ledger.take_in({"id": "abcdefgh", "provider": "pixazo", "state": "saved", "dedupe_key": "mine"})
    assert (ledger.by_key("mine") or holder).id == holder.id
    assert len(ledger.recent()) == 2


@pytest.mark.parametrize(
    "line",
    [
        *(
            "{",
            "[]",
            "1",
            '{"id": 1}',
            '{"ledger": {"id": "abcdefgh", "provider": "p"}}',
            '{"schema": "x", "data": {}}',
        ),
        '{"ledger": {"id": "abcdefgh", "provider": "p", "state": "asleep"}}',
        '{"ledger": {"id": "../x", "provider": "p", "state": "saved"}}',
        '{"ledger": {"id": "abcdefgh", "provider": "p", "state": "saved", "bytes": "many"}}',
    ],
)
def test_a_line_that_is_no_job_is_named_and_nothing_is_taken_in(line: str) -> None:
    good = json.dumps({"id": "abcdefgh", "provider": "pixazo", "state": "saved", "created_at": "2026-11-20T21:00:00Z"})
    assert exchange.read(good, "x")[0]["created_at"] == 1795208400.0
    with pytest.raises(UsageError, match="x:2 is not a job"):
        exchange.read(f"{good}\n{line}", "x")


def test_an_export_that_another_program_wrote_again_is_read_whatever_its_prompts_hold() -> None:
    job = {"id": "abcdefgh", "provider": "pixazo", "state": "saved", "prompt": "one\u2028two\x85three"}
    text = json.dumps(job, ensure_ascii=False) + "\r\n"
    assert [row["prompt"] for row in exchange.read(text, "x")] == [job["prompt"]]


# many processes

BEGIN = """
import json, sys
from pathlib import Path
from hailuo_cli.model import Job, JobState
from tests.ledger.shelf import Shelf
kind, place, machine, number = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
with Shelf(kind, place, Path(machine)).open() as ledger:
    for key in range(25):
        wanted = Job("", "pixazo", JobState.SUBMITTING, dedupe_key=f"key-{key}", request_hash=f"h-{key}")
        job, is_new = ledger.begin(wanted, lambda earlier: next(iter(earlier.keyed), None))
        if is_new:
            ledger.renew(job)
            ledger.move(job, JobState.SUBMITTED, ticket=f"{number}-{key}")
        print(is_new, flush=True)
"""


def started(shelf: Shelf, code: str, number: int) -> subprocess.Popen[str]:
    words = [shelf.kind, shelf.place, str(shelf.machine), str(number)]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, "-c", code, *words], text=True, env=environ, **pipes)


def test_A17_of_processes_with_the_same_keys_exactly_one_begins_each(shelf: Shelf) -> None:
    shelf.open().__exit__()
    processes = [started(shelf, BEGIN, number) for number in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]
    assert [err for _, err in ended] == [""] * 3
    for answers in zip(*[out.split() for out, _ in ended], strict=True):
        assert answers.count("True") == 1
    assert shelf.execute("SELECT count(*) FROM {jobs} WHERE state = 'submitted'") == [(25,)]


HOLD = """
import sys
from pathlib import Path
from hailuo_cli.model import Job, JobState
from tests.ledger.shelf import Shelf
with Shelf(sys.argv[1], sys.argv[2], Path(sys.argv[3])).open() as ledger:
    print(ledger.begin(Job("", "pixazo", JobState.SUBMITTING, request_hash="h"))[0].id, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_A19_an_order_whose_process_was_killed_is_unconfirmed_and_one_on_its_way_is_left_alone(shelf: Shelf) -> None:
    with started(shelf, HOLD, 0) as process, shelf.open() as ledger:
        assert process.stdout
        job_id = process.stdout.readline().strip()
        assert [(job.id, job.state) for job in ledger.unfinished()] == [(job_id, JobState.SUBMITTING)]
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        found, is_new = ledger.begin(intent(request_hash="h"), lambda earlier: earlier.same[0])
    assert (found.id, found.state, is_new) == (job_id, JobState.UNCONFIRMED, False)
    assert "died" in (found.error or "")
