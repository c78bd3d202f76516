"""Rows on their way to workers: Procrastinate, on the ledger's own database. It hands out work and decides nothing.

Its coroutines run in one thread with a loop of its own; whoever calls waits, and can be stopped by a signal meanwhile.
Nothing is retried by the engine: a row is put back by a worker, and the ledger says whether it may be ordered.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Job as Entry
from procrastinate.jobs import Status

from ...errors import LedgerError
from ...ledger.postgres_schema import MIGRATION_LOCK
from ...ledger.postgres_server import DriverError, Server
from ...ledger.shared import TASK
from . import tasks
from .tasks import OrderTask

T = TypeVar("T")

BEAT_SECONDS = 10.0
STALLED_SECONDS = 60.0
"""A worker that was not heard of for so long is dead to the others, as its leases are."""
ANSWER_SECONDS = 30.0
_BEFORE_NAME = "hailuo:"
_TAKES_INDEX = (
    "CREATE INDEX hailuo_takes ON procrastinate_jobs (lower(queueing_lock)) WHERE status IN ('todo', 'doing')"
)


@dataclass(frozen=True)
class Claimed:
    """A task that this worker has taken, and nobody else has."""

    number: int
    task: OrderTask


class Queue:
    """The queue of one database, for one process."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hailuo-queue", daemon=True)
        connector = procrastinate.PsycopgConnector(
            conninfo=server.conninfo(),
            kwargs={"prepare_threshold": None},
            min_size=1,
            max_size=2,
            timeout=ANSWER_SECONDS,
        )
        for library in ("psycopg", "procrastinate"):  # what they warn of is told by our own errors
            logging.getLogger(library).addHandler(logging.NullHandler())
        self._app = procrastinate.App(connector=connector)
        self._manager = self._app.job_manager
        self._beating: asyncio.Task[None] | None = None
        self.worker: int | None = None

    def __enter__(self) -> Queue:
        self._thread.start()
        try:
            self._do(self._open())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(LedgerError):
            self._do(self._close(), seconds=2.0)
        self._end()

    def put(self, wanted: Iterable[OrderTask]) -> int:
        """Hand tasks over, each once while it waits, as it is now; how many were new or had changed."""
        return self._do(self._put(list(wanted)), seconds=None)

    def start_worker(self) -> int:
        """From now on this process takes tasks; the others hear of it every few seconds."""
        self.worker = self._do(self._manager.register_worker())
        self._beating = self._do(self._start_beating(self.worker))
        return self.worker

    def claim(self, providers: Sequence[str]) -> Claimed | None:
        """The next task for one of these providers; None where there is none now."""
        assert self.worker is not None  # noqa: S101
        entry = self._do(self._manager.fetch_job([_BEFORE_NAME + name for name in providers], self.worker))
        return _claimed(entry) if entry else None

    def done(self, claimed: Claimed, *, is_good: bool) -> None:
        """A task has come to its end; the ledger knows to which."""
        status = Status.SUCCEEDED if is_good else Status.FAILED
        self._do(self._manager.finish_job_by_id_async(claimed.number, status, delete_job=is_good))

    def put_back(self, claimed: Claimed, seconds: float = 0.0, *, within: float = ANSWER_SECONDS) -> None:
        """Nothing was done about a task that may not be done later, by whoever takes it then."""
        when = datetime.now(UTC) + timedelta(seconds=seconds)
        self._do(self._put_back(claimed, when), seconds=within)

    def stalled(self) -> list[tuple[Claimed, int]]:
        """The tasks of workers that were not heard of for long, with their workers."""
        found = self._do(self._manager.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=STALLED_SECONDS))
        return [(_claimed(entry), entry.worker_id or 0) for entry in found]

    def under_way(self) -> list[tuple[Claimed, int]]:
        """Every task that some worker has taken, with its worker."""
        found = self._do(self._manager.list_jobs_async(task=TASK, status=Status.DOING.value))
        return [(_claimed(entry), entry.worker_id or 0) for entry in found]

    def waiting_providers(self) -> set[str]:
        """The providers that tasks wait for."""
        found = self._do(self._manager.list_queues_async(task=TASK, status=Status.TODO.value))
        return {str(one["name"]).removeprefix(_BEFORE_NAME) for one in found}

    @property
    def _pool(self) -> Any:
        return self._app.connector.pool  # type: ignore[attr-defined]

    async def _open(self) -> None:
        await self._app.open_async()
        async with self._pool.connection() as db, db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            found = await db.execute("SELECT 1 FROM pg_class WHERE relname = 'procrastinate_jobs'")
            if await found.fetchone() is None:
                await db.execute(self._app.schema_manager.get_schema())
                await db.execute(_TAKES_INDEX)

    async def _close(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
        if self.worker is not None:
            await self._manager.unregister_worker(self.worker)
        await self._app.close_async()

    async def _put(self, wanted: Sequence[OrderTask]) -> int:
        new = 0
        for task in wanted:
            entry = Entry(
                id=None,
                status=None,
                queue=_BEFORE_NAME + task.provider,
                lock=None,
                queueing_lock=task.key,
                task_name=TASK,
                task_kwargs=task.document(),
            )
            with suppress(exceptions.AlreadyEnqueued):
                async with self._pool.connection() as db, db.transaction():
                    if await self._has_room(db, task):
                        await self._manager.defer_job_async(entry, connection=db)
                        new += 1
        return new

    async def _put_back(self, claimed: Claimed, when: datetime) -> None:
        try:
            await self._manager.retry_job_by_id_async(claimed.number, retry_at=when)
        except exceptions.UniqueViolation:  # the same take was put in again meanwhile, and that stands for it
            await self._manager.finish_job_by_id_async(claimed.number, Status.FAILED, delete_job=True)

    async def _has_room(self, db: Any, task: OrderTask) -> bool:
        """Whether a take may be put into the queue: what waits there as it was before an edit is taken out.

        Not what a worker has in its hands, and nobody else puts the same take there meanwhile.
        """
        await db.execute(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '20s';"
            " SET LOCAL idle_in_transaction_session_timeout = '30s'"
        )
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended(lower(%s), 0))", [task.key])
        found = await db.execute(
            "SELECT id, status::text, args ->> 'form' FROM procrastinate_jobs WHERE task_name = %s"
            " AND lower(queueing_lock) = lower(%s) AND args ->> 'batch' = %s AND status IN ('todo', 'doing') FOR UPDATE",
            [TASK, task.key, task.batch],
        )
        same = await found.fetchall()
        if any(status == Status.DOING.value for _, status, _ in same):
            return False
        older = [number for number, _, form in same if form not in (None, task.form)]
        for number in older:
            await self._manager.cancel_job_by_id_async(number, delete_job=True, connection=db)
        return len(older) == len(same)

    async def _start_beating(self, worker: int) -> asyncio.Task[None]:
        return asyncio.create_task(self._beat(worker))

    async def _beat(self, worker: int) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with suppress(exceptions.ConnectorException, exceptions.ProcrastinateException):
                await self._manager.update_heartbeat(worker)

    def _do(self, step: Coroutine[Any, Any, T], *, seconds: float | None = ANSWER_SECONDS) -> T:
        future = asyncio.run_coroutine_threadsafe(step, self._loop)
        try:
            return future.result(seconds)
        except exceptions.ProcrastinateException as error:
            reason = str(error.__cause__ or error).split("\n", 1)[0] or type(error).__name__
            raise LedgerError(f"the queue of {self._server.name}: {reason}", hint="try again") from error
        except DriverError as error:  # what the engine lets through
            reason = str(error).split("\n", 1)[0]
            raise LedgerError(f"the queue of {self._server.name}: {reason}", hint="hailuo doctor") from error
        except TimeoutError as error:
            raise LedgerError(f"the queue of {self._server.name} does not answer", hint="try again") from error

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2.0)
        if not self._thread.is_alive():
            self._loop.close()


def _claimed(entry: Entry) -> Claimed:
    return Claimed(entry.id or 0, tasks.read(entry.task_kwargs))
