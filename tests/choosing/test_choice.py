"""Which seller is chosen: requests × accounts × prices × limits, and the reason for everyone who is not."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.choosing import choosing
from hailuo_cli.choosing.selection import Selection, select
from hailuo_cli.choosing.wish import By, wish
from hailuo_cli.config.profiles import Config, load
from hailuo_cli.errors import CostLimit, HailuoError, NoKey, UsageError
from hailuo_cli.model import Job
from hailuo_cli.orders.submit import Terms
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.request.build import Asked
from tests.choosing.shops import Shop, Town
from tests.support import FRAME
from tests.support.canary import KEY

EVERYBODY = tuple(name for name, provider in PROVIDERS.items() if provider.key_env)
IMAGE = {"image": str(FRAME)}
RELAY = '[profiles.t.providers.myrelay]\nprotocol = "pixazo"\nbase_url = "https://relay.example"\napi_key = "k"\n'


def config(home: Path, keys: tuple[str, ...], profile: str = "", **environ: str) -> Config:
    """A profile, and the keys of some sellers in the environment."""
    path = home / "hailuo.toml"
    path.write_text(f"[profiles.t]\n{profile}\n")
    path.chmod(0o600)
    return load(path, None, {**{str(PROVIDERS[name].key_env): KEY for name in keys}, **environ})


def choose(
    found: Config, asked: Mapping[str, Any], *, durations: Any = None, max_cost: float | None = None, **how: Any
) -> Selection:
    """What is chosen of a request."""
    values = {"prompt": "a bear", **asked, **how}
    meant = choosing.wish_of(found, values)
    rules = choosing.rules_of(meant, Terms(max_cost=max_cost, allowance=None))
    with contextlib.closing(Asked(values)) as typed:
        return select(meant, choosing.requests(found, meant, typed), rules, durations)


def names(found: Selection) -> list[str]:
    return [one.account.name for one in found.ranked]


@pytest.mark.parametrize(
    ("keys", "asked", "how", "ranked"),
    [
        (("fal", "pixazo", "wavespeed"), {}, "cheapest", ["wavespeed", "fal", "pixazo"]),
        (("fal", "pixazo", "wavespeed"), {"duration": 10}, "cheapest", ["fal", "wavespeed", "pixazo"]),
        (("fal", "pixazo", "pixelbyte"), {"resolution": "1080p"}, "cheapest", ["pixelbyte", "pixazo", "fal"]),
        (("apiinone", "pixazo", "kie"), {}, "cheapest", ["pixazo"]),
        (("fal", "muapi", "wavespeed"), IMAGE, "cheapest", ["fal", "wavespeed", "muapi"]),
        # CNY at a dated rate: 2 CNY are 0.3004 USD
        (("ppio", "fal", "pixazo"), {}, "cheapest", ["fal", "ppio", "pixazo"]),
        # an unknown price is never the cheapest, and changes nothing in a list
        (("minimax", "pixazo"), {}, "cheapest", ["pixazo"]),
        (("minimax", "pixazo"), {}, "minimax,pixazo", ["minimax", "pixazo"]),
        (("minimax", "pixazo"), {}, "pixazo,minimax", ["pixazo", "minimax"]),
        # without a size all are asked for the same one: OpenRouter makes H3 in 2K alone
        (("openrouter", "fal"), {"model": "h3"}, "cheapest", ["fal"]),
        (("openrouter", "fal"), {"model": "h3", "resolution": "2k"}, "cheapest", ["openrouter", "fal"]),
        # the family, or one seller's own name of it
        (("replicate", "wavespeed"), {**IMAGE, "model": "hailuo-2.3-fast"}, "cheapest", ["replicate", "wavespeed"]),
        (("replicate", "wavespeed"), {**IMAGE, "model": "minimax/hailuo-2.3-fast"}, "cheapest", ["replicate"]),
        # what one seller has no field for takes it out; it is not left out of the request
        (("pixelbyte", "pixazo"), {"watermark": True}, "cheapest", ["pixazo"]),
        (("pixelbyte", "muapi", "fal"), {}, "fastest", ["pixelbyte", "muapi", "fal"]),
    ],
)
def test_first_a_filter_then_a_sort(
    keys: tuple[str, ...], asked: dict[str, Any], how: str, ranked: list[str], home: Path
) -> None:
    order = "".join(f"[profiles.t.providers.{name}]\n" for name in keys)
    found = choose(config(home, keys, order), asked, provider=how)
    assert names(found) == ranked
    shapes = {(one.order.duration, one.order.resolution, one.order.model.family) for one in found.ranked}
    assert len(shapes) == 1, "the same of all"
    out = {one.account.name: one.error for one in found.rejected}
    assert set(out) == (set(EVERYBODY) if how in ("cheapest", "fastest") else set(how.split(","))) - set(ranked)
    assert all(type(error) is NoKey for name, error in out.items() if name not in keys)
    assert all(type(error) is not NoKey for name, error in out.items() if name in keys)
    assert "sandbox" not in out


@pytest.mark.parametrize(
    ("profile", "options", "left"),
    [
        ("", {"provider": "cheapest", "only": "pixazo,muapi"}, ["pixazo", "muapi"]),
        ("", {"provider": "cheapest", "never": "fal"}, ["pixazo", "muapi"]),
        ('[profiles.t.choice]\nprovider = "cheapest"\nnot = ["fal"]', {}, ["pixazo", "muapi"]),
        ('[profiles.t.choice]\nprovider = "cheapest"\nonly = "muapi"', {}, ["muapi"]),
        # an option replaces the profile's value of the same name
        ('[profiles.t.choice]\nprovider = "cheapest"\nonly = "muapi"', {"only": "fal"}, ["fal"]),
        ('[profiles.t.choice]\nprovider = ["fal", "muapi"]', {"provider": "muapi,pixazo"}, ["muapi", "pixazo"]),
        ('provider = "muapi, fal"', {}, ["muapi", "fal"]),
        ('provider = "fal"\n[profiles.t.choice]\nprovider = "muapi"', {}, ["muapi"]),
        # and what the profile excludes stays excluded
        (
            '[profiles.t.choice]\nnot = ["fal"]',
            {"provider": "fal,muapi,pixazo", "never": "muapi"},
            ["pixazo"],
        ),
    ],
)
def test_only_and_not_say_among_whom(profile: str, options: dict[str, Any], left: list[str], home: Path) -> None:
    found = config(home, ("fal", "pixazo", "muapi"), profile)
    assert names(choose(found, {}, **options)) == left


def test_the_environment_may_choose_too(home: Path) -> None:
    found = config(home, ("fal", "pixazo"), 'provider = "pixazo"', HAILUO_PROVIDER="cheapest")
    assert names(choose(found, {})) == ["fal", "pixazo"]
    assert names(choose(found, {}, provider="pixazo")) == ["pixazo"]


@pytest.mark.parametrize(
    ("profile", "options", "error", "told"),
    [
        ("", {"provider": "cheapest", "resolution": "4k"}, UsageError, "makes 768P or 1080P, not 4K"),
        ("", {"provider": "cheapest", "max_cost": 0.1}, CostLimit, "fal: this costs 0.28 USD"),
        ("", {"provider": "pixazo,minimax", "max_cost": 0.1}, CostLimit, "minimax: MiniMax publishes no price"),
        ("", {"provider": "cheapest", "only": "novita"}, NoKey, "no key: novita"),
        (
            "",
            {"provider": "novita,kie"},
            UsageError,
            "kie: hailuo/2-3-image-to-video-standard makes video only from an",
        ),
        ("", {"provider": "fal", "never": "fal"}, UsageError, "fal is excluded"),
        ('[profiles.t.choice]\nnot = "fal"', {"provider": "fal"}, UsageError, "fal is excluded"),
        ('[profiles.t.choice]\nonly = "pixazo"', {"provider": "fal"}, UsageError, "fal is excluded"),
        (
            "",
            {"provider": "cheapest", "only": "fal", "never": "fal"},
            UsageError,
            "no seller is left: excluded: apiinone",
        ),
        ("", {"provider": "fal,cheapest"}, UsageError, "cheapest stands alone"),
        ("", {"provider": "fal,nobody"}, UsageError, "no provider is called nobody"),
        ("", {"provider": "cheapest", "only": "cheapest"}, UsageError, "no provider is called cheapest"),
        # what is wrong with the request is said once
        ("", {"provider": "fal,pixazo", "prompt": " "}, UsageError, "^the prompt is empty$"),
        ("", {}, UsageError, "several providers have a key"),
    ],
)
def test_where_no_seller_is_left_each_reason_is_told_and_the_exit_is_that_of_what_is_missing(
    profile: str, options: dict[str, Any], error: type[HailuoError], told: str, home: Path
) -> None:
    found = config(home, ("fal", "pixazo", "minimax", "kie"), profile)
    with pytest.raises(HailuoError, match=told) as raised:
        choose(found, {}, **options)
    assert type(raised.value) is error


def test_with_no_key_at_all_nothing_but_the_key_is_missing(home: Path) -> None:
    with pytest.raises(NoKey, match="no seller is left: no key: pixelbyte, pixazo") as error:
        choose(config(home, ()), {}, provider="cheapest")
    assert error.value.exit == 3
    assert {one["code"] for one in error.value.facts["reasons"]} == {"no_key"}
    with pytest.raises(NoKey, match="excluded: fal, muapi; no key: pixelbyte") as error:
        choose(config(home, ()), {}, provider="cheapest", never="fal,muapi")
    assert len(error.value.facts["reasons"]) == len(EVERYBODY)


def test_own_prices_decide_and_a_relay_has_none_but_its_own(home: Path) -> None:
    own = '[profiles.t.providers.minimax.prices]\n"hailuo-2.3 768P/s" = 0.03\n'
    assert names(choose(config(home, ("minimax", "fal"), own + RELAY), {}, provider="cheapest")) == ["minimax", "fal"]
    priced = RELAY + '[profiles.t.providers.myrelay.prices]\n"hailuo-2.3 6 768P" = 0.01\n'
    found = choose(config(home, ("fal",), priced), {}, provider="cheapest")
    assert names(found) == ["myrelay", "fal"]
    assert found.ranked[0].price.usd == Decimal("0.01")


def test_ties_are_broken_by_the_order_of_the_profile(home: Path) -> None:
    for first, second in (("pixazo", "novita"), ("novita", "pixazo")):
        prices = "".join(
            f'[profiles.t.providers.{name}.prices]\n"hailuo-2.3 6 768P" = 0.2\n' for name in (first, second)
        )
        found = config(home, ("pixazo", "novita", "fal"), prices)
        assert names(choose(found, {}, provider="cheapest")) == [first, second, "fal"]


@pytest.mark.parametrize(("measured", "first"), [(4, "pixelbyte"), (5, "pixazo")])
def test_the_fastest_is_judged_by_five_of_our_own_times_or_by_what_the_seller_states(
    measured: int, first: str, home: Path
) -> None:
    def durations(like: Job, limit: int) -> list[float]:
        return [100.0, 110.0, 120.0, 130.0, 9000.0][:measured] if like.provider == "pixazo" else []

    found = choose(config(home, ("pixelbyte", "pixazo")), {}, provider="fastest", durations=durations)
    assert names(found)[0] == first
    times = {one.account.name: one.time and (one.time.seconds, one.time.source) for one in found.ranked}
    assert times["pixelbyte"] == (180.0, "stated")
    assert times["pixazo"] == ((120.0, "measured") if measured == 5 else None)


def test_everything_is_the_same_every_time_and_explained(home: Path) -> None:
    found = config(home, EVERYBODY)
    one, other = (choose(found, {}, provider="cheapest") for _ in range(2))
    assert one.explained() == other.explained()
    assert len(one.explained()) == len(EVERYBODY)
    assert one.explained()[0].startswith("1. pixelbyte: 0.21 USD (https://developer.pixelbyte.app")
    assert "not kie: hailuo/2-3-image-to-video-standard makes video only from an image" in one.explained()
    assert wish(found, "cheapest").by is By.CHEAPEST


def test_the_choice_is_said_before_paying_and_kept_with_the_job(home: Path) -> None:
    with Town(home, (Shop("pixazo"), Shop("myrouter"), Shop("pixelbyte"))) as town:
        job = town.client.submit("a bear", provider="cheapest")
        assert town.orders == [0, 0, 1]
    assert town.said[0].startswith("cheapest: pixelbyte: 0.21 USD (https://developer.pixelbyte.app")
    assert "; next: pixazo: 0.35 USD" in town.said[0]
    assert json.loads(job.choice or "") == {
        "by": "cheapest",
        "price_usd": 0.21,
        "price_source": "https://developer.pixelbyte.app/docs/models/video/minimax-plus (2026-02-18)",
        "price_date": "2026-02-18",
        "runner_up": "pixazo",
    }
    assert any(line.startswith("not myrouter: MyRouter publishes no price") for line in town.logged)


def test_a_limit_of_the_day_takes_out_who_is_too_dear_for_what_is_left_of_it(home: Path) -> None:
    prices = (
        '[profiles.test.budget]\nday = 0.50\n[profiles.test.providers.myrouter.prices]\n"hailuo-2.3 6 768P" = 0.10\n'
    )
    with Town(home, (Shop("pixazo"), Shop("pixelbyte"), Shop("myrouter"))) as town:
        text = town.config.read_text().replace("[profiles.test.providers.myrouter]\n", "")
        url = f'base_url = "{town.shops[2].url}"\n'
        town.config.write_text(text.replace(url, "") + f"[profiles.test.providers.myrouter]\n{url}{prices}")
        for number, who in enumerate(("pixazo", "myrouter")):
            job = town.client.submit(f"bear {number}", provider="pixazo,pixelbyte,myrouter")
            assert job.provider == who
        with pytest.raises(CostLimit, match=r"0\.00 spent, 0\.45 held, 0\.05 left of 0\.50 USD") as error:
            town.client.submit("bear 3", provider="pixazo,pixelbyte,myrouter")
        assert error.value.facts["limit"]["left_usd"] == 0.05
        assert town.orders == [1, 0, 1]
