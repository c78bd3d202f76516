"""Many jobs at once: each looked at in its time, a few at a time, and no provider asked more often than it takes.

A job is an iterator of items. `ResumeAt` says when to go on; everything else goes to the reader, in the reader's thread.
`SerialExecutor` plays all of them in that thread, by a clock and a sleep that are handed in; `ThreadExecutor` has workers, which only
talk to the network: what must happen in the reader's thread, such as writing to the ledger, they ask for by `run_on_main_thread`.
"""

from __future__ import annotations

import heapq
import itertools
import math
import queue
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from ..errors import HailuoError, StillRunning
from .wakeups import Wakeups

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

BURST = 3
"""How many requests that were late may follow each other at once."""
LEAST_SHARE = 1 / 128
"""A provider is asked at least at this share of its full rate, however often it refuses."""
RECOVERY = 0.01
"""A rate that was halved grows by this share of the full one a second."""
LAST_LOOKS = 1.0
"""Seconds after the deadline in which jobs may still have their last look."""
CALL_GAP = 1.0
"""Seconds between two plays of a task at its call, however often it is called."""
BLINK = 0.5
"""The reader's thread wakes this often, so that a signal is noticed at once on every system."""


@dataclass(frozen=True)
class ResumeAt:
    """Nothing to do before this moment of the clock.

    `pause_provider_until`: the provider wants to be left alone until then, by every job. `is_download`: what comes then is a download.
    """

    when: float
    pause_provider_until: float | None = None
    is_download: bool = False


@dataclass
class RateLimiter:
    """How often one provider may be asked, whoever asks: evenly spaced, halved by a refusal, slowly back again."""

    full: float = math.inf
    """Requests a second."""
    rate: float = field(init=False)
    next_slot: float = field(init=False, default=-math.inf)
    """The moment of the next request."""
    _quiet: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self.rate = self.full

    def acquire(self, now: float) -> None:
        if self.rate < math.inf:
            self.next_slot = max(self.next_slot, now - BURST / self.rate) + 1 / self.rate

    def on_response(self, now: float, quiet: float | None) -> None:
        """An answer came; `pause_provider_until` is the moment until which the provider wants to be left alone, if it does."""
        if quiet is None:
            if self.rate < self.full:
                self.rate = min(self.full, self.rate + self.full * RECOVERY / self.rate)
            return
        if now >= self._quiet:  # the answers to requests that were already out count once
            self.rate = max(self.rate / 2, self.full * LEAST_SHARE)
        self._quiet = max(self._quiet, quiet)
        self.next_slot = max(self.next_slot, quiet)


@dataclass
class Task(Generic[K]):
    """A job's steps, and the limiter of the provider that they ask."""

    key: K
    steps: Iterator[Any]
    limiter: RateLimiter = field(default_factory=RateLimiter)
    is_download: bool = field(init=False, default=False)


@dataclass(frozen=True)
class _Ended:
    """The end of a task's steps."""

    error: BaseException | None = None


def _played(task: Task[Any]) -> Iterator[Any]:
    """The items of a task up to its next rest or its end."""
    while True:
        try:
            item = next(task.steps)
        except StopIteration:
            item = _Ended()
        except BaseException as error:  # noqa: BLE001 - it is raised again in the reader's thread
            item = _Ended(error)
        yield item
        if isinstance(item, ResumeAt | _Ended):
            return


class Executor(Protocol):
    """Who plays the steps: `start` a task where there is `room`; its `news` come until it rests or ends."""

    def room(self, *, is_download: bool) -> bool: ...
    def start(self, task: Task[Any]) -> None: ...
    def news(self, pause: float) -> Iterator[tuple[Task[Any], Any]]: ...
    def look_up(self) -> None: ...
    def run_on_main_thread(self, act: Callable[[], T]) -> T: ...


class SerialExecutor:
    """One thread for everything."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._task: Task[Any] | None = None

    def __enter__(self) -> SerialExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def room(self, *, is_download: bool) -> bool:
        return self._task is None

    def start(self, task: Task[Any]) -> None:
        self._task = task

    def news(self, pause: float) -> Iterator[tuple[Task[Any], Any]]:
        task, self._task = self._task, None
        if task:
            for item in _played(task):
                yield task, item
        elif pause > 0:
            self._sleep(pause)

    def look_up(self) -> None:
        """Nothing: who sleeps in the one thread there is cannot be woken; those who are called have a ThreadExecutor."""

    def run_on_main_thread(self, act: Callable[[], T]) -> T:
        return act()


class ThreadExecutor:
    """Worker threads, some for looks and some for downloads, so that neither waits for the other.

    They are daemons: a signal ends the process while they are still blocked in a socket.
    """

    def __init__(self, poll_workers: int, download_workers: int) -> None:
        self._news: queue.SimpleQueue[tuple[Task[Any], Any] | _Question | None] = queue.SimpleQueue()
        self._pools = {False: _WorkerPool(poll_workers, self._news), True: _WorkerPool(download_workers, self._news)}

    def __enter__(self) -> ThreadExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools.values():
            pool.shutdown()

    def room(self, *, is_download: bool) -> bool:
        pool = self._pools[is_download]
        return pool.busy < pool.most

    def start(self, task: Task[Any]) -> None:
        self._pools[task.is_download].start(task)

    def news(self, pause: float) -> Iterator[tuple[Task[Any], Any]]:
        """What came by now; where nothing did, what comes within the pause or a blink."""
        pause = min(pause, BLINK)
        with suppress(queue.Empty):
            while True:
                news = self._news.get(timeout=pause) if pause > 0 else self._news.get_nowait()
                pause = 0.0
                if news is None:
                    continue
                if isinstance(news, _Question):
                    news.settle()
                    continue
                task, item = news
                if isinstance(item, ResumeAt | _Ended):
                    self._pools[task.is_download].busy -= 1
                yield task, item

    def look_up(self) -> None:
        """End the pause of whoever waits for news; from any thread."""
        self._news.put(None)

    def run_on_main_thread(self, act: Callable[[], T]) -> T:
        question = _Question(act)
        self._news.put(question)
        question.done.wait()
        if question.error:
            raise question.error
        return cast(T, question.answer)


@dataclass
class _WorkerPool:
    """The workers for one kind of work; hired when they are needed."""

    most: int
    _news: queue.SimpleQueue[Any]
    busy: int = 0
    _started: int = 0
    _work: queue.SimpleQueue[Task[Any] | None] = field(default_factory=queue.SimpleQueue)

    def start(self, task: Task[Any]) -> None:
        self.busy += 1
        if self.busy > self._started:
            self._started += 1
            threading.Thread(target=self._work_loop, daemon=True).start()
        self._work.put(task)

    def shutdown(self) -> None:
        for _ in range(self._started):
            self._work.put(None)

    def _work_loop(self) -> None:
        while (task := self._work.get()) is not None:
            for item in _played(task):
                self._news.put((task, item))


@dataclass
class _Question:
    """Something that a worker wants done in the reader's thread."""

    act: Callable[[], Any]
    done: threading.Event = field(default_factory=threading.Event)
    answer: Any = None
    error: HailuoError | None = None

    def settle(self) -> None:
        try:
            self.answer = self.act()
        except HailuoError as error:
            self.error = error
        self.done.set()


def too_late() -> StillRunning:
    return StillRunning("gave up waiting; the job goes on at the provider")


class TaskSource(Protocol):
    """Where more tasks come from while others are played.

    `tasks` are those that there are now; making one may take its time. `next_due` is the moment to ask again, infinity
    where that depends on the end of a task, and None where no more will come.
    """

    def tasks(self) -> Sequence[Task[Any]]: ...
    def next_due(self) -> float | None: ...


def run(
    tasks: Sequence[Task[K]],
    executor: Executor,
    clock: Callable[[], float],
    deadline: float | None = None,
    source: TaskSource | None = None,
    wakeups: Wakeups[K] | None = None,
) -> Iterator[tuple[K, Any]]:
    """Play every task to its end. The end is None or a HailuoError, and no other task's business.

    Soon after the deadline, jobs whose turn has not come are StillRunning without a last look. A task that is rung
    for goes on before its time, and once more where it is at work just then.
    """
    resting: _Resting[K] = _Resting(clock)
    for task in tasks:
        resting.add(task, clock())
    if wakeups:
        wakeups.attach(executor.look_up)
    line_of = {id(task.limiter): _ProviderQueue(task.limiter) for task in tasks}
    lines = deque(line_of.values())
    downloads: deque[Task[K]] = deque()
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
            line_of[id(task.limiter)].waiting.append(task)
        while downloads and executor.room(is_download=True):
            executor.start(downloads.popleft())
        lines.rotate()  # each provider is the first one in its turn
        for line in lines:
            line.start(now, executor)
            for task in line.too_late(now, deadline):
                left -= 1
                yield task.key, too_late()
        more = source.next_due() if source else None
        if not left and more is None:
            return
        wakes = resting.next_due()
        wakes += [] if more is None else [more]
        if executor.room(is_download=False):
            wakes += [line.wake(now, deadline) for line in lines if line.waiting]
        for task, item in executor.news(max(0.0, min(wakes, default=math.inf) - now)):
            if isinstance(item, _Ended):
                if item.error and not isinstance(item.error, HailuoError):
                    raise item.error
                left -= 1
                yield task.key, item.error
            elif not isinstance(item, ResumeAt):
                yield task.key, item
            elif item.is_download:
                task.is_download = True
                downloads.append(task)
            else:
                task.limiter.on_response(clock(), item.pause_provider_until)
                resting.add(task, item.when)


class _Resting(Generic[K]):
    """The tasks that rest, by the moment when they go on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Task[K]]] = []
        self._entries: dict[K, tuple[float, int]] = {}
        """When each task goes on, and by which entry of the heap; one that was called early leaves a stale one behind."""
        self._called: dict[K, float] = {}
        self._last_call: dict[K, float] = {}

    def add(self, task: Task[K], when: float) -> None:
        """Let a task rest, not beyond a call that came while it was at work."""
        self._push(task, min(when, self._called.pop(task.key, math.inf)))

    def call(self, key: K) -> None:
        """Have a task go on now; one that is at work when its rest begins."""
        when = max(self._clock(), self._last_call.get(key, -math.inf) + CALL_GAP)
        entry = self._entries.get(key)
        if entry is None:
            self._called[key] = self._last_call[key] = when
        elif when < entry[0]:
            self._last_call[key] = when
            self._push(next(task for _, number, task in self._heap if number == entry[1]), when)

    def due(self, now: float) -> Iterator[Task[K]]:
        """Take out the tasks that go on by now, the earliest first."""
        while self._heap and self._heap[0][0] <= now:
            when, number, task = heapq.heappop(self._heap)
            if self._entries.get(task.key) == (when, number):
                del self._entries[task.key]
                yield task

    def next_due(self) -> list[float]:
        """The moment of the next one, where there is one."""
        return [self._heap[0][0]] if self._heap else []

    def _push(self, task: Task[K], when: float) -> None:
        self._entries[task.key] = (when, next(self._order))
        heapq.heappush(self._heap, (*self._entries[task.key], task))


@dataclass
class _ProviderQueue:
    """The tasks that are due and wait for their provider's limiter, first come, first served."""

    limiter: RateLimiter
    waiting: deque[Task[Any]] = field(default_factory=deque)

    def start(self, now: float, executor: Executor) -> None:
        while self.waiting and self.limiter.next_slot <= now and executor.room(is_download=False):
            self.limiter.acquire(now)
            executor.start(self.waiting.popleft())

    def too_late(self, now: float, deadline: float | None) -> Iterator[Task[Any]]:
        """The tasks whose turn does not come any more."""
        if deadline is None or now < deadline or max(now, self.limiter.next_slot) < deadline + LAST_LOOKS:
            return
        while self.waiting:
            yield self.waiting.popleft()

    def wake(self, now: float, deadline: float | None) -> float:
        if deadline is None:
            return self.limiter.next_slot
        return min(self.limiter.next_slot, deadline if now < deadline else deadline + LAST_LOOKS)
