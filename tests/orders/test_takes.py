"""Several takes of one request: jobs of one group, each paid for once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.model import RemoteState
from tests.support.command import hailuo, point_at
from tests.support.standin import StandIn
from tests.wire import pixazo

TAKES = ("generate", "a bear", "--takes", "3", "-o", "clip.mp4", "--json", "--poll-interval", "1s")


@pytest.fixture
def shop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(pixazo.SCRIPT, course=(RemoteState.DONE,)) as server:
        point_at(server, home, monkeypatch)
        yield server


def taken(*words: str) -> list[dict[str, Any]]:
    ran = hailuo(*TAKES, "--provider", "pixazo", *words)
    assert ran.code == 0, ran.err
    return sorted(ran.json["data"]["jobs"], key=lambda job: job["take"])


def test_takes_are_jobs_of_one_group_and_each_has_a_name_of_its_own(shop: StandIn) -> None:
    jobs = taken()
    assert [job["take"] for job in jobs] == [1, 2, 3]
    assert len({job["group"] for job in jobs}) == 1
    assert jobs[0]["group"]
    assert [Path(job["path"]).name for job in jobs] == ["clip.mp4", "clip.take-2.mp4", "clip.take-3.mp4"]
    assert [job["reused"] for job in jobs] == [None] * 3
    assert len(shop.ordered) == 3


def test_the_same_takes_again_order_only_what_is_missing_in_the_same_group(shop: StandIn) -> None:
    group = taken()[0]["group"]
    Path("clip.take-2.mp4").unlink()
    again = taken()
    assert [job["reused"] for job in again] == ["saved"] * 3
    assert Path("clip.take-2.mp4").exists()
    four = taken("--takes", "4")
    assert [job["reused"] for job in four] == ["saved", "saved", "saved", None]
    assert {job["group"] for job in four} == {group}
    assert len(shop.ordered) == 4


def test_with_a_dedupe_key_each_take_has_its_own(shop: StandIn) -> None:
    jobs = taken("--dedupe-key", "monday")
    assert [job["dedupe_key"] for job in jobs] == [f"monday/take-{n}" for n in (1, 2, 3)]
    assert [job["reused"] for job in taken("--dedupe-key", "monday")] == ["saved"] * 3
    assert len(shop.ordered) == 3
