"""Many jobs at once: each looked at in its time, a few at a time, and no provider asked more often than it takes.

A job is an iterator of items. `ResumeAt` says when to go on; everything else goes to the reader, in the reader's thread.
`SerialExecutor` plays all of them in that thread, by a clock and a sleep that are handed in; `ThreadExecutor` has
workers, which only talk to the network: what must happen in the reader's thread, such as writing to the ledger, they
ask for by `run_on_main_thread`.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ..errors import StillRunning
from .executors import Broken, Ended, Executor, ResumeAt, Task
from .rate import Limiter
from .wakeups import Wakeups

K = TypeVar("K", bound=Hashable)
I = TypeVar("I")  # noqa: E741 - an item

CALL_GAP = 1.0
"""Seconds between two plays of a task at its call, however often it is called."""
LAST_LOOKS = 1.0
"""Seconds after the deadline in which jobs may still have their last look."""


def too_late() -> StillRunning:
    """The end of a job whose time is up."""
    return StillRunning("gave up waiting; the job goes on at the provider")


class TaskSource(Protocol[K, I]):
    """Where more tasks come from while others are played.

    `tasks` are those that there are now; making one may take its time. `next_due` is the moment to ask again, infinity
    where that depends on the end of a task, and None where no more will come.
    """

    def tasks(self) -> Sequence[Task[K, I]]:
        """The tasks that are there by now; each is given once."""
        ...

    def next_due(self) -> float | None:
        """When there may be more, by the clock of the run; None when there will be no more."""


def run(
    tasks: Sequence[Task[K, I]],
    executor: Executor,
    clock: Callable[[], float],
    deadline: float | None = None,
    source: TaskSource[K, I] | None = None,
    wakeups: Wakeups[K] | None = None,
) -> Iterator[Sequence[tuple[K, I | Ended]]]:
    """Play every task to its end, which is no other task's business; what they tell comes in bursts.

    Soon after the deadline, jobs whose turn has not come are StillRunning without a last look. A task that is rung
    for goes on before its time, and once more where it is at work just then.
    """
    resting: _Resting[K, I] = _Resting(clock)
    for task in tasks:
        resting.add(task, clock())
    if wakeups:
        wakeups.attach(executor.look_up)
    line_of = {id(task.limiter): _ProviderQueue(task.limiter) for task in tasks}
    lines = deque(line_of.values())
    downloads: deque[Task[K, I]] = deque()
    left = len(tasks)
    while left or (source and source.next_due() is not None):
        for task in source.tasks() if source else ():
            left += 1
            resting.add(task, clock())
            if id(task.limiter) not in line_of:
                line_of[id(task.limiter)] = _ProviderQueue(task.limiter)
                lines.append(line_of[id(task.limiter)])
        for key in wakeups.taken() if wakeups else ():
            resting.call(key)
        now = clock()
        for task in resting.due(now):
            (downloads if task.is_download else line_of[id(task.limiter)].waiting).append(task)
        while downloads and executor.room(is_download=True):
            executor.start(downloads.popleft())
        lines.rotate()  # each provider is the first one in its turn
        for line in lines:
            line.start(now, executor)
            for task in line.too_late(now, deadline):
                left -= 1
                yield [(task.key, Ended(too_late()))]
        more = source.next_due() if source else None
        if not left and more is None:
            return
        wakes = resting.next_due()
        wakes += [] if more is None else [more]
        if executor.room(is_download=False):
            wakes += [line.wake(now, deadline) for line in lines if line.waiting]
        for burst in executor.news(max(0.0, min(wakes, default=math.inf) - now)):
            told = [(task.key, item) for task, item in burst if not isinstance(item, ResumeAt | Broken)]
            left -= sum(isinstance(item, Ended) for _, item in told)
            if told:
                yield told
            for task, item in burst:
                if isinstance(item, Broken):
                    raise item.error
                if isinstance(item, ResumeAt):
                    if not task.is_download:
                        task.limiter.on_response(clock(), item.pause_provider_until)
                    task.is_download = item.is_download
                    resting.add(task, item.when)


class _Resting(Generic[K, I]):
    """The tasks that rest, by the moment when they go on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Task[K, I]]] = []
        self._entries: dict[K, tuple[float, int]] = {}
        """When each task goes on, and by which entry of the heap; one that was called early leaves a stale one behind."""
        self._called: dict[K, float] = {}
        self._last_call: dict[K, float] = {}

    def add(self, task: Task[K, I], when: float) -> None:
        """Let a task rest, not beyond a call that came while it was at work; a download is nothing to be called for."""
        called = self._called.pop(task.key, math.inf)
        self._push(task, when if task.is_download else min(when, called))

    def call(self, key: K) -> None:
        """Have a task go on now; one that is at work when its rest begins."""
        when = max(self._clock(), self._last_call.get(key, -math.inf) + CALL_GAP)
        entry = self._entries.get(key)
        if entry is None:
            self._called[key] = self._last_call[key] = when
        elif when < entry[0]:
            task = next(task for _, number, task in self._heap if number == entry[1])
            if not task.is_download:
                self._last_call[key] = when
                self._push(task, when)

    def due(self, now: float) -> Iterator[Task[K, I]]:
        """Take out the tasks that go on by now, the earliest first."""
        while self._heap and self._heap[0][0] <= now:
            when, number, task = heapq.heappop(self._heap)
            if self._entries.get(task.key) == (when, number):
                del self._entries[task.key]
                yield task

    def next_due(self) -> list[float]:
        """The moment of the next one, where there is one."""
        return [self._heap[0][0]] if self._heap else []

    def _push(self, task: Task[K, I], when: float) -> None:
        self._entries[task.key] = (when, next(self._order))
        heapq.heappush(self._heap, (*self._entries[task.key], task))


@dataclass
class _ProviderQueue:
    """The tasks that are due and wait for their provider's limiter, first come, first served."""

    limiter: Limiter
    waiting: deque[Task[Any, Any]] = field(default_factory=deque)

    def start(self, now: float, executor: Executor) -> None:
        while self.waiting and self.limiter.next_slot <= now and executor.room(is_download=False):
            self.limiter.acquire(now)
            executor.start(self.waiting.popleft())

    def too_late(self, now: float, deadline: float | None) -> Iterator[Task[Any, Any]]:
        """The tasks whose turn does not come any more."""
        if deadline is None or now < deadline or max(now, self.limiter.next_slot) < deadline + LAST_LOOKS:
            return
        while self.waiting:
            yield self.waiting.popleft()

    def wake(self, now: float, deadline: float | None) -> float:
        if deadline is None:
            return self.limiter.next_slot
        return min(self.limiter.next_slot, deadline if now < deadline else deadline + LAST_LOOKS)
