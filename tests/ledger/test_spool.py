"""A ticket that the ledger cannot take is noted in a second place and brought in by the next command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hailuo_cli.ledger.spool import Note, found, keep
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState

POSIX = pytest.mark.skipif(os.name == "nt", reason="owners and modes are those of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite3"


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    return [tmp_path / "first", tmp_path / "second"]


ID = "0123456789abcdef"
"""What a ledger calls itself."""


def note(path: Path, **changes: str) -> Note:
    return Note(**{"ledger": ID, "job": "abcdefgh", "provider": "pixazo", "ticket": "job-1", **changes})


def test_a_note_is_found_by_the_ledger_it_is_for_and_by_no_other(path: Path, places: list[Path]) -> None:
    kept = keep(note(path), places)
    assert kept is not None
    assert kept.parent == places[0]
    assert list(found(ID, places, path=path)) == [(kept, note(path))]
    assert list(found("another", places, path=path)) == []


@POSIX
def test_a_note_is_for_its_owner_alone(path: Path, places: list[Path]) -> None:
    kept = keep(note(path), places)
    assert kept is not None
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_G8_where_the_first_place_takes_nothing_the_second_does(path: Path, places: list[Path]) -> None:
    places[0].touch()
    kept = keep(note(path), places)
    assert kept is not None
    assert kept.parent == places[1]
    places[1].chmod(0o700)
    assert [found_note for _, found_note in found(ID, places, path=path)] == [note(path)]


def test_where_no_place_takes_it_that_is_said(path: Path, places: list[Path]) -> None:
    for place in places:
        place.touch()
    assert keep(note(path), places) is None


@POSIX
def test_what_others_can_write_is_neither_written_nor_read(path: Path, places: list[Path]) -> None:
    kept = keep(note(path), places)
    assert kept is not None
    places[0].chmod(0o777)
    assert list(found(ID, places, path=path)) == []
    other = keep(note(path), places)
    assert other is not None
    assert other.parent == places[1]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ledger": 1}', '{"entry": "x"}', "[" * 5000])
def test_a_damaged_note_is_passed_over(text: str, path: Path, places: list[Path]) -> None:
    kept = keep(note(path), places)
    assert kept is not None
    kept.write_text(text)
    assert list(found(ID, places, path=path)) == []


def test_G8_the_next_command_brings_the_ticket_in_and_takes_the_note_away(path: Path, places: list[Path]) -> None:
    with Ledger(path, spools=places) as ledger:
        entry, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING))
        kept = ledger.spool(entry, "job-1")
        assert kept is not None
    with Ledger(path, spools=places) as ledger:
        now = ledger.again(entry)
        assert (now.state, now.ref) == (JobState.SUBMITTED, "pixazo:job-1")
        assert len(ledger.recent()) == 1
    assert not kept.exists()


def test_G8_a_ticket_whose_order_was_given_up_meanwhile_is_a_job_all_the_same(path: Path, places: list[Path]) -> None:
    with Ledger(path, spools=places) as ledger:
        entry, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING))
        ledger.move(entry, JobState.NOT_SENT)
        ledger.spool(entry, "job-1")
    with Ledger(path, spools=places) as ledger:
        assert ledger.again(entry).state is JobState.NOT_SENT
        job = ledger.by_ticket("pixazo", "job-1")
        assert job is not None
        assert job.state is JobState.SUBMITTED


def test_G8_an_empty_ledger_says_what_is_noted_for_one_that_was_moved_away(path: Path, places: list[Path]) -> None:
    with Ledger(path, spools=places) as ledger:
        entry, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING))
        kept = ledger.spool(entry, "job-1")
    path.rename(path.with_name("damaged"))
    said: list[str] = []
    with Ledger(path, spools=places, say=said.append) as ledger:
        assert ["pixazo:job-1" in line and str(kept) in line for line in said] == [True]
        ledger.adopt("pixazo", "job-1")
    with Ledger(path, spools=places, say=said.append):
        assert len(said) == 1


def test_G8_a_note_that_was_taken_in_but_not_removed_changes_nothing(path: Path, places: list[Path]) -> None:
    with Ledger(path, spools=places) as ledger:
        entry, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING))
        ledger.spool(entry, "job-1")
        ledger.move(entry, JobState.SUBMITTED, ticket="job-1")
        ledger.move(entry, JobState.SUCCEEDED)
    with Ledger(path, spools=places) as ledger:
        assert [(e.id, e.state) for e in ledger.recent()] == [(entry.id, JobState.SUCCEEDED)]
    assert list(found(ID, places, path=path)) == []


def test_B5_a_note_is_found_whatever_the_folder_of_its_ledger_is_called(path: Path, places: list[Path]) -> None:
    with Ledger(path, spools=places) as ledger:
        entry, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING))
        ledger.spool(entry, "job-1")
    alias = path.parent.with_name(f"{path.parent.name}-alias")
    alias.symlink_to(path.parent)
    with Ledger(alias / path.name, spools=places) as ledger:
        assert ledger.again(entry).ref == "pixazo:job-1"


def test_a_note_of_the_first_release_which_names_the_path_is_found_too(path: Path, places: list[Path]) -> None:
    kept = keep(note(path), places)
    assert kept is not None
    kept.write_text(json.dumps({"ledger": str(path), "entry": "abcdefgh", "provider": "pixazo", "ticket": "job-1"}))
    assert [found_note.job for _, found_note in found(ID, places, path=path)] == ["abcdefgh"]
