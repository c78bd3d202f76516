"""The same for a ledger that machines share: a sample of `python -m tests.crash fleet`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash import fleet
from tests.crash.fleet import Site, site
from tests.crash.flows import FLOWS
from tests.crash.lab import lab
from tests.crash.test_crash import held
from tests.support import postgres

pytestmark = pytest.mark.skipif(postgres.missing() is not None, reason=f"{postgres.missing()}")


@pytest.fixture(scope="module")
def here() -> Iterator[Site]:
    with lab(1) as opened, site(opened) as made:
        yield made


def test_B1_an_order_killed_at_any_statement_is_never_sent_twice_and_never_lost(here: Site) -> None:
    held(fleet.killed(here, FLOWS["submit"], 4))


def test_B1_a_worker_killed_at_any_statement_leaves_rows_that_the_next_one_orders_once(here: Site) -> None:
    held(fleet.killed(here, fleet.WORK, 14))


def test_B1_a_server_that_restarts_at_any_statement_costs_no_second_order(here: Site) -> None:
    held(fleet.orphaned(here, FLOWS["generate"], 9))


@pytest.mark.parametrize("flow", ["submit", "generate-anew"])
def test_B1_a_commit_that_is_cut_off_is_read_back_and_ordered_once(here: Site, flow: str) -> None:
    held(fleet.cut(here, FLOWS[flow]))


def test_B1_an_order_held_for_longer_than_its_lease_does_not_leave(here: Site) -> None:
    held(fleet.late(here))


def test_B1_ledgers_that_take_less_care_are_caught(here: Site) -> None:
    held(fleet.controls(here))
