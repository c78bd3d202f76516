"""Group C of the fault list, on the installed command: whatever a look meets, a job that was paid for is not given up.

A wait on loopback looks every 0.1 s and doubles its pause while there is trouble.
"""

from __future__ import annotations

import email.utils
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.answers import (
    Answer,
    Asked,
    Gate,
    Play,
    bomb,
    cut,
    film,
    hangs,
    packed,
    raw,
    resets,
    says,
    stated,
    unframed,
)
from tests.support.clips import clip
from tests.support.command import Running, configure, hailuo, ledger_rows
from tests.support.fault_server import FaultServer

VIDEO = clip()
ACCEPTS = says(202, {"request_id": "job-1", "status": "QUEUED"})
JOB = "pixazo:job-1"
MIB = 1 << 20
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of memory is read from /proc")


def look(word: str, **more: object) -> Play:
    return says(200, {"request_id": "job-1", "status": word, **more})


RUNNING = look("PROCESSING")


def done(asked: Asked) -> Answer:
    """The job is done, and its video is on this very server."""
    return look("COMPLETED", output={"media_url": [f"http://127.0.0.1:{asked.port}/video"]})(asked)


@dataclass(frozen=True)
class Row:
    """What the looks of one wait meet, and what must come of it: exit code, words on stderr, state in the ledger."""

    answers: tuple[Play, ...]
    code: int
    words: tuple[str, ...] = ()
    state: str = "submitted"
    options: tuple[str, ...] = ()


SAVED = (done, film(VIDEO))
ROWS: dict[str, Row] = {
    "C1 every kind of passing trouble": Row(
        (says(500), resets, stated(RUNNING, 20), says(502, b"<html>"), cut(unframed(RUNNING), 9), RUNNING, *SAVED),
        0,
        ("retrying",),
        "saved",
    ),
    "C3 the key is refused in the middle": Row(
        (RUNNING, says(401, {"message": "denied"})), 3, ("PIXAZO_API_KEY", f"hailuo wait {JOB}")
    ),
    "C4 an unknown word": Row((look("PONDERING"), look("PONDERING"), *SAVED), 0, ("PONDERING",), "saved"),
    "C4 an unknown word and no end": Row(
        (look("PONDERING"),), 5, ("PONDERING", f"hailuo wait {JOB}"), options=("--timeout", "0.5s")
    ),
    "C6 done without an address": Row((look("COMPLETED"),), 12, ("no usable address",), "succeeded"),
    "C6 done with an empty list": Row(
        (look("COMPLETED", output={"media_url": []}),), 12, ("no usable address",), "succeeded"
    ),
    "C6 done with an address without a scheme": Row(
        (look("COMPLETED", output={"media_url": ["cdn.example/v.mp4"]}),), 12, ("no usable address",), "succeeded"
    ),
    "C7 no end": Row((RUNNING,), 5, ("gave up waiting", f"hailuo wait {JOB}"), options=("--timeout", "0.5s")),
    "C7 no answer": Row((hangs,), 5, ("gave up waiting", f"hailuo wait {JOB}"), "", options=("--timeout", "0.5s")),
    "C14 the provider has purged it": Row(
        (says(404, {"message": "no such job"}),), 8, (f"error: {JOB}: Pixazo answered HTTP 404: no such job",), ""
    ),
    "C15 an answer about another job": Row(
        (RUNNING, says(200, {"request_id": "job-2", "status": "FAILED"})),
        5,
        ("another job", "gave up waiting", f"hailuo wait {JOB}"),
        options=("--timeout", "1s"),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_wait_that_meets_trouble_ends_as_the_fault_list_says(
    row: Row, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(*row.answers) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("wait", JOB, "-o", "clip.mp4", *row.options, timeout=30)
        assert ran.code == row.code, ran.err
        for words in row.words:
            assert ran.err.count(words) == 1, ran.err
        assert ledger_rows(home) == ([(row.state, "job-1")] if row.state else []), "an unknown job leaves no row"
        assert (server.posts, server.other.connections) == (0, 0)
        assert Path("clip.mp4").exists() is (row.code == 0)
        if row.code == 0:
            assert Path("clip.mp4").read_bytes() == VIDEO


def test_C2_a_new_job_that_is_not_known_yet_is_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = says(404, {"message": "no such job"})
    with FaultServer(ACCEPTS, unknown, unknown, unknown, RUNNING, *SAVED) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("generate", "a bear").code == 0
        assert ledger_rows(home) == [("saved", "job-1")]
        assert server.posts == 1


def test_C3_after_a_login_the_wait_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(RUNNING, says(403, {"message": "denied"}), RUNNING, *SAVED) as server:
        configure(home, server.url, monkeypatch)
        assert [hailuo("wait", JOB).code for _ in range(2)] == [3, 0]
        assert ledger_rows(home) == [("saved", "job-1")]


def test_C5_a_job_that_is_done_stays_done_whatever_is_said_later(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(done, RUNNING, done) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("wait", JOB, "--no-download").code == 0
        for _ in range(2):
            assert hailuo("status", JOB).code == 0
            assert ledger_rows(home) == [("succeeded", "job-1")]


def test_C5_no_progress_is_too_odd_to_be_waited_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def says_percent(percent: bytes, word: bytes = b"processing") -> Play:
        return says(200, b'{"data": {"jobId": "job-1", "status": "%s", "progress": %s}}' % (word, percent))

    odd = [b"120", b"-1", b"NaN", b"1e999", b'"soon"', b"[]", b"null", b"50"]
    with FaultServer(*map(says_percent, odd), says_percent(b"-5", b"failed")) as server:
        configure(home, server.url, monkeypatch, "pixelbyte")
        ran = hailuo("wait", "pixelbyte:job-1", "--poll-interval", "0.05s")
        assert ran.code == 8, ran.err
        assert len(server.asked) == len(odd) + 1


def test_C8_a_429_to_every_job_quiets_every_job(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()

    def limits(asked: Asked) -> Answer:
        seen[asked.path] += 1
        if seen[asked.path] == 1:
            return says(429, {}, Retry_After="1")(asked)
        return says(200, {"status": "FAILED", "error": "no luck"})(asked)

    with FaultServer(limits) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("wait", *[f"pixazo:job-{number}" for number in range(6)]).code == 8
        times: dict[str, list[float]] = {}
        for asked in server.asked:
            times.setdefault(asked.path, []).append(asked.at)
        assert len(times) == 6
        assert all(len(both) == 2 and both[1] - both[0] >= 1 for both in times.values())


def test_C10_a_retry_after_that_is_a_date_goes_by_the_server_s_clock(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = time.time() + 600
    now, then = (email.utils.formatdate(moment, usegmt=True) for moment in (fast, fast + 1))
    with FaultServer(says(503, {}, Date=now, Retry_After=then), look("FAILED", error="no luck")) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("wait", JOB, timeout=60).code == 8
        first, second = server.asked
        assert second.at - first.at >= 1


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{other}/x", "http://user@127.0.0.1:{other}/x", "file:///etc/passwd"]
)
def test_C11_a_polling_address_leads_nowhere_but_home(place: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as server:
        url = place.format(other=server.other.port)
        server.plays = [says(202, {"request_id": "job-1", "polling_url": url}), look("FAILED", polling_url=url)]
        configure(home, server.url, monkeypatch)
        assert hailuo("generate", "a bear").code == 8
        assert server.other.connections == 0
        assert [asked.path for asked in server.asked[1:]] == ["/v2/requests/status/job-1"]


def half_a_gigabyte(_: Asked) -> Answer:
    return Answer(200, {"Content-Length": str(500 * MIB)}, (b" " * MIB for _ in range(500)))


@LINUX
def test_C12_no_answer_fills_the_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = Gate(RUNNING), Gate(RUNNING)
    encodings = raw(b"HTTP/1.1 200 x\r\n" + b"Content-Encoding: gzip\r\n" * 100 + b"Content-Length: 2\r\n\r\n{}")
    bombs = [half_a_gigabyte, bomb(500 * MIB, 1000), packed(says(200, bytes(MIB)), 3), encodings]
    with FaultServer(before, *bombs, after, *SAVED) as server:
        configure(home, server.url, monkeypatch)
        waiting = Running("wait", JOB, "-o", "clip.mp4", "--poll-interval", "0.05s")
        peaks = []
        for gate in (before, after):
            assert gate.arrived.wait(60)
            peaks.append(waiting.peak())
            gate.open.set()
        ran = waiting.end()
        assert ran.code == 0, ran.err
        assert ran.err.count("warning:") == 1
        assert peaks[1] - peaks[0] < 64
        assert Path("clip.mp4").read_bytes() == VIDEO
