"""The new-api gateway, which many resellers run: MiniMax's fields ride in `metadata`, the size beside it.

Its releases differ in where the video is, so every place is looked at; the last one is the gateway itself.
"""

from __future__ import annotations

from typing import ClassVar

from ...errors import BalanceError, InvalidRequest, JobGone, RateLimited, ServerTrouble
from ...model import Mode, Model, Order, RemoteState
from ...wire import Call, Flow, Reply, get, post
from .. import camera_words, upstream
from ..answers import SUCCESS
from ..base import OPTIMIZER, PRETREATMENT, WATERMARK, WEBHOOK, Provider
from ..values import Progress
from ..webhooks import Webhook

PLACES = (("url",), ("metadata", "url"), ("result_url",), ("fail_reason",), ("data", "url"), ("data", "video_url"))
"""`fail_reason` too: older releases keep the address of a success there."""


class NewApi(Provider):
    name = "newapi"
    title = "A new-api gateway"
    docs = "https://github.com/QuantumNous/new-api"
    # there is none: a relay's address and key stand in the profile
    base_url = ""
    key_env = "NEWAPI_API_KEY"
    models: ClassVar[tuple[Model, ...]] = (
        Model("MiniMax-Hailuo-2.3", variants=upstream.HAILUO),
        Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,), variants=upstream.HAILUO),
        Model("MiniMax-Hailuo-02", family="hailuo-02", variants=upstream.HAILUO + upstream.P512),
        Model("MiniMax-Hailuo-02", family="hailuo-02", modes=(Mode.FIRST_LAST,), variants=upstream.HAILUO),
    )
    options = frozenset({OPTIMIZER, PRETREATMENT, WATERMARK, WEBHOOK})
    # whoever is behind the relay calls, with an id of its own
    webhook = Webhook("body metadata.callback_url", challenge="challenge")
    camera = camera_words.ENGLISH
    camera_zh = camera_words.CHINESE
    states = {
        # of the gateway's own tasks
        "NOT_START": RemoteState.QUEUED,
        "SUBMITTED": RemoteState.QUEUED,
        "QUEUED": RemoteState.QUEUED,
        "IN_PROGRESS": RemoteState.RUNNING,
        "SUCCESS": RemoteState.DONE,
        "FAILURE": RemoteState.FAILED,
        "UNKNOWN": RemoteState.RUNNING,
        # of its page, and of its form of OpenAI's videos
        "processing": RemoteState.RUNNING,
        "succeeded": RemoteState.DONE,
        "completed": RemoteState.DONE,
        "failed": RemoteState.FAILED,
    }
    error_codes = {
        **upstream.CODES,
        # passed on from MiniMax, these are about the reseller's own account there
        **dict.fromkeys(("1004", "1008", "2049"), ServerTrouble),
        "insufficient_user_quota": BalanceError,
        "task_not_exist": JobGone,
        "fail_to_fetch_task": RateLimited,
        **dict.fromkeys(("invalid_request", "prompt_missing", "prompt_too_long"), InvalidRequest),
        **dict.fromkeys(("model_not_found", "do_request_failed", "get_task_failed"), ServerTrouble),
    }
    # its own gate, its own tasks, and what MiniMax said of a task, which it keeps inside
    code_paths = (("error", "code"), ("code",), ("base_resp", "status_code"), ("data", "base_resp", "status_code"))
    success_codes = SUCCESS
    reason_paths = (*Provider.reason_paths, ("data", "base_resp", "status_msg"))
    own_paths = (("error",), ("code",), ("base_resp",))
    # a group without a channel for the model: the gateway had nobody to pass the order on to
    # (https://docs.tokensmind.ai/en/FAQs/http-code)
    not_taken = frozenset({"model_not_found"})
    doubtful = upstream.RETRY_LATER

    def body(self, order: Order) -> dict[str, object]:
        return {
            "model": order.model.id,
            "prompt": order.prompt,
            "duration": order.duration,
            "size": order.resolution,
            "image": order.image,
            "metadata": {
                "first_frame_image": order.image,
                "last_frame_image": order.last_image,
                "prompt_optimizer": order.prompt_optimizer,
                "fast_pretreatment": order.fast_pretreatment,
                "callback_url": order.webhook,
                "aigc_watermark": order.watermark,
            },
        }

    def submit(self, order: Order) -> Flow[str]:
        reply = (yield post("/v1/video/generations", self.body(order))).inside("data")
        return reply.find("task_id") or reply.text("id")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v1/video/generations/{task_id}", task_id=ticket)).inside("data").about(ticket, "task_id")
        progress = self.progress(reply.text("status"), reply, percent=reply.percent("progress"))
        return progress.with_video(self.video(reply, ticket))

    def video(self, reply: Reply, ticket: str) -> str | Call | None:
        """Where the video of a task that is done can be had."""
        content = get("/v1/videos/{task_id}/content", task_id=ticket)
        found = next(filter(None, (reply.address(*place) for place in PLACES)), None)
        # the gateway hands videos out itself to whoever has the key, under an address that may be written differently
        return content if found is None or found.partition("?")[0].endswith(content.path) else found

    def balance(self) -> Flow[str]:
        # the routes of the gateway software, in OpenAI's form (usage in cents)
        limit = yield get("/v1/dashboard/billing/subscription")
        used = yield get("/v1/dashboard/billing/usage")
        return f"{limit.number('hard_limit_usd') - used.number('total_usage') / 100:.2f} USD"
