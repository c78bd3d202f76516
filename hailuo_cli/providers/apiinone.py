"""API in One: image to video only, from an address; its status page is known in part."""

from __future__ import annotations

from ..model import Mode, Model, Order, RemoteState
from ..wire import Flow, get, post
from . import upstream
from .answers import SUCCESS
from .base import WEBHOOK, Provider
from .values import Progress
from .webhooks import Webhook


def _model(name: str) -> Model:
    # 10 s at 1080P: not stated; refused because the model behind it does not make it
    return Model(name, modes=(Mode.IMAGE,), variants=upstream.HAILUO, usual_seconds=120)


class ApiInOne(Provider):
    name = "apiinone"
    title = "API in One"
    docs = "https://apiin.one/model/hailuo-2-3"
    base_url = "https://apiin.one"
    key_env = "APIINONE_API_KEY"
    models = (
        # the page's example sends the bare name, which stands for the standard model
        _model("hailuo-2-3"),
        _model("hailuo/2-3-image-to-video-standard"),
        _model("hailuo/2-3-image-to-video-pro"),
    )
    options = frozenset({WEBHOOK})
    # what its calls say is on no page: the address tells which job they are about
    webhook = Webhook("body callback_url")
    local_images = False
    image_advice = "put the file where it has a public https address and give that, or choose another --provider"
    states = {
        "IN_PROGRESS": RemoteState.RUNNING,
        "completed": RemoteState.DONE,
        "failed": RemoteState.FAILED,
        # not in its documents; a public client accepts them too
        "success": RemoteState.DONE,
        "error": RemoteState.FAILED,
    }
    # no page shows an error; every answer has a `code` of its own
    success_codes = SUCCESS
    poll_seconds = 6

    def submit(self, order: Order) -> Flow[str]:
        body = {
            "model": order.model.id,
            "prompt": order.prompt,
            "image": order.image,
            "duration": str(order.duration),
            "resolution": order.resolution,
            "callback_url": order.webhook,
        }
        reply = yield post("/api/v1/videos/generations", body)
        return reply.inside("data").text("task_id")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/api/v1/tasks/{task_id}", task_id=ticket)).inside("data").about(ticket, "task_id")
        progress = self.progress(reply.text("status"), reply)
        # its page does not say where the address is; these are the places a public client looks at
        return progress.with_video(reply.address("output", "video_url") or reply.address("video_url"))
