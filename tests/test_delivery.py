"""Whatever ends a wait or a download, every job that is left behind is named with the exact command that continues."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli import delivery
from hailuo_cli.config import ledger_path, load
from hailuo_cli.delivery import Delivery, collect, deliver
from hailuo_cli.errors import DiskError, Interrupted
from hailuo_cli.jobs import Desk, find_all
from hailuo_cli.ledger import Ledger
from hailuo_cli.model import Secret, State
from hailuo_cli.providers import Progress
from hailuo_cli.transport import Fetcher, Session

from .command import hailuo, point_at
from .standin import StandIn
from .wire import KEY, scripts

JOBS = ["pixazo:one", "pixazo:two"]


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    """A desk at a stand-in of Pixazo whose jobs go on and on."""
    script = scripts()["pixazo"]
    path = ledger_path({"HAILUO_DATA_DIR": str(home / "data")})
    with (
        StandIn(script, course=(State.RUNNING,)) as server,
        Desk(
            config=load(None, None, {"PIXAZO_API_KEY": KEY}),
            open_ledger=lambda: Ledger(path),
            connect=lambda account: Session(account.provider, server.url, Secret(KEY)),
            fetcher=Fetcher,
        ) as ready,
    ):
        yield ready


def test_the_command_that_continues_can_be_pasted_into_a_shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = scripts()["pixazo"]
    with StandIn(script, course=(State.RUNNING,)) as server:
        point_at(server, home, monkeypatch)
        reference, output = f"pixazo:{script.ticket}", "it's a {prompt}.mp4"
        ran = hailuo("wait", reference, "--timeout", "1", "-o", output, "--profile", "test", "--json")
        assert ran.code == 5
        expected = ["hailuo", "wait", reference, "-o", output, "--profile", "test"]
        assert shlex.split(ran.json["error"]["hint"]) == expected


def test_G7_a_ledger_that_fails_during_a_wait_leaves_the_commands_that_continue(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise DiskError("cannot write the ledger", hint="free space")

    monkeypatch.setattr(delivery, "glance", lambda *_: Progress(State.RUNNING, "PROCESSING"))
    monkeypatch.setattr(delivery, "recorded", full)
    with pytest.raises(DiskError) as error:
        list(deliver(desk, find_all(desk, JOBS), Delivery()))
    assert error.value.hint == "free space; then: hailuo wait pixazo:one; hailuo wait pixazo:two"


def test_B6_an_interrupted_download_names_every_job_that_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> Any:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(delivery, "glance", stop)
    with pytest.raises(Interrupted) as stopped:
        list(collect(desk, find_all(desk, JOBS), Delivery()))
    assert stopped.value.hints == ["hailuo download pixazo:one", "hailuo download pixazo:two"]
