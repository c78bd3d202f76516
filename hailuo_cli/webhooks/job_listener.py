"""Listening for the jobs of one command: an address a job, and a ring for the job when its provider calls there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import Unsupported
from ..waiting.wakeups import Wakeups
from .keyring import Keyring
from .places import Place, address_key, lookup_key
from .receiver import Heard, Mailbox, Receiver
from .server import bound, must_be_installed, serving

if TYPE_CHECKING:
    from pathlib import Path

    from ..config.profiles import Account
    from ..model import Job
    from ..orders.context import Context
    from ..providers.webhooks import Webhook

LOCAL = "127.0.0.1"


def webhook_of(account: Account) -> Webhook:
    """How a provider calls back; Unsupported, which nothing was sent for, where it does not."""
    if account.provider.webhook is None:
        raise Unsupported(
            f"{account.provider.title} has no webhooks, so there is nothing to hear with --listen",
            hint="leave --listen out: the job is looked at until it is finished",
        )
    return account.provider.webhook


class Listener:
    """The addresses of one command's jobs. Its methods are for the thread of the command, `take` for any thread."""

    def __init__(self, place: Place, keyring: Keyring, say: Callable[[str], None]) -> None:
        self.place = place
        self._keyring = keyring
        self.wakeups: Wakeups[str] = Wakeups()
        self.receiver = Receiver(
            mailbox=self._mailbox, keys=keyring.current, renew=keyring.renew, heard=self.take, refused=self._refused
        )
        self._say = say
        self._lock = threading.Lock()
        self._mailboxes: dict[bytes, Mailbox] = {}
        self._early: set[bytes] = set()
        self._doubted: set[str] = set()
        self._known: set[str] = set()

    def new_address(self, account: Account) -> str:
        """An address for an order that is about to be made; Unsupported where the provider does not call."""
        webhook = webhook_of(account)
        self._learn(account)
        address = self.place.for_job()
        with self._lock:
            self._mailboxes[address_key(address)] = Mailbox(account.name, webhook, address)
        return address

    def expect(self, job: Job, account: Account) -> bool:
        """Ring for this job from now on, and for a call that came before its order was answered.

        False for a job that was ordered with another address: its provider does not call here.
        """
        webhook = account.provider.webhook
        if job.webhook is None or webhook is None or not self.place.covers(job.webhook):
            return False
        self._learn(account)
        key = address_key(job.webhook)
        self.wakeups.expect(job.id)
        with self._lock:
            self._mailboxes[key] = Mailbox(account.name, webhook, job.webhook, job.id)
            is_early = key in self._early
        if is_early:
            self.wakeups.ring(job.id)
        return True

    def take(self, heard: Heard) -> None:
        """Ring for the job of a call, now or when it is known which one it is."""
        with self._lock:
            key = address_key(heard.mailbox.address)
            job = self._mailboxes[key].job
            if job is None:
                self._early.add(key)
        if job is not None:
            self.wakeups.ring(job)

    def _learn(self, account: Account) -> None:
        """Find the keys of an account, and say once how its calls are checked."""
        if account.name not in self._known:
            self._known.add(account.name)
            self._keyring.add([account])
            self._say(f"{account.name}: {self._keyring.state(account.name)}")

    async def _mailbox(self, path: str) -> Mailbox | None:
        with self._lock:
            return self._mailboxes.get(lookup_key(path))

    def _refused(self, account: str, reason: str) -> None:
        if account not in self._doubted:
            self._doubted.add(account)
            self._say(f"warning: a call that says it is from {account} was refused: {reason}")


@contextmanager
def listening(context: Context, place: Place, folder: Path) -> Iterator[Listener]:
    """A listener whose port is bound and answers. UsageError where the port cannot be had or the extra is missing."""
    must_be_installed()
    with bound(LOCAL, place.port) as listener:
        ears = Listener(place, Keyring(context, folder), context.say)
        with serving(ears.receiver, listener):
            yield ears
