"""Config, ledger and connections for any front end, opened when they are asked for."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..errors import DiskError, LedgerError, UsageError
from ..model import Job
from ..redaction import Redactor
from .front_end import SILENT, FrontEnd

if TYPE_CHECKING:
    from ..config.profiles import Account, Config
    from ..ledger.base import Ledger
    from ..ledger.postgres import PostgresLedger
    from ..ledger.postgres_server import Server
    from ..orders.context import Context
    from ..transport import Fetcher, Session


class Opening:
    """Opens what a front end needs: the config, the ledger, connections, and the context of an order's steps."""

    def __init__(
        self,
        profile: str | None = None,
        config: str | Path | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        front_end: FrontEnd = SILENT,
    ) -> None:
        self._profile = profile
        self._path = Path(config) if config is not None else None
        self._environ = os.environ if environ is None else environ
        self._front_end = front_end
        self._lock = threading.Lock()
        self._config: Config | None = None
        self.redactor = Redactor()
        """Takes the keys in force out of every text that leaves this process."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def config(self) -> Config:
        """The config in force; UsageError with file and line where it is not understood."""
        from ..config.profiles import load

        with self._lock:
            if self._config is None:
                config = load(self._path, self._profile, self._environ, learn=self.redactor.add)
                for name in config.names:
                    config.account(name)
                for warning in config.warnings:
                    self._front_end.warn(warning)
                self._config = config
            return self._config

    def open_ledger(self) -> Ledger:
        """The record of every job, in a database where the config says so; DiskError or LedgerError where it cannot be used."""
        from ..config.paths import ledger_path, spool_folders

        spools = spool_folders(self._environ)
        if address := self._shared_address():
            return self.open_shared_ledger(address)
        from ..ledger.sqlite import Ledger

        return Ledger(ledger_path(self._environ), spools=spools, say=self._front_end.say, redact=self.redactor.text)

    def open_shared_ledger(self, address: str) -> PostgresLedger:
        """A ledger in PostgreSQL, by its address; UsageError where the extra for it is not installed."""
        from ..config.paths import data_folder, spool_folders

        server = self.ledger_server(address)
        from ..ledger.postgres import PostgresLedger

        return PostgresLedger(
            server,
            data_folder(self._environ),
            spools=spool_folders(self._environ),
            redact=self.redactor.text,
        )

    def ledger_server(self, address: str) -> Server:
        """How a ledger in PostgreSQL is reached; UsageError where the extra for it is not installed."""
        try:
            from ..ledger.postgres_server import Server
        except ImportError as error:
            from ..distribution import installation

            raise installation.missing_extra("fleet", f"a ledger in PostgreSQL needs {error.name}") from None
        return Server(address, self.config.ledger_password, self.redactor.add)

    def verify_shared_ledger(self, address: str) -> str:
        """How a ledger in PostgreSQL is, in words; LedgerError where no order could be written there. Nothing is changed."""
        server = self.ledger_server(address)
        from ..ledger.postgres_server import verified

        return verified(server)

    def accept_ledger(self) -> str:
        """Trust the shared ledger in force where it is now; UsageError where the ledger is a file. What was done, in words."""
        if not self.config.ledger:
            raise UsageError("the ledger is a file of this machine; there is nothing to accept")
        with self.open_shared_ledger(self.config.ledger) as ledger:
            ledger.accept()
            return f"{ledger.name} is trusted as it is now"

    def has_ledger(self) -> bool:
        """Whether there is a ledger to look into; one that would have to be made is none."""
        from ..config.paths import ledger_path

        return bool(self._shared_address()) or ledger_path(self._environ).exists()

    def _shared_address(self) -> str | None:
        """The address of a ledger that machines share, where the environment or the config names one."""
        from ..config.paths import config_path

        if not self._environ.get("HAILUO_LEDGER"):
            try:
                config_path(self._path, self._environ)
            except UsageError:  # nobody's home: there is no config that could name one
                return None
        return self.config.ledger

    def connect(self, account: Account, origin: str | None = None) -> Session:
        """A connection to a provider with the account's key, at its own address or another one; to be closed."""
        from ..transport import Session

        return Session(
            account.provider,
            origin or account.base_url,
            account.key,
            self._front_end.log,
            key_source=account.key_source,
            redactor=self.redactor,
        )

    @contextlib.contextmanager
    def context(self) -> Iterator[Context]:
        """Everything that the steps of an order need, for one thread and for as long as the block runs."""
        from ..orders.context import Context

        front_end = self._front_end
        with contextlib.ExitStack() as stack:
            sandbox = _Sandbox(stack, self._environ)

            def fetcher(home: str) -> Fetcher:
                from ..transport import Fetcher

                return Fetcher(home, front_end.log)

            yield stack.enter_context(
                Context(
                    config=self.config,
                    open_ledger=self.open_ledger,
                    connect=lambda account: self.connect(account, sandbox.origin(account)),
                    fetcher=fetcher,
                    log=front_end.log,
                    say=front_end.say,
                    warn=front_end.warn,
                    has_ledger=self.has_ledger,
                    guard=front_end.guard,
                    sleep=front_end.sleep,
                    confirm=front_end.confirm,
                )
            )

    def mark_reported(self, jobs: Sequence[Job]) -> None:
        """Note that whoever asked knows of these jobs; where that fails, they are found again, not lost."""
        if jobs:
            with contextlib.suppress(DiskError, LedgerError), self.open_ledger() as ledger:
                ledger.mark_reported(jobs)
                ledger.release(jobs)


class _Sandbox:
    """Starts the sandbox in this process the first time a job goes there."""

    def __init__(self, stack: contextlib.ExitStack, environ: Mapping[str, str]) -> None:
        self._stack = stack
        self._environ = environ
        self._url: str | None = None

    def origin(self, account: Account) -> str:
        if account.provider.key_env is not None or account.base_url != account.provider.base_url:
            return account.base_url
        if self._url is None:
            from ..config.paths import data_folder
            from ..sandbox.server import running

            self._url = self._stack.enter_context(running(data_folder(self._environ) / "sandbox"))
        return self._url
