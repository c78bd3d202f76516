"""A program with a terminal of its own, typed into as a person does (POSIX)."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

_DRIVES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07|\x07")


class Typing:
    """`heard` is all that the program wrote so far, without what only drives the terminal."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str]) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(words[0], list(words), dict(env))  # noqa: S606 - it is what this is for
        self._raw = b""
        self._seen = 0

    def __enter__(self) -> Typing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._terminal)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    @property
    def heard(self) -> str:
        return _DRIVES.sub(b"", self._raw).decode(errors="replace")

    @property
    def written(self) -> str:
        """All that the program wrote, as it came."""
        return self._raw.decode(errors="replace")

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._terminal, text.encode())

    def until(self, words: str, seconds: float = 120) -> str:
        """Read until these words come after those of the last `until`, and give what was read up to there."""
        deadline = time.monotonic() + seconds
        while (end := self.heard.find(words, self._seen)) < 0:
            assert time.monotonic() < deadline, f"no {words!r} in {self.heard!r}"
            assert self._read(1) or select.select([self._terminal], [], [], 0)[0] == [], f"it ended: {self.heard!r}"
        begin, self._seen = self._seen, end + len(words)
        return self.heard[begin : self._seen]

    def quiet(self, seconds: float = 1.0) -> str:
        """Read until nothing more comes for so long."""
        while self._read(seconds):
            pass
        return self.heard

    def within(self, seconds: float) -> str:
        """What is read in so long, whatever comes."""
        begin, deadline = len(self.heard), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)
        return self.heard[begin:]

    def code(self) -> int:
        """Read to the end and give the exit code."""
        while self._read(60):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self._raw += piece
        return bool(piece)
