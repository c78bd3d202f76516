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

    def run_on_main_thread(self, act: Callable[[], T]) -> T:
        return act()


class ThreadExecutor:
    """Worker threads, some for looks and some for downloads, so that neither waits for the other.

    They are daemons: a signal ends the process while they are still blocked in a socket.
    """

    def __init__(self, poll_workers: int, download_workers: int) -> None:
        self._news: queue.SimpleQueue[tuple[Task[Any], Any] | _Question] = queue.SimpleQueue()
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
                if isinstance(news, _Question):
                    news.settle()
                    continue
                task, item = news
                if isinstance(item, ResumeAt | _Ended):
                    self._pools[task.is_download].busy -= 1
                yield task, item

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


def run(
    tasks: Sequence[Task[K]], executor: Executor, clock: Callable[[], float], deadline: float | None = None
) -> Iterator[tuple[K, Any]]:
    """Play every task to its end. The end is None or a HailuoError, and no other task's business.

    Soon after the deadline, jobs whose turn has not come are StillRunning without a last look.
    """
    order = itertools.count()
    due = [(clock(), next(order), task) for task in tasks]
    heapq.heapify(due)
    lines = deque(_ProviderQueue(limiter) for limiter in {id(task.limiter): task.limiter for task in tasks}.values())
    line_of = {id(line.limiter): line for line in lines}
    downloads: deque[Task[K]] = deque()
    left = len(tasks)
    while left:
        now = clock()
        while due and due[0][0] <= now:
            task = heapq.heappop(due)[2]
            line_of[id(task.limiter)].waiting.append(task)
        while downloads and executor.room(is_download=True):
            executor.start(downloads.popleft())
        lines.rotate()  # each provider is the first one in its turn
        for line in lines:
            line.start(now, executor)
            for task in line.too_late(now, deadline):
                left -= 1
                yield task.key, too_late()
        if not left:
            return
        wakes = [due[0][0]] if due else []
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
                heapq.heappush(due, (item.when, next(order), task))


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
