"""Looking at a batch: its rows as they were ordered, with nothing that only an order needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hailuo_cli.model import RemoteState
from hailuo_cli.providers import PROVIDERS
from tests.support.command import hailuo, point_at
from tests.support.standin import StandIn
from tests.wire import pixazo


def test_without_any_key_a_batch_is_looked_at_and_reported_on_as_it_was_ordered(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("clips.csv").write_text("id,prompt\nboat,A boat\ntree,A tree\n")
    with StandIn(pixazo.SCRIPT, course=(RemoteState.DONE,)) as server:
        point_at(server, home, monkeypatch)
        run = hailuo("batch", "run", "clips.csv", "--provider", "pixazo", "--yes")
        assert run.code == 0, run.err
    monkeypatch.delenv(str(PROVIDERS["pixazo"].key_env))
    for words in (["status", "clips"], ["status", "clips.csv"], ["report", "clips", "-o", "page.html"]):
        ran = hailuo("batch", *words)
        assert ran.code == 0, ran.err
    assert hailuo("batch", "status", "clips", "--json").json["data"]["rows"][0]["state"] == "done"
    assert hailuo("batch", "plan", "clips.csv").code == 3, "a plan would order"
