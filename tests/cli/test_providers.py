"""`hailuo providers`: who sells what, legible at 80 columns, and narrowed to what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hailuo_cli.providers import PROVIDERS
from tests.support.command import hailuo
from tests.wire import KEY


@pytest.fixture(autouse=True)
def nobody_has_a_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in PROVIDERS.values():
        if provider.key_env:
            monkeypatch.delenv(provider.key_env, raising=False)


def listed(*filters: str) -> list[str]:
    """The names that the list has, in its order."""
    lines = hailuo("providers", *filters).out.splitlines()
    return [line.split()[0] for line in lines[1:] if line and line.split()[0] in PROVIDERS]


def test_the_list_has_every_provider_in_80_columns_and_those_with_a_key_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIE_API_KEY", KEY)
    table = hailuo("providers").out.split("\n\n")
    assert listed()[:2] == ["kie", "sandbox"]
    assert sorted(listed()) == sorted(PROVIDERS)
    assert all(len(line) <= 80 for part in table[:2] for line in part.splitlines())
    for provider in PROVIDERS.values():
        if provider.key_env and provider.name != "kie":
            assert provider.key_env in table[1]


@pytest.mark.parametrize(
    "filters",
    [
        ("--model", "hailuo-3"),
        ("--model", "h3", "--sells", "2k"),
        ("--mode", "last"),
        ("--mode", "first-last-frame", "--sells", "1080p"),
        ("--sells", "512P", "--mode", "image"),
    ],
)
def test_the_list_is_narrowed_to_who_sells_just_that_in_one_model(filters: tuple[str, ...]) -> None:
    said = dict(zip(filters[::2], filters[1::2], strict=True))
    family = {"h3": "hailuo-3"}.get(said.get("--model", ""), said.get("--model"))
    mode = {"last": "first-last-frame", "image": "image-to-video"}.get(said.get("--mode", ""), said.get("--mode"))
    size = said.get("--sells", "").upper()
    selling = {
        provider.name
        for provider in PROVIDERS.values()
        for model in provider.models
        if family in (None, model.family)
        and (mode is None or mode in [m.value for m in model.modes])
        and (not size or size in [r for _, r in model.variants])
    }
    assert set(listed(*filters)) == selling
    assert 0 < len(selling) < len(PROVIDERS)
    found = hailuo("providers", *filters, "--json").json["data"]["providers"]
    assert {provider["name"] for provider in found} == selling
    for provider in found:
        assert all(family in (None, model["family"]) for model in provider["models"])


def test_what_nobody_sells_and_what_is_no_kind_of_video_is_a_usage_error() -> None:
    assert hailuo("providers", "--sells", "8K", "--json").json["error"]["code"] == "unsupported"
    assert hailuo("providers", "--mode", "talking", "--json").json["error"]["code"] == "usage"
    assert hailuo("providers", "pixazo", "--model", "h3").code == 2


def test_the_page_of_a_provider_names_every_host_the_key_goes_to_how_long_a_video_is_kept_and_the_limits(
    home: Path,
) -> None:
    for provider in PROVIDERS.values():
        page = hailuo("providers", provider.name).out
        for host in (provider.base_url, provider.upload_url):
            assert host is None or host in page
        assert provider.retention in page
        assert provider.limits is None or str(provider.limits) in page
    path = home / "hailuo.toml"
    path.write_text('[profiles.test.providers.kie]\nbase_url = "https://relay.example.com"\n')
    page = hailuo("providers", "kie", "--config", str(path)).out
    assert "https://relay.example.com" in page
    assert "redpandaai" not in page


def test_many_lengths_are_one_line_and_its_price_is_from_the_shortest_to_the_longest() -> None:
    page = hailuo("providers", "minimax", "--model", "h3").out
    assert "4 to 15 s  768P  0.32 to 1.2 USD" in page
    assert "4 to 15 s  2K    0.52 to 1.95 USD" in page


def test_camera_words_that_are_the_same_share_a_column() -> None:
    head, *rows = hailuo("camera").out.splitlines()
    assert "myrouter novita" in head
    words = next(row for row in rows if row.startswith("truck left"))
    assert words.split("  ", 1)[1].split() == ["[Truck", "left]", "[Pan", "Left]", "[truck", "left]", "[左移]"]


def test_a_page_has_the_prices_of_one_s_own_and_a_relay_has_no_others(home: Path) -> None:
    path = home / "hailuo.toml"
    path.write_text(
        '[profiles.test.providers.pixazo.prices]\n"hailuo-2.3 6 768P" = 0.21\n'
        '[profiles.test.providers.relay]\nprotocol = "pixazo"\nbase_url = "https://relay.example.com"\n'
    )
    page = hailuo("providers", "pixazo", "--config", str(path)).out
    assert "6 s   768P   0.21 USD" in page
    assert "10 s  768P   0.6 USD" in page
    assert "prices: your own price" in page
    relay = hailuo("providers", "relay", "--config", str(path), "--json").json["data"]["providers"][0]
    assert {made["price"] for model in relay["models"] for made in model["makes"]} == {None}


def test_the_list_says_where_each_key_is_or_which_one_to_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)
    lines = {line.split()[0]: line for line in hailuo("providers").out.splitlines() if line.strip()}
    assert lines["PROVIDER"].endswith("KEY, OR TO SET")
    assert lines["pixazo"].endswith("found")
    assert lines["sandbox"].endswith("not needed")
    assert lines["minimax"].endswith("MINIMAX_API_KEY")
