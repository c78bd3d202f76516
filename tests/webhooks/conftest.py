"""A stand-in that calls back, of the protocol that a test is about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire import Script

from .caller import Caller, free_port


@pytest.fixture
def caller(script: Script) -> Iterator[Caller]:
    server = Caller(script, port=free_port())
    with server:
        yield server
    assert server.complaints == []
