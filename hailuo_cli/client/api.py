"""`Client`, the public Python API. It writes to no stream and imports no terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from ..errors import DiskError, LedgerError, UsageError
from ..model import Job, JobState
from ..orders.options import BatchOptions, GenerateOptions, OrderOptions, WaitOptions
from .ordering import Ordering

if TYPE_CHECKING:
    from pathlib import Path

    from ..batch.report.outcomes import Report
    from ..choosing.quotes import Quote
    from ..orders.context import Context
    from ..orders.delivery import Delivery
    from ..orders.events import Event


class Client(Ordering):
    """Hailuo videos through any provider: ordered at most once, never lost, whole when saved.

    profile: the profile of the config file; default: as on the command line.
    config: the config file; default: `HAILUO_CONFIG`, else the user's own.
    environ: the environment to read; default: that of the process.

    Usable from any thread; each call opens and closes what it needs. Errors are those of `hailuo_cli.errors`.
    """

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

    def status(self, job: str | Job) -> Job:
        """One look at a job, written down."""
        from ..orders import lookup

        with self._call() as context:
            return lookup.refresh(context, lookup.find(context, _reference(job)))[0]

    @overload
    def wait(self, job: str | Job, *, events: Literal[False] = False, **options: Unpack[WaitOptions]) -> Job: ...

    @overload
    def wait(self, job: str | Job, *, events: Literal[True], **options: Unpack[WaitOptions]) -> Iterator[Event]: ...

    def wait(self, job: str | Job, *, events: bool = False, **options: Unpack[WaitOptions]) -> Job | Iterator[Event]:
        """Wait for a job and save its video. With `events`, an iterator of what happens; the last is Finished."""
        from ..orders.wait_and_save import deliver

        stream = self._delivered(deliver, job, options)
        return stream if events else _last(stream)

    def download(self, job: str | Job, **options: Unpack[WaitOptions]) -> Job:
        """Save the video of a finished job; StillRunning where it is not finished."""
        from ..orders.wait_and_save import collect

        return _last(self._delivered(collect, job, options))

    def _delivered(
        self,
        how_to: Callable[[Context, Sequence[Job], Delivery], Iterator[Event]],
        job: str | Job,
        options: WaitOptions,
    ) -> Iterator[Event]:
        from ..orders import lookup

        with self._call() as context:
            yield from how_to(context, [lookup.find(context, _reference(job))], self.delivery(**options))

    def batch(self, file: str | Path, **options: Unpack[BatchOptions]) -> Report:
        """Make every row of a batch file so: order what is new or changed, wait, save; where each row stands then.

        Safe to repeat: what is there is not ordered again. UsageError with every bad row, NoKey and CostLimit before
        anything is ordered; what goes wrong with a row is in its outcome.
        """
        from pathlib import Path

        from ..batch.program import run_file
        from ..config.paths import data_folder

        with self._call() as context:
            folder = data_folder(self._environ) / "batches"
            return run_file(context, Path(file), options, folder, lambda: context.ledger if self.has_ledger() else None)

    def cancel(self, job: str | Job) -> Job:
        """Stop a job where the provider can; Unsupported says that it still bills."""
        from ..orders import lookup, settle

        with self._call() as context:
            return settle.cancel(context, lookup.find(context, _reference(job)))

    def find(self, job: str) -> Job:
        """The job that a reference means: PROVIDER:TICKET, an id or its start, key:K, @last. Nobody is asked."""
        from ..orders import lookup

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


def _last(events: Iterator[Event]) -> Job:
    from ..orders.events import Finished

    finished = next((event for event in events if isinstance(event, Finished)), None)
    if finished is None:
        raise UsageError("no job was waited for")
    for _ in events:  # to its end, so that all is put away
        pass
    if finished.error:
        raise finished.error
    return finished.job


def _reference(job: str | Job) -> str:
    return job if isinstance(job, str) else job.ref or job.id


def _of(kind: Any, options: Mapping[str, Any]) -> Any:
    return {name: value for name, value in options.items() if name in kind.__annotations__}
