"""WaveSpeed: a path per model, tiers for resolutions; files go to an address it hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ContentRefused, InvalidRequest, JobFailed, ServerTrouble
from ..model import LocalImage, Mode, Model, Order, RemoteState
from ..wire import Flow, Upload, fields_of, get, post
from . import upstream
from .base import OPTIMIZER, WEBHOOK, placeholder
from .protocols.predictions import PredictionsProtocol
from .values import OrderLimits
from .webhooks import Claim, Webhook, WebhookCall, from_hex, standard

if TYPE_CHECKING:
    from decimal import Decimal

TEXT, IMAGE = (Mode.TEXT,), (Mode.IMAGE,)
FAST = "hailuo-2.3-fast"


def _signed(call: WebhookCall) -> Claim:
    # https://wavespeed.ai/docs/verify-webhooks: the headers of Standard Webhooks, the signature in hexadecimal
    return standard(call, "v3", from_hex)


def _hmac_key(secret: str) -> bytes:
    # "do not base64 decode it"
    return secret.removeprefix("whsec_").encode()


class WaveSpeed(PredictionsProtocol):
    name = "wavespeed"
    title = "WaveSpeed"
    docs = "https://wavespeed.ai/docs/docs-api/minimax/minimax-hailuo-2.3-t2v-standard"
    base_url = "https://api.wavespeed.ai"
    key_env = "WAVESPEED_API_KEY"
    models = (
        # its pages disagree about sizes and call the pro clips 5 s long; sizes are those of its overview
        # (https://wavespeed.ai/hailuo-2-3-api), and the model behind it makes 6 s
        upstream.tier("minimax/hailuo-2.3/t2v-standard", modes=TEXT),
        upstream.tier("minimax/hailuo-2.3/i2v-standard", modes=IMAGE),
        upstream.tier("minimax/hailuo-2.3/t2v-pro", pro=True, modes=TEXT),
        upstream.tier("minimax/hailuo-2.3/i2v-pro", pro=True, modes=IMAGE),
        upstream.tier("minimax/hailuo-2.3/fast", family=FAST, modes=IMAGE),
        upstream.tier("minimax/hailuo-2.3/fast-pro", pro=True, family=FAST, modes=IMAGE),
        upstream.tier("minimax/hailuo-02/t2v-standard", family="hailuo-02", modes=TEXT),
        upstream.tier("minimax/hailuo-02/i2v-standard", family="hailuo-02", modes=(Mode.IMAGE, Mode.FIRST_LAST)),
        upstream.tier("minimax/hailuo-02/t2v-pro", pro=True, family="hailuo-02", modes=TEXT),
        upstream.tier("minimax/hailuo-02/i2v-pro", pro=True, family="hailuo-02", modes=(Mode.IMAGE, Mode.FIRST_LAST)),
        *(
            Model(
                f"minimax/h3/{modes[0].value}",
                family=upstream.H3,
                modes=modes,
                variants=upstream.h3("768P", "2K"),
                prompt_limit=upstream.H3_PROMPT,
                missing_fields=frozenset({OPTIMIZER}),
            )
            for modes in (TEXT, (Mode.IMAGE, Mode.FIRST_LAST))
        ),
    )
    options = frozenset({OPTIMIZER, WEBHOOK})
    states = {
        **PredictionsProtocol.states,
        "created": RemoteState.QUEUED,
        # its own client ends at these too
        "cancelled": RemoteState.CANCELLED,
        "timeout": RemoteState.FAILED,
        "deleted": RemoteState.GONE,
    }
    # https://wavespeed.ai/docs/error-codes
    error_codes = {
        "1200": ContentRefused,
        **dict.fromkeys(("1400", "1401", "1402"), InvalidRequest),
        "1405": JobFailed,
        **dict.fromkeys(("5000", "5003", "5004"), ServerTrouble),
    }
    limits = OrderLimits(
        source="https://wavespeed.ai/docs/account-levels", at_once=3, note="more on accounts that have paid more"
    )
    webhook = Webhook("query webhook", job=(("id",), ("data", "id")), claim=_signed, hmac_key=_hmac_key)
    result_path = "/api/v3/predictions/{id}/result"

    def submit(self, order: Order) -> Flow[str]:
        image = yield from self.image_reference(order.image)
        last = yield from self.image_reference(order.last_image)
        body = self.body(order, image, last)
        reply = (yield post(f"/api/v3/{order.model.id}", body, webhook=order.webhook)).inside("data")
        return reply.text("id")

    def body(self, order: Order, image: object, last: object) -> dict[str, object]:
        h3 = order.model.family == upstream.H3
        return {
            "prompt": order.prompt,
            "image": image,
            "last_image" if h3 else "end_image": last,
            "duration": order.duration_field,
            "resolution": order.resolution_field and order.resolution.lower(),
            "enable_prompt_expansion": order.prompt_optimizer,
        }

    def upload(self, image: LocalImage) -> Flow[str]:
        ticket = {"filename": image.file_name, "size": image.size, "content_type": image.media_type}
        reply = (yield post("/api/v3/media/uploads", ticket, bills=False)).inside("data")
        yield Upload(reply.url("upload", "url"), image, reply.texts("upload", "headers"))
        return reply.url("download_url")

    def estimate(self, order: Order) -> Flow[Decimal | None]:
        # not in its reference; several public clients ask so, and its own MCP server calls it free. No file is uploaded
        # for it: an image's contents have no price
        inputs = fields_of(self.body(order, placeholder(order.image), placeholder(order.last_image)), order.params)
        asked = post("/api/v3/model/pricing", {"model_id": order.model.id, "inputs": inputs}, bills=False)
        reply = (yield asked).inside("data")
        return reply.amount("unit_price") if reply.find("currency") == "USD" else None

    def webhook_secret(self) -> Flow[str]:
        # its page has the call and not the answer; public clients find it inside `data`
        return (yield get("/api/v3/webhook/secret")).inside("data").text("secret")

    def balance(self) -> Flow[str]:
        # not in its reference; several public clients ask so
        return f"{(yield get('/api/v3/balance')).inside('data').number('balance'):.2f} USD"
