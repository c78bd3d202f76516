"""Addresses that nobody guesses: what `--listen` and `--url` name, and what is put below it for a job or a provider."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .. import private_files
from ..errors import DiskError, UsageError
from ..urls import is_web

PORT = 8787
KEY_BYTES = 32
_WITH_PORT = re.compile(r"(https://.*[^:/]/?):([0-9]{1,5})", re.ASCII | re.IGNORECASE)
_NAME = "job"
"""What stands before the token of a job, where an account's address has the account's name."""


@dataclass(frozen=True)
class Place:
    """Where calls come in: the public address `url`, without a slash at its end, and the local port behind it."""

    url: str
    port: int = PORT

    def for_job(self) -> str:
        """A new address for one job."""
        return f"{self.url}/{_NAME}/{secrets.token_urlsafe(24)}"

    def for_account(self, name: str, key: bytes) -> str:
        """The address of an account, the same for the same key."""
        return f"{self.url}/{name}/{hmac.new(key, name.encode(), 'sha256').hexdigest()[:40]}"

    def covers(self, address: str | None) -> bool:
        """Whether an address that an order went out with is below this one."""
        return address is not None and address.startswith(f"{self.url}/{_NAME}/")


def place(text: str, option: str) -> Place:
    """`URL` or `URL:PORT` as a user types it; a number at the very end is the local port. UsageError says what is wrong."""
    found = _WITH_PORT.fullmatch(text.strip())
    url, port = (found[1], int(found[2])) if found and is_web(found[1]) else (text.strip(), PORT)
    if not 0 < port < 65536:
        raise UsageError(f"{option}: {port} is not a port", hint=f"{option} {url}:{PORT}")
    return base(url, option, port)


def base(url: str, option: str, port: int = PORT) -> Place:
    """A public address that has no port of this machine at its end. UsageError says what is wrong with it."""
    parts = urlsplit(url) if is_web(url) else None
    if parts is None or parts.scheme != "https" or parts.query or parts.fragment or parts.username or not url.isascii():
        raise UsageError(
            f"{option} must be the public https address of this machine, without a query",
            hint=f"{option} https://hooks.example.com, as a tunnel or a proxy gives it",
        )
    return Place(url.rstrip("/"), port)


def lookup_key(path: str) -> bytes:
    """What a path is looked up by: its end, whatever a proxy in front does to its beginning.

    A hash, so that how long looking it up takes tells nothing of the addresses that there are.
    """
    end = "/".join(path.split("/")[-2:])
    return hashlib.sha256(end.encode("utf-8", "replace")).digest()


def address_key(address: str) -> bytes:
    """The same for an address of ours."""
    return lookup_key(urlsplit(address).path)


def account_key(folder: Path) -> bytes:
    """The key that this machine's account addresses are made with; made at the first time. DiskError where it cannot be."""
    path = folder / "address-key"
    try:
        private_files.make_folder(folder)
        if not path.exists():
            new = folder / f"address-key.{secrets.token_hex(8)}"
            with open(private_files.create(new), "wb") as file:  # noqa: PTH123 - it is open already
                file.write(secrets.token_bytes(KEY_BYTES))
            with suppress(FileExistsError):  # another command was first
                path.hardlink_to(new)
            new.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise DiskError(f"cannot keep the addresses of webhooks in {folder}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise DiskError(f"{path} is damaged", hint="move it away; every provider gets a new address then")
    return key
