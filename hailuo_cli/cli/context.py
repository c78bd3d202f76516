"""Puts the parts together for one command: config, ledger, sandbox, signals."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from ..errors import Interrupted

if TYPE_CHECKING:
    from ..config import Account, Config
    from ..jobs import Desk
    from ..ledger import Ledger
    from ..transport import Fetcher, Session
    from .flags import Globals
    from .show import Show

ANSWER_SECONDS = 5.0
"""How long a paid request that is on its way may still be answered after the first Ctrl-C."""


def open_ledger() -> Ledger:
    from ..config import ledger_path
    from ..ledger import Ledger

    return Ledger(ledger_path(os.environ))


def read_config(flags: Globals, show: Show) -> Config:
    """The config of this command; what is doubtful about it is said once."""
    from ..config import load

    config = load(flags.config, flags.profile, os.environ)
    for name in config.names:
        config.account(name)
    for warning in config.warnings:
        show.warn(warning)
    return config


@contextlib.contextmanager
def desk(flags: Globals, show: Show) -> Iterator[Desk]:
    """Everything that a job needs, for as long as the command runs."""
    from ..jobs import Desk

    with contextlib.ExitStack() as stack:
        sandbox = _Sandbox(stack)

        def connect(account: Account) -> Session:
            from ..transport import Session

            origin = sandbox.origin(account)
            return Session(account.provider, origin, account.key, show.log, key_source=account.key_source)

        def fetcher(home: str) -> Fetcher:
            from ..transport import Fetcher

            return Fetcher(home, show.log)

        repeated = [("--config", flags.config), ("--profile", flags.profile)]
        ready = Desk(
            config=read_config(flags, show),
            open_ledger=open_ledger,
            connect=connect,
            fetcher=fetcher,
            log=show.log,
            say=show.say,
            shield=shielded,
            confirm=show.ask,
            flags="".join(f" {name} {shlex.quote(str(value))}" for name, value in repeated if value),
        )
        yield stack.enter_context(ready)


class _Sandbox:
    """Starts the sandbox in this process the first time a job goes there."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._url: str | None = None

    def origin(self, account: Account) -> str:
        if account.provider.key_env is not None or account.base_url != account.provider.base_url:
            return account.base_url
        if self._url is None:
            from ..config import data_folder
            from ..sandbox.server import running

            self._url = self._stack.enter_context(running(data_folder(os.environ) / "sandbox"))
        return self._url


class _Signals:
    """SIGINT, SIGTERM and SIGHUP end the process through Interrupted, so that everything is put away on the way."""

    def __init__(self) -> None:
        self.held = False
        self.first: int | None = None

    def arrived(self, signum: int, _: FrameType | None) -> None:
        if self.held and self.first is None:
            self.first = signum
            # the reader may be deep in a system call: the second signal breaks it
            timer = threading.Timer(ANSWER_SECONDS, os.kill, (os.getpid(), signum))
            timer.daemon = True
            timer.start()
            print(  # noqa: T201 - a handler has no other way to speak
                f"\nstopping; waiting up to {ANSWER_SECONDS:.0f} s for the answer to a paid request (again: leave now)",
                file=sys.stderr,
            )
            return
        raise Interrupted(signum)


_signals = _Signals()


def catch_signals() -> None:
    """From now on signals raise Interrupted. A signal that the parent chose to ignore (nohup) stays ignored."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _signals.arrived)


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Hold the first signal off until the block is done, so that a paid request gets its answer written down."""
    _signals.held, _signals.first = True, None
    try:
        yield
    finally:
        _signals.held = False
    if _signals.first is not None:
        raise Interrupted(_signals.first)
