"""OpenRouter: one video protocol for every maker; the video itself needs the key."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ContentRefused
from ..model import Image, Mode, Model, Order, RemoteState
from ..wire import Flow, Reply, get, post
from . import upstream
from .base import WEBHOOK, Provider
from .values import Progress
from .webhooks import Claim, Webhook, WebhookCall, from_hex

H3 = upstream.h3("2K", shortest=5)
FLAGGED = "flagged"


def _signed(call: WebhookCall) -> Claim:
    # https://openrouter.ai/docs/cookbook/video-generation/video-generation-webhooks: `t=…,v1=…`, and a comma in the
    # message where others have a dot
    parts = [part.strip().partition("=") for part in call.header("X-OpenRouter-Signature").split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    signatures = tuple(from_hex(value) for name, _, value in parts if name == "v1")
    return Claim(f"{timestamp},".encode() + call.body, timestamp, signatures)


class OpenRouter(Provider):
    name = "openrouter"
    title = "OpenRouter"
    docs = "https://openrouter.ai/docs/guides/overview/multimodal/video-generation"
    base_url = "https://openrouter.ai"
    key_env = "OPENROUTER_API_KEY"
    models = (
        # which sizes it passes on is only in the reply of /api/v1/videos/models; what it does not, it refuses with 400.
        # The page has one price for a second, which is that of 1080P elsewhere
        Model(
            "minimax/hailuo-2.3",
            variants=upstream.HAILUO,
        ),
        Model(
            "minimax/hailuo-3",
            family=upstream.H3,
            modes=(Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST),
            variants=H3,
            prompt_limit=upstream.H3_PROMPT,
        ),
    )
    options = frozenset({WEBHOOK})
    webhook = Webhook("body callback_url", job=(("data", "id"),), claim=_signed)
    states = {
        "pending": RemoteState.QUEUED,
        "in_progress": RemoteState.RUNNING,
        "completed": RemoteState.DONE,
        "failed": RemoteState.FAILED,
        "cancelled": RemoteState.CANCELLED,
        "expired": RemoteState.GONE,
    }
    error_codes = {FLAGGED: ContentRefused}
    own_paths = (("error",),)
    # "There is no available model provider that meets your routing requirements":
    # https://openrouter.ai/docs/api-reference/errors
    not_taken = frozenset({"503"})
    poll_seconds = 10  # its own example looks every 30 s

    def submit(self, order: Order) -> Flow[str]:
        frames = [(order.image, "first_frame"), (order.last_image, "last_frame")]
        body = {
            "model": order.model.id,
            "prompt": order.prompt,
            "duration": order.duration,
            "resolution": order.resolution.replace("P", "p"),
            "frame_images": [_frame(image, name) for image, name in frames if image] or None,
            "callback_url": order.webhook,
        }
        reply = yield post("/api/v1/videos", body)
        return reply.text("id")

    def check(self, ticket: str) -> Flow[Progress]:
        # the `polling_url` of the answer is this path at this host
        reply = (yield get("/api/v1/videos/{id}", id=ticket)).about(ticket, "id")
        # "usage.cost" of a job that is done is what it cost: https://openrouter.ai/docs/guides/overview/multimodal/video-generation
        progress = replace(self.progress(reply.text("status"), reply), billed=reply.amount("usage", "cost"))
        # so is `unsigned_urls[0]`, and despite its name it is answered with 401 without the key
        return progress.with_video(get("/api/v1/videos/{id}/content", id=ticket, index="0"))

    def codes(self, reply: Reply) -> list[str]:
        # a 403 is also that of a key without the right; moderation alone gives its reasons
        return [*([FLAGGED] if reply.value("error", "metadata", "reasons") else []), *super().codes(reply)]


def _frame(image: Image, frame_type: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": image}, "frame_type": frame_type}
