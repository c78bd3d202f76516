"""A batch hears of each of its jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hailuo_cli.batch.run import RunOptions, run
from hailuo_cli.batch.workspace import Asked, Workspace
from hailuo_cli.client import Client
from hailuo_cli.config.profiles import Account
from hailuo_cli.model import Job
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.waiting.wakeups import Wakeups
from hailuo_cli.webhooks.places import Place
from tests.support.command import hailuo, ledger_rows

from .caller import CALLING, Caller, at, started


class Noted:
    """Listens to nothing, and notes which jobs were to be rung for."""

    def __init__(self) -> None:
        self.wakeups: Wakeups[str] = Wakeups()
        self.expected: list[str | None] = []

    def new_address(self, account: Account) -> str:
        return Place("https://h.example").for_job()

    def expect(self, job: Job, account: Account) -> bool:
        self.expected.append(job.webhook)
        return True


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_each_job_of_a_batch_has_an_address_and_is_rung_for_also_by_the_run_that_fetches_it(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    caller.calls = False
    caller.finish()
    Path("clips.csv").write_text("id,takes,prompt\na,2,A storm\n")
    with Client().context() as context:
        workspace = Workspace(context, home / "batches", lambda: context.ledger)
        for wait in (False, True):
            noted = Noted()
            plan = workspace.open(Asked(Path("clips.csv"))).plan
            done = run(context, plan, RunOptions(wait=wait), lambda _: None, noted)
            assert (done.errors, done.saved) == ({}, 2 * wait)
            assert sorted(map(str, noted.expected)) == sorted(caller.addresses.values())
    assert len(set(caller.addresses.values())) == 2


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_a_batch_hears_of_its_jobs(caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(caller, home, monkeypatch)
    Path("clips.csv").write_text("id,prompt\na,A storm\n")
    running = started(caller, "batch", "run", "clips.csv", "--yes")
    assert caller.looked.wait(60)
    caller.finish()
    ran = running.end()
    assert (ran.code, ran.out) == (0, f"{Path.cwd() / 'a.mp4'}\n"), ran.err
    assert [got.status for got in caller.answers] == [200]
    assert ran.err.count("it does not sign its calls; the unguessable address is what protects it") == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [("novita,,x", "Novita has no webhooks"), ("pixazo,https://you.example,x", "b has a webhook")],
)
def test_a_batch_with_one_row_that_cannot_be_heard_of_orders_nothing(
    row: str, said: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("novita", "pixazo"):
        monkeypatch.setenv(str(PROVIDERS[name].key_env), "no-key")
    Path("clips.csv").write_text(f"id,provider,webhook,prompt\na,pixazo,,A storm\nb,{row}\n")
    ran = hailuo("batch", "run", "clips.csv", "--yes", "--listen", "https://h.example.com")
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert ledger_rows(home) == []
