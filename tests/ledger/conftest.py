"""Ledgers for the tests of this folder: the file, and a database in one cluster for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hailuo_cli.ledger.base import Ledger
from tests.ledger.shelf import Shelf


@pytest.fixture
def shared(empty_database: str, home: Path) -> Shelf:
    """A ledger in PostgreSQL."""
    return Shelf("postgres", empty_database, home / "data")


@pytest.fixture(params=["sqlite", "postgres"])
def shelf(request: pytest.FixtureRequest, home: Path) -> Shelf:
    """Each kind of ledger in turn."""
    if request.param == "sqlite":
        return Shelf("sqlite", str(home / "data" / "ledger.sqlite3"), home / "data")
    found: Shelf = request.getfixturevalue("shared")
    return found


@pytest.fixture
def ledger(shelf: Shelf) -> Iterator[Ledger]:
    with shelf.open() as opened:
        yield opened
