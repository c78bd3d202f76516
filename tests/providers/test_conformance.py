"""Every provider keeps every promise: held against the documented conversation in tests/wire, in memory."""

from __future__ import annotations

import contextlib
import copy
import json
import pkgutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hailuo_cli import providers
from hailuo_cli.config.profiles import Account
from hailuo_cli.errors import (
    BadReply,
    ContentRefused,
    HailuoError,
    JobFailed,
    ServerTrouble,
    UsageError,
)
from hailuo_cli.model import LocalImage, Order, RemoteState, Request
from hailuo_cli.orders.submit import plan
from hailuo_cli.providers import PROVIDERS, Cancels, Estimates, Finds, Progress, TellsBalance, TellsWebhookSecret
from hailuo_cli.providers.prices import LISTS, STALE_DAYS, Amount, PriceList, Rate, days_since
from hailuo_cli.providers.webhooks import WebhookCall
from hailuo_cli.request import images
from hailuo_cli.transport.bodies import encoded, read
from hailuo_cli.wire import Call, Reply, Upload, check_ticket, collect_requests, run_flow, ticket_in
from tests.support import FRAME
from tests.wire import KEY, Aside, File, Form, Look, OrderScript, Page, Script, Turn, scripts

ORDERS = [pytest.param(s, o, id=f"{name}: {o.name}") for name, s in scripts().items() for o in s.orders]
LOOKS = [pytest.param(s, look, id=f"{name}: {look.word}") for name, s in scripts().items() for look in s.looks]
REFUSALS = [
    pytest.param(s, r, id=f"{name}: {r.on} {r.status} {json.dumps(r.reply)[:40]}")
    for name, s in scripts().items()
    for r in s.refusals
]
FAILURES = [
    pytest.param(s, look, id=f"{name}: {look.word}")
    for name, s in scripts().items()
    for look in s.looks
    if look.says is RemoteState.FAILED
]
PAGES = [pytest.param(s, page, id=f"{name}: {page.source}") for name, s in scripts().items() for page in s.pages]
ASIDES = [pytest.param(s, aside, id=f"{name}: {aside.kind}") for name, s in scripts().items() for aside in s.asides]
ORDERING, LOOKING = Call("POST", "/order", bills=True), Call("GET", "/look")


def spoken(script: Script) -> list[Script]:
    """Every script of the same provider: one for each protocol."""
    return [one for one in scripts().values() if one.name == script.name]


def account(script: Script) -> Account:
    provider = PROVIDERS[script.name]
    return Account(script.name, provider, provider.base_url, None)


@contextlib.contextmanager
def planned(script: Script, request: Mapping[str, Any]) -> Iterator[Order]:
    wanted = dict(request)
    for name in ("image", "last_image"):
        if name in wanted:
            text = str(FRAME) if wanted[name] == "<file>" else wanted[name]
            wanted[name] = images.given(text)
    with contextlib.closing(Request(**wanted)) as asked:
        yield plan(account(script), asked)


class Player:
    """Answers a conversation by the script and complains about every request that is not in it."""

    def __init__(self, script: Script, turns: tuple[Turn, ...], params: dict[str, Any] | None = None) -> None:
        self._provider = PROVIDERS[script.name]
        self._host = script.host
        self._turns = list(turns)
        self._params = params or {}

    def __call__(self, asked: Call | Upload) -> Reply:
        turn = self._turns.pop(0)
        if isinstance(asked, Upload):
            assert (turn.method, turn.path, dict(turn.headers)) == ("PUT", asked.url, dict(asked.headers))
            return Reply(turn.reply, turn.status)
        call = asked.extended(self._params) if asked.bills else asked
        assert (call.method, call.path, dict(call.query)) == (turn.method, turn.path, dict(turn.query))
        assert self._provider.origin(call, self._provider.base_url) == (turn.host or self._host)
        if isinstance(turn.body, Form):
            form = {name: _file(v) if isinstance(v, LocalImage) else v for name, v in (call.form or {}).items()}
            assert turn.body == form
        elif turn.body is not None:
            body = json.loads(b"".join(encoded(call.body or {})[1]))
            assert turn.body == body
            assert {k: type(v) for k, v in body.items()} == {
                k: getattr(v, "kind", type(v)) for k, v in turn.body.items()
            }
        assert {k: v for k, v in call.headers.items() if k in turn.headers} == dict(turn.headers)
        reply = Reply(turn.reply, turn.status)
        if error := self._provider.refusal(call, reply):
            raise error
        return reply

    def done(self) -> None:
        assert not self._turns, "the conversation ended before its script did"


def _file(image: LocalImage) -> File:
    return File(image.file_name, image.media_type, b"".join(read(image)))


NO_PROVIDERS = {"answers", "base", "camera_words", "prices", "protocols", "upstream", "values", "webhooks"}
"""What else is in the folder of the providers."""


def test_no_step_of_adding_a_provider_was_forgotten() -> None:
    files = {found.name for found in pkgutil.iter_modules(providers.__path__)} - NO_PROVIDERS
    assert not files - set(PROVIDERS), "add it to PROVIDERS in providers/__init__.py (CONTRIBUTING, step 2)"
    written = {script.name for script in scripts().values()}
    assert not set(PROVIDERS) - written, "write tests/wire/<name>.py from the documents (CONTRIBUTING, step 3)"
    assert not written - set(PROVIDERS), "a script without a provider (CONTRIBUTING, steps 1 and 2)"
    strays = [name for name, script in scripts().items() if name.split("_")[0] != script.name]
    assert not strays, "a script's file is called like its provider, and what comes after _ is the protocol"


def test_E13_the_key_travels_in_the_documented_header_only(script: Script) -> None:
    assert {**script.key_headers, **script.extras} == dict(PROVIDERS[script.name].auth(KEY))


@pytest.mark.parametrize(("script", "order"), ORDERS)
def test_an_order_goes_out_as_documented(script: Script, order: OrderScript) -> None:
    with planned(script, order.request) as job:
        player = Player(script, order.turns, dict(job.params))
        assert run_flow(PROVIDERS[script.name].submit(job), player) == script.ticket
        player.done()


@pytest.mark.parametrize(("script", "order"), ORDERS)
def test_an_order_bills_exactly_once_and_last(script: Script, order: OrderScript) -> None:
    with planned(script, order.request) as job:
        requests = collect_requests(PROVIDERS[script.name].submit(job))
    bills = [isinstance(r, Call) and r.bills for r in requests]
    assert len(requests) == len(order.turns)
    assert bills == [False] * (len(bills) - 1) + [True]
    assert all(r.path.startswith("/") and "//" not in r.path for r in requests if isinstance(r, Call))


@pytest.mark.parametrize(("script", "look"), LOOKS)
def test_a_documented_status_word_means_what_the_documents_say(script: Script, look: Look) -> None:
    player = Player(script, look.turns)
    progress = run_flow(PROVIDERS[script.name].check(script.ticket), player)
    player.done()
    assert (progress.state, progress.word) == (look.says, look.word)
    assert progress.video == look.video
    assert progress.percent == look.percent
    assert (progress.fault is not None) == (look.says in (RemoteState.FAILED, RemoteState.CANCELLED, RemoteState.GONE))
    if look.reason:
        assert look.reason in str(progress.fault)
    assert (type(progress.fault) is ContentRefused) == look.moderated
    assert progress.unbilled == look.unbilled
    assert progress.billed == (None if look.billed is None else Decimal(look.billed))


def test_the_codes_for_a_model_that_is_not_there_are_those_of_the_documents(script: Script) -> None:
    provider = PROVIDERS[script.name]
    told = frozenset().union(*(one.no_model for one in scripts().values() if one.name == script.name))
    assert provider.no_model == told


def test_every_status_word_of_the_adapter_is_in_the_documents(script: Script) -> None:
    adapter = {word.casefold() for word in PROVIDERS[script.name].states}
    assert {look.word.casefold() for one in spoken(script) for look in one.looks} == adapter


def test_an_unknown_status_word_is_shown_as_it_came_and_counts_as_running(script: Script) -> None:
    look = script.look(RemoteState.RUNNING)
    turns = tuple(replaced(turn, look.word, "Pondering") for turn in look.turns)
    progress = run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns))
    assert (progress.state, progress.word, progress.fault) == (RemoteState.RUNNING, "Pondering", None)


ENDS: tuple[str, ...] = ("FAILED", "failure", "Fail", "ERROR", "job_error", "CANCELLED", "canceled", "aborted")
ENDS += (
    "Expired",
    "REJECTED",
    "TIMED_OUT",
    "timeout",
    "已取消",
    "生成失败",
    "超时",
    "エラー失敗",
    "ошибка",
    "отменено",
)
GOES_ON = ("Pondering", "CANCELLATION_REQUESTED", "cancelling", "retry_after_error", "failover_pending", "rendering")


@pytest.mark.parametrize("word", ENDS)
def test_a_word_that_plainly_ends_a_job_and_is_in_no_document_counts_once_it_is_repeated(
    script: Script, word: str
) -> None:
    provider = PROVIDERS[script.name]
    look = script.look(RemoteState.RUNNING)
    turns = tuple(replaced(turn, look.word, word) for turn in look.turns)
    progress = run_flow(provider.check(script.ticket), Player(script, turns))
    if word.casefold() in {known.casefold() for known in provider.states}:
        assert progress.if_repeated is None
        return
    assert (progress.state, progress.word, progress.fault) == (RemoteState.RUNNING, word, None)
    end = progress.if_repeated
    assert end is not None
    assert end.state.over
    assert end.fault is not None
    assert end.fault.exit == 8
    assert f"{word} is not in its documents" in end.fault.message


@pytest.mark.parametrize("word", GOES_ON)
def test_a_word_of_a_job_on_its_way_never_counts_as_its_end(script: Script, word: str) -> None:
    look = script.look(RemoteState.RUNNING)
    turns = tuple(replaced(turn, look.word, word) for turn in look.turns)
    progress = run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns))
    assert (progress.state, progress.if_repeated) == (RemoteState.RUNNING, None)


@pytest.mark.parametrize("spelled", [str.upper, str.lower, str.title])
def test_letter_case_of_a_status_word_does_not_matter(script: Script, spelled: Any) -> None:
    for look in script.looks:
        turns = tuple(replaced(turn, look.word, spelled(look.word)) for turn in look.turns)
        assert run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns)).state is look.says


@pytest.mark.parametrize(("script", "refusal"), REFUSALS)
def test_a_documented_error_tells_the_user_the_right_next_step(script: Script, refusal: Any) -> None:
    provider = PROVIDERS[script.name]
    reply = Reply(refusal.reply, refusal.status)
    error = provider.refusal(ORDERING if refusal.on == "submit" else LOOKING, reply)
    assert type(error) is refusal.error
    assert error is not None
    assert not error.is_foreign, "the documents show this very form"
    if refusal.not_taken is not None:
        assert isinstance(error, ServerTrouble)
        assert error.refused == refusal.not_taken
    assert error.lacks_model == any(f"'{code}'" in str(refusal.reply) for code in script.no_model)
    said = provider.reason(Reply(refusal.reply, refusal.status))
    assert said
    assert said in str(error)


@pytest.mark.parametrize(("script", "order"), ORDERS)
def test_a_ticket_is_seen_beside_a_refusal_and_no_documented_refusal_has_one(
    script: Script, order: OrderScript
) -> None:
    provider = PROVIDERS[script.name]
    with planned(script, order.request) as job:
        for refusal in (*script.refusals, None):
            body = refusal.reply if refusal and isinstance(refusal.reply, dict) else {}
            if not refusal or refusal.on == "submit":
                assert refusal is None or ticket_in(provider.submit(job), body) is None
                both = {**body, **order.turns[-1].reply}
                assert ticket_in(provider.submit(job), both) == script.ticket


def test_every_error_code_of_the_adapter_is_in_the_documents(script: Script) -> None:
    provider = PROVIDERS[script.name]
    shown = [Reply(refusal.reply, refusal.status) for one in spoken(script) for refusal in one.refusals]
    shown += [Reply(turn.reply) for one in spoken(script) for look in one.looks for turn in look.turns]
    documented = {code.casefold() for reply in shown for code in provider.codes(reply)}
    documented |= {code.casefold() for one in spoken(script) for page in one.pages for code in page.codes}
    assert {code.casefold() for code in provider.error_codes} <= documented


@pytest.mark.parametrize(("script", "page"), PAGES)
def test_every_code_of_a_page_means_what_the_page_says(script: Script, page: Page) -> None:
    for code, kind in page.codes.items():
        status, reply = page.form(code)
        assert type(PROVIDERS[script.name].refusal(ORDERING, Reply(reply, status))) is kind, code


MODERATED = (
    "input new_sensitive (1026)",
    "task failed, code: 1026 , msg: input new_sensitive",
    "output new_sensitive",
    "refused (1027)",
    "the vendor's code: 1026",
)
"""How MiniMax's own moderation shows in the sentences of those who resell its models."""


def moderated(script: Script) -> list[str]:
    """The sentences that moderation may be told in: MiniMax's, and each of the provider's own codes in brackets."""
    codes = {code for page in script.pages for code, kind in page.codes.items() if kind is ContentRefused}
    return [*MODERATED, *(f"it was refused ({code})" for code in sorted(codes) if not code.startswith("102"))]


@pytest.mark.parametrize(("script", "refusal"), REFUSALS)
def test_moderation_is_told_in_any_sentence_and_under_any_status(script: Script, refusal: Any) -> None:
    provider = PROVIDERS[script.name]
    said = provider.reason(Reply(refusal.reply, refusal.status))
    for sentence in moderated(script):
        reply = json.loads(json.dumps(refusal.reply).replace(json.dumps(said), json.dumps(sentence)))
        for status in {refusal.status, 400, 403, 422, 500}:
            error = provider.refusal(ORDERING, Reply(reply, status))
            assert type(error) is ContentRefused, (sentence, status)
            assert error.exit == 10
            assert sentence in str(error)


@pytest.mark.parametrize("word", ["Forbidden", "UNAUTHORIZED"])
def test_an_everyday_word_in_brackets_is_a_code_for_moderation_alone(word: str) -> None:
    said = {"success": False, "error": {"code": "SOMETHING_NEW", "message": f"the upstream said no ({word})"}}
    error = PROVIDERS["pixelbyte"].refusal(ORDERING, Reply(said, 500))
    assert type(error) is ServerTrouble, "it may have been taken: never a definite refusal"
    assert not error.refused


def test_a_code_inside_a_sentence_makes_no_refusal_of_what_the_gateway_itself_leaves_in_doubt() -> None:
    said = {"code": "do_request_failed", "message": "upstream says: invalid_request (2013)", "data": None}
    error = PROVIDERS["tokensmind"].refusal(ORDERING, Reply(said, 500))
    assert type(error) is ServerTrouble
    assert not error.refused


@pytest.mark.parametrize(("script", "look"), FAILURES)
def test_moderation_of_a_job_is_told_in_any_sentence(script: Script, look: Look) -> None:
    texts = [text for turn in look.turns for text in leaves(turn.reply) if look.reason and look.reason in text]
    for sentence in moderated(script) if texts else []:
        turns = tuple(replaced(turn, texts[0], sentence) for turn in look.turns)
        progress = run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns))
        assert type(progress.fault) is ContentRefused
        assert sentence in str(progress.fault)


REASONS = (
    ("error", "message"),
    ("base_resp", "status_msg"),
    ("fail_reason",),
    ("failMsg",),
    ("message",),
    ("error",),
    ("detail",),
    ("msg",),
    ("reason",),
)


@pytest.mark.parametrize("place", REASONS, ids=".".join)
def test_whatever_reason_an_answer_carries_is_shown_and_success_is_none(script: Script, place: tuple[str, ...]) -> None:
    provider = PROVIDERS[script.name]

    def said(text: str) -> str:
        reply: Any = text
        for name in reversed(place):
            reply = {name: reply}
        return provider.reason(Reply({**reply, "code": 1}))

    assert said("the model is switched off") == "the model is switched off"
    assert said("success") == said("OK") == ""


FOREIGN: tuple[Any, ...] = (None, "<html>", [], {}, {"login": "https://portal.example/"}, {"status_text": "Forbidden"})
"""Bodies that no provider's documents have: a page, a portal, a filter."""


@pytest.mark.parametrize("body", FOREIGN, ids=str)
@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 407, 410, 418, 421, 422, 425, 429, 451, 500, 502, 503, 511]
)
def test_an_answer_of_somebody_on_the_way_is_told_from_a_word_of_the_provider(
    script: Script, status: int, body: Any
) -> None:
    for call in (ORDERING, LOOKING):
        error = PROVIDERS[script.name].refusal(call, Reply(body, status))
        assert error is not None
        assert error.is_foreign
        assert str(status) in error.message
        # a 5xx is a refusal of the order only where the provider itself explains it so
        assert status < 500 or not (isinstance(error, ServerTrouble) and error.refused)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 522, 524])
def test_a_server_in_trouble_is_not_a_refusal(script: Script, status: int) -> None:
    for call in (Call("POST", "/order", bills=True), Call("GET", "/look")):
        error = PROVIDERS[script.name].refusal(call, Reply(None, status))
        assert error is not None
        assert error.exit == 6


@pytest.mark.parametrize(("script", "order"), ORDERS)
def test_a_mutilated_acceptance_never_gives_a_wrong_ticket(script: Script, order: OrderScript) -> None:
    provider = PROVIDERS[script.name]
    with planned(script, order.request) as job:
        for turns in mutilated(order.turns):
            try:
                ticket = check_ticket(run_flow(provider.submit(job), _Lenient(script, turns, dict(job.params))))
            except HailuoError:
                continue
            told = ticket.removeprefix(beginning(script))
            assert ticket == script.ticket or told in json.dumps(turns[-1].reply)
            assert told not in ("None", "True", "False", "", "[]", "{}")


@pytest.mark.parametrize(("script", "look"), LOOKS)
def test_a_mutilated_status_never_passes_for_a_video_and_never_escapes_as_a_bug(script: Script, look: Look) -> None:
    for turns in mutilated(look.turns):
        try:
            progress = run_flow(PROVIDERS[script.name].check(script.ticket), _Lenient(script, turns))
        except HailuoError:
            continue
        assert isinstance(progress, Progress)
        if progress.video is not None:
            assert look.says is RemoteState.DONE
            assert progress.video == look.video
        if progress.state is RemoteState.FAILED:
            assert look.says is RemoteState.FAILED or isinstance(progress.fault, JobFailed)


def test_C15_an_answer_about_another_job_is_not_taken_for_this_one(script: Script) -> None:
    named = [look.turns for look in script.looks if f'"{script.id}"' in json.dumps(look.turns[0].reply)]
    assert named
    for first, *others in named:
        other = json.loads(json.dumps(first.reply).replace(f'"{script.id}"', '"another-job"'))
        check = PROVIDERS[script.name].check(script.ticket)
        with pytest.raises(BadReply, match="about another job"):
            run_flow(check, Player(script, (replace(first, reply=other), *others)))


def test_only_a_done_job_gives_a_video(script: Script) -> None:
    for look in script.looks:
        progress = run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, look.turns))
        assert (progress.video is not None) == (look.says is RemoteState.DONE)


def test_a_job_that_is_not_done_gives_no_video_even_where_its_answer_has_an_address(script: Script) -> None:
    done = script.look(RemoteState.DONE)
    for word in {look.word for look in script.looks if look.says is not RemoteState.DONE} - {done.word}:
        turns = tuple(replaced(turn, done.word, word) for turn in done.turns)
        progress = run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns))
        assert progress.video is None, word


def test_a_ticket_cannot_lead_to_another_path(script: Script) -> None:
    asked: list[Call] = []

    def note(call: Call | Upload) -> Reply:
        assert isinstance(call, Call)
        asked.append(call)
        raise BadReply("enough")

    for ticket in ("../../v1/order", "..", ".", "a/../b", "./a", "a?b=c", "a#b", "a/b", "%2e%2e"):
        with pytest.raises(HailuoError):
            run_flow(PROVIDERS[script.name].check(beginning(script) + ticket), note)
        for call in [asked.pop()] if asked else []:
            plain = converse_path(script)
            assert call.path.count("/") == plain.count("/")
            assert not {".", ".."} & set(call.path.replace("%2F", "/").split("/"))
            assert "?" not in call.path
            assert "#" not in call.path


@pytest.mark.parametrize("ticket", ["..", "../x", "a/..", "-..", "."])
def test_a_ticket_of_dots_is_no_ticket(script: Script, ticket: str) -> None:
    with pytest.raises(BadReply):
        check_ticket(beginning(script) + ticket)


@pytest.mark.parametrize(("script", "aside"), ASIDES)
def test_a_conversation_that_no_order_needs_is_had_as_documented(script: Script, aside: Aside) -> None:
    provider = PROVIDERS[script.name]
    player = Player(script, aside.turns)
    with planned(script, aside.request or script.orders[0].request) as order:
        gives: Any
        match aside.kind, provider:
            case "cancel", Cancels():
                progress = run_flow(provider.cancel(script.ticket), player)
                gives = (progress.state, progress.word)
            case "find", Finds():
                gives = run_flow(provider.find(), player)
            case "estimate", Estimates():
                requests = collect_requests(provider.estimate(order))
                assert not any(isinstance(request, Call) and request.bills for request in requests)
                gives = run_flow(provider.estimate(order), player)
            case "balance", TellsBalance():
                gives = run_flow(provider.balance(), player)
            case "webhook secret", TellsWebhookSecret():
                gives = run_flow(provider.webhook_secret(), player)
            case _:
                pytest.fail(f"the adapter has no {aside.kind}")
    assert gives == aside.gives
    player.done()


def test_what_a_provider_can_be_asked_besides_is_what_its_documents_have(script: Script) -> None:
    provider = PROVIDERS[script.name]
    kinds = {
        "cancel": Cancels,
        "find": Finds,
        "estimate": Estimates,
        "balance": TellsBalance,
        "webhook secret": TellsWebhookSecret,
    }
    can = {kind for kind, protocol in kinds.items() if isinstance(provider, protocol)}
    assert can == {aside.kind for one in spoken(script) for aside in one.asides}


def test_prices_are_exact_and_positive_and_say_where_and_when_they_were_seen(script: Script) -> None:
    provider = PROVIDERS[script.name]
    for model in provider.models:
        for shape in model.variants:
            assert provider.price(model, (99, shape[1])) is None, "nobody sells that"
            if listed := provider.price(model, shape):
                assert (listed.usd > 0) == bool(provider.key_env)
                assert (listed.rate is None) == (listed.currency == "USD")
                assert listed.usd == listed.amount * (listed.rate.usd if listed.rate else 1)
                assert listed.source.startswith("https://") or not provider.key_env
                assert days_since(listed.seen, date(2026, 12, 1)) > 0
                assert listed.seen in listed.origin


def test_every_price_on_the_lists_is_of_a_video_that_is_sold() -> None:
    assert set(LISTS) <= set(PROVIDERS)
    for name, lists in LISTS.items():
        sold = [
            (model.id, shape)
            for model in PROVIDERS[name].models
            for model_shape in [model.variants]
            for shape in model_shape
        ]
        for listed in lists:
            for row, amounts in listed.rows.items():
                for cell, amount in amounts.items():
                    one = replace(listed, rows={row: {cell: amount}})
                    assert any(one.find(*video) for video in sold), f"{name}: nobody sells {row} {cell}"
                    assert str(Decimal(amount)) == amount, "exact decimals are written as texts"


def test_a_price_is_found_by_the_id_or_its_beginning_by_the_clip_or_the_second() -> None:
    rate = Rate(Decimal("0.1"), "https://bank.example", "2026-02-03")
    rows = {"a/pro": {"6 1080P": "0.30"}, "a/*": {"6 768P": "0.10", "768P/s": "0.02"}}
    listed = PriceList("https://shop.example", "2026-01-02", rows, currency="CNY", rate=rate)
    assert listed.find("a/pro", (6, "1080P")) == Amount(
        Decimal("0.30"), "CNY", Decimal("0.030"), "https://shop.example", "2026-01-02", rate
    )
    found = {shape: listed.find("a/x", shape) for shape in ((6, "768P"), (10, "768P"), (6, "1080P"))}
    assert [amount and amount.amount for amount in found.values()] == [Decimal("0.10"), Decimal("0.20"), None]
    assert listed.find("b", (6, "768P")) is None


def test_the_age_of_a_price_is_counted_from_its_day_or_the_first_of_its_month() -> None:
    assert days_since("2026-01-02", date(2026, 1, 5)) == 3
    assert days_since("2026-01", date(2026, 2, 1)) == 31


@pytest.mark.filterwarnings("default:read again")
def test_a_price_that_was_read_long_ago_is_warned_of_and_breaks_nothing() -> None:
    today = datetime.now(UTC).date()
    for name, lists in LISTS.items():
        dated = [(listed.source, listed.seen) for listed in lists]
        dated += [(listed.rate.source, listed.rate.seen) for listed in lists if listed.rate]
        for source, seen in dated if PROVIDERS[name].key_env else []:
            if (age := days_since(seen, today)) > STALE_DAYS:
                warnings.warn(f"read again: {name}'s prices are {age} days old ({source})", UserWarning, stacklevel=1)


def test_every_mode_of_every_family_that_is_sold_has_a_documented_order_and_the_other_way_round(script: Script) -> None:
    shown = set()
    for order in [order for one in spoken(script) for order in one.orders]:
        with planned(script, order.request) as job:
            shown.add((job.model.family, job.mode))
    assert shown == {(model.family, mode) for model in PROVIDERS[script.name].models for mode in model.modes}


def test_what_the_documents_rule_out_is_refused_before_anything_is_sent(script: Script) -> None:
    assert script.refuses
    for request in script.refuses:
        with pytest.raises(UsageError), planned(script, request):
            pytest.fail(f"accepted: {request}")


def test_the_key_goes_where_the_documents_say_and_not_more_often_than_they_ask(script: Script) -> None:
    provider = PROVIDERS[script.name]
    assert provider.base_url == script.host
    assert script.poll <= provider.poll_seconds <= 10


def test_a_provider_that_takes_a_webhook_says_how_its_calls_are_read_and_the_other_way_round(script: Script) -> None:
    provider = PROVIDERS[script.name]
    assert ("webhook" in provider.options) == (provider.webhook is not None) == bool(script.tells)


def test_the_address_of_a_webhook_goes_out_where_the_adapter_says(script: Script) -> None:
    provider, address = PROVIDERS[script.name], "https://you.example/hook"
    if provider.webhook is None:
        return
    with planned(script, {**script.orders[0].request, "webhook": address}) as job:
        *_, call = collect_requests(provider.submit(job))
    assert isinstance(call, Call)
    kind, _, name = provider.webhook.asked_in.partition(" ")
    parts = {"body": call.body, "query": call.query, "header": call.headers}
    assert Reply(parts[kind]).find(*name.split(".")) == address
    assert json.dumps([call.body, dict(call.query), dict(call.headers)], default=str).count(address) == 1


def test_a_webhook_call_names_the_job_where_the_documents_say(script: Script) -> None:
    for told in script.tells:
        webhook = PROVIDERS[script.name].webhook
        assert webhook is not None
        tickets = webhook.tickets(WebhookCall({}, json.dumps(told.body).encode()))
        assert (script.ticket in tickets) == told.names_job


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"7", b'"x"', b"\xff", b"[" * 100_000])
def test_a_webhook_call_that_says_nothing_names_no_job(script: Script, body: bytes) -> None:
    if webhook := PROVIDERS[script.name].webhook:
        assert webhook.tickets(WebhookCall({}, body)) == ()


def beginning(script: Script) -> str:
    """What hailuo puts before an id to tell the protocols of one provider apart."""
    return script.ticket.removesuffix(script.id)


def converse_path(script: Script) -> str:
    return script.look(RemoteState.RUNNING).turns[0].path


def replaced(turn: Turn, old: str, new: str) -> Turn:
    reply = json.loads(json.dumps(turn.reply).replace(json.dumps(old), json.dumps(new)))
    return replace(turn, reply=reply)


class _Lenient(Player):
    """A player for replies so broken that a later request may carry other values than documented."""

    def __call__(self, asked: Call | Upload) -> Reply:
        if not self._turns:
            raise BadReply("more is asked than the documents have an answer to")
        turn = self._turns.pop(0)
        reply = Reply(turn.reply, turn.status)
        if isinstance(asked, Call) and (error := self._provider.refusal(asked, reply)):
            raise error
        return reply


STRANGE: tuple[Any, ...] = (None, "", "   ", [], {}, 0, -1, 1.5, True, ["x"], {"x": 1}, "\x1b]0;x\x07", "x" * 10_000)


def mutilated(turns: tuple[Turn, ...]) -> Iterator[tuple[Turn, ...]]:
    """The same turns with one leaf of one reply dropped, emptied or of another type, and whole replies gone."""
    for position, turn in enumerate(turns):
        for reply in _mutilations(turn.reply):
            yield (*turns[:position], replace(turn, reply=reply), *turns[position + 1 :])


def _mutilations(reply: Any) -> Iterator[Any]:
    yield from STRANGE
    for path in paths(reply):
        for value in STRANGE:
            broken = copy.deepcopy(reply)
            inner = broken
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            yield broken
        dropped = copy.deepcopy(reply)
        inner = dropped
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        yield dropped


def leaves(value: Any) -> list[str]:
    """Every text in an answer."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value] if isinstance(value, str) else [text for one in inner for text in leaves(one)]


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*before, key)
        yield from paths(inner, (*before, key))
