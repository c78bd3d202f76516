"""The one place that prints. stdout is data only; everything else goes to stderr, cleaned of control characters."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..documents import envelope, error_document
from ..errors import DiskError, HailuoError, Interrupted, Unconfirmed, UsageError
from .next_commands import advice, commands, with_one_way_on

if TYPE_CHECKING:
    from ..model import Job, NextStep
    from .flags import Globals

LONGEST = 2000
ID_ROOM = 9
"""Letters that a job's short id takes in a command."""
RED, YELLOW = "1;31", "33"
_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"


@dataclass(frozen=True)
class Result:
    """What a command found out: `data` for --json, `lines` for people and pipes, and the exit code."""

    data: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    error: HailuoError | None = None
    exit: int = 0
    """The exit code where nothing went wrong."""

    def with_failures(self, failures: Sequence[HailuoError], show: Show) -> Result:
        """With several jobs an unconfirmed order decides, else the highest-numbered failure; the others are said before it."""
        failures = [*failures, *([self.error] if self.error else [])]
        worst = max(failures, key=lambda error: (error.exit == Unconfirmed.exit, error.exit), default=None)
        with_one_way_on(failures, worst)
        for failure in failures:
            if failure is not worst:
                show.complain(failure)
        return replace(self, error=worst)


def clean(text: str, longest: int = LONGEST) -> str:
    """Text that cannot drive a terminal: every control, direction and zero-width character but newline and tab
    is written as \\x1b or \\u202e. Cut to `longest` characters; clean text stays as it is.
    """
    if len(text) <= longest and text.isprintable():
        return text
    # what is cut stands for itself: cut text is not cut again
    written = re.sub(_UNSAFE, _escape, text[: longest + 2])
    if len(written) <= longest or (len(written) == longest + 1 and written.endswith("…")):
        return written
    return written[:longest] + "…"


def _room(step: NextStep | None) -> int:
    """How long a hint may be: a command that goes on with many jobs names them all."""
    return LONGEST + (ID_ROOM * len(step.jobs) if step else 0)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


class Show:
    """stdout and stderr of one command."""

    def __init__(self, flags: Globals) -> None:
        self._flags = flags
        self._told = flags.told
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    @property
    def is_machine(self) -> bool:
        """Whether stdout is for a program that reads JSON."""
        return self._flags.json or self._flags.events

    @property
    def is_quiet(self) -> bool:
        return self._flags.quiet

    @property
    def is_plain(self) -> bool:
        """Whether stderr takes plain lines only."""
        marked = os.environ.get("CI") or os.environ.get("TERM") == "dumb"
        return bool(marked) or sys.stderr is None or not sys.stderr.isatty()

    @property
    def is_one_terminal(self) -> bool:
        """Whether stdout and stderr are the same terminal, where a person would read everything twice."""
        if sys.stdout is None or sys.stderr is None or not (sys.stdout.isatty() and sys.stderr.isatty()):
            return False
        return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())

    @contextlib.contextmanager
    def printing_aside(self, aside: Callable[[], contextlib.AbstractContextManager[None]]) -> Iterator[None]:
        """For as long as a display is on the terminal: everything that is printed enters `aside`."""
        before, self._flags.aside = self._flags.aside, aside
        try:
            yield
        finally:
            self._flags.aside = before

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Room on the terminal for somebody else's output."""
        return self._flags.aside()

    def line(self, text: str, *, longest: int = LONGEST) -> None:
        """One line of data on stdout; on stderr where stdout was closed from the start, for it may be a reference."""
        if self._is_stdout_closed():
            self._tell(clean(text, longest))
        else:
            self._write(clean(text, longest) + "\n")

    def path(self, path: str | None) -> None:
        """The path of a saved video as data; not where a person has just read it on the same terminal."""
        if path and not self.is_machine and (self.is_quiet or not self.is_one_terminal):
            self.line(path)

    def picture(self, text: str) -> None:
        """What draws a picture on stdout, as it is: made here from pixels, with no text of anybody's in it."""
        self._write(text)

    def event(self, name: str, **values: Any) -> None:
        """One line of `--events`."""
        if self._flags.events:
            import json

            self._write(json.dumps(self._flags.redacted({"event": name, **values})) + "\n")

    def say(self, text: str) -> None:
        """A line for the person at the terminal, not said with --quiet."""
        if not self._flags.quiet:
            self._tell(clean(text))

    def has_told(self, job: Job) -> bool:
        """Whether a person or a program could read of this job: its reference, its id or its file was written."""
        names = [name for name in (job.ref, job.id) if name]
        return any(name in text for text in self._told for name in names)

    def doubts(self, jobs: Iterable[Job]) -> None:
        """Say of every unconfirmed order how it is settled."""
        for job in jobs:
            if job.state == "unconfirmed":
                self.say(f"{job.id} may be billed and is not sent again; to settle it: hailuo jobs resolve {job.id}")

    def warn(self, text: str) -> None:
        self._tell(clean(text), "warning: ", YELLOW)

    @property
    def _has_colour(self) -> bool:
        return not self.is_plain and not os.environ.get("NO_COLOR")

    def log(self, text: str) -> None:
        if self._flags.verbose:
            self._tell(clean(text))

    def ask(self, question: str) -> bool:
        """A yes or no from a person; no where there is none to ask."""
        if self.is_machine or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        print(f"{clean(self._flags.redacted(question))} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def ask_text(self, question: str) -> str:
        """A line from a person at a terminal; empty where nothing was typed."""
        print(clean(question), end="", file=sys.stderr, flush=True)  # noqa: T201
        return sys.stdin.readline().strip()

    def ask_secret(self, question: str) -> str:
        """What a person types unseen; UsageError where the terminal was closed instead."""
        import getpass

        try:
            return getpass.getpass(clean(question))
        except EOFError:
            raise UsageError("nothing was typed; nothing was written") from None

    def result(self, result: Result) -> int:
        """Print what a command found and give its exit code."""
        try:
            if not self.is_machine:
                for line in result.lines:
                    self.line(line)
        except DiskError:
            for line in result.lines:  # what could not be said there is said here
                self._tell(clean(line))
            raise
        if result.error:
            return self.failure(result.error, result.data)
        if self.is_machine:
            self._document(True, {"data": dict(result.data)})
        return result.exit

    def failure(self, error: HailuoError, data: Mapping[str, Any] | None = None) -> int:
        """Print what went wrong and what to do next, and give the exit code."""
        if self.is_machine:
            told = error_document(error, advice(error, self._flags))
            self.event("error", code=error.code, message=error.message)
            self._document(False, {"error": told, **({"data": dict(data)} if data else {})})
        self.complain(error)
        return error.exit

    def complain(self, error: HailuoError) -> None:
        """One error as a person reads it, with the job it is about."""
        about = error.job.ref if error.job else None
        name = f"{about}: " if about and about not in error.message else ""
        self._tell(clean(name + error.message), "error: ", RED)
        if hint := advice(error, self._flags):
            self._tell(f"  → {clean(hint, _room(error.next_step))}")

    def interrupted(self, stop: Interrupted) -> int:
        """Say that a signal ended the command, and the commands that continue."""
        hints = [*stop.notes, *commands(stop.next_step, self._flags)]
        if self.is_machine:
            told = {"code": "interrupted", "exit": stop.exit, "message": f"stopped by {stop.name}"}
            self._document(False, {"error": {**told, "hint": "; ".join(hints) or None}})
        goes_on = stop.next_step is not None and stop.next_step.action == "wait"
        self._tell(f"stopped by {stop.name}{'; what was ordered goes on' if goes_on else ''}")
        for hint in hints:
            self._tell(f"  → {clean(hint, _room(stop.next_step))}")
        return stop.exit

    def _document(self, ok: bool, body: Mapping[str, Any]) -> None:
        import json

        self._write(json.dumps(self._flags.redacted(envelope(ok, self._flags.command, body))) + "\n")

    def _write(self, text: str) -> None:
        if sys.stdout is None or self._flags.is_reader_gone:
            return
        text = self._flags.redacted(text)
        try:
            with self._flags.aside():
                sys.stdout.write(text)
                sys.stdout.flush()
            self._told.append(text)
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.EIO):  # EIO: the terminal went away
                self._flags.is_reader_gone = True  # the work goes on; the exit code tells
                return
            if error.errno == errno.EBADF:
                return  # stdout was closed from the start: the work counts, not the telling
            raise DiskError(f"cannot write to stdout: {error.strerror}") from error

    def _is_stdout_closed(self) -> bool:
        if sys.stdout is None:
            return True
        try:
            os.fstat(sys.stdout.fileno())
        except OSError as error:
            return error.errno == errno.EBADF
        except (ValueError, AttributeError):  # a stream of a program, without a file
            return False
        return False

    def _tell(self, text: str, mark: str = "", style: str = "") -> None:
        """A line on stderr; `mark` is what it begins with, in colour where the terminal has any."""
        text = self._flags.redacted(text)
        shown = f"\x1b[{style}m{mark}\x1b[0m" if mark and self._has_colour else mark
        try:
            if sys.stderr is not None:
                with self._flags.aside():
                    print(shown + text, file=sys.stderr, flush=True)  # noqa: T201
                self._told.append(text)
        except OSError:
            pass  # a terminal that went away must not stop a paid job


def file_size(count: float) -> str:
    """Bytes as people read them: 3.4 MB."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def table(rows: Sequence[Sequence[str]], header: Sequence[str], width: int | None = None) -> list[str]:
    """Aligned columns; the last one is cut where the terminal ends (never where stdout is no terminal)."""
    cells = [list(header), *([clean(cell).replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [line if width is None or len(line) <= width else line[: width - 1] + "…" for line in lines]


def terminal_width() -> int | None:
    """Columns of the terminal that stdout is, None where it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns
