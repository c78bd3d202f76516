"""Every provider keeps every promise: held against the documented conversation in tests/wire, in memory."""

from __future__ import annotations

import contextlib
import copy
import json
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from hailuo_cli import providers
from hailuo_cli.config.profiles import Account
from hailuo_cli.errors import BadReply, HailuoError, JobFailed, UnsafeReply, UsageError
from hailuo_cli.model import LocalImage, Order, RemoteState, Request
from hailuo_cli.orders.submit import plan
from hailuo_cli.providers import PROVIDERS, Progress
from hailuo_cli.providers.webhooks import WebhookCall
from hailuo_cli.request import images
from hailuo_cli.transport.bodies import encoded, read
from hailuo_cli.wire import Call, Reply, Upload, check_ticket, collect_requests, run_flow

from .conftest import FRAME
from .wire import KEY, File, Form, Look, OrderScript, Script, Turn, scripts

ORDERS = [pytest.param(s, o, id=f"{name}: {o.name}") for name, s in scripts().items() for o in s.orders]
LOOKS = [pytest.param(s, look, id=f"{name}: {look.word}") for name, s in scripts().items() for look in s.looks]
REFUSALS = [
    pytest.param(s, r, id=f"{name}: {r.on} {r.status} {json.dumps(r.reply)[:40]}")
    for name, s in scripts().items()
    for r in s.refusals
]


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


def test_no_step_of_adding_a_provider_was_forgotten() -> None:
    files = {found.name for found in pkgutil.iter_modules(providers.__path__)} - {
        "base",
        "upstream",
        "protocols",
        "webhooks",
    }
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


def test_every_status_word_of_the_adapter_is_in_the_documents(script: Script) -> None:
    adapter = {word.casefold() for word in PROVIDERS[script.name].states}
    assert {look.word.casefold() for one in spoken(script) for look in one.looks} == adapter


def test_an_unknown_status_word_is_shown_as_it_came_and_counts_as_running(script: Script) -> None:
    look = script.look(RemoteState.RUNNING)
    turns = tuple(replaced(turn, look.word, "Pondering") for turn in look.turns)
    progress = run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns))
    assert (progress.state, progress.word, progress.fault) == (RemoteState.RUNNING, "Pondering", None)


@pytest.mark.parametrize("spelled", [str.upper, str.lower, str.title])
def test_letter_case_of_a_status_word_does_not_matter(script: Script, spelled: Any) -> None:
    for look in script.looks:
        turns = tuple(replaced(turn, look.word, spelled(look.word)) for turn in look.turns)
        assert run_flow(PROVIDERS[script.name].check(script.ticket), Player(script, turns)).state is look.says


@pytest.mark.parametrize(("script", "refusal"), REFUSALS)
def test_a_documented_error_tells_the_user_the_right_next_step(script: Script, refusal: Any) -> None:
    provider = PROVIDERS[script.name]
    call = Call("POST", "/order", bills=True) if refusal.on == "submit" else Call("GET", "/look")
    error = provider.refusal(call, Reply(refusal.reply, refusal.status))
    assert type(error) is refusal.error
    said = provider.reason(Reply(refusal.reply, refusal.status))
    assert said
    assert said in str(error)


def test_every_error_code_of_the_adapter_is_in_the_documents(script: Script) -> None:
    provider = PROVIDERS[script.name]
    refusals = [refusal for one in spoken(script) for refusal in one.refusals]
    documented = {provider.fault_code(Reply(r.reply, r.status)) for r in refusals} - {None}
    assert {code.casefold() for code in provider.error_codes} <= {str(code).casefold() for code in documented}


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
        with pytest.raises(UnsafeReply, match="about another job"):
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

    for ticket in ("../../v1/order", "a?b=c", "a#b", "a/b", "%2e%2e"):
        with pytest.raises(BadReply):
            run_flow(PROVIDERS[script.name].check(beginning(script) + ticket), note)
        call = asked.pop()
        plain = converse_path(script)
        assert call.path.count("/") == plain.count("/")
        assert "?" not in call.path
        assert "#" not in call.path


def test_prices_are_positive_and_say_where_and_when_they_were_seen(script: Script) -> None:
    provider = PROVIDERS[script.name]
    for model in provider.models:
        assert set(model.prices) <= set(model.variants)
        if model.prices:
            assert provider.prices is not None
            assert provider.prices.source
            assert provider.prices.seen
        if provider.key_env:
            assert all(price > 0 for price in model.prices.values())


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


def test_the_secret_of_its_webhooks_is_asked_for_as_documented(script: Script) -> None:
    provider = PROVIDERS[script.name]
    asks = provider.webhook_secret
    assert (asks is not None) == (script.secret is not None)
    if asks and script.secret:
        turn, secret = script.secret
        player = Player(script, (turn,))
        assert run_flow(asks(), player) == secret
        player.done()


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


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*before, key)
        yield from paths(inner, (*before, key))
