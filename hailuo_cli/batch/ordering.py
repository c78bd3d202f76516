"""Ordering the takes of a plan one after the other, each provider at its own pace, while what was ordered is waited for.

Every order goes through `orders.submit`, as that of `hailuo generate` does. Nothing is ordered twice: the intent with
its place in the batch is on the disk before the request leaves, and an order in doubt ends its row.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..config.profiles import Account
from ..errors import (
    BalanceError,
    ContentRefused,
    CostLimit,
    DiskError,
    HailuoError,
    Interrupted,
    InvalidImage,
    JobFailed,
    LedgerError,
    NetworkError,
    NoKey,
    RateLimited,
    StillRunning,
    Unconfirmed,
    UnsafeReply,
)
from ..ledger.limits import Allowance
from ..model import Image, Job, LocalImage
from ..orders import submit
from ..orders.context import Context
from ..orders.duplicates import Again
from ..orders.submit import Terms
from ..orders.webhooks import Hearing
from ..request import images
from . import outputs, states
from .events import NotOrdered, Ordered, Paused, RowEvent, Stopped
from .limits import Reservations
from .planning import Take, request_of
from .states import RowState
from .words import counted

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 120.0
"""Seconds for which a provider that refuses is left alone where it does not say how long; doubled each time."""
MOST_REFUSALS = 8
"""After so many refusals in a row, with nothing taken between them, a provider gets no more orders."""


@dataclass
class _Queue:
    """The takes that are to be ordered at one provider, and how it bears them."""

    account: Account
    waiting: deque[Take] = field(default_factory=deque)
    in_flight: int = 0
    paused_until: float = -math.inf
    refusals: int = 0
    is_stopped: bool = False
    trouble: HailuoError | None = None
    """Why it was left alone last, where nothing was taken since."""

    def is_ready(self, now: float, at_once: int) -> bool:
        return self.can_go_on and self.in_flight < at_once and now >= self.paused_until

    @property
    def can_go_on(self) -> bool:
        return bool(self.waiting) and not self.is_stopped


class Orders:
    """A source of jobs for `deliver`: each call makes at most one order.

    `ordered` hears of every order before the next one is made. `in_flight` are jobs of each provider that run already.
    With `hearing` each order has an address that its provider calls.
    """

    def __init__(
        self,
        context: Context,
        batch: str,
        takes: Sequence[Take],
        reservations: Reservations,
        allowance: Allowance,
        tell: Callable[[RowEvent], None],
        ordered: Callable[[Take, Job], None],
        *,
        at_once: int,
        max_failures: int,
        deadline: float = math.inf,
        in_flight: Mapping[str, int] | None = None,
        hearing: Hearing | None = None,
    ) -> None:
        self._context = context
        self._batch = batch
        self._reservations = reservations
        self._allowance = allowance
        self._tell = tell
        self._ordered = ordered
        self._at_once = at_once
        self._max_failures = max_failures
        self._deadline = deadline
        self._hearing = hearing
        self._failures = 0
        self._stopped_by: HailuoError | None = None
        self._queues: dict[str, _Queue] = {}
        for take in takes:
            account = take.prepared.account
            queue = self._queues.setdefault(account.name, _Queue(account))
            queue.waiting.append(take)
        for name, count in (in_flight or {}).items():
            if name in self._queues:
                self._queues[name].in_flight = count
        self._turn = itertools.cycle(list(self._queues.values()))
        self.errors: list[HailuoError] = []
        """Why orders were not made, beside what rows themselves are refused for."""

    def jobs(self) -> list[Job]:
        """The next order, where a provider has room for one now."""
        now = self._context.clock()
        if self._stopped_by or now >= self._deadline:
            return []
        for queue in itertools.islice(self._turn, len(self._queues)):
            if queue.is_ready(now, self._at_once):
                job = self._order(queue, queue.waiting.popleft())
                return [job] if job else []
        return []

    def next_due(self) -> float | None:
        """When there may be room again; see `deliver.JobSource`."""
        now = self._context.clock()
        if self._stopped_by or now >= self._deadline:
            return None
        queues = [queue for queue in self._queues.values() if queue.can_go_on]
        if not queues:
            return None
        return min([queue.paused_until for queue in queues if queue.in_flight < self._at_once] + [self._deadline])

    def ended(self, job: Job, error: HailuoError | None) -> None:
        """A job that was in flight has come to its end."""
        if queue := self._queues.get(job.provider):
            queue.in_flight -= 1
        if isinstance(error, DiskError | LedgerError):
            self._stop(None, error)
        elif error is None or isinstance(error, JobFailed | ContentRefused | UnsafeReply):
            self._count(error)

    @property
    def left(self) -> list[tuple[Take, HailuoError]]:
        """The takes that nobody has tried to order, or that are to be tried again, each with the reason."""
        late = StillRunning("the time was up before it was ordered")
        return [
            (take, self._stopped_by or queue.trouble or late)
            for queue in self._queues.values()
            for take in queue.waiting
        ]

    def _order(self, queue: _Queue, take: Take) -> Job | None:
        """One order; None where it came to nothing or is in doubt, which is told."""
        cost = take.prepared.cost
        try:
            self._reservations.take(cost)
        except CostLimit as error:
            queue.waiting.appendleft(take)
            self._stop(None, error)
            return None
        try:
            job = self._submit(queue.account, take)
        except HailuoError as error:
            if not isinstance(error, Unconfirmed) and not (error.job and error.job.state.may_bill):
                self._reservations.give_back(cost)
            self._not_ordered(queue, take, error)
            if isinstance(error.__cause__, Interrupted):  # a signal came while the order was out
                raise
            return None
        queue.refusals, queue.trouble = 0, None
        queue.in_flight += 1
        if job.reused:
            self._reservations.give_back(cost)
        try:
            self._ordered(take, job)
        except HailuoError as error:
            self._stop(None, error)
        self._tell(Ordered(take, job))
        return job

    def _submit(self, account: Account, take: Take) -> Job:
        prepared, row = take.prepared, take.row
        with contextlib.ExitStack() as opened:

            def image(text: str) -> Image:
                found = images.given(text, limit=account.provider.image_limit)
                if isinstance(found, LocalImage):
                    opened.callback(found.file.close)
                    if found.digest != prepared.images.get(text):
                        raise InvalidImage(f"{text} has changed since the plan was made", hint="plan again")
                return found

            request = request_of(row, account.defaults, image)
            if prepared.order:  # what was settled for all sellers together is ordered of the one that was chosen
                asked = prepared.order.request
                request = replace(request, model=asked.model, duration=asked.duration, resolution=asked.resolution)
            order = submit.plan(account, request)
            if self._hearing:
                order = replace(order, webhook=self._hearing.new_address(account))
            limit = row.max_cost if row.max_cost is not None else self._context.config.settings.max_cost
            terms = Terms(
                command="batch",
                dedupe_key=states.dedupe_key(self._batch, row.id, take.number),
                # that it was ordered before is known here, and why it is ordered all the same
                again=Again(again=take.state in (RowState.CHANGED, RowState.FAILED)),
                max_cost=limit,
                allowance=self._allowance,
                output=outputs.template_of(row),
                take=take.number,
                batch=self._batch,
                row=row.id,
                choice=json.dumps(prepared.choice) if prepared.choice else None,
                send_tries=1,
            )
            job = submit.submit(self._context, account, order, terms, prepared.price)
            if self._hearing:
                self._hearing.expect(job, account)
            return job

    def _not_ordered(self, queue: _Queue, take: Take, error: HailuoError) -> None:
        """What an order that came to nothing means for the row, for its provider and for all."""
        if isinstance(error, RateLimited | NetworkError) and not isinstance(error, Unconfirmed):
            queue.refusals += 1
            if queue.refusals < MOST_REFUSALS:
                self._pause(queue, take, error)
                return
        if isinstance(error, RateLimited | NetworkError | NoKey | BalanceError | CostLimit | UnsafeReply):
            queue.is_stopped, queue.trouble = True, error
            self._stop(queue.account.name, error)
        elif isinstance(error, LedgerError | DiskError):
            self._stop(None, error)
        self._tell(NotOrdered(take, error))
        self._count(error)

    def _pause(self, queue: _Queue, take: Take, error: RateLimited | NetworkError) -> None:
        """Leave a provider alone for a while, and then begin with the same take."""
        asked = getattr(error, "retry_after", None)
        usual = min(FIRST_PAUSE * 2.0 ** (queue.refusals - 1), LONGEST_PAUSE)
        seconds = usual if asked is None else min(asked, LONGEST_PAUSE)
        queue.paused_until = self._context.clock() + seconds
        queue.waiting.appendleft(take)
        queue.trouble = error
        self._tell(Paused(queue.account.name, error, seconds))

    def _stop(self, provider: str | None, error: HailuoError) -> None:
        if provider is None:
            self._stopped_by = self._stopped_by or error
        self.errors.append(error)
        self._tell(Stopped(provider, error))

    def _count(self, error: HailuoError | None) -> None:
        """Count failures in a row, of orders and of jobs."""
        self._failures = self._failures + 1 if error else 0
        if self._failures >= self._max_failures and not self._stopped_by and self.left:
            message = f"{counted(self._failures, 'failure')} in a row"
            self._stopped_by = JobFailed(message, hint="--max-failures N goes on for longer")
            self._tell(Stopped(None, self._stopped_by))
