"""The ledger: what it lets happen to a job, many processes at once, and files that are not what they should be."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.errors import DiskError, HailuoError, LedgerError, LedgerLocked
from hailuo_cli.ledger import sqlite_file
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.ledger.sqlite_file import APPLICATION_ID, VERSION
from hailuo_cli.model import Job, JobState

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes and signals are those of POSIX")


@pytest.fixture
def path(home: Path) -> Path:
    return home / "data" / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger(path) as opened:
        yield opened


def intent(state: JobState = JobState.SUBMITTING, **facts: Any) -> Job:
    return Job(**{"id": "", "provider": "pixazo", "state": state, "fingerprint": "f", **facts})


def rows(path: Path, query: str = "SELECT * FROM jobs") -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.execute(query))


# one row after another

FACTS: dict[str, Any] = {
    "profile": "work",
    "model": "m",
    "prompt": "熊 [Push in]\n\0'\"; DROP TABLE jobs",
    "duration": 6,
    "resolution": "768P",
    "image": "a.png",
    "fingerprint": "f",
    "dedupe_key": "mine",
    "price_usd": 0.35,
    "price_source": "a page",
    "provider_state": "QUEUED",
    "progress": 12.5,
    "video_url": "https://v.example",
    "path": "/x.mp4",
    "sha256": "s",
    "bytes": 2**40,
    "error": "none",
    "finished_at": 5.5,
}


def test_what_was_written_is_read_back_by_another_process_s_connection(path: Path) -> None:
    with Ledger(path, now=lambda: 1234.5) as first:
        written, is_new = first.begin(intent(JobState.SUBMITTED, ticket="t", **FACTS))
    assert is_new
    with Ledger(path) as second:
        assert second.recent() == [written]
    assert written == Job(written.id, "pixazo", JobState.SUBMITTED, ticket="t", created_at=1234.5, **FACTS)


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.GONE])
def test_the_end_of_a_job_has_its_time(state: JobState, path: Path) -> None:
    with Ledger(path, now=lambda: 77.0) as ledger:
        entry, _ = ledger.begin(intent(JobState.SUBMITTED))
        assert ledger.move(entry, state).finished_at == 77.0
        assert ledger.move(entry, state, error="x").finished_at == 77.0


# the same order again


def test_a_job_of_another_machine_that_two_processes_hear_of_at_once_is_written_down_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(path) as one, Ledger(path) as other:
        look = one.by_ticket
        winners: list[Job] = []

        def late(provider: str, ticket: str) -> Job | None:
            found = look(provider, ticket)
            if not winners:
                winners.append(other.adopt(provider, ticket))
            return found

        monkeypatch.setattr(one, "by_ticket", late)
        assert [one.adopt("pixazo", "t-1")] == winners


# finding


def test_G17_the_last_job_is_the_newest_that_may_be_paid_for_whatever_the_clock_said(path: Path) -> None:
    moments = iter([5000.0, 100.0, 9000.0])
    with Ledger(path, now=lambda: next(moments)) as ledger:
        assert ledger.last() is None
        ledger.begin(intent(JobState.SUBMITTED, ticket="a"))
        second, _ = ledger.begin(intent(JobState.SUBMITTED, ticket="b"))
        ledger.begin(intent(JobState.NOT_SENT))
        assert ledger.last() == second
        assert [entry.ticket for entry in ledger.recent()] == [None, "b", "a"]
        assert len(ledger.recent(2)) == 2


# on the disk


def test_a_new_ledger_says_what_it_is_and_survives_a_power_cut_by_its_settings(ledger: Ledger, path: Path) -> None:
    assert rows(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert rows(path, "PRAGMA user_version") == [(VERSION,)]
    assert rows(path, "PRAGMA journal_mode") == [("delete",)]
    assert ledger._db.execute("PRAGMA synchronous").fetchone() == (3,)
    assert not [file for file in path.parent.iterdir() if file.suffix == ".new"]


@POSIX
def test_E18_a_new_ledger_is_private_under_any_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with Ledger(path) as opened:
            opened.begin(intent())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def filled(path: Path, count: int = 100) -> bytes:
    with Ledger(path) as ledger:
        for number in range(count):
            ledger.begin(intent(JobState.SUBMITTED, ticket=f"t{number}", prompt="x" * 200))
    return path.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: b"", id="G1: zero bytes"),
        pytest.param(
            lambda raw: b"".join(hashlib.sha256(bytes([n])).digest() for n in range(160)), id="G2: random bytes"
        ),
        pytest.param(lambda raw: b"hello, world\n", id="G2: text"),
        pytest.param(lambda raw: b"\0" * len(raw), id="G2: zeros"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="G2: cut in half"),
        pytest.param(lambda raw: raw[:4096], id="G2: cut after a page"),
        pytest.param(lambda raw: raw[:100], id="G2: cut after its header"),
        pytest.param(lambda raw: raw[:4096] + b"\xff" * (len(raw) - 4096), id="G2: overwritten"),
    ],
)
def test_G1_G2_a_ledger_that_is_damaged_is_refused_and_left_as_it_is(damage: Any, path: Path) -> None:
    raw = damage(filled(path))
    path.write_bytes(raw)
    for is_reading in (True, False):
        with pytest.raises(HailuoError) as error, Ledger(path) as opened:
            _ = opened.recent() if is_reading else opened.begin(intent())
        assert path.read_bytes() == raw
        assert type(error.value) is LedgerError
        assert error.value.exit == 11
        assert "left as it is" in error.value.message
        assert str(path) in (error.value.hint or "")


def test_a_file_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);")
    raw = path.read_bytes()
    with pytest.raises(LedgerError, match="not a hailuo ledger"):
        Ledger(path)
    assert path.read_bytes() == raw


def test_G3_a_ledger_of_a_newer_hailuo_is_refused_and_left_as_it_is(path: Path) -> None:
    filled(path, 3)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw = path.read_bytes()
    with pytest.raises(LedgerError, match="newer hailuo") as error:
        Ledger(path)
    assert error.value.exit == 11
    assert "upgrade" in (error.value.hint or "")
    assert path.read_bytes() == raw


def test_a_state_nobody_knows_is_a_ledger_error(path: Path) -> None:
    filled(path, 1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE jobs SET state = 'dreaming'")
    with Ledger(path) as ledger, pytest.raises(LedgerError, match="dreaming"):
        ledger.recent()


def test_a_ledger_whose_table_is_gone_is_damaged(path: Path) -> None:
    filled(path, 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE jobs")
    with pytest.raises(LedgerError), Ledger(path) as ledger:
        ledger.recent()


def test_G7_a_place_that_cannot_be_written_is_a_disk_error(home: Path) -> None:
    (home / "file").touch()
    (home / "folder").mkdir()
    for path in (home / "file" / "ledger.sqlite3", home / "folder"):
        with pytest.raises(DiskError) as error:
            Ledger(path)
        assert error.value.exit == 9


def test_G7_a_full_disk_is_a_disk_error_and_the_ledger_stays_whole(path: Path) -> None:
    filled(path, 3)
    with Ledger(path) as ledger:
        pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
        ledger._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DiskError, match="full"):
            ledger.begin(intent(prompt="x" * 100_000))
        assert len(ledger.recent()) == 3
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_G6_what_writes_nothing_together_waits_for_no_other_process(path: Path) -> None:
    with Ledger(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        job, _ = ledger.begin(intent())
        other.execute("BEGIN IMMEDIATE")
        with ledger.together():
            assert ledger.by_id(job.id)
        other.execute("ROLLBACK")


def test_G6_who_waited_once_for_another_process_does_not_wait_for_each_write(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        job, _ = ledger.begin(intent())
        monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.05)
        other.execute("BEGIN IMMEDIATE")
        tries: list[str] = []
        ledger._db.set_trace_callback(tries.append)
        with ledger.together():
            for _ in range(5):
                with pytest.raises(LedgerLocked):
                    ledger.note(job, progress=50.0)
        assert tries.count("BEGIN IMMEDIATE") == 1
        other.execute("ROLLBACK")
        assert ledger.note(job, progress=60.0).progress == 60


def test_G7_what_sqlite_took_back_by_itself_is_not_told_as_written(path: Path) -> None:
    with Ledger(path) as ledger:
        job, _ = ledger.begin(intent())

        def taken_back() -> None:
            with ledger.together():
                ledger.note(job, progress=50.0)
                ledger._db.execute("ROLLBACK")  # as SQLite does where the disk is full
                with pytest.raises(DiskError):
                    ledger.note(job, error="too late")

        with pytest.raises(DiskError, match="took a change back"):
            taken_back()
        assert ledger.again(job).progress is None
        assert ledger.note(job, progress=60.0).progress == 60


def test_a_ledger_that_vanishes_is_not_silently_made_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path, 1)
    path.unlink()
    monkeypatch.setattr(Path, "exists", lambda _: True)
    with pytest.raises(DiskError):
        Ledger(path)


def test_G6_a_ledger_that_stays_locked_is_given_up_and_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path, 1)
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as stuck, Ledger(path) as ledger:
        stuck.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked by another process") as error:
            ledger.begin(intent())
        assert error.value.exit == 11
        stuck.execute("ROLLBACK")
        assert ledger.begin(intent())[1]


# many processes

BEGIN = """
import sys
from pathlib import Path
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
print("ready", flush=True)
sys.stdin.readline()
with Ledger(Path(sys.argv[1])) as ledger:
    for number in range(int(sys.argv[3])):
        {}
"""
ROWS = """entry, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING, fingerprint=f"{sys.argv[2]}-{number}"))
        ledger.move(entry, JobState.SUBMITTED, ticket=f"{sys.argv[2]}-{number}")"""
KEYS = """entry, is_new = ledger.begin(Job("", "pixazo", JobState.SUBMITTING, dedupe_key=f"key-{number}"), lambda earlier: next(iter(earlier.keyed), None))
        print(entry.id if is_new else "-", flush=True)"""


def started(code: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def together(code: str, count: int, *words: str) -> list[str]:
    """Run a script in several processes, which go on at the same moment once each is ready; what each printed then."""
    processes = [started(code, words[0], f"p{number}", *words[1:]) for number in range(count)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        printed.append(out)
    return printed


def test_G5_sixteen_processes_of_sixty_transactions_each_make_and_fill_a_ledger_and_lose_nothing(path: Path) -> None:
    together(BEGIN.format(ROWS), 16, str(path), "30")
    found = rows(path, "SELECT ticket, id, state FROM jobs")
    assert {row[0] for row in found} == {f"p{process}-{number}" for process in range(16) for number in range(30)}
    assert len({row[1] for row in found}) == 480
    assert {row[2] for row in found} == {"submitted"}
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert not [file for file in path.parent.iterdir() if file.suffix in (".new", ".journal")]


def test_A17_of_processes_with_the_same_dedupe_keys_exactly_one_begins_each(path: Path) -> None:
    filled(path, 1)
    printed = together(BEGIN.format(KEYS), 3, str(path), "40")
    for answers in zip(*[out.splitlines() for out in printed], strict=True):
        assert sum(answer != "-" for answer in answers) == 1
    assert len(rows(path, "SELECT id FROM jobs WHERE dedupe_key IS NOT NULL")) == 40


HOLD = """
import sys
from pathlib import Path
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
with Ledger(Path(sys.argv[1])) as ledger:
    print(ledger.begin(Job("", "pixazo", JobState.SUBMITTING, fingerprint="f"))[0].id, flush=True)
    sys.stdin.readline()
"""


@POSIX
def test_an_order_whose_process_was_killed_is_unconfirmed_and_one_that_is_on_its_way_is_left_alone(path: Path) -> None:
    with started(HOLD, str(path)) as process:
        assert process.stdout
        entry_id = process.stdout.readline().strip()
        with Ledger(path) as ledger:
            assert [(entry.id, entry.state) for entry in ledger.recent()] == [(entry_id, JobState.SUBMITTING)]
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    with Ledger(path) as ledger:
        dead = ledger.by_id(entry_id)
        assert dead is not None
        assert dead.state is JobState.UNCONFIRMED
        assert "died" in (dead.error or "")


@POSIX
def test_A19_an_order_whose_process_dies_after_this_ledger_was_opened_is_a_reason_to_ask(path: Path) -> None:
    with started(HOLD, str(path)) as process:
        assert process.stdout
        entry_id = process.stdout.readline().strip()
        with Ledger(path) as ledger:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            found, is_new = ledger.begin(intent(request_hash="h"), lambda earlier: earlier.same[0])
    assert (found.id, found.state, is_new) == (entry_id, JobState.UNCONFIRMED, False)


def test_G2_a_ledger_whose_damage_is_in_its_own_words_is_damaged(path: Path) -> None:
    Ledger(path).__exit__()
    path.write_bytes(path.read_bytes().replace(b"one_ticket ON", b"one_ticket \x80N"))
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(path)


def test_G21_an_order_on_its_way_in_this_very_process_is_left_alone_by_a_second_connection(path: Path) -> None:
    with Ledger(path) as one:
        entry, _ = one.begin(intent())
        with Ledger(path) as other:
            assert other.recent() == [entry]


def test_G21_a_connection_is_used_in_its_own_thread_only(ledger: Ledger) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        failure = pool.submit(ledger.recent).exception()
    assert failure is not None


# versions


def old_ledger(path: Path) -> list[tuple[str, str]]:
    """A ledger as version 1 wrote it, with two jobs."""
    path.parent.mkdir(parents=True)
    rows = [("aaaaaaaa", "submitted"), ("bbbbbbbb", "unconfirmed")]
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sqlite_file._SCHEMA)
        db.executemany("INSERT INTO jobs (id, provider, state) VALUES (?, 'pixazo', ?)", rows)
        db.commit()
    return rows


def shape(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return [*db.execute("SELECT name, sql FROM sqlite_master ORDER BY name"), *db.execute("PRAGMA user_version")]


def test_G4_an_older_ledger_is_brought_up_to_date_with_every_row_and_a_copy_of_it_kept(path: Path) -> None:
    rows = old_ledger(path)
    before = shape(path)
    with Ledger(path) as ledger:
        assert sorted((entry.id, entry.state.value) for entry in ledger.recent()) == rows
    backup = path.with_name(f"{path.name}.v1.backup")
    assert shape(backup) == before
    with closing(sqlite3.connect(backup)) as db:
        assert list(db.execute("SELECT id, state FROM jobs ORDER BY id")) == rows
    if os.name != "nt":
        assert backup.stat().st_mode & 0o777 == 0o600


def test_a_new_ledger_is_what_an_old_one_becomes(path: Path, tmp_path: Path) -> None:
    old_ledger(path)
    with Ledger(path), Ledger(tmp_path / "new" / "ledger.sqlite3"):
        pass
    assert shape(path) == shape(tmp_path / "new" / "ledger.sqlite3")
    assert shape(path)[-1] == (VERSION,)


def test_G4_a_migration_that_fails_leaves_the_old_ledger_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = old_ledger(path)
    before = shape(path)
    monkeypatch.setattr(sqlite_file, "STEPS", (*sqlite_file.STEPS, "ALTER TABLE nowhere ADD COLUMN x"))
    monkeypatch.setattr(sqlite_file, "VERSION", VERSION + 1)
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        Ledger(path)
    assert shape(path) == before
    monkeypatch.undo()
    with Ledger(path) as ledger:
        assert len(ledger.recent()) == len(rows)


def test_G6_a_lock_that_lasts_is_said_before_it_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.3)
    monkeypatch.setattr(sqlite_file, "SILENT_SECONDS", 0.1)
    said: list[str] = []
    with Ledger(path, say=said.append) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as stuck:
        stuck.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerLocked):
            ledger.begin(intent())
        assert said == [f"waiting for another process that has locked {path}"]
        stuck.execute("ROLLBACK")
        assert ledger.begin(intent())[1]
        assert len(said) == 1
