"""T1 to T3: what sellers answer, bent or no answer at all, through the path that reads real ones. Every provider."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
from hypothesis import strategies as st

from hailuo_cli.backoff import retry_after
from hailuo_cli.cli.show import clean
from hailuo_cli.config.profiles import Account
from hailuo_cli.errors import HailuoError, RateLimited, ServerTrouble
from hailuo_cli.model import LocalImage, Order, RemoteImage, RemoteState, Request, Secret
from hailuo_cli.orders.submit import plan
from hailuo_cli.providers import PROVIDERS, Cancels, Estimates, Finds, Found, Progress, Provider, TellsBalance
from hailuo_cli.transport import Session
from hailuo_cli.urls import is_web
from hailuo_cli.waiting import polling
from hailuo_cli.wire import Call, Flow, Reply, check_ticket, run_flow
from tests.wire import KEY, OrderScript, Turn, scripts

from .inputs import bent, bodies, header_texts, jsons, packed
from .network import Answer, answered_by
from .target import seeds, target

EXITS = frozenset(range(1, 13))
PIXELS = b"\x89PNG\r\n\x1a\n"
ORDERS = [(PROVIDERS[name], order) for name in PROVIDERS for order in scripts()[name].orders]
LOOKS = [(PROVIDERS[name], look) for name in PROVIDERS for look in scripts()[name].looks]
REFUSALS = [(PROVIDERS[name], refusal) for name in PROVIDERS for refusal in scripts()[name].refusals]
ASIDES = [p for p in PROVIDERS.values() if isinstance(p, Cancels | Finds | Estimates | TellsBalance)]
statuses = st.sampled_from(
    [200, 200, 200, 201, 202, 204, 301, 400, 401, 402, 404, 408, 429, 451, 500, 503]
) | st.integers(200, 599)


def job_of(provider: Provider, order: OrderScript) -> Order:
    image = LocalImage(
        "a.png", "image/png", 400, 400, len(PIXELS), hashlib.sha256(PIXELS).hexdigest(), io.BytesIO(PIXELS)
    )
    asked: dict[str, Any] = {
        name: (image if value == "<file>" else RemoteImage(value)) if name in ("image", "last_image") else value
        for name, value in order.request.items()
    }
    return plan(Account(provider.name, provider, provider.base_url, None), Request(**asked))


@st.composite
def answers(draw: st.DrawFn, turns: tuple[Turn, ...]) -> list[Answer]:
    """The documented answers to a conversation, some of them bent, and always one more than it needs."""
    found = []
    for turn in (*turns, turns[-1]):
        body, encoding = draw(packed(bodies(turn.reply)))
        wait = draw(st.sampled_from(seeds("waits"))).encode("ascii", "replace").decode()
        headers = {"Content-Encoding": encoding, "Content-Type": draw(header_texts), "Retry-After": wait}
        found.append(Answer(draw(st.just(turn.status) | statuses), headers, body))
    return found


def played(provider: Provider, flow: Flow[Any], answers: list[Answer]) -> Any:
    """How a conversation ends: its result, or the one kind of error that may come out of it."""
    left: Iterator[Answer] = iter([*answers, *[answers[-1]] * 5])
    try:
        with (
            answered_by(lambda _: next(left)) as asked,
            Session(provider, provider.base_url, Secret(KEY)) as session,
        ):
            return run_flow(flow, session.send)
    except HailuoError as error:
        clean(error.message).encode()
        assert error.exit in EXITS
        assert len(asked) <= len(answers)
        return error


@st.composite
def submits(draw: st.DrawFn) -> tuple[Provider, OrderScript, list[Answer]]:
    provider, order = draw(st.sampled_from(ORDERS))
    return provider, order, draw(answers(order.turns))


@target(case=submits())
def test_T1_a_submit_ends_in_a_ticket_that_was_handed_out_or_in_a_typed_error(
    case: tuple[Provider, OrderScript, list[Answer]],
) -> None:
    provider, order, replies = case
    job = job_of(provider, order)
    ended = played(provider, ticketed(provider, job), replies)
    if isinstance(ended, HailuoError):
        return
    last = replies[len(order.turns) - 1]
    assert 200 <= last.status < 300
    assert check_ticket(ended) == ended
    assert ended.isascii()
    assert ended.isprintable()


def ticketed(provider: Provider, job: Order) -> Flow[str]:
    return check_ticket((yield from provider.submit(job)))


@target(provider=st.sampled_from(list(PROVIDERS.values())), data=st.data())
def test_T1_a_ticket_stands_in_the_answer_as_it_is(provider: Provider, data: st.DataObject) -> None:
    order = data.draw(st.sampled_from(scripts()[provider.name].orders))
    reply = data.draw(bent(order.turns[-1].reply))
    sent: list[Turn] = list(order.turns[:-1])

    def send(_: object) -> Reply:
        return Reply(sent.pop(0).reply if sent else reply)

    try:
        ticket = check_ticket(run_flow(provider.submit(job_of(provider, order)), send))
    except HailuoError:
        return
    assert ticket in [str(leaf).strip() for leaf in leaves_of(reply) if not isinstance(leaf, bool | float)]


def leaves_of(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    for one in inner or ():
        yield from leaves_of(one)


@st.composite
def looks(draw: st.DrawFn) -> tuple[Provider, list[Answer]]:
    provider, look = draw(st.sampled_from(LOOKS))
    return provider, draw(answers(look.turns))


@target(
    case=looks(),
    examples=[
        {"case": (PROVIDERS["minimax"], [Answer(200, {}, b'{"status": "Success", "file_id": "\\ud800"}')] * 2)},
    ],
)
def test_T2_a_look_ends_in_progress_that_fits_together_or_in_a_typed_error(case: tuple[Provider, list[Answer]]) -> None:
    provider, replies = case
    ended = played(provider, provider.check(scripts()[provider.name].ticket), replies)
    if not isinstance(ended, HailuoError):
        fits(ended)


def fits(progress: Progress) -> None:
    """What a progress may be, whatever a server says."""
    clean(progress.word).encode()
    assert progress.percent is None or 0 <= progress.percent <= 100
    assert (progress.fault is not None) == (
        progress.state in (RemoteState.FAILED, RemoteState.CANCELLED, RemoteState.GONE)
    )
    if progress.video is not None:
        assert progress.state is RemoteState.DONE
        assert isinstance(progress.video, Call) or is_web(progress.video)


@target(
    provider=st.sampled_from(ASIDES), replies=st.lists(packed(bodies({"data": {"jobs": [{}]}})), min_size=2, max_size=3)
)
def test_T2_what_is_asked_beside_a_look_ends_in_a_value_or_in_a_typed_error(
    provider: Provider, replies: list[tuple[bytes, str]]
) -> None:
    script = scripts()[provider.name]
    answers = [Answer(200, {"Content-Encoding": encoding}, body) for body, encoding in replies]
    if isinstance(provider, Cancels) and not isinstance(
        ended := played(provider, provider.cancel(script.ticket), answers), HailuoError
    ):
        fits(ended)
    if isinstance(provider, Finds) and not isinstance(ended := played(provider, provider.find(), answers), HailuoError):
        assert all(isinstance(found, Found) for found in ended)
    if isinstance(provider, TellsBalance) and not isinstance(
        ended := played(provider, provider.balance(), answers), HailuoError
    ):
        clean(ended).encode()
    if isinstance(provider, Estimates):
        job = job_of(provider, script.orders[0])
        ended = played(provider, provider.estimate(job), answers)
        assert isinstance(ended, HailuoError) or ended is None or 0 < ended < float("inf")


@st.composite
def refusals(draw: st.DrawFn) -> tuple[Provider, str, int, Any]:
    provider, refusal = draw(st.sampled_from(REFUSALS))
    return provider, refusal.on, draw(st.just(refusal.status) | statuses), draw(bent(refusal.reply) | jsons)


@target(case=refusals())
def test_T3_an_error_answer_is_an_exit_code_and_a_text_that_can_be_shown(case: tuple[Provider, str, int, Any]) -> None:
    provider, on, status, data = case
    call = Call("POST", "/order", bills=True) if on == "submit" else Call("GET", "/look")
    body = json.loads(json.dumps(data))
    error = provider.refusal(call, Reply(body, status))
    if error is None:
        assert 200 <= status < 300
        return
    assert error.exit in EXITS
    shown = clean(error.message)
    shown.encode()
    assert shown.startswith(f"{provider.title} answered ")
    if status >= 500 and not provider.codes(Reply(body, status)):
        assert error.exit == 6


@target(case=refusals(), wait=st.sampled_from(seeds("waits")), tries=st.integers(1, 50))
def test_T3_a_pause_that_a_refusal_asks_for_is_waited_for_two_minutes_at_most(
    case: tuple[Provider, str, int, Any], wait: str, tries: int
) -> None:
    provider, _, _, data = case
    asked = retry_after(httpx.Headers([(b"retry-after", wait.encode())])) or provider.asked_pause(Reply(data))
    assert asked is None or asked >= 0
    for error in (RateLimited("busy"), ServerTrouble("down")):
        error.retry_after = asked
        waits = polling.watch(failing(error), polling.Pace(5, 5), lambda: 0.0, chance=lambda: 0.999)
        longest = max(
            item.wait for item, _ in zip(waits, range(2 * tries), strict=False) if isinstance(item, polling.PollRetry)
        )
        assert 0 <= longest <= polling.LONGEST_RETRY_AFTER


def failing(error: HailuoError) -> Any:
    def look() -> Progress:
        raise error

    return look
