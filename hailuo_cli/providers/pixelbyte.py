"""Pixelbyte (Muvi): one endpoint for every mode; resolution and tier are in the model's slug; files are uploaded."""

from __future__ import annotations

from ..errors import AuthError, BalanceError, InvalidRequest, JobGone, RateLimited, ServerTrouble, Unsupported
from ..model import LocalImage, Mode, Model, Order, RemoteState
from ..wire import Flow, Reply, Upload, get, post
from .base import WEBHOOK, Found, Prices, Progress, Provider
from .webhooks import Claim, Webhook, WebhookCall, from_hex

P768 = ((6, "768P"), (10, "768P"))
P1080 = ((6, "1080P"),)
NO_DURATION = frozenset({"duration"})


def _row(tier: str, mode: Mode, seconds: int, *prices: float) -> Model:
    return Model(
        f"minimax-plus/hailuo-2.3-{tier}/{mode.value}",
        family="hailuo-2.3-fast" if "fast" in tier else "hailuo-2.3",
        modes=(mode,),
        variants=P1080 if "pro" in tier else P768,
        prompt_limit=2500,
        missing_fields=NO_DURATION if "pro" in tier else frozenset(),
        usual_seconds=seconds,
        prices=dict(zip(P1080 if "pro" in tier else P768, prices, strict=True)),
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
        _row("standard", Mode.TEXT, 180, 0.21, 0.35),
        _row("standard", Mode.IMAGE, 180, 0.21, 0.35),
        _row("pro", Mode.TEXT, 180, 0.05),
        _row("pro", Mode.IMAGE, 180, 0.05),
        _row("fast", Mode.IMAGE, 120, 0.15, 0.25),
        _row("fast-pro", Mode.IMAGE, 90, 0.035),
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
    poll_seconds = 5
    prices = Prices(source="https://developer.pixelbyte.app/docs/models/video/minimax-plus", seen="2026-02-18")

    def submit(self, order: Order) -> Flow[str]:
        image = yield from self.image_reference(order.image)
        body = {"model": order.model.id, "input": self._input(order, image), "webhookUrl": order.webhook}
        reply = yield post("/v1/jobs/submit", body)
        return reply.inside("data").text("jobId")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v1/jobs/{jobId}", jobId=ticket)).inside("data").about(ticket, "jobId")
        progress = self.progress(
            reply.text("status"),
            reason=reply.find("error", "message"),
            code=reply.find("error", "code"),
            percent=reply.percent("progress"),
        )
        # the reference shows a text, the quick start an object; a client of theirs reads the list
        found = (reply.address(*path) for path in (("output",), ("output", "url"), ("outputs", 0, "url")))
        return progress.with_video(next(filter(None, found), None))

    def cancel(self, ticket: str) -> Flow[Progress]:
        reply = yield post("/v1/jobs/{jobId}/cancel", bills=False, jobId=ticket)
        return self.progress(reply.inside("data").text("status"))

    def find(self) -> Flow[list[Found]]:
        reply = (yield get("/v1/jobs", limit="100")).inside("data")
        jobs = reply.value("jobs")
        rows = [Reply(order) for order in jobs] if isinstance(jobs, list) else []
        return [
            Found(ticket, row.moment("createdAt"), row.find("modelId")) for row in rows if (ticket := row.find("jobId"))
        ]

    def estimate(self, order: Order) -> Flow[float]:
        image = "https://example.com/image.jpg" if isinstance(order.image, LocalImage) else order.image
        body = {"model": order.model.id, "input": self._input(order, image)}
        reply = (yield post("/v1/jobs/estimate", body, bills=False)).inside("data")
        # their "micro-cents" are millionths of a dollar: 1,000,000 is $1.00
        return reply.number("estimatedCostMicroCents") / 1_000_000

    def fault_code(self, reply: Reply) -> str | None:
        failed = reply.status >= 300 or reply.value("success") is False
        return reply.find("error", "code") if failed else None

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
