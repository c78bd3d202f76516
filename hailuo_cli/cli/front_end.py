"""This terminal as a front end of the client: where words go, who is asked, what signals do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .signals import Signals, sleep_in_slices

if TYPE_CHECKING:
    from ..client import Client
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
        jobs = context.touched_jobs
        flags.exit_callbacks.append(lambda: found.mark_reported([job for job in jobs if show.has_told(job)]))
        yield found, context
