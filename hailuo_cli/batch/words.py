"""Counts and names as people read them."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 5


def counted(number: int, what: str) -> str:
    """A count with its word: 1 row, 2 rows."""
    return f"{number} {what}{'s' * (number != 1)}"


def some(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
