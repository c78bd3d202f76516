"""fal.ai: a queue; a path per model, tiers for resolutions, and a `COMPLETED` that says nothing about success."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ..errors import BalanceError, ContentRefused, HailuoError, ServerTrouble
from ..model import Mode, Model, Order, RemoteState
from ..wire import Call, Flow, Reply, get, post, put
from . import upstream
from .base import OPTIMIZER, WEBHOOK, Prices, Progress, Provider
from .webhooks import Claim, Webhook, WebhookCall, from_hex

UNPROCESSABLE = 422
IMAGE, BETWEEN = (Mode.IMAGE,), (Mode.IMAGE, Mode.FIRST_LAST)
H3 = upstream.h3("768P", "480P", "2K", "4K", shortest=5)
H3_PRICES = upstream.per_second(H3, {"480P": 0.05, "768P": 0.06, "2K": 0.13, "4K": 0.16})
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
        prices=H3_PRICES,
    )


class Fal(Provider):
    name = "fal"
    title = "fal.ai"
    docs = "https://fal.ai/docs/documentation/model-apis/inference/queue"
    base_url = "https://queue.fal.run"
    key_env = "FAL_KEY"
    models = (
        upstream.tier(f"{HOME}/hailuo-2.3/standard/text-to-video", 0.28, 0.56, modes=(Mode.TEXT,)),
        upstream.tier(f"{HOME}/hailuo-2.3/standard/image-to-video", 0.28, 0.56, modes=IMAGE),
        upstream.tier(f"{HOME}/hailuo-2.3/pro/text-to-video", 0.49, pro=True, modes=(Mode.TEXT,)),
        upstream.tier(f"{HOME}/hailuo-2.3/pro/image-to-video", 0.49, pro=True, modes=IMAGE),
        upstream.tier(
            f"{HOME}/hailuo-2.3-fast/standard/image-to-video", 0.19, 0.32, family="hailuo-2.3-fast", modes=IMAGE
        ),
        upstream.tier(
            f"{HOME}/hailuo-2.3-fast/pro/image-to-video", 0.33, pro=True, family="hailuo-2.3-fast", modes=IMAGE
        ),
        upstream.tier(f"{HOME}/hailuo-02/standard/text-to-video", 0.27, 0.45, family="hailuo-02", modes=(Mode.TEXT,)),
        Model(
            f"{HOME}/hailuo-02/standard/image-to-video",
            family="hailuo-02",
            modes=IMAGE,
            variants=upstream.STANDARD + upstream.P512,
            prices=upstream.per_second(upstream.STANDARD + upstream.P512, {"768P": 0.045, "512P": 0.017}),
        ),
        Model(
            f"{HOME}/hailuo-02/standard/image-to-video",
            family="hailuo-02",
            modes=(Mode.FIRST_LAST,),
            variants=upstream.STANDARD,
            prices=upstream.per_second(upstream.STANDARD, {"768P": 0.045}),
        ),
        upstream.tier(f"{HOME}/hailuo-02/pro/text-to-video", 0.48, pro=True, family="hailuo-02", modes=(Mode.TEXT,)),
        upstream.tier(f"{HOME}/hailuo-02/pro/image-to-video", 0.48, pro=True, family="hailuo-02", modes=BETWEEN),
        _h3(Mode.TEXT),
        _h3(Mode.IMAGE, Mode.FIRST_LAST),
    )
    options = frozenset({OPTIMIZER, WEBHOOK})
    states = {"IN_QUEUE": RemoteState.QUEUED, "IN_PROGRESS": RemoteState.RUNNING, "COMPLETED": RemoteState.DONE}
    error_codes = {
        "content_policy_violation": ContentRefused,
        "downstream_service_error": ServerTrouble,  # HTTP 400, and yet not the request's fault
        "Exhausted balance": BalanceError,
    }
    webhook = Webhook(
        "query fal_webhook",
        job=(("request_id",),),
        beginnings=tuple(APPS),
        claim=_signed,
        key_set="https://rest.fal.ai/.well-known/jwks.json",
    )
    poll_seconds = 5
    prices = Prices(source="https://fal.ai/models, the llms.txt of each model", seen="2026-10")
    retention = "at least 7 days"
    limits = "2 jobs at a time on a new account; more wait in the queue"

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
        word, error = status.text("status"), status.find("error")
        if self.state(word) is not RemoteState.DONE:
            return self.progress(word)
        if error:
            return self.progress(word, state=RemoteState.FAILED, reason=error, code=status.find("error_type"))
        result = yield get(path, request_id=request_id)
        if result.status == UNPROCESSABLE:
            code = self.fault_code(result)
            return self.progress(word, state=RemoteState.FAILED, reason=self.reason(result), code=code)
        return self.progress(word).with_video(result.address("video", "url"))

    def cancel(self, ticket: str) -> Flow[Progress]:
        path, request_id = _place(ticket)
        # it is a request: what already runs may still end well, so the next look decides
        reply = yield put(f"{path}/cancel", request_id=request_id)
        return self.progress(reply.text("status"))

    def fault_code(self, reply: Reply) -> str | None:
        if reply.status < 300:
            return None
        # a locked account has no code of its own: 403, as for a key without the right
        locked = "Exhausted balance" if "Exhausted balance" in self.reason(reply) else None
        return locked or reply.find("detail", 0, "type")

    def reason(self, reply: Reply) -> str:
        return reply.find("detail", 0, "msg") or super().reason(reply) or reply.find("status") or ""

    def refusal(self, call: Call, reply: Reply) -> HailuoError | None:
        # the result of a job that completed with an error is that error, so `check` reads it
        is_result = call.method == "GET" and reply.status == UNPROCESSABLE
        return None if is_result else super().refusal(call, reply)


def _place(ticket: str) -> tuple[str, str]:
    """The path of a request without the model's name in it, and its id."""
    begin = next(begin for begin in ("h3-", "") if ticket.startswith(begin))
    return f"/{APPS[begin]}/requests/{{request_id}}", ticket.removeprefix(begin)
