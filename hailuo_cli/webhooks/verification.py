"""Whether a call is from its provider: its time, then its signature over the bytes as they came."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Secret
from ..providers.webhooks import Claim, Webhook, WebhookCall, from_base64
from ..wire import Reply

REPLAY_SECONDS = 300.0
"""A call signed longer ago than this, or so far in the future, is not taken."""
ED25519_BYTES = 32


class NotGenuine(Exception):
    """A call that is not shown to be its provider's, or not in time; the text says which."""


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 key of a provider's key set; `id` is None where the set does not name it."""

    id: str | None
    raw: bytes


Keys = Secret | Sequence[PublicKey]


def verify(webhook: Webhook, call: WebhookCall, keys: Keys, now: float) -> None:
    """Raise NotGenuine unless the call was signed with one of these keys within five minutes of `now`.

    `now` is in seconds since the epoch. A provider that does not sign has nothing to verify.
    """
    if webhook.claim is None:
        return
    claim = webhook.claim(call)
    if not _is_recent(claim.timestamp, now):
        raise NotGenuine("the time it was signed at is missing or more than five minutes off")
    if not any(claim.signatures):
        raise NotGenuine("it carries no signature")
    if isinstance(keys, Secret):
        is_signed = _has_hmac(claim, webhook.hmac_key(keys.reveal()))
    else:
        is_signed = _has_ed25519(claim, keys)
    if not is_signed:
        raise NotGenuine("the signature is not the provider's")


def public_keys(reply: Reply) -> tuple[PublicKey, ...]:
    """The Ed25519 keys of a JWKS (RFC 7517, RFC 8037); keys of other kinds are passed over."""
    listed = reply.value("keys")
    rows = [Reply(key) for key in listed] if isinstance(listed, list) else []
    found = []
    for row in rows:
        raw = from_base64(row.find("x") or "")
        if (row.find("kty"), row.find("crv")) == ("OKP", "Ed25519") and len(raw) == ED25519_BYTES:
            found.append(PublicKey(row.find("kid"), raw))
    return tuple(found)


def _is_recent(timestamp: str, now: float) -> bool:
    # digits only: float() would take "nan", "1e9" and blanks
    return re.fullmatch(r"[0-9]{1,12}", timestamp, re.ASCII) is not None and abs(now - int(timestamp)) <= REPLAY_SECONDS


def _has_hmac(claim: Claim, key: bytes) -> bool:
    # an empty key is one that everybody has
    expected = hmac.new(key, claim.message, hashlib.sha256).digest()
    return bool(key) and any(hmac.compare_digest(expected, signature) for signature in claim.signatures)


def _has_ed25519(claim: Claim, keys: Sequence[PublicKey]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for key in keys:
        if claim.key_id is not None and key.id not in (None, claim.key_id):
            continue
        for signature in claim.signatures:
            try:
                Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, claim.message)
            except (InvalidSignature, ValueError):
                continue
            return True
    return False
