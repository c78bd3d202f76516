"""The local rules of a request, the words for the camera, prices and lengths of time: all before any money moves."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_cli import durations
from hailuo_cli.config import checks
from hailuo_cli.config.profiles import Account
from hailuo_cli.errors import CostLimit, HailuoError, InvalidImage, Unsupported, UsageError
from hailuo_cli.model import LocalImage, Mode, Model, Move, NextStep, Order, RemoteImage, RemoteState, Request
from hailuo_cli.orders.submit import plan
from hailuo_cli.providers import PROVIDERS, Provider
from hailuo_cli.providers.camera_words import CHINESE, ENGLISH
from hailuo_cli.providers.prices import PriceList, Rate
from hailuo_cli.providers.upstream import h3
from hailuo_cli.request import camera, pricing, rules
from hailuo_cli.request.pricing import Price

URL = RemoteImage("https://example.com/a.jpg")
DATA = RemoteImage("data:image/png;base64,AAAA")
AN_IMAGE: dict[str, Any] = {"image": URL}


def file(size: int = 1000) -> LocalImage:
    return LocalImage("a.png", "image/png", 400, 400, size, "digest", io.BytesIO())


class Shop(Provider):
    """A provider of the tests: two families, modes that differ, few switches."""

    name = "shop"
    title = "The Shop"
    docs = "https://shop.example"
    base_url = "https://shop.example"
    key_env = "SHOP_KEY"
    models: ClassVar[tuple[Model, ...]] = (
        Model("shop-2.3"),
        Model("shop-2.3-fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,), prompt_limit=100),
        Model(
            "shop-02",
            family="hailuo-02",
            modes=(Mode.TEXT,),
            variants=((6, "512P"),),
            missing_fields=frozenset({"watermark"}),
        ),
        Model("shop-02-ends", family="hailuo-02", modes=(Mode.FIRST_LAST,), variants=((6, "768P"), (6, "1080P"))),
    )
    options = frozenset({"prompt_optimizer", "watermark", "webhook"})
    states = {"done": RemoteState.DONE}
    camera = ENGLISH
    local_images = False
    image_advice = "put it on the web"
    image_limit = 10 * 1024 * 1024
    price_lists: ClassVar[tuple[PriceList, ...] | None] = (
        PriceList(
            "https://shop.example/prices",
            "2026-01-02",
            {"shop-2.3": {"6 768P": "3", "10 768P": "5"}, "the-h3": {"2K/s": "0.1"}},
            currency="CNY",
            rate=Rate(Decimal("0.14"), "https://bank.example", "2026-01-03"),
        ),
    )
    free_params = frozenset({"ratio"})


class Uploader(Shop):
    name = "uploader"
    local_images = True
    image_advice = ""
    data_urls = False


SHOP, UPLOADER = Shop(), Uploader()


def sold(provider: Provider, name: str = "", **prices: str) -> Account:
    """Who sells by a protocol, under its own name or that of a relay, with prices of the user's own."""
    own: dict[checks.PriceKey, Decimal] = {
        checks.price_key(key, (model.family for model in provider.models)): Decimal(usd) for key, usd in prices.items()
    }
    return Account(name or provider.name, provider, "https://shop.example", None, prices=own)


@pytest.mark.parametrize(
    ("asked", "model", "shape"),
    [
        ({}, "shop-2.3", (6, "768P")),
        ({"duration": 10}, "shop-2.3", (10, "768P")),
        ({"resolution": "1080P"}, "shop-2.3", (6, "1080P")),
        ({"resolution": "1080p"}, "shop-2.3", (6, "1080P")),
        ({"resolution": "1080", "duration": 6}, "shop-2.3", (6, "1080P")),
        ({"model": "hailuo-2.3"}, "shop-2.3", (6, "768P")),
        ({"model": "shop-2.3-fast", **AN_IMAGE}, "shop-2.3-fast", (6, "768P")),
        ({"model": "hailuo-02"}, "shop-02", (6, "512P")),
        ({"model": "hailuo-02", "image": URL, "last_image": URL}, "shop-02-ends", (6, "768P")),
        ({"model": "hailuo-02", "image": URL, "last_image": URL, "resolution": "1080P"}, "shop-02-ends", (6, "1080P")),
    ],
)
def test_what_was_not_said_is_settled_and_what_was_said_is_kept(
    asked: dict[str, Any], model: str, shape: tuple[int, str]
) -> None:
    job = rules.settle(Request("a bear", **asked), SHOP)
    assert (job.model.id, job.shape, job.prompt) == (model, shape, "a bear")
    assert job.mode is Request("a bear", **asked).mode


@pytest.mark.parametrize(
    ("asked", "kind", "named", "nearest"),
    [
        ({"duration": 10, "resolution": "1080P"}, UsageError, "10 s only at 768P", "--resolution 768P or --duration 6"),
        ({"duration": 7}, UsageError, "6 or 10 s, not 7", "--duration 6"),
        ({"duration": 9}, UsageError, "6 or 10 s, not 9", "--duration 10"),
        ({"duration": 0}, UsageError, "not 0", "--duration 6"),
        ({"duration": -6}, UsageError, "not -6", "--duration 6"),
        ({"duration": 99, "resolution": "1080P"}, UsageError, "not 99", "--duration 6"),
        ({"resolution": "4K"}, UsageError, "768P or 1080P, not 4K", "--resolution 768P"),
        ({"resolution": "720P", "duration": 10}, UsageError, "not 720P", "--resolution 768P"),
        ({"model": "shop-2.33"}, UsageError, "no model shop-2.33", "did you mean shop-2.3?"),
        ({"model": "sora"}, UsageError, "no model sora", ""),
        ({"model": "shop-2.3-fast"}, Unsupported, "only from an image", "add --image FILE"),
        ({"model": "shop-02", **AN_IMAGE}, Unsupported, "takes no image", "leave --image out"),
        ({"image": URL, "last_image": URL}, Unsupported, "takes no last frame", "--model shop-02-ends"),
        ({"last_image": URL}, UsageError, "first frame too", "add --image FILE"),
        ({"fast_pretreatment": True}, Unsupported, "--fast-pretreatment", "leave --fast-pretreatment out"),
        ({"fast_pretreatment": False}, Unsupported, "--fast-pretreatment", "leave --fast-pretreatment out"),
        ({"model": "shop-02", "watermark": False}, Unsupported, "shop-02 at shop", "leave --watermark out"),
        ({"image": file()}, Unsupported, "only by https address", "put it on the web"),
        ({"image": DATA}, Unsupported, "no data: URL", "put it on the web"),
        ({"webhook": "http://you.example"}, UsageError, "--webhook", "https://"),
        ({"webhook": "you.example"}, UsageError, "--webhook", "https://"),
        ({"webhook": "https://"}, UsageError, "--webhook", "https://"),
        ({"webhook": ""}, UsageError, "--webhook", "https://"),
    ],
)
def test_what_a_provider_cannot_do_is_refused_by_name_with_the_nearest_choice(
    asked: dict[str, Any], kind: type[HailuoError], named: str, nearest: str
) -> None:
    with pytest.raises(kind) as error:
        rules.settle(Request("a bear", **asked), SHOP)
    assert type(error.value) is kind
    assert error.value.exit == 2
    assert named in error.value.message
    assert nearest in (error.value.hint or "")


def test_a_model_like_none_of_the_providers_leads_to_what_it_sells() -> None:
    with pytest.raises(UsageError) as error:
        rules.settle(Request("a bear", model="sora"), SHOP)
    assert error.value.next_step == NextStep("providers", subject="shop")


@pytest.mark.parametrize(
    "webhook",
    [
        "https://[",
        "https://[zz]/",
        "https://x.example/\r\nX-Evil: 1",
        "https://x.example/a b",
        "https://x.example:99999/",
    ],
)
def test_a_webhook_that_cannot_be_written_in_a_header_is_refused_before_paying(webhook: str) -> None:
    with pytest.raises(UsageError):
        rules.settle(Request("a bear", webhook=webhook), SHOP)


@pytest.mark.parametrize(
    ("prompt", "refused"),
    [
        ("", True),
        (" \n\t", True),
        ("\u3000", True),
        ("x", False),
        ("x" * 2000, False),
        ("x" * 2001, True),
        ("熊" * 2000, False),
        ("👩‍🚀" * 600, False),
        ("a\0b", True),
        ("a\ud800b", True),
        ("two\nlines\t[Push in]", False),
    ],
)
def test_a_prompt_is_text_of_one_character_to_the_limit(prompt: str, refused: bool) -> None:
    if refused:
        with pytest.raises(UsageError, match="prompt"):
            rules.settle(Request(prompt), SHOP)
    else:
        assert rules.settle(Request(prompt), SHOP).prompt == prompt


def test_a_model_s_own_limit_counts_and_the_hint_says_by_how_much() -> None:
    with pytest.raises(UsageError, match=r"has 103 characters; shop-2.3-fast takes 100") as error:
        rules.settle(Request("x" * 103, model="shop-2.3-fast", image=URL), SHOP)
    assert error.value.hint == "shorten it by 3"


@pytest.mark.parametrize(("size", "refused"), [(10 * 1024 * 1024 - 1, False), (10 * 1024 * 1024, True)])
@pytest.mark.parametrize("name", ["image", "last_image"])
def test_a_provider_s_own_size_limit_for_files_is_exclusive(name: str, size: int, refused: bool) -> None:
    asked: dict[str, Any] = {"image": URL, "last_image": URL, name: file(size)}
    request = Request("a bear", model="hailuo-02", **asked)
    if refused:
        with pytest.raises(InvalidImage, match="less than 10 MiB"):
            rules.settle(request, UPLOADER)
    else:
        assert getattr(rules.settle(request, UPLOADER), name) is asked[name]


def test_a_provider_that_takes_addresses_only_takes_files_and_no_data_url() -> None:
    assert rules.settle(Request("a bear", image=file()), UPLOADER).image
    with pytest.raises(Unsupported, match="takes no data: URL") as error:
        rules.settle(Request("a bear", image=DATA), UPLOADER)
    assert error.value.hint == "give the path of the file"


class Seconds(Shop):
    """A provider of the tests whose model makes every second from 4 to 15, priced by the second."""

    name = "seconds"
    models = (
        Model("shop-2.3"),
        Model("the-h3", family="hailuo-3", variants=h3("768P", "2K")),
    )


@pytest.mark.parametrize("typed", ["hailuo-3", "h3", "H3", "minimax-h3", "the-h3"])
def test_H3_has_several_names_any_length_and_2k_and_is_never_chosen_by_itself(typed: str) -> None:
    assert rules.settle(Request("a bear"), Seconds()).model.family == "hailuo-2.3"
    assert rules.settle(Request("a bear", model=typed), Seconds()).shape == (6, "768P")
    for length in range(4, 16):
        job = rules.settle(Request("a bear", model=typed, duration=length, resolution="2k"), Seconds())
        assert job.shape == (length, "2K")
        assert pricing.of(job, sold(Seconds())).usd == length * Decimal("0.014")
    with pytest.raises(UsageError, match="makes 4 to 15 s, not 16"):
        rules.settle(Request("a bear", model=typed, duration=16), Seconds())
    with pytest.raises(UsageError, match="no model hailuo-3"):
        rules.settle(Request("a bear", model="hailuo-3"), SHOP)


def test_a_field_that_a_provider_insists_on_has_a_value_unless_a_param_sets_it() -> None:
    job = rules.settle(Request("a bear"), SHOP)
    assert job.unless_param("input.ratio", "16:9") == "16:9"
    assert replace(job, params={"input.ratio": "9:16"}).unless_param("input.ratio", "16:9") is None


def test_everything_else_that_was_asked_for_arrives_unchanged() -> None:
    asked = Request(
        "a bear",
        image=URL,
        prompt_optimizer=False,
        watermark=True,
        webhook="https://you.example/hook?a=1",
        params={"seed": 7},
    )
    job = rules.settle(asked, SHOP)
    for name in ("image", "last_image", "prompt_optimizer", "fast_pretreatment", "watermark", "webhook", "params"):
        assert getattr(job, name) == getattr(asked, name)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_pair_that_is_sold_can_be_asked_for_and_no_other(provider: Provider) -> None:
    image = URL if provider.remote_images else RemoteImage("data:image/png;base64,AAAA")
    pictures = {Mode.TEXT: {}, Mode.IMAGE: {"image": image}, Mode.FIRST_LAST: {"image": image, "last_image": image}}
    durations = {d for m in provider.models for d, _ in m.variants} | {5, 7}
    resolutions = {r for m in provider.models for _, r in m.variants} | {"480P", "4K"}
    for model in provider.models:
        for mode, given_pictures in pictures.items():
            for length in durations:
                for size in resolutions:
                    asked: Any = {"model": model.id, "duration": length, "resolution": size, **given_pictures}
                    sold = any(
                        m.id == model.id and mode in m.modes and (length, size) in m.variants for m in provider.models
                    )
                    if sold:
                        job = rules.settle(Request("a bear", **asked), provider)
                        assert (job.model.id, job.mode, job.shape) == (model.id, mode, (length, size))
                    else:
                        with pytest.raises(UsageError):
                            rules.settle(Request("a bear", **asked), provider)


@settings(deadline=None)
@given(
    model=st.none() | st.sampled_from(["shop-2.3", "hailuo-02", "hailuo-2.3-fast"]) | st.text(max_size=9),
    duration=st.none() | st.integers(),
    resolution=st.none() | st.sampled_from(["768P", "512p", "1080"]) | st.text(max_size=6),
    image=st.sampled_from([None, URL, DATA]),
    last=st.sampled_from([None, URL]),
)
def test_a_request_is_settled_as_asked_or_refused_before_paying(
    model: str | None, duration: int | None, resolution: str | None, image: Any, last: Any
) -> None:
    asked = Request("p", model=model, duration=duration, resolution=resolution, image=image, last_image=last)
    try:
        job = rules.settle(asked, SHOP)
    except UsageError:
        return
    assert duration in (None, job.duration)
    assert not resolution or rules.resolution(resolution) == job.resolution
    assert job.shape in job.model.variants
    assert job.mode in job.model.modes


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("768", "768P"), ("768p", "768P"), (" 1080P ", "1080P"), ("2k", "2K"), ("4K", "4K"), ("hd", "HD")],
)
def test_a_resolution_has_one_spelling(text: str, spelled: str) -> None:
    assert rules.resolution(text) == spelled
    assert rules.resolution(spelled) == spelled


# camera

moves = st.lists(st.sampled_from(list(Move)), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("push in", (Move.PUSH_IN,)),
        ("Push In", (Move.PUSH_IN,)),
        ("push-in", (Move.PUSH_IN,)),
        (" push   in ", (Move.PUSH_IN,)),
        ("[Push in]", (Move.PUSH_IN,)),
        ("push in + tilt up", (Move.PUSH_IN, Move.TILT_UP)),
        ("push in+tilt up,shake", (Move.PUSH_IN, Move.TILT_UP, Move.SHAKE)),
        ("[Pan left，Pedestal up]", (Move.PAN_LEFT, Move.PEDESTAL_UP)),
    ],
)
def test_a_camera_value_is_read_as_people_type_it(text: str, step: tuple[Move, ...]) -> None:
    assert camera.step(text) == step


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("push inn", "push in"),
        ("pann left", "pan left"),
        ("tracking", "tracking shot"),
        ("", ""),
        ("+", ""),
    ],
)
def test_a_move_that_is_none_is_refused_with_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(UsageError, match="is not a camera move") as error:
        camera.step(text)
    assert nearest in (error.value.hint or "")
    assert error.value.next_step == NextStep("camera")


WORDS = [ENGLISH, CHINESE, *(w for p in PROVIDERS.values() for w in (p.camera, p.camera_zh) if w)]


@settings(deadline=None)
@given(sequence=st.lists(moves, max_size=4), words=st.sampled_from(WORDS), prompt=st.text("abc \n.", min_size=1))
def test_camera_commands_are_read_back_from_the_prompt_they_were_written_in(
    sequence: list[tuple[Move, ...]], words: Any, prompt: str
) -> None:
    asked = [" + ".join(step) for step in sequence]
    written = camera.directed(prompt, asked, words)
    assert written.startswith(prompt)
    assert camera.steps(written, words) == sequence
    assert all("documents" not in doubt for doubt in camera.doubts(written, words))


def test_tags_that_hold_no_known_move_are_no_step() -> None:
    assert camera.steps("[Whatever] a [push in,Jump] b [] [Shake", ENGLISH) == [(Move.PUSH_IN,)]


@settings(deadline=None)
@given(st.text(st.sampled_from("ab[]［］【】,，、+ \n") | st.characters(), max_size=200))
def test_no_prompt_makes_reading_its_tags_fail(prompt: str) -> None:
    list(camera.doubts(prompt, ENGLISH))
    assert all(step for step in camera.steps(prompt, ENGLISH))


@settings(deadline=None)
@given(st.text(max_size=50))
def test_no_text_makes_a_camera_value_fail_otherwise_than_as_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert set(camera.step(text)) <= set(Move)


@pytest.mark.parametrize("tag", ["[Push in]", "[push in]", "[Push in,Tilt up]", "[Pan left，Zoom in]", "【Shake】"])
def test_documented_tags_raise_no_doubt(tag: str) -> None:
    assert list(camera.doubts(f"a bear {tag} runs", ENGLISH)) == []


@pytest.mark.parametrize(
    ("prompt", "doubt"),
    [
        ("[Pushin]", "nearest it does is [Push in]"),
        ("a [Dolly zoom] b", "[Dolly zoom] is no camera command"),
        ("[Push in,Jump]", "[Jump] is no camera command"),
        ("[Push in,Tilt up,Pan left,Shake]", "4 moves at once"),
    ],
)
def test_a_tag_nobody_documents_gets_a_warning_and_goes_out_as_typed(prompt: str, doubt: str) -> None:
    job = plan(Account("shop", SHOP, SHOP.base_url, None), Request(prompt))
    assert job.prompt == prompt
    assert len(job.warnings) == 1
    assert doubt in job.warnings[0]


def test_camera_values_follow_the_prompt_in_the_provider_s_own_words_and_count_for_its_limit() -> None:
    account = Account("shop", SHOP, SHOP.base_url, None)
    job = plan(account, Request("a bear", camera=("push in + tilt up", "shake")))
    assert job.prompt == "a bear [Push in,Tilt up] [Shake]"
    assert job.warnings == ()
    with pytest.raises(UsageError, match="2010 characters"):
        plan(account, Request("x" * 2000, camera=("push in",)))


def test_chinese_tags_go_out_only_where_the_account_asks_for_them_and_the_provider_has_them() -> None:
    class Bilingual(Shop):
        camera_zh = CHINESE

    request = Request("a bear", camera=("truck left",))
    account = Account("shop", Bilingual(), SHOP.base_url, None)
    assert plan(account, request).prompt == "a bear [Truck left]"
    assert plan(replace(account, camera_zh=True), request).prompt == "a bear [左移]"
    assert plan(replace(account, camera_zh=True, provider=SHOP), request).prompt == "a bear [Truck left]"


def test_a_provider_without_camera_words_gets_minimax_s_own_with_a_warning() -> None:
    class Mute(Shop):
        camera = {}

    account = Account("shop", Mute(), SHOP.base_url, None)
    job = plan(account, Request("a bear", camera=("push in",)))
    assert job.prompt == "a bear [Push in]"
    assert "documents no camera commands" in job.warnings[0]
    assert plan(account, Request("[Whatever]")).warnings == ()


# prices


def job(**asked: Any) -> Order:
    return rules.settle(Request("a bear", **asked), SHOP)


def test_a_price_is_listed_in_dollars_with_its_source_and_date() -> None:
    price = pricing.of(job(), sold(SHOP))
    assert (price.usd, price.seen) == (Decimal("0.42"), "2026-01-02")
    assert price.source == "3 CNY, https://shop.example/prices (2026-01-02), at 0.14 USD (2026-01-03)"
    assert pricing.of(job(duration=10), sold(SHOP)).usd == Decimal("0.70")


@pytest.mark.parametrize(
    ("own", "asked", "usd"),
    [
        ({"hailuo-2.3 6 768P": "0.2"}, {}, "0.2"),
        ({"hailuo-2.3 768P/s": "0.05"}, {"duration": 10}, "0.50"),
        ({"hailuo-2.3 768P/s": "0.05", "hailuo-2.3 10 768P": "0.4"}, {"duration": 10}, "0.4"),
        ({"hailuo-2.3 768P/s": "0"}, {}, "0"),
        # other sizes keep the printed price
        ({"hailuo-2.3 10 768P": "0.4"}, {}, "0.42"),
        ({"hailuo-02 6 768P": "0.1"}, {}, "0.42"),
    ],
)
def test_a_price_of_the_user_s_own_wins_over_the_printed_one_for_its_size_alone(
    own: dict[str, str], asked: dict[str, Any], usd: str
) -> None:
    price = pricing.of(job(**asked), sold(SHOP, **own))
    assert price.usd == Decimal(usd)
    assert (price.source == pricing.OWN) == (usd != "0.42")


def test_a_relay_does_not_sell_at_the_prices_of_the_protocol_it_speaks() -> None:
    price = pricing.of(job(), sold(SHOP, "myrelay"))
    assert price.usd is None
    with pytest.raises(CostLimit, match="myrelay is a relay, and your profile has no price of it"):
        pricing.refuse_above(9.0, price, SHOP)
    assert pricing.of(job(), sold(SHOP, "myrelay", **{"hailuo-2.3 6 768P": "0.3"})).usd == Decimal("0.3")


def test_an_unknown_price_counts_as_the_one_that_is_assumed_for_it_and_a_known_one_does_not() -> None:
    pricing.refuse_above(0.5, Price(), SHOP, assume=Decimal("0.5"))
    pricing.refuse_above(0.5, Price(Decimal("0.4")), SHOP, assume=Decimal(9))
    with pytest.raises(CostLimit, match=r"is taken to cost 0\.51 USD"):
        pricing.refuse_above(0.5, Price(), SHOP, assume=Decimal("0.51"))


def test_an_unknown_price_is_never_nothing() -> None:
    class Silent(Shop):
        price_lists = None

    assert pricing.of(job(), sold(Silent())) == Price(None, None)
    assert pricing.of(job(resolution="1080P"), sold(SHOP)).usd is None


def test_a_raw_field_that_may_change_the_price_makes_it_unknown() -> None:
    assert pricing.of(job(params={"ratio": "1:1"}), sold(SHOP)).usd == Decimal("0.42")
    price = pricing.of(job(params={"ratio": "1:1", "quality": "high"}), sold(SHOP))
    assert price.usd is None
    with pytest.raises(CostLimit, match="--param quality may change the price"):
        pricing.refuse_above(99.0, price, SHOP)


@pytest.mark.parametrize(
    ("limit", "usd", "refused"),
    [
        (None, None, False),
        (None, 99.0, False),
        (0.42, 0.42, False),
        (0.41, 0.42, True),
        (0.0, 0.42, True),
        (0.0, 0.0, False),
        (-1.0, 0.0, True),
        (99.0, None, True),
        pytest.param(float("nan"), 0.42, True),
    ],
)
def test_A21_a_job_that_may_cost_more_than_allowed_is_refused(
    limit: float | None, usd: float | None, refused: bool
) -> None:
    if refused:
        with pytest.raises(CostLimit) as error:
            pricing.refuse_above(limit, priced(usd), SHOP)
        assert error.value.exit == 4
        assert "The Shop" in error.value.message
    else:
        pricing.refuse_above(limit, priced(usd), SHOP)


def priced(usd: float | None) -> Price:
    return Price(None if usd is None else Decimal(str(usd)))


# lengths of time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("45s", 45),
        ("10m", 600),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("1.5h", 5400),
        ("0.5", 0.5),
        (" 20M ", 1200),
        ("2h5", 7205),
        ("720h", 30 * 24 * 3600),
    ],
)
def test_a_length_of_time_is_read_as_people_type_it(text: str, seconds: float) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "0", "0s", "-5", "1e3", "nan", "inf", "5x", "m", "1m2h", "1,5", "1:30", "721h", "9" * 5000, "٣", "5 s s", "."],
)
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as error:
        durations.seconds(text)
    assert "10m" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (5.4, "5 s"),
        (59.7, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (3720, "1 h 02 min"),
    ],
)
def test_a_length_of_time_is_written_as_read_aloud(seconds: float, spoken: str) -> None:
    assert durations.spoken(seconds) == spoken
