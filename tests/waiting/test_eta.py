"""How long a job will take: from a stated time, from the past, and told as a range that is honest."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import polling
from hailuo_cli.waiting.eta import LATE, MOST_SAMPLES, DurationEstimate, Eta, estimate_duration

seconds = st.floats(1, 7200)


def judged(stated: float | None, past: list[float]) -> DurationEstimate:
    found = estimate_duration(stated, past)
    assert found
    return found


def test_without_a_stated_time_and_a_past_nothing_is_expected() -> None:
    assert estimate_duration(None, []) is None
    assert estimate_duration(None, [0.0, -1.0]) is None, "a clock that was set back tells nothing"


def test_a_stated_time_alone_is_the_middle_of_a_wide_range() -> None:
    low, high = judged(120, []).left(0)
    assert judged(120, []).median == pytest.approx(120)
    assert low < 60 < 240 < high < 600


def test_one_job_moves_the_middle_half_way_and_thirty_jobs_are_believed() -> None:
    assert judged(120, [480]).median == pytest.approx(240)
    past = polling.World(5, 300, 0.2).durations(30, "past")
    assert judged(120, past).median == pytest.approx(300, rel=0.15)
    low, high = judged(120, past).left(0)
    assert 150 < low < 300 < high < 600


def test_three_jobs_outvote_a_stated_time_that_is_wrong() -> None:
    assert judged(120, [600, 610, 590]).median == pytest.approx(595, rel=0.02)


def test_one_odd_job_among_thirty_moves_little() -> None:
    usual, odd = judged(None, [100.0] * 30), judged(None, [100.0] * 29 + [5000])
    assert odd.median == usual.median
    assert odd.left(0)[1] < 1.5 * usual.left(0)[1]


def test_only_the_newest_jobs_count() -> None:
    assert judged(None, [60.0] * MOST_SAMPLES + [900.0] * 500).median == pytest.approx(60)


@settings(deadline=None)
@given(stated=seconds, past=st.lists(seconds, max_size=40), age=st.floats(0, 30 * 86_400))
def test_the_range_is_ordered_ahead_and_finite_at_every_age(stated: float, past: list[float], age: float) -> None:
    low, high = judged(stated, past).left(age)
    assert 0 <= low <= high < math.inf
    assert 0 <= judged(stated, past).gap(age) <= high


@settings(deadline=None)
@given(stated=seconds, past=st.lists(seconds, max_size=40))
def test_a_job_past_the_usual_is_late_and_no_number_is_made_up(stated: float, past: list[float]) -> None:
    outlook = Eta(judged(stated, past), began=1000.0)
    usual = judged(stated, past).within(0, LATE)
    assert outlook.left(1000 + usual * 0.99) is not None
    assert outlook.left(1000 + usual * 1.01) is None
    assert outlook.left(900.0) == outlook.left(1000.0), "a job that is ordered in the future begins now"


def test_the_range_holds_four_jobs_of_five() -> None:
    world = polling.World(5, 150, 0.4)
    for age in (0, 60, 150):
        found = judged(150, world.durations(30, "past"))
        low, high = found.left(age)
        later = [took for took in world.durations(2000, "later") if took > age]
        inside = sum(low <= took - age <= high for took in later) / len(later)
        assert 0.65 < inside < 0.97


# the policy, as the benchmark plays it


def test_looks_at_their_time_are_as_quick_as_the_provider_allows_and_cost_less() -> None:
    world = polling.World(5, 120, 0.4)
    by_name = {one.policy: one for one in polling.outcomes(world)}
    every, ours = by_name["fixed interval"], by_name["right, 30 past jobs"]
    assert ours.requests < 0.85 * every.requests
    assert ours.half < every.half * 1.15
    assert ours.shortest >= 1
    assert ours.half < 0.6 * by_name["no estimate (grows to 3 x)"].half


def test_no_gaps_of_an_interval_can_notice_half_of_the_jobs_within_a_third_of_it() -> None:
    assert polling.best_median(polling.World(5, 120, 0.4)) >= 0.45
    assert polling.best_median(polling.World(100, 100, 0.02)) < 0.1, "jobs of one length could be met exactly"


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_stated_time_that_is_wrong_by_two_costs_delay_or_requests_and_not_both(factor: float) -> None:
    world = polling.World(5, 120, 0.4)
    looks = polling.real(5, estimate_duration(120 * factor, []), random.Random(1))  # noqa: S311
    every, wrong = (polling.measured("", how, world) for how in (polling.fixed(5), looks))
    assert wrong.half < 1
    assert wrong.requests < every.requests
