"""The end of the process: everything that matters is done, and the interpreter is not taken apart piece by piece.

Taking it apart is a tenth to a third of a quick command's time and does nothing for anybody: streams are flushed here,
and a flush that fails decides the exit code; the ledger and files are closed by the command; exit callbacks are run.
"""

from __future__ import annotations

import atexit
import errno
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn, TextIO

from ..errors import DiskError, ReaderGone

SLOWLY = "HAILUO_FULL_EXIT"
"""Set in the environment, it lets the interpreter end as usual: for coverage and for tests that look at its end."""


def leave(code: int) -> NoReturn:
    """End the process with this exit code, or with that of an output that could not be written."""
    code = flushed(code)
    if os.environ.get(SLOWLY) or sys.gettrace() is not None:
        sys.exit(code)
    for thread in threading.enumerate():  # whoever still writes is waited for; daemons only read the network
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    os._exit(flushed(code))


def flushed(code: int) -> int:
    """The exit code once both streams are flushed; what cannot be flushed is dropped, so that it fails only once."""
    failure = _flush(sys.stdout)
    _flush(sys.stderr)  # who cannot be told of a trouble is not told of this one either
    return code or failure


def exit_of(error: OSError) -> int:
    """The exit code of a command whose output could not be written."""
    if error.errno in (errno.EPIPE, errno.EIO):  # EIO: the terminal went away
        return ReaderGone.exit
    return 0 if error.errno == errno.EBADF else DiskError.exit  # closed from the start: the work counts


def _flush(stream: TextIO | None) -> int:
    if stream is None or stream.closed:
        return 0
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return exit_of(error)
    return 0
