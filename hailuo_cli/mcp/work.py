"""What is done for an agent while it is answered: each piece in a thread of its own, found again by its name."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from ..errors import Interrupted

T = TypeVar("T")


class Work:
    """The pieces of work that go on. A piece goes on when whoever began it stops waiting for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: dict[object, Future[Any]] = {}
        self._stopping = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Sleep; Interrupted when the server ends."""
        if self._stopping.wait(seconds):
            raise Interrupted(signal.SIGTERM)

    def start(self, do: Callable[[], T], name: object = None) -> Future[T]:
        """Begin a piece of work, or give the one of this name that goes on already."""
        future: Future[T] = Future()
        key = object() if name is None else name
        with self._lock:
            if key in self._going:
                return self._going[key]
            future.set_running_or_notify_cancel()
            self._going[key] = future
        threading.Thread(target=self._do, args=(key, do, future), daemon=True).start()
        return future

    def _do(self, key: object, do: Callable[[], T], future: Future[T]) -> None:
        try:
            result = do()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            self._end(key)
            future.set_exception(error)
        else:
            self._end(key)
            future.set_result(result)

    def _end(self, key: object) -> None:
        with self._lock:
            del self._going[key]

    def close(self, seconds: float) -> None:
        """Let nothing sleep any more, and give so much time to what is being paid for or written down."""
        self._stopping.set()
        with self._lock:
            going = list(self._going.values())
        wait(going, seconds)


async def result(future: Future[T], seconds: float) -> T:
    """The result of a piece of work; TimeoutError where it goes on for longer than that."""
    return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), max(seconds, 0))
