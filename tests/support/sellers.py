"""Three sellers on one loopback port, for batches: Pixazo, MyRouter and MiniMax, with faults that prompts ask for.

A prompt with LOST is taken and never answered, with FAIL its job fails, with REFUSE it is refused for its content.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hailuo_cli.providers import PROVIDERS
from tests.support.canary import KEY
from tests.support.standin import small_video

NAMES = ("pixazo", "myrouter", "minimax")


class Sellers:
    """`orders` are the prompts of the orders that were taken, `posts` all that came; a job takes `seconds`."""

    def __init__(self, seconds: float = 0.2, *, slow_down: int = 0, retry_after: str = "0") -> None:
        self.seconds = seconds
        self.orders: list[str] = []
        self.posts = 0
        self.in_flight: Counter[str] = Counter()
        self.most_in_flight: Counter[str] = Counter()
        self.fetched: Counter[str] = Counter()
        self.ordered = threading.Event()
        self.orders_before_the_event = 1
        self.slow_down = slow_down
        """So many orders get a 429 at first, which asks for `retry_after` seconds."""
        self.retry_after = retry_after
        self._jobs: dict[str, tuple[str, str, float]] = {}
        self._over: set[str] = set()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._video = small_video()

    def __enter__(self) -> Sellers:
        sellers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answered = sellers.take(self.path, body["prompt"])
                if answered is None:
                    self.close_connection = True
                    return
                self.send(*answered)

            def do_GET(self) -> None:
                if self.path.startswith("/video/"):
                    sellers.fetched[self.path.rpartition("/")[2]] += 1
                    return self.send(200, sellers._video, "video/mp4")
                return self.send(200, sellers.look(self.path))

            def send(self, status: int, content: Any, kind: str = "application/json") -> None:
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if status == 429:
                    self.send_header("Retry-After", sellers.retry_after)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def configure(self, home: Path, monkeypatch: Any, profile: str = "") -> None:
        """A config whose three sellers are here, with their keys in the environment."""
        lines = ["[profiles.test]", 'provider = "pixazo"', profile]
        for name in NAMES:
            lines += [f"[profiles.test.providers.{name}]", f'base_url = "{self.url}"']
            monkeypatch.setenv(str(PROVIDERS[name].key_env), KEY)
        path = home / "hailuo.toml"
        path.write_text("\n".join(lines) + "\n")
        monkeypatch.setenv("HAILUO_CONFIG", str(path))

    def take(self, path: str, prompt: str) -> tuple[int, Any] | None:
        """An order: what is answered, None where the answer is lost."""
        seller = "minimax" if path.startswith("/v1/") else "myrouter" if path.startswith("/v3/") else "pixazo"
        with self._lock:
            self.posts += 1
            if self.slow_down > 0:
                self.slow_down -= 1
                return 429, {"message": "slow down"}
            if "REFUSE" in prompt:
                return 400, {"reason": "ILLEGAL_PROMPT", "message": "not this"}
            ticket = f"job{next(self._numbers)}"
            self._jobs[ticket] = (seller, prompt, time.monotonic())
            self.orders.append(prompt)
            self.in_flight[seller] += 1
            self.most_in_flight[seller] = max(self.most_in_flight[seller], self.in_flight[seller])
            if len(self.orders) >= self.orders_before_the_event:
                self.ordered.set()
        if "LOST" in prompt:
            return None
        if seller == "minimax":
            return 200, {"task_id": ticket, "base_resp": {"status_code": 0, "status_msg": "success"}}
        return 200, {"task_id": ticket} if seller == "myrouter" else {"request_id": ticket}

    def look(self, path: str) -> Any:
        """How a job stands."""
        ticket = path.rpartition("/" if "/status/" in path else "=")[2]
        if path.startswith("/v1/files/retrieve"):
            file = {"file_id": ticket, "download_url": f"{self.url}/video/{ticket}"}
            return {"file": file, "base_resp": {"status_code": 0, "status_msg": "success"}}
        seller, prompt, began = self._jobs[ticket]
        is_over = time.monotonic() - began >= self.seconds
        with self._lock:
            if is_over and ticket not in self._over:
                self._over.add(ticket)
                self.in_flight[seller] -= 1
        word = "running" if not is_over else "failed" if "FAIL" in prompt else "done"
        return _SAID[seller](ticket, word, f"{self.url}/video/{ticket}")


def _pixazo(ticket: str, word: str, url: str) -> Any:
    status = {"running": "PROCESSING", "failed": "FAILED", "done": "COMPLETED"}[word]
    return {"request_id": ticket, "status": status, "output": {"media_url": [url] if word == "done" else []}}


def _myrouter(ticket: str, word: str, url: str) -> Any:
    status = {"running": "PROCESSING", "failed": "FAILED", "done": "SUCCEED"}[word]
    videos = [{"video_url": url}] if word == "done" else []
    return {"task": {"task_id": ticket, "status": f"TASK_STATUS_{status}"}, "videos": videos}


def _minimax(ticket: str, word: str, url: str) -> Any:
    status = {"running": "Processing", "failed": "Fail", "done": "Success"}[word]
    fine = {"base_resp": {"status_code": 0, "status_msg": "success"}}
    return {"task_id": ticket, "status": status, "file_id": ticket if word == "done" else "", **fine}


_SAID = {"pixazo": _pixazo, "myrouter": _myrouter, "minimax": _minimax}
