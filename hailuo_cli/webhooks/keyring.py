"""What calls are verified with: secrets of the config, secrets asked for with the key, public keys kept for a day."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import private_files
from ..errors import BadReply, HailuoError, NoKey
from ..model import Secret
from ..providers import TellsWebhookSecret
from ..wire import Reply, run_flow
from .verification import Keys, PublicKey, public_keys

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..orders.context import Context
    from ..transport import Fetcher, Session

KEPT_SECONDS = 24 * 3600.0
RENEWAL_SECONDS = 60.0
"""Keys are asked for anew at most this often: anybody may send a signature that does not fit."""
SOON_SECONDS = 1.0
"""For so long a call waits for keys that are missing or a day old; it is due an answer soon after."""
START_SECONDS = 10.0
"""For so long keys are waited for at the start; what comes later counts from then on."""
LARGEST_SET = 64 * 1024


@dataclass
class _Held:
    """The keys of one account, None while there are none. `ask` gets newer ones: HailuoError where it cannot."""

    source: str
    """What the keys are, or why there are none, in words."""
    keys: Keys | None = None
    ask: Callable[[], Keys] | None = None
    lasting: float = math.inf
    """For how many seconds keys that were asked for count."""
    good_until: float = math.inf
    asked_at: float = -math.inf
    trouble: str = ""
    """Why they could not be had when they were asked for last."""

    def renew(self, now: float) -> Keys | None:
        """Ask for newer keys, and give those that count from then on: where that fails, the ones that were there."""
        self.asked_at = now
        if self.ask:
            try:
                self.keys = self.ask()
                self.good_until = now + self.lasting
            except HailuoError as error:
                self.trouble = f" cannot be had ({error})"
        return self.keys

    @property
    def state(self) -> str:
        if self.keys is None:
            return f"{self.source}{self.trouble}; the unguessable address is what protects it"
        return f"signatures are checked with {self.source}"


class Keyring:
    """The keys of some accounts, by the account's name."""

    def __init__(self, context: Context, folder: Path) -> None:
        self._context = context
        self._sets = KeySets(folder, context.fetcher)
        self._held: dict[str, _Held] = {}
        self._renewals: dict[str, asyncio.Task[Keys | None]] = {}

    def add(self, accounts: Iterable[Account]) -> None:
        """Find the keys of these accounts, all at the same time; in the thread that owns the context."""
        found = {account.name: self._found(account) for account in accounts if account.name not in self._held}
        self._held |= found
        lacking = [held for held in found.values() if held.keys is None and held.ask]
        threads = [threading.Thread(target=held.renew, args=(self._context.clock(),), daemon=True) for held in lacking]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(START_SECONDS)

    def keys(self, account: str) -> Keys | None:
        """What its calls are verified with; None where only the path of a call can be."""
        return self._held[account].keys

    async def current(self, account: str) -> Keys | None:
        """The same, after asking for what is missing or a day old; who does not answer soon changes nothing yet."""
        held = self._held[account]
        if held.ask and (held.keys is None or self._context.clock() >= held.good_until):
            with suppress(TimeoutError):
                async with asyncio.timeout(SOON_SECONDS):
                    await self.renew(account)
        return held.keys

    def state(self, account: str) -> str:
        """How its calls are checked, in words, and never with the secret in them."""
        return self._held[account].state

    async def renew(self, account: str) -> Keys | None:
        """Newer keys, where the provider hands them out and was not asked just now."""
        # one asking at a time serves all who wait for it, so that forged calls take up one thread at most
        asking = self._renewals.get(account)
        if asking is None or asking.done():
            held, now = self._held[account], self._context.clock()
            if held.ask is None or now - held.asked_at < RENEWAL_SECONDS:
                return None
            asking = self._renewals[account] = asyncio.create_task(asyncio.to_thread(held.renew, now))
        return await asyncio.shield(asking)

    def _found(self, account: Account) -> _Held:
        webhook, provider = account.provider.webhook, account.provider
        if webhook is None or webhook.claim is None:
            return _Held("it does not sign its calls")
        if given := _given(self._context, account):
            return _Held("webhook_secret", given)
        if webhook.key_set:
            address = _at_home(account, webhook.key_set)
            kept, left = self._sets.kept(address)
            source, until = f"the keys of {urlsplit(address).netloc}", self._context.clock() + left
            return _Held(source, kept or None, lambda: self._sets.fetched(address), KEPT_SECONDS, until)
        if not isinstance(provider, TellsWebhookSecret):
            return _Held("it signs its calls, and no webhook_secret is given")
        session = self._context.session(account)
        return _Held(f"the secret of {account.provider.title}", None, lambda: self._asked(provider, session))

    @staticmethod
    def _asked(provider: TellsWebhookSecret, session: Session) -> Keys:
        return Secret(run_flow(provider.webhook_secret(), session.send))


class KeySets:
    """Published key sets, fetched without any key of ours and kept in a folder for a day."""

    def __init__(self, folder: Path, fetcher: Callable[[str], Fetcher], now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._fetcher = fetcher
        self._now = now

    def kept(self, address: str) -> tuple[tuple[PublicKey, ...], float]:
        """The keys that were fetched within a day, and for how many seconds they still count.

        None of them where that is longer ago, or was never done.
        """
        with suppress(OSError, ValueError):
            held = Reply(json.loads(self._path(address).read_bytes()))
            age = self._now() - held.number("fetched_at")
            if held.find("address") == address and 0 <= age < KEPT_SECONDS:
                return public_keys(held.inside("set")), KEPT_SECONDS - age
        return (), 0.0

    def fetched(self, address: str) -> tuple[PublicKey, ...]:
        """The keys as they are published now. BadReply where there are none, NetworkError where they cannot be had."""
        with self._fetcher(address).open(address, {"Accept": "application/json"}) as stream:
            content = bytearray()
            for chunk in stream.chunks():
                content += chunk
                if len(content) > LARGEST_SET:
                    raise BadReply(f"{address} is longer than a key set")
            status = stream.status
        try:
            published = json.loads(content)
        except (ValueError, RecursionError):
            published = None
        keys = public_keys(Reply(published))
        if status != 200 or not keys:
            raise BadReply(f"{address} holds no key (HTTP {status})")
        self._keep(address, published)
        return keys

    def _keep(self, address: str, published: Any) -> None:
        content = json.dumps({"address": address, "fetched_at": self._now(), "set": published}).encode()
        path = self._path(address)
        with suppress(OSError):  # it is asked for again then
            private_files.make_folder(self._folder)
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)
            part.write_bytes(content)
            part.replace(path)

    def _path(self, address: str) -> Path:
        return self._folder / f"keys-{hashlib.sha256(address.encode()).hexdigest()[:16]}.json"


def _given(context: Context, account: Account) -> Secret | None:
    """The secret that the config has; NoKey where it names one that is not there, which nobody wants to go unchecked."""
    secret = context.config.webhook_secret(account)
    entry = context.config.settings.providers.get(account.name)
    named = entry and (entry.webhook_secret or entry.webhook_secret_env or entry.webhook_secret_command)
    if named and secret is None:
        where = f"the variable {entry.webhook_secret_env}" if entry and entry.webhook_secret_env else "the config"
        raise NoKey(f"no webhook_secret for {account.name} was found in {where}", hint="set it, or take its line away")
    return secret


def _at_home(account: Account, address: str) -> str:
    """Where the keys of an account are: at the address that is documented, or at a base_url of one's own."""
    if account.base_url == account.provider.base_url:
        return address
    return account.base_url.rstrip("/") + urlsplit(address).path
