"""Hundreds of jobs of one command over real sockets: none is lost, none is asked too often, one connection a worker."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.orders.delivery import Delivery
from hailuo_cli.providers import PROVIDERS
from tests.support.command import Running, hailuo
from tests.support.standin import small_video
from tests.wire import KEY

POSIX = pytest.mark.skipif(os.name == "nt", reason="it is about POSIX signals")
GUARD = 90.0


class Busy:
    """Pixazo with many jobs: one is done at its `looks`-th look; `refuse` of all requests get a 429 at first."""

    def __init__(self, looks: int, refuse: int = 0) -> None:
        self.looks: Counter[str] = Counter()
        self.moments: dict[str, list[float]] = defaultdict(list)
        self.fetched: Counter[str] = Counter()
        self.connections: set[Any] = set()
        self.refused: list[float] = []
        self.first = threading.Event()
        self._enough, self._refuse = looks, refuse
        self._lock = threading.Lock()

    def __enter__(self) -> Busy:
        busy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                if self.path.startswith("/video/"):
                    busy.fetched[name] += 1
                    return self._send(200, small_video(), "video/mp4")
                status, said = busy.answer(name, self.client_address)
                return self._send(status, json.dumps(said).encode(), "application/json")

            def _send(self, status: int, content: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, ticket: str, connection: Any) -> tuple[int, Any]:
        with self._lock:
            self.connections.add(connection)
            self.moments[ticket].append(time.monotonic())
            if len(self.refused) < self._refuse:
                self.refused.append(time.monotonic())
                return 429, {"message": "slow down"}
            self.first.set()
            self.looks[ticket] += 1
            said: dict[str, Any] = {"request_id": ticket, "status": "PROCESSING"}
            if self.looks[ticket] >= self._enough:
                said |= {"status": "COMPLETED", "output": {"media_url": [f"{self.url}/video/{ticket}"]}}
            return 200, said


@pytest.fixture
def pixazo(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts a busy Pixazo that the config points at."""
    started: list[Busy] = []

    def start(looks: int, refuse: int = 0) -> Busy:
        busy = Busy(looks, refuse).__enter__()
        started.append(busy)
        path = home / "hailuo.toml"
        path.write_text(f'[profiles.test.providers.pixazo]\nbase_url = "{busy.url}"\n')
        monkeypatch.setenv("HAILUO_CONFIG", str(path))
        monkeypatch.setenv(str(PROVIDERS["pixazo"].key_env), KEY)
        return busy

    yield start
    for busy in started:
        busy.__exit__()


def references(count: int) -> list[str]:
    return [f"pixazo:job-{number}" for number in range(count)]


def test_N10_three_hundred_jobs_are_waited_for_in_one_process_and_none_is_lost(pixazo: Any) -> None:
    server = pixazo(looks=3)
    ran = hailuo("wait", *references(300), "--no-download", "--json", timeout=GUARD)
    assert ran.code == 0, ran.err
    jobs = ran.json["data"]["jobs"]
    assert {job["ref"] for job in jobs} == set(references(300))
    assert len(jobs) == 300, "one result a job"
    assert {job["state"] for job in jobs} == {"succeeded"}
    assert set(server.looks.values()) == {3}, "each job is looked at until it is done, and not once more"
    # one may be given up where two workers reach for the same one at once
    assert len(server.connections) <= 2 * Delivery().at_once, "a connection a worker, not one a job"


def test_many_videos_are_saved_each_under_its_own_name_and_fetched_once(pixazo: Any) -> None:
    server = pixazo(looks=2)
    Path("out").mkdir()
    ran = hailuo("wait", *references(40), "-o", "out/", timeout=GUARD)
    assert ran.code == 0, ran.err
    saved = ran.out.splitlines()
    assert len(set(saved)) == 40
    assert all(Path(path).read_bytes() == small_video() for path in saved)
    assert not list(Path("out").glob("*.part"))
    assert set(server.fetched.values()) == {1}
    assert len(server.fetched) == 40
    again = hailuo("download", *references(40), timeout=GUARD)
    assert again.code == 0, again.err
    assert sorted(again.out.splitlines()) == sorted(saved)
    assert set(server.fetched.values()) == {1}, "what is here is not fetched again"


def test_a_download_of_many_says_of_each_what_became_of_it(pixazo: Any) -> None:
    pixazo(looks=2)
    ran = hailuo("download", *references(12), "--json", timeout=GUARD)
    assert ran.code == 5
    assert len(ran.json["data"]["jobs"]) == 12
    assert ran.err.count("is not finished yet") == 12


def test_C8_after_a_refusal_every_job_leaves_the_provider_alone_for_as_long_as_it_asks(pixazo: Any) -> None:
    server = pixazo(looks=1, refuse=1)
    ran = hailuo("wait", *references(60), "--no-download", timeout=GUARD)
    assert ran.code == 0, ran.err
    refused = server.refused[0]
    later = [moment for moments in server.moments.values() for moment in moments if moment > refused]
    underway = 2 * Delivery().at_once  # these had left when it was refused, or left before the refusal was heard
    assert sum(moment < refused + 0.9 for moment in later) <= underway


@POSIX
@pytest.mark.parametrize("count", [3, 200])
def test_B5_ctrl_c_among_many_jobs_leaves_one_command_that_continues_with_every_one(pixazo: Any, count: int) -> None:
    server = pixazo(looks=10**6)
    process = Running("wait", *references(count), "--no-download")
    server.first.wait(GUARD)
    process.signal(signal.SIGINT)
    ran = process.end(GUARD)
    assert ran.code == 130, ran.err
    hints = [line.split("→ ")[1] for line in ran.err.splitlines() if "→ hailuo wait" in line]
    assert len(hints) == 1
    named = hints[0].split()[2:]
    assert len(named) == len(set(named)) == count
    again = hailuo(*hints[0].split()[1:], "--no-download", "--timeout", "1", "--json", timeout=GUARD)
    assert again.code == 5
    assert len(again.json["data"]["jobs"]) == count
