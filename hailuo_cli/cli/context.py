"""Puts the parts together for one command: config, ledger, sandbox, signals."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import DiskError, LedgerError
from .signals import Signals, sleep_in_slices

if TYPE_CHECKING:
    from ..config.profiles import Account, Config
    from ..ledger.sqlite import Ledger
    from ..model import Job
    from ..orders.submit import Context
    from ..transport import Fetcher, Session
    from .flags import Globals
    from .show import Show

signals = Signals()


def open_ledger(show: Show) -> Ledger:
    from ..config.profiles import ledger_path, spool_folders
    from ..ledger.sqlite import Ledger

    return Ledger(ledger_path(os.environ), spools=spool_folders(os.environ), say=show.say)


def read_config(flags: Globals, show: Show) -> Config:
    """The config of this command; what is doubtful about it is said once."""
    from ..config.profiles import load

    config = load(flags.config, flags.profile, os.environ)
    for name in config.names:
        config.account(name)
    for warning in config.warnings:
        show.warn(warning)
    return config


@contextlib.contextmanager
def desk(flags: Globals, show: Show) -> Iterator[Context]:
    """Everything that a job needs, for as long as the command runs."""
    from ..orders.submit import Context

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
        ready = Context(
            config=read_config(flags, show),
            open_ledger=lambda: open_ledger(show),
            connect=connect,
            fetcher=fetcher,
            log=show.log,
            say=show.say,
            guard=lambda: signals,
            sleep=sleep_in_slices,
            confirm=show.ask,
            flags="".join(f" {name} {shlex.quote(str(value))}" for name, value in repeated if value),
        )
        flags.exit_callbacks.append(lambda: _mark_reported(ready.touched_jobs, show))
        yield stack.enter_context(ready)


def _mark_reported(jobs: list[Job], show: Show) -> None:
    """Note that whoever ran this command knows of these jobs; where that fails, they are found again, not lost."""
    if jobs:
        with contextlib.suppress(DiskError, LedgerError), open_ledger(show) as ledger:
            ledger.mark_reported(jobs)


class _Sandbox:
    """Starts the sandbox in this process the first time a job goes there."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._url: str | None = None

    def origin(self, account: Account) -> str:
        if account.provider.key_env is not None or account.base_url != account.provider.base_url:
            return account.base_url
        if self._url is None:
            from ..config.profiles import data_folder
            from ..sandbox.server import running

            self._url = self._stack.enter_context(running(data_folder(os.environ) / "sandbox"))
        return self._url
