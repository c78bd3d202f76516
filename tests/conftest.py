"""Every test has its own home, no key, and a network that ends at this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from hailuo_cli.providers import PROVIDERS
from tests.support import FRAME, pgbouncer, postgres
from tests.support.canary import shown_in
from tests.support.pgbouncer import Pooler
from tests.support.postgres import Cluster, execute
from tests.support.standin import StandIn
from tests.wire import Script, scripts

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
"""The same examples each time: a change that breaks nothing is never red. `python -m tests.fuzz` looks for new ones."""

MAY_HOLD_A_KEY = {".toml", ".py", ".pyc"}
"""What a test itself writes the key into: a config file, a broken module."""


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for a process or a server, and the others run meanwhile."""
    return (os.cpu_count() or 1) + 1


STARTS_PROCESSES = {"hailuo", "Running", "on_a_terminal", "subprocess", "lab"}
"""Names that a module has which starts processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not processes"`: the modules that stay in this process, for a quick run while changing something."""
    for item in items:
        if isinstance(item, pytest.Function) and STARTS_PROCESSES & vars(item.module).keys():
            item.add_marker("processes")


@pytest.fixture(autouse=True, scope="session")
def signals_are_heard() -> None:
    """A command inherits what its parent ignores, and a shell's job in the background is started ignoring Ctrl-C."""
    for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def the_key_is_nowhere_else(tmp_path: Path) -> Iterator[None]:
    """E10, N6: no file that a test leaves behind, ledger and parts included, holds any of the key."""
    yield
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix not in MAY_HOLD_A_KEY:
            assert not shown_in(path.read_bytes()), f"{path} holds the key"


@pytest.fixture(autouse=True)
def no_process_shows_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """E10, N6: a test whose subprocess prints any of the key fails, whatever else it was about."""
    communicate = subprocess.Popen.communicate

    def checked(self: subprocess.Popen[Any], *args: Any, **options: Any) -> tuple[Any, Any]:
        printed = communicate(self, *args, **options)
        assert not any(shown_in(text) for text in printed if text), "a process printed the key"
        return printed

    monkeypatch.setattr(subprocess.Popen, "communicate", checked)


@pytest.fixture(autouse=True)
def home(the_key_is_nowhere_else: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; the working folder is inside it."""
    for name in list(os.environ):
        if name.startswith("HAILUO_") or name.lower().endswith("_proxy") or name in ("CI", "NO_COLOR", "SSL_CERT_FILE"):
            monkeypatch.delenv(name)
    for provider in PROVIDERS.values():
        if provider.key_env:
            monkeypatch.delenv(provider.key_env, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HAILUO_DATA_DIR", str(tmp_path / "data"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that tries to leave this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1")):
            raise AssertionError(f"a test wanted to connect to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(params=sorted(scripts()))
def script(request: pytest.FixtureRequest) -> Script:
    """Each provider's script in turn."""
    return scripts()[request.param]


@pytest.fixture
def standin(script: Script) -> Iterator[StandIn]:
    """A server that speaks that script, strictly."""
    with StandIn(script) as server:
        yield server


@pytest.fixture
def frame() -> Path:
    """An image that keeps every rule."""
    return FRAME


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if reason := postgres.missing():
        pytest.skip(reason)
    with Cluster() as started:
        yield started


@pytest.fixture(scope="session")
def database(cluster: Cluster) -> Iterator[str]:
    """One for all tests of the session; behind PgBouncer with HAILUO_TEST_POOLER=1."""
    if not pgbouncer.IS_ASKED_FOR:
        yield cluster.database()
        return
    with Pooler(cluster) as pooler:
        yield pooler.through(cluster.database())


@pytest.fixture
def empty_database(database: str) -> str:
    """A database without tables. One is used again and again: to make another takes longer than most tests."""
    execute(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return database
