"""Whatever ends a wait or a download, every job that is left behind is named with the exact command that continues."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.cli.flags import Globals
from hailuo_cli.cli.follow import follow
from hailuo_cli.cli.next_commands import advice, commands
from hailuo_cli.cli.show import Show
from hailuo_cli.config.paths import ledger_path
from hailuo_cli.config.profiles import load
from hailuo_cli.errors import DiskError, Interrupted, StillRunning
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState, RemoteState, Secret
from hailuo_cli.orders import steps
from hailuo_cli.orders import wait_and_save as delivery
from hailuo_cli.orders.context import Context
from hailuo_cli.orders.delivery import Delivery
from hailuo_cli.orders.events import Event, Finished, StatusChecked
from hailuo_cli.orders.lookup import find_all
from hailuo_cli.orders.wait_and_save import collect, deliver
from hailuo_cli.providers import Progress
from hailuo_cli.transport import Fetcher, Session
from hailuo_cli.waiting import polling
from hailuo_cli.wire import Call, Reply, Upload
from tests.support.command import hailuo, point_at
from tests.support.standin import StandIn
from tests.waiting.test_polling import Clock
from tests.wire import KEY, scripts

JOBS = ["pixazo:one", "pixazo:two"]


@pytest.fixture
def desk(home: Path) -> Iterator[Context]:
    """A desk at a stand-in of Pixazo whose jobs go on and on."""
    script = scripts()["pixazo"]
    path = ledger_path({"HAILUO_DATA_DIR": str(home / "data")})
    with (
        StandIn(script, course=(RemoteState.RUNNING,)) as server,
        Context(
            config=load(None, None, {"PIXAZO_API_KEY": KEY}),
            open_ledger=lambda: Ledger(path),
            connect=lambda account: Session(account.provider, server.url, Secret(KEY)),
            fetcher=Fetcher,
        ) as ready,
    ):
        yield ready


def test_the_command_that_continues_can_be_pasted_into_a_shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = scripts()["pixazo"]
    with StandIn(script, course=(RemoteState.RUNNING,)) as server:
        point_at(server, home, monkeypatch)
        reference, output = f"pixazo:{script.ticket}", "it's a {prompt}.mp4"
        ran = hailuo("wait", reference, "--timeout", "1", "-o", output, "--profile", "test", "--json")
        assert ran.code == 5
        expected = ["hailuo", "wait", reference, "-o", output, "--profile", "test"]
        assert shlex.split(ran.json["error"]["hint"]) == expected


def test_G7_a_ledger_that_fails_during_a_wait_leaves_the_commands_that_continue(
    desk: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise DiskError("cannot write the ledger", hint="free space")

    monkeypatch.setattr(steps, "check_once", lambda *_: Progress(RemoteState.RUNNING, "PROCESSING"))
    monkeypatch.setattr(delivery, "record_progress", full)
    with pytest.raises(DiskError) as error:
        list(deliver(desk, find_all(desk, JOBS), Delivery()))
    assert advice(error.value, Globals()) == "free space; then: hailuo wait pixazo:one pixazo:two"


def test_B6_an_interrupted_download_names_every_job_that_is_left(
    desk: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> Any:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(delivery, "check_once", stop)
    with pytest.raises(Interrupted) as stopped:
        list(collect(desk, find_all(desk, JOBS), Delivery()))
    assert commands(stopped.value.next_step, Globals()) == ["hailuo download pixazo:one pixazo:two"]


# how long jobs take


class Seller:
    """ApiInOne far away: a job that it takes at `began` is done after `seconds`; both clocks are the test's own."""

    base_url = "https://api.far.example"

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds, self.began = clock, seconds, clock()
        self.looks: list[float] = []

    def send(self, request: Call | Upload, *, until: float | None = None) -> Reply:
        assert isinstance(request, Call)
        self.looks.append(self.clock())
        done = self.clock() - self.began >= self.seconds
        said = {"output": {"video_url": "https://v.example/a.mp4"}} if done else {}
        return Reply({"status": "completed" if done else "processing", **said}, 200)

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def gaps(self) -> list[float]:
        return [after - before for before, after in zip(self.looks, self.looks[1:], strict=False)]


class Shop:
    """A desk at the far seller, with a ledger that lasts over several waits."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.path = path
        self.seller = Seller(self.clock, 0)

    def ordered(self, seconds: float, **facts: Any) -> Job:
        self.seller = Seller(self.clock, seconds)
        known = {"model": "hailuo-2-3", "duration": 6, "resolution": "768P", "fingerprint": "f", **facts}
        with Ledger(self.path, now=self.clock) as ledger:
            intent = Job("", "apiinone", JobState.SUBMITTED, ticket=f"t{self.clock()}", **known)
            return ledger.begin(intent)[0]

    def waited(self, entry: Job, **how: Any) -> list[Event]:
        seller: Any = self.seller
        desk = Context(
            config=load(None, None, {"APIINONE_API_KEY": KEY}),
            open_ledger=lambda: Ledger(self.path, now=self.clock),
            connect=lambda _: seller,
            fetcher=Fetcher,
            clock=self.clock,
            now=self.clock,
            sleep=self.clock.sleep,
        )
        with desk:
            return list(deliver(desk, [entry], Delivery(save=False, **how)))

    def past(self, like: Job) -> list[float]:
        with Ledger(self.path) as ledger:
            return ledger.durations(like, 30)


@pytest.fixture
def shop(home: Path) -> Shop:
    return Shop(ledger_path({"HAILUO_DATA_DIR": str(home / "data")}))


def test_a_job_that_was_watched_to_its_end_teaches_how_long_such_jobs_take(shop: Shop) -> None:
    entry = shop.ordered(seconds=200)
    shop.waited(entry)
    (took,) = shop.past(entry)
    assert took == pytest.approx(200, rel=0.13)
    other = shop.ordered(seconds=50, resolution="1080P")
    assert shop.past(other) == [], "another kind of job"


def test_a_job_that_was_picked_up_later_teaches_nothing(shop: Shop) -> None:
    entry = shop.ordered(seconds=200)
    shop.clock.now += 86_400
    assert isinstance(shop.waited(entry)[-1], Finished)
    assert shop.past(entry) == []


def test_a_wait_that_saw_it_at_work_long_before_the_end_teaches_nothing(shop: Shop) -> None:
    entry = shop.ordered(seconds=200)
    with_gap = shop.waited(entry, timeout=5)
    assert isinstance(with_gap[-1], Finished)
    assert isinstance(with_gap[-1].error, StillRunning)
    shop.clock.now += 3600
    shop.waited(with_gap[-1].job)
    assert shop.past(entry) == []


def test_a_wait_that_looked_too_rarely_to_tell_teaches_nothing(shop: Shop) -> None:
    entry = shop.ordered(seconds=200)
    shop.waited(entry, poll_interval=150)
    assert len(shop.seller.looks) == 3
    assert shop.past(entry) == []


def test_a_job_of_another_machine_has_no_age_and_no_outlook(shop: Shop) -> None:
    entry = shop.ordered(seconds=100, fingerprint=None)
    seen = [event for event in shop.waited(entry) if isinstance(event, StatusChecked)]
    assert {event.eta for event in seen} == {None}
    assert shop.past(entry) == []


def test_what_was_learned_makes_looks_rare_before_the_expected_end_and_dense_around_it(shop: Shop) -> None:
    for _ in range(6):
        shop.waited(shop.ordered(seconds=400))
    unlearned = len(shop.seller.looks)
    entry = shop.ordered(seconds=400)
    seen = [event for event in shop.waited(entry) if isinstance(event, StatusChecked)]
    assert seen[0].eta
    low, high = seen[0].eta.left(shop.seller.began) or (0, 0)
    assert 200 < low < 400 < high < 800
    gaps = shop.seller.gaps
    assert min(gaps) >= 6, "the provider's own interval"
    assert gaps[0] == pytest.approx(polling.LONGEST_GAP, rel=0.06)
    assert gaps[-2] < 10
    assert len(shop.seller.looks) <= unlearned


def test_an_interval_that_was_asked_for_stays_as_it_is_whatever_is_known(shop: Shop) -> None:
    entry = shop.ordered(seconds=400)
    shop.waited(entry, poll_interval=20)
    assert all(20 <= gap <= 24 for gap in shop.seller.gaps)


def test_B5_a_signal_that_arrives_while_an_event_is_shown_names_the_jobs_that_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def events() -> Iterator[Finished]:
        try:
            yield Finished(Job("abcd2345", "pixazo", JobState.SAVED, ticket="one", path="one.mp4", bytes=1))
        except Interrupted as stop:
            stop.notes.append("pixazo:two is left")
            raise

    def stops(_: str) -> None:
        raise Interrupted(signal.SIGTERM)

    show = Show(Globals())
    monkeypatch.setattr(show, "say", stops)
    with pytest.raises(Interrupted) as stopped:
        follow(events(), show, one=False, count=2)
    assert stopped.value.notes == ["pixazo:two is left"]
