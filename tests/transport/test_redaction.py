"""A key that a server repeats is not repeated by us, however it is spelled and wherever it stands in an answer."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_cli.errors import HailuoError
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import MASK, Job, JobState, Secret
from hailuo_cli.redaction import TELLING, Redactor
from tests.support.answers import raw, says
from tests.support.canary import shown_in
from tests.support.command import configure, hailuo
from tests.support.fault_server import FaultServer
from tests.wire import KEY

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
KEYS = st.text(VISIBLE, min_size=8, max_size=64)
WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=16, max_size=40)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "upper case": str.upper,
    "lower case": str.lower,
    "URL-encoded": lambda key: quote(key, safe=""),
    "URL-encoded twice": lambda key: quote(quote(key, safe=""), safe=""),
    "URL-encoded in lower case": lambda key: quote(key, safe="").lower(),
    "every letter URL-encoded": lambda key: "".join(f"%{ord(letter):02X}" for letter in key),
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON in JSON": lambda key: json.dumps(json.dumps(key))[3:-3],
    "JSON with its slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    r"\u escapes": lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    r"\U escapes": lambda key: "".join(f"\\U{ord(letter):08x}" for letter in key),
    "hexadecimal digits": lambda key: key.encode().hex(),
    "HTML": html.escape,
    "decimal entities": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "hexadecimal entities": lambda key: "".join(f"&#x{ord(letter):X};" for letter in key),
    "bytes in Python": lambda key: repr(key.encode())[2:-1],
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 without padding": lambda key: base64.b64encode(key.encode()).decode().rstrip("="),
    "base64 for addresses": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 one byte on": lambda key: base64.b64encode(b"x" + key.encode()).decode(),
    "base64 of a login": lambda key: base64.b64encode(b"me:" + key.encode() + b":").decode()[4:],
    "base64 in an address": lambda key: quote(base64.b64encode(key.encode()).decode(), safe=""),
    "base64 in JSON": lambda key: base64.b64encode(key.encode()).decode().replace("/", "\\/"),
}


def redacted(text: str, key: str) -> str:
    return Redactor(Secret(key)).text(text)


@settings(deadline=None)
@given(KEYS, st.text(max_size=30), st.text(max_size=30))
def test_N6_no_text_around_it_saves_a_key(key: str, before: str, after: str) -> None:
    said = redacted(f"{before} {key} {after}", key)
    assert key not in said
    assert redacted(said, key) == said


@settings(deadline=None)
@given(key=KEYS)
def test_N6_a_key_is_found_in_every_spelling(key: str) -> None:
    redactor = Redactor(Secret(key))
    for spelling, written in SPELLINGS.items():
        said = redactor.text(f'say "{written(key)}", end')
        assert MASK in said, spelling
        # what base64 shares with a neighbour stands for at most one character of it
        assert len(said) - len(f'say "{MASK}", end') <= 2, spelling


@settings(deadline=None)
@given(first=WORDS, second=WORDS)
def test_N6_both_halves_of_id_and_secret_are_found(first: str, second: str) -> None:
    redactor = Redactor(Secret(f"{first}:{second}"))
    for half in (first, second):
        missed = [name for name, spelled in SPELLINGS.items() if MASK not in redactor.text(f"<{spelled(half)}>")]
        assert not missed


@settings(deadline=None)
@given(KEYS, st.data())
def test_N6_a_beginning_that_tells_which_key_it_is_is_masked_too(key: str, data: st.DataObject) -> None:
    shown = key[: data.draw(st.integers(TELLING, len(key)))]
    assert redacted(f"wrong key: {shown}*** (see the docs)", key).startswith(f"wrong key: {MASK}")


def test_N6_the_end_of_a_long_key_is_masked_too() -> None:
    assert redacted("key …0123456789abcdef is bad", "sk-abcdefghijkl-0123456789abcdef") == f"key …{MASK} is bad"


def test_the_header_that_all_jwts_share_is_left_alone_and_what_is_secret_is_not() -> None:
    header = "eyJhbGciOiJIUzI1NiJ9"
    key = f"{header}.eyJzdWIiOiJoYWlsdW8iLCJuIjoxfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV"
    url = f"https://cdn.example/v.mp4?token={header}.eyJ2IjoxfQ.{'x' * 40}"
    assert redacted(url, key) == url
    said = redacted(f"bad token {key}", key)
    assert not any(piece[8:] in said for piece in key.split(".")[1:])


@pytest.mark.parametrize("key", ["", "abc", "1234567"])
def test_a_text_too_short_to_be_a_key_masks_nothing(key: str) -> None:
    assert redacted("abc 1234567", key) == "abc 1234567"


def test_a_value_is_redacted_in_its_names_and_lists_and_stays_json() -> None:
    value = {"a": [KEY, {"b": f"x{KEY}", KEY: 1}], "n": 1.5, "t": True, "z": None}
    said = Redactor(Secret(KEY)).value(value)
    assert said == {"a": [MASK, {"b": f"x{MASK}", MASK: 1}], "n": 1.5, "t": True, "z": None}


def test_several_secrets_are_known_at_once() -> None:
    redactor = Redactor(Secret(KEY))
    redactor.add(Secret("another-secret"))
    assert redactor.text(f"{KEY} and another-secret") == f"{MASK} and {MASK}"


def test_what_is_written_down_holds_no_key(home: Path) -> None:
    redactor = Redactor(Secret(KEY))
    path = home / "data" / "ledger.sqlite3"
    with Ledger(path, spools=[home / "data" / "unsaved"], redact=redactor.text) as ledger:
        job, _ = ledger.begin(Job("", "pixazo", JobState.SUBMITTING, prompt=f"say {KEY}"))
        assert ledger.spool(job, f"t-{KEY}")
        job = ledger.move(job, JobState.SUBMITTED, ticket=f"job-{KEY}")
        assert job.ticket == f"job-{MASK}"
        assert ledger.by_ticket("pixazo", f"job-{KEY}") == job
    for file in (home / "data").rglob("*"):
        assert not file.is_file() or not shown_in(file.read_bytes())


def http(head: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode("latin-1")


_PACKED = base64.b64encode(KEY.encode()).decode()
CHANNELS: dict[str, bytes] = {
    "the body": http("401 No", json.dumps({"message": f"wrong key {KEY}"})),
    "a beginning in the body": http("401 No", json.dumps({"message": f"wrong key {KEY[:8]}…"})),
    "a body that is no JSON": http("500 No", f"<p>{html.escape(KEY)}</p>"),
    "a 2xx that is no JSON": http(f"200 OK\r\nContent-Type: text/{KEY}", f"key={quote(KEY, safe='')}"),
    "JSON's names": http("200 OK", json.dumps({"request_id": None, KEY: {KEY: 1}})),
    r"JSON's \u": http("200 OK", '{"request_id": null, "you": "' + SPELLINGS[r"\u escapes"](KEY) + '"}'),
    "base64 in JSON": http("400 No", json.dumps({"message": f"Basic {_PACKED}"})),
    "the job's name": http("200 OK", json.dumps({"request_id": f"job-{KEY}"})),
    "a header": http(f"401 No\r\nX-Key: {KEY}", '{"message": "no"}'),
    "a cookie": http(f"401 No\r\nSet-Cookie: key={KEY}", '{"message": "no"}'),
    "a broken header": f"HTTP/1.1 200 OK\r\n{KEY} no colon\r\n\r\n".encode(),
    "a header of two lines": f"HTTP/1.1 200 OK\r\n {KEY}\r\n\r\n".encode(),
    "the length": f"HTTP/1.1 200 OK\r\nContent-Length: {KEY}\r\n\r\n".encode(),
    "the transfer": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {KEY}\r\n\r\n".encode(),
    "the encoding": http(f"200 OK\r\nContent-Encoding: {KEY}", "{}"),
    "the reason": http(f"401 {KEY}", '{"message": "no"}'),
    "the status line": f"{KEY} 200 OK\r\n\r\n".encode(),
    "the protocol": f"HTTP/{KEY} 200 OK\r\n\r\n".encode(),
    "where it moved to": http(
        f"302 Found\r\nLocation: https://{KEY.translate({47: 46, 43: 45})}.example/{KEY}?k={KEY}"
    ),
    "a port that is none": http(f"302 Found\r\nLocation: https://x.example:{KEY}/"),
    "a pause": http(f"429 No\r\nRetry-After: {KEY}", '{"message": "no"}'),
}


@pytest.mark.parametrize("flags", [("--json", "-vv"), ("-vv",), ("--events",)], ids=" ".join)
def test_N6_E10_a_server_that_repeats_the_key_anywhere_is_not_repeated(
    flags: tuple[str, ...], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`hailuo` itself fails on any spelling of the key in what is printed."""
    for number, (channel, answer) in enumerate(CHANNELS.items()):
        with FaultServer(raw(answer)) as server:
            configure(home, server.url, monkeypatch)
            ran = hailuo("submit", f"a bear {number}", *flags)
            assert ran.code in (0, 2, 3, 4, 6, 7, 8, 12), (channel, ran)
            if ran.code == 0:
                hailuo("status", "--json", "-vv")
    files = [file for file in (home / "data").rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if shown_in(file.read_bytes())]
    assert MASK in hailuo("jobs", "list", "--json").out + (home / "data" / "ledger.sqlite3").read_text("latin-1")


def test_an_error_for_a_program_holds_no_key_either(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hailuo_cli import client

    with FaultServer(says(401, {"message": f"wrong key {KEY}"})) as server:
        configure(home, server.url, monkeypatch)
        with pytest.raises(HailuoError) as error:
            client.Client().submit("a bear")
    assert MASK in str(error.value)
    assert not shown_in(f"{error.value}{error.value.args}{error.value.answer}{error.value.hint}")
