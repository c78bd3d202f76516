"""What comes in over a real socket and what is answered, as a table: genuine, forged, replayed, large, slow, many."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hailuo_cli.model import Secret
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.webhooks.receiver import LONGEST_BODY, Heard, Mailbox, Receiver
from hailuo_cli.webhooks.server import bound, serving
from hailuo_cli.webhooks.verification import Keys, public_keys
from hailuo_cli.wire import Reply
from tests.wire import scripts

from .post import PATIENCE, Got, post
from .signers import SECRET, SIGNERS, key_set

CROWD = 1000
CALLERS = [name for name, provider in PROVIDERS.items() if provider.webhook]


class Desk:
    """A receiver on a port of its own, with a mailbox for each provider and every secret known."""

    def __init__(self) -> None:
        self.forget()
        self.listener = bound("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.receiver = Receiver(
            mailbox=self._mailbox,
            keys=self._keys,
            renew=self._renew,
            heard=lambda heard: self.heard.append(heard),
            refused=lambda name, reason: self.refused.append((name, reason)),
        )

    def forget(self) -> None:
        """As it was at first."""
        self.heard: list[Heard] = []
        self.refused: list[tuple[str, str]] = []
        self.known: dict[str, Keys | None] = {name: self._key(name) for name in CALLERS}
        self.newer: dict[str, Keys] = {}

    @staticmethod
    def _key(name: str) -> Keys | None:
        webhook = PROVIDERS[name].webhook
        if webhook is None or webhook.claim is None:
            return None
        return public_keys(Reply(key_set())) if webhook.key_set else Secret(SECRET)

    async def _mailbox(self, path: str) -> Mailbox | None:
        name = path.removeprefix("/").removesuffix("/secret")
        webhook = PROVIDERS[name].webhook if name in PROVIDERS else None
        return Mailbox(name, webhook) if webhook and path == f"/{name}/secret" else None

    async def _keys(self, name: str) -> Keys | None:
        return self.known[name]

    async def _renew(self, name: str) -> Keys | None:
        return self.newer.get(name)

    def call(self, name: str, at: float | None = None, body: bytes | None = None, **changes: str) -> Got:
        body = body or json.dumps(scripts()[name].tells[0].body).encode()
        sign = SIGNERS.get(name)
        headers = sign(body, int(at or time.time())) if sign else {}
        return post(self.port, f"/{name}/secret", body, {**headers, **changes})


@pytest.fixture(scope="module", autouse=True)
def room_for_a_crowd() -> None:
    """Both ends of every connection are in this process."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * CROWD)), hard))


@pytest.fixture(scope="module")
def served() -> Iterator[Desk]:
    desk = Desk()
    with serving(desk.receiver, desk.listener):
        yield desk


@pytest.fixture
def desk(served: Desk) -> Desk:
    served.forget()
    return served


@pytest.mark.parametrize("name", CALLERS)
def test_a_genuine_call_is_taken_and_names_its_job(desk: Desk, name: str) -> None:
    got = desk.call(name)
    assert got.status == 200
    (heard,) = desk.heard
    told = scripts()[name].tells[0]
    assert (heard.mailbox.account, scripts()[name].ticket in heard.tickets) == (name, told.names_job)


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("off", [-310, 310])
def test_a_replayed_call_is_refused_and_nobody_hears_of_it(desk: Desk, name: str, off: int) -> None:
    assert desk.call(name, at=time.time() + off).status == 401
    assert desk.heard == []
    assert [account for account, _ in desk.refused] == [name]


@pytest.mark.parametrize("name", SIGNERS)
def test_a_call_signed_with_another_secret_is_refused(desk: Desk, name: str) -> None:
    desk.known[name] = () if PROVIDERS[name].webhook.key_set else Secret("whsec_b3RoZXI=")  # type: ignore[union-attr]
    assert desk.call(name).status == 401
    assert desk.heard == []


@pytest.mark.parametrize("name", SIGNERS)
def test_a_call_without_a_signature_is_refused_where_the_secret_is_known(desk: Desk, name: str) -> None:
    body = json.dumps(scripts()[name].tells[0].body).encode()
    assert post(desk.port, f"/{name}/secret", body).status == 401
    assert desk.heard == []


@pytest.mark.parametrize("name", SIGNERS)
def test_without_a_known_secret_the_path_alone_counts(desk: Desk, name: str) -> None:
    desk.known[name] = None
    body = json.dumps(scripts()[name].tells[0].body).encode()
    assert post(desk.port, f"/{name}/secret", body).status == 200
    assert len(desk.heard) == 1


@pytest.mark.parametrize("name", SIGNERS)
def test_a_secret_that_was_changed_at_the_provider_is_asked_for_again(desk: Desk, name: str) -> None:
    desk.newer[name] = desk.known[name]  # type: ignore[assignment]
    desk.known[name] = () if PROVIDERS[name].webhook.key_set else Secret("whsec_b2xkZXI=")  # type: ignore[union-attr]
    assert desk.call(name).status == 200
    assert desk.refused == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/fal", 404),
        ("/fal/secre", 404),
        ("/fal/secret/", 404),
        ("/FAL/secret", 404),
        ("/sandbox/secret", 404),
        ("/fal/../fal/secret", 404),
        ("/%66al/secre%74x", 404),
        ("/favicon.ico", 404),
    ],
)
def test_an_unknown_path_is_nothing_whatever_it_carries(desk: Desk, path: str, status: int) -> None:
    for method in ("POST", "GET", "PUT", "OPTIONS"):
        assert post(desk.port, path, b"{}", method=method).status == status
    assert desk.heard == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_only_a_post_is_a_call(desk: Desk, method: str) -> None:
    assert post(desk.port, "/muapi/secret", method=method).status == 405
    assert desk.heard == []


@pytest.mark.parametrize("value", [424010985738346, "c0ffee", 7])
@pytest.mark.parametrize("name", ["minimax", "tokensmind"])
def test_the_challenge_of_minimax_is_echoed_and_is_no_call(desk: Desk, name: str, value: object) -> None:
    got = desk.call(name, body=json.dumps({"challenge": value}).encode())
    assert (got.status, got.body) == (200, {"challenge": value})
    assert desk.heard == []


def test_a_challenge_is_not_a_way_to_have_anything_echoed(desk: Desk) -> None:
    assert desk.call("minimax", body=json.dumps({"challenge": "x" * 5000}).encode()).status == 400


def test_a_body_of_one_mebibyte_is_taken_and_a_byte_more_is_not(desk: Desk) -> None:
    shell = len(b'{"id": "x", "": ""}')
    largest = json.dumps({"id": "x", "": "y" * (LONGEST_BODY - shell)}).encode()
    assert len(largest) == LONGEST_BODY
    assert desk.call("muapi", body=largest).status == 200
    assert desk.call("muapi", body=largest + b" ").status == 413
    assert len(desk.heard) == 1


def test_a_length_that_is_said_to_be_too_much_is_refused_before_it_comes(desk: Desk) -> None:
    got = post(desk.port, "/muapi/secret", length=10**12)
    assert got.status == 413


def test_a_body_that_goes_on_and_on_is_cut_off(desk: Desk) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    got = post(desk.port, "/muapi/secret", (chunk for _ in range(10_000)), {"Transfer-Encoding": "chunked"})
    assert got.status in (413, 0)
    assert desk.heard == []


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd"])
def test_a_compressed_body_is_not_unpacked(desk: Desk, encoding: str) -> None:
    bomb = gzip.compress(b"0" * 5 * 1024 * 1024)
    got = post(desk.port, "/muapi/secret", bomb, {"Content-Encoding": encoding})
    assert got.status == 415
    assert desk.heard == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"id": {"$ne": 1}}', b'{"id": ""}']
)
def test_a_body_that_says_nothing_is_taken_and_names_no_job(desk: Desk, body: bytes) -> None:
    assert post(desk.port, "/muapi/secret", body).status == 200
    assert [heard.tickets for heard in desk.heard] == [()]


def _dripping(body: bytes, seconds: float) -> Iterator[bytes]:
    for byte in body:
        yield bytes([byte])
        time.sleep(seconds)


def test_a_slow_caller_is_answered_in_time_and_delays_nobody(desk: Desk) -> None:
    body = json.dumps({"id": "x"}).encode()
    with ThreadPoolExecutor(60) as crowd:
        slow = [
            crowd.submit(post, desk.port, "/muapi/secret", _dripping(body, 0.5), None, length=len(body))
            for _ in range(50)
        ]
        # one after the other these would take two minutes, and nobody here waits for so long
        quick = [desk.call("muapi") for _ in range(5)]
        assert [got.status for got in quick] == [200] * 5
        assert {caller.result().status for caller in slow} <= {408, 0}
    assert len(desk.heard) == len(quick)


def test_a_caller_that_never_says_what_it_wants_is_hung_up_on(desk: Desk) -> None:
    with socket.create_connection(("127.0.0.1", desk.port), timeout=PATIENCE) as silent:
        silent.sendall(b"POST /muapi/secret HT")
        assert silent.recv(1) == b""


def test_a_caller_that_hangs_up_halfway_is_forgotten(desk: Desk) -> None:
    with socket.create_connection(("127.0.0.1", desk.port), timeout=PATIENCE) as rude:
        rude.sendall(b"POST /muapi/secret HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert desk.call("muapi").status == 200
    assert len(desk.heard) == 1


def test_a_thousand_calls_at_once_are_all_taken(desk: Desk) -> None:
    body = json.dumps(scripts()["replicate"].tells[0].body).encode()
    signature = SIGNERS["replicate"](body, int(time.time()))
    lines = [f"{name}: {value}" for name, value in {**signature, "Host": "x", "Content-Length": len(body)}.items()]
    request = "\r\n".join(["POST /replicate/secret HTTP/1.1", *lines, "", ""]).encode() + body
    with contextlib.ExitStack() as stack:
        calls = [
            stack.enter_context(socket.create_connection(("127.0.0.1", desk.port), PATIENCE)) for _ in range(CROWD)
        ]
        for call in calls:
            call.sendall(request)
        answers = [call.recv(12) for call in calls]
    assert answers == [b"HTTP/1.1 200"] * CROWD
    assert len(desk.heard) == CROWD
