"""The ledger in PostgreSQL, for any number of machines: what `base` promises, by compare-and-set and leases.

Every time is the database's. An intent is committed with `synchronous_commit = on` and carries the id of its attempt,
which a new connection reads back after any doubt about the commit. What can be done twice is done again when a
connection breaks; an intent is not.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql

from ..errors import Bug, LedgerError, TicketTaken
from ..model import Job, JobState
from . import postgres_server, spool
from .base import (
    FINAL,
    HOLDS_KEY,
    NEXT,
    Choose,
    OwnerUnknown,
    Row,
    arrived,
    is_further_on,
)
from .leases import LEASE, Ownership
from .postgres_questions import Questions
from .postgres_rows import BY_TICKET, COLUMNS, HOLDING, KEPT, LISTED, NOW, Rows, job_of, new_id
from .postgres_server import CommitLost, Connection, Database, Lost, Server, lost
from .shared import SharedStore

if TYPE_CHECKING:
    from .limits import Allowance, Cap


class PostgresLedger(Questions):
    """One connection to a ledger that machines share; open it in the thread that uses it.

    `folder` is where this machine keeps what is its own, `spools` where a ticket is noted that the ledger cannot take.
    `redact` takes secrets out of every text before it is written down.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        *,
        spools: Sequence[Path] = (),
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.name = server.name
        self._redact = redact
        self._rows = Rows(redact)
        self._spools = spools
        self._database = Database(server)
        try:
            self._facts = postgres_server.set_up(self._database)
            self.id = self._facts["id"]
            self._ownership = Ownership(self._database, folder)
            self._who = self._ownership.who
            self.store = SharedStore(self._database, self._ownership)
            self._import_spooled_tickets()
            self._ownership.mark_orphans()
        except BaseException:
            self._database.close()
            raise

    @property
    def server(self) -> Server:
        """Where it is kept."""
        return self._database.server

    def __enter__(self) -> PostgresLedger:
        return self

    def __exit__(self, *_: object) -> None:
        self._ownership.close()
        self._database.close()

    def begin(
        self, intent: Job, choose: Choose = lambda _: None, allowance: Allowance | None = None
    ) -> tuple[Job, bool]:
        """As in `base`. LedgerError where the commit came to nothing or nobody knows; that attempt is never sent."""
        self._ownership.mark_orphans()
        try:
            job, is_new = self._attempted(intent, choose, allowance)
        except Lost:  # before its COMMIT, by a connection that may have been dead for long: nothing was written
            self._database.renew()
            try:
                job, is_new = self._attempted(intent, choose, allowance)
            except Lost as error:
                raise self._nothing_sent(lost(self._database.server, error)) from None
        if is_new and intent.state is JobState.SUBMITTING:
            self._ownership.keep()
        return job, is_new

    def _attempted(self, intent: Job, choose: Choose, allowance: Allowance | None) -> tuple[Job, bool]:
        attempt = uuid.uuid4()
        try:
            with self._database.transaction() as db:
                return self._begun(db, intent, choose, allowance, attempt)
        except CommitLost as error:
            return self._read_back(attempt, error), True

    def _begun(
        self, db: Connection, intent: Job, choose: Choose, allowance: Allowance | None, attempt: uuid.UUID
    ) -> tuple[Job, bool]:
        limited = _limited_by(allowance.caps) if allowance else ()
        self._lock(db, f"attempt:{attempt}", *_decided_by(intent), *limited)
        if intent.state is JobState.SUBMITTING:
            postgres_server.must_be_the_same(self._database.server, db, self._facts)
        earlier = self.earlier(db, intent)
        if chosen := choose(earlier):
            return chosen, False
        if intent.ticket and (known := self._rows.first(db, BY_TICKET, intent.provider, intent.ticket)):
            return known, False
        if allowance:
            for cap in allowance.caps:
                allowance.refuse_above(cap, intent.reserved, self.spent(db, cap))
        if intent.dedupe_key and any(job.state in HOLDS_KEY for job in earlier.keyed):
            self._take_key(db, intent.dedupe_key)
        values = {name: self._rows.plain(getattr(intent, name)) for name in COLUMNS}
        del values["created_at"]
        values |= {"id": intent.id, "attempt": attempt, "state": intent.state.value}
        values |= {"machine": self._who.machine, "login": self._who.login}
        clocked: dict[str, sql.Composable] = {"created_at": NOW}
        if intent.state is JobState.SUBMITTING:
            values["owner"] = self._who.owner
            clocked["lease_until"] = LEASE
        while True:
            if not intent.id:
                values["id"] = new_id()
            if intent.state is JobState.SUBMITTING:
                values["group"] = intent.group or values["id"]
            if made := self._rows.insert(db, values, clocked):
                return made, True
            if intent.id:
                raise Bug(f"the ledger has a job {intent.id} already")

    def _read_back(self, attempt: uuid.UUID, doubt: CommitLost) -> Job:
        """The job of an attempt whose COMMIT was not answered, as a new connection sees it."""

        def look(db: Connection) -> Job | None:
            # whoever is still at this attempt's transaction has its lock
            db.execute(postgres_server.BEGIN)
            self._lock(db, f"attempt:{attempt}")
            found = self._rows.first(db, "attempt = %s", attempt)
            postgres_server.must_be_the_same(self._database.server, db, self._facts)
            db.execute("COMMIT")
            return found

        self._database.close()
        try:
            found = self._database.repeatedly(look)
        except LedgerError as error:
            raise self._nothing_sent(error) from doubt
        if found is None:
            raise self._nothing_sent(
                LedgerError(f"the ledger {self.name} did not take the order: {doubt}", hint="the same command again")
            ) from doubt
        return found

    def move(self, job: Job, state: JobState, **changes: Any) -> Job:
        """As in `base`, by compare-and-set; where the connection breaks, it is done again."""
        return self._database.repeatedly(lambda db: self._moved(db, job.id, state, changes))

    def _moved(self, db: Connection, job_id: str, state: JobState, changes: dict[str, Any]) -> Job:
        given = dict(changes)
        while True:
            row = db.execute(
                sql.SQL("SELECT {}, attempt FROM hailuo_jobs WHERE id = %s").format(LISTED), [job_id]
            ).fetchone()
            if row is None:
                raise Bug(f"the ledger has no job {job_id}")
            now, attempt = job_of(row[:-1]), row[-1]
            new = dict(given)
            clocked: dict[str, sql.Composable] = {}
            if ticket := given.get("ticket"):
                other = self._rows.first(db, BY_TICKET, now.provider, ticket)
                if other and other.id != now.id:
                    raise _taken(now, other, ticket)
            if now.state is not state:
                if state not in NEXT.get(now.state, frozenset()):
                    return now
                new["state"] = state.value
                if state in FINAL | {JobState.SUCCEEDED} and "finished_at" not in new:
                    clocked["finished_at"] = NOW
            try:
                moved = self._rows.update(
                    db, new, clocked, "id = %s AND attempt IS NOT DISTINCT FROM %s AND state = %s", now.id, attempt,
                    now.state.value,
                )  # fmt: skip
            except errors.UniqueViolation as error:
                if error.diag.constraint_name == "hailuo_one_dedupe_key":
                    given["dedupe_key"] = None  # a later attempt has it
                elif error.diag.constraint_name != "hailuo_one_ticket":
                    raise
                continue
            if moved:
                return moved

    def note(self, job: Job, **changes: Any) -> Job:
        """As in `base`."""

        def step(db: Connection) -> Job:
            found = self._rows.update(db, changes, {}, "id = %s", job.id)
            if found is None:
                raise Bug(f"the ledger has no job {job.id}")
            return found

        return self._database.repeatedly(step)

    def forget(self, job: Job) -> None:
        """As in `base`."""
        self._database.repeatedly(lambda db: db.execute("DELETE FROM hailuo_jobs WHERE id = %s", [job.id]))

    def adopt(self, provider: str, ticket: str, profile: str | None = None) -> Job:
        """As in `base`."""
        found = self.by_ticket(provider, ticket)
        return found or self.begin(Job("", provider, JobState.SUBMITTED, ticket=ticket, profile=profile))[0]

    def mark_reported(self, jobs: Iterable[Job]) -> None:
        """As in `base`."""
        ids = [job.id for job in jobs]
        statement = sql.SQL(
            "UPDATE hailuo_jobs SET announced_at = {} WHERE id = ANY(%s) AND announced_at IS NULL"
        ).format(NOW)
        self._database.repeatedly(lambda db: db.execute(statement, [ids]))

    def renew(self, job: Job) -> None:
        """As in `base`, by compare-and-set on the database's clock."""
        self._ownership.renew(job)

    def find_out(self, unknown: OwnerUnknown, sleep: Callable[[float], None]) -> None:
        """As in `base`: a lease that is renewed shows a living owner, one that runs out a dead one."""
        self._ownership.find_out(unknown.job_id, sleep)

    def hold(self, jobs: Iterable[Job]) -> None:
        """As in `base`; what another living process holds stays its own."""
        self._ownership.hold([job.id for job in jobs if job.id])

    def release(self, jobs: Iterable[Job]) -> None:
        """As in `base`; an order that is out stays this process's until its end is written down."""
        self._ownership.release([job.id for job in jobs if job.id])

    def spool(self, job: Job, ticket: str) -> Path | None:
        """As in `base`."""
        return spool.keep(spool.Note(self.id, job.id, job.provider, self._redact(ticket)), self._spools)

    def again(self, job: Job) -> Job:
        """As in `base`."""
        self._ownership.mark_orphans()
        found = self._one("id = %s", job.id)
        if found is None:
            raise Bug(f"the ledger has no job {job.id}")
        return found

    def take_in(self, row: Row) -> bool:
        """As in `base`."""
        kept = {"machine": self._who.machine, "login": self._who.login, **arrived(row, KEPT)}
        kept = {name: self._rows.plain(value) for name, value in kept.items()}
        state = JobState(kept["state"])

        def step(db: Connection) -> bool:
            known = self._rows.first(db, "id = %s", kept["id"])
            if known is None and kept.get("ticket"):
                known = self._rows.first(db, BY_TICKET, kept["provider"], kept["ticket"])
            if known and not is_further_on(state, known.state):
                return False
            new = dict(kept)
            if new.get("dedupe_key") and state in HOLDS_KEY:
                holder = self._rows.first(db, f"dedupe_key = %s AND state IN ({HOLDING})", new["dedupe_key"])
                if holder and (known is None or holder.id != known.id):
                    new["dedupe_key"] = None
            if known is None:
                return self._rows.insert(db, new, {}) is not None
            del new["id"]
            return self._rows.update(db, new, {}, "id = %s AND state = %s", known.id, known.state.value) is not None

        return self._database.repeatedly(step)

    def accept(self) -> None:
        """A person says that this ledger is to be trusted where it is now."""
        self._database.repeatedly(postgres_server.accept)

    def _take_key(self, db: Connection, key: str) -> None:
        held = sql.SQL(f"dedupe_key = %s AND state IN ({HOLDING})")
        db.execute(sql.SQL("UPDATE hailuo_jobs SET dedupe_key = NULL WHERE {}").format(held), [self._rows.plain(key)])

    def _import_spooled_tickets(self) -> None:
        """Bring in the tickets that could not be written down when they came."""
        for path, note in spool.found(self.id, self._spools):
            with suppress(TicketTaken):
                job = self._one("id = %s", note.job)
                if job and job.provider == note.provider:
                    self.move(job, JobState.SUBMITTED, ticket=note.ticket, error=None)
                self.adopt(note.provider, note.ticket)
                path.unlink(missing_ok=True)

    def _lock(self, db: Connection, *names: str) -> None:
        """Hold these names against every other transaction until this one ends; always in one order."""
        keys = sorted(
            int.from_bytes(hashlib.sha256(n.encode("utf-8", "replace")).digest()[:8], "big", signed=True) for n in names
        )
        db.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])

    def _nothing_sent(self, error: LedgerError) -> LedgerError:
        return LedgerError(f"{error.message}; nothing was sent", hint=error.hint)


def _decided_by(intent: Job) -> Iterator[str]:
    """What two intents have in common that cannot be decided about at once."""
    if intent.request_hash:
        yield f"request:{intent.request_hash}"
    if intent.dedupe_key:
        yield f"key:{intent.dedupe_key}"
    if intent.ticket:
        yield f"ticket:{intent.provider}:{intent.ticket}"


def _limited_by(caps: Iterable[Cap]) -> Iterator[str]:
    """What two intents have in common that one limit is for: a batch, or a time."""
    for cap in caps:
        yield f"batch:{cap.batch}" if cap.batch else "spending"


def _taken(job: Job, other: Job, ticket: str) -> TicketTaken:
    return TicketTaken(f"{job.provider} gave the reference of another job, {other.id}: {ticket}")
