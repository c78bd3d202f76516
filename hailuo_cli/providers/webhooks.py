"""How providers tell that a job has ended: what a call of theirs says, and what it was signed with, as values.

Nothing here decides whether a call is genuine: an adapter says what was signed, `hailuo_cli.webhooks` checks it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..wire import Key, Reply


@dataclass(frozen=True)
class WebhookCall:
    """A call as it came in: header names in lower case, the body byte for byte."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, empty where the call has none."""
        return self.headers.get(name.lower(), "")

    @property
    def reply(self) -> Reply:
        """The body, to be read like an answer; one without anything in it where the body is not JSON."""
        try:
            return Reply(json.loads(self.body))
        except (ValueError, RecursionError):
            return Reply(None)


@dataclass(frozen=True)
class Claim:
    """What a call says of itself: this message was signed at this time (seconds since the epoch, as it was written).

    Any one of the signatures may be the right one. `key_id` names the public key, where the provider names it.
    """

    message: bytes
    timestamp: str
    signatures: tuple[bytes, ...]
    key_id: str | None = None


@dataclass(frozen=True)
class Webhook:
    """The facts of a provider's webhooks. Without a `claim` its calls are not signed."""

    asked_in: str
    """Where an order has the address: `body callback_url`, `query webhook`, `header X-Webhook-URL`."""
    job: tuple[tuple[Key, ...], ...] = ()
    """Where a call names its job, the first place that has a text. None: only the address tells which job it is."""
    beginnings: tuple[str, ...] = ("",)
    """What may stand before the id in a ticket: more than one where a provider speaks several protocols."""
    claim: Callable[[WebhookCall], Claim] | None = None
    hmac_key: Callable[[str], bytes] = str.encode
    """The key of HMAC-SHA256 from the secret as the provider shows it."""
    key_set: str | None = None
    """The address of the public keys (a JWKS) where calls are signed with Ed25519 and no secret."""
    challenge: str | None = None
    """The field whose value a new address has to give back at once."""

    def tickets(self, call: WebhookCall) -> tuple[str, ...]:
        """The tickets that a call may mean; none where it names no job."""
        named = next((text for path in self.job if (text := call.reply.find(*path))), None)
        return tuple(begin + named for begin in self.beginnings) if named else ()


def from_hex(text: str) -> bytes:
    """The bytes of a signature in hexadecimal; none of them where it is anything else."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def from_base64(text: str) -> bytes:
    """The bytes of a signature in base64 of either alphabet, padded or not; none where it is anything else."""
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return b""


def standard(call: WebhookCall, version: str, decoded: Callable[[str], bytes]) -> Claim:
    """A call signed as https://www.standardwebhooks.com has it; `version` and `decoded` are of the signatures."""
    timestamp = call.header("webhook-timestamp")
    message = f"{call.header('webhook-id')}.{timestamp}.".encode() + call.body
    listed = [entry.partition(",") for entry in call.header("webhook-signature").split(" ")]
    return Claim(message, timestamp, tuple(decoded(text) for name, _, text in listed if name == version))
