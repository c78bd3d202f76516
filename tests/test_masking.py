"""A key that a server repeats is not repeated by us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_cli.transport.redaction import MASK, TELLING, masked

from .answers import says
from .command import configure, hailuo
from .fault_server import FaultServer
from .wire import KEY

KEYS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+=", min_size=8, max_size=64)


@given(KEYS, st.text(max_size=30), st.text(max_size=30))
def test_N6_no_text_around_it_saves_a_key(key: str, before: str, after: str) -> None:
    said = masked(f"{before} {key} {after}".encode(), key)
    assert key.encode() not in said
    assert masked(said, key) == said


@given(KEYS, st.data())
def test_N6_a_beginning_that_tells_which_key_it_is_is_masked_too(key: str, data: st.DataObject) -> None:
    shown = key[: data.draw(st.integers(TELLING, len(key)))]
    assert masked(f"wrong key: {shown}*** (see the docs)".encode(), key).startswith(f"wrong key: {MASK}".encode())


def test_a_slash_that_json_has_escaped_hides_nothing() -> None:
    said = masked(rb'{"message": "no such key: ab\/cdefg\/hij"}', "ab/cdefg/hij")
    assert json.loads(said) == {"message": f"no such key: {MASK}"}


def test_a_longer_word_that_only_begins_alike_is_left_alone() -> None:
    header = "eyJhbGciOiJIUzI1NiJ9"
    url = f"https://cdn.example/v.mp4?token={header}.{'x' * 80}"
    assert masked(url.encode(), f"{header}.{'k' * 80}") == url.encode()


@pytest.mark.parametrize("key", ["", "abc", "1234567"])
def test_a_text_too_short_to_be_a_key_masks_nothing(key: str) -> None:
    assert masked(b"abc 1234567", key) == b"abc 1234567"


@pytest.mark.parametrize("echo", [KEY, f"{KEY[:12]}…", KEY[:8]])
def test_N6_E10_a_server_that_repeats_the_key_is_not_repeated(
    echo: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for play in (says(401, {"message": f"wrong key {echo}"}), says(200, {"request_id": None, "you": echo})):
        with FaultServer(play) as server:
            configure(home, server.url, monkeypatch)
            ran = hailuo("submit", f"a bear {play}", "--json", "-vv")
            assert ran.code in (3, 7)
            assert MASK in (home / "data" / "ledger.sqlite3").read_bytes().decode("latin-1")
            assert KEY[:8].encode() not in (home / "data" / "ledger.sqlite3").read_bytes()
