"""T12: a ledger whose rows or whose very bytes are not what hailuo wrote."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from hailuo_cli.cli.show import clean
from hailuo_cli.documents import job_document
from hailuo_cli.errors import DiskError, LedgerError
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.ledger.sqlite_file import APPLICATION_ID, VERSION
from hailuo_cli.model import Job, JobState

from .inputs import texts
from .target import SEEDS, scratch, target

TEXT_COLUMNS = ["ticket", "profile", "model", "prompt", "resolution", "image", "fingerprint", "dedupe_key"]
TEXT_COLUMNS += ["price_source", "provider_state", "video_url", "path", "sha256", "error"]
NUMBER_COLUMNS = ["price_usd", "progress", "created_at", "finished_at"]
storable = texts.map(lambda text: text.encode("utf-8", "backslashreplace").decode())
words = st.sampled_from(list(JobState)).map(str)
rows = st.fixed_dictionaries(
    {"id": st.text("abcdefgh", min_size=8, max_size=8), "provider": storable, "state": words | words | storable},
    optional={
        **dict.fromkeys(TEXT_COLUMNS, storable),
        **dict.fromkeys(NUMBER_COLUMNS, st.floats()),
        **dict.fromkeys(["duration", "bytes"], st.integers(-(2**63), 2**63 - 1)),
    },
)


@cache
def place() -> Path:
    """Where the ledger is, example after example: a process keeps a handle for every ledger that it ever opened."""
    return scratch() / "ledger.sqlite3"


def holds(content: bytes) -> Path:
    """A ledger file of these bytes."""
    for left in place().parent.glob("*[!e]"):
        left.unlink()
    place().write_bytes(content)
    return place()


@cache
def empty() -> bytes:
    """The bytes of a new ledger."""
    place().unlink(missing_ok=True)
    Ledger(place()).__exit__()
    return place().read_bytes()


def insert(path: Path, row: dict[str, Any]) -> None:
    columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute(f"INSERT INTO jobs ({columns}) VALUES ({marks})", row)  # noqa: S608


@cache
def good() -> bytes:
    """The bytes of a ledger with jobs in every state."""
    path = holds(empty())
    for number, state in enumerate(JobState):
        insert(
            path, {"id": f"abcd{'efghjkmnpq'[number]}222", "provider": "pixazo", "state": state, "ticket": f"t{number}"}
        )
    return path.read_bytes()


def read(path: Path) -> list[Job]:
    """Everything that is there, read in every way there is and shown."""
    with Ledger(path) as ledger:
        found = ledger.recent()
        ledger.unfinished()
        ledger.last()
        for entry in found:
            ledger.by_id(entry.id)
            if entry.ticket:
                ledger.by_ticket(entry.provider, entry.ticket)
            json.dumps(job_document(entry, show_url=True))
            clean(entry.called).encode()
        return found


@target(most=100, row=rows)
def test_T12_a_row_of_anything_is_an_entry_that_can_be_shown_or_a_ledger_error(row: dict[str, Any]) -> None:
    path = holds(empty())
    insert(path, row)
    try:
        (entry,) = read(path)
    except LedgerError as error:
        assert row["state"] not in set(JobState), error
        return
    swept = row["state"] == JobState.SUBMITTING
    assert entry.state == (JobState.UNCONFIRMED if swept else row["state"])
    assert entry.prompt == row.get("prompt")


edits = st.tuples(st.integers(0, 120) | st.integers(0, 2**15), st.integers(0, 4), st.binary(max_size=4))


@target(most=100, changes=st.lists(edits, max_size=5), end=st.none() | st.integers(0, 2**15))
def test_T12_a_damaged_file_is_read_or_refused_and_never_emptied(
    changes: list[tuple[int, int, bytes]], end: int | None
) -> None:
    content = bytearray(good())
    for at, length, new in changes:
        content[at : at + length] = new
    is_read_or_refused(bytes(content[:end]))


@target(most=100, content=st.binary(max_size=200), examples=[{"content": b"SQLite format 3\0" + bytes(84)}])
def test_T12_what_is_no_ledger_is_refused_and_left_alone(content: bytes) -> None:
    is_read_or_refused(content)
    assert place().read_bytes() == content


def is_read_or_refused(content: bytes) -> None:
    path = holds(content)
    try:
        read(path)
    except (LedgerError, DiskError) as error:
        assert str(path) in error.message or "state that is not known" in error.message
    assert path.stat().st_size >= min(len(content), 4096)


def changed(content: bytes, script: str) -> bytes:
    """The same ledger after some SQL."""
    path = holds(content)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"PRAGMA synchronous = OFF; {script}")
    return path.read_bytes()


@cache
def of_version_1() -> bytes:
    return changed(b"", (SEEDS / "ledger-1.sql").read_text("ascii"))


@target(
    most=60,
    row=rows,
    application=st.just(APPLICATION_ID) | st.integers(-(2**31), 2**31 - 1),
    version=st.sampled_from([1, 1, 1, VERSION + 1, 1000]),
)
def test_T12_a_ledger_of_version_1_keeps_every_job_and_every_other_kind_is_left_alone(
    row: dict[str, Any], application: int, version: int
) -> None:
    row["state"] = JobState.SUBMITTED.value
    path = holds(changed(of_version_1(), f"PRAGMA application_id = {application}; PRAGMA user_version = {version};"))
    insert(path, row)
    before = path.read_bytes()
    try:
        (entry,) = read(path)
    except LedgerError:
        assert path.read_bytes() == before
        assert application != APPLICATION_ID or version > VERSION
        return
    assert application == APPLICATION_ID
    numbers = {name: value for name, value in row.items() if isinstance(value, float) and value != value}
    assert {**row, **dict.fromkeys(numbers)} == {name: getattr(entry, name) for name in row}, "NaN is nothing to SQLite"
