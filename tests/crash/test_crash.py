"""Killed at any call, failed at any call, out of disk: paid once, not lost, whole. A sample; the whole is tests.crash.

`EVERY` is how many calls go by between two kills, so that the sample ends in about a minute. The last calls of a flow
are always in it. Without strace the kills come before every step that Python can see.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.crash import disk, installed, kills, random_kills, strace, sync_order, torture
from tests.crash.flows import FLOWS
from tests.crash.lab import Lab, Verdict, lab
from tests.support import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a child is forked for every kill")
NEEDS_STRACE = pytest.mark.skipif(strace.missing() is not None, reason=f"{strace.missing()}")
EVERY = {
    "submit": 18,
    "submit-anew": 40,
    "wait": 8,
    "download": 8,
    "generate": 60,
    "generate-anew": 60,
    "resolve": 6,
    "batch": 120,
}
TORTURE = {"submit": 140, "submit-anew": 140, "wait": 60, "download": 60, "config-set": 8, "set-key": 8}


@pytest.fixture(scope="module")
def here() -> Iterator[Lab]:
    with lab() as opened:
        yield opened


def held(verdict: Verdict) -> None:
    """Nothing went wrong, and something was tried."""
    assert verdict.tried
    assert not verdict.violations, "\n".join(map(str, verdict.violations))


@pytest.mark.parametrize("flow", ["submit", "submit-anew", "generate", "generate-anew", "resolve"])
def test_B1_an_order_killed_at_any_call_is_never_sent_twice_and_never_lost(here: Lab, flow: str) -> None:
    held(kills.systematic(here, FLOWS[flow], EVERY[flow]))


@pytest.mark.parametrize("flow", ["wait", "download"])
def test_B2_a_video_is_whole_or_not_there_when_its_command_is_killed_at_any_call(here: Lab, flow: str) -> None:
    held(kills.systematic(here, FLOWS[flow], EVERY[flow]))


def test_B1_a_batch_killed_at_any_call_orders_each_row_once_and_ends_when_it_is_run_again(here: Lab) -> None:
    held(kills.systematic(here, FLOWS["batch"], EVERY["batch"]))


@pytest.mark.parametrize("flow", ["config-set", "set-key"])
def test_G13_the_config_file_is_the_old_or_the_new_one_when_its_writer_is_killed(here: Lab, flow: str) -> None:
    held(kills.systematic(here, FLOWS[flow]))


def test_G4_a_ledger_whose_migration_is_killed_is_the_old_or_the_new_one_with_every_row(here: Lab) -> None:
    held(kills.systematic(here, FLOWS["migrate"], 4))


def test_B1_a_ledger_that_is_written_after_the_order_is_caught(here: Lab) -> None:
    held(kills.control(here, 20))


@NEEDS_STRACE
def test_B1_the_installed_command_makes_the_calls_that_are_killed_here(here: Lab) -> None:
    held(installed.agrees(here))


@pytest.mark.parametrize("flow", ["submit", "wait"])
def test_B1_B2_nothing_is_lost_where_there_is_no_strace(here: Lab, flow: str) -> None:
    held(kills.shimmed(here, FLOWS[flow], 14))


def test_B1_the_way_without_strace_catches_a_ledger_that_is_written_after_the_order(here: Lab) -> None:
    held(kills.control(here, 8, kills.shimmed))


@NEEDS_STRACE
@pytest.mark.parametrize("flow", sync_order.SEEN)
def test_B8_what_is_promised_is_synced_before(here: Lab, flow: str) -> None:
    held(sync_order.kept(here, FLOWS[flow]))


@NEEDS_STRACE
def test_B8_a_ledger_that_syncs_less_is_caught(here: Lab) -> None:
    held(sync_order.control(here))


@NEEDS_STRACE
@pytest.mark.parametrize("flow", sorted(TORTURE))
def test_D23_G7_G8_G12_a_call_that_fails_once_ends_in_its_code_and_is_made_up_for(here: Lab, flow: str) -> None:
    held(torture.tortured(here, FLOWS[flow], TORTURE[flow]))


def test_B1_B2_nothing_is_lost_by_kills_at_random_times_on_one_ledger() -> None:
    with lab(random_kills.AT_ONCE) as four:
        held(random_kills.struck(four, 30, seed=1))


@pytest.mark.skipif(disk.missing() is not None, reason=f"{disk.missing()}")
def test_G7_D21_a_disk_too_small_at_any_size_costs_no_second_order(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "disk", "--every", "10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "disk" in done.stdout


def test_the_points_that_are_tried_are_spread_and_have_the_last_ones_in_them() -> None:
    some: Sequence[int] = kills.chosen(range(1, 13), 5)
    assert some == [1, 6, 10, 11, 12]
