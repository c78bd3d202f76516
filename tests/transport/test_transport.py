"""What can go wrong between two machines, over real loopback sockets: which of our errors it becomes, what was sent."""

from __future__ import annotations

import base64
import contextlib
import email
import email.utils
import gzip
import itertools
import json
import select
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hailuo_cli.backoff import retry_after
from hailuo_cli.errors import (
    AuthError,
    BadReply,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobGone,
    NetworkError,
    NotSent,
    RateLimited,
    Redirected,
    ServerTrouble,
    Unanswered,
    UnsafeReply,
    WithoutTls,
)
from hailuo_cli.model import LocalImage, Secret
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.request import images
from hailuo_cli.transport import Fetcher, Session, connection, direct, fetcher
from hailuo_cli.transport import session as module
from hailuo_cli.wire import Call, Reply, Upload, get, post, send_file
from tests.request.test_rules import Shop
from tests.support.answers import (
    Answer,
    Asked,
    Play,
    bomb,
    chunked,
    endless,
    hangs,
    raw,
    resets,
    says,
    slowed,
    unframed,
)
from tests.support.certificates import certified
from tests.support.fault_server import FaultServer
from tests.wire import KEY

LOOK = get("/v2/requests/status/{ticket}", ticket="abc")
ORDER = post("/order", {"prompt": "a bear"})
ACCEPTED = {"request_id": "job-1", "status": "QUEUED"}


drips = slowed(says(200, b" " * 100_000), 50)


def session(server: FaultServer | str, name: str = "pixazo", log: Callable[[str], None] = lambda _: None) -> Session:
    url = server if isinstance(server, str) else server.url
    return Session(PROVIDERS[name], url, Secret(KEY), log, key_source="the test")


def outcome(server: FaultServer | str, call: Call | Upload = LOOK, name: str = "pixazo") -> Reply | HailuoError:
    with session(server, name) as talk:
        try:
            return talk.send(call)
        except HailuoError as error:
            return error


HTML = b"<html>Welcome to the hotel</html>"
CUT = b'{"request_id": "jo'
BROKEN: dict[str, tuple[Play, type[HailuoError]]] = {
    "the connection is reset": (resets, Unanswered),
    "the connection is closed": (raw(b""), Unanswered),
    "a body that is cut": (says(200, CUT, length=1000), Unanswered),
    "half of a header": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), Unanswered),
    "a bad chunk": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Unanswered),
    "chunks without an end": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n" + CUT[:4] + b"\r\n"),
        Unanswered,
    ),
    "no HTTP at all": (raw(b"SSH-2.0-OpenSSH_9.9\r\n"), Unanswered),
    "two different lengths": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        Unanswered,
    ),
    "a login page": (says(200, HTML, Content_Type="text/html"), BadReply),
    "an empty 200": (says(200), BadReply),
    "an empty 204": (raw(b"HTTP/1.1 204 x\r\n\r\n"), BadReply),
    "a JSON that is cut, without a length": (raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + CUT), BadReply),
    "Latin-1 for JSON": (says(200, '{"status": "verr\xfcckt"}'.encode("latin-1")), BadReply),
    "100,000 levels": (says(200, b"[" * 100_000), BadReply),
    "a number of 5,000 digits": (says(200, b'{"request_id": ' + b"9" * 5000 + b"}"), BadReply),
    "gzip that is none": (says(200, b"hello", Content_Encoding="gzip"), BadReply),
    "an unknown encoding": (says(200, b"hello", Content_Encoding="br"), BadReply),
    "two encodings": (says(200, b"hello", Content_Encoding="gzip, gzip"), BadReply),
    "a hundred encodings": (
        raw(b"HTTP/1.1 200 OK\r\n" + b"Content-Encoding: gzip\r\n" * 100 + b"Content-Length: 2\r\n\r\n{}"),
        BadReply,
    ),
    "a 500": (says(500, b"oops"), ServerTrouble),
    "a 502 page": (says(502, HTML, Content_Type="text/html"), ServerTrouble),
    "a 408": (says(408, {"message": "slow"}), ServerTrouble),
    "a 429": (says(429, {"message": "slow down"}), RateLimited),
    "a 401": (says(401, b""), AuthError),
    "a 402": (says(402, HTML), BalanceError),
    "a 410": (says(410, {}), JobGone),
    "a 451": (says(451, {}), ContentRefused),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("call", [LOOK, ORDER], ids=["look", "order"])
def test_every_way_an_answer_breaks_is_one_of_our_errors_and_nothing_is_sent_again(fault: str, call: Call) -> None:
    play, kind = BROKEN[fault]
    if fault == "a 410" and call is ORDER:
        kind = JobGone
    with FaultServer(play) as server:
        error = outcome(server, call)
        assert type(error) is kind
        assert len(server.asked) == server.connections == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidRequest), (404, InvalidRequest), (413, InvalidRequest), (422, InvalidRequest), (403, AuthError)],
)
def test_A10_A11_a_definite_answer_to_an_order_is_a_refusal(status: int, kind: type[HailuoError]) -> None:
    with FaultServer(says(status, {"message": "no such thing"})) as server:
        error = outcome(server, ORDER)
        assert type(error) is kind
        assert "no such thing" in str(error)


@pytest.mark.parametrize("status", [100, 103])
def test_an_interim_answer_is_not_the_answer(status: int) -> None:
    final = b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\n{}"
    with FaultServer(raw(b"HTTP/1.1 %d x\r\n\r\n" % status + final)) as server:
        assert isinstance(outcome(server), Reply)


@pytest.mark.parametrize(
    "body",
    [b'\xef\xbb\xbf{"status": "QUEUED"}', b'{"status": "x", "status": "QUEUED"}', b' {"status": "QUEUED"}\n'],
    ids=["BOM", "duplicate key", "spaces"],
)
def test_F9_json_with_quirks_is_still_read(body: bytes) -> None:
    with FaultServer(says(200, body)) as server:
        reply = outcome(server)
        assert isinstance(reply, Reply)
        assert reply.text("status") == "QUEUED"


def test_A5_a_login_page_is_named_by_its_type_and_points_to_a_proxy() -> None:
    with FaultServer(says(200, HTML, Content_Type="text/html; charset=utf-8")) as server:
        error = outcome(server)
    assert isinstance(error, BadReply)
    assert "text/html" in error.message
    assert "proxy" in (error.hint or "")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP"])
def test_an_answer_that_was_packed_all_the_same_is_unpacked(encoding: str) -> None:
    import zlib

    packed = (zlib.compress if encoding == "deflate" else gzip.compress)(json.dumps(ACCEPTED).encode())
    with FaultServer(says(200, packed, Content_Encoding=encoding)) as server:
        reply = outcome(server)
        assert isinstance(reply, Reply)
        assert reply.data == ACCEPTED


@pytest.mark.parametrize(
    "play",
    [endless(says(200, b"["), b" " * 65536), bomb(64 * 1024 * 1024, 1000)],
    ids=["endless", "a bomb"],
)
def test_C12_an_answer_is_read_up_to_its_limit_only(play: Play) -> None:
    with FaultServer(play) as server:
        error = outcome(server)
    assert isinstance(error, BadReply)
    assert "more than 8 MiB" in error.message


def test_an_endless_error_page_is_still_that_error() -> None:
    with FaultServer(endless(says(503))) as server:
        assert type(outcome(server)) is ServerTrouble


@pytest.mark.parametrize("play", [hangs, drips])
@pytest.mark.parametrize("call", [LOOK, ORDER], ids=["look", "order"])
def test_C13_a_call_ends_at_its_total_time(play: Play, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ORDER_SECONDS" if call.bills else "CALL_SECONDS", 0.4)
    with FaultServer(play) as server:
        error = outcome(server, call)
        assert type(error) is Unanswered
        assert "within" in str(error)
        assert len(server.asked) == 1


def test_a_look_does_not_outlive_the_deadline_of_its_wait_and_an_order_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(hangs) as server, session(server) as talk, pytest.raises(Unanswered, match="within 1 s"):
        talk.send(LOOK, until=0.0)  # long ago on any monotonic clock
    monkeypatch.setattr(module, "ORDER_SECONDS", 2)
    with FaultServer(hangs) as server, session(server) as talk, pytest.raises(Unanswered, match="within 2 s"):
        talk.send(ORDER, until=0.0)


def test_A6_a_port_nobody_listens_on_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    error = outcome(f"http://127.0.0.1:{port}", ORDER)
    assert type(error) is NotSent
    assert error.passing
    assert KEY not in str(error)


@pytest.mark.parametrize(
    ("failure", "passing"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True),
        (UnicodeError("label empty or too long"), False),
    ],
)
def test_A6_a_host_that_cannot_be_looked_up_is_not_sent(
    failure: Exception, passing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    error = outcome("http://provider.localhost", ORDER)
    assert type(error) is NotSent
    assert error.passing is passing


def test_a_paid_request_has_a_connection_of_its_own_and_looks_share_one() -> None:
    with FaultServer(says(200, ACCEPTED, keep=True)) as server, session(server) as talk:
        for call in (LOOK, LOOK, ORDER, LOOK, ORDER):
            talk.send(call)
        first, second, third, fourth, fifth = [asked.connection for asked in server.asked]
    assert first == second == fourth
    assert len({first, third, fifth}) == 3


def test_a_request_carries_the_key_once_and_says_who_asks() -> None:
    with FaultServer(says(202, ACCEPTED)) as server:
        outcome(server, ORDER)
        (asked,) = server.asked
    assert [name for name, value in asked.headers.items() if KEY in value] == ["ocp-apim-subscription-key"]
    assert asked.path == "/order"
    assert asked.headers["user-agent"].startswith("hailuo/")
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["content-length"] == str(len(asked.body))
    assert json.loads(asked.body) == {"prompt": "a bear"}


def test_E10_E18_the_log_has_no_key_no_query_and_no_login() -> None:
    said: list[str] = []
    with FaultServer(says(200, ACCEPTED)) as server, session(server, log=said.append) as talk:
        talk.send(get("/look", signature="s3cret"))
        with Fetcher(server.url, said.append).open(f"{server.url}/clip.mp4?signature=s3cret", {}) as stream:
            assert stream.status == 200
    assert len(said) == 2
    assert all("s3cret" not in line and KEY[:8] not in line for line in said)


def test_A11_a_refused_key_is_named_by_its_source_and_never_shown() -> None:
    with FaultServer(says(401, {"message": f"bad key {KEY[:4]}"})) as server:
        error = outcome(server)
    assert isinstance(error, AuthError)
    assert "the test" in error.message


REDIRECTS = (301, 302, 303, 307, 308)


@pytest.mark.parametrize("name", ["pixazo", "minimax"])
@pytest.mark.parametrize("status", REDIRECTS)
def test_E1_A14_A15_no_api_redirect_is_followed_so_the_key_stays_home(status: int, name: str) -> None:
    with (
        FaultServer(says(200, {})) as elsewhere,
        FaultServer(says(status, b"", Location=f"{elsewhere.url}/x")) as server,
    ):
        for call in (LOOK, ORDER):
            error = outcome(server, call, name)
            assert isinstance(error, Redirected)
            assert error.exit == 12
            assert error.refused is (status in (301, 307, 308))
            assert "127.0.0.1" in error.message
        assert elsewhere.connections == 0
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", REDIRECTS)
def test_E1_a_result_that_needs_the_key_and_has_moved_is_fetched_from_there_without_it(status: int) -> None:
    with (
        FaultServer(says(200, b"the video")) as elsewhere,
        FaultServer(says(status, b"", Location=f"{elsewhere.url}/v")) as server,
    ):
        with session(server, "pixazo") as talk, talk.open(LOOK, {"Range": "bytes=0-"}) as stream:
            assert b"".join(stream.chunks()) == b"the video"
        assert KEY in str(server.asked[0].headers)
        assert KEY not in str(elsewhere.asked[0].headers)
        assert elsewhere.asked[0].headers["range"] == "bytes=0-"


@pytest.mark.parametrize("location", ["http://10.0.0.7/v", "file:///etc/passwd", "http://[", ""])
def test_E2_a_result_that_needs_the_key_does_not_move_to_an_unsafe_place(location: str) -> None:
    moved = says(302, b"", Location=location)
    with (
        FaultServer(moved) as server,
        session(server, "pixazo") as talk,
        pytest.raises(UnsafeReply),
        talk.open(LOOK, {}),
    ):
        pass


@pytest.mark.parametrize(
    "location",
    ["/elsewhere", "//127.0.0.1:{port}/x", "HTTP://127.0.0.1:{port}/", "http://u:p@127.0.0.1:{port}/", "", "file:///x"],
)
def test_E2_every_spelling_of_a_redirect_ends_the_call(location: str) -> None:
    with FaultServer(says(200, {})) as elsewhere:
        with FaultServer(says(307, b"", Location=location.format(port=elsewhere.port))) as server:
            error = outcome(server, ORDER)
            assert isinstance(error, Redirected)
            assert "u:p" not in error.message
        assert elsewhere.connections == 0


@pytest.mark.parametrize("location", ["http://[", "http://[zz]/", "https://[::1"])
def test_E2_a_redirect_to_no_address_at_all_is_one_of_our_errors(location: str) -> None:
    with FaultServer(says(307, b"", Location=location)) as server:
        assert isinstance(outcome(server, ORDER), Redirected)


def test_E4_cookies_of_the_api_are_neither_kept_nor_sent() -> None:
    with FaultServer(says(200, ACCEPTED, keep=True, Set_Cookie="session=1; Path=/")) as server, session(server) as talk:
        for call in (LOOK, LOOK, ORDER):
            talk.send(call)
        assert len(server.asked) == 3
        assert not [asked for asked in server.asked if "cookie" in asked.headers]


def test_E5_netrc_is_never_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary\ndefault login me password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with FaultServer(says(200, ACCEPTED)) as server, session(server) as talk:
        talk.send(LOOK)
        with Fetcher(server.url).open(f"{server.url}/clip.mp4", {}) as stream:
            assert stream.status == 200
        assert [asked.headers.get("authorization") for asked in server.asked] == [None, None]


def test_H2_a_proxy_of_the_environment_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(says(500)) as proxy, FaultServer(says(200, ACCEPTED)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert isinstance(outcome(server), Reply)
        assert proxy.connections == 0


def test_E3_a_result_address_gets_no_key_and_no_cookie_over_all_its_hops() -> None:
    with (
        FaultServer(says(200, b"film", Set_Cookie="b=2")) as last,
        FaultServer(says(302, b"", Location=f"{last.url}/clip.mp4", Set_Cookie="a=1")) as first,
    ):
        with Fetcher(first.url).open(f"{first.url}/go", {"Range": "bytes=4-"}) as stream:
            assert b"".join(stream.chunks()) == b"film"
        seen = [*first.asked, *last.asked]
    assert [asked.headers.get("range") for asked in seen] == ["bytes=4-", "bytes=4-"]
    for asked in seen:
        assert not {"authorization", "cookie", "ocp-apim-subscription-key"} & set(asked.headers)


@pytest.mark.parametrize(("hops", "arrives"), [(5, True), (6, False)])
def test_D15_a_result_address_redirects_at_most_five_times(hops: int, arrives: bool) -> None:
    with FaultServer(*[says(302, b"", Location="/again")] * hops, says(200, b"film")) as server:
        fetch = Fetcher(server.url).open(f"{server.url}/go", {})
        if arrives:
            with fetch as stream:
                assert stream.status == 200
        else:
            with pytest.raises(UnsafeReply, match="more than 5"), fetch:
                pass
        assert len(server.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "javascript:1"])
def test_D16_a_result_address_does_not_redirect_out_of_the_web(location: str) -> None:
    with FaultServer(says(302, b"", Location=location)) as server:
        with pytest.raises(UnsafeReply), Fetcher(server.url).open(f"{server.url}/go", {}):
            pass
        assert len(server.asked) == 1


def test_D16_a_public_provider_cannot_send_the_download_to_this_machine() -> None:
    with FaultServer(says(200, b"secret")) as server:
        for url in (f"{server.url}/x", f"https://127.0.0.1:{server.port}/x", f"https://localhost:{server.port}/x"):
            with pytest.raises(UnsafeReply), Fetcher("https://api.example").open(url, {}):
                pass
        assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://ex\u200bample/",
        "https://\ud800.example/",
        "https://cdn.example/\ud800",
        f"https://cdn.example/{'x' * 70_000}",
    ],
)
def test_a_result_address_that_cannot_be_asked_for_is_one_of_our_errors(url: str) -> None:
    with (
        mock.patch.object(socket, "getaddrinfo", return_value=[(0, 0, 0, "", ("93.184.216.34", 443))]),
        pytest.raises(UnsafeReply),
        Fetcher("https://api.example").open(url, {}),
    ):
        pass


@pytest.mark.parametrize("location", ["http://[", "http://127.0.0.1:99999/x", "http://127.0.0.1:x/"])
def test_a_result_address_that_redirects_to_no_address_is_one_of_our_errors(location: str) -> None:
    with (
        FaultServer(says(302, b"", Location=location)) as server,
        pytest.raises(UnsafeReply),
        Fetcher(server.url).open(f"{server.url}/go", {}),
    ):
        pass


def test_a_body_that_breaks_off_while_it_is_read_is_unanswered() -> None:
    with (
        FaultServer(says(200, b"half", length=1000)) as server,
        Fetcher(server.url).open(f"{server.url}/clip", {}) as stream,
        pytest.raises(Unanswered),
    ):
        list(stream.chunks())


CONTENT = bytes(range(256)) * 600


def in_pieces(play: Play, sizes: Sequence[int]) -> Play:
    """The same bytes in segments of these sizes over and over, headers included."""

    def spoiled(asked: Asked) -> Answer:
        answer = play(asked)
        whole = b"".join(answer.on_the_wire())

        def segments() -> Iterator[bytes]:
            at = 0
            for size in itertools.cycle(sizes):
                yield whole[at : at + size]
                at += size
                if at >= len(whole):
                    return

        return replace(answer, head=b"", body=segments())

    return spoiled


def framed(content: bytes) -> dict[str, Play]:
    """The same bytes in every way in which HTTP says where they end."""
    pieces = (content[:1], content[1 : len(content) // 2], content[len(content) // 2 :])
    return {
        "a length": says(200, content),
        "a length, and more behind it": says(200, content + b"not asked for", length=len(content)),
        "chunks": chunked(says(200, content)),
        "chunks of odd sizes": raw(
            b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n"
            + b"".join(b"%x;x=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            + b"0\r\nX: y\r\n\r\n"
        ),
        "the end of the connection": unframed(says(200, content)),
        "HTTP/1.0": raw(b"HTTP/1.0 200 OK\r\n\r\n" + content),
        "behind interim answers": raw(
            b"HTTP/1.1 100 x\r\n\r\n" + b"HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n" * 20
            + b"HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n" % len(content) + content
        ),
    }  # fmt: skip


FRAMED = framed(CONTENT)


@pytest.mark.parametrize("sizes", [[1 << 20], [1, 7, 4096], [65_536], [65_535, 1], [70]], ids=str)
@pytest.mark.parametrize("play", FRAMED.values(), ids=FRAMED)
def test_C1_a_body_is_the_same_in_whatever_pieces_it_comes(play: Play, sizes: list[int]) -> None:
    with (
        FaultServer(in_pieces(play, sizes)) as server,
        Fetcher(server.url).open(f"{server.url}/clip", {}) as stream,
    ):
        assert b"".join(stream.chunks()) == CONTENT


@pytest.mark.parametrize("read", [1, 5, 1 << 20])
def test_C1_a_body_is_the_same_however_much_a_read_brings(read: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where everything came with the headers, and where nothing did."""
    monkeypatch.setattr(direct, "HEAD", read)
    content = CONTENT[: 3000 * read]
    for play in framed(content).values():
        with FaultServer(play) as server, Fetcher(server.url).open(f"{server.url}/clip", {}) as stream:
            assert b"".join(stream.chunks()) == content


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_without_a_body_has_none(status: int) -> None:
    empty = raw(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % status, keep=True)
    with FaultServer(empty) as server, Fetcher(server.url).open(f"{server.url}/clip", {}) as stream:
        assert list(stream.chunks()) == []


CHUNKED = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "interim answers": (b"", b"HTTP/1.1 103 x\r\n\r\n"),
    "a chunk extension": (CHUNKED + b"5;x=", b"a"),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"x: y\r\n"),
    "nothing": (b"", b""),
}


def without_end(first: bytes, each: bytes) -> Play:
    """A server that is never silent and never says anything."""

    def dripping(connection: socket.socket) -> bool:
        with contextlib.suppress(OSError):
            connection.sendall(first)
            while True:
                connection.sendall(each)
                if select.select([connection], [], [], 0.02)[0]:
                    return False
        return False

    return lambda _: Answer(head=b"", end=dripping)


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "by httpx"])
def test_C4_what_drips_ends_a_fetch_in_its_time(
    drip: tuple[bytes, bytes], proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "CALL_SECONDS", 0.3)
    monkeypatch.setattr(fetcher, "has_proxy", lambda _: proxied)
    with (
        FaultServer(without_end(*drip)) as server,
        pytest.raises(Unanswered),
        Fetcher(server.url).open(f"{server.url}/clip", {}) as stream,
    ):
        list(stream.chunks())


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("call", [LOOK, ORDER], ids=["look", "order"])
def test_C4_what_drips_ends_a_call_in_its_time(
    drip: tuple[bytes, bytes], call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORDER_SECONDS" if call.bills else "CALL_SECONDS", 0.3)
    with FaultServer(without_end(*drip)) as server:
        error = outcome(server, call)
        assert type(error) is Unanswered
        assert len(server.asked) == 1


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name leads to these addresses."""
    real = socket.getaddrinfo

    def look_up(host: str, port: int | None, *args: Any, **options: Any) -> list[Any]:
        return [found for address in addresses for found in real(address, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize("name", ["x.localhost", "localhost"])
@pytest.mark.parametrize("addresses", [["93.184.216.34"], ["127.0.0.1", "93.184.216.34"], ["10.0.0.1"]], ids=str)
def test_D4_a_name_that_looks_like_this_machine_gets_nothing_without_tls_unless_it_is(
    name: str, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(says(200, ACCEPTED)) as server:
        resolving(monkeypatch, *addresses)
        url = f"http://{name}:{server.port}"
        error = outcome(url, ORDER)
        assert type(error) is NotSent
        assert not error.passing
        assert "not this machine" in error.message
        with pytest.raises(NotSent), Fetcher(url).open(f"{url}/clip", {}):
            pass
        assert server.connections == 0


def test_D4_a_name_that_is_this_machine_is_asked_at_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FaultServer(says(200, ACCEPTED)) as server:
        answers = iter([["127.0.0.2", "127.0.0.1"], ["93.184.216.34"]])
        real = socket.getaddrinfo

        def rebinding(host: str, port: int | None, *args: Any, **options: Any) -> list[Any]:
            if host != "x.localhost":
                return real(host, port, *args, **options)
            return [found for address in next(answers) for found in real(address, port, *args, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        url = f"http://x.localhost:{server.port}"
        assert isinstance(outcome(url, ORDER), Reply)
        (asked,) = server.asked
        assert asked.headers["host"] == f"x.localhost:{server.port}"


@pytest.mark.usefixtures("fresh_tls")
def test_E7_an_http_link_of_another_machine_is_asked_for_with_tls(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, cert = certified(home)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with FaultServer(says(200, b"film"), tls=context) as server:
        monkeypatch.setattr(fetcher, "is_loopback", lambda _: False)
        with Fetcher("http://127.0.0.1").open(f"http://127.0.0.1:{server.port}/clip?x=1", {}) as stream:
            assert b"".join(stream.chunks()) == b"film"
        assert server.asked[0].path == "/clip?x=1"


def test_E7_an_http_link_that_works_only_without_tls_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(says(200, b"film")) as server:
        monkeypatch.setattr(fetcher, "is_loopback", lambda _: False)
        with pytest.raises(WithoutTls), Fetcher("http://127.0.0.1").open(f"{server.url}/clip", {}):
            pass
        assert not server.asked


@pytest.fixture
def image(frame: Path) -> Iterator[LocalImage]:
    found = images.given(str(frame))
    assert isinstance(found, LocalImage)
    with found.file:
        yield found


def test_an_upload_carries_the_file_and_no_key(image: LocalImage, frame: Path) -> None:
    with FaultServer(says(200)) as bucket, FaultServer(says(500)) as server:
        outcome(server, Upload(f"{bucket.url}/put?signature=s", image, {"Content-Type": "image/png"}))
        (asked,) = bucket.asked
        assert (asked.method, asked.path) == ("PUT", "/put?signature=s")
        assert asked.body == frame.read_bytes()
        assert asked.headers["content-length"] == str(frame.stat().st_size)
        assert asked.headers["content-type"] == "image/png"
        assert KEY not in str(asked.headers)
        assert server.connections == 0


@pytest.mark.parametrize(("status", "kind"), [(403, ServerTrouble), (500, ServerTrouble), (307, Redirected)])
def test_an_upload_that_is_not_taken_is_one_of_our_errors(
    image: LocalImage, status: int, kind: type[HailuoError]
) -> None:
    with FaultServer(says(200)) as elsewhere, FaultServer(says(status, b"", Location=f"{elsewhere.url}/")) as bucket:
        assert type(outcome(bucket, Upload(f"{bucket.url}/put", image))) is kind
        assert elsewhere.connections == 0


def test_a_file_travels_in_a_form_with_the_key_whole_and_under_a_name_that_tells_nothing(
    image: LocalImage, frame: Path
) -> None:
    with FaultServer(says(201, {"url": "https://files.example/1"})) as server:
        form: dict[str, str | LocalImage] = {"content": image, "folder": "a/b"}
        reply = outcome(server, replace(send_file("/files", image), form=form))
        assert isinstance(reply, Reply)
        (asked,) = server.asked
    kind = asked.headers["content-type"]
    sent = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + asked.body)
    parts = {part.get_param("name", header="content-disposition"): part for part in sent.walk() if part is not sent}
    assert set(parts) == {"content", "folder"}
    assert parts["content"].get_payload(decode=True) == frame.read_bytes()
    assert (parts["content"].get_content_type(), parts["content"].get_filename()) == ("image/png", "frame.png")
    assert parts["folder"].get_payload() == "a/b"
    assert asked.headers["content-length"] == str(len(asked.body))
    assert KEY in str(asked.headers)


def test_files_go_to_a_second_origin_only_where_the_provider_names_it_and_the_user_has_no_other(
    image: LocalImage,
) -> None:
    file = send_file("/files", image)
    with FaultServer(says(200, {"a": 1})) as files, FaultServer(says(200, {"a": 1})) as home:
        at_home = type("AtHome", (Shop,), {"base_url": home.url, "upload_url": files.url})
        for base_url, at_files in ((home.url, 1), (f"{home.url}/relay", 1), (home.url + "/", 2)):
            with Session(at_home(), base_url, Secret(KEY)) as talk:
                talk.send(file)
                talk.send(LOOK)
            assert len(files.asked) == at_files
    assert {asked.path for asked in files.asked} == {"/files"}
    assert [asked.path for asked in home.asked if "files" in asked.path] == ["/relay/files"]
    assert all(KEY in str(asked.headers) for asked in files.asked)


def test_an_image_travels_inside_the_body_as_a_data_url(image: LocalImage, frame: Path) -> None:
    with FaultServer(says(202, ACCEPTED)) as server:
        outcome(server, post("/order", {"first_frame_image": image, "after": "ü"}))
        body = json.loads(server.asked[0].body)
    head, _, data = body["first_frame_image"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == frame.read_bytes()
    assert body["after"] == "ü"


# TLS


@pytest.fixture
def fresh_tls() -> Iterator[None]:
    """The one TLS context of the process, made anew before and after."""
    connection.tls.cache_clear()
    yield
    connection.tls.cache_clear()


@pytest.mark.usefixtures("fresh_tls")
def test_H3_SSL_CERT_FILE_names_whom_to_trust(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, cert = certified(home)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    monkeypatch.setenv("NO_PROXY", "*")
    with FaultServer(says(202, ACCEPTED), tls=context) as server:
        reply = outcome(server, ORDER)
        assert isinstance(reply, Reply)
        assert server.posts == 1


@pytest.mark.usefixtures("fresh_tls")
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff"])
def test_H3_an_unusable_SSL_CERT_FILE_ends_the_call_and_never_the_check(
    home: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    context, _ = certified(home)
    chosen = home / "chosen.pem"
    if content is not None:
        chosen.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(chosen))
    with FaultServer(says(202, ACCEPTED), tls=context) as server:
        error = outcome(server, ORDER)
        assert type(error) is NotSent
        assert (error.exit, error.passing) == (6, False)
        assert str(chosen) in error.message
        assert server.posts == 0


@pytest.mark.usefixtures("fresh_tls")
@pytest.mark.parametrize("wrong", ["self-signed", "another name", "expired"])
def test_E19_a_certificate_that_does_not_fit_ends_the_call_before_the_key_leaves(
    home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    context, cert = certified(home, expired=wrong == "expired")
    if wrong != "self-signed":
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with FaultServer(says(202, ACCEPTED), tls=context) as server:
        url = server.url if wrong != "another name" else f"https://localhost:{server.port}"
        error = outcome(url, ORDER)
        assert type(error) is NotSent
        assert (error.exit, error.passing) == (6, False)
        assert not server.asked


@pytest.mark.usefixtures("fresh_tls")
@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_A6_a_handshake_that_fails_is_not_sent(greeting: bytes) -> None:
    accepted: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                accepted.append(connection.recv(65536))
                connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        error = outcome(f"https://127.0.0.1:{listener.getsockname()[1]}", ORDER)
        thread.join(10)
    assert type(error) is NotSent
    assert KEY.encode() not in b"".join(accepted)


NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("5", None, 5),
        (" 5 ", None, 5),
        ("0", None, 0),
        ("86400", None, 86400),
        ("Wed, 21 Oct 2026 07:28:30 GMT", NOW, 30),
        ("Wed, 21 Oct 2026 07:27:00 GMT", NOW, 0),
        ("Wednesday, 21-Oct-26 07:28:30 GMT", NOW, 30),
        ("1e20", None, None),
        ("-1", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("²", None, None),
        ("٣", None, None),
        ("120, 60", None, None),
        ("1.5", None, None),
        ("", None, None),
        ("soon", None, None),
        ("9" * 5000, None, None),
        ("Wed, 21 Oct 2026 07:28:30 GMT", "yesterday", None),
        ("Wed, 99 Oct 2026 99:28:30 GMT", NOW, None),
    ],
)
def test_A8_C10_retry_after_is_read_or_ignored_never_fatal(text: str, date: str | None, seconds: float | None) -> None:
    headers = {"retry-after": text} | ({"date": date} if date else {})
    assert retry_after(headers) == seconds


def test_C10_a_date_is_read_by_the_server_s_own_clock_however_wrong_ours_is() -> None:
    later = email.utils.formatdate(1_000_000_060, usegmt=True)
    assert retry_after({"retry-after": later, "date": email.utils.formatdate(1_000_000_000, usegmt=True)}) == 60


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_the_server_asks_for_comes_with_the_error(status: int) -> None:
    with FaultServer(says(status, {}, Retry_After="7")) as server:
        error = outcome(server)
    assert isinstance(error, RateLimited | ServerTrouble)
    assert error.retry_after == 7


def test_every_error_of_the_network_exits_6() -> None:
    assert {kind.exit for kind in (NetworkError, NotSent, Unanswered, ServerTrouble)} == {6}
