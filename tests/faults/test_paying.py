"""Group A of the fault list, on the installed command: whatever goes wrong around an order, it is paid at most once.

Judged by what the server was asked, by the exit code, by what is on stderr and by the ledger on disk.
"""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import (
    Answer,
    Asked,
    Gate,
    Play,
    chunked,
    cut,
    lingering,
    redirects,
    refuses,
    resets,
    says,
    stated,
    unframed,
)
from tests.support.certificates import certified
from tests.support.command import HURRIED, Ran, Running, configure, hailuo, ledger_rows
from tests.support.fault_server import FaultServer

POSIX = pytest.mark.skipif(os.name == "nt", reason="terminals and signals are those of POSIX")
ACCEPTED = {"request_id": "job-1", "status": "QUEUED"}
ACCEPTS = says(202, ACCEPTED)
HOSTILE = "no luck \x1b]0;title\x07\x1b[2J\u202e [link=https://e.example]x[/] \x9b31m"


@dataclass(frozen=True)
class Row:
    """One fault and what must come of it: exit code, words on stderr, state in the ledger, orders at the server,
    the reference on stdout.
    """

    answers: tuple[Play, ...]
    code: int
    words: tuple[str, ...]
    state: str
    posts: int = 1
    name: str = "pixazo"
    out: str = ""


def doubt(*answers: Play, words: tuple[str, ...] = ()) -> Row:
    said = ("may have been accepted and billed", "not sent again", "hailuo jobs resolve", *words)
    return Row(answers, 7, said, "unconfirmed")


def refusal(code: int, *answers: Play, words: tuple[str, ...] = (), name: str = "pixazo") -> Row:
    return Row(answers, code, words, "refused", name=name)


def base(code: int) -> Play:
    return says(200, {"task_id": "", "base_resp": {"status_code": code, "status_msg": "the vendor's words"}})


ROWS: dict[str, Row] = {
    "A2 a reset": doubt(resets),
    "A3 a JSON cut by a stated length": doubt(stated(says(202, ACCEPTED), 20)),
    "A3 a JSON cut in chunks": doubt(cut(chunked(says(202, ACCEPTED)), 20)),
    "A3 a JSON cut and nobody said how long it is": doubt(cut(unframed(says(202, ACCEPTED)), 20)),
    "A4 no id": doubt(says(200, {"status": "QUEUED"})),
    "A4 null": doubt(says(200, {"request_id": None})),
    "A4 an empty id": doubt(says(200, {"request_id": ""})),
    "A4 a list": doubt(says(200, {"request_id": ["job-1"]})),
    "A4 10 KB": doubt(says(200, {"request_id": "x" * 10_000})),
    "A4 an id that drives a terminal": doubt(says(200, {"request_id": HOSTILE})),
    "A4 a number": Row((says(200, {"request_id": 17}),), 0, (), "submitted", out="pixazo:17\n"),
    "A5 a login page": doubt(says(200, b"<html>Hotel", Content_Type="text/html"), words=("text/html", "proxy")),
    "A7 429 that says when": Row(
        (says(429, {}, Retry_After="1"), ACCEPTS),
        0,
        ("retrying in 1 s",),
        "submitted",
        posts=2,
        out="pixazo:job-1\n",
    ),
    **{
        f"A8 Retry-After {value}": refusal(4, says(429, {}, Retry_After=value))
        for value in ("86400", "1e20", "-1", "nan", "\xb2", "120, 60", "Wed, 21 Oct 2099 07:28:00 GMT")
    },
    **{
        f"A9 {status}": doubt(says(status, {"message": HOSTILE}), words=(str(status),))
        for status in (500, 502, 503, 504, 522, 524)
    },
    "A10 400": refusal(2, says(400, {"message": HOSTILE}), words=("no luck", "\\x1b]0;title\\x07", "\\u202e")),
    "A10 422": refusal(2, says(422, {"message": "10 s is too long"}), words=("10 s is too long",)),
    "A11 401": refusal(3, says(401, {"message": "denied"}), words=("PIXAZO_API_KEY", "denied")),
    "A11 403": refusal(3, says(403), words=("PIXAZO_API_KEY",)),
    "A12 402": refusal(4, says(402, {"error": "Insufficient Balance"}), words=("Insufficient Balance",)),
    "A12 1008 in a 200": refusal(4, base(1008), name="minimax", words=("the vendor's words",)),
    "A13 1002 in a 200": refusal(4, base(1002), name="minimax"),
    "A13 1004 in a 200": refusal(3, base(1004), name="minimax", words=("MINIMAX_API_KEY",)),
    "A13 1026 in a 200": refusal(10, base(1026), name="minimax", words=("the vendor's words",)),
    **{f"A14 {status}": refusal(12, redirects(status), words=("127.0.0.1",)) for status in (301, 307, 308)},
    **{f"A15 {status}": doubt(redirects(status), words=("127.0.0.1",)) for status in (302, 303)},
    "an answer on a connection that does not close": Row(
        (lingering(ACCEPTS, 1),), 0, (), "submitted", out="pixazo:job-1\n"
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_order_that_goes_wrong_ends_as_the_fault_list_says(
    row: Row, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(*row.answers) as server:
        configure(home, server.url, monkeypatch, row.name)
        ran = hailuo("submit", "a bear", timeout=20)
        assert ran.code == row.code, ran.err
        for words in row.words:
            assert words in ran.err
        assert ran.out == row.out
        assert [state for state, _ in ledger_rows(home)] == [row.state]
        assert server.posts == len(server.asked) == row.posts
        assert len({asked.digest for asked in server.asked}) == 1
        assert server.other.connections == 0


# A6: nothing leaves


@contextmanager
def unreachable(home: Path) -> Iterator[dict[str, tuple[str, dict[str, str]]]]:
    """Addresses where no order can arrive, and the environment that goes with each."""
    context, cert = certified(home)
    trust = {"SSL_CERT_FILE": str(cert)}
    with ExitStack() as stack:

        def serves(*plays: Play, **how: Any) -> FaultServer:
            server = FaultServer(*plays, **how)
            stack.enter_context(server)
            return server

        down, plain, closed = serves(), serves(ACCEPTS), serves(ACCEPTS)
        down.down()
        closed.down()
        no_tls = plain.url.replace("http:", "https:")
        strange = serves(ACCEPTS, tls=context).url
        elsewhere = strange.replace("127.0.0.1", "localhost")
        login, broken = serves(says(407, b"<html>Sign in")), serves(says(502, b"<html>Bad gateway"))
        yield {
            "a port nobody listens on": (down.url, {}),
            "a server without TLS": (no_tls, trust),
            "a certificate nobody vouches for": (strange, {}),
            "a certificate for another name": (elsewhere, trust),
            "a proxy that wants a login": ("https://provider.example", {"HTTPS_PROXY": login.url}),
            "a proxy that answers with a page": ("https://provider.example", {"HTTPS_PROXY": broken.url}),
            "a proxy that is not there": ("https://provider.example", {"HTTPS_PROXY": closed.url}),
        }
        assert not plain.asked


def test_A6_an_order_that_cannot_leave_says_that_nothing_was_sent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with unreachable(home) as places:
        running: dict[str, tuple[Path, Running]] = {}
        for number, (place, (url, environ)) in enumerate(places.items()):
            own = home / str(number)
            own.mkdir()
            configure(own, url, monkeypatch)
            monkeypatch.setenv("HAILUO_DATA_DIR", str(own / "data"))
            running[place] = own, Running("submit", "a bear", env={**os.environ, **environ})
        for place, (own, command) in running.items():
            ran = command.end(40)
            assert (place, ran.code) == (place, 6), ran.err
            assert "nothing was sent" in ran.err
            assert [state for state, _ in ledger_rows(own)] == ["not_sent"]


# the same order again


def test_A16_the_same_command_again_gives_the_first_job(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch)
        ran = [hailuo("submit", "a bear", "--dedupe-key", "mine") for _ in range(2)]
        assert [(one.code, one.out) for one in ran] == [(0, "pixazo:job-1\n")] * 2
        assert server.posts == len(ledger_rows(home)) == 1


def test_A17_eight_processes_with_one_dedupe_key_pay_once_and_all_get_the_job(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(gate := Gate(ACCEPTS)) as server:
        configure(home, server.url, monkeypatch)
        running = [Running("submit", "a bear", "--dedupe-key", "mine") for _ in range(8)]
        assert gate.arrived.wait(60)
        gate.open.set()
        ended = [one.end() for one in running]
        assert {(one.code, one.out) for one in ended} == {(0, "pixazo:job-1\n")}
        assert server.posts == 1
        assert ledger_rows(home) == [("submitted", "job-1")]


def test_A18_a_dedupe_key_of_another_request_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("submit", "a bear", "--dedupe-key", "mine").code == 0
        ran = hailuo("submit", "a wolf", "--dedupe-key", "mine")
        assert ran.code == 2
        assert "already stands for" in ran.err
        assert server.posts == 1


def test_A19_without_a_terminal_an_order_in_doubt_is_not_repeated_unless_told_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(resets, ACCEPTS) as server:
        configure(home, server.url, monkeypatch)
        assert hailuo("submit", "a bear").code == 7
        again = hailuo("submit", "a bear", stdin="y\n")
        assert again.code == 7
        assert "--despite-unconfirmed" in again.err
        assert server.posts == 1
        assert hailuo("submit", "a bear", "--yes").code == 7, "it only answers questions about spending"
        assert hailuo("submit", "a bear", "--again").code == 7
        assert hailuo("submit", "a bear", "--despite-unconfirmed").code == 0
        assert ledger_rows(home) == [("unconfirmed", None), ("submitted", "job-1")]
        assert server.posts == 2


# many orders, and before any


def test_A20_a_batch_whose_server_dies_goes_on_where_it_can_and_pays_for_nothing_twice(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count(1)

    def accepts(asked: Asked) -> Answer:
        return says(202, {"request_id": f"job-{next(numbers)}"})(asked)

    def order(number: int, fresh: bool = True) -> Ran:
        return hailuo("submit", f"bear {number}", "--dedupe-key", f"batch-{number}", first=HURRIED, fresh=fresh)

    with FaultServer(*[accepts] * 8, refuses(), accepts) as server, ThreadPoolExecutor(8) as pool:
        configure(home, server.url, monkeypatch)
        first = [order(number, fresh=False) for number in range(20)]
        assert [ran.code for ran in first] == [0] * 8 + [7] + [6] * 11
        states = [state for state, _ in ledger_rows(home)]
        assert Counter(states) == {"submitted": 8, "unconfirmed": 1, "not_sent": 11}
        server.up()
        again = list(pool.map(order, range(20)))
        assert [ran.code for ran in again] == [0] * 8 + [7] + [0] * 11
        assert [ran.out for ran in again[:8]] == [ran.out for ran in first[:8]]
        assert server.posts == 9 + 11
        assert len({asked.digest for asked in server.asked}) == 20


@pytest.mark.parametrize(("name", "limit"), [("pixazo", "0.34"), ("minimax", "100")], ids=["too dear", "no price"])
def test_A21_an_order_above_the_limit_or_without_a_known_price_is_not_sent(
    name: str, limit: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch, name)
        ran = hailuo("submit", "a bear", "--max-cost", limit)
        assert ran.code == 4
        assert "--max-cost" in ran.err
        assert (server.connections, ledger_rows(home)) == (0, [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(404, {"success": False, "error": {"code": "JOB_NOT_FOUND"}}), 8),
        (says(409), 6),
        (says(400, {"success": False, "error": {"code": "JOB_CANNOT_BE_CANCELLED"}}), 2),
        (resets, 6),
    ],
    ids=["404", "409", "too late", "no answer"],
)
def test_A22_a_cancel_that_fails_changes_nothing_and_says_that_the_job_may_bill(
    answer: Play, code: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(says(200, {"success": True, "data": {"jobId": "job-1", "status": "pending"}}), answer) as server:
        configure(home, server.url, monkeypatch, "pixelbyte")
        assert hailuo("status", "pixelbyte:job-1").code == 0
        ran = hailuo("cancel", "pixelbyte:job-1")
        assert ran.code == code, ran.err
        assert "bill" in ran.err
        assert ledger_rows(home) == [("submitted", "job-1")]
        assert len(server.asked) == 2


def test_A23_a_dry_run_prints_the_request_with_the_key_hidden_and_asks_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(ACCEPTS) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("submit", "a bear", "--dry-run", "-v")
        assert ran.code == 0
        assert json.loads(ran.out)[0]["headers"]["Ocp-Apim-Subscription-Key"] == "********"
        assert (server.connections, ledger_rows(home)) == (0, [])


@pytest.mark.parametrize(
    ("answer", "code", "hint"),
    [
        (says(401), 3, "is the key a good one? A new one: hailuo config set-key pixazo"),
        (says(402, {"error": "Insufficient Balance"}), 4, "top up at pixazo, and run it again"),
    ],
    ids=["401", "402"],
)
def test_A11_A12_what_a_seller_says_of_the_key_or_the_money_has_a_way_on(
    answer: Play, code: int, hint: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(answer) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("submit", "a bear")
        assert ran.code == code
        assert f"→ {hint}" in ran.err
