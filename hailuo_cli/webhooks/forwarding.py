"""Passing calls on to a program of the user's own, one after the other and beside everything else."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ..errors import HailuoError, UsageError
from ..transport.relay import relay
from ..urls import is_loopback, is_web
from .receiver import Heard

MOST_WAITING = 1000
WORKERS = 4


class Forwarder:
    """Posts each call to one address, with the body and the headers that it came with.

    What becomes of it changes nothing here: a program that does not answer is a warning, said once until it does.
    """

    def __init__(self, url: str, say: Callable[[str], None]) -> None:
        if not is_web(url) or not (url.startswith("https://") or is_loopback(url)):
            raise UsageError(
                f"--forward {url} must be https, or http on this machine", hint="--forward http://127.0.0.1:3000/hook"
            )
        self._url, self._say = url, say
        self._calls: queue.Queue[Heard] = queue.Queue(MOST_WAITING)
        self._is_down = False
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def pass_on(self, heard: Heard) -> None:
        """Have a call posted soon; safe from any thread, and never waits."""
        try:
            self._calls.put_nowait(heard)
        except queue.Full:
            self._doubt(f"more than {MOST_WAITING} calls wait for it; this one is left out")

    def _work(self) -> None:
        while True:
            call = self._calls.get().call
            try:
                status = relay(self._url, call.headers, call.body)
            except HailuoError as error:
                self._doubt(error.message)
                continue
            if status >= 300:
                self._doubt(f"it answered HTTP {status}")
            else:
                self._is_down = False

    def _doubt(self, why: str) -> None:
        if not self._is_down:
            self._is_down = True
            self._say(f"warning: a call could not be passed on to {self._url}: {why}")
