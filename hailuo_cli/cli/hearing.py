"""`--listen`: the commands that order and wait hear from the provider, at an address of their own for each job."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..model import Job
    from ..orders.context import Context
    from ..waiting.wakeups import Wakeups
    from ..webhooks.listening import Listener
    from .options import RequestOptions, WaitOptions


class Ears:
    """What a command hears with; nothing without `--listen`."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener

    @property
    def wakeups(self) -> Wakeups[str] | None:
        """The rings for jobs, for `deliver`; None where nobody listens, so that looks come as often as ever."""
        return self._listener.wakeups if self._listener else None

    @property
    def address(self) -> Callable[[Account], str] | None:
        """Gives each order an address of its own; None where nobody listens."""
        return self._listener.new_address if self._listener else None

    def expect(self, context: Context, jobs: Sequence[Job]) -> int:
        """Ring for these jobs; how many of them have a provider that will call here."""
        listener = self._listener
        return sum(listener.expect(job, context.account_of(job)) for job in jobs) if listener else 0


@contextlib.contextmanager
def hearing(context: Context, waiting: WaitOptions, request: RequestOptions | None = None) -> Iterator[Ears]:
    """Ears that are open: the port is bound and answers before anything is ordered. UsageError where that cannot be."""
    if waiting.listen is None:
        yield Ears()
        return
    from ..config.paths import data_folder
    from ..webhooks.listening import listening

    _no_webhook(request)
    from ..webhooks.places import place

    where = place(waiting.listen, "--listen")
    with listening(context, where, data_folder(os.environ) / "webhooks") as listener:
        yield Ears(listener)


def rehearsed(account: Account, waiting: WaitOptions, request: RequestOptions) -> str | None:
    """An address like the one that an order would go out with, every rule of `--listen` kept and nothing bound."""
    if waiting.listen is None:
        return None
    from ..webhooks.listening import webhook_of
    from ..webhooks.places import place

    _no_webhook(request)
    webhook_of(account)
    return place(waiting.listen, "--listen").for_job()


def must_call_back(context: Context, jobs: Sequence[Job]) -> None:
    """Unsupported, by the provider's name, where no provider of these jobs calls back at all."""
    from ..webhooks.listening import webhook_of

    accounts = [context.account_of(job) for job in jobs]
    if accounts and not any(account.provider.webhook for account in accounts):
        webhook_of(accounts[0])


def _no_webhook(request: RequestOptions | None) -> None:
    if request is not None and request.webhook is not None:
        raise UsageError("--listen and --webhook exclude each other", hint="leave one of them out")
