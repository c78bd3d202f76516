"""MiniMax itself: create, query, then retrieve a file; errors ride inside HTTP 200 as `base_resp`.

H3 has a second version of the API, which gives the address of the video at once; its tickets begin with `v2-`.
"""

from __future__ import annotations

from ..errors import AuthError, BalanceError, InvalidRequest, RateLimited, ServerTrouble, Unsupported
from ..model import Image, Mode, Model, Order, RemoteState
from ..wire import Flow, Reply, get, post
from . import camera_words, upstream
from .answers import SUCCESS
from .base import OPTIMIZER, PRETREATMENT, WATERMARK, WEBHOOK, Provider
from .values import OrderLimits, Progress
from .webhooks import Webhook

NO_PRETREATMENT = frozenset({PRETREATMENT})
H3 = upstream.h3("768P", "2K")
V2 = "v2-"


class MiniMax(Provider):
    name = "minimax"
    title = "MiniMax"
    docs = "https://platform.minimax.io/docs/api-reference/video-generation-intro"
    base_url = "https://api.minimax.io"
    key_env = "MINIMAX_API_KEY"
    models = (
        Model("MiniMax-Hailuo-2.3"),
        Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,)),
        Model("MiniMax-Hailuo-02", family="hailuo-02", variants=upstream.HAILUO + upstream.P512),
        Model("MiniMax-Hailuo-02", family="hailuo-02", modes=(Mode.FIRST_LAST,), variants=upstream.HAILUO),
        *(
            Model(name, family="video-01", modes=(mode,), variants=upstream.P720, missing_fields=NO_PRETREATMENT)
            for name, mode in (
                ("T2V-01", Mode.TEXT),
                ("T2V-01-Director", Mode.TEXT),
                ("I2V-01", Mode.IMAGE),
                ("I2V-01-Director", Mode.IMAGE),
                ("I2V-01-live", Mode.IMAGE),
            )
        ),
        Model(
            "MiniMax-H3",
            family=upstream.H3,
            modes=(Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST),
            variants=H3,
            prompt_limit=upstream.H3_PROMPT,
            missing_fields=frozenset({OPTIMIZER, PRETREATMENT}),
        ),
    )
    options = frozenset({OPTIMIZER, PRETREATMENT, WATERMARK, WEBHOOK})
    webhook = Webhook(
        "body callback_url",
        job=(("task_id",), ("task", "id")),  # as in the answers of its two versions
        beginnings=("", V2),
        challenge="challenge",
    )
    camera = camera_words.ENGLISH
    camera_zh = camera_words.CHINESE
    states = {
        "Preparing": RemoteState.QUEUED,
        "Queueing": RemoteState.QUEUED,
        "Processing": RemoteState.RUNNING,
        "Success": RemoteState.DONE,
        "Fail": RemoteState.FAILED,
        # not on the query page, but MiniMax's own tools accept them
        "Failed": RemoteState.FAILED,
        "Error": RemoteState.FAILED,
        # the second version; "failed" is above
        "queued": RemoteState.QUEUED,
        "running": RemoteState.RUNNING,
        "succeeded": RemoteState.DONE,
        "cancelled": RemoteState.CANCELLED,
        "expired": RemoteState.GONE,
    }
    error_codes = {
        **upstream.CODES,
        # not on the page of codes; MiniMax's own command-line client knows them (and calls 1039 a content filter,
        # which its page calls a limit)
        **dict.fromkeys(("1028", "1030"), BalanceError),
        "2061": Unsupported,
        # of the second version, beside an HTTP status; the number of the first stands in brackets behind its message
        "bad_request_error": InvalidRequest,
        "authorized_error": AuthError,
        "insufficient_balance_error": BalanceError,
        "unprocessable_entity_error": InvalidRequest,
        "rate_limit_error": RateLimited,
        "server_error": ServerTrouble,
    }
    code_paths = (("base_resp", "status_code"), ("error", "code"), ("error", "type"))
    success_codes = SUCCESS
    own_paths = (("base_resp",), ("error",), ("message",))
    doubtful = upstream.RETRY_LATER
    free_params = frozenset({"ratio"})
    limits = OrderLimits(source="https://platform.minimax.io/docs/guides/rate-limits", orders=5)
    auth_hint = (
        "a MiniMax key works in one region only; for the other one set base_url to"
        " https://api.minimax.io (global) or https://api.minimaxi.com (China)"
        " under [profiles.NAME.providers.minimax] in your config"
    )

    def submit(self, order: Order) -> Flow[str]:
        if order.model.family == upstream.H3:
            return V2 + (yield post("/v2/video_generation", _v2(order))).text("task_id")
        body = {
            "model": order.model.id,
            "prompt": order.prompt,
            "first_frame_image": order.image,
            "last_frame_image": order.last_image,
            "duration": order.duration,
            "resolution": order.resolution,
            "prompt_optimizer": order.prompt_optimizer,
            "fast_pretreatment": order.fast_pretreatment,
            "aigc_watermark": order.watermark,
            "callback_url": order.webhook,
        }
        reply = yield post("/v1/video_generation", body)
        return reply.text("task_id")

    def check(self, ticket: str) -> Flow[Progress]:
        if ticket.startswith(V2):
            path = "/v2/query/video_generation/{task_id}"
            task_id = ticket.removeprefix(V2)
            task = (yield get(path, task_id=task_id)).inside("task").about(task_id, "id")
            return self.progress(task.text("status"), task).with_video(task.address("content", "url"))
        reply = (yield get("/v1/query/video_generation", task_id=ticket)).about(ticket, "task_id")
        progress = self.progress(reply.text("status"), reply)
        file_id = reply.find("file_id")
        if progress.state is not RemoteState.DONE or file_id is None:
            return progress
        # the link lives about an hour; asking again gives a fresh one
        reply = yield get("/v1/files/retrieve", file_id=file_id)
        return progress.with_video(reply.address("file", "download_url"))

    def reports_error(self, reply: Reply) -> bool:
        # a code beside the word of a job that failed is about the job, not about the call
        failed = self.state(reply.find("status") or "") is RemoteState.FAILED
        return super().reports_error(reply) and not (failed and reply.status < 300)


def _v2(order: Order) -> dict[str, object]:
    frames = [(order.image, "first_frame"), (order.last_image, "last_frame")]
    return {
        "model": order.model.id,
        "content": [
            {"type": "text", "text": order.prompt},
            *(_frame(image, role) for image, role in frames if image),
        ],
        "duration": order.duration,
        "resolution": order.resolution,
        "ratio": order.unless_param("ratio", upstream.H3_RATIO) if order.mode is Mode.TEXT else None,
        "aigc_watermark": order.watermark,
        "callback_url": order.webhook,
    }


def _frame(image: Image, role: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": image}, "role": role}
