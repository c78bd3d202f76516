"""Whole jobs of the installed command over real sockets, for every provider and every way through its API.

Every documented order there is goes through the same conversations in memory, in tests/providers/test_conformance.py.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.model import RemoteState
from tests.support.command import hailuo, point_at, words
from tests.support.standin import StandIn, small_video
from tests.wire import KEY, AnImage, OrderScript, Script, WithKey, scripts


def _one_of_each_way(script: Script) -> list[OrderScript]:
    """The first documented order for every sequence of addresses, with a file and without."""
    first: dict[tuple[Any, ...], OrderScript] = {}
    for order in script.orders:
        first.setdefault(("<file>" in order.request.values(), *(turn.path for turn in order.turns)), order)
    return list(first.values())


ORDERS = [pytest.param(s, o, id=f"{name}: {o.name}") for name, s in scripts().items() for o in _one_of_each_way(s)]


@pytest.mark.parametrize(("script", "order"), ORDERS)
def test_a_documented_order_becomes_a_saved_video(
    script: Script, order: OrderScript, home: Path, frame: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(script) as server:
        name = point_at(server, home, monkeypatch)
        ran = hailuo("generate", *words(order, frame), "--provider", name, "-o", "clip.mp4")
        assert ran.code == 0, ran.err
        assert ran.out == f"{Path('clip.mp4').absolute()}\n"
        assert Path("clip.mp4").read_bytes() == small_video()
        assert not server.complaints
        assert len(server.ordered) == 1
        turn = order.turns[-1]
        assert server.ordered[0].path == turn.path
        # an address of the API itself is that of the stand-in here
        assert turn.body == json.loads(json.dumps(server.ordered[0].body).replace(server.url, script.host))
        for header, value in turn.headers.items():
            assert server.ordered[0].headers[header.lower()] == value


def test_submit_wait_and_download_work_in_three_processes(
    standin: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = point_at(standin, home, monkeypatch)
    order = next(o for o in standin.script.orders if "<file>" not in o.request.values())
    submitted = hailuo("submit", *words(order, home), "--provider", name, fresh=True)
    assert submitted.code == 0, submitted.err
    reference = submitted.out.strip()
    assert reference.startswith(f"{name}:")
    waited = hailuo("wait", reference, "--no-download")
    assert (waited.code, waited.out) == (0, f"{reference}\n"), waited.err
    monkeypatch.setenv("HAILUO_DATA_DIR", str(home / "another machine"))
    saved = hailuo("download", reference, "-o", "there/", "--json")
    assert saved.code == 9, "a folder that is not there is not made up"
    Path("there").mkdir()
    saved = hailuo("download", reference, "-o", "there/", "--json")
    assert saved.code == 0, saved.err
    job = saved.json["data"]["jobs"][0]
    assert job["state"] == "saved"
    assert Path(job["path"]).parent == Path("there").absolute()
    assert job["sha256"] == hashlib.sha256(Path(job["path"]).read_bytes()).hexdigest()
    assert len(standin.ordered) == 1


def test_the_key_goes_to_the_provider_and_nowhere_else(
    standin: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = point_at(standin, home, monkeypatch)
    order = next(o for o in standin.script.orders if "<file>" not in o.request.values())
    assert hailuo("generate", *words(order, home), "--provider", name, "-vv").code == 0
    assert standin.fetched or isinstance(standin.script.look(RemoteState.DONE).video, WithKey)
    for asked in standin.fetched:
        assert KEY not in str(asked)
        assert not {"authorization", "cookie", "ocp-apim-subscription-key", "x-api-key"} & set(asked.headers)
    for asked in standin.asked:
        carriers = {header for header, value in asked.headers.items() if KEY in value}
        assert carriers == {header.lower() for header in standin.script.key_headers}
        assert KEY not in asked.path + str(asked.query) + str(asked.body)
    for file in (home / "data").rglob("*"):
        assert not file.is_file() or KEY[:8].encode() not in file.read_bytes()


def _one_of_each(script: Script) -> list[OrderScript]:
    """A documented order without a file and one with, where there are such."""
    with_file = [order for order in script.orders if "<file>" in order.request.values()]
    without = [order for order in script.orders if order not in with_file]
    return [*without[:1], *with_file[:1]]


@pytest.mark.parametrize(
    ("script", "order"),
    [pytest.param(s, o, id=f"{s.name}: {o.name}") for s in scripts().values() for o in _one_of_each(s)],
)
def test_a_dry_run_prints_what_would_go_out_and_sends_nothing(
    script: Script, order: OrderScript, home: Path, frame: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(script) as server:
        name = point_at(server, home, monkeypatch)
        ran = hailuo("submit", *words(order, frame), "--provider", name, "--dry-run", "--json")
        assert ran.code == 0, ran.err
        last = ran.json["data"]["requests"][-1]
        assert (last["method"], last["url"]) == ("POST", server.url + order.turns[-1].path)
        assert last["query"] == order.turns[-1].query
        assert _foreseen(order) == last["body"]
        assert not server.asked
        assert not (home / "data").exists()


def _foreseen(order: OrderScript) -> Any:
    """The body that pays, with any image where the address comes with the answer to an upload."""
    *before, last = order.turns
    answers = json.dumps([turn.reply for turn in before])

    def masked(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: masked(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [masked(inner) for inner in value]
        uploaded = isinstance(value, str) and value.startswith("https://") and json.dumps(value) in answers
        return AnImage() if uploaded else value

    return masked(last.body)


def test_a_failed_job_exits_8_with_the_reason(script: Script, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = script.look(RemoteState.FAILED)
    with StandIn(script, course=(RemoteState.RUNNING, failed)) as server:
        name = point_at(server, home, monkeypatch)
        ran = hailuo("generate", *_plain_order(script), "--provider", name, "--json")
        assert ran.code == 8
        error = ran.json["error"]
        assert (error["code"], error["exit"], error["job"]["state"]) == ("job_failed", 8, "failed")
        assert failed.reason is None or failed.reason in error["message"]


def test_a_job_that_does_not_end_is_given_up_with_the_command_that_continues(
    script: Script, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(script, course=(RemoteState.RUNNING,)) as server:
        name = point_at(server, home, monkeypatch)
        ran = hailuo("generate", *_plain_order(script), "--provider", name, "--timeout", "1", "--json")
        assert ran.code == 5
        error = ran.json["error"]
        assert (error["code"], error["job"]["state"]) == ("still_running", "submitted")
        assert error["hint"] == f"hailuo wait {error['job']['ref']}"
        server.course = (RemoteState.DONE,)
        assert hailuo("wait", error["job"]["ref"]).code == 0
        assert len(server.ordered) == 1


def test_status_looks_once_and_says_how_it_stands(script: Script, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(script) as server:
        name = point_at(server, home, monkeypatch)
        reference = f"{name}:{script.ticket}"
        states = [hailuo("status", reference, "--json").json["data"]["jobs"][0]["state"] for _ in range(3)]
        assert states[0] == "submitted"
        assert states[-1] == "succeeded"
        assert "ready" in hailuo("status", reference).out


@pytest.mark.parametrize("word", ["wait", "download", "status"])
def test_a_wrong_key_exits_3_and_names_where_the_key_came_from(
    script: Script, word: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not script.key_headers:
        pytest.skip("it has no key")
    with StandIn(script) as server:
        name = point_at(server, home, monkeypatch, api_key_env="ANOTHER_KEY")
        monkeypatch.setenv("ANOTHER_KEY", "wrong")
        ran = hailuo(word, f"{name}:{script.ticket}", "--json")
        assert ran.code == 3
        assert ran.json["error"]["code"] == "auth"
        assert "ANOTHER_KEY" in ran.json["error"]["message"]


def _plain_order(script: Script) -> list[str]:
    """The first documented order that needs no file."""
    return words(next(o for o in script.orders if "<file>" not in o.request.values()), Path())
