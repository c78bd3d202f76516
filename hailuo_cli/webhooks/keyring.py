"""What calls are verified with: secrets of the config, secrets asked for with the key, public keys kept for a day."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .. import private_files
from ..errors import BadReply, HailuoError
from ..wire import Reply, run_flow
from .verification import Keys, PublicKey, public_keys

if TYPE_CHECKING:
    from ..config.profiles import Account
    from ..orders.submit import Context
    from ..providers.webhooks import Webhook
    from ..transport import Fetcher

KEPT_SECONDS = 24 * 3600.0
RENEWAL_SECONDS = 60.0
"""Keys are asked for anew at most this often: anybody may send a signature that does not fit."""
LARGEST_SET = 64 * 1024


@dataclass
class _Held:
    """The keys of one account, `None` while there are none. `ask` gets newer ones: HailuoError where it cannot."""

    keys: Keys | None
    state: str
    ask: Callable[[], Keys] | None = None
    asked_at: float = field(default_factory=time.monotonic)


class Keyring:
    """The keys of some accounts, by the account's name; opened once, in the thread that owns the context."""

    def __init__(self, context: Context, accounts: Iterable[Account], folder: Path) -> None:
        self._sets = KeySets(folder, context.fetcher)
        self._renewing = threading.Lock()
        self._held = {account.name: self._opened(context, account) for account in accounts}

    def keys(self, account: str) -> Keys | None:
        """What its calls are verified with; None where only the path of a call can be."""
        return self._held[account].keys

    def state(self, account: str) -> str:
        """How its calls are checked, in words, and never with the secret in them."""
        return self._held[account].state

    async def renew(self, account: str) -> Keys | None:
        """Newer keys, where the provider hands them out and was not asked just now."""
        return await asyncio.to_thread(self._renewed, self._held[account])

    def _renewed(self, held: _Held) -> Keys | None:
        with self._renewing:
            if held.ask is None or time.monotonic() - held.asked_at < RENEWAL_SECONDS:
                return None
            held.asked_at = time.monotonic()
            with suppress(HailuoError):
                held.keys = held.ask()
                return held.keys
        return None

    def _opened(self, context: Context, account: Account) -> _Held:
        webhook, provider = account.provider.webhook, account.provider
        by_path = "the unguessable address is what protects it"
        if webhook is None or webhook.claim is None:
            return _Held(None, f"does not sign its calls; {by_path}")
        if given := context.config.webhook_secret(account):
            return _Held(given, "signatures are checked with webhook_secret")
        if webhook.key_set:
            return self._published(account, webhook, by_path)
        if provider.webhook_secret is None:
            return _Held(None, f"signs its calls, and no webhook_secret is given; {by_path}")
        return self._asked_for(context, account, by_path)

    def _published(self, account: Account, webhook: Webhook, otherwise: str) -> _Held:
        address = _at_home(account, str(webhook.key_set))
        host = urlsplit(address).netloc

        def anew() -> Keys:
            return self._sets.fetched(address)

        try:
            return _Held(self._sets.kept(address) or anew(), f"signatures are checked with the keys of {host}", anew)
        except HailuoError as error:
            return _Held(None, f"the keys of {host} cannot be had ({error}); {otherwise}", anew)

    def _asked_for(self, context: Context, account: Account, otherwise: str) -> _Held:
        from ..model import Secret

        asks = account.provider.webhook_secret
        assert asks is not None  # noqa: S101 - the caller looked
        try:
            session = context.session(account)

            def anew() -> Keys:
                return Secret(run_flow(asks(), session.send))

            return _Held(anew(), f"signatures are checked with the secret that {account.provider.title} gave", anew)
        except HailuoError as error:
            return _Held(None, f"its webhook_secret cannot be had ({error}); {otherwise}")


class KeySets:
    """Published key sets, fetched without any key of ours and kept in a folder for a day."""

    def __init__(self, folder: Path, fetcher: Callable[[str], Fetcher], now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._fetcher = fetcher
        self._now = now

    def kept(self, address: str) -> tuple[PublicKey, ...]:
        """The keys that were fetched within a day; none of them where that is longer ago, or was never done."""
        with suppress(OSError, ValueError):
            held = Reply(json.loads(self._path(address).read_bytes()))
            age = self._now() - held.number("fetched_at")
            if held.find("address") == address and 0 <= age < KEPT_SECONDS:
                return public_keys(held.inside("set"))
        return ()

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


def _at_home(account: Account, address: str) -> str:
    """Where the keys of an account are: at the address that is documented, or at a base_url of one's own."""
    if account.base_url == account.provider.base_url:
        return address
    return account.base_url.rstrip("/") + urlsplit(address).path
