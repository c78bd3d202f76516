"""An order's whole life as a state machine: what users, networks, crashes and clocks do, in any order.

The provider is in memory, the ledger and the videos are on disk. N1: no second POST for one intent. N2: no ticket that
arrived is lost, every other order that may have landed is in doubt on record. N4: a final name is a whole video.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hailuo_cli.config.profiles import Config
from hailuo_cli.errors import (
    DiskError,
    HailuoError,
    InvalidRequest,
    NotSent,
    RateLimited,
    TicketUnsaved,
    Unanswered,
    Unconfirmed,
)
from hailuo_cli.ledger import base, row_locks
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState, NextStep, Request
from hailuo_cli.orders.context import Context
from hailuo_cli.orders.delivery import Delivery
from hailuo_cli.orders.duplicates import DUPLICATE_WINDOW, Again
from hailuo_cli.orders.events import Finished
from hailuo_cli.orders.lookup import find
from hailuo_cli.orders.settle import resolve
from hailuo_cli.orders.submit import Terms, plan, submit
from hailuo_cli.orders.wait_and_save import deliver
from hailuo_cli.transport import Fetcher, Session
from hailuo_cli.wire import Call, Reply, Upload
from tests.support.clips import clip
from tests.wire import KEY

from .target import SUITE, scratch

PROMPTS = ("a bear", "a cat")
KEYS = (None, None, "monday", "tuesday")


class Killed(BaseException):
    """The process is gone at this very moment."""


@dataclass
class Shop:
    """The provider: every order that arrived, every job, and how the next requests end."""

    orders: list[str] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    links: Counter[str] = field(default_factory=Counter)
    ends: str = "answered"
    meanwhile: Callable[[], None] | None = None

    def taken(self, prompt: str) -> Reply:
        """A POST that arrived."""
        self.orders.append(prompt)
        if self.meanwhile:
            there, self.meanwhile = self.meanwhile, None
            there()
        if self.ends == "refused":
            raise InvalidRequest("no")
        if self.ends == "busy":
            raise RateLimited("busy")
        ticket = f"job-{len(self.jobs)}"
        self.jobs[ticket] = prompt
        self.states[ticket] = "PROCESSING"
        if self.ends == "lost":
            raise Unanswered("the connection broke")
        if self.ends == "killed":
            raise Killed
        return Reply({} if self.ends == "garbled" else {"request_id": ticket})

    def film(self, ticket: str) -> bytes:
        return clip(300 + 7 * int(ticket.removeprefix("job-")))


@dataclass
class Line:
    """A session that ends in the shop."""

    shop: Shop
    base_url: str = "https://gateway.pixazo.ai"

    def __exit__(self, *_: object) -> None: ...

    def send(
        self, request: Call | Upload, leaving: Callable[[], None] = lambda: None, *, until: float | None = None
    ) -> Reply:
        assert isinstance(request, Call)
        if request.bills:
            if self.shop.ends == "cut off":
                raise NotSent("no route")
            if self.shop.ends == "killed before":
                raise Killed
            leaving()
            assert request.body is not None
            return self.shop.taken(request.body["prompt"])
        ticket = request.path.rpartition("/")[2]
        state = self.shop.states[ticket]
        url = f"https://cdn.example/{ticket}/{self.shop.links[ticket]}"
        return Reply({"status": state, "output": {"media_url": [url] if state == "COMPLETED" else []}})


@dataclass
class Body:
    status: int
    headers: Mapping[str, str]
    data: bytes
    is_killed: bool = False

    def chunks(self) -> Iterator[bytes]:
        yield self.data[:100]
        yield self.data[100:]
        if self.is_killed:
            raise Killed


@dataclass
class Store:
    """Where the videos are. `how` is what happens to the next answer."""

    shop: Shop
    how: str = "whole"
    expires: bool = False

    @contextlib.contextmanager
    def open(self, url: str, headers: Mapping[str, str]) -> Iterator[Body]:
        _, ticket, link = url.rsplit("/", 2)
        film, start = self.shop.film(ticket), 0
        how, self.how = self.how, "whole"
        if self.expires:
            self.shop.links[ticket] += 1
            self.expires = False
        if int(link) != self.shop.links[ticket]:
            yield Body(403, {}, b"")
            return
        if asked := headers.get("Range"):
            start = int(asked[len("bytes=") : -1])
        length = {"Content-Length".lower(): str(len(film) - start), "etag": f'"{ticket}"'}
        if start:
            length["content-range"] = f"bytes {start}-{len(film) - 1}/{len(film)}"
        answers = {
            "whole": film[start:],
            "cut": film[start:][:150],
            "no length": film[start:][:150],
            "another": b"<html>" * 30,
            "killed": film[start:][:150],
        }
        named = {} if how == "no length" and not start else length
        yield Body(206 if start else 200, named, answers[how], how == "killed")


@dataclass(frozen=True)
class Known:
    """What a ledger with all of this in it must stand for."""

    tickets: frozenset[str] = frozenset()
    doubts: tuple[tuple[str, str | None, float], ...] = ()
    """Orders that may have landed: prompt, dedupe key, and when."""
    keys: frozenset[tuple[str, str]] = frozenset()
    """Dedupe keys, each with the ticket of the job that it stands for until that job fails."""
    untold: tuple[tuple[str, str | None, float, str], ...] = ()
    """Jobs whose command died before it told anybody: prompt, dedupe key, when, and the ticket."""


ANSWERED = ["answered", "answered", "garbled", "disk full", "killed while saving", "killed before telling"]
UNHEARD = ["lost", "killed"]
NEVER = ["refused", "busy", "cut off", "killed before"]


class Orders(RuleBasedStateMachine):
    """What may happen, and what must hold after each step."""

    runs = 0

    @initialize()
    def open_shop(self) -> None:
        type(self).runs += 1
        self.folder = scratch()
        self.path = self.folder / "ledger.sqlite3"
        self.shop = Shop()
        self.store = Store(self.shop)
        self.now, self.wall = 0.0, 1_700_000_000.0
        self.desks = [self._desk(), self._desk()]
        assert self.desks[0].ledger.recent() == []
        self.known = Known()
        self.backup: tuple[bytes, Known] | None = None

    def teardown(self) -> None:
        for desk in self.desks:
            self._leave(desk)
        os.close(row_locks.RowLocks._handles.pop(self.lock))
        shutil.rmtree(self.folder)

    @property
    def lock(self) -> Path:
        return self.path.with_name(f"{self.path.name}.alive")

    def _desk(self) -> Context:
        data = {"profiles": {"test": {"providers": {"pixazo": {"api_key_env": "THE_KEY"}}}}}
        return Context(
            config=Config(self.folder / "config.toml", data, "test", {"THE_KEY": KEY}),
            open_ledger=lambda: Ledger(self.path, spools=[self.folder / "spool"], now=lambda: self.wall),
            connect=lambda _: cast("Session", Line(self.shop)),
            fetcher=lambda _: cast("Fetcher", self.store),
            clock=lambda: self.now,
            now=lambda: self.wall,
            sleep=self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        seconds = max(seconds, 20)  # nobody here sleeps for real, and one process waits for another in small steps
        self.now += seconds
        self.wall += seconds

    def _leave(self, desk: Context) -> None:
        """A process ends, in whatever way: its connection and its locks are gone."""
        desk.__exit__()
        for lock, row in list(row_locks.RowLocks._held):
            if lock == self.lock:
                row_locks.RowLocks._held.discard((lock, row))
                row_locks._unlock(row_locks.RowLocks._handles[lock], row)

    def _killed(self, number: int) -> None:
        self._leave(self.desks[number])
        self.desks[number] = self._desk()

    # ordering

    @rule(
        number=st.integers(0, 1),
        prompt=st.sampled_from(PROMPTS),
        key=st.sampled_from(KEYS),
        ends=st.sampled_from(ANSWERED + UNHEARD * 2 + NEVER),
        yes=st.sampled_from([False, False, False, True]),
        crowded=st.booleans(),
    )
    def order(self, number: int, prompt: str, key: str | None, ends: str, yes: bool, crowded: bool) -> None:
        if key:
            key = f"{key} {prompt}"  # a key belongs to one request
        before, jobs = len(self.shop.orders), len(self.shop.jobs)
        is_known = any(held == key and self._stands(ticket) for held, ticket in self.known.keys)
        is_twin = not yes and any(p == prompt for p, _, _ in self.known.doubts)
        orphans = [o for o in self.known.untold if self._is_orphan(*o, prompt=prompt, key=key)]
        began = self.wall
        self.shop.ends = ends
        if crowded and key:
            self.shop.meanwhile = lambda: self._order_in_vain(1 - number, prompt, key)
        told = self._submit(number, prompt, key, yes, ends)
        self.shop.meanwhile = None
        arrived = len(self.shop.orders) - before
        if is_known or is_twin:
            assert arrived == 0, "N1"
            assert told in ("known", "doubt")
            return
        if orphans:
            assert (arrived, told) == (0, "known"), "N1"
            untold = tuple(o for o in self.known.untold if o != orphans[-1])
            self.known = replace(self.known, untold=untold)
            return
        assert arrived == (ends not in ("cut off", "killed before")), "N1"
        if key:
            self._pass_on(key)
        new = {f"job-{n}" for n in range(jobs, len(self.shop.jobs))}
        if ends in ("killed before telling", "disk full"):
            lost_sight = (prompt, key, began, f"job-{jobs}")
            self.known = replace(self.known, untold=(*self.known.untold, lost_sight))
        if told == "new":
            keys = {(key, ticket) for ticket in new if key}
            self.known = replace(self.known, tickets=self.known.tickets | new, keys=self.known.keys | keys)
        elif ends not in ("refused", "busy", "cut off"):
            doubt = (prompt, key, began)
            self.known = replace(self.known, doubts=(*self.known.doubts, doubt))

    def _pass_on(self, key: str) -> None:
        """A new attempt has the key now; what had it before stands for its words alone."""
        self.known = replace(
            self.known,
            doubts=tuple((prompt, None if held == key else held, at) for prompt, held, at in self.known.doubts),
            keys=frozenset(held for held in self.known.keys if held[0] != key),
            untold=tuple(o for o in self.known.untold if o[1] != key),
        )

    def _stands(self, ticket: str) -> bool:
        entry = self.desks[0].ledger.by_ticket("pixazo", ticket)
        return entry is not None and entry.state not in (JobState.FAILED, JobState.GONE)

    def _is_orphan(
        self, ordered: str, under: str | None, at: float, ticket: str, *, prompt: str, key: str | None
    ) -> bool:
        is_same = (ordered, under) == (prompt, key) and (key is not None or at > self.wall - DUPLICATE_WINDOW)
        return is_same and self._stands(ticket)

    def _order_in_vain(self, number: int, prompt: str, key: str) -> None:
        """Another process orders under the same key while the first is on its way."""
        before = len(self.shop.orders)
        ends, self.shop.ends = self.shop.ends, "answered"
        assert self._submit(number, prompt, key, False, "answered") == "doubt"
        self.shop.ends = ends
        assert len(self.shop.orders) == before, "N1"

    def _submit(self, number: int, prompt: str, key: str | None, yes: bool, ends: str) -> str:
        """Order, and tell how: a new ticket, a known one, an error, doubt, or the end of the process."""
        desk = self.desks[number]
        account = desk.config.account("pixazo")
        handed_out = len(self.shop.jobs)
        terms = Terms(dedupe_key=key, again=Again(despite_unconfirmed=yes))
        with _broken_saving(desk.ledger, ends):
            try:
                entry = submit(desk, account, plan(account, Request(prompt)), terms)
            except Killed:
                self._killed(number)
                return "killed"
            except Unconfirmed as error:
                assert error.job
                assert error.next_step == NextStep("resolve", (error.job,))
                return "doubt"
            except HailuoError as error:
                if not isinstance(error, TicketUnsaved):
                    return error.code
                assert f"pixazo:job-{handed_out} " in error.message, "N2"
                self._killed(number)  # whoever cannot save a ticket says it and ends; the next command takes it in
                assert self.desks[number].ledger.last()
                return "new"
        assert entry.ticket in self.shop.jobs
        if ends == "killed before telling" and entry.ticket == f"job-{handed_out}":
            self._killed(number)
        else:
            desk.ledger.mark_reported([entry])
        return "new" if entry.ticket == f"job-{handed_out}" else "known"

    # the provider's side, the clock, and the user's files

    @rule(state=st.sampled_from(["COMPLETED", "COMPLETED", "FAILED"]))
    def finish_what_is_being_made(self, state: str) -> None:
        for ticket, now in self.shop.states.items():
            if now == "PROCESSING":
                self.shop.states[ticket] = state

    @rule(seconds=st.sampled_from([-86400 * 400, -3600, 60, 3600, DUPLICATE_WINDOW + 1, 86400 * 365]))
    def the_clock_jumps(self, seconds: float) -> None:
        self.wall += seconds

    @rule(number=st.integers(0, 1))
    def restart(self, number: int) -> None:
        self._killed(number)

    @rule()
    def back_up(self) -> None:
        self.backup = self.path.read_bytes(), self.known

    @precondition(lambda self: self.backup)
    @rule()
    def restore_the_backup(self) -> None:
        """The user takes the ledger back to what it was; it cannot know of later orders."""
        assert self.backup
        for number in (0, 1):
            self._killed(number)
        content, self.known = self.backup
        self.path.write_bytes(content)

    # after the order

    @precondition(lambda self: self.shop.jobs)
    @rule(
        data=st.data(),
        number=st.integers(0, 1),
        how=st.sampled_from(["whole", "cut", "no length", "another", "killed", "expires", "killed before it is saved"]),
    )
    def deliver(self, data: st.DataObject, number: int, how: str) -> None:
        """Wait for a job by its reference, which may be unknown here."""
        ticket = data.draw(st.sampled_from(sorted(self.shop.jobs)))
        desk = self.desks[number]
        self.store.how = how if how in ("cut", "no length", "another", "killed") else "whole"
        self.store.expires = how == "expires"
        try:
            entry = find(desk, f"pixazo:{ticket}")
            self.known = replace(self.known, tickets=self.known.tickets | {ticket})
            with _broken_saving(desk.ledger, how):
                ended = [e for e in deliver(desk, [entry], self._delivery()) if isinstance(e, Finished)]
        except Killed:
            return
        finally:
            self._killed(number)  # each command is a process of its own, and holds its jobs to its end
        assert len(ended) == 1
        error = ended[0].error
        if self.shop.states[ticket] == "COMPLETED" and how not in ("no length", "another"):
            assert error is None
            assert ended[0].job.path
            assert Path(ended[0].job.path).read_bytes() == self.shop.film(ticket)
        else:
            assert error is not None or Path(ended[0].job.path or "").read_bytes() == self.shop.film(ticket)

    def _delivery(self) -> Delivery:
        return Delivery(timeout=60, output=f"{self.folder}{os.sep}{{job}}.mp4")

    @precondition(lambda self: self.known.doubts)
    @rule(data=st.data(), number=st.integers(0, 1))
    def resolve(self, data: st.DataObject, number: int) -> None:
        """A person looks into the provider's console and settles an order that is in doubt."""
        self._killed(number)  # each command is a process of its own, and sees what the others left
        desk = self.desks[number]
        prompt, key, _ = data.draw(st.sampled_from(self.known.doubts))
        entries = [e for e in desk.ledger.unfinished() if e.state is JobState.UNCONFIRMED and e.prompt == prompt]
        entry = next(e for e in entries if e.dedupe_key == key)
        lost = [t for t, p in self.shop.jobs.items() if p == prompt and t not in self.known.tickets]
        left = list(self.known.doubts)
        left.remove(next(d for d in left if d[:2] == (prompt, key) and d[2] == entry.created_at))
        if lost:
            assert resolve(desk, entry, ticket=lost[0]).state is JobState.SUBMITTED
            desk.ledger.mark_reported([entry])
            keys = self.known.keys | ({(key, lost[0])} if key else set())
            self.known = replace(self.known, doubts=tuple(left), tickets=self.known.tickets | {lost[0]}, keys=keys)
        else:
            assert resolve(desk, entry, never_sent=True).state is JobState.NOT_SENT
            self.known = replace(self.known, doubts=tuple(left))

    # what holds

    @invariant()
    def every_ticket_that_arrived_is_on_record_or_on_screen_and_every_other_order_is_in_doubt(self) -> None:
        rows = self._rows("SELECT ticket FROM jobs WHERE ticket IS NOT NULL")
        assert {ticket for (ticket,) in rows} == self.known.tickets, "N2"
        in_doubt = self._rows("SELECT prompt, dedupe_key FROM jobs WHERE state IN ('unconfirmed', 'submitting')")
        assert Counter(in_doubt) == Counter((prompt, key) for prompt, key, _ in self.known.doubts), "N2"

    @invariant()
    def a_final_name_is_a_whole_video(self) -> None:
        films = {self.shop.film(ticket) for ticket in self.shop.jobs}
        for file in self.folder.glob("*.mp4"):
            assert file.read_bytes() in films, "N4"

    def _rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.path)) as db:
            return list(db.execute(query))


@contextlib.contextmanager
def _broken_saving(ledger: base.Ledger, how: str) -> Iterator[None]:
    """A ledger that cannot be written, or a process that ends, at the moment the ticket or the video is to be noted."""
    move = ledger.move

    def broken(entry: Job, state: JobState, **changes: Any) -> Job:
        if how == "disk full" and state is JobState.SUBMITTED:
            raise DiskError("cannot write the ledger")
        if (how, state) in (("killed while saving", JobState.SUBMITTED), ("killed before it is saved", JobState.SAVED)):
            raise Killed
        return move(entry, state, **changes)

    with mock.patch.object(ledger, "move", broken):
        yield


Orders.TestCase.settings = settings(SUITE, max_examples=40, stateful_step_count=30)
TestOrders = Orders.TestCase
