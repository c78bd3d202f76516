"""The stand-in provider on the user's own machine: no key, no cost, a real MP4."""

from __future__ import annotations

from ..model import Mode, Model, Order, RemoteState
from ..wire import Flow, Reply, get, post
from . import camera_words, upstream
from .base import OPTIMIZER, PRETREATMENT, WATERMARK, Provider
from .values import Found, Progress


class Sandbox(Provider):
    name = "sandbox"
    title = "The sandbox"
    docs = "docs/sandbox.md"
    base_url = "http://127.0.0.1"
    key_env = None
    models = (
        Model(
            "animatic",
            modes=(Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST),
            variants=upstream.HAILUO,
            usual_seconds=8,
        ),
    )
    options = frozenset({OPTIMIZER, PRETREATMENT, WATERMARK})
    remote_images = False
    image_advice = "give a file of yours"
    camera = camera_words.ENGLISH
    states = {
        "queued": RemoteState.QUEUED,
        "processing": RemoteState.RUNNING,
        "done": RemoteState.DONE,
        "failed": RemoteState.FAILED,
        "cancelled": RemoteState.CANCELLED,
        "gone": RemoteState.GONE,
    }
    unbilled_ends = frozenset({"failed", "cancelled"})
    free_params = frozenset({"seconds"})
    poll_seconds = 0.5

    def auth(self, key: str) -> dict[str, str]:
        return {}

    def submit(self, order: Order) -> Flow[str]:
        body = {
            "prompt": order.prompt,
            "image": order.image,
            "last_image": order.last_image,
            "duration": order.duration,
            "resolution": order.resolution,
            "prompt_optimizer": order.prompt_optimizer,
            "fast_pretreatment": order.fast_pretreatment,
            "watermark": order.watermark,
        }
        reply = yield post("/v1/videos", body)
        return reply.text("id")

    def check(self, ticket: str) -> Flow[Progress]:
        return self._progress((yield get("/v1/videos/{id}", id=ticket)).about(ticket, "id"))

    def cancel(self, ticket: str) -> Flow[Progress]:
        return self._progress((yield post("/v1/videos/{id}/cancel", bills=False, id=ticket)).about(ticket, "id"))

    def find(self) -> Flow[list[Found]]:
        rows = (yield get("/v1/videos")).rows("videos")
        return [Found(row.text("id"), row.moment("created_at"), None, row.find("prompt")) for row in rows]

    def _progress(self, reply: Reply) -> Progress:
        progress = self.progress(reply.text("status"), reply, percent=reply.percent("progress"))
        return progress.with_video(reply.address("video_url"))
