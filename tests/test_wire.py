"""Conversations as values: how calls are built and replies read, what travels, and where a key may go."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import itertools
import json
import re
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_cli.errors import BadReply, DiskError, InvalidImage, UnsafeReply, UsageError
from hailuo_cli.model import LocalImage, RemoteImage
from hailuo_cli.transport.bodies import CHUNK, decoded, described, encoded, multipart, parsed, read
from hailuo_cli.urls import is_loopback, is_web, must_be_safe
from hailuo_cli.wire import (
    Call,
    Flow,
    Reply,
    Upload,
    check_ticket,
    collect_requests,
    get,
    post,
    put,
    run_flow,
    send_file,
)

MIB = 1024 * 1024


def picture(content: bytes, **changes: Any) -> LocalImage:
    facts: dict[str, Any] = {"size": len(content), "digest": hashlib.sha256(content).hexdigest()}
    return LocalImage("a.png", "image/png", 400, 400, file=io.BytesIO(content), **{**facts, **changes})


# building calls


def test_a_path_takes_its_placeholders_and_the_query_the_rest() -> None:
    call = get("/v1/{model}/look/{ticket}", model="hailuo", ticket="a/b?c#d", verbose="1")
    assert (call.method, call.path, dict(call.query)) == ("GET", "/v1/hailuo/look/a%2Fb%3Fc%23d", {"verbose": "1"})
    assert not call.bills


def test_what_was_not_asked_for_is_not_in_a_post_and_false_is() -> None:
    call = post("/order", {"a": None, "b": False, "c": 0, "d": {"e": None, "f": ""}}, headers={"X-A": None, "X-B": "1"})
    assert call.body == {"b": False, "c": 0, "d": {"f": ""}}
    assert call.headers == {"X-B": "1"}
    assert call.bills


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ({}, {"prompt": "p", "options": {"a": 1}}),
        ({"seed": 7}, {"prompt": "p", "options": {"a": 1}, "seed": 7}),
        ({"options.b": 2}, {"prompt": "p", "options": {"a": 1, "b": 2}}),
        ({"x.y.z": [1], "x.y.w": 2}, {"prompt": "p", "options": {"a": 1}, "x": {"y": {"z": [1], "w": 2}}}),
    ],
)
def test_raw_fields_are_put_where_their_dots_say(params: dict[str, Any], body: dict[str, Any]) -> None:
    call = post("/order", {"prompt": "p", "options": {"a": 1}})
    assert call.extended(params).body == body
    assert call.body == {"prompt": "p", "options": {"a": 1}}, "the call itself is a value"


@pytest.mark.parametrize("name", ["prompt", "options.a", "prompt.x"])
def test_a_raw_field_never_replaces_what_hailuo_sends(name: str) -> None:
    with pytest.raises(UsageError):
        post("/order", {"prompt": "p", "options": {"a": 1}}).extended({name: 1})


def test_a_raw_field_stays_out_of_a_call_that_has_no_body_until_one_is_given() -> None:
    assert Call("POST", "/order").extended({"a": 1}).body == {"a": 1}


def test_half_a_character_of_an_answer_cannot_be_put_in_an_address() -> None:
    for path in ("/look/{ticket}", "/look"):
        with pytest.raises(BadReply, match="half a character"):
            get(path, ticket="a\ud800")


any_text = st.text(max_size=60)


@settings(deadline=None)
@given(ticket=any_text, query=any_text, base=st.sampled_from(["https://api.example", "http://127.0.0.1:8080"]))
def test_T4_no_ticket_leads_a_call_away_from_the_configured_origin(ticket: str, query: str, base: str) -> None:
    leads_away = not ticket or bool({".", ".."} & set(re.split("[^A-Za-z0-9.]", ticket)))
    if leads_away:
        with pytest.raises(UsageError):
            get("/v2/jobs/{ticket}", ticket=ticket)
        return
    for call in (get("/v2/jobs/{ticket}", ticket=ticket, q=query), post("/cancel/{ticket}", ticket=ticket, q=query)):
        url = httpx.URL(base + call.path, params=call.query)
        assert (url.scheme, url.host, url.port) == tuple(
            getattr(httpx.URL(base), k) for k in ("scheme", "host", "port")
        )
        assert not url.userinfo
        assert "?" not in call.path
        assert "#" not in call.path
        assert call.path.count("/") == (3 if call.method == "GET" else 2)
        assert parse_qs(url.query.decode(), keep_blank_values=True) == {"q": [query]}


# conversations


def test_answers_go_back_to_who_asked_and_the_last_word_is_the_result() -> None:
    def flow() -> Flow[str]:
        first = yield get("/a")
        second = yield get("/b", id=first.text("id"))
        return second.text("id")

    asked: list[Call | Upload] = []

    def send(request: Call | Upload) -> Reply:
        asked.append(request)
        return Reply({"id": len(asked)})

    assert run_flow(flow(), send) == "2"
    assert asked == [get("/a"), get("/b", id="1")]


def test_an_error_while_sending_ends_the_conversation_and_is_closed_behind() -> None:
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield get("/a")
        finally:
            closed.append(True)

    def fail(_: Call | Upload) -> Reply:
        raise BadReply("no")

    conversation = flow()
    with pytest.raises(BadReply):
        run_flow(conversation, fail)
    assert closed == [True]
    conversation.close()


def test_a_rehearsal_ends_before_anything_is_asked_after_the_bill() -> None:
    def flow() -> Flow[str]:
        where = yield post("/presign", bills=False)
        yield Upload(where.url("put"), picture(b"x"))
        yield post("/order", {"image": where.text("public")})
        raise AssertionError("past the call that bills")

    presign, upload, order = collect_requests(flow())
    assert isinstance(presign, Call)
    assert not presign.bills
    assert isinstance(upload, Upload)
    assert isinstance(order, Call)
    assert order.body == {"image": "<public>"}


# reading replies


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", "abc"),
        ("  abc\n", "abc"),
        (7, "7"),
        (2**70, str(2**70)),
        ("", None),
        ("  ", None),
        (None, None),
        (True, None),
        (1.5, None),
        ([], None),
        (["abc"], None),
        ({}, None),
        ({"id": 1}, None),
    ],
)
def test_A4_a_text_is_a_text_or_a_number_and_nothing_else(value: object, text: str | None) -> None:
    reply = Reply({"data": {"id": value}})
    assert reply.find("data", "id") == text
    if text is None:
        with pytest.raises(BadReply, match=r"data\.id"):
            reply.text("data", "id")


@pytest.mark.parametrize("data", [None, [], "x", 3, {"a": []}, {"a": {}}, {"a": "x"}, {"a": [{"b": 1}]}])
@pytest.mark.parametrize("path", [("a", "b"), ("a", 0, "b", "c"), ("a", 7), (3,), ()])
def test_no_reply_and_no_path_make_reading_fail_otherwise_than_as_a_bad_reply(data: object, path: Any) -> None:
    reply = Reply(data)
    for look in (reply.find, reply.address, reply.percent, reply.value):
        look(*path)
    for must, may in ((reply.text, reply.find), (reply.url, reply.address)):
        if may(*path) is None:
            with pytest.raises(BadReply) as error:
                must(*path)
            assert (".".join(map(str, path)) or "its top") in str(error.value)
        else:
            must(*path)


def test_a_list_of_one_and_the_one_itself_read_the_same() -> None:
    for video in ("https://v.example/a", ["https://v.example/a"]):
        assert Reply({"video": video}).url("video", 0) == "https://v.example/a"
    assert Reply({"video": "https://v.example/a"}).address("video", 1) is None


def test_an_envelope_is_opened_where_there_is_one_and_named_in_errors() -> None:
    assert Reply({"data": {"id": "x"}}).inside("data").text("id") == "x"
    assert Reply({"id": "x"}).inside("data").text("id") == "x"
    with pytest.raises(BadReply, match=r"data\.id"):
        Reply({"data": {}}).inside("data").text("id")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-02-18T15:00:03Z", 1771426803.0),
        ("2026-02-18T16:00:03+01:00", 1771426803.0),
        ("2026-02-18T15:00:03.5Z", 1771426803.5),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1771426803, None),
        ([], None),
    ],
)
def test_a_moment_is_read_from_its_text_or_not_told(value: object, seconds: float | None) -> None:
    assert Reply({"at": value}).moment("at") == seconds


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ('{"urls": ["https://x.example/a.mp4"]}', "https://x.example/a.mp4"),
        ({"urls": ["https://x.example/a.mp4"]}, "https://x.example/a.mp4"),
        ('{"urls": []}', None),
        ("{", None),
        ("[" * 100_000, None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_json_inside_a_text_is_read_and_broken_json_is_nothing(value: object, url: str | None) -> None:
    assert Reply({"result": value}).unpacked("result").address("urls", 0) == url


@pytest.mark.parametrize(
    ("value", "texts"),
    [({"a": "1", "b": 2, "c": None, "d": ["x"]}, {"a": "1"}), ({}, {}), ("text", {}), (None, {}), ([{"a": "1"}], {})],
)
def test_only_texts_are_read_from_an_object_of_texts(value: object, texts: dict[str, str]) -> None:
    assert Reply({"headers": value}).texts("headers") == texts


def test_what_is_put_has_no_body_and_costs_nothing_and_a_file_costs_nothing_either() -> None:
    assert put("/a/{id}/cancel", id="7") == Call("PUT", "/a/7/cancel")
    image = picture(b"abc")
    assert send_file("/files", image, "content") == Call("POST", "/files", form={"content": image}, uploads=True)


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        (50, 50),
        ("50", 50),
        ("50%", 50),
        (" 12.5 % ", 12.5),
        (0, 0),
        (100, 100),
        (120, None),
        (-1, None),
        (float("nan"), None),
        ("nan", None),
        (float("inf"), None),
        (True, None),
        ("half", None),
        (None, None),
        ([50], None),
        (10**400, None),
        ("9" * 5000, None),
    ],
)
def test_C5_a_percentage_is_from_0_to_100_or_not_told(value: object, percent: float | None) -> None:
    assert Reply({"progress": value}).percent("progress") == percent


@pytest.mark.parametrize(
    "ticket",
    ["a", "7", "minimax-hailuo-ai_019d-abc", "proj/models/x:run", "a" * 512, "…".encode().hex(), "-rf", "a?b=c&d#e"],
)
def test_a_ticket_is_opaque_text(ticket: str) -> None:
    assert check_ticket(ticket) == ticket


@pytest.mark.parametrize(
    "ticket", ["", " ", "a b", "a\n", "\x1b[2J", "ä", "a\x00", "a" * 513, ".", "..", "../..", "/", "\u202e", "\ud800"]
)
def test_what_cannot_be_printed_typed_or_put_in_a_path_is_no_ticket(ticket: str) -> None:
    with pytest.raises(BadReply) as error:
        check_ticket(ticket)
    assert len(str(error.value)) < 100
    assert str(error.value).isprintable()


# bodies


@settings(deadline=None)
@given(
    before=any_text,
    content=st.binary(max_size=500),
    other=st.binary(max_size=500),
    extra=st.dictionaries(any_text, st.none() | st.booleans() | st.integers() | any_text, max_size=4),
)
def test_a_body_with_images_is_the_json_it_stands_for_in_exactly_the_stated_length(
    before: str, content: bytes, other: bytes, extra: dict[str, Any]
) -> None:
    body = {"prompt": before, "image": picture(content), "inner": {"last": picture(other)}, "extra": extra}
    size, stream = encoded(body)
    sent = b"".join(stream)
    assert len(sent) == size
    read_back = json.loads(sent)
    assert read_back["prompt"] == before
    assert read_back["extra"] == extra
    for text, wanted in ((read_back["image"], content), (read_back["inner"]["last"], other)):
        head, _, data = text.partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(data, validate=True) == wanted


@given(st.binary(max_size=1000), st.text("abc/-_.0", max_size=20))
def test_a_form_has_exactly_the_stated_length_and_the_file_as_it_is(content: bytes, text: str) -> None:
    kind, size, stream = multipart({"file": picture(content), "name": text})
    sent = b"".join(stream)
    assert len(sent) == size
    boundary = kind.partition("boundary=")[2].encode()
    first, second, end = sent.split(b"--" + boundary)[1:]
    assert first.partition(b"\r\n\r\n")[2] == content + b"\r\n"
    assert second.endswith(f'name="name"\r\n\r\n{text}\r\n'.encode())
    assert end == b"--\r\n"


def test_the_same_image_twice_is_sent_twice() -> None:
    image = picture(b"abc")
    size, stream = encoded({"a": image, "b": image})
    sent = b"".join(stream)
    assert len(sent) == size
    assert len(set(json.loads(sent).values())) == 1


def test_a_prompt_that_looks_like_a_placeholder_is_only_a_prompt() -> None:
    size, stream = encoded({"prompt": "<image 0123456789abcdef>", "image": picture(b"abc")})
    sent = b"".join(stream)
    assert len(sent) == size
    assert json.loads(sent)["prompt"] == "<image 0123456789abcdef>"


def test_an_address_goes_out_as_it_is_and_lone_surrogates_do_not_stop_a_body() -> None:
    size, stream = encoded({"image": RemoteImage("https://x.example/a.jpg"), "note": "a\ud800b"})
    sent = b"".join(stream)
    assert len(sent) == size
    assert json.loads(sent) == {"image": "https://x.example/a.jpg", "note": "a?b"}


@pytest.mark.parametrize("length", [0, 1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_an_image_of_any_length_keeps_its_base64_whole_over_chunks(length: int) -> None:
    content = bytes(range(256)) * (length // 256 + 1)
    size, stream = encoded({"image": picture(content[:length])})
    sent = b"".join(stream)
    assert len(sent) == size
    assert base64.b64decode(json.loads(sent)["image"].partition(",")[2], validate=True) == content[:length]


def test_I6_an_image_of_20_mib_is_never_whole_in_memory() -> None:
    content = bytes(20 * MIB)
    image = picture(content)
    tracemalloc.start()
    try:
        size, stream = encoded({"image": image})
        assert sum(map(len, stream)) == size
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("now", [b"", b"abc", b"abcdeg", b"abcdef" * 50_000])
def test_an_image_that_changed_since_it_was_checked_is_not_sent_whole(now: bytes) -> None:
    image = picture(b"abcdef" * 50_000)
    changed = picture(now, size=image.size, digest=image.digest)
    if now == b"abcdef" * 50_000:
        assert b"".join(read(changed)) == now
        return
    sent: list[bytes] = []
    with pytest.raises(InvalidImage, match="changed"):
        sent.extend(read(changed))
    assert sum(map(len, sent)) < image.size


def test_an_image_that_only_grew_is_sent_as_it_was_checked() -> None:
    content = b"abc" * 100
    grown = picture(content + b"more", size=len(content), digest=hashlib.sha256(content).hexdigest())
    assert b"".join(read(grown)) == content


def test_an_image_on_a_disk_that_fails_is_a_disk_error() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(DiskError, match=r"a\.png"):
        list(read(LocalImage("a.png", "image/png", 400, 400, 3, "", Failing(b"abc"))))


def test_a_preview_names_an_image_and_never_holds_it() -> None:
    assert described(picture(b"abc" * 100)) == "data:image/png;base64,<a.png: 300 bytes>"
    assert described(RemoteImage("https://x.example/a.jpg")) == "https://x.example/a.jpg"


def pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    yield from (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("", bytes), ("identity", bytes), ("gzip", gzip.compress), (" GZip ", gzip.compress), ("deflate", zlib.compress)],
)
@pytest.mark.parametrize("length", [0, 10, 99_999, 100_000, 100_001, 500_000])
def test_a_body_comes_out_whole_up_to_its_limit_and_one_byte_longer_where_it_is_over(
    encoding: str, pack: Any, length: int
) -> None:
    data = bytes(length)
    assert decoded(pieces(pack(data)), encoding, 100_000) == data[:100_001]


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip,deflate", "zstd", "x" * 10_000, "\x1b"])
def test_C12_an_encoding_that_was_not_asked_for_is_refused_unread(encoding: str) -> None:
    chunks = pieces(gzip.compress(b"{}"))
    with pytest.raises(BadReply) as error:
        decoded(chunks, encoding, 100)
    assert len(str(error.value)) < 120
    assert next(chunks)


@pytest.mark.parametrize(
    "data", [b"hello", b"\x1f\x8b\x08", gzip.compress(b"[" + bytes(range(32, 91)) * 9, mtime=0)[:-12]]
)
def test_packing_that_is_broken_gives_a_bad_reply_or_no_json(data: bytes) -> None:
    try:
        body = decoded(pieces(data), "gzip", 1000)
    except BadReply:
        return
    assert parsed(body) is None


def test_C12_an_endless_body_is_not_read_past_its_limit() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for _ in itertools.count():
            taken += 1000
            yield bytes(1000)

    assert len(decoded(endless(), "", 100_000)) == 100_001
    assert taken <= 102_000


def test_C12_a_bomb_of_200_mib_takes_hardly_more_than_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(200)) + packer.flush()
    assert len(bomb) < MIB
    tracemalloc.start()
    try:
        assert len(decoded([bomb], "gzip", 8 * MIB)) == 8 * MIB + 1
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [b"", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"<html>", b'"\xfc"', b"{", b"\x00", b"\xff\xfe\x00", b"1e"],
    ids=["empty", "lists", "objects", "digits", "html", "Latin-1", "cut", "NUL", "UTF-16", "half a number"],
)
def test_F9_what_is_no_json_reads_as_nothing(body: bytes) -> None:
    assert parsed(body) is None


# addresses


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://a.example/x?y=1", True),
        ("http://127.0.0.1:8080", True),
        ("https://[::1]/x", True),
        ("HTTPS://A.EXAMPLE", True),
        ("a.example/x", False),
        ("//a.example/x", False),
        ("https://", False),
        ("https:///x", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("data:text/plain,x", False),
        ("https://[", False),
        ("https://[zz]/", False),
        ("https://a:99999/", False),
        ("https://a:x/", False),
        ("", False),
        ("no luck", False),
    ],
)
def test_C6_a_web_address_has_a_scheme_and_a_host(text: str, is_one: bool) -> None:
    assert is_web(text) is is_one
    assert Reply({"url": text}).address("url") == (text if is_one else None)


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://127.255.0.9", True),
        ("http://[::1]:8", True),
        ("http://localhost", True),
        ("http://LOCALHOST:80", True),
        ("http://a.localhost", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://127.0.0.1@a.example", False),
        ("http://0.0.0.0", False),
        ("http://10.0.0.1", False),
        ("https://a.example", False),
        ("nothing", False),
    ],
)
def test_loopback_is_told_by_the_literal_host_alone(url: str, is_here: bool) -> None:
    assert is_loopback(url) is is_here


PUBLIC = "https://api.example"
HERE = "http://127.0.0.1:9"
NAMES = {"cdn.example": "93.184.216.34", "inside.example": "10.1.2.3", "meta.example": "169.254.169.254"}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names resolve by a table, numbers as the system reads them, the rest not at all."""

    def find(host: str, port: int, **_: Any) -> Any:
        numbers = {"2130706433": "127.0.0.1", "127.1": "127.0.0.1", "0x7f.1": "127.0.0.1", "localhost.": "127.0.0.1"}
        address = {**NAMES, **numbers}.get(host)
        if address is None:
            raise OSError("no such host")
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", find)


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("url", "by"),
    [
        ("https://cdn.example/a.mp4?x=1", PUBLIC),
        ("https://93.184.216.34/a", PUBLIC),
        ("https://unknown.example/a", PUBLIC),
        ("http://127.0.0.1:77/a", HERE),
        ("https://cdn.example/a", HERE),
        ("https://10.0.0.1/a", HERE),
    ],
)
def test_https_to_a_public_place_is_safe_and_loopback_trusts_itself(url: str, by: str) -> None:
    must_be_safe(url, by)


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/a",
        "file:///etc/passwd",
        "ftp://cdn.example/a",
        "//cdn.example/a",
        "cdn.example/a",
        "",
        "https://user@cdn.example/a",
        "https://u:p@cdn.example/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://localhost/a",
        "https://a.localhost/a",
        "https://localhost./a",
        "https://2130706433/a",
        "https://127.1/a",
        "https://0x7f.1/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://10.0.0.1/a",
        "https://192.168.1.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/a",
        "https://[fd00::1]/a",
        "https://100.64.0.1/a",
        "https://0.0.0.0/a",
        "https://inside.example/a",
        "https://meta.example/a",
        "http://127.0.0.1/a",
    ],
)
def test_C11_an_address_that_is_not_https_to_a_public_place_is_refused(url: str) -> None:
    with pytest.raises(UnsafeReply):
        must_be_safe(url, PUBLIC)


@pytest.mark.parametrize(
    "url",
    ["https://[", "https://[zz]/a", "http://[::1", "https:///x", "https://a..b/", "https://xn--a/", "https://[v1.a]/"],
)
def test_an_address_that_cannot_be_read_is_unsafe(url: str) -> None:
    with pytest.raises(UnsafeReply):
        must_be_safe(url, PUBLIC)
