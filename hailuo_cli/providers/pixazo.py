"""Pixazo: one endpoint per mode, no model field, a public R2 link for the video."""

from __future__ import annotations

from ..model import Mode, Model, Order, RemoteState
from ..wire import Flow, get, post
from . import camera_words
from .base import OPTIMIZER, PRETREATMENT, WATERMARK, WEBHOOK, Provider
from .values import Progress
from .webhooks import Webhook


class Pixazo(Provider):
    name = "pixazo"
    title = "Pixazo"
    docs = "https://www.pixazo.ai/models/hailuo"
    base_url = "https://gateway.pixazo.ai"
    key_env = "PIXAZO_API_KEY"
    # the page has no model field; this id is the `model_id` of its status replies
    models = (
        Model(
            "minimax-hailuo-ai",
            # 10 s at 1080P is not in its tables; refused because the model behind it does not make it
        ),
    )
    options = frozenset({OPTIMIZER, PRETREATMENT, WATERMARK, WEBHOOK})
    webhook = Webhook("header X-Webhook-URL", job=(("request_id",),))
    # it promises "15+ camera instructions" without a list, so MiniMax's own words go out
    camera = camera_words.ENGLISH
    states = {
        "QUEUED": RemoteState.QUEUED,
        "PROCESSING": RemoteState.RUNNING,
        "COMPLETED": RemoteState.DONE,
        "FAILED": RemoteState.FAILED,
        "ERROR": RemoteState.FAILED,
    }
    # the page has HTTP statuses and no codes; `error` is a name for them, `message` says more
    own_paths = (("error",), ("message",), ("request_id",))
    # "System error, not charged": its page says so of ERROR, and not of FAILED
    unbilled_ends = frozenset({"error"})
    poll_seconds = 5

    def auth(self, key: str) -> dict[str, str]:
        return {"Ocp-Apim-Subscription-Key": key, "Cache-Control": "no-cache"}

    def submit(self, order: Order) -> Flow[str]:
        body = {
            "prompt": order.prompt,
            "first_frame_image": order.image,
            "duration": order.duration,
            "resolution": order.resolution,
            "prompt_optimizer": order.prompt_optimizer,
            "fast_pretreatment": order.fast_pretreatment,
            "aigc_watermark": order.watermark,
        }
        path = "imageToVideo" if order.mode is Mode.IMAGE else "generate"
        reply = yield post(f"/minimax-hailuo-ai/v1/{path}", body, headers={"X-Webhook-URL": order.webhook})
        return reply.text("request_id")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v2/requests/status/{request_id}", request_id=ticket)).about(ticket, "request_id")
        progress = self.progress(reply.text("status"), reply)
        # documented as a list; some clients saw a plain text
        return progress.with_video(reply.address("output", "media_url", 0))
