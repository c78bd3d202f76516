"""fal.ai: a queue; a path per model, tiers for resolutions, and a `COMPLETED` that says nothing about success."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ..errors import BalanceError, ContentRefused, HailuoError, InvalidRequest, ServerTrouble
from ..model import Mode, Model, Order, RemoteState
from ..wire import Call, Flow, Reply, get, post, put
from . import upstream
from .base import OPTIMIZER, WEBHOOK, Provider
from .values import OrderLimits, Progress
from .webhooks import Claim, Webhook, WebhookCall, from_hex

UNPROCESSABLE = 422
SERVER_ERRORS = frozenset(
    {
        *("downstream_service_unavailable", "internal_server_error", "generation_timeout", "request_timeout"),
        *("startup_timeout", "runner_scheduling_failure", "runner_connection_timeout", "runner_disconnected"),
    }
)
IMAGE, BETWEEN = (Mode.IMAGE,), (Mode.IMAGE, Mode.FIRST_LAST)
H3 = upstream.h3("768P", "480P", "2K", "4K", shortest=5)
HOME = "fal-ai/minimax"
APPS = {"": HOME, "h3-": "minimax/h3"}
"""Where a request is found: below its app, which the ticket's beginning tells, for its id does not."""


def _signed(call: WebhookCall) -> Claim:
    # https://docs.fal.ai/model-endpoints/webhooks: the parts of the message are lines, the body is its hash
    timestamp = call.header("X-Fal-Webhook-Timestamp")
    parts = (
        call.header("X-Fal-Webhook-Request-Id"),
        call.header("X-Fal-Webhook-User-Id"),
        timestamp,
        hashlib.sha256(call.body).hexdigest(),
    )
    return Claim("\n".join(parts).encode(), timestamp, (from_hex(call.header("X-Fal-Webhook-Signature")),))


def _h3(mode: Mode, *modes: Mode) -> Model:
    return Model(
        f"minimax/h3/{mode.value}",
        family=upstream.H3,
        modes=(mode, *modes),
        variants=H3,
        prompt_limit=upstream.H3_PROMPT,
    )


class Fal(Provider):
    name = "fal"
    title = "fal.ai"
    docs = "https://fal.ai/docs/documentation/model-apis/inference/queue"
    base_url = "https://queue.fal.run"
    key_env = "FAL_KEY"
    models = (
        upstream.tier(f"{HOME}/hailuo-2.3/standard/text-to-video", modes=(Mode.TEXT,)),
        upstream.tier(f"{HOME}/hailuo-2.3/standard/image-to-video", modes=IMAGE),
        upstream.tier(f"{HOME}/hailuo-2.3/pro/text-to-video", pro=True, modes=(Mode.TEXT,)),
        upstream.tier(f"{HOME}/hailuo-2.3/pro/image-to-video", pro=True, modes=IMAGE),
        upstream.tier(f"{HOME}/hailuo-2.3-fast/standard/image-to-video", family="hailuo-2.3-fast", modes=IMAGE),
        upstream.tier(f"{HOME}/hailuo-2.3-fast/pro/image-to-video", pro=True, family="hailuo-2.3-fast", modes=IMAGE),
        upstream.tier(f"{HOME}/hailuo-02/standard/text-to-video", family="hailuo-02", modes=(Mode.TEXT,)),
        Model(
            f"{HOME}/hailuo-02/standard/image-to-video",
            family="hailuo-02",
            modes=IMAGE,
            variants=upstream.STANDARD + upstream.P512,
        ),
        Model(
            f"{HOME}/hailuo-02/standard/image-to-video",
            family="hailuo-02",
            modes=(Mode.FIRST_LAST,),
            variants=upstream.STANDARD,
        ),
        upstream.tier(f"{HOME}/hailuo-02/pro/text-to-video", pro=True, family="hailuo-02", modes=(Mode.TEXT,)),
        upstream.tier(f"{HOME}/hailuo-02/pro/image-to-video", pro=True, family="hailuo-02", modes=BETWEEN),
        _h3(Mode.TEXT),
        _h3(Mode.IMAGE, Mode.FIRST_LAST),
    )
    options = frozenset({OPTIMIZER, WEBHOOK})
    states = {"IN_QUEUE": RemoteState.QUEUED, "IN_PROGRESS": RemoteState.RUNNING, "COMPLETED": RemoteState.DONE}
    # https://fal.ai/docs/documentation/model-apis/errors and …/request-errors
    error_codes = {
        "content_policy_violation": ContentRefused,
        **dict.fromkeys(("image_too_small", "image_too_large", "image_load_error"), InvalidRequest),
        **dict.fromkeys(("unsupported_image_format", "file_download_error", "file_too_large"), InvalidRequest),
        **dict.fromkeys(("sequence_too_short", "sequence_too_long", "one_of", "feature_not_supported"), InvalidRequest),
        # HTTP 400, and yet not the request's fault
        "downstream_service_error": ServerTrouble,
        **dict.fromkeys(SERVER_ERRORS, ServerTrouble),
        # a locked account has no code of its own: 403, as for a key without the right
        "exhausted balance": BalanceError,
    }
    webhook = Webhook(
        "query fal_webhook",
        job=(("request_id",),),
        beginnings=tuple(APPS),
        claim=_signed,
        key_set="https://rest.fal.ai/.well-known/jwks.json",
    )
    code_paths = (("detail", 0, "type"), ("error_type",))
    # a cancel that comes too late has its word alone
    reason_paths = (*Provider.reason_paths, ("status",))
    own_paths = (("detail",), ("request_id",), ("status",))
    # "5xx: never charged", "422: may be charged": https://docs.fal.ai/faq
    unbilled_ends = SERVER_ERRORS
    poll_seconds = 5
    retention = "at least 7 days"
    limits = OrderLimits(source="https://docs.fal.ai/faq", at_once=2, note="on a new account; more wait in the queue")

    def auth(self, key: str) -> Mapping[str, str]:
        return {"Authorization": f"Key {key}"}

    def submit(self, order: Order) -> Flow[str]:
        h3 = order.model.family == upstream.H3
        duration = order.duration_field
        # local files go inline: its own storage would mean the key at a second host, and data URIs are documented
        # for file inputs (https://fal.ai/docs/documentation/model-apis/fal-cdn)
        body = {
            "prompt": order.prompt,
            "image_url": order.image,
            "end_image_url": order.last_image,
            "duration": duration if h3 or duration is None else str(duration),
            "resolution": order.resolution_field,
            "enable_prompt_expansion" if h3 else "prompt_optimizer": order.prompt_optimizer,
        }
        reply = yield post(f"/{order.model.id}", body, fal_webhook=order.webhook)
        return ("h3-" if h3 else "") + reply.text("request_id")

    def check(self, ticket: str) -> Flow[Progress]:
        path, request_id = _place(ticket)
        status = (yield get(f"{path}/status", request_id=request_id)).about(request_id, "request_id")
        word = status.text("status")
        if self.state(word) is not RemoteState.DONE:
            return self.progress(word, status)
        if status.find("error"):
            return self.progress(word, status, state=RemoteState.FAILED)
        result = yield get(path, request_id=request_id)
        if result.status == UNPROCESSABLE:
            return self.progress(word, result, state=RemoteState.FAILED)
        return self.progress(word, result).with_video(result.address("video", "url"))

    def cancel(self, ticket: str) -> Flow[Progress]:
        path, request_id = _place(ticket)
        # it is a request: what already runs may still end well, so the next look decides
        reply = yield put(f"{path}/cancel", request_id=request_id)
        return self.progress(reply.text("status"), reply)

    def refusal(self, call: Call, reply: Reply) -> HailuoError | None:
        # the result of a job that completed with an error is that error, so `check` reads it
        is_result = call.method == "GET" and reply.status == UNPROCESSABLE and self.is_own(reply)
        return None if is_result else super().refusal(call, reply)


def _place(ticket: str) -> tuple[str, str]:
    """The path of a request without the model's name in it, and its id."""
    begin = next(begin for begin in ("h3-", "") if ticket.startswith(begin))
    return f"/{APPS[begin]}/requests/{{request_id}}", ticket.removeprefix(begin)
