"""Who plays the steps of many tasks: one thread for everything, or a few workers that only talk to the network."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from ..errors import DiskError, HailuoError
from .rate import Limiter, RateLimiter

K = TypeVar("K")
I = TypeVar("I")  # noqa: E741 - an item
T = TypeVar("T")

BLINK = 0.5
"""The reader's thread wakes this often, so that a signal is noticed at once on every system."""


@dataclass(frozen=True)
class ResumeAt:
    """Nothing to do before this moment of the clock.

    `pause_provider_until`: the provider wants to be left alone until then, by every job.
    `is_download`: what comes then is a download.
    """

    when: float
    pause_provider_until: float | None = None
    is_download: bool = False


@dataclass
class Task(Generic[K, I]):
    """A job's steps, and the limiter of the provider that they ask."""

    key: K
    steps: Iterator[I | ResumeAt]
    limiter: Limiter = field(default_factory=RateLimiter)
    is_download: bool = field(init=False, default=False)


@dataclass(frozen=True)
class Ended:
    """The end of a task's steps, and what went wrong."""

    error: HailuoError | None = None


@dataclass(frozen=True)
class Broken:
    """The end of a task's steps by what is no business of the task: a bug, a signal."""

    error: BaseException


def play(task: Task[Any, I]) -> Iterator[I | ResumeAt | Ended | Broken]:
    """The items of a task up to its next rest or its end."""
    while True:
        try:
            item: I | ResumeAt | Ended | Broken = next(task.steps)
        except StopIteration:
            item = Ended()
        except HailuoError as error:
            item = Ended(error)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the reader's thread
            item = Broken(error)
        yield item
        if isinstance(item, ResumeAt | Ended | Broken):
            return


News = tuple[Task[Any, Any], Any]
"""A task, and an item that it has yielded."""


class Executor(Protocol):
    """Who plays the steps of tasks, until each rests or ends."""

    def room(self, *, is_download: bool) -> bool:
        """Whether a task of this kind can be started now."""
        ...

    def start(self, task: Task[Any, Any]) -> None:
        """Play a task up to its next rest; only where there is room."""
        ...

    def news(self, pause: float) -> Iterator[Sequence[News]]:
        """What the tasks have yielded, as far as it comes within `pause` seconds; what came together is together."""
        ...

    def look_up(self) -> None:
        """End the pause of whoever waits for news; from any thread."""
        ...

    def run_on_main_thread(self, act: Callable[[], T]) -> T:
        """Do something in the thread that reads the news, from within the steps of a task."""
        ...


class SerialExecutor:
    """One thread for everything."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._task: Task[Any, Any] | None = None

    def __enter__(self) -> SerialExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def room(self, *, is_download: bool) -> bool:
        """Whether another task can be taken."""
        return self._task is None

    def start(self, task: Task[Any, Any]) -> None:
        """Take a task."""
        self._task = task

    def news(self, pause: float) -> Iterator[Sequence[News]]:
        """What the task gives, step by step."""
        task, self._task = self._task, None
        if task:
            for item in play(task):
                yield [(task, item)]
        elif pause > 0:
            self._sleep(pause)

    def look_up(self) -> None:
        """Nothing: who sleeps in the one thread there is cannot be woken. What is called needs a ThreadExecutor."""

    def run_on_main_thread(self, act: Callable[[], T]) -> T:
        """Do something at once."""
        return act()


class ThreadExecutor:
    """Worker threads, some for looks and some for downloads, so that neither waits for the other.

    They are daemons: a signal ends the process while they are still blocked in a socket. What they want done in the
    reader's thread is done `together` where several want something.
    """

    def __init__(
        self,
        poll_workers: int,
        download_workers: int,
        together: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._news: queue.SimpleQueue[News | _Question | None] = queue.SimpleQueue()
        self._pools = {False: _WorkerPool(poll_workers, self._news), True: _WorkerPool(download_workers, self._news)}
        self._together = together

    def __enter__(self) -> ThreadExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools.values():
            pool.shutdown()

    def room(self, *, is_download: bool) -> bool:
        """Whether a thread is free."""
        pool = self._pools[is_download]
        return pool.busy < pool.most

    def start(self, task: Task[Any, Any]) -> None:
        """Give a task to a thread."""
        self._pools[task.is_download].start(task)

    def news(self, pause: float) -> Iterator[Sequence[News]]:
        """What came by now; where nothing did, what comes within the pause or a blink."""
        burst: list[News] = []
        questions: list[_Question] = []
        pause = min(pause, BLINK)
        with suppress(queue.Empty):
            while True:
                news = self._news.get(timeout=pause) if pause > 0 else self._news.get_nowait()
                pause = 0.0
                if isinstance(news, _Question):
                    questions.append(news)
                elif news is not None:
                    burst.append(news)
        self._settle(questions)
        for task, item in burst:
            if isinstance(item, ResumeAt | Ended | Broken):
                self._pools[task.is_download].busy -= 1
        if burst:
            yield burst

    def _settle(self, questions: Sequence[_Question]) -> None:
        """Do what workers want done, and let them go on once all of it is done."""
        try:
            with self._together() if len(questions) > 1 else nullcontext():
                for question in questions:
                    question.settle()
        except HailuoError as error:  # nothing of it was written down
            for question in questions:
                question.error = question.error or copy(error)
                question.error.__cause__ = question.error.__cause__ or error.__cause__
        for question in questions:
            question.done.set()

    def look_up(self) -> None:
        self._news.put(None)

    def run_on_main_thread(self, act: Callable[[], T]) -> T:
        """Have it done by the thread that hears the news, and wait for its result."""
        question = _Question(act)
        self._news.put(question)
        question.done.wait()
        if question.error:
            raise question.error
        return cast(T, question.answer)


@dataclass
class _WorkerPool:
    """The workers for one kind of work; started when they are needed."""

    most: int
    _news: queue.SimpleQueue[Any]
    busy: int = 0
    _started: int = 0
    _work: queue.SimpleQueue[Task[Any, Any] | None] = field(default_factory=queue.SimpleQueue)

    def start(self, task: Task[Any, Any]) -> None:
        self.busy += 1
        if self.busy > self._started:
            try:
                threading.Thread(target=self._work_loop, daemon=True).start()
                self._started += 1
            except RuntimeError as error:  # no more threads are to be had: those that are there do the work
                if not self._started:
                    raise DiskError(
                        "this machine gives no more threads", hint="stop other programs, or raise the limit: ulimit -u"
                    ) from error
        self._work.put(task)

    def shutdown(self) -> None:
        for _ in range(self._started):
            self._work.put(None)

    def _work_loop(self) -> None:
        while (task := self._work.get()) is not None:
            for item in play(task):
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
