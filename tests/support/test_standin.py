"""The stand-in takes and gives what the documents say, and nothing else: a lax one would prove nothing about an adapter."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.support.standin import StandIn
from tests.wire import AFile, AFileName, AnImage, Form, Look, OrderScript, Script, Some, Turn, WithKey, scripts

PNG = b"\x89PNG\r\n\x1a\n--not a boundary\r\n"
ORDERS = [pytest.param(s, o, id=f"{name}: {o.name}") for name, s in scripts().items() for o in s.orders]
LOOKS = [pytest.param(s, look, id=f"{name}: {look.word}") for name, s in scripts().items() for look in s.looks]


def filled(value: Any) -> Any:
    """A documented body with something where the documents leave open what."""
    if isinstance(value, dict):
        return {name: filled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    if isinstance(value, AFileName):
        return "frame.png"
    if isinstance(value, AnImage):
        return "data:image/png;base64,iVBORw0KGgo="
    if isinstance(value, Some):
        return value.kind(len(PNG))
    return value


def ask(server: StandIn, turn: Turn, *, url: str | None = None, **changed: Any) -> httpx.Response:
    """Send a documented request, as it is or with changes."""
    parts: dict[str, Any] = {"headers": {**server.script.key_headers, **server.script.extras, **turn.headers}}
    if isinstance(turn.body, Form):
        files = {name: ("frame.png", PNG, "image/png") for name, value in turn.body.items() if isinstance(value, AFile)}
        parts |= {"files": files, "data": {name: v for name, v in turn.body.items() if name not in files}}
    elif turn.body is not None:
        parts["json"] = filled(turn.body)
    parts |= {"params": dict(turn.query) or None, **changed}
    where = url or server.address(turn.host or server.script.host) + turn.path
    # loading the system's certificates would take longer than the request
    with httpx.Client(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        return client.request(turn.method, where, **parts)


def speak(server: StandIn, order: OrderScript) -> None:
    """A whole documented order."""
    said = ""
    for turn in order.turns:
        if turn.method == "PUT":
            address = re.search(r'https?://[^"]+/upload/\d+', said)
            assert address, "the answer before told no address to upload to"
            ask(server, turn, url=address[0], headers=turn.headers, content=PNG)
        else:
            answer = ask(server, turn)
            assert answer.status_code == turn.status, server.complaints
            said = answer.text


@pytest.mark.parametrize(("script", "order"), ORDERS)
def test_a_documented_order_is_taken_without_a_complaint(script: Script, order: OrderScript) -> None:
    with StandIn(script) as server:
        speak(server, order)
        assert not server.complaints
        assert len(server.ordered) == 1


@pytest.mark.parametrize(("script", "look"), LOOKS)
def test_a_documented_status_is_given_with_addresses_that_are_true_here(script: Script, look: Look) -> None:
    with StandIn(script, course=(look,)) as server:
        answers = [ask(server, turn) for turn in look.turns]
        assert [answer.status_code for answer in answers] == [turn.status for turn in look.turns]
        told = "".join(answer.text for answer in answers)
        assert script.name == "sandbox" or not any(f'"{host}/' in told for host in script.hosts)
        if isinstance(look.video, WithKey):
            assert ask(server, Turn("GET", look.video.path, None, query=look.video.query)).content == server.video
        elif look.video:
            assert server.video_url in told
        assert not server.complaints


def first_post(script: Script) -> tuple[Turn, dict[str, Any]]:
    """A documented order in JSON and its body."""
    turn = next(t for order in script.orders for t in order.turns if t.body and not isinstance(t.body, Form))
    return turn, filled(turn.body)


def test_what_no_document_has_is_a_complaint_and_an_error(script: Script) -> None:
    turn, body = first_post(script)
    name, value = next(iter(body.items()))
    wrong: Mapping[str, dict[str, Any]] = {
        "an unknown field": {"json": {**body, "seed": 1}},
        "a field of another type": {"json": {**body, name: [value]}},
        "no JSON": {"json": None, "content": b"prompt=x"},
        "a form": {"json": None, "files": {name: ("x.png", PNG, "image/png")}},
        "a form of texts": {"json": None, "files": {name: (None, str(value))}},
        "an unknown query": {"params": {"sync": "1"}},
        "an unknown header": {"headers": {**script.key_headers, **script.extras, "X-Priority": "high"}},
        "another path": {"url": f"{{}}{turn.path}/now"},
    }
    for what, change in wrong.items():
        with StandIn(script) as server:
            url = change.pop("url", "").format(server.url) or None
            answer = ask(server, turn, url=url, **change)
            assert answer.status_code in (400, 404), what
            assert len(server.complaints) == 1, what
    for name, value in script.key_headers.items():
        with StandIn(script) as server:
            assert ask(server, turn, headers={name: f"{value}x"}).status_code == 401
            assert server.complaints


def test_a_field_deep_inside_is_held_against_the_documents_too() -> None:
    script = scripts()["openrouter"]
    order = next(order for order in script.orders if "frame_images" in order.turns[0].body)
    (turn,) = order.turns
    body = filled(turn.body)
    for broken in (
        {**body["frame_images"][0], "weight": 1},
        {**body["frame_images"][0], "frame_type": 1},
        "an address",
    ):
        with StandIn(script) as server:
            assert ask(server, turn, json={**body, "frame_images": [broken]}).status_code == 400
            assert server.complaints


@pytest.mark.parametrize("name", [name for name, script in scripts().items() if len(script.hosts) > 1])
def test_a_request_at_the_wrong_host_is_a_complaint(name: str) -> None:
    script = scripts()[name]
    elsewhere = next(turn for order in script.orders for turn in order.turns if turn.host)
    with StandIn(script) as server:
        assert ask(server, elsewhere, url=server.url + elsewhere.path).status_code == 404
        assert elsewhere.path in server.complaints[0]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("frame.png", {"files": {"file": ("/home/me/frame.png", PNG, "image/png")}}),
        ("media type", {"files": {"file": ("frame.png", PNG, "text/plain")}}),
        ("empty", {"files": {"file": ("frame.png", b"", "image/png")}}),
        ("text", {"files": None, "data": {"file": "frame.png"}, "headers": {}}),
        ("field", {"files": {"image": ("frame.png", PNG, "image/png")}}),
    ],
)
def test_a_form_without_the_documented_file_is_a_complaint(name: str, sent: dict[str, Any]) -> None:
    script = scripts()["muapi"]
    turn = next(turn for order in script.orders for turn in order.turns if isinstance(turn.body, Form))
    with StandIn(script) as server:
        answer = ask(server, turn, **{**sent, "headers": dict(script.key_headers)})
        assert answer.status_code == 400, name
        assert server.complaints


def test_a_file_in_a_form_arrives_as_it_was_sent() -> None:
    script = scripts()["replicate"]
    turn = next(turn for order in script.orders for turn in order.turns if isinstance(turn.body, Form))
    with StandIn(script) as server:
        assert ask(server, turn).status_code == 201
        assert server.asked[0].body["content"].content == PNG


def test_an_upload_without_its_documented_header_is_a_complaint() -> None:
    with StandIn(scripts()["wavespeed"]) as server:
        order = next(order for order in server.script.orders if len(order.turns) > 1)
        address = ask(server, order.turns[0]).json()["data"]["upload"]["url"]
        ask(server, order.turns[1], url=address, headers={"Content-Type": "text/plain"}, content=PNG)
        assert "Content-Type" in server.complaints[0]
