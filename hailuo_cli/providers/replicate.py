"""Replicate: predictions of official models; files go to its own store first."""

from __future__ import annotations

from ..errors import ContentRefused
from ..model import LocalImage, Mode, Model, Order, RemoteState
from ..wire import Flow, get, post, send_file
from . import upstream
from .base import OPTIMIZER, WEBHOOK, Provider
from .values import Found, OrderLimits, Progress
from .webhooks import Claim, Webhook, WebhookCall, from_base64, standard

H3 = upstream.h3("768P", "2K")


def _signed(call: WebhookCall) -> Claim:
    # https://replicate.com/docs/topics/webhooks/verify-webhook
    return standard(call, "v1", from_base64)


def _hmac_key(secret: str) -> bytes:
    return from_base64(secret.removeprefix("whsec_"))


class Replicate(Provider):
    name = "replicate"
    title = "Replicate"
    docs = "https://replicate.com/docs/reference/http"
    base_url = "https://api.replicate.com"
    key_env = "REPLICATE_API_TOKEN"
    models = (
        Model("minimax/hailuo-2.3", variants=upstream.HAILUO),
        Model(
            "minimax/hailuo-2.3-fast",
            family="hailuo-2.3-fast",
            modes=(Mode.IMAGE,),
            variants=upstream.HAILUO,
        ),
        Model("minimax/hailuo-02", family="hailuo-02", variants=upstream.HAILUO + upstream.P512),
        Model("minimax/hailuo-02", family="hailuo-02", modes=(Mode.FIRST_LAST,), variants=upstream.HAILUO),
        Model(
            "minimax/h3",
            family=upstream.H3,
            modes=(Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST),
            variants=H3,
            prompt_limit=upstream.H3_PROMPT,
            missing_fields=frozenset({OPTIMIZER}),
        ),
    )
    options = frozenset({OPTIMIZER, WEBHOOK})
    # data URLs are only for files below 1 MB (https://replicate.com/docs/topics/predictions/input-files)
    data_urls = False
    states = {
        "starting": RemoteState.QUEUED,
        "processing": RemoteState.RUNNING,
        "succeeded": RemoteState.DONE,
        "failed": RemoteState.FAILED,
        "canceled": RemoteState.CANCELLED,
        "aborted": RemoteState.CANCELLED,  # before it began
    }
    webhook = Webhook("body webhook", job=(("id",),), claim=_signed, hmac_key=_hmac_key)
    # https://replicate.com/docs/reference/error-codes has codes of the form E1234, in brackets behind the words;
    # moderation's is on no page, public clients meet it as "… was flagged as sensitive … (E005)"
    error_codes = {"E005": ContentRefused, "flagged as sensitive": ContentRefused}
    own_paths = (("detail",), ("title",), ("error",))
    free_params = frozenset({"input.ratio"})
    poll_seconds = 5
    retention = "1 hour"  # https://replicate.com/docs/topics/predictions/data-retention
    limits = OrderLimits(
        source="https://replicate.com/docs/topics/predictions/rate-limits",
        orders=600,
        note="6 a minute on granted credit without a card",
    )

    def submit(self, order: Order) -> Flow[str]:
        h3 = order.model.family == upstream.H3
        body = {
            "input": {
                "prompt": order.prompt,
                "first_frame_image": (yield from self.image_reference(order.image)),
                "last_frame_image": (yield from self.image_reference(order.last_image)),
                "duration": order.duration,
                "resolution": order.resolution if h3 else order.resolution.lower(),
                "ratio": order.unless_param("input.ratio", upstream.H3_RATIO)
                if h3 and order.mode is Mode.TEXT
                else None,
                "prompt_optimizer": order.prompt_optimizer,
            },
            "webhook": order.webhook,
            "webhook_events_filter": ["completed"] if order.webhook else None,
        }
        reply = yield post(f"/v1/models/{order.model.id}/predictions", body)
        return reply.text("id")

    def upload(self, image: LocalImage) -> Flow[str]:
        # the address needs the key, which Replicate adds when it reads its own files
        return (yield send_file("/v1/files", image, "content")).url("urls", "get")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v1/predictions/{prediction_id}", prediction_id=ticket)).about(ticket, "id")
        return self.progress(reply.text("status"), reply).with_video(reply.address("output", 0))

    def cancel(self, ticket: str) -> Flow[Progress]:
        reply = yield post("/v1/predictions/{prediction_id}/cancel", bills=False, prediction_id=ticket)
        return self.progress(reply.text("status"), reply)

    def webhook_secret(self) -> Flow[str]:
        return (yield get("/v1/webhooks/default/secret")).text("key")

    def find(self) -> Flow[list[Found]]:
        rows = (yield get("/v1/predictions")).rows("results")
        return [
            Found(ticket, row.moment("created_at"), row.find("model"), row.find("input", "prompt"))
            for row in rows
            if (ticket := row.find("id"))
        ]
