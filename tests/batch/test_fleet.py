"""One batch, several machines: rows through a queue, each ordered once, whoever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("procrastinate")

from hailuo_cli.batch.fleet.enqueue import enqueue, replaces, tasks_of
from hailuo_cli.batch.fleet.queue import Claimed, Queue
from hailuo_cli.batch.fleet.rates import SharedLimiter
from hailuo_cli.batch.fleet.task_orders import Folders
from hailuo_cli.batch.fleet.work import Done, WorkOptions, work
from hailuo_cli.batch.planning import Rules
from hailuo_cli.batch.workspace import Asked, Workspace
from hailuo_cli.client import Client
from hailuo_cli.errors import CostLimit, HailuoError, JobFailed, Unconfirmed
from hailuo_cli.ledger.postgres import PostgresLedger
from hailuo_cli.orders.context import Context
from tests.support.command import Running, hailuo
from tests.support.pgbouncer import IS_ASKED_FOR
from tests.support.postgres import execute
from tests.support.sellers import Sellers

GUARD = 300.0


@pytest.fixture
def sellers(home: Path, monkeypatch: pytest.MonkeyPatch, empty_database: str) -> Iterator[Sellers]:
    monkeypatch.setenv("HAILUO_LEDGER", empty_database)
    with Sellers(0.3) as found:
        found.configure(home, monkeypatch)
        yield found


@dataclass(frozen=True)
class Machine:
    """One of several machines, with a data folder of its own."""

    home: Path
    name: str

    def client(self) -> Client:
        return Client(environ={**os.environ, "HAILUO_DATA_DIR": str(self.home / self.name / "data")})

    def work(self, at_once: int = 8) -> Done:
        """Work here until nothing is left to claim."""
        with self.client().context() as context:
            ledger = shared(context)
            context.limiter = lambda place, rate: SharedLimiter(ledger.store, place, rate, context.clock)
            folder = self.home / self.name
            options = WorkOptions(Folders(folder / "out", folder / "data" / "images"), at_once, once=True)
            with Queue(ledger.server) as queue:
                return work(context, ledger, queue, options, lambda _: None)

    def enqueue(self, budget: str | None = None, rules: Rules | None = None) -> int:
        """Hand over what a run would order; how many takes were new."""
        with self.client().context() as context:
            ledger = shared(context)
            asked = Asked(Path("clips.toml"), rules=replace(rules or Rules(), replaces=replaces))
            opened = self.workspace(context).open(asked)
            assert not opened.bad, opened.bad
            tasks = tasks_of(opened.plan, opened.attempts, ledger.waiting("clips"))
            with Queue(ledger.server) as queue:
                return enqueue(ledger.store, queue, opened.plan, tasks, Decimal(budget) if budget else None, None)

    def states(self) -> Counter[str]:
        with self.client().context() as context:
            opened = self.workspace(context).open(Asked(Path("clips.toml")))
            return Counter(str(take.state) for take in opened.plan.takes)

    def workspace(self, context: Context) -> Workspace:
        return Workspace(context, self.home / self.name / "batches", lambda: context.ledger)


def shared(context: Context) -> PostgresLedger:
    assert isinstance(context.ledger, PostgresLedger)
    return context.ledger


@contextmanager
def in_its_hands(machine: Machine) -> Iterator[tuple[Queue, Claimed]]:
    """A worker that has taken the next row, and its queue."""
    with machine.client().context() as context, Queue(shared(context).server) as queue:
        queue.start_worker()
        claimed = queue.claim(["pixazo"])
        assert claimed
        yield queue, claimed


def rows(*prompts: str, top: str = "") -> None:
    lines = [top, *(f'[[clip]]\nid = "row-{n}"\nprompt = "{prompt}"' for n, prompt in enumerate(prompts))]
    Path("clips.toml").write_text("\n".join(lines) + "\n")


def numbered(count: int) -> list[str]:
    return [f"A boat number {number}" for number in range(count)]


def at_once(machines: Sequence[Machine]) -> list[Done]:
    with ThreadPoolExecutor(len(machines)) as pool:
        return list(pool.map(Machine.work, machines))


def kinds(errors: Sequence[HailuoError]) -> Counter[type[HailuoError]]:
    return Counter(type(error) for error in errors)


def saved(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob("*/out/*.mp4"))


def test_two_machines_make_each_row_once_and_save_it_under_their_own_roots(home: Path, sellers: Sellers) -> None:
    rows(*numbered(10))
    one, two = Machine(home, "one"), Machine(home, "two")
    assert one.enqueue() == 10
    assert two.enqueue() == 0, "what waits is not enqueued again"
    assert two.states() == {"queued": 10}
    assert sum(done.saved for done in at_once([one, two])) == 10
    assert Counter(sellers.orders) == Counter(numbered(10))
    assert saved(home) == sorted(f"row-{n}.mp4" for n in range(10))
    for machine in (one, two):
        shutil.rmtree(home / machine.name / "out", ignore_errors=True)
    assert two.states() == {"missing": 10}, "saved, but not on this machine"
    ran = hailuo("batch", "run", "clips.toml", "--yes", timeout=GUARD)
    assert ran.code == 0, ran
    assert len(sellers.orders) == 10, "what is missing is fetched and not ordered"
    assert two.states() == {"done": 10}


def test_a_picture_goes_by_its_content_and_a_worker_s_own_defaults_change_nothing(
    home: Path, sellers: Sellers, frame: Path
) -> None:
    rows("A boat")
    text = Path("clips.toml").read_text()
    Path("clips.toml").write_text(f'{text}image = "{frame}"\n')
    one = Machine(home, "one")
    one.enqueue()
    Path("clips.toml").unlink()
    config = Path(os.environ["HAILUO_CONFIG"])
    config.write_text(config.read_text().replace("[profiles.test]\n", "[profiles.test]\nduration = 10\n", 1))
    assert one.work().saved == 1
    assert [path.read_bytes() for path in (home / "one" / "data" / "images").iterdir()] == [frame.read_bytes()]
    assert saved(home) == ["row-0.mp4"]
    with one.client().open_ledger() as ledger:
        assert [job.duration for job in ledger.recent()] == [6]


def test_a_budget_holds_for_all_workers_together(home: Path, sellers: Sellers) -> None:
    rows(*numbered(4))
    one, two = Machine(home, "one"), Machine(home, "two")
    one.enqueue(budget="0.70")
    done = at_once([one, two])
    assert len(sellers.orders) == 2
    assert kinds([error for each in done for error in each.errors]) == {CostLimit: 2}
    assert one.states() == {"done": 2, "new": 2}


def test_a_row_whose_answer_was_lost_is_unconfirmed_and_a_failed_one_is_not_tried_again(
    home: Path, sellers: Sellers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hailuo_cli.batch.fleet.work.NOT_SENT_PAUSE", 0.2)
    rows("LOST boat", "FAIL boat", "REFUSE boat", "A boat")
    sellers.slow_down = 2
    one, two = Machine(home, "one"), Machine(home, "two")
    one.enqueue()
    done = one.work()
    assert kinds(done.errors)[Unconfirmed] == kinds(done.errors)[JobFailed] == 1
    assert sorted(sellers.orders) == ["A boat", "FAIL boat", "LOST boat"]
    states = {"unconfirmed": 1, "failed": 1, "refused": 1, "done": 1}
    assert one.states() == states
    assert two.enqueue() == 0
    assert two.work().ordered == []
    two.enqueue(rules=Rules(retry_failed=True))
    two.work()
    assert Counter(sellers.orders)["FAIL boat"] == 2, "only when it is asked for"
    assert one.states() == states


def test_a_task_that_is_handed_out_twice_is_ordered_once(home: Path, sellers: Sellers, empty_database: str) -> None:
    rows("A boat", "FAIL ship")
    one, two = Machine(home, "one"), Machine(home, "two")
    one.enqueue()
    doubled = (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, queueing_lock) SELECT queue_name, task_name, args,"
        " queueing_lock || '-again' FROM procrastinate_jobs"
    )
    execute(empty_database, doubled)
    at_once([one, two])
    assert Counter(sellers.orders) == {"A boat": 1, "FAIL ship": 1}
    assert one.states() == {"done": 1, "failed": 1}


def test_an_edit_of_a_row_that_waits_is_ordered_instead_of_it(home: Path, sellers: Sellers) -> None:
    here = Machine(home, "here")
    rows("A boat", "A bear")
    assert here.enqueue() == 2
    rows("A boat at night", "A bear")
    ran = hailuo("batch", "plan", "clips.toml", "--json")
    assert [take["state"] for take in ran.json["data"]["rows"]] == ["queued", "queued"]
    assert here.enqueue() == 1, "the bear waits as it is"
    assert here.states() == {"queued": 2}
    assert len(here.work().ordered) == 2
    assert sorted(sellers.orders) == ["A bear", "A boat at night"]
    assert here.states() == {"done": 2}


def test_an_edit_of_a_row_that_a_worker_has_in_its_hands_is_a_change_afterwards(home: Path, sellers: Sellers) -> None:
    here = Machine(home, "here")
    rows("A boat")
    here.enqueue()
    with in_its_hands(here) as (queue, claimed):
        rows("A boat at night")
        assert here.enqueue() == 0
        queue.put_back(claimed)
    here.work()
    assert sellers.orders == ["A boat"]
    assert here.states() == {"changed": 1}


EDITS = {
    "another seller": ('provider = "fal"', 'provider = "myrouter"'),
    "another place": ('output = "a/{id}.mp4"', 'output = "b/{id}.mp4"'),
    "a lower limit": ("max_cost = 5.0", "max_cost = 0.5"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_any_edit_of_a_row_that_waits_takes_its_place(home: Path, sellers: Sellers, edit: tuple[str, str]) -> None:
    here = Machine(home, "here")
    before, after = (f'[[clip]]\nid = "Row"\nprompt = "A boat"\n{line}\n' for line in edit)
    Path("clips.toml").write_text(before)
    assert here.enqueue() == 1
    assert here.enqueue() == 0, "nothing was edited"
    Path("clips.toml").write_text(after)
    assert here.enqueue() == 1
    ((task,),) = execute(os.environ["HAILUO_LEDGER"], "SELECT args FROM procrastinate_jobs")
    name, _, value = edit[1].partition(" = ")
    assert str({**task, **task["options"]}[name]) == value.strip('"')


def test_what_was_not_edited_waits_as_it_is_whatever_machine_enqueues_it(
    home: Path, sellers: Sellers, frame: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'[[clip]]\nid = "row"\nprompt = "A boat"\nimage = "{frame.name}"\nprovider = "pixazo,myrouter"\n'
    for number, folder in enumerate((home / "a", home / "b", home / "a")):
        folder.mkdir(exist_ok=True)
        (folder / "clips.toml").write_text(text)
        shutil.copy(frame, folder)
        monkeypatch.chdir(folder)
        if number:
            monkeypatch.delenv("PIXAZO_API_KEY", raising=False)
        assert Machine(home, f"machine-{number}").enqueue() == (not number)


def test_batches_whose_names_differ_in_case_alone_have_rows_of_their_own(home: Path, sellers: Sellers) -> None:
    for name in ("clips", "Clips"):
        Path("clips.toml").write_text(f'name = "{name}"\n[[clip]]\nid = "row"\nprompt = "A boat of {name}"\n')
        assert Machine(home, name).enqueue() == 1
    assert execute(os.environ["HAILUO_LEDGER"], "SELECT count(*) FROM procrastinate_jobs") == [(2,)]


def test_a_row_whose_paid_video_is_still_to_be_saved_waits_as_it_is(home: Path, sellers: Sellers) -> None:
    here = Machine(home, "here")
    rows("A boat")
    ran = hailuo("batch", "run", "clips.toml", "--yes", "--no-wait", timeout=GUARD)
    assert ran.code == 0, ran
    assert here.enqueue() == 1, "for a worker to save it"
    rows("A boat at night")
    assert here.enqueue() == 0
    assert here.work().saved == 1
    assert here.states() == {"changed": 1}
    assert here.enqueue() == 1
    assert here.work().saved == 1
    assert sellers.orders == ["A boat", "A boat at night"]


def test_an_edit_that_spells_the_id_in_another_way_is_one_order(home: Path, sellers: Sellers) -> None:
    here = Machine(home, "here")
    Path("clips.toml").write_text('[[clip]]\nid = "Row"\nprompt = "A boat"\n')
    assert here.enqueue() == 1
    Path("clips.toml").write_text('[[clip]]\nid = "row"\nprompt = "A boat at dusk"\n')
    assert here.enqueue() == 1
    assert len(here.work().ordered) == 1
    assert sellers.orders == ["A boat at dusk"]


def test_a_row_that_a_worker_takes_while_it_is_asked_whether_to_enqueue_it_stays_one(
    home: Path, sellers: Sellers
) -> None:
    here = Machine(home, "here")
    rows("A boat")
    here.enqueue()
    rows("A boat at night")
    with here.client().context() as context, Queue(shared(context).server) as queue:
        ledger = shared(context)
        asked = Asked(Path("clips.toml"), rules=Rules(replaces=replaces))
        opened = here.workspace(context).open(asked)
        wanted = tasks_of(opened.plan, opened.attempts, ledger.waiting("clips"))
        assert len(wanted) == 1
        queue.start_worker()
        claimed = queue.claim(["pixazo"])
        assert claimed
        assert enqueue(ledger.store, queue, opened.plan, wanted, None, None) == 0
        queue.put_back(claimed)
    assert here.work().errors == []
    assert sellers.orders == ["A boat"]


def test_a_row_that_was_put_in_again_while_a_worker_had_it_stops_no_worker(home: Path, sellers: Sellers) -> None:
    """As two of an older version could do it, which did not look at what workers have in their hands."""
    here = Machine(home, "here")
    rows("A boat")
    here.enqueue()
    with in_its_hands(here) as (queue, claimed):
        execute(
            os.environ["HAILUO_LEDGER"],
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args)"
            " SELECT queue_name, task_name, queueing_lock, args FROM procrastinate_jobs",
        )
        queue.put_back(claimed)
    assert len(here.work().ordered) == 1
    assert sellers.orders == ["A boat"]


def test_workers_together_keep_one_rate(home: Path, sellers: Sellers) -> None:
    with Machine(home, "one").client().context() as first, Machine(home, "two").client().context() as second:
        stores = [shared(context).store for context in (first, second)]
        waits = [stores[number % 2].take_slot("https://a.example", 2.0) for number in range(8)]
        assert waits[0] == 0
        assert waits[-1] == pytest.approx(7 / 2, abs=1.0), "seven slots of half a second later"
        stores[0].pause("https://b.example", 60.0)
        assert stores[1].take_slot("https://b.example", 2.0) > 50


def worker(monkeypatch: pytest.MonkeyPatch, home: Path, name: str, *words: str) -> Running:
    """The installed command on a machine of its own."""
    monkeypatch.setenv("HAILUO_DATA_DIR", str(home / name / "data"))
    started = Running("batch", "work", "--output-root", str(home / name / "out"), *words)
    monkeypatch.setenv("HAILUO_DATA_DIR", str(home / "data"))
    return started


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_rows_of_a_worker_that_ended_go_on_with_another_one_and_cost_nothing_twice(
    number: int, home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers
) -> None:
    rows(*numbered(6))
    sellers.seconds, sellers.orders_before_the_event = 5.0, 3
    Machine(home, "one").enqueue()
    first = worker(monkeypatch, home, "one", "--at-once", "4")
    assert sellers.ordered.wait(GUARD)
    began = time.monotonic()
    first.signal(number)
    ended = first.end(GUARD)
    sellers.seconds = 0.2
    if number == signal.SIGTERM:
        assert time.monotonic() - began < 8
        assert ended.code in (143, 7), ended
    done = Machine(home, "one").work()
    assert max(Counter(sellers.orders).values()) == 1
    found = Machine(home, "one").states()
    assert found["done"] + found["unconfirmed"] == 6, found
    assert found["unconfirmed"] <= 1
    assert kinds(done.errors)[Unconfirmed] == found["unconfirmed"] or number == signal.SIGTERM


def test_run_with_a_fleet_enqueues_and_watches_to_the_end(
    home: Path, monkeypatch: pytest.MonkeyPatch, sellers: Sellers
) -> None:
    rows("A boat", "A ship")
    late = hailuo("batch", "run", "clips.toml", "--fleet", "--yes", "--timeout", "1", "--json", timeout=GUARD)
    assert late.code == 5, late
    assert late.json["data"]["totals"]["by_state"] == {"queued": 2}
    helper = worker(monkeypatch, home, "one", "--once")
    ran = hailuo("batch", "run", "clips.toml", "--fleet", "--yes", "--json", timeout=GUARD)
    assert helper.end(GUARD).code == 0
    assert ran.code == 0, ran
    assert ran.json["data"]["totals"]["by_state"] == {"done": 2}
    assert len(sellers.orders) == 2


@pytest.mark.parametrize(
    "words", [("enqueue", "clips.toml", "--yes"), ("work", "--once"), ("run", "clips.toml", "--fleet")]
)
def test_workers_need_a_ledger_that_machines_share(words: Any, home: Path) -> None:
    rows("A boat")
    ran = hailuo("batch", *words)
    assert ran.code == 2
    assert "HAILUO_LEDGER" in ran.err


@pytest.mark.skipif(IS_ASKED_FOR, reason="PgBouncer keeps connections from before the setting")
def test_a_database_that_takes_nothing_is_told_in_a_sentence(sellers: Sellers, empty_database: str) -> None:
    rows(*numbered(2))
    assert hailuo("jobs", "list").code == 0  # its tables are there
    name = empty_database.partition("?")[0].rpartition("/")[2]
    execute(empty_database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        for words in (["enqueue", "clips.toml", "--yes"], ["work", "--once", "--output-root", "out"]):
            ran = hailuo("batch", *words)
            assert ran.code in (9, 11), ran.err
            assert "bug" not in ran.err
            assert "psycopg" not in ran.err
    finally:
        execute(empty_database, f"BEGIN READ WRITE; ALTER DATABASE {name} RESET ALL; COMMIT")
    assert sellers.posts == 0
