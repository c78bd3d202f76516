"""A record is on the disk line by line, and what a dying process left of it is readable."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hailuo_cli.batch import record
from hailuo_cli.batch.record import Record, RecordLine
from hailuo_cli.errors import DiskError, UsageError


def line(number: int, event: str = "ordered") -> RecordLine:
    return RecordLine(
        event="saved" if event == "saved" else "ordered",
        batch="spring",
        id=f"sku-{number}",
        take=1,
        request_hash="ab" * 32,
        ref=f"pixazo:t{number}",
        price_usd=0.28,
        output=f"out/sku-{number}.mp4",
        at="2026-11-26T14:00:00Z",
    )


def test_every_line_is_on_the_disk_when_write_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fsync

    def counted(handle: int) -> None:
        sync(handle)
        synced.append(Path("r.jsonl").stat().st_size)

    monkeypatch.setattr(os, "fsync", counted)
    with Record(Path("r.jsonl")) as kept:
        synced.clear()
        for number in range(3):
            kept.write(line(number))
            assert synced[-1] == Path("r.jsonl").stat().st_size
    assert len(synced) == 3
    assert record.read([Path("r.jsonl")]) == [line(0), line(1), line(2)]


def test_a_line_has_the_words_of_the_contract() -> None:
    with Record(Path("sub/r.jsonl")) as kept:
        kept.write(line(1))
    (text,) = Path("sub/r.jsonl").read_text().splitlines()
    assert json.loads(text).keys() >= {
        "event", "batch", "id", "take", "request_hash", "ref", "price_usd", "sha256", "output"
    }  # fmt: skip


def test_several_records_are_read_in_their_order_and_each_line_once() -> None:
    for name, numbers in (("a", (1, 2)), ("b", (2, 3))):
        with Record(Path(name)) as kept:
            for number in numbers:
                kept.write(line(number))
    assert record.read([Path("a"), Path("b"), Path("not-yet")]) == [line(1), line(2), line(3)]


@pytest.mark.parametrize("length", [1, 2, 10, 40, 200])
def test_a_cut_line_is_skipped_at_the_end_and_once_another_run_has_gone_on(length: int) -> None:
    with Record(Path("r")) as kept:
        kept.write(line(1))
    whole = Path("r").read_bytes()
    Path("r").write_bytes(whole + whole[:length])
    assert record.read([Path("r")]) == [line(1)]
    with Record(Path("r")) as kept:
        kept.write(line(2))
    assert record.read([Path("r")]) == [line(1), line(2)]


def test_a_whole_line_without_its_end_counts() -> None:
    with Record(Path("r")) as kept:
        kept.write(line(1))
    Path("r").write_bytes(Path("r").read_bytes().rstrip(b"\n"))
    with Record(Path("r")) as kept:
        kept.write(line(2, "saved"))
    assert record.read([Path("r")]) == [line(1), line(2, "saved")]


@pytest.mark.parametrize("text", ["id,prompt", '{"id": "a"}', "[]", '{"schema": "hailuo/record-1x", "id": 3}'])
def test_what_is_no_record_is_refused_with_its_line(text: str) -> None:
    with Record(Path("r")) as kept:
        kept.write(line(1))
    Path("r").write_text(Path("r").read_text() + f"{text}\n")
    with pytest.raises(UsageError, match=r"r:2: not a line of a record"):
        record.read([Path("r")])


def test_a_record_that_cannot_be_written_is_said_before_anything_else() -> None:
    Path("folder").mkdir()
    with pytest.raises(DiskError, match="cannot write the record folder"):
        Record(Path("folder"))
