"""API in One: image to video only, from an address; its status page is known in part."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Mode, Model, Order, RemoteState, Shape
from ..wire import Flow, Reply, get, post
from . import upstream
from .base import WEBHOOK, Prices, Progress, Provider
from .webhooks import Webhook

STANDARD = {(6, "768P"): 30, (10, "768P"): 45, (6, "1080P"): 45}


def _model(name: str, prices: Mapping[Shape, float]) -> Model:
    # 10 s at 1080P: not stated; refused because the model behind it does not make it
    return Model(name, modes=(Mode.IMAGE,), variants=upstream.HAILUO, prices=prices, usual_seconds=120)


class ApiInOne(Provider):
    name = "apiinone"
    title = "API in One"
    docs = "https://apiin.one/model/hailuo-2-3"
    base_url = "https://apiin.one"
    key_env = "APIINONE_API_KEY"
    models = (
        # the page's example sends the bare name, which stands for the standard model
        _model("hailuo-2-3", STANDARD),
        _model("hailuo/2-3-image-to-video-standard", STANDARD),
        _model("hailuo/2-3-image-to-video-pro", {}),  # 45 to 85 credits, not said which for what
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
    poll_seconds = 6
    prices = Prices(source="https://apiin.one/model/hailuo-2-3", seen="2026-10", unit="credits", usd=0.01)

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
        reason = reply.find("error", "message") or reply.find("error")
        progress = self.progress(reply.text("status"), reason=reason)
        # its page does not say where the address is; these are the places a public client looks at
        return progress.with_video(reply.address("output", "video_url") or reply.address("video_url"))

    def fault_code(self, reply: Reply) -> str | None:
        code = reply.find("code")
        return None if code in ("200", "0") else code
