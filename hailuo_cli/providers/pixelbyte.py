"""Pixelbyte (Muvi): one endpoint for every mode; resolution and tier are in the model's slug; files are uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import AuthError, BalanceError, InvalidRequest, JobGone, RateLimited, ServerTrouble, Unsupported
from ..model import LocalImage, Mode, Model, Order, RemoteState
from ..wire import Flow, Reply, Upload, get, post
from .base import WEBHOOK, Provider, placeholder
from .values import Found, Progress
from .webhooks import Claim, Webhook, WebhookCall, from_hex

if TYPE_CHECKING:
    from decimal import Decimal

P768 = ((6, "768P"), (10, "768P"))
P1080 = ((6, "1080P"),)
NO_DURATION = frozenset({"duration"})


def _row(tier: str, mode: Mode, seconds: int) -> Model:
    return Model(
        f"minimax-plus/hailuo-2.3-{tier}/{mode.value}",
        family="hailuo-2.3-fast" if "fast" in tier else "hailuo-2.3",
        modes=(mode,),
        variants=P1080 if "pro" in tier else P768,
        prompt_limit=2500,
        missing_fields=NO_DURATION if "pro" in tier else frozenset(),
        usual_seconds=seconds,
    )


def _signed(call: WebhookCall) -> Claim:
    # https://developer.muvi.video/docs/concepts/webhooks
    timestamp = call.header("X-PixelByte-Timestamp")
    signature = call.header("X-PixelByte-Signature").removeprefix("sha256=")
    return Claim(f"{timestamp}.".encode() + call.body, timestamp, (from_hex(signature),))


class Pixelbyte(Provider):
    name = "pixelbyte"
    title = "Pixelbyte"
    docs = "https://developer.pixelbyte.app/docs/api-reference/jobs/submit"
    base_url = "https://api.muvi.video"
    key_env = "PIXELBYTE_API_KEY"
    models = (
        _row("standard", Mode.TEXT, 180),
        _row("standard", Mode.IMAGE, 180),
        _row("pro", Mode.TEXT, 180),
        _row("pro", Mode.IMAGE, 180),
        _row("fast", Mode.IMAGE, 120),
        _row("fast-pro", Mode.IMAGE, 90),
    )
    options = frozenset({WEBHOOK})
    webhook = Webhook("body webhookUrl", job=(("jobId",), ("data", "jobId")), claim=_signed)
    image_limit = 10 * 1024 * 1024
    states = {
        "pending": RemoteState.QUEUED,
        "processing": RemoteState.RUNNING,
        "completed": RemoteState.DONE,
        "failed": RemoteState.FAILED,
        "cancelled": RemoteState.CANCELLED,
    }
    error_codes = {
        **dict.fromkeys(("INVALID_INPUT", "INVALID_MODEL_SLUG", "MODEL_VERSION_NOT_ACTIVE"), InvalidRequest),
        **dict.fromkeys(("MODEL_NOT_FOUND", "MODEL_VERSION_NOT_FOUND", "INVALID_WEBHOOK_URL"), InvalidRequest),
        **dict.fromkeys(("VALIDATION_ERROR", "INVALID_CONTENT_TYPE", "JOB_CANNOT_BE_CANCELLED"), InvalidRequest),
        "MODEL_ACCESS_DENIED": Unsupported,
        **dict.fromkeys(("UNAUTHORIZED", "INVALID_API_KEY", "API_KEY_INACTIVE", "API_KEY_EXPIRED"), AuthError),
        **dict.fromkeys(("INVALID_SESSION", "INVALID_WORKER_SECRET", "IP_NOT_WHITELISTED"), AuthError),
        **dict.fromkeys(("OPERATION_NOT_ALLOWED", "UNAUTHORIZED_ACCESS", "FORBIDDEN"), AuthError),
        **dict.fromkeys(("USER_BANNED", "USER_INACTIVE", "USER_NOT_FOUND"), AuthError),
        "INSUFFICIENT_BALANCE": BalanceError,
        "JOB_NOT_FOUND": JobGone,
        "CONCURRENT_JOBS_EXCEEDED": RateLimited,
        **dict.fromkeys(("INTERNAL_ERROR", "CONFIG_ERROR", "PUBSUB_PUBLISH_FAILED"), ServerTrouble),
    }
    # https://developer.pixelbyte.app/docs/concepts/errors
    no_model = frozenset({"MODEL_NOT_FOUND", "MODEL_VERSION_NOT_FOUND", "MODEL_VERSION_NOT_ACTIVE"})
    code_paths = (("error", "code"),)
    own_paths = (("error",),)
    # "Credits are refunded automatically": https://developer.pixelbyte.app/docs/api-reference/jobs/get-status
    unbilled_ends = frozenset({"failed", "cancelled"})
    poll_seconds = 5

    def submit(self, order: Order) -> Flow[str]:
        image = yield from self.image_reference(order.image)
        body = {"model": order.model.id, "input": self._input(order, image), "webhookUrl": order.webhook}
        reply = yield post("/v1/jobs/submit", body)
        return reply.inside("data").text("jobId")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v1/jobs/{jobId}", jobId=ticket)).inside("data").about(ticket, "jobId")
        progress = self.progress(reply.text("status"), reply, percent=reply.percent("progress"))
        # the reference shows a text, the quick start an object; a client of theirs reads the list
        found = (reply.address(*path) for path in (("output",), ("output", "url"), ("outputs", 0, "url")))
        return progress.with_video(next(filter(None, found), None))

    def cancel(self, ticket: str) -> Flow[Progress]:
        reply = (yield post("/v1/jobs/{jobId}/cancel", bills=False, jobId=ticket)).inside("data")
        return self.progress(reply.text("status"), reply)

    def find(self) -> Flow[list[Found]]:
        rows = (yield get("/v1/jobs", limit="100")).inside("data").rows("jobs")
        # its page does not show what a row has; the prompt is where an order has it, or unknown
        return [
            Found(ticket, row.moment("createdAt"), row.find("modelId"), row.find("input", "prompt"))
            for row in rows
            if (ticket := row.find("jobId"))
        ]

    def estimate(self, order: Order) -> Flow[Decimal | None]:
        body = {"model": order.model.id, "input": self._input(order, placeholder(order.image))}
        asked = post("/v1/jobs/estimate", body, bills=False).extended(order.params)
        # their "micro-cents" are millionths of a dollar: 1,000,000 is $1.00
        amount = (yield asked).inside("data").amount("estimatedCostMicroCents")
        return amount and amount / 1_000_000

    def asked_pause(self, reply: Reply) -> float | None:
        seconds = reply.value("error", "details", "retryAfter")
        return float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e6 else None

    def _input(self, order: Order, image: object) -> dict[str, object]:
        duration = None if "duration" in order.model.missing_fields else str(order.duration)
        return {"prompt": order.prompt, "image_url": image, "duration": duration}

    def upload(self, image: LocalImage) -> Flow[str]:
        # it is kept for an hour
        body = {"filename": image.file_name, "contentType": image.media_type}
        reply = (yield post("/v1/uploads/presign", body, bills=False)).inside("data")
        yield Upload(reply.url("uploadUrl"), image, {"Content-Type": image.media_type})
        return reply.url("fileUrl")
