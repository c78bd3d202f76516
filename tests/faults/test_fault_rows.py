"""No row of the fault list is forgotten, and no test speaks of a row that is not there."""

from __future__ import annotations

import pytest

from tests.fault_kinds import KINDS
from tests.fault_rows import GROUPS, ROWS, carried, covered, functions, known, table

MUST_HOLD = [name for name, row in ROWS.items() if row.priority == 0 and not row.why_not]


def test_the_list_has_every_row_of_every_group() -> None:
    sizes = {letter: sum(name[0] == letter for name in ROWS) for letter in GROUPS}
    assert sizes == {"A": 23, "B": 14, "C": 16, "D": 30, "E": 19, "F": 11, "G": 21, "H": 16, "I": 6}


def test_every_row_that_must_hold_on_every_change_has_a_test() -> None:
    assert sorted(set(MUST_HOLD) - covered()) == []


def test_every_id_in_the_name_of_a_test_is_one_of_the_list() -> None:
    assert sorted(covered() - known()) == []


def test_every_kind_of_fault_that_was_found_later_is_held_by_a_test() -> None:
    assert {test for _, test in KINDS.values()} <= functions()


def test_a_row_that_does_not_apply_has_no_test() -> None:
    assert sorted(covered() & {name for name, row in ROWS.items() if row.why_not}) == []


def test_the_table_shows_every_row_once() -> None:
    shown = [word for line in table() if line.startswith("   P") for word in line.split(":", 1)[1].split()]
    assert sorted(shown) == sorted(ROWS)


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("def test_D2_a_range(): ...", {"D2"}),
        ("def test_A1_to_A4_A9_F9_an_order(): ...", {"A1", "A2", "A3", "A4", "A9", "F9"}),
        ("def test_a_row_like_D2_in_the_middle(): ...", set()),
        ("def helper_D2(): ...", set()),
        ("X = {'A4 null': 1, 'A1 to A3, A5: all': 2, 'B2B is no row': 3, 'x D2': 4}", {"A1", "A2", "A3", "A4", "A5"}),
        ("pytest.param(1, id='E19 expired')", {"E19"}),
    ],
)
def test_an_id_is_read_where_a_test_or_a_case_of_one_begins(source: str, ids: set[str]) -> None:
    assert carried(source) == ids
