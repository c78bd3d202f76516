"""The way in for every front end: opens config, ledger and connections. `Client` is the public Python API.

It writes to no stream and imports no terminal; a front end hands in where words go and who is asked.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from . import durations
from .errors import DiskError, HailuoError, LedgerError, UsageError
from .model import Job, JobState
from .orders.options import GenerateOptions, OrderOptions, WaitOptions
from .orders.signal_guard import SignalGuard
from .redaction import Redactor

if TYPE_CHECKING:
    from .choosing.placing import Placed
    from .choosing.quotes import Quote
    from .choosing.walk import Walk
    from .config.profiles import Account, Config
    from .ledger.base import Ledger
    from .ledger.postgres import PostgresLedger
    from .ledger.postgres_server import Server
    from .orders.context import Context
    from .orders.delivery import Delivery
    from .orders.events import Event
    from .orders.prepare import Prepared
    from .orders.submit import Terms
    from .orders.takes import Ordered
    from .request.build import Stdin
    from .transport import Fetcher, Session


@dataclass(frozen=True)
class FrontEnd:
    """What a front end brings: where words go, who is asked, how signals are held off, how to sleep."""

    say: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    log: Callable[[str], None] = lambda _: None
    confirm: Callable[[str], bool] = lambda _: False
    guard: Callable[[], SignalGuard] = SignalGuard
    sleep: Callable[[float], None] = time.sleep


SILENT = FrontEnd()


class Client:
    """Hailuo videos through any provider: ordered at most once, never lost, whole when saved.

    profile: the profile of the config file; default: as on the command line.
    config: the config file; default: `HAILUO_CONFIG`, else the user's own.
    environ: the environment to read; default: that of the process.

    Usable from any thread; each call opens and closes what it needs. Errors are those of `hailuo_cli.errors`.
    """

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

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def config(self) -> Config:
        """The config in force; UsageError with file and line where it is not understood."""
        from .config.profiles import load

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
        from .config.paths import ledger_path, spool_folders

        spools = spool_folders(self._environ)
        if address := self._shared_address():
            return self.open_shared_ledger(address)
        from .ledger.sqlite import Ledger

        return Ledger(ledger_path(self._environ), spools=spools, say=self._front_end.say, redact=self.redactor.text)

    def open_shared_ledger(self, address: str) -> PostgresLedger:
        """A ledger in PostgreSQL, by its address; UsageError where the extra for it is not installed."""
        from .config.paths import data_folder, spool_folders

        server = self.ledger_server(address)
        from .ledger.postgres import PostgresLedger

        return PostgresLedger(
            server,
            data_folder(self._environ),
            spools=spool_folders(self._environ),
            redact=self.redactor.text,
        )

    def ledger_server(self, address: str) -> Server:
        """How a ledger in PostgreSQL is reached; UsageError where the extra for it is not installed."""
        try:
            from .ledger.postgres_server import Server
        except ImportError as error:
            from .distribution import installation

            raise installation.missing_extra("fleet", f"a ledger in PostgreSQL needs {error.name}") from None
        return Server(address, self.config.ledger_password, self.redactor.add)

    def verify_shared_ledger(self, address: str) -> str:
        """How a ledger in PostgreSQL is, in words; LedgerError where no order could be written there. Nothing is changed."""
        server = self.ledger_server(address)
        from .ledger.postgres_server import verified

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
        from .config.paths import ledger_path

        return bool(self._shared_address()) or ledger_path(self._environ).exists()

    def _shared_address(self) -> str | None:
        """The address of a ledger that machines share, where the environment or the config names one."""
        from .config.paths import config_path

        if not self._environ.get("HAILUO_LEDGER"):
            try:
                config_path(self._path, self._environ)
            except UsageError:  # nobody's home: there is no config that could name one
                return None
        return self.config.ledger

    def connect(self, account: Account, origin: str | None = None) -> Session:
        """A connection to a provider with the account's key, at its own address or another one; to be closed."""
        from .transport import Session

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
        from .orders.context import Context

        front_end = self._front_end
        with contextlib.ExitStack() as stack:
            sandbox = _Sandbox(stack, self._environ)

            def fetcher(home: str) -> Fetcher:
                from .transport import Fetcher

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

    def delivery(self, *, save: bool = True, **options: Unpack[WaitOptions]) -> Delivery:
        """How to wait and where to save: options, then the profile, then the defaults."""
        from .orders.delivery import DEFAULT_TIMEOUT, MAX_SIZE, Delivery
        from .request import build

        settings = self.config.settings

        def seconds(name: Literal["timeout", "poll_interval"], otherwise: float | None) -> float | None:
            value = options.get(name)
            if value is None:
                return otherwise
            try:
                return durations.seconds(str(value))
            except UsageError as error:
                error.message = f"--{name.replace('_', '-')}: {error.message}"
                raise

        max_size = options.get("max_size")
        if options.get("output") == "":
            raise UsageError("--output is empty", hint="name a file or a folder, or omit --output")
        return Delivery(
            timeout=seconds("timeout", settings.timeout) or DEFAULT_TIMEOUT,
            poll_interval=seconds("poll_interval", settings.poll_interval),
            output=options.get("output"),
            default_output=settings.output,
            force=options.get("force", False),
            max_size=build.size(max_size) if max_size is not None else MAX_SIZE,
            save=save,
        )

    def terms(self, command: str, how: Delivery, options: Mapping[str, Any]) -> Terms:
        """How an order is paid, from options and the profile."""
        from .orders import spending
        from .orders.again import Again
        from .orders.submit import Terms
        from .request import build, texts

        limit = options.get("max_cost")
        for option, name in (("--dedupe-key", "dedupe_key"), ("--name", "name")):
            if options.get(name) is not None:
                texts.checked(options[name], option)
        return Terms(
            command=command,
            dedupe_key=options.get("dedupe_key"),
            again=Again(bool(options.get("again")), bool(options.get("despite_unconfirmed"))),
            max_cost=self.config.settings.max_cost if limit is None else build.usd("--max-cost", limit),
            budget=build.usd("--budget", options.get("budget")),
            allowance=spending.allowance(
                self.config.settings.budget, build.usd("--assume-price", options.get("assume_price"))
            ),
            output=_absolute(how.output) if how.output and not how.pipe else None,
            label=options.get("name"),
        )

    @contextlib.contextmanager
    def checked(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        *,
        takes: int = 1,
        stdin: Stdin | None = None,
        ask_price: bool = False,
    ) -> Iterator[Prepared]:
        """What `values` ask for, with a seller chosen, every local rule kept and the image files open; nothing is ordered.

        A key or a ledger is not needed for that: what is missing is a warning.
        """
        with self._walk(context, values, terms, how, takes, stdin, rehearsal=True) as walk:
            ready = walk.ready(terms, rehearsal=True, ask_price=ask_price)
            self._warn_of(ready)
            yield ready

    def order(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        *,
        takes: int = 1,
        stdin: Stdin | None = None,
        address: Callable[[Account], str] | None = None,
    ) -> Ordered:
        """Order what `values` ask for, after everything local is known: one job a take, with those that were there.

        `address` gives each order a webhook of its own.
        """
        with self.placed(context, values, terms, how, takes=takes, stdin=stdin, address=address) as placed:
            return placed.made

    @contextlib.contextmanager
    def placed(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        *,
        takes: int = 1,
        stdin: Stdin | None = None,
        address: Callable[[Account], str] | None = None,
    ) -> Iterator[Placed]:
        """The same, with the way on: as long as the block runs the image files are open, so that another seller can be
        asked for what one did not make.
        """
        from .choosing.placing import Placed
        from .orders import takes as every_take

        with self._walk(context, values, terms, how, takes, stdin) as walk:
            walk.address = address
            self._warn_of(walk.ready(terms))
            yield Placed(walk, terms, every_take.order(walk.order, terms, takes))

    @contextlib.contextmanager
    def _walk(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        takes: int,
        stdin: Stdin | None,
        *,
        rehearsal: bool = False,
    ) -> Iterator[Walk]:
        """The sellers that can do what `values` ask for, in the order in which they are to be asked."""
        from .choosing import choosing
        from .choosing.walk import Walk
        from .config.paths import data_folder
        from .request import build, images

        wish = choosing.wish_of(context.config, values)
        with contextlib.closing(build.Asked(values, stdin or build.no_stdin)) as asked:
            selection = choosing.chosen(context, wish, asked, terms, rehearsal=rehearsal)
            for line in selection.explained() if wish.is_choice else ():
                context.log(line)
            folder = data_folder(self._environ) / "images"
            yield Walk(
                context, selection, how, takes, choosing.fallback(values), keep=lambda order: images.kept(order, folder)
            )

    def _warn_of(self, ready: Prepared) -> None:
        """What was done to the images, and what is doubtful about an order."""
        for image in ready.order.request.fitted:
            done = f"{'; '.join(image.notes)} ({image.width} × {image.height}, {image.size:,} bytes)"
            self._front_end.say(f"{image.label}: {done}")
        for warning in ready.warnings:
            self._front_end.warn(warning)

    def submit(self, prompt: str, *, output: str | None = None, **options: Unpack[OrderOptions]) -> Job:
        """Order a video, at most once, and return at once. `output` is kept for `wait` and `download`."""
        with self._call() as context:
            how = self.delivery(output=output)
            terms = self.terms("submit", how, options)
            return self.order(context, {**options, "prompt": prompt}, terms, how).only()

    @overload
    def generate(self, prompt: str, *, events: Literal[False] = False, **options: Unpack[GenerateOptions]) -> Job: ...

    @overload
    def generate(
        self, prompt: str, *, events: Literal[True], **options: Unpack[GenerateOptions]
    ) -> Iterator[Event]: ...

    def generate(
        self, prompt: str, *, events: bool = False, **options: Unpack[GenerateOptions]
    ) -> Job | Iterator[Event]:
        """Order a video, wait for it and save it. With `events`, an iterator of what happens; the last is Finished."""
        stream = self._generated(prompt, options)
        return stream if events else _last(stream)

    def _generated(self, prompt: str, options: GenerateOptions) -> Iterator[Event]:
        with self._call() as context:
            how = self.delivery(**_of(WaitOptions, options))
            terms = self.terms("generate", how, options)
            with self.placed(context, {**options, "prompt": prompt}, terms, how) as placed:
                placed.made.only()
                yield from placed.deliver(how)

    def quote(self, prompt: str, *, ask: bool = False, **options: Unpack[OrderOptions]) -> list[Quote]:
        """What every seller asks for a request, and why those cannot that cannot; nothing is ordered.

        `ask` asks those that tell a price themselves, which needs their keys and the network.
        """
        with self._call() as context:
            return self.quotes(context, {**options, "prompt": prompt}, ask=ask)

    def quotes(
        self, context: Context, values: Mapping[str, Any], *, ask: bool = False, stdin: Stdin | None = None
    ) -> list[Quote]:
        """The same with the context in hand."""
        from .choosing.quotes import quotes
        from .request import build

        terms = self.terms("quote", self.delivery(save=False), values)
        with contextlib.closing(build.Asked(values, stdin or build.no_stdin)) as asked:
            return quotes(context, values, asked, terms, ask=ask)

    def status(self, job: str | Job) -> Job:
        """One look at a job, written down."""
        from .orders import lookup

        with self._call() as context:
            return lookup.refresh(context, lookup.find(context, _reference(job)))[0]

    @overload
    def wait(self, job: str | Job, *, events: Literal[False] = False, **options: Unpack[WaitOptions]) -> Job: ...

    @overload
    def wait(self, job: str | Job, *, events: Literal[True], **options: Unpack[WaitOptions]) -> Iterator[Event]: ...

    def wait(self, job: str | Job, *, events: bool = False, **options: Unpack[WaitOptions]) -> Job | Iterator[Event]:
        """Wait for a job and save its video. With `events`, an iterator of what happens; the last is Finished."""
        from .orders.deliver import deliver

        stream = self._delivered(deliver, job, options)
        return stream if events else _last(stream)

    def download(self, job: str | Job, **options: Unpack[WaitOptions]) -> Job:
        """Save the video of a finished job; StillRunning where it is not finished."""
        from .orders.deliver import collect

        return _last(self._delivered(collect, job, options))

    def _delivered(
        self,
        how_to: Callable[[Context, Sequence[Job], Delivery], Iterator[Event]],
        job: str | Job,
        options: WaitOptions,
    ) -> Iterator[Event]:
        from .orders import lookup

        with self._call() as context:
            yield from how_to(context, [lookup.find(context, _reference(job))], self.delivery(**options))

    def cancel(self, job: str | Job) -> Job:
        """Stop a job where the provider can; Unsupported says that it still bills."""
        from .orders import lookup, settle

        with self._call() as context:
            return settle.cancel(context, lookup.find(context, _reference(job)))

    def find(self, job: str) -> Job:
        """The job that a reference means: PROVIDER:TICKET, an id or its start, key:K, @last. Nobody is asked."""
        from .orders import lookup

        with self._call() as context:
            return lookup.find(context, job)

    @contextlib.contextmanager
    def _call(self) -> Iterator[Context]:
        """The context of one call; whoever called knows of its jobs when it returns or raises."""
        with self.context() as context:
            try:
                yield context
            finally:
                if context.touched_jobs:
                    with contextlib.suppress(DiskError, LedgerError):
                        context.ledger.mark_reported(context.touched_jobs)
                        # what another thread is ordering just now is not this call's to let go
                        done = [job for job in context.touched_jobs if job.state is not JobState.SUBMITTING]
                        context.ledger.release(done)


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
            from .config.paths import data_folder
            from .sandbox.server import running

            self._url = self._stack.enter_context(running(data_folder(self._environ) / "sandbox"))
        return self._url


def _last(events: Iterator[Event]) -> Job:
    from .orders.events import Finished

    finished = next((event for event in events if isinstance(event, Finished)), None)
    if finished is None:
        raise UsageError("no job was waited for")
    for _ in events:  # to its end, so that all is put away
        pass
    if finished.error:
        raise finished.error
    return finished.job


def _of(kind: Any, options: Mapping[str, Any]) -> Any:
    return {name: value for name, value in options.items() if name in kind.__annotations__}


def _reference(job: str | Job) -> str:
    return job if isinstance(job, str) else job.ref or job.id


def _absolute(output: str) -> str:
    ending = os.sep if output.endswith(os.sep) else ""
    return os.path.abspath(os.path.expanduser(output)) + ending  # noqa: PTH100, PTH111 - it is a template


__all__ = ["Client", "FrontEnd", "HailuoError", "Job"]
