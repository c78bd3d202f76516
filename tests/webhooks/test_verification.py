"""A signed and a forged call of every provider that signs; the vectors are computed without our code."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hailuo_cli.model import Secret
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.providers.webhooks import Claim, Webhook, WebhookCall
from hailuo_cli.webhooks.verification import Keys, NotGenuine, PublicKey, public_keys, verify
from hailuo_cli.wire import Reply
from tests.wire import scripts

from .signers import KEY_ID, SECRET, SIGNED_BODY, SIGNERS, key_set

NOW = 1_795_000_000
STALE = "more than five minutes off"
FORGED = "not the provider's"


def webhook_of(name: str) -> Webhook:
    webhook = PROVIDERS[name].webhook
    assert webhook is not None
    return webhook


def keys_of(name: str, published: dict[str, object] | None = None) -> Keys:
    return public_keys(Reply(published or key_set())) if webhook_of(name).key_set else Secret(SECRET)


def signed(name: str, at: int = NOW, body: bytes | None = None) -> WebhookCall:
    body = body or json.dumps(next(iter(scripts()[name].tells)).body, ensure_ascii=False, indent=1).encode()
    return WebhookCall({key.lower(): value for key, value in SIGNERS[name](body, at).items()}, body)


def test_every_provider_that_signs_has_a_signer_here() -> None:
    assert {name for name, provider in PROVIDERS.items() if provider.webhook and provider.webhook.claim} == set(SIGNERS)


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("off", [-300, -299, 0, 299, 300])
def test_a_call_that_the_provider_signed_within_five_minutes_is_genuine(name: str, off: int) -> None:
    verify(webhook_of(name), signed(name, NOW + off), keys_of(name), NOW)


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("off", [-301, 301, -86_400])
def test_a_call_that_is_replayed_later_or_dated_ahead_is_not(name: str, off: int) -> None:
    with pytest.raises(NotGenuine, match=STALE):
        verify(webhook_of(name), signed(name, NOW + off), keys_of(name), NOW)


def _other_body(call: WebhookCall) -> WebhookCall:
    return replace(call, body=call.body + b" ")


def _other_job(call: WebhookCall) -> WebhookCall:
    told = json.loads(call.body)
    holder = told.get("data", told)
    name = next(key for key in ("taskId", "jobId", "session_id", "request_id", "id") if key in holder)
    holder[name] = "another-job"
    return replace(call, body=json.dumps(told).encode())


def _without(part: str) -> Callable[[WebhookCall], WebhookCall]:
    def drop(call: WebhookCall) -> WebhookCall:
        return replace(call, headers={name: text for name, text in call.headers.items() if part not in name})

    return drop


def _later_timestamp(call: WebhookCall) -> WebhookCall:
    moved = {name: text.replace(str(NOW), str(NOW + 60)) for name, text in call.headers.items()}
    return replace(call, headers=moved)


def _garbled(call: WebhookCall) -> WebhookCall:
    return replace(call, headers={n: "v1,é%$ v3,zz" if "signature" in n else t for n, t in call.headers.items()})


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("forge", [_other_job, _without("signature"), _later_timestamp, _garbled])
def test_a_forged_call_is_not_genuine(name: str, forge: Callable[[WebhookCall], WebhookCall]) -> None:
    with pytest.raises(NotGenuine):
        verify(webhook_of(name), forge(signed(name)), keys_of(name), NOW)


@pytest.mark.parametrize("name", sorted(SIGNED_BODY))
def test_one_changed_byte_of_the_body_is_noticed(name: str) -> None:
    with pytest.raises(NotGenuine, match=FORGED):
        verify(webhook_of(name), _other_body(signed(name)), keys_of(name), NOW)


@pytest.mark.parametrize("name", SIGNERS)
def test_another_secret_or_key_set_does_not_do(name: str) -> None:
    others = (
        public_keys(Reply(key_set(Ed25519PrivateKey.generate())))
        if webhook_of(name).key_set
        else Secret("whsec_b3RoZXI=")
    )
    with pytest.raises(NotGenuine, match=FORGED):
        verify(webhook_of(name), signed(name), others, NOW)


@pytest.mark.parametrize(
    ("name", "secret"),
    [*((name, "") for name in SIGNERS), ("replicate", "whsec_"), ("wavespeed", "whsec_"), ("replicate", "whsec_===")],
)
def test_a_secret_that_comes_to_an_empty_key_proves_nothing(name: str, secret: str) -> None:
    def claim(call: WebhookCall) -> Claim:
        return Claim(call.body, str(NOW), (hmac.new(b"", call.body, hashlib.sha256).digest(),))

    with pytest.raises(NotGenuine, match=FORGED):
        verify(replace(webhook_of(name), claim=claim), WebhookCall({}, b"{}"), Secret(secret), NOW)


@pytest.mark.parametrize("timestamp", ["", "soon", "nan", "1e9", "-1", " 1795000000", "١٧٩٥٠٠٠٠٠٠", "9" * 4000])
def test_a_timestamp_is_digits_and_nothing_else(timestamp: str) -> None:
    call = signed("pixelbyte")
    call = replace(call, headers={**call.headers, "x-pixelbyte-timestamp": timestamp})
    with pytest.raises(NotGenuine, match=STALE):
        verify(webhook_of("pixelbyte"), call, Secret(SECRET), NOW)


def test_a_named_key_is_the_one_that_counts() -> None:
    webhook, call = webhook_of("atlascloud"), signed("atlascloud")
    (key,) = public_keys(Reply(key_set()))
    verify(webhook, call, [PublicKey("older", bytes(32)), key], NOW)
    with pytest.raises(NotGenuine, match=FORGED):
        verify(webhook, call, [replace(key, id="older")], NOW)


def test_the_older_signature_of_atlas_cloud_is_not_taken() -> None:
    body = b'{"session_id": "1"}'
    legacy = hmac.new(SECRET.encode(), f"{NOW}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-atlascloud-webhook-timestamp": str(NOW), "x-atlascloud-webhook-signature": legacy}
    with pytest.raises(NotGenuine, match="no signature"):
        verify(webhook_of("atlascloud"), WebhookCall(headers, body), keys_of("atlascloud"), NOW)


@pytest.mark.parametrize(
    "published",
    [
        None,
        [],
        {"keys": "all"},
        {"keys": [None, 1, {"kty": "OKP", "crv": "X25519", "x": "AA"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA"}]},
    ],
)
def test_a_key_set_without_usable_keys_has_none(published: object) -> None:
    assert public_keys(Reply(published)) == ()


def test_the_key_set_keeps_its_names() -> None:
    assert [key.id for key in public_keys(Reply(key_set()))] == [KEY_ID]
    assert [key.id for key in public_keys(Reply(key_set(kid=None)))] == [None]
