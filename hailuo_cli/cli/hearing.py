"""`--listen`: the commands that order and wait hear from the provider, at an address of their own for each job."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..model import Job, Order
    from ..orders.submit import Context
    from ..waiting.wakeups import Wakeups
    from ..webhooks.listening import Listener


class Ears:
    """What a command hears with; nothing without `--listen`."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener

    @property
    def wakeups(self) -> Wakeups[str] | None:
        """The rings for jobs, for `deliver`; None where nobody listens, so that looks come as often as ever."""
        return self._listener.wakeups if self._listener else None

    def addressed(self, order: Order, account: Account) -> Order:
        """An order that goes out with an address of its own."""
        return replace(order, webhook=self._listener.new_address(account)) if self._listener else order

    def expect(self, job: Job, account: Account) -> bool:
        """Whether the provider of a job will call here."""
        return self._listener is not None and self._listener.expect(job, account)


@contextlib.contextmanager
def hearing(
    context: Context, accounts: Sequence[Account], listen: str | None, webhook: str | None = None
) -> Iterator[Ears]:
    """Ears that are open: the port is bound and answers before anything is ordered. UsageError where that cannot be."""
    if listen is None:
        yield Ears()
        return
    if webhook is not None:
        raise UsageError(
            "--listen and --webhook exclude each other", hint="hailuo listen serves addresses for --webhook"
        )
    from ..config.profiles import data_folder
    from ..webhooks.listening import listening, webhook_of
    from ..webhooks.places import place

    where = place(listen, "--listen")
    for account in accounts:
        webhook_of(account, "--listen")
    with listening(context, where, accounts, data_folder(os.environ) / "webhooks") as listener:
        yield Ears(listener)


def sample(order: Order, account: Account, listen: str | None) -> Order:
    """The order as it would go out, with an address of the kind that it would have; nothing is bound."""
    if listen is None:
        return order
    from ..webhooks.listening import webhook_of
    from ..webhooks.places import place

    webhook_of(account, "--listen")
    return replace(order, webhook=place(listen, "--listen").for_job())
