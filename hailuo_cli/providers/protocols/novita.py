"""Novita's protocol: an endpoint a model, one for every result; its camera words are translated from the Chinese list."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import BalanceError, ContentRefused
from ...model import Mode, Model, Move, Order, RemoteState, Shape
from ...wire import Flow, Reply, get, post
from .. import upstream
from ..base import OPTIMIZER, PRETREATMENT, Progress, Provider

OLD = "video-01"
# [Pan Left] here slides the camera, as MiniMax's [Truck left] does; MiniMax's [Pan left] is [Rotate Left] here
CAMERA = {
    Move.TRUCK_LEFT: "Pan Left",
    Move.TRUCK_RIGHT: "Pan Right",
    Move.PAN_LEFT: "Rotate Left",
    Move.PAN_RIGHT: "Rotate Right",
    Move.PUSH_IN: "Push In",
    Move.PULL_OUT: "Pull Out",
    Move.PEDESTAL_UP: "Rise",
    Move.PEDESTAL_DOWN: "Descend",
    Move.TILT_UP: "Tilt Up",
    Move.TILT_DOWN: "Tilt Down",
    Move.ZOOM_IN: "Zoom In",
    Move.ZOOM_OUT: "Zoom Out",
    Move.SHAKE: "Shake",
    Move.TRACKING_SHOT: "Follow",
    Move.STATIC_SHOT: "Static",
}


Listed = Mapping[Shape, float]


def hailuo_23(usual: Listed | None = None, fast: Listed | None = None) -> tuple[Model, ...]:
    """The three endpoints of Hailuo 2.3, with what they cost where that is published."""
    return (
        Model("minimax-hailuo-2.3-t2v", modes=(Mode.TEXT,), variants=upstream.HAILUO, prices=usual or {}),
        Model("minimax-hailuo-2.3-i2v", modes=(Mode.IMAGE,), variants=upstream.HAILUO, prices=usual or {}),
        Model(
            "minimax-hailuo-2.3-fast-i2v",
            family="hailuo-2.3-fast",
            modes=(Mode.IMAGE,),
            variants=upstream.HAILUO,
            missing_fields=frozenset({PRETREATMENT}),
            prices=fast or {},
        ),
    )


# https://novita.ai/docs/api-reference/basic-error-code; the rest says no more than its HTTP status
FAULTS = {
    "BILLING_BALANCE_NOT_ENOUGH": BalanceError,
    "ILLEGAL_PROMPT": ContentRefused,
    "ILLEGAL_IMAGE_CONTENT": ContentRefused,
}


class NovitaProtocol(Provider):
    options = frozenset({OPTIMIZER, PRETREATMENT})
    states = {
        "TASK_STATUS_QUEUED": RemoteState.QUEUED,
        "TASK_STATUS_PROCESSING": RemoteState.RUNNING,
        "TASK_STATUS_SUCCEED": RemoteState.DONE,
        "TASK_STATUS_FAILED": RemoteState.FAILED,
    }
    poll_seconds = 5  # not stated; clients of these providers begin with 3 s and go on with 10

    def submit(self, order: Order) -> Flow[str]:
        old = order.model.family == OLD  # it makes one length in one size and has no fields for them
        body = {
            "prompt": order.prompt,
            "image_url" if old else "image": order.image,
            "end_image": order.last_image,
            "duration": None if old else order.duration,
            "resolution": None if old else order.resolution,
            "enable_prompt_expansion": order.prompt_optimizer,
            "fast_pretreatment": order.fast_pretreatment,
            "aigc_watermark": order.watermark,
        }
        reply = yield post("/v3/async/{model}", body, model=order.model.id)
        return reply.text("task_id")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v3/async/task-result", task_id=ticket)).about(ticket, "task", "task_id")
        progress = self.progress(
            reply.text("task", "status"),
            reason=reply.find("task", "reason"),
            percent=reply.percent("task", "progress_percent"),
        )
        return progress.with_video(reply.address("videos", 0, "video_url"))

    def fault_code(self, reply: Reply) -> str | None:
        # no document shows the body of an error; the family names its codes "reasons"
        return next(filter(None, map(reply.find, ("reason", "code"))), None) if reply.status >= 300 else None
