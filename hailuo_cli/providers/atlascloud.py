"""Atlas Cloud: WaveSpeed's models and replies, with the model in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import LocalImage, Mode, Order, RemoteState
from ..wire import Flow, post, send_file
from . import upstream
from .base import OPTIMIZER, WEBHOOK, placeholder
from .protocols.predictions import PredictionsProtocol
from .webhooks import Claim, Webhook, WebhookCall, from_base64

if TYPE_CHECKING:
    from decimal import Decimal


def _signed(call: WebhookCall) -> Claim:
    # https://atlascloud.ai/docs/en/webhooks. The older HMAC of X-AtlasCloud-Webhook-Signature is being retired and not
    # taken: whoever may choose between two schemes chooses the weaker one
    timestamp = call.header("X-AtlasCloud-Webhook-Timestamp")
    return Claim(
        f"{timestamp}.".encode() + call.body,
        timestamp,
        (from_base64(call.header("X-AtlasCloud-Webhook-Signature-Ed25519")),),
        key_id=call.header("X-AtlasCloud-Webhook-Key-Id") or None,
    )


class AtlasCloud(PredictionsProtocol):
    name = "atlascloud"
    title = "Atlas Cloud"
    docs = "https://www.atlascloud.ai/docs/models/get-start"
    base_url = "https://api.atlascloud.ai"
    key_env = "ATLASCLOUD_API_KEY"
    # its pages give what others ask for a clip as the price of a second; unknown until one of them is corrected
    models = (
        upstream.tier("minimax/hailuo-2.3/t2v-standard", modes=(Mode.TEXT,)),
        upstream.tier("minimax/hailuo-2.3/i2v-standard", modes=(Mode.IMAGE,)),
        upstream.tier("minimax/hailuo-2.3/t2v-pro", pro=True, modes=(Mode.TEXT,)),
        upstream.tier("minimax/hailuo-2.3/i2v-pro", pro=True, modes=(Mode.IMAGE,)),
        upstream.tier("minimax/hailuo-2.3/fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,)),
    )
    options = frozenset({OPTIMIZER, WEBHOOK})
    states = {
        **PredictionsProtocol.states,
        # not on its page; public clients accept them too
        "succeeded": RemoteState.DONE,
        "error": RemoteState.FAILED,
        "canceled": RemoteState.CANCELLED,
        "cancelled": RemoteState.CANCELLED,
    }
    webhook = Webhook(
        "body webhook_url",
        job=(("session_id",),),
        claim=_signed,
        key_set="https://api.atlascloud.ai/api/v1/webhooks/jwks.json",
    )
    # "the amount reserved at submission is automatically released … when a task ends in a failed state":
    # https://www.atlascloud.ai/docs/billing/refunds.md
    unbilled_ends = frozenset({"failed"})
    result_path = "/api/v1/model/prediction/{id}"

    def submit(self, order: Order) -> Flow[str]:
        image = yield from self.image_reference(order.image)
        body = {**self.body(order, image), "webhook_url": order.webhook}
        reply = (yield post("/api/v1/model/generateVideo", body)).inside("data")
        return reply.text("id")

    def body(self, order: Order, image: object) -> dict[str, object]:
        return {
            "model": order.model.id,
            "prompt": order.prompt,
            "image": image,
            "duration": order.duration_field,
            "enable_prompt_expansion": order.prompt_optimizer,
        }

    def estimate(self, order: Order) -> Flow[Decimal | None]:
        # its page on billing names "the cost estimation API" (https://atlascloud.ai/docs/en/billing); address and answer
        # are those of public clients, in dollars, as are all its prices
        body = self.body(order, placeholder(order.image))
        reply = yield post("/api/v1/model/calculate", body, bills=False).extended(order.params)
        return reply.inside("data").amount("price")

    def upload(self, image: LocalImage) -> Flow[str]:
        reply = (yield send_file("/api/v1/model/uploadMedia", image)).inside("data")
        # its guide reads the one, its skills and every client the other
        return reply.address("download_url") or reply.url("url")
