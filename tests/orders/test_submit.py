"""Paying once, whatever the network, the server, the disk or a signal does. Judged by what the server was asked."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.config.profiles import Config
from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    CostLimit,
    HailuoError,
    Interrupted,
    InvalidImage,
    InvalidRequest,
    NoKey,
    NotSent,
    RateLimited,
    Redirected,
    TicketUnsaved,
    Unconfirmed,
    UsageError,
)
from hailuo_cli.ledger import sqlite_file
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState, LocalImage, NextStep, Request
from hailuo_cli.orders.context import Context
from hailuo_cli.orders.duplicates import Again
from hailuo_cli.orders.submit import Terms, _fingerprint, plan, submit
from hailuo_cli.request import images
from hailuo_cli.transport import Fetcher, Session
from hailuo_cli.transport import session as transport
from tests.support.answers import Answer, Asked, Play, hangs, raw, resets, says, slowed
from tests.support.command import Ran, configure, hailuo, point_at
from tests.support.fault_server import FaultServer
from tests.support.standin import StandIn
from tests.wire import KEY, scripts

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
ACCEPTED = {"request_id": "job-1", "status": "QUEUED"}
ACCEPTS = says(202, ACCEPTED)
ACCEPTED_TOO = says(202, {"request_id": "job-2", "status": "QUEUED"})


class World:
    """One user at one desk: a ledger on disk, a clock that only sleeping moves, a provider at an address."""

    def __init__(self, home: Path, url: str, name: str = "pixazo", **entry: Any) -> None:
        self.path = home / "data" / "ledger.sqlite3"
        self.name = name
        self.now = 0.0
        self.slept: list[float] = []
        self.said: list[str] = []
        data = {"profiles": {"test": {"providers": {name: {"base_url": url, "api_key_env": "THE_KEY", **entry}}}}}
        self.desk = Context(
            config=Config(home / "config.toml", data, "test", {"THE_KEY": KEY}),
            open_ledger=lambda: Ledger(self.path),
            connect=lambda a: Session(a.provider, a.base_url, a.key, key_source=a.key_source),
            fetcher=Fetcher,
            say=self.said.append,
            clock=lambda: self.now,
            sleep=self._sleep,
        )

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.desk.__exit__()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def order(self, prompt: str = "a bear", *, asked: dict[str, Any] | None = None, **how: Any) -> Job:
        account = self.desk.config.account(self.name)
        again = Again(how.pop("again", False), how.pop("yes", False))
        terms = Terms(again=again, **how)
        return submit(self.desk, account, plan(account, Request(prompt, **(asked or {}))), terms)

    def fails(self, *args: Any, **how: Any) -> HailuoError:
        with pytest.raises(HailuoError) as error:
            self.order(*args, **how)
        return error.value

    @property
    def rows(self) -> list[tuple[str, str | None, str | None]]:
        """State, ticket and error of every row, read by a connection that is not ours."""
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path)) as db:
            return list(db.execute("SELECT state, ticket, error FROM jobs ORDER BY seq"))


@contextlib.contextmanager
def world(home: Path, *plays: Play, **how: Any) -> Iterator[tuple[World, FaultServer]]:
    with FaultServer(*plays) as server, World(home, server.url, **how) as user:
        yield user, server


# how an order ends


def test_an_order_that_is_taken_has_its_ticket_on_disk(home: Path) -> None:
    with world(home, ACCEPTS) as (user, server):
        entry = user.order()
        assert (entry.state, entry.ref) == (JobState.SUBMITTED, "pixazo:job-1")
        assert user.rows == [("submitted", "job-1", None)]
        assert server.posts == 1


UNCLEAR: dict[str, Play] = {
    "A1 a server that never answers": hangs,
    "A1 an answer that drips": slowed(says(202, b" " * 100_000), 50),
    "A2 a reset": resets,
    "A2 a closed connection": raw(b""),
    "A3 a body that is cut": says(202, b'{"request_id": "jo', length=100),
    "A3 a chunked body that is cut": raw(b'HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"re\r\n'),
    "A4 no id": says(200, {"status": "QUEUED"}),
    "A4 null": says(200, {"request_id": None}),
    "A4 empty": says(200, {"request_id": ""}),
    "A4 a list": says(200, {"request_id": ["job-1"]}),
    "A4 an object": says(200, {"request_id": {"id": 1}}),
    "A4 true": says(200, {"request_id": True}),
    "A4 10 KB": says(200, {"request_id": "x" * 10_000}),
    "A4 control characters": says(200, {"request_id": "\x1b[2Jjob"}),
    "A4 dots": says(200, {"request_id": ".."}),
    "A4 a list for an object": says(200, [ACCEPTED]),
    "A5 a login page": says(200, b"<html>Welcome</html>", Content_Type="text/html"),
    "A5 nothing": says(204),
    "A9 500": says(500, {"message": "oops"}),
    "A9 502": says(502, b"<html>"),
    "A9 503 that asks to wait": says(503, {}, Retry_After="1"),
    "A9 504": says(504),
    "A9 522": says(522),
    "A9 524": says(524),
    "408": says(408),
    "409": says(409, {"message": "conflict"}),
    "A15 302": says(302, b"", Location="/elsewhere"),
    "A15 303": says(303, b"", Location="/elsewhere"),
    "F9 100,000 levels": says(200, b"[" * 100_000),
    "F9 5,000 digits": says(200, b'{"request_id": ' + b"9" * 5000 + b"}"),
    "F9 NaN": says(200, b'{"request_id": NaN}'),
    "F9 Latin-1": says(200, b'{"request_id": "caf\xe9"}'),
    "a lone surrogate for an id": says(200, b'{"request_id": "\\ud800"}'),
}


@pytest.mark.parametrize("fault", UNCLEAR)
def test_A1_to_A5_A9_A15_F9_an_order_that_may_have_landed_is_unconfirmed_and_not_sent_again(
    fault: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ORDER_SECONDS", 0.4)
    with world(home, UNCLEAR[fault]) as (user, server):
        error = user.fails()
        assert type(error) is Unconfirmed
        assert error.exit == 7
        assert server.posts == len(server.asked) == 1
        assert user.slept == []
        ((state, ticket, why),) = user.rows
        assert (state, ticket) == ("unconfirmed", None)
        assert why
        assert error.job is not None
        assert error.job.id in error.message
        assert error.next_step == NextStep("resolve", (error.job,)), "the step that resolves it"
        assert "billed" in error.message


def test_A5_a_login_page_in_place_of_an_answer_hints_at_the_proxy(home: Path) -> None:
    with world(home, UNCLEAR["A5 a login page"]) as (user, _):
        error = user.fails()
        assert "text/html" in error.message
        assert "proxy" in f"{error.message} {error.hint}"


REFUSED: dict[str, tuple[Play, type[HailuoError], int]] = {
    "A10 400": (says(400, {"message": "no such model"}), InvalidRequest, 2),
    "A10 404": (says(404, {"message": "no such path"}), InvalidRequest, 2),
    "A10 422": (says(422, {"message": "bad duration"}), InvalidRequest, 2),
    "413": (says(413), InvalidRequest, 2),
    "A11 401": (says(401, {"message": "denied"}), AuthError, 3),
    "A11 403": (says(403), AuthError, 3),
    "A12 402": (says(402, {"error": "Insufficient Balance"}), BalanceError, 4),
    "A8 429 without a time": (says(429, {}), RateLimited, 4),
    "A8 429 and too long": (says(429, {}, Retry_After="86400"), RateLimited, 4),
    "451": (says(451), ContentRefused, 10),
    "A14 301": (says(301, b"", Location="https://elsewhere.example/x"), Redirected, 12),
    "A14 307": (says(307, b"", Location="https://elsewhere.example/x"), Redirected, 12),
    "A14 308": (says(308, b"", Location="https://elsewhere.example/x"), Redirected, 12),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_A8_A10_to_A12_A14_a_definite_answer_is_a_refusal_and_is_not_billed(fault: str, home: Path) -> None:
    play, kind, code = REFUSED[fault]
    with world(home, play) as (user, server):
        error = user.fails()
        assert type(error) is kind
        assert error.exit == code
        assert server.posts == 1
        assert user.slept == []
        assert user.rows == [("refused", None, error.message)]
        assert error.job is not None
        assert error.job.state is JobState.REFUSED


def base(code: int) -> Play:
    return says(200, {"task_id": "", "base_resp": {"status_code": code, "status_msg": "the vendor's words"}})


@pytest.mark.parametrize(
    ("code", "kind", "state"),
    [
        (1004, AuthError, "refused"),
        (1008, BalanceError, "refused"),
        (1026, ContentRefused, "refused"),
        (2013, InvalidRequest, "refused"),
        (1002, RateLimited, "refused"),
        (1000, Unconfirmed, "unconfirmed"),
        (987654, Unconfirmed, "unconfirmed"),
    ],
)
def test_A12_A13_an_error_code_inside_a_200_is_never_a_success(
    code: int, kind: type[HailuoError], state: str, home: Path
) -> None:
    with world(home, base(code), name="minimax") as (user, server):
        error = user.fails()
        assert type(error) is kind
        assert "the vendor's words" in error.message
        assert user.rows[0][:2] == (state, None)
        assert server.posts == 1


@pytest.mark.parametrize("code", [1002, 1004, 1008, 1026, 2013])
def test_A13_a_refusal_that_names_a_job_is_doubt_and_the_job_is_told(code: int, home: Path) -> None:
    both = {"task_id": "176843862716480", "base_resp": {"status_code": code, "status_msg": "the vendor's words"}}
    with world(home, says(200, both, Retry_After="1"), name="minimax") as (user, server):
        error = user.fails()
        assert type(error) is Unconfirmed
        assert "the vendor's words" in error.message
        assert "176843862716480" in error.message
        assert user.rows[0][:2] == ("unconfirmed", None)
        assert server.posts == 1


def test_A4_a_number_is_an_id_too(home: Path) -> None:
    with world(home, says(200, {"request_id": 10**17})) as (user, _):
        assert user.order().ref == "pixazo:100000000000000000"


def test_A6_an_order_that_cannot_leave_is_tried_three_times_and_nothing_is_sent(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
    with World(home, url) as user:
        error = user.fails()
        assert type(error) is NotSent
        assert error.exit == 6
        assert "nothing was sent" in error.message
        assert len(user.slept) == 2
        assert sum(user.slept) <= 20
        assert user.rows[0][0] == "not_sent"


def test_A6_a_server_that_comes_back_in_time_gets_one_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(home, ACCEPTS) as (user, server):
        pass_on, tries = socket.socket.connect, []

        def connect(self: socket.socket, address: Any) -> None:
            tries.append(address)
            if len(tries) < 3:
                raise ConnectionRefusedError(111, "Connection refused")
            pass_on(self, address)

        monkeypatch.setattr(socket.socket, "connect", connect)
        assert user.order().ticket == "job-1"
        assert (len(tries), server.posts) == (3, 1)
        assert user.rows == [("submitted", "job-1", None)]


def test_A7_a_429_that_says_when_is_waited_for_and_ordered_once_more(home: Path) -> None:
    with world(home, says(429, {}, Retry_After="5"), ACCEPTS) as (user, server):
        assert user.order().ticket == "job-1"
        assert user.slept == [5]
        assert server.posts == 2
        assert server.asked[0].body == server.asked[1].body
        assert user.rows == [("submitted", "job-1", None)]
        assert any("5 s" in line for line in user.said)


def test_A7_a_429_that_does_not_end_is_a_refusal_after_three(home: Path) -> None:
    with world(home, says(429, {}, Retry_After="100")) as (user, server):
        assert type(user.fails()) is RateLimited
        assert user.slept == [100, 100]
        assert server.posts == 3
        assert user.rows[0][0] == "refused"


@pytest.mark.parametrize("value", ["86400", "1e20", "-1", "nan", "120, 60", "Wed, 21 Oct 2099 07:28:00 GMT", "121"])
def test_A8_a_retry_after_that_is_too_long_or_no_time_is_not_slept(value: str, home: Path) -> None:
    with world(home, says(429, {}, Retry_After=value)) as (user, server):
        assert user.fails().exit == 4
        assert user.slept == []
        assert server.posts == 1


@pytest.mark.parametrize("then", [hangs, resets, says(500)])
def test_A7_an_unclear_answer_after_a_429_is_unconfirmed(
    then: Play, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ORDER_SECONDS", 0.4)
    with world(home, says(429, {}, Retry_After="1"), then) as (user, server):
        assert type(user.fails()) is Unconfirmed
        assert server.posts == 2


# the order of things


def test_N3_the_intent_is_on_disk_before_the_order_leaves_and_the_ticket_before_anyone_is_told(home: Path) -> None:
    seen: list[Any] = []

    def look(asked: Asked) -> Answer:
        seen.append(user.rows)
        return ACCEPTS(asked)

    with world(home, look) as (user, _):
        user.order()
    assert seen == [[("submitting", None, None)]]


def test_what_was_decided_is_written_down_with_the_intent(home: Path) -> None:
    with world(home, ACCEPTS) as (user, _):
        entry = user.order("a bear", dedupe_key="mine", asked={"camera": ("push in",), "duration": 10})
        assert entry.prompt == "a bear [Push in]"
        assert (entry.provider, entry.profile, entry.model) == ("pixazo", "test", "minimax-hailuo-ai")
        assert (entry.duration, entry.resolution, entry.dedupe_key) == (10, "768P", "mine")
        assert (entry.price_usd, entry.image) == (0.60, None)
        assert entry.price_source
        assert entry.created_at


def test_without_a_key_nothing_is_written_and_nothing_is_sent(home: Path) -> None:
    with FaultServer(ACCEPTS) as server, World(home, server.url, api_key_env="ANOTHER") as user:
        assert type(user.fails()) is NoKey
        assert (server.connections, user.rows) == (0, [])


@pytest.mark.parametrize(("limit", "duration", "refused"), [(0.35, 6, False), (0.34, 6, True), (0.35, 10, True)])
def test_A21_a_limit_on_the_cost_is_kept_before_anything_is_written_or_sent(
    limit: float, duration: int, refused: bool, home: Path
) -> None:
    with world(home, ACCEPTS) as (user, server):
        if refused:
            assert type(user.fails(asked={"duration": duration}, max_cost=limit)) is CostLimit
        else:
            user.order(asked={"duration": duration}, max_cost=limit)
        assert server.connections == len(user.rows) == (0 if refused else 1)


def test_A21_a_limit_that_is_no_number_allows_nothing(home: Path) -> None:
    with world(home, ACCEPTS) as (user, server):
        with contextlib.suppress(HailuoError):
            user.order(max_cost=float("nan"))
        assert server.posts == 0


def test_G7_a_ledger_that_cannot_be_written_stops_the_order_before_it_leaves(home: Path) -> None:
    (home / "data").touch()
    with world(home, ACCEPTS) as (user, server):
        error = user.fails()
        assert error.exit == 9
        assert server.connections == 0


def test_G6_a_ledger_that_is_locked_stops_the_order_before_it_leaves(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.1)
    with world(home, ACCEPTS) as (user, server):
        assert user.desk.ledger.recent() == []
        with closing(sqlite3.connect(user.path, isolation_level=None)) as stuck:
            stuck.execute("BEGIN IMMEDIATE")
            assert user.fails().exit == 11
        assert server.connections == 0


@pytest.fixture
def locking(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Play], Play]]:
    """Makes a server lock the ledger at the moment the order arrives, so that nothing can be written any more."""
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.2)
    with contextlib.ExitStack() as held:

        def locks(then: Play) -> Play:
            def play(asked: Asked) -> Answer:
                db = sqlite3.connect(home / "data" / "ledger.sqlite3", isolation_level=None, check_same_thread=False)
                held.enter_context(closing(db))
                db.execute("BEGIN IMMEDIATE")
                return then(asked)

            return play

        yield locks


def test_G8_a_ticket_that_cannot_be_saved_is_told_with_the_command_that_continues(
    home: Path, locking: Callable[[Play], Play]
) -> None:
    with world(home, locking(ACCEPTS)) as (user, server):
        error = user.fails()
        assert type(error) is TicketUnsaved
        assert error.exit == 9
        assert "pixazo:job-1" in error.message
        assert error.next_step is not None
        assert (error.next_step.action, error.next_step.jobs[0].ref) == ("wait", "pixazo:job-1")
        assert server.posts == 1


def test_G8_a_ticket_that_could_not_be_saved_is_printed_and_brought_in_by_the_next_command(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(home, ACCEPTS) as (user, _):
        assert user.desk.ledger.recent() == []
    path = home / "data" / "ledger.sqlite3"

    def fills(asked: Asked) -> Answer:
        with closing(sqlite3.connect(path)) as db:  # an order that is on its way cannot become a job any more
            db.execute("CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        return ACCEPTS(asked)

    with FaultServer(fills) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("submit", "a bear")
        assert (ran.code, ran.out) == (9, "pixazo:job-1\n")
        assert "hailuo wait pixazo:job-1" in ran.err
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP TRIGGER full")
        listed = hailuo("jobs", "list", "--json").json["data"]["jobs"]
        assert [(job["ref"], job["state"]) for job in listed] == [("pixazo:job-1", "submitted")]
        assert server.posts == 1


@pytest.mark.parametrize(
    ("fault", "kept"),
    [("A3 a body that is cut", '{"request_id": "jo'), ("A4 null", '{"request_id": null}'), ("A2 a reset", None)],
)
def test_A3_A4_what_an_unclear_answer_said_is_kept_in_the_ledger(fault: str, kept: str | None, home: Path) -> None:
    with world(home, UNCLEAR[fault]) as (user, _):
        entry = user.fails().job
        assert entry is not None
        assert user.desk.ledger.answer(entry) == kept


@pytest.mark.parametrize("fault", ["A2 a reset", "A9 500"])
def test_G8_an_unclear_answer_is_unconfirmed_even_when_that_cannot_be_written_down(
    fault: str, home: Path, locking: Callable[[Play], Play]
) -> None:
    with world(home, locking(UNCLEAR[fault])) as (user, server):
        error = user.fails()
        assert server.posts == 1
        assert type(error) is Unconfirmed


@pytest.mark.parametrize(
    ("play", "code"),
    [
        pytest.param(says(307, b"", Location="http://["), 12, id="A14 a redirect to no address"),
        pytest.param(says(302, b"", Location="http://["), 7, id="A15 a redirect to no address"),
        pytest.param(says(400, b'{"message": "\\ud800"}'), 2, id="F4 a reason that is a lone surrogate"),
    ],
)
def test_F4_no_answer_makes_an_order_end_as_a_bug(play: Play, code: int, home: Path) -> None:
    with world(home, play) as (user, _):
        error = user.fails()
        assert error.exit == code
        assert user.rows[0][0] == ("unconfirmed" if code == 7 else "refused")


@pytest.mark.parametrize("webhook", ["https://you.example/caf\u00e9", "https://you.example/\r\nX-Evil: 1"])
def test_a_webhook_that_cannot_be_a_header_is_refused_before_anything_is_written(webhook: str, home: Path) -> None:
    with world(home, ACCEPTS) as (user, server):
        assert user.fails(asked={"webhook": webhook}).exit == 2
        assert (server.posts, user.rows) == (0, [])


# images


def picture(path: Path) -> LocalImage:
    found = images.given(str(path))
    assert isinstance(found, LocalImage)
    return found


def test_I4_an_image_that_changed_since_it_was_checked_is_cut_off_and_nothing_is_ordered(
    home: Path, frame: Path
) -> None:
    copy = home / "frame.png"
    copy.write_bytes(frame.read_bytes())
    image = picture(copy)
    with image.file, world(home, ACCEPTS) as (user, server):
        copy.write_bytes(frame.read_bytes()[:-1] + b"!")
        error = user.fails(asked={"image": image})
        assert type(error) is InvalidImage
        assert user.rows[0][0] == "refused"
        assert not [asked for asked in server.asked if len(asked.body) >= int(asked.headers["content-length"])]


# the same order again


def test_A16_the_same_dedupe_key_gives_the_first_job_again(home: Path) -> None:
    with world(home, ACCEPTS) as (user, server):
        first = user.order(dedupe_key="mine")
        assert user.order(dedupe_key="mine") == first
        with World(home, server.url) as another_process:
            assert another_process.order(dedupe_key="mine", yes=True) == first
        assert server.posts == 1


@pytest.mark.parametrize(
    "other", [{"prompt": "another bear"}, {"asked": {"duration": 10}}, {"asked": {"params": {"seed": 7}}}]
)
def test_A18_a_dedupe_key_stands_for_one_request(other: dict[str, Any], home: Path) -> None:
    with world(home, ACCEPTS) as (user, server):
        user.order(dedupe_key="mine")
        error = user.fails(**other, dedupe_key="mine")
        assert type(error) is UsageError
        assert "already stands for pixazo:job-1" in error.message
        assert server.posts == 1


@pytest.mark.parametrize("again", [False, True])
def test_A16_a_dedupe_key_of_an_unconfirmed_order_stays_unconfirmed(again: bool, home: Path) -> None:
    with world(home, resets, ACCEPTS) as (user, server):
        first = user.fails(dedupe_key="mine")
        second = user.fails(dedupe_key="mine", again=again)
        assert (type(first), type(second)) == (Unconfirmed, Unconfirmed)
        assert first.job is not None
        assert second.job is not None
        assert first.job.id == second.job.id
        assert server.posts == 1


@pytest.mark.parametrize("refusal", [says(400), says(402), says(429)])
def test_A16_a_dedupe_key_of_a_refused_order_is_free_again(refusal: Play, home: Path) -> None:
    with world(home, refusal, ACCEPTS) as (user, server):
        user.fails(dedupe_key="mine")
        assert user.order(dedupe_key="mine").ticket == "job-1"
        assert server.posts == 2


def test_A19_an_order_is_not_repeated_while_the_same_one_is_unconfirmed(home: Path) -> None:
    with world(home, resets, ACCEPTS, says(202, {"request_id": "job-2"})) as (user, server):
        user.fails()
        error = user.fails()
        assert type(error) is Unconfirmed
        assert "--despite-unconfirmed" in (error.hint or "")
        assert server.posts == 1
        user.order("another bear")
        user.order(yes=True)
        assert server.posts == 3


def test_a_ticket_that_was_given_before_is_not_a_damaged_ledger(home: Path) -> None:
    with world(home, ACCEPTS) as (user, _):
        first = user.order()
        try:
            assert user.order().ref == first.ref
        except HailuoError as error:
            assert error.code != "ledger"  # noqa: PT017 - either end is good, this one is not
        assert "submitting" not in [state for state, _, _ in user.rows]


def test_the_same_order_twice_is_two_jobs_when_nothing_is_in_doubt(home: Path) -> None:
    with world(home, ACCEPTS, says(202, {"request_id": "job-2"})) as (user, server):
        assert [user.order().ticket, user.order().ticket] == ["job-1", "job-2"]
        assert server.posts == 2


def test_orders_are_the_same_by_what_goes_out_and_where(home: Path, frame: Path) -> None:
    same = home / "same.png"
    same.write_bytes(frame.read_bytes())
    user = World(home, "http://127.0.0.1:1")
    account = user.desk.config.account("pixazo")
    with contextlib.ExitStack() as stack:

        def print_of(prompt: str = "a bear", place: str | None = None, image: Path | None = None, **asked: Any) -> str:
            there = replace(account, base_url=place) if place else account
            if image:
                asked["image"] = picture(image)
                stack.enter_context(asked["image"].file)
            return _fingerprint(there, plan(there, Request(prompt, **asked)))

        assert print_of() == print_of(duration=6) == print_of(resolution="768p")
        assert print_of() == print_of(webhook="https://you.example")
        assert print_of(image=frame) == print_of(image=same)
        different = [
            print_of(),
            print_of("another bear"),
            print_of(place="https://elsewhere.example"),
            print_of(duration=10),
            print_of(resolution="1080P"),
            print_of(watermark=True),
            print_of(watermark=False),
            print_of(params={"seed": 1}),
            print_of(params={"seed": 2}),
            print_of(camera=("push in",)),
            print_of(image=frame),
        ]
        assert len(set(different)) == len(different)


# signals


def test_a_signal_between_two_tries_of_a_refused_order_leaves_nothing_in_doubt(home: Path) -> None:
    def stop(_: float) -> None:
        raise Interrupted(signal.SIGINT)

    with world(home, says(429, {}, Retry_After="5"), ACCEPTS) as (user, server):
        user.desk.sleep = stop
        with pytest.raises(Interrupted):
            user.order()
        assert server.posts == 1
        assert user.rows[0][0] in ("refused", "not_sent")


def test_a_signal_between_two_orders_of_one_command_names_the_one_that_is_paid_for(home: Path) -> None:
    def stop(_: float) -> None:
        raise Interrupted(signal.SIGINT)

    with world(home, ACCEPTS, says(429, {}, Retry_After="5")) as (user, server):
        first = user.order()
        user.desk.sleep = stop
        with pytest.raises(Interrupted) as caught:
            user.order("another bear")
        assert server.posts == 2
    assert caught.value.notes == []
    assert caught.value.next_step == NextStep("wait", (first,))


# commands


def test_A23_a_dry_run_writes_nothing_and_asks_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(scripts()["pixazo"]) as server:
        name = point_at(server, home, monkeypatch)
        ran = hailuo("generate", "a bear", "--provider", name, "--dry-run", "--dedupe-key", "mine", "-vv")
        assert ran.code == 0
        (request,) = json.loads(ran.out)
        assert request["headers"]["Ocp-Apim-Subscription-Key"] == "********"
        assert not server.asked
        assert not (home / "data").exists()


@pytest.mark.parametrize(
    ("fault", "code", "name", "state"),
    [
        ("A2 a reset", 7, "unconfirmed", "unconfirmed"),
        ("A9 500", 7, "unconfirmed", "unconfirmed"),
        ("A12 402", 4, "balance", "refused"),
        ("A14 307", 12, "unsafe_reply", "refused"),
    ],
)
def test_the_command_exits_by_how_the_order_ended_and_names_the_job(
    fault: str, code: int, name: str, state: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = UNCLEAR[fault] if fault in UNCLEAR else REFUSED[fault][0]
    with FaultServer(play) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("submit", "a bear", "--json")
        assert ran.code == code
        error = ran.json["error"]
        assert (error["code"], error["exit"], error["job"]["state"]) == (name, code, state)
        assert server.posts == 1
        listed = hailuo("jobs", "show", error["job"]["id"], "--json")
        assert listed.json["data"]["state"] == state
        for words in (["status"], ["jobs"]):
            ran = hailuo(*words)
            assert ran.code == 0
            assert (f"hailuo jobs resolve {error['job']['id']}" in ran.err) == (state == "unconfirmed")


# an order whose command died


def dies_telling(*words: str) -> Ran:
    """A command that is killed at the moment it wants to print to stdout."""
    return hailuo(*words, first="import os, hailuo_cli.cli.show as s; s.Show._write = lambda *_: os._exit(137)")


def test_B1_an_order_that_nobody_was_told_of_is_found_by_the_same_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = says(202, {"request_id": "job-3", "status": "QUEUED"})
    with FaultServer(ACCEPTS, ACCEPTED_TOO, third) as server:
        configure(home, server.url, monkeypatch)
        assert dies_telling("submit", "a bear").code == 137
        assert hailuo("submit", "a fox").out == "pixazo:job-2\n", "another order is another order"
        again = hailuo("submit", "a bear")
        assert (again.code, again.out) == (0, "pixazo:job-1\n")
        assert "already ordered: pixazo:job-1; --again" in again.err
        assert server.posts == 2
        assert hailuo("submit", "a bear").out == "pixazo:job-3\n", "now it is known, and another one is meant"
        assert server.posts == 3


@pytest.mark.parametrize("words", [["--again"], ["--dedupe-key", "mine"]])
def test_a_command_that_wants_another_order_gets_one(
    words: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(ACCEPTS, ACCEPTED_TOO) as server:
        configure(home, server.url, monkeypatch)
        dies_telling("submit", "a bear")
        assert hailuo("submit", "a bear", *words).out == "pixazo:job-2\n"
        assert server.posts == 2


def test_an_order_that_was_picked_up_by_its_reference_is_known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(ACCEPTS, says(200, {"request_id": "job-1", "status": "QUEUED"}), ACCEPTED_TOO) as server:
        configure(home, server.url, monkeypatch)
        dies_telling("submit", "a bear")
        assert hailuo("status", "@last").code == 0
        assert hailuo("submit", "a bear").out == "pixazo:job-2\n"
        assert server.posts == 2
