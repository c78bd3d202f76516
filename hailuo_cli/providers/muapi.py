"""muapi: an endpoint a model, WaveSpeed's words without the envelope, a header of its own for the key."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import LocalImage, Mode, Model, Order
from ..wire import Flow, get, post, send_file
from . import upstream
from .base import WEBHOOK
from .protocols.predictions import PredictionsProtocol
from .webhooks import Webhook

BETWEEN = (Mode.IMAGE, Mode.FIRST_LAST)
O2 = "hailuo-02"


class Muapi(PredictionsProtocol):
    name = "muapi"
    title = "muapi"
    docs = "https://muapi.ai/minimax-hailuo"
    base_url = "https://api.muapi.ai"
    key_env = "MUAPI_API_KEY"
    models = (
        upstream.tier("minimax-hailuo-2.3-standard-t2v", modes=(Mode.TEXT,)),
        upstream.tier("minimax-hailuo-2.3-standard-i2v", modes=(Mode.IMAGE,)),
        upstream.tier("minimax-hailuo-2.3-pro-t2v", pro=True, modes=(Mode.TEXT,)),
        upstream.tier("minimax-hailuo-2.3-pro-i2v", pro=True, modes=(Mode.IMAGE,)),
        upstream.tier("minimax-hailuo-2.3-fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,)),
        upstream.tier("minimax-hailuo-02-standard-t2v", family=O2, modes=(Mode.TEXT,)),
        # the one endpoint with a choice of sizes
        Model(
            "minimax-hailuo-02-standard-i2v",
            family=O2,
            modes=BETWEEN,
            variants=upstream.STANDARD + upstream.P512,
        ),
        upstream.tier("minimax-hailuo-02-pro-t2v", pro=True, family=O2, modes=(Mode.TEXT,)),
        upstream.tier("minimax-hailuo-02-pro-i2v", pro=True, family=O2, modes=BETWEEN),
        # its pages have a price for reference videos only
        *(
            Model(
                f"minimax-h3-{modes[0].value}",
                family=upstream.H3,
                modes=modes,
                variants=upstream.h3("2K", shortest=5),
                prompt_limit=2500,
            )
            for modes in ((Mode.TEXT,), BETWEEN)
        ),
    )
    options = frozenset({WEBHOOK})
    # not on its pages; several public clients ask so, and read the id like that of an answer
    webhook = Webhook("query webhook", job=(("request_id",), ("id",), ("data", "id")))
    result_path = "/api/v1/predictions/{id}/result"

    def auth(self, key: str) -> Mapping[str, str]:
        return {"x-api-key": key}

    def submit(self, order: Order) -> Flow[str]:
        h3 = order.model.family == upstream.H3
        body = {
            "prompt": order.prompt,
            "image_url": (yield from self.image_reference(order.image)),
            "last_image_url" if h3 else "end_image_url": (yield from self.image_reference(order.last_image)),
            "duration": order.duration_field,
            "resolution": order.resolution.lower() if h3 else order.resolution_field,
        }
        reply = yield post(f"/api/v1/{order.model.id}", body, webhook=order.webhook)
        return reply.text("request_id")

    def balance(self) -> Flow[str]:
        # https://www.muapi.ai/docs/credits
        return f"{(yield get('/api/v1/account/balance')).number('balance'):.2f} credits"

    def upload(self, image: LocalImage) -> Flow[str]:
        return (yield send_file("/api/v1/upload_file", image)).url("url")
