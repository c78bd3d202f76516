"""`--listen` and `hailuo listen` as installed: a stand-in calls back, and the video is there."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.client import Client
from hailuo_cli.orders.events import Finished
from hailuo_cli.orders.wait_and_save import deliver
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.webhooks.job_listener import listening
from hailuo_cli.webhooks.keyring import Keyring
from hailuo_cli.webhooks.listen_service import Attendance
from hailuo_cli.webhooks.places import Place
from hailuo_cli.webhooks.server import bound, serving
from tests.support.command import Running, hailuo, ledger_rows, words
from tests.wire import Script, scripts

from .caller import CALLING, Caller, at, free_port, started
from .post import post
from .signers import SIGNERS

NEVER = "600s"
"""An interval so long that no look but the first one comes of it."""
BY_POLLING = 600.0
GUARD = 120.0
"""Seconds after which a command hangs."""


def order(script: Script) -> list[str]:
    """The first documented order that needs no file."""
    return words(next(one for one in script.orders if "<file>" not in one.request.values()), Path())


def without_webhook(typed: list[str]) -> list[str]:
    if "--webhook" not in typed:
        return typed
    place = typed.index("--webhook")
    return typed[:place] + typed[place + 2 :]


def request_of(script: Script) -> dict[str, Any]:
    """The first documented order that needs no file, as the options of the client."""
    asked = dict(next(one.request for one in script.orders if "<file>" not in one.request.values()))
    asked.pop("webhook", None)
    return {**asked, "param": asked.pop("params", None), "provider": script.name}


def finishing(caller: Caller) -> None:
    """Have the jobs done, and their webhooks called, as soon as one of them was looked at."""

    def finish() -> None:
        caller.looked.wait(60)
        caller.finish()

    threading.Thread(target=finish, daemon=True).start()


@pytest.mark.parametrize("script", CALLING.values(), ids=CALLING)
def test_a_job_is_saved_when_its_provider_calls_long_before_the_next_look(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    client = Client()
    place = Place("https://hooks.example.com/in", caller.port)
    with client.context() as context, listening(context, place, home / "data" / "webhooks") as ears:
        how = client.delivery(output="clip.mp4", poll_interval=NEVER, timeout="60s")
        terms = client.terms("generate", how, {})
        job = client.order(context, request_of(caller.script), terms, how, address=ears.new_address).only()
        assert ears.expect(job, context.account_of(job))
        finishing(caller)
        *_, last = deliver(context, [job], how, wakeups=ears.wakeups)
    assert isinstance(last, Finished)
    assert last.error is None
    assert time.monotonic() - caller.finished_at < 0.1 * BY_POLLING
    assert Path("clip.mp4").read_bytes() == caller.video
    assert [got.status for got in caller.answers] == [200]
    assert [got.body for got in caller.challenged] in ([], [{"challenge": 20261126}])
    assert job.webhook == next(iter(caller.addresses.values()))


@pytest.mark.parametrize("script", CALLING.values(), ids=CALLING)
def test_listening_for_everybody_saves_what_a_provider_calls_about(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = at(caller, home, monkeypatch)
    client = Client()
    place = Place("https://hooks.example.com/in", caller.port)
    address = place.for_account(name, bytes(32))
    with client.context() as context:
        account = context.config.account(name)
        keyring = Keyring(context, home / "data" / "webhooks")
        keyring.add([account])
        attendance = Attendance(context, {name: account}, {name: address}, keyring, place.url)
        with serving(attendance.receiver, bound("127.0.0.1", caller.port)):
            how = client.delivery(output="clips/", poll_interval=NEVER)
            terms = client.terms("submit", how, {})
            job = client.order(context, request_of(caller.script), terms, how, address=lambda _: address).only()
            caller.finish()
            last = next(event for event in attendance.follow(how) if isinstance(event, Finished))
    assert (last.job.id, last.error) == (job.id, None)
    assert [path.read_bytes() for path in Path("clips").iterdir()] == [caller.video]
    assert keyring.state(name).startswith("signatures are checked with") == (name in SIGNERS)


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_the_command_saves_a_job_when_its_provider_calls(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    running = started(caller, "generate", "A storm", "-o", "clip.mp4", "--poll-interval", NEVER)
    assert caller.looked.wait(60)
    caller.finish()
    ran = running.end()
    assert (ran.code, ran.out) == (0, f"{Path.cwd() / 'clip.mp4'}\n"), ran.err
    assert next(iter(caller.addresses.values())).startswith("https://hooks.example.com/in/job/")


@pytest.mark.parametrize("script", [CALLING["replicate"]], ids=["replicate"])
def test_without_any_call_the_job_is_finished_by_polling(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    caller.calls = False
    running = started(caller, "generate", *without_webhook(order(caller.script)), "-o", "clip.mp4")
    assert caller.looked.wait(60)
    caller.finish()
    assert running.end().code == 0
    assert Path("clip.mp4").read_bytes() == caller.video


@pytest.mark.parametrize("script", [CALLING["replicate"]], ids=["replicate"])
def test_a_forged_call_wakes_nobody(caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(caller, home, monkeypatch)
    running = started(
        caller, "generate", *without_webhook(order(caller.script)), "-o", "clip.mp4", "--poll-interval", NEVER
    )
    assert caller.looked.wait(60)
    caller.looked.clear()
    (job,) = caller.addresses
    assert caller.call(job, **{"webhook-signature": "v1,AAAA"}).status == 401
    assert not caller.looked.wait(1)
    caller.finish()
    ran = running.end()
    assert ran.code == 0
    assert ran.err.count("was refused") == 1


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_takes_have_an_address_each(caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(caller, home, monkeypatch)
    running = started(caller, "generate", "A storm", "--takes", "3", "-o", "clip-{take}.mp4", "--poll-interval", NEVER)
    running.says("running")
    caller.finish()
    assert running.end().code == 0
    assert len(set(caller.addresses.values())) == 3
    assert sorted(path.name for path in Path().glob("*.mp4")) == ["clip-1.mp4", "clip-2.mp4", "clip-3.mp4"]


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_a_job_that_was_submitted_with_an_address_is_heard_of_by_wait(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    submitted = started(caller, "submit", "A storm").end()
    assert submitted.code == 0
    running = started(caller, "wait", submitted.out.strip(), "-o", "clip.mp4", "--poll-interval", NEVER)
    assert caller.looked.wait(60)
    caller.finish()
    assert running.end().code == 0
    assert Path("clip.mp4").exists()


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_the_same_request_with_another_address_is_the_same_request(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    first = started(caller, "submit", "A storm", "--dedupe-key", "k").end()
    second = started(caller, "submit", "A storm", "--dedupe-key", "k").end()
    assert (first.code, second.code, first.out) == (0, 0, second.out)
    assert len(caller.ordered) == 1


def _listen(caller: Caller, *more: str) -> tuple[Running, dict[str, str]]:
    """`hailuo listen` that is ready, and the address of each provider."""
    running = Running(
        "listen", "--url", "https://hooks.example.com/in", "--port", str(caller.port), "-o", "clips/", *more
    )
    # it never ends by itself, so a test that waits for what it does not say is ended here
    guard = threading.Timer(GUARD, running.process.kill)
    guard.daemon = True
    guard.start()
    running.says("listening on")
    assert running.process.stdout is not None
    line = running.process.stdout.readline().decode().split()
    return running, {line[0]: line[1]}


@pytest.mark.parametrize("script", [CALLING["atlascloud"]], ids=["atlascloud"])
def test_hailuo_listen_saves_what_a_provider_calls_about(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = at(caller, home, monkeypatch)
    running, addresses = _listen(caller)
    typed = without_webhook(order(caller.script))
    submitted = hailuo("submit", *typed, "--webhook", addresses[name])
    assert submitted.code == 0, submitted.err
    caller.finish()
    running.says("saved: ")
    running.signal(signal.SIGTERM)
    ran = running.end()
    assert ran.code == 143
    (saved,) = Path("clips").iterdir()
    assert saved.read_bytes() == caller.video
    assert ran.out == f"{saved.absolute()}\n"
    assert [state for state, _ in ledger_rows(home)] == ["saved"]


@pytest.mark.parametrize("script", [CALLING["fal"]], ids=["fal"])
def test_hailuo_listen_takes_the_addresses_of_jobs_that_were_ordered_with_listen(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(caller, home, monkeypatch)
    elsewhere = f"https://hooks.example.com/in:{free_port()}"
    running, _ = _listen(caller)
    submitted = hailuo("submit", *without_webhook(order(caller.script)), "--listen", elsewhere)
    assert submitted.code == 0, submitted.err
    caller.finish()
    running.says("saved: ")
    running.signal(signal.SIGINT)
    assert running.end().code == 130
    assert [got.status for got in caller.answers] == [200]


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_a_webhook_alone_changes_nothing(caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider says `running` when it is asked, whatever its call said; and it does not know a job that is made up."""
    name = at(caller, home, monkeypatch)
    running, addresses = _listen(caller)
    hailuo("submit", "A storm", "--webhook", addresses[name])
    before = ledger_rows(home)
    (job,) = caller.addresses
    path = addresses[name].removeprefix("https://hooks.example.com")
    assert caller.call(job).status == 200
    assert post(caller.port, path, b'{"request_id": "made-up", "status": "COMPLETED"}').status == 200
    assert post(caller.port, path, b'{"request_id": "../../x", "status": "COMPLETED"}').status == 200
    running.says("running")
    running.signal(signal.SIGTERM)
    running.end()
    assert ledger_rows(home) == before
    assert [state for state, _ in before] == ["submitted"]
    caller.complaints.clear()


@pytest.mark.parametrize("script", [CALLING["pixazo"]], ids=["pixazo"])
def test_another_machines_job_is_taken_in_when_its_provider_knows_it(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = at(caller, home, monkeypatch)
    running, addresses = _listen(caller)
    hailuo("submit", "A storm", "--webhook", addresses[name], env={"HAILUO_DATA_DIR": str(home / "elsewhere")})
    caller.finish()
    running.says("saved: ")
    running.signal(signal.SIGTERM)
    running.end()
    assert [state for state, _ in ledger_rows(home)] == ["saved"]


@pytest.mark.parametrize("script", [CALLING["kie"]], ids=["kie"])
def test_calls_are_passed_on_as_they_came(
    caller: Caller, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = at(caller, home, monkeypatch)
    with Caller(scripts()["pixazo"]) as program:
        running, addresses = _listen(caller, "--forward", f"{program.url}/in")
        hailuo("submit", *without_webhook(order(caller.script)), "--webhook", addresses[name])
        caller.finish()
        running.says("saved: ")
        running.says("warning: a call could not be passed on")  # the stand-in has no such path
        running.signal(signal.SIGTERM)
        running.end()
        passed = program.asked[0]
        program.complaints.clear()
    assert (passed.path, passed.body) == ("/in", json_of(caller))
    assert passed.headers["x-webhook-signature"]


def json_of(caller: Caller) -> Any:
    (job,) = caller.addresses
    told = caller.script.tells[-1].body
    return {**told, "data": {**told["data"], "task_id": job}}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["generate", "x", "--provider", "novita", "--listen", "https://h.example.com"], "Novita has no webhooks"),
        (["submit", "x", "--provider", "sandbox", "--listen", "https://h.example.com"], "The sandbox has no webhooks"),
        (["check", "x", "--provider", "novita", "--listen", "https://h.example.com"], "Novita has no webhooks"),
        (["submit", "x", "--dry-run", "--provider", "ppio", "--listen", "https://h.example.com"], "has no webhooks"),
        (["submit", "x", "--provider", "pixazo", "--listen", "http://h.example.com"], "--listen must be"),
        (["submit", "x", "--provider", "pixazo", "--listen", "h.example.com"], "--listen must be"),
        (["submit", "x", "--provider", "pixazo", "--listen", ""], "--listen"),
        (["submit", "x", "--provider", "pixazo", "--listen", "https://h.example.com?a=1"], "--listen must be"),
        (["submit", "x", "--provider", "pixazo", "--listen", "https://h.example.com:99999"], "not a port"),
        (
            ["submit", "x", "--provider", "pixazo", "--listen", "https://h.example", "--webhook", "https://h.example"],
            "exclude each other",
        ),
        (["listen", "--url", "http://h.example.com"], "--url must be"),
        (["listen", "--url", "https://h.example.com", "--forward", "http://far.example.com/x"], "--forward"),
        (["listen", "--url", "https://h.example.com", "--bind", "not-an-address"], "--bind"),
    ],
)
def test_what_cannot_be_listened_to_is_refused_before_an_order(
    typed: list[str], said: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("novita", "pixazo", "ppio"):
        monkeypatch.setenv(str(PROVIDERS[name].key_env), "no-key")
    ran = hailuo(*typed)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert ledger_rows(home) == []


def test_a_port_that_is_taken_is_refused_before_an_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setenv("PIXAZO_API_KEY", "no-key")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = hailuo("submit", "x", "--provider", "pixazo", "--listen", f"https://h.example.com:{port}")
    assert (ran.code, f"port {port}" in ran.err) == (2, True), ran.err
    assert ledger_rows(home) == []


def test_listening_without_any_key_that_could_look_is_refused(home: Path) -> None:
    assert hailuo("listen", "--url", "https://h.example.com").code == 3
