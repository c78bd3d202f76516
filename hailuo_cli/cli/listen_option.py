"""`--listen`: the commands that order and wait hear from the provider, at an address of their own for each job."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..model import Job
    from ..orders.context import Context
    from ..waiting.wakeups import Wakeups
    from ..webhooks.job_listener import Listener


class Ears:
    """What a command hears with; nothing without `--listen`."""

    def __init__(self, listener: Listener | None = None) -> None:
        self.listener = listener

    @property
    def wakeups(self) -> Wakeups[str] | None:
        """The rings for jobs, for `deliver`; None where nobody listens, so that looks come as often as ever."""
        return self.listener.wakeups if self.listener else None

    @property
    def address(self) -> Callable[[Account], str] | None:
        """Gives each order an address of its own; None where nobody listens."""
        return self.listener.new_address if self.listener else None

    def expect(self, context: Context, jobs: Sequence[Job]) -> int:
        """Ring for these jobs; how many of them have a provider that will call here."""
        listener = self.listener
        return sum(listener.expect(job, context.account_of(job)) for job in jobs) if listener else 0


@contextlib.contextmanager
def hearing(context: Context, listen: str | None, webhook: str | None = None) -> Iterator[Ears]:
    """Ears that are open: the port is bound and answers before anything is ordered. UsageError where that cannot be."""
    if listen is None:
        yield Ears()
        return
    from ..config.paths import data_folder
    from ..webhooks.job_listener import listening
    from ..webhooks.places import place

    _refuse_both(webhook)
    where = place(listen, "--listen")
    with listening(context, where, data_folder(os.environ) / "webhooks") as listener:
        yield Ears(listener)


def rehearsed(account: Account, listen: str | None, webhook: str | None) -> str | None:
    """An address like the one that an order would go out with, every rule of `--listen` kept and nothing bound."""
    if listen is None:
        return None
    from ..webhooks.job_listener import webhook_of
    from ..webhooks.places import place

    _refuse_both(webhook)
    webhook_of(account)
    return place(listen, "--listen").for_job()


def must_call_back(accounts: Iterable[Account]) -> None:
    """Unsupported, by its name, where one of these has no webhooks."""
    from ..webhooks.job_listener import webhook_of

    for account in accounts:
        webhook_of(account)


def _refuse_both(webhook: str | None) -> None:
    if webhook is not None:
        raise UsageError("--listen and --webhook exclude each other", hint="leave one of them out")
