"""The steps after saving, without a job's way there: what goes wrong is told and loses nothing."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.errors import DiskError, UsageError
from hailuo_cli.films import after
from hailuo_cli.films.labels import reading
from hailuo_cli.model import Job, JobState

from ..support.films import film


def saved(path: Path) -> Job:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Job("abcd1234", "kie", JobState.SAVED, ticket="t", path=str(path), sha256=digest, bytes=len(content))


def note(job: Job, sha256: str, size: int) -> Job:
    return replace(job, sha256=sha256, bytes=size)


def steps(**asked: Any) -> after.After:
    options = {"label": False, "info": False, "command": None, "to_pipe": False, "environ": {}, **asked}
    return after.plan(**options, which=lambda name: f"/bin/{name}")


def test_a_label_takes_the_place_of_the_film_with_its_mode(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    path.chmod(0o640)
    job = saved(path)
    told: list[str] = []
    now = steps(label=True).finish(job, note, told.append)
    assert not told
    assert now == saved(path) != job
    assert path.stat().st_mode & 0o777 == 0o640
    assert json.loads((tmp_path / "a.info.json").read_text())["source_sha256"] == job.sha256
    assert {p.name for p in tmp_path.iterdir()} == {"a.mp4", "a.info.json", "work"}


def test_a_film_that_cannot_be_labelled_stays_as_it_came_and_is_described(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no film at all")
    told: list[str] = []
    job = saved(path)
    assert steps(label=True).finish(job, note, told.append) == job
    assert len(told) == 1
    assert path.read_bytes() == b"no film at all"
    assert json.loads((tmp_path / "a.info.json").read_text())["sha256"] == job.sha256


def test_where_the_new_hash_cannot_be_written_down_the_film_stays(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    job = saved(path)
    told: list[str] = []

    def full(job: Job, sha256: str, size: int) -> Job:
        raise DiskError("the disk is full")

    assert steps(label=True).finish(job, full, told.append) == job
    assert saved(path) == job
    assert "the disk is full" in told[0]


def test_the_ledger_knows_the_new_hash_before_the_file_has_it(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    before = path.read_bytes()

    def noted(job: Job, sha256: str, size: int) -> Job:
        assert path.read_bytes() == before
        return note(job, sha256, size)

    steps(label=True).finish(saved(path), noted, pytest.fail)
    assert reading.read(path).says_generated


def test_a_document_is_renewed_for_the_same_job_and_only_then(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    told: list[str] = []
    document = tmp_path / "a.info.json"
    for prompt in ("one", "two"):
        steps(info=True).finish(replace(saved(path), prompt=prompt), note, told.append)
        assert json.loads(document.read_text())["prompt"] == prompt
    steps(info=True).finish(replace(saved(path), id="another1"), note, told.append)
    assert json.loads(document.read_text())["id"] == "abcd1234"
    assert "is there already" in told[0]


def test_a_film_that_went_to_a_pipe_has_nothing_done_to_it() -> None:
    job = Job("abcd1234", "kie", JobState.SAVED)
    what = steps(info=True, command="echo {path}")
    assert what.finish(job, note, pytest.fail) == job
    what.hand_on(job, pytest.fail)


@pytest.mark.parametrize("asked", [{"label": True}, {"info": True}, {"command": "echo"}])
def test_what_needs_a_file_is_refused_for_a_pipe(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="needs a file"):
        steps(to_pipe=True, **asked)


def test_a_label_without_pyav_is_refused_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[str], object] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "av" else find(name))
    with pytest.raises(UsageError, match="--label needs the extra"):
        steps(label=True)
