"""A server that plays a provider's script over a real socket: strict about what it is asked, and it keeps a record.

Each host that gets the key has a port of its own, and storage and videos, which never get it, have another.

Run by hand for other clients: python -m tests.support.standin minimax
"""

from __future__ import annotations

import json
import re
import ssl
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hailuo_cli.model import RemoteState
from tests.support.canary import SIGNATURE, shown_in
from tests.wire import File, Form, Look, OrderScript, Script, Turn, WithKey, scripts

COURSE = (RemoteState.QUEUED, RemoteState.RUNNING, RemoteState.DONE)
STORAGE = ""
"""The name of what is no host of the API: storage for uploads, and videos."""
NOT_FOUND = (404, {"message": "the documents know no such request"})


@dataclass
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None
    host: str = ""
    """The documented host whose place the asked port takes."""


@dataclass
class StandIn:
    """A provider's hosts, storage and videos on loopback ports. `course` is what a job goes through, one step a look."""

    script: Script
    course: tuple[RemoteState | Look, ...] = COURSE
    asked: list[Asked] = field(default_factory=list)
    fetched: list[Asked] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    check_key: bool = True
    check_headers: bool = True
    """Whether a header of a vendor's kind that no document has is a complaint; other people's clients have their own."""
    one_host: bool = False
    """Whether the API's own port takes what is meant for the other hosts: a base_url of the user's own gets everything."""
    video: bytes | None = None
    tls: ssl.SSLContext | None = None
    video_at: str | None = None
    """Where the video is, if not here."""

    def __post_init__(self) -> None:
        self._looks: Counter[str] = Counter()
        self._orders: dict[str, int] = {}
        self._servers: dict[str, ThreadingHTTPServer] = {}
        self._billing = {order.turns[-1].path for order in self.script.orders}
        self._uploads = {t.path: t for order in self.script.orders for t in order.turns if t.method == "PUT"}
        self.video = self.video or small_video()

    def __enter__(self) -> StandIn:
        for host in (*self.script.hosts, STORAGE):
            answer = self._serve_video if host == STORAGE else partial(self._answer, host)
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
            if self.tls:
                server.socket = self.tls.wrap_socket(server.socket, server_side=True)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            self._servers[host] = server
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        if kind is None:
            assert not shown_in(str(self.fetched)), "the key went to the server of the video"

    @property
    def url(self) -> str:
        return self.address(self.script.host)

    def address(self, host: str) -> str:
        """Where a documented host is played."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._servers[host].server_port}"

    @property
    def video_url(self) -> str:
        return self.video_at or f"{self.address(STORAGE)}/output.mp4?Signature={SIGNATURE}"

    @property
    def ordered(self) -> list[Asked]:
        """Every request that billed."""
        return [asked for asked in self.asked if asked.method == "POST" and asked.path in self._billing]

    @property
    def _known(self) -> dict[str, str]:
        """What replies say of addresses, and what is true here."""
        known = {path: f"{self.address(STORAGE)}/upload/{n}" for n, path in enumerate(self._uploads)}
        if not isinstance(self.script.look(RemoteState.DONE).video, WithKey):
            known[self.script.video] = self.video_url
        return known | {host: self.address(host) for host in self.script.hosts}

    def _answer(self, host: str, asked: Asked) -> tuple[int, Any]:
        asked.host = host
        self.asked.append(asked)
        for name, value in (*self.script.key_headers.items(), *self.script.extras.items()):
            if self.check_key and asked.headers.get(name.lower()) != value:
                self.complaints.append(f"{asked.path}: header {name} is {asked.headers.get(name.lower())!r}")
                return 401, {"message": "the key is missing or wrong"}
        if unknown := [name for name in asked.headers if self.check_headers and not self._documented(name)]:
            self.complaints.append(f"{asked.path}: headers {unknown} are in no document")
            return 400, {"message": f"unknown headers {unknown}"}
        return self._taken(asked) or self._looked(asked) or self._fetched(asked) or self._unknown(asked)

    def _documented(self, header: str) -> bool:
        if not header.startswith("x-") and header not in ("authorization", "cookie", "prefer"):
            return True
        turns = [turn for order in self.script.orders for turn in order.turns]
        known = [*self.script.key_headers, *self.script.extras, *(name for turn in turns for name in turn.headers)]
        return header in {name.lower() for name in known}

    def _unknown(self, asked: Asked) -> tuple[int, Any]:
        self.complaints.append(f"{asked.method} {asked.path} {asked.query} at {asked.host} is in no document")
        return NOT_FOUND

    def _taken(self, asked: Asked) -> tuple[int, Any] | None:
        """The answer to a submit whose host, path and field types some documented order has."""
        posts = [turn for order in self.script.orders for turn in order.turns if turn.method == asked.method == "POST"]
        same = [turn for turn in posts if asked.path == turn.path and asked.host in self._hosts(turn)]
        if not same:
            return None
        problem = strange(asked.query, [dict(turn.query) for turn in same])
        problem = problem or strange(asked.body, [turn.body for turn in same])
        if problem:
            self.complaints.append(f"{asked.path}: {problem}")
            return 400, {"message": problem}
        known = self._known
        if asked.path in self._billing:
            known[self.script.id] = self._new_id()
        return same[0].status, _replaced(same[0].reply, known)

    def _hosts(self, turn: Turn) -> tuple[str, ...]:
        return (turn.host or self.script.host, *([self.script.host] if self.one_host else []))

    def _new_id(self) -> str:
        number = len(self._orders) + 1
        self._orders[f"{self.script.id[:-4]}{number:04}"] = number
        return f"{self.script.id[:-4]}{number:04}"

    def _looked(self, asked: Asked) -> tuple[int, Any] | None:
        for one in [*self._orders, self.script.id]:
            look = self._current(one)
            for position, turn in enumerate(look.turns):
                query = {name: value for name, value in asked.query.items() if name not in turn.allows}
                if _replaced(_where(turn), {self.script.id: one}) == [asked.method, asked.path, query]:
                    if position == 0:
                        self._looks[one] += 1
                    return turn.status, _replaced(turn.reply, {**self._known, self.script.id: one})
        return None

    def _current(self, one: str) -> Look:
        known = {look.says for look in self.script.looks}
        course = [step for step in self.course if isinstance(step, Look) or step in known]
        step = course[min(self._looks[one], len(course) - 1)]
        return step if isinstance(step, Look) else self.script.look(step)

    def _fetched(self, asked: Asked) -> tuple[int, Any] | None:
        """A video that the API itself hands out."""
        for one in [*self._orders, self.script.id]:
            place = self.script.look(RemoteState.DONE).video
            if isinstance(place, WithKey):
                documented = ["GET", place.path, dict(place.query)]
                if _replaced(documented, {self.script.id: one}) == [asked.method, asked.path, asked.query]:
                    return 200, self.video
        return None

    def _serve_video(self, asked: Asked) -> tuple[int, Any]:
        """What storage hands out and takes in."""
        self.fetched.append(asked)
        if asked.method == "GET":
            return 200, self.video
        upload = next((turn for n, turn in enumerate(self._uploads.values()) if asked.path == f"/upload/{n}"), None)
        if upload is None:
            return self._unknown(asked)
        for name, value in upload.headers.items():
            if asked.headers.get(name.lower()) != value:
                self.complaints.append(f"{asked.path}: header {name} is {asked.headers.get(name.lower())!r}")
        return 200, b""


def strange(body: Any, documented: list[Any]) -> str | None:
    """What is wrong with a body: a field that no documented one has, or one of another type."""
    if not isinstance(body, dict):
        return "the body is no object"
    examples = [d for d in documented if isinstance(d, Form) == isinstance(body, Form)]
    if not examples:
        return f"the body is {'a form' if isinstance(body, Form) else 'JSON'}"
    for name, value in body.items():
        if problem := _odd(value, [d[name] for d in examples if isinstance(d, dict) and name in d]):
            return f"{name}: {problem}"
    return None


def _odd(value: Any, examples: list[Any]) -> str | None:
    if not examples:
        return "unknown field"
    if isinstance(value, dict) and not isinstance(value, Form):
        return strange(value, examples)
    if isinstance(value, list):
        inside = [one for e in examples if isinstance(e, list) for one in e]
        return next((problem for one in value if (problem := _odd(one, inside))), None)
    if not any(value == e or type(value) is type(e) for e in examples):
        return f"a {type(value).__name__}"
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


def _read(raw: bytes, kind: str) -> Any:
    if kind == "application/json":
        return json.loads(raw) if raw else None
    if not kind.startswith("multipart/form-data"):
        return raw or None
    form = Form()
    for part in message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw).walk():
        if name := part.get_param("name", header="Content-Disposition"):
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            file = part.get_filename()
            form[str(name)] = File(file, part.get_content_type(), content) if file else content.decode()
    return form


def _where(turn: Turn) -> list[Any]:
    return [turn.method, turn.path, dict(turn.query)]


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, texts) for inner in value]
    if isinstance(value, str) and texts:
        return re.sub("|".join(map(re.escape, texts)), lambda found: texts[found[0]], value)
    return value


def _handler(answer: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = _read(raw, self.headers.get("Content-Type", ""))
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


def order_named(script: Script, name: str) -> OrderScript:
    return next(order for order in script.orders if order.name == name)


def main() -> None:
    """Serve one provider's script until interrupted, printing every request."""
    server = StandIn(scripts()[sys.argv[1]], check_key="--any-key" not in sys.argv, check_headers=False)
    with server:
        sys.stdout.write(f"{server.url}\n")
        for host in server.script.hosts[1:]:
            sys.stdout.write(f"{server.address(host)} for {host}\n")
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
