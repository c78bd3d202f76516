"""Limits on spending: what counts against them, from when on, and that no number of processes passes one."""

from __future__ import annotations

import calendar
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.documents import error_document
from hailuo_cli.errors import CostLimit
from hailuo_cli.ledger.limits import DAY, OPEN, Allowance, Cap, Span, Spending
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
from hailuo_cli.money import dollars, nanos, shown
from tests.ledger.test_ledger import together

NOON = float(calendar.timegm((2026, 11, 26, 12, 0, 0)))
TODAY, THIS_MONTH = Cap(Span.DAY, Decimal(1)), Cap(Span.MONTH, Decimal(2))


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(home: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger(home / "data" / "ledger.sqlite3", now=clock) as opened:
        yield opened


def order(ledger: Ledger, usd: str | None = "0.35", *caps: Cap, assume: str | None = None, **facts: Any) -> Job:
    """An order that counts so much, under limits."""
    values = {"state": JobState.SUBMITTING, "fingerprint": "f", **facts}
    reserved = None if usd is None else nanos(Decimal(usd))
    assumed = None if assume is None else Decimal(assume)
    job, _ = ledger.begin(Job("", "pixazo", **values, reserved=reserved), allowance=Allowance(caps, assumed))
    return job


def ended(ledger: Ledger, job: Job, state: JobState, **facts: Any) -> Job:
    """The same job, later."""
    if state in (JobState.SUBMITTING, JobState.NOT_SENT, JobState.REFUSED, JobState.UNCONFIRMED):
        return ledger.move(job, state, **facts)
    job = ledger.move(job, JobState.SUBMITTED, ticket=job.id)
    if state is JobState.SAVED:
        job = ledger.move(job, JobState.SUCCEEDED)
    return ledger.move(job, state, **facts)


@pytest.mark.parametrize("state", list(JobState))
def test_an_order_is_held_until_it_has_ended_and_then_it_is_spent_or_given_back(
    state: JobState, ledger: Ledger
) -> None:
    ended(ledger, order(ledger), state)
    counted = Decimal("0.35") if state.may_bill else Decimal(0)
    held = counted if state in OPEN else Decimal(0)
    assert ledger.spending(TODAY) == ledger.spending(THIS_MONTH) == Spending(counted - held, held)


@pytest.mark.parametrize(("billed", "spent"), [(0, "0"), (nanos(Decimal("0.2")), "0.2"), (None, "0.35")])
def test_what_is_known_to_be_billed_counts_in_place_of_what_was_reserved(
    billed: int | None, spent: str, ledger: Ledger
) -> None:
    ended(ledger, order(ledger), JobState.FAILED, billed=billed)
    assert ledger.spending(TODAY) == Spending(Decimal(spent))


def test_an_unconfirmed_order_is_held_on_any_later_day_until_it_is_resolved(ledger: Ledger, clock: Clock) -> None:
    job = ended(ledger, order(ledger), JobState.UNCONFIRMED)
    clock.now += 90 * DAY
    assert ledger.spending(TODAY).held == Decimal("0.35")
    ledger.move(job, JobState.NOT_SENT)
    assert ledger.spending(TODAY) == Spending()


@pytest.mark.parametrize(
    ("ordered", "asked", "is_today", "is_this_month"),
    [
        ((2026, 11, 26, 0, 0, 0), (2026, 11, 26, 23, 59, 59), True, True),
        ((2026, 11, 25, 23, 59, 59), (2026, 11, 26, 0, 0, 0), False, True),
        ((2026, 11, 1, 0, 0, 0), (2026, 11, 30, 23, 59, 59), False, True),
        ((2026, 11, 30, 23, 59, 59), (2026, 12, 1, 0, 0, 0), False, False),
        ((2028, 2, 29, 12, 0, 0), (2028, 2, 29, 13, 0, 0), True, True),
    ],
)
def test_a_day_and_a_month_are_those_of_utc(
    ordered: tuple[int, ...], asked: tuple[int, ...], is_today: bool, is_this_month: bool, ledger: Ledger, clock: Clock
) -> None:
    clock.now = float(calendar.timegm(ordered))
    ended(ledger, order(ledger), JobState.SAVED)
    clock.now = float(calendar.timegm(asked))
    counts = [ledger.spending(cap).spent == Decimal("0.35") for cap in (TODAY, THIS_MONTH)]
    assert counts == [is_today, is_this_month]


def test_an_order_that_would_pass_a_limit_leaves_no_row_and_says_what_is_spent_held_and_left(ledger: Ledger) -> None:
    ended(ledger, order(ledger), JobState.SAVED)
    order(ledger, "0.40")
    with pytest.raises(CostLimit, match=r"limit for the day: 0\.35 spent, 0\.40 held, 0\.25 left of 1\.00") as error:
        order(ledger, "0.2500001", TODAY)
    told = error_document(error.value, None)
    assert told["exit"] == 4
    assert told["limit"] == {"name": "day", "usd": 1.0, "spent_usd": 0.35, "held_usd": 0.4, "left_usd": 0.25}
    assert len(ledger.recent()) == 2
    order(ledger, "0.25", TODAY)  # exactly what is left


def test_a_limit_counts_in_exact_decimals(ledger: Ledger) -> None:
    for _ in range(10):
        order(ledger, "0.1", TODAY, THIS_MONTH)
    with pytest.raises(CostLimit):
        order(ledger, "0.000000001", TODAY)
    order(ledger, "0", TODAY)


def test_an_unknown_price_never_counts_as_nothing(ledger: Ledger) -> None:
    order(ledger, None)  # there was no limit then
    with pytest.raises(CostLimit, match="the price of 1 earlier order is not known"):
        order(ledger, "0.10", TODAY)
    with pytest.raises(CostLimit, match="the price of this order is not known"):
        order(ledger, None, TODAY, assume="0.5")
    order(ledger, "0.50", TODAY, assume="0.5")
    with pytest.raises(CostLimit, match=r"1\.00 held, 0\.00 left"):
        order(ledger, "0.01", TODAY, assume="0.5")


def test_a_job_of_another_machine_that_was_only_asked_about_counts_nothing(ledger: Ledger) -> None:
    ledger.adopt("pixazo", "job-1")
    assert ledger.spending(TODAY) == Spending()


def test_a_job_that_stands_for_the_order_already_is_given_whatever_is_left(ledger: Ledger) -> None:
    first = order(ledger, "1", TODAY)
    intent = Job("", "pixazo", JobState.SUBMITTING, fingerprint="f", reserved=nanos(Decimal(1)))
    assert ledger.begin(intent, lambda _: first, Allowance((TODAY,))) == (first, False)


def test_the_budget_of_a_batch_is_about_its_own_orders_of_any_day(ledger: Ledger, clock: Clock) -> None:
    spring = Cap(Span.BATCH, Decimal("0.5"), "spring")
    ended(ledger, order(ledger, batch="spring"), JobState.SAVED)
    order(ledger, batch="autumn")
    order(ledger)
    clock.now += 40 * DAY
    assert ledger.spending(spring) == Spending(Decimal("0.35"))
    with pytest.raises(CostLimit, match="limit for the batch"):
        order(ledger, "0.16", spring, batch="spring")
    order(ledger, "0.15", spring, batch="spring")


def test_every_new_order_begins_a_group_or_joins_one(ledger: Ledger) -> None:
    first = order(ledger)
    assert (first.group, order(ledger, group=first.id).group) == (first.id, first.id)


def test_orders_of_an_older_ledger_count_what_they_were_listed_at(home: Path) -> None:
    path = home / "data" / "ledger.sqlite3"
    path.parent.mkdir()
    old = Path(__file__).with_name("release-0.1.0.sqlite3")
    path.write_bytes(old.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE jobs SET price_usd = 0.35")
        count = db.execute("SELECT count(*) FROM jobs WHERE state NOT IN ('not_sent', 'refused')").fetchone()[0]
        db.commit()
    with Ledger(path) as ledger:
        found = ledger.spending(Cap(Span.BATCH, Decimal(99)))
    assert (found.spent + found.held, found.unknown) == (Decimal("0.35") * count, 0)


RACE = """
import sys
from decimal import Decimal
from pathlib import Path
from hailuo_cli.errors import CostLimit
from hailuo_cli.ledger.limits import Allowance, Cap, Span
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState
path, _, how = sys.argv[1:]
cap, price = Cap(Span.DAY, Decimal(10)), 300_000_000
intent = Job("", "pixazo", JobState.SUBMITTING, fingerprint="f", reserved=price)
with Ledger(Path(path)) as ledger:
    left = cap.usd - ledger.spending(cap).held
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(10):
        try:
            {attempt}
        except CostLimit:
            break
        ledger.move(job, JobState.SUBMITTED, ticket=job.id)
"""
RESERVES = "job, _ = ledger.begin(intent, allowance=Allowance((cap,)))"
COUNTS = """
            if left < Decimal("0.3"):
                break
            left -= Decimal("0.3")
            job, _ = ledger.begin(intent)"""


def ordered_together(path: Path, attempt: str, processes: int) -> Decimal:
    """What so many processes ordered under a limit of 10 USD, at 0.30 USD each."""
    Ledger(path).__exit__()
    together(RACE.replace("{attempt}", attempt), processes, str(path), "")
    with Ledger(path) as ledger:
        return ledger.spending(Cap(Span.DAY, Decimal(10))).held


def test_sixteen_processes_at_once_never_pass_a_limit(home: Path) -> None:
    assert ordered_together(home / "data" / "ledger.sqlite3", RESERVES, 16) == Decimal("9.9")


def test_processes_that_count_before_they_order_do_pass_it(home: Path) -> None:
    """The control: what the test above would not see is no protection."""
    assert ordered_together(home / "data" / "ledger.sqlite3", COUNTS, 4) > 10


def test_amounts_are_kept_exactly_and_rounded_up_never_down() -> None:
    assert dollars(nanos(Decimal("0.35"))) == Decimal("0.35")
    assert dollars(nanos(Decimal("0.0000000001"))) == Decimal("0.000000001")
    assert [shown(Decimal(text)) for text in ("1", "0.2500001", "13.30", "0")] == ["1.00", "0.2500001", "13.30", "0.00"]
