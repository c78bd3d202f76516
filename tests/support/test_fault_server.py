"""The server of faults does what its words say, as a client sees it that is not ours."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.support import ROOT
from tests.support.answers import Play, refuses, says, tunnels
from tests.support.certificates import certified
from tests.support.clips import clip
from tests.support.fault_server import FIRST, THEN, FaultServer, Origin, play_of

FILM = clip(5000)


Get = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def get() -> Iterator[Get]:
    """A client of one request a connection."""
    with contextlib.ExitStack() as stack:

        def got(server: Origin, words: str = "", path: str = "/video", **headers: str) -> http.client.HTTPResponse:
            client = stack.enter_context(contextlib.closing(HTTPConnection("127.0.0.1", server.port, timeout=10)))
            fault = {"X-Fault": words} if words else {}
            client.request("GET", path, headers={**fault, **{k.replace("_", "-"): v for k, v in headers.items()}})
            return stack.enter_context(client.getresponse())

        yield got


@pytest.mark.parametrize(
    ("words", "status", "body"),
    [
        ("json='{\"a\": 1}'", 200, b'{"a": 1}'),
        ("status=503 header=Retry-After:7", 503, None),
        ("film=5000", 200, FILM),
        ("film=5000 no-length", 200, FILM),
        ("film=5000 no-length cut=70", 200, FILM[:70]),
        ("film=5000 length=-10", 200, FILM[:-10]),
        ("film=5000 chunked", 200, FILM),
        ("film=5000 rate=200000", 200, FILM),
        ("film=5000 late=0.01~0.01", 200, FILM),
        ("film=5000 linger=0.01", 200, FILM),
        ("raw='HTTP/1.1 418 x\\r\\nContent-Length: 2\\r\\n\\r\\nhi'", 418, b"hi"),
        ("login", 407, None),
    ],
)
def test_an_answer_is_what_its_words_say(words: str, status: int, body: bytes | None, get: Get) -> None:
    with FaultServer(says(500)) as server:
        reply = get(server, words)
        assert reply.status == status
        assert body is None or reply.read() == body


@pytest.mark.parametrize(
    "words",
    [
        "reset",
        "film=5000 cut=70",
        "film=5000 abort=70",
        "film=5000 length=+10",
        "film=5000 bad-chunk",
        "raw=''",
    ],
)
def test_an_answer_that_breaks_breaks(words: str, get: Get) -> None:
    with FaultServer(says(500)) as server, pytest.raises((http.client.HTTPException, ConnectionError, ValueError)):
        get(server, words).read()


@pytest.mark.parametrize(("words", "sent"), [("hang", b""), ("film=5000 stall=70", FILM[:70])])
def test_an_answer_that_stalls_sends_nothing_more(words: str, sent: bytes) -> None:
    with FaultServer(says(500)) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(0.3)
        client.sendall(f"GET / HTTP/1.1\r\nX-Fault: {words}\r\n\r\n".encode())
        got = b""
        with contextlib.suppress(TimeoutError):
            while piece := client.recv(65536):
                got += piece
            pytest.fail("it was closed")
        assert got.partition(b"\r\n\r\n")[2] == sent


def test_endless_is_longer_than_anything(get: Get) -> None:
    with FaultServer(says(500)) as server:
        assert len(get(server, "film=5000 endless").read(10_000_000)) == 10_000_000


def test_packed_bodies_unpack_to_what_was_meant(get: Get) -> None:
    with FaultServer(says(500)) as server:
        reply = get(server, "film=5000 gzip=3")
        assert reply.headers["Content-Encoding"] == "gzip, gzip, gzip"
        assert gzip.decompress(gzip.decompress(gzip.decompress(reply.read()))) == FILM
        for ratio in (2, 20, 1000):
            bomb = get(server, f"bomb=3000000:{ratio}").read()
            assert 3_000_000 / len(bomb) == pytest.approx(ratio, rel=0.1)
            assert len(gzip.decompress(bomb)) == 3_000_000


@pytest.mark.parametrize(
    ("how", "status", "body", "seal"),
    [
        ("honoured", 206, FILM[1000:], '"v1"'),
        ("ignored", 200, FILM, '"v1"'),
        ("shifted", 206, FILM[1000:], '"v1"'),
        ("changed", 206, FILM[1000:], '"changed"'),
        ("refused", 416, b"", None),
    ],
)
def test_a_range_is_answered_as_told(how: str, status: int, body: bytes, seal: str | None, get: Get) -> None:
    with FaultServer(says(500)) as server:
        reply = get(server, f"film=5000 range={how}", Range="bytes=1000-", If_Range='"v1"')
        assert (reply.status, reply.read(), reply.headers["ETag"]) == (status, body, seal)
        if status == 206:
            assert reply.headers["Content-Range"] == f"bytes {1001 if how == 'shifted' else 1000}-4999/5000"
        assert server.starts == [1000]


def test_an_address_expires_after_so_many_bytes(get: Get) -> None:
    with FaultServer(play_of("film=5000 no-length expire=7000")) as server:
        assert get(server).read() == FILM
        assert get(server).read() == FILM[:2000]
        assert get(server).status == 403


def test_redirects_lead_to_the_other_port_or_through_so_many_hops_or_nowhere(get: Get) -> None:
    with FaultServer(says(500)) as server:
        assert get(server, "redirect=307").headers["Location"] == f"{server.other.url}/video"
        assert server.other.connections == 0
        hops = "film=5000 hops=2"
        assert [get(server, hops).status for _ in range(3)] == [302, 302, 200]
        assert {get(server, "loop").status for _ in range(8)} == {302}


def test_a_port_that_refuses_comes_back_when_it_is_told_or_by_itself(get: Get) -> None:
    with FaultServer(refuses(), refuses(0.05), says(200)) as server:
        with pytest.raises(ConnectionError):
            get(server)
        with pytest.raises(ConnectionRefusedError):
            get(server)
        server.up()
        with pytest.raises(ConnectionError):
            get(server)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionRefusedError):
                assert get(server).status == 200
                break
            time.sleep(0.01)
        assert len(server.asked) == 3


def test_the_record_has_everything_that_came_and_the_hash_of_the_body() -> None:
    with FaultServer(says(200, b"", keep=True)) as server, contextlib.ExitStack() as stack:
        client = stack.enter_context(contextlib.closing(HTTPConnection("127.0.0.1", server.port, timeout=10)))
        for _ in range(2):
            client.putrequest("POST", "/order?x=1")
            for name, value in (("X-Key", "one"), ("x-key", "two"), ("Content-Length", "5")):
                client.putheader(name, value)
            client.endheaders(b"hello")
            client.getresponse().read()
        assert server.heard(2, connections=1)
        first, second = server.asked
        assert (first.method, first.path, first.headers["x-key"]) == ("POST", "/order?x=1", "one, two")
        assert first.digest == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        assert first.connection == second.connection
        assert first.at < second.at
        assert first.port == server.port != first.elsewhere == server.other.port


def test_a_request_nobody_scripted_fails_a_strict_server(get: Get) -> None:
    with pytest.raises(AssertionError, match="nobody scripted"), FaultServer(says(200), strict=True) as server:
        assert [get(server).status, get(server).status] == [200, 599]


@pytest.mark.parametrize("trouble", [None, "wrong name", "expired", "self-signed"])
def test_a_certificate_is_good_or_wrong_in_one_way(trouble: str | None, home: Path) -> None:
    context, cert = certified(home, expired=trouble == "expired")
    client = ssl.create_default_context(cafile=None if trouble == "self-signed" else str(cert))
    with FaultServer(says(200), tls=context) as server:
        url = server.url.replace("127.0.0.1", "localhost") if trouble == "wrong name" else server.url
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=client))
        if trouble:
            with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
                opener.open(url, timeout=10)
        else:
            with opener.open(url, timeout=10) as reply:
                assert reply.status == 200
        assert len(server.asked) == (0 if trouble else 1)


def test_a_silent_port_takes_the_connection_and_says_nothing() -> None:
    with (
        FaultServer(silent=True) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=0.2) as client,
    ):
        assert server.heard(connections=1)
        with pytest.raises(TimeoutError):
            ssl.create_default_context().wrap_socket(client, server_hostname="127.0.0.1")


def test_a_proxy_leads_every_name_to_one_port(home: Path) -> None:
    context, cert = certified(home)
    with FaultServer(says(200, b"here"), tls=context) as server, FaultServer(tunnels(server.port)) as proxy:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"https": proxy.url}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(cert))),
        )
        with opener.open("https://provider.example/x", timeout=10) as reply:
            assert reply.read() == b"here"
        assert [(asked.method, asked.path) for asked in proxy.asked] == [("CONNECT", "provider.example:443")]


@pytest.mark.parametrize("words", ["nonsense", "cut=1 film", "film hang"])
def test_words_that_mean_nothing_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is no fault"):
        play_of(words)


def test_by_hand_it_names_every_word_it_knows() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.fault_server", "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert all(f"  {word} " in done.stdout for word in (*FIRST, *THEN))


@pytest.mark.parametrize("play", [says(200), says(404, keep=True)])
def test_a_connection_that_does_not_stay_says_so(play: Play, get: Get) -> None:
    with FaultServer(play) as server:
        reply = get(server)
        assert reply.headers["Connection"] == (None if reply.status == 404 else "close")
