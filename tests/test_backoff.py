"""How long to wait before the next try, wherever something is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_cli.backoff import Backoff

SECONDS = st.floats(0.01, 1000)


def test_pauses_grow_up_to_the_cap() -> None:
    backoff = Backoff(first=1, factor=3, cap=20)
    assert [backoff.pause(tries) for tries in range(1, 6)] == [1, 3, 9, 20, 20]


@pytest.mark.parametrize(("asked", "pause"), [(None, 1.0), (0.5, 1.0), (7.0, 7.0), (1e6, 120.0)])
def test_what_a_server_asks_for_is_kept_up_to_two_minutes(asked: float | None, pause: float) -> None:
    assert Backoff(first=1).pause(1, asked) == pause


@given(first=SECONDS, factor=st.floats(1, 10), cap=SECONDS, tries=st.integers(1, 10**9), chance=st.floats(0, 1))
def test_a_pause_is_never_shorter_than_the_first_nor_longer_than_the_cap_with_its_jitter(
    first: float, factor: float, cap: float, tries: int, chance: float
) -> None:
    backoff = Backoff(first, factor, cap, jitter=0.2)
    assert min(first, cap) <= backoff.pause(tries, chance=chance) <= 1.2 * max(first, cap) * 1.0001
