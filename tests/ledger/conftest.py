"""Ledgers for the tests of this folder: the file, and a database in one cluster for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hailuo_cli.ledger.base import Ledger
from tests.ledger.shelf import Shelf
from tests.support import postgres
from tests.support.postgres import Cluster, execute


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if reason := postgres.missing():
        pytest.skip(reason)
    with Cluster() as started:
        yield started


@pytest.fixture(scope="session")
def database(cluster: Cluster) -> str:
    return cluster.database()


@pytest.fixture
def empty_database(database: str) -> str:
    """A database without tables. One is used again and again: to make another takes longer than most tests."""
    execute(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return database


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
