"""This terminal as a front end of the client: where words go, who is asked, what signals do."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .signals import Signals, sleep_in_slices

if TYPE_CHECKING:
    from ..client import Client
    from ..films.screen.terminal import Screen
    from ..orders.context import Context
    from .flags import Globals
    from .show import Show

signals = Signals()


def client(flags: Globals, show: Show) -> Client:
    """The client of this command line."""
    from ..client import Client, FrontEnd

    front_end = FrontEnd(
        say=show.say,
        warn=show.warn,
        log=show.log,
        confirm=show.ask,
        guard=lambda: signals,
        sleep=sleep_in_slices,
    )
    found = Client(flags.profile, flags.config, front_end=front_end)
    flags.redactors.append(found.redactor)
    return found


@contextlib.contextmanager
def opened(flags: Globals, show: Show) -> Iterator[tuple[Client, Context]]:
    """The client and what its steps need; at the very end the jobs that were told of are marked as reported."""
    found = client(flags, show)
    with found.context() as context:
        jobs = flags.jobs = context.touched_jobs
        flags.exit_callbacks.append(lambda: found.mark_reported([job for job in jobs if show.has_told(job)]))
        yield found, context


def keyless(client: Client) -> dict[str, str]:
    """The environment for other programs: without the variables of keys, and without any that holds one."""
    from ..films.programs import without_keys

    accounts = [client.config.account(name) for name in client.config.names]
    return without_keys(
        os.environ,
        client.config.secret_variables,
        [account.key.reveal() for account in accounts if account.key],
    )


def screen() -> Screen:
    """The size of the terminal that stdout is; 80 × 24 where it is none. A cell's pixels where the system tells."""
    from ..films.screen.terminal import Screen

    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return Screen(80, 24)
    if sys.platform != "win32":
        import fcntl
        import struct
        import termios

        with contextlib.suppress(OSError):
            packed = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
            rows, columns, width, height = struct.unpack("HHHH", packed)
            if rows and columns and width >= columns and height >= rows:
                return Screen(columns, rows, width // columns, height // rows)
    return Screen(size.columns or 80, size.lines or 24)
