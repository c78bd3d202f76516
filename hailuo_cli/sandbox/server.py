"""The sandbox as a service: takes a request, moves through its states by the clock, serves a real MP4.

A job is a folder, so that one process can submit and another wait. The video is drawn when somebody first asks
after the job, not when it is submitted: a submit returns at once.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..distribution.installation import missing_extra
from ..errors import HailuoError, UsageError

SECONDS = 4.0
"""How long a job takes unless it says otherwise with `seconds`; drawing the video may take longer."""
QUEUED_SHARE = 0.2
MOST_LISTED = 100
CANCELLED = "cancelled"
"""The file that says so in a job's folder."""
_ID = re.compile(r"sbx_[0-9a-f]{16}")
_DATA_URL = re.compile(r"data:image/(jpeg|png|webp);base64,")


class Studio:
    """The jobs of the sandbox, each a folder with its request, its pictures and, once drawn, its video."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._easel = threading.Lock()
        self._drawing: dict[str, float] = {}

    def order(self, body: Any) -> str:
        """Take a request; ValueError says what is wrong with it."""
        if not isinstance(body, dict) or not isinstance(body.get("prompt"), str) or not body["prompt"].strip():
            raise ValueError("prompt must be a text")
        duration, resolution = body.get("duration", 6), body.get("resolution", "768P")
        if duration not in (6, 10) or resolution not in ("768P", "1080P"):
            raise ValueError("duration must be 6 or 10 and resolution 768P or 1080P")
        seconds = body.get("seconds", SECONDS)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 3600:
            raise ValueError("seconds must be a number from 0 to 3600")
        job_id = f"sbx_{secrets.token_hex(8)}"
        order = {
            "prompt": body["prompt"],
            "duration": duration,
            "resolution": resolution,
            "seconds": seconds,
            "fail": body.get("fail"),
            "created_at": self._now(),
        }
        pictures = {name: _picture(body[name], name) for name in ("image", "last_image") if body.get(name)}
        new = self._folder / f"{job_id}.new"
        new.mkdir(parents=True)
        for name, content in pictures.items():
            (new / name).write_bytes(content)
            order[name] = name
        (new / "job.json").write_text(json.dumps(order), encoding="utf-8")
        new.rename(self._folder / job_id)
        return job_id

    def look(self, job_id: str) -> dict[str, Any] | None:
        """Where a job stands, None for an unknown one. Starts drawing the video when it is time."""
        order = self._order(job_id)
        if order is None:
            return None
        if (self._folder / job_id / CANCELLED).exists():
            return {"id": job_id, "status": "cancelled"}
        elapsed = self._now() - order["created_at"]
        share = min(1.0, elapsed / order["seconds"]) if order["seconds"] else 1.0
        if share < QUEUED_SHARE:
            return {"id": job_id, "status": "queued", "progress": 0}
        if order["fail"]:
            if share < 1:
                return {"id": job_id, "status": "processing", "progress": int(99 * share)}
            return {"id": job_id, "status": "failed", "error": str(order["fail"])}
        error = self._folder / job_id / "error.txt"
        if error.exists():
            return {"id": job_id, "status": "failed", "error": error.read_text(encoding="utf-8")}
        drawn = 1.0 if self.video(job_id) else self._draw(job_id, order)
        if share == drawn == 1:
            return {"id": job_id, "status": "done", "progress": 100}
        return {"id": job_id, "status": "processing", "progress": int(99 * min(share, drawn))}

    def cancel(self, job_id: str) -> dict[str, Any] | None:
        """Where a job stands once it was to stop; one that has ended stays as it is."""
        state = self.look(job_id)
        if state and state["status"] in ("queued", "processing"):
            (self._folder / job_id / CANCELLED).touch()
        return self.look(job_id)

    def listed(self) -> list[dict[str, Any]]:
        """The newest jobs, the newest first."""
        known = [(path.name, order) for path in self._folder.glob("sbx_*") if (order := self._order(path.name))]
        known.sort(key=lambda job: job[1]["created_at"], reverse=True)
        return [
            {"id": name, "created_at": _written(order["created_at"]), "prompt": order["prompt"]}
            for name, order in known[:MOST_LISTED]
        ]

    def video(self, job_id: str) -> Path | None:
        """The finished file of a job."""
        path = self._folder / job_id / "video.mp4"
        return path if _ID.fullmatch(job_id) and path.exists() else None

    def _order(self, job_id: str) -> dict[str, Any] | None:
        if not _ID.fullmatch(job_id):
            return None
        with contextlib.suppress(OSError, ValueError):
            order: dict[str, Any] = json.loads((self._folder / job_id / "job.json").read_text(encoding="utf-8"))
            return order
        return None

    def _draw(self, job_id: str, order: dict[str, Any]) -> float:
        """How much of the video is drawn, from 0 to 1."""
        if job_id not in self._drawing:
            self._drawing[job_id] = 0.0
            threading.Thread(target=self._render, args=(job_id, order), daemon=True).start()
        return self._drawing[job_id]

    def _render(self, job_id: str, order: dict[str, Any]) -> None:
        folder = self._folder / job_id

        def note(share: float) -> None:
            self._drawing[job_id] = min(share, 0.99)

        with self._easel:
            try:
                from .animatic import render
                from .shot import Shot

                shot = Shot(
                    prompt=order["prompt"],
                    duration=order["duration"],
                    resolution=order["resolution"],
                    image=folder / "image" if "image" in order else None,
                    last_image=folder / "last_image" if "last_image" in order else None,
                )
                render(shot, folder / "video.mp4", note)
            except (HailuoError, OSError, ValueError) as error:
                with contextlib.suppress(OSError):
                    (folder / "error.txt").write_text(f"the video could not be drawn: {error}", encoding="utf-8")


def application(studio: Studio) -> Any:
    """The sandbox as an ASGI application."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import FileResponse, JSONResponse, Response
    from starlette.routing import Route

    async def order(request: Request) -> Response:
        try:
            job_id = studio.order(json.loads(await request.body()))
            return JSONResponse({"id": job_id, "status": "queued"}, status_code=202)
        except ValueError as error:
            return JSONResponse({"error": {"message": str(error)}}, status_code=400)

    def look(request: Request) -> Response:
        job_id = request.path_params["id"]
        found = studio.cancel(job_id) if request.method == "POST" else studio.look(job_id)
        if found is None:
            return JSONResponse({"error": {"message": "no such job in this sandbox"}}, status_code=404)
        if found["status"] == "done":
            found["video_url"] = str(request.url_for("video", id=job_id))
        return JSONResponse(found)

    def listed(_: Request) -> Response:
        return JSONResponse({"videos": studio.listed()})

    def video(request: Request) -> Response:
        path = studio.video(request.path_params["id"])
        if path is None:
            return JSONResponse({"error": {"message": "there is no video yet"}}, status_code=404)
        return FileResponse(path, media_type="video/mp4")

    return Starlette(
        routes=[
            Route("/v1/videos", order, methods=["POST"]),
            Route("/v1/videos", listed, methods=["GET"]),
            Route("/v1/videos/{id}", look, methods=["GET"]),
            Route("/v1/videos/{id}/cancel", look, methods=["POST"]),
            Route("/v1/videos/{id}/video.mp4", video, methods=["GET"], name="video"),
        ]
    )


def serve(folder: Path, listener: socket.socket) -> None:
    """Answer on a listening socket until the process is told to stop."""
    _server(folder).run(sockets=[listener])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """A sandbox in this process, on a loopback port of its own; the value is its address."""
    listener = listen(0)
    server = _server(folder)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(timeout=2)
        listener.close()


def listen(port: int) -> socket.socket:
    """A listening loopback socket, ready before anything is imported that could answer on it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint="choose another --port") from error
    listener.listen(128)
    return listener


def address(listener: socket.socket) -> str:
    """Where a listening socket is reached."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _server(folder: Path) -> Any:
    for name in ("av", "PIL", "starlette", "uvicorn"):
        if importlib.util.find_spec(name) is None:
            raise missing_extra("sandbox", f"the sandbox needs its extra ({name} is missing)")
    import uvicorn

    config = uvicorn.Config(
        application(Studio(folder)), log_level="critical", access_log=False, lifespan="off", ws="none", http="h11"
    )
    return uvicorn.Server(config)


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _picture(text: Any, name: str) -> bytes:
    found = _DATA_URL.match(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"the sandbox fetches nothing from the network: {name} must be a file of yours")
    return base64.b64decode(text[found.end() :], validate=True)
