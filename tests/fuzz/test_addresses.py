"""T4 and T5: where the key goes, and where a result or a redirect may lead, whatever a server says."""

from __future__ import annotations

import ipaddress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx
from hypothesis import strategies as st

from hailuo_cli.config.profiles import Config
from hailuo_cli.config.schema import parse
from hailuo_cli.errors import HailuoError, Redirected, UnsafeReply
from hailuo_cli.model import Secret
from hailuo_cli.providers import PROVIDERS, Provider
from hailuo_cli.transport import Fetcher, Session
from hailuo_cli.transport.fetcher import HOPS
from hailuo_cli.urls import is_loopback, must_be_safe, split
from hailuo_cli.wire import Call, check_ticket, run_flow
from tests.wire import KEY, scripts

from .inputs import ADDRESSES, addresses, bodies, header_texts, texts
from .network import Answer, answered_by, looked_up
from .target import target

HOMES = ["https://api.example", "http://127.0.0.1:8080"]
locations = (
    addresses.map(lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1")).filter(
        lambda text: not set("\r\n\0") & set(text)
    )
    | header_texts
)


def origin(url: httpx.URL | str) -> tuple[str, str, int | None]:
    """Scheme, host and port in the one spelling in which they can be compared."""
    read = httpx.URL(url)
    port = read.port or {"http": 80, "https": 443}.get(read.scheme)
    return read.scheme, read.raw_host.decode().lower(), port


def is_public(host: str) -> bool:
    """Whether the resolver of these tests leads out of private networks; a name that it refuses leads nowhere."""
    try:
        return ipaddress.ip_address(str(looked_up(host, 443)[0][4][0]).partition("%")[0]).is_global
    except UnicodeError:
        return True


@target(
    provider=st.sampled_from([p for p in PROVIDERS.values() if p.key_env]),
    ticket=texts | st.sampled_from(["../../x", "//evil.example", "@evil.example", "x?y#z", "%2e%2e"]),
    base=st.none() | st.sampled_from(["https://Relay.example:8443/v9", "http://127.0.0.1:8080"]),
    data=st.data(),
)
def test_T4_the_key_goes_to_the_configured_origin_and_nowhere_else(
    provider: Provider, ticket: str, base: str | None, data: st.DataObject
) -> None:
    base = base or provider.base_url
    look = data.draw(st.sampled_from(scripts()[provider.name].looks))
    evil = data.draw(st.sampled_from(ADDRESSES))
    turns = chain(look.turns, repeat(look.turns[-1]))

    def play(_: httpx.Request) -> Answer:
        turn = next(turns)
        body = data.draw(bodies(turn.reply)).replace(b"https://", evil.encode("utf-8", "replace"), 1)
        status = data.draw(st.sampled_from([turn.status] * 6 + [301, 302, 303, 307, 308]))
        return Answer(status, {"Location": data.draw(locations), "Set-Cookie": f"k={KEY}"}, body)

    with answered_by(play) as asked, Session(provider, base, Secret(KEY)) as session:
        try:
            progress = run_flow(provider.check(check_ticket(ticket)), session.send)
            if isinstance(progress.video, Call):
                with session.open(progress.video, {}) as stream:
                    list(stream.chunks())
            elif progress.video:
                with Fetcher(base).open(progress.video, {}) as stream:
                    list(stream.chunks())
        except HailuoError:
            pass
    for request in asked:
        if any(KEY in value for value in (str(request.url), *request.headers.values())):
            assert origin(request.url) == origin(base)
            assert not request.url.userinfo
        assert "cookie" not in request.headers


@target(url=addresses, home=st.sampled_from(HOMES))
def test_T4_an_address_is_safe_only_as_https_to_a_public_place_or_within_loopback(url: str, home: str) -> None:
    with answered_by(lambda _: Answer()):
        try:
            must_be_safe(url, home)
        except UnsafeReply as error:
            assert len(error.message) < len(url) + 200
            return
    parts = split(url)
    assert parts is not None
    assert parts.scheme == "https" or (is_loopback(home) and is_loopback(url))
    if not is_loopback(home):
        assert not parts.username
        assert is_public(parts.hostname or "")


@target(
    url=addresses,
    home=st.sampled_from(HOMES),
    hops=st.lists(locations, max_size=8),
    status=st.sampled_from([301, 302, 303, 307, 308]),
    examples=[{"url": url, "home": HOMES[0], "hops": [], "status": 302} for url in ADDRESSES],
)
def test_T5_a_download_follows_five_safe_redirects_at_most_and_never_into_a_private_network(
    url: str, home: str, hops: list[str], status: int
) -> None:
    answers = chain((Answer(status, {"Location": hop}) for hop in hops), repeat(Answer()))
    with answered_by(lambda _: next(answers)) as asked:
        try:
            with Fetcher(home).open(url, {"Range": "bytes=5-"}) as stream:
                assert stream.status == 200
        except HailuoError as error:
            assert error.exit in (6, 12)
    assert len(asked) <= HOPS + 1
    came_from = home
    for request in asked:
        scheme, host, _ = origin(request.url)
        assert scheme == "https" or (is_loopback(came_from) and is_loopback(str(request.url)))
        assert is_loopback(came_from) or is_public(host.strip("[]"))
        assert not {"authorization", "cookie", "x-api-key"} & set(request.headers)
        came_from = str(request.url)


@target(provider=st.sampled_from(list(PROVIDERS.values())), location=locations, status=st.integers(300, 399))
def test_T5_the_api_is_never_followed_anywhere(provider: Provider, location: str, status: int) -> None:
    with (
        answered_by(lambda _: Answer(status, {"Location": location}, b"{}")) as asked,
        Session(provider, provider.base_url, Secret(KEY)) as session,
    ):
        for call in (Call("POST", "/order", body={}, bills=True), Call("GET", "/look")):
            error = outcome(session, call)
            assert isinstance(error, Redirected)
            assert error.refused is (status in (301, 307, 308))
    assert len(asked) == 2


def outcome(session: Session, call: Call) -> Any:
    try:
        return session.send(call)
    except HailuoError as error:
        return error


@target(
    url=addresses,
    examples=[{"url": url} for url in ADDRESSES],
)
def test_T4_what_the_config_takes_for_a_base_url_can_be_asked(url: str) -> None:
    text = f"[profiles.p.providers.minimax]\nbase_url = {quoted(url)}\n"
    try:
        config = Config(Path("c"), parse(text, Path("c")), "p", {})
    except HailuoError as error:
        assert error.exit == 2
        return
    base = config.account("minimax").base_url
    with (
        answered_by(lambda _: Answer(200, {}, b"{}")) as asked,
        Session(PROVIDERS["minimax"], base, Secret(KEY)) as ours,
    ):
        ours.send(Call("GET", "/look"))
    scheme, host, port = origin(asked[0].url)
    if scheme == "http":  # asked at the address that the name of this machine leads to
        assert is_loopback(base)
        assert is_loopback(str(asked[0].url))
        host = origin(base)[1]
    assert (scheme, host, port) == origin(base)


def quoted(text: str) -> str:
    """A TOML text; half a character cannot stand in a file and is left out."""
    plain = "".join(c for c in text if not "\ud800" <= c <= "\udfff")
    return '"' + "".join(f"\\U{ord(c):08x}" for c in plain) + '"'
