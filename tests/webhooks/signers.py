"""How each provider signs its calls, written from its documents with hashlib, hmac and cryptography alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
"""Base64 after its beginning, so that it can be the secret of each of them."""
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_ID = "ed25519-2026-11"
Headers = dict[str, str]
Signer = Callable[[bytes, int], Headers]


def key_set(private: Ed25519PrivateKey = PRIVATE, kid: str | None = KEY_ID) -> dict[str, object]:
    """The JWKS that a provider publishes."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key: dict[str, object] = {"kty": "OKP", "crv": "Ed25519", "x": _url64(raw)}
    return {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, key | ({"kid": kid} if kid else {})]}


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _sha256(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def fal(body: bytes, now: int) -> Headers:
    lines = ["80e732af", "user_2f", str(now), hashlib.sha256(body).hexdigest()]
    return {
        "X-Fal-Webhook-Request-Id": lines[0],
        "X-Fal-Webhook-User-Id": lines[1],
        "X-Fal-Webhook-Timestamp": lines[2],
        "X-Fal-Webhook-Signature": PRIVATE.sign("\n".join(lines).encode()).hex(),
    }


def replicate(body: bytes, now: int) -> Headers:
    key = base64.b64decode(SECRET.split("_")[1])
    signed = base64.b64encode(_sha256(key, b"msg_2Lh9." + str(now).encode() + b"." + body)).decode()
    # after a rotation there are two for a while; an entry of another version says nothing
    entries = f"v1a,{signed} v1,{base64.b64encode(bytes(32)).decode()} v1,{signed}"
    return {"webhook-id": "msg_2Lh9", "webhook-timestamp": str(now), "webhook-signature": entries}


def wavespeed(body: bytes, now: int) -> Headers:
    signed = _sha256(SECRET.split("_")[1].encode(), b"45b392b22c3b." + str(now).encode() + b"." + body).hex()
    return {"webhook-id": "45b392b22c3b", "webhook-timestamp": str(now), "webhook-signature": f"v3,{signed}"}


def atlascloud(body: bytes, now: int) -> Headers:
    signed = PRIVATE.sign(str(now).encode() + b"." + body)
    return {
        "X-AtlasCloud-Webhook-Id": "evt_1",
        "X-AtlasCloud-Webhook-Timestamp": str(now),
        "X-AtlasCloud-Webhook-Key-Id": KEY_ID,
        "X-AtlasCloud-Webhook-Signature-Ed25519": _url64(signed),
    }


def openrouter(body: bytes, now: int) -> Headers:
    signed = _sha256(SECRET.encode(), str(now).encode() + b"," + body).hex()
    return {"X-OpenRouter-Signature": f"t={now},v1={signed}", "X-OpenRouter-Idempotency-Key": "gen-vid-1:completed"}


def kie(body: bytes, now: int) -> Headers:
    data = json.loads(body)["data"]
    task_id = data.get("taskId") or data["task_id"]
    signed = base64.b64encode(_sha256(SECRET.encode(), f"{task_id}.{now}".encode())).decode()
    return {"X-Webhook-Timestamp": str(now), "X-Webhook-Signature": signed}


def pixelbyte(body: bytes, now: int) -> Headers:
    signed = _sha256(SECRET.encode(), str(now).encode() + b"." + body).hex()
    return {"X-PixelByte-Timestamp": str(now), "X-PixelByte-Signature": f"sha256={signed}"}


SIGNERS: dict[str, Signer] = {
    sign.__name__: sign for sign in (fal, replicate, wavespeed, atlascloud, openrouter, kie, pixelbyte)
}
SIGNED_BODY = {name for name in SIGNERS if name != "kie"}
"""Whose signature covers the body; Kie's covers the job's id and the time."""
