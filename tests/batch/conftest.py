"""What tests of batches share: three sellers that the config points at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sellers import Sellers

Start = Callable[..., Sellers]


@pytest.fixture
def sellers(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the sellers that the config points at."""
    started: list[Sellers] = []

    def start(seconds: float = 0.2, profile: str = "", kind: type[Sellers] = Sellers, **how: Any) -> Sellers:
        found = kind(seconds, **how).__enter__()
        started.append(found)
        found.configure(home, monkeypatch, profile)
        return found

    yield start
    for one in started:
        one.__exit__()
