"""A server that plays a provider's script over a real socket: strict about what it is asked, and it keeps a record.

Run by hand for other clients: python -m tests.standin minimax
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hailuo_cli.model import State

from .canary import SIGNATURE, shown_in
from .wire import Look, Order, Script, Turn, scripts

COURSE = (State.QUEUED, State.RUNNING, State.DONE)
NOT_FOUND = (404, {"message": "the documents know no such request"})


@dataclass
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class StandIn:
    """The API on one port, the video on another. `course` is what a job goes through, one step a look."""

    script: Script
    course: tuple[State | Look, ...] = COURSE
    asked: list[Asked] = field(default_factory=list)
    fetched: list[Asked] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    check_key: bool = True
    video: bytes | None = None
    video_at: str | None = None
    """Where the video is, if not here."""

    def __post_init__(self) -> None:
        self._looks: Counter[str] = Counter()
        self._orders: dict[str, int] = {}
        self._servers: list[ThreadingHTTPServer] = []
        self._billing = {order.turns[-1].path for order in self.script.orders}
        self._uploads = {t.path for order in self.script.orders for t in order.turns if t.method == "PUT"}
        self.video = self.video or small_video()

    def __enter__(self) -> StandIn:
        for answer in (self._answer, self._serve_video):
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            self._servers.append(server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        if kind is None:
            assert not shown_in(str(self.fetched)), "the key went to the server of the video"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def video_url(self) -> str:
        return self.video_at or f"{self._other}/output.mp4?Signature={SIGNATURE}"

    @property
    def ordered(self) -> list[Asked]:
        """Every request that billed."""
        return [asked for asked in self.asked if asked.method == "POST" and asked.path in self._billing]

    @property
    def _other(self) -> str:
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    def _answer(self, asked: Asked) -> tuple[int, Any]:
        self.asked.append(asked)
        for name, value in (*self.script.key_headers.items(), *self.script.extras.items()):
            if self.check_key and asked.headers.get(name.lower()) != value:
                self.complaints.append(f"{asked.path}: header {name} is {asked.headers.get(name.lower())!r}")
                return 401, {"message": "the key is missing or wrong"}
        return self._taken(asked) or self._looked(asked) or self._unknown(asked)

    def _unknown(self, asked: Asked) -> tuple[int, Any]:
        self.complaints.append(f"{asked.method} {asked.path} {asked.query} is in no document")
        return NOT_FOUND

    def _taken(self, asked: Asked) -> tuple[int, Any] | None:
        """The answer to a submit whose path and field types some documented order has."""
        paths = [turn for order in self.script.orders for turn in order.turns if turn.method == asked.method == "POST"]
        same_path = [turn for turn in paths if turn.path == asked.path]
        if not same_path:
            return None
        problem = strange(asked.body, [turn.body for turn in same_path])
        if problem:
            self.complaints.append(f"{asked.path}: {problem}")
            return 400, {"message": problem}
        turn = same_path[0]
        known = dict.fromkeys(self._uploads, f"{self._other}/upload")
        if asked.path in self._billing:
            known[self.script.ticket] = self._new_ticket()
        return turn.status, _replaced(turn.reply, known)

    def _new_ticket(self) -> str:
        number = len(self._orders) + 1
        self._orders[f"{self.script.ticket[:-4]}{number:04}"] = number
        return f"{self.script.ticket[:-4]}{number:04}"

    def _looked(self, asked: Asked) -> tuple[int, Any] | None:
        for ticket in [*self._orders, self.script.ticket]:
            look = self._current(ticket)
            for position, turn in enumerate(look.turns):
                if _replaced(_where(turn), {self.script.ticket: ticket}) == [asked.method, asked.path, asked.query]:
                    if position == 0:
                        self._looks[ticket] += 1
                    known = {self.script.video: self.video_url, self.script.ticket: ticket}
                    return turn.status, _replaced(turn.reply, known)
        return None

    def _current(self, ticket: str) -> Look:
        known = {look.says for look in self.script.looks}
        course = [step for step in self.course if isinstance(step, Look) or step in known]
        step = course[min(self._looks[ticket], len(course) - 1)]
        return step if isinstance(step, Look) else self.script.look(step)

    def _serve_video(self, asked: Asked) -> tuple[int, Any]:
        self.fetched.append(asked)
        return 200, self.video if asked.method == "GET" else b""


def strange(body: Any, documented: list[Any]) -> str | None:
    """What is wrong with a body: a field that no documented one has, or one of another type."""
    if not isinstance(body, dict):
        return "the body is no object"
    for name, value in body.items():
        examples = [d[name] for d in documented if isinstance(d, dict) and name in d]
        if not examples:
            return f"unknown field {name}"
        if isinstance(value, dict):
            if inner := strange(value, examples):
                return f"{name}: {inner}"
        elif not any(value == e or type(value) is type(e) for e in examples):
            return f"{name} is a {type(value).__name__}"
    return None


@cache
def small_video() -> bytes:
    """A real MP4 of a few frames, as small as they come."""
    import av

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.mp4"
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=24)
            stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
            for shade in range(12):
                frame = av.VideoFrame(64, 36, "rgb24")
                frame.planes[0].update(bytes([shade * 20]) * frame.planes[0].buffer_size)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


def _where(turn: Turn) -> list[Any]:
    return [turn.method, turn.path, dict(turn.query)]


def _replaced(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, texts) for inner in value]
    if isinstance(value, str):
        for old, new in texts.items():
            value = value.replace(old, new)
    return value


def _handler(answer: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = self.headers.get("Content-Type") == "application/json"
            body = json.loads(raw) if raw and is_json else raw or None
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, reply = answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
            content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            start = 0
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if isinstance(reply, bytes) and wanted and int(wanted[1]) < len(reply):
                start, status = int(wanted[1]), 206
            self.send_response(status)
            self.send_header("Content-Type", "video/mp4" if isinstance(reply, bytes) else "application/json")
            self.send_header("Content-Length", str(len(content) - start))
            if isinstance(reply, bytes):
                self.send_header("ETag", '"one"')
                self.send_header("Accept-Ranges", "bytes")
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            self.wfile.write(content[start:])

        do_GET = do_POST = do_PUT = _do  # noqa: N815 - the names http.server looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


def order_named(script: Script, name: str) -> Order:
    return next(order for order in script.orders if order.name == name)


def main() -> None:
    """Serve one provider's script until interrupted, printing every request."""
    server = StandIn(scripts()[sys.argv[1]], check_key="--any-key" not in sys.argv)
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        shown = 0
        try:
            while True:
                threading.Event().wait(0.1)
                for asked in server.asked[shown:]:
                    sys.stdout.write(f"{asked.method} {asked.path} {asked.query} {json.dumps(asked.body)[:300]}\n")
                    sys.stdout.flush()
                    shown += 1
        except KeyboardInterrupt:
            pass
        for complaint in server.complaints:
            sys.stdout.write(f"complaint: {complaint}\n")


if __name__ == "__main__":
    main()
