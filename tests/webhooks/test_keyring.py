"""Keys that are published are kept for a day, and asked for anew once a minute at most."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from hailuo_cli.client import Client
from hailuo_cli.errors import BadReply, NoKey, NotSent
from hailuo_cli.webhooks.keyring import KEPT_SECONDS, Keyring, KeySets
from hailuo_cli.webhooks.places import Place, account_key, place
from tests.webhooks.signers import KEY_ID, key_set

ADDRESS = "https://rest.fal.ai/.well-known/jwks.json"
NOTHING = ((), 0.0)


@dataclass
class Page:
    """What a key set's address gives, and how often it was asked for."""

    content: bytes = field(default_factory=lambda: json.dumps(key_set()).encode())
    status: int = 200
    asked: int = 0

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str]) -> Iterator[Page]:
        assert (url, set(headers)) == (ADDRESS, {"Accept"})
        self.asked += 1
        yield self

    def chunks(self) -> Iterator[bytes]:
        yield self.content


def sets(folder: Path, page: Page, now: list[float]) -> KeySets:
    return KeySets(folder, lambda _: cast(Any, page), lambda: now[0])


def test_a_key_set_is_kept_for_a_day_and_no_longer(tmp_path: Path) -> None:
    page, now = Page(), [1e9]
    ours = sets(tmp_path / "webhooks", page, now)
    assert ours.kept(ADDRESS) == NOTHING
    assert [key.id for key in ours.fetched(ADDRESS)] == [KEY_ID]
    now[0] += KEPT_SECONDS - 1
    assert [key.id for key in ours.kept(ADDRESS)[0]] == [KEY_ID]
    assert ours.kept(ADDRESS + "2") == NOTHING
    now[0] += 1
    assert ours.kept(ADDRESS) == NOTHING
    now[0] = 1e9 - 1
    assert ours.kept(ADDRESS) == NOTHING, "a set from the future"
    assert page.asked == 1


@pytest.mark.parametrize(
    "page",
    [Page(b"{}"), Page(b"<html>"), Page(b"["), Page(status=404), Page(b" " * 65_537), Page(b'{"keys": []}')],
    ids=["no keys", "html", "broken", "not found", "too long", "empty"],
)
def test_what_is_no_key_set_is_not_taken_for_one(page: Page, tmp_path: Path) -> None:
    ours = sets(tmp_path, page, [1e9])
    with pytest.raises(BadReply):
        ours.fetched(ADDRESS)
    assert ours.kept(ADDRESS) == NOTHING


def test_a_kept_set_that_was_damaged_is_asked_for_again(tmp_path: Path) -> None:
    ours = sets(tmp_path / "webhooks", Page(), [1e9])
    ours.fetched(ADDRESS)
    (kept,) = (tmp_path / "webhooks").iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    assert ours.kept(ADDRESS) == NOTHING


def test_newer_keys_are_asked_for_once_a_minute_at_most(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0.0]
    monkeypatch.setenv("FAL_KEY", "k")
    page = Page()
    with Client().context() as context:
        context.fetcher = lambda _: cast(Any, page)
        context.clock = lambda: moments[0]
        ring = Keyring(context, home / "webhooks")
        ring.add([context.config.account("fal")])
        assert (page.asked, ring.keys("fal") is not None) == (1, True)
        for moment, asked in ((1.0, 1), (59.0, 1), (61.0, 2), (62.0, 2), (122.0, 3)):
            moments[0] = moment
            newer = asyncio.run(ring.renew("fal"))
            assert (page.asked, newer is not None) == (asked, moment in (61.0, 122.0))


def test_keys_that_cannot_be_had_leave_the_address_alone_and_say_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAL_KEY", "k")

    def nobody(_: str) -> Any:
        raise NotSent("cannot reach it")

    with Client().context() as context:
        context.fetcher = nobody
        ring = Keyring(context, home / "webhooks")
        ring.add([context.config.account("fal")])
    assert ring.keys("fal") is None
    assert ring.state("fal").startswith("the keys of rest.fal.ai cannot be had (cannot reach it)")


def test_keys_are_asked_for_again_when_they_are_a_day_old_or_were_not_to_be_had(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments, page = [0.0], Page(status=500)
    monkeypatch.setenv("FAL_KEY", "k")
    with Client().context() as context:
        context.fetcher = lambda _: cast(Any, page)
        context.clock = lambda: moments[0]
        ring = Keyring(context, home / "webhooks")
        ring.add([context.config.account("fal")])
        assert ring.keys("fal") is None
        page.status = 200
        # a minute, then a day, then a day in which nobody answers, which leaves the keys that there are
        for moment, asked, status in ((30.0, 1, 200), (61.0, 2, 200), (61 + KEPT_SECONDS, 3, 200), (3e5, 4, 500)):
            moments[0], page.status = moment, status
            assert (asyncio.run(ring.current("fal")) is None, page.asked) == (moment == 30.0, asked)


def test_a_secret_that_is_named_and_not_there_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "c.toml"
    path.write_text('[profiles.a.providers.kie]\nwebhook_secret_env = "NOT_SET"\n')
    monkeypatch.setenv("KIE_API_KEY", "k")
    with Client(config=path).context() as context, pytest.raises(NoKey, match="NOT_SET"):
        Keyring(context, home).add([context.config.account("kie")])


def test_the_addresses_of_accounts_stay_the_same_and_differ(tmp_path: Path) -> None:
    key = account_key(tmp_path / "webhooks")
    assert account_key(tmp_path / "webhooks") == key
    where = Place("https://h.example")
    assert where.for_account("fal", key) == where.for_account("fal", key) != where.for_account("kie", key)
    assert where.for_account("fal", key) != where.for_account("fal", bytes(32))
    assert where.for_job() != where.for_job()
    assert where.covers(where.for_job())
    assert not where.covers(Place("https://h.example.org").for_job())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://h.example", Place("https://h.example", 8787)),
        ("https://h.example/", Place("https://h.example", 8787)),
        ("https://h.example:9000", Place("https://h.example", 9000)),
        ("https://h.example/in:9000", Place("https://h.example/in", 9000)),
        ("https://h.example:8443:9000", Place("https://h.example:8443", 9000)),
        ("https://h.example:8443/in", Place("https://h.example:8443/in", 8787)),
        ("https://[2001:db8::1]:9000", Place("https://[2001:db8::1]", 9000)),
        ("https://[2001:db8::1]", Place("https://[2001:db8::1]", 8787)),
    ],
)
def test_a_number_at_the_very_end_is_the_local_port(typed: str, meant: Place) -> None:
    assert place(typed, "--listen") == meant
