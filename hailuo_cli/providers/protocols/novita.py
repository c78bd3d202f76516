"""Novita's protocol: an endpoint a model, one for every result; its camera words are translated from the Chinese list."""

from __future__ import annotations

from ...errors import AuthError, BalanceError, ContentRefused, InvalidRequest, JobGone, RateLimited, ServerTrouble
from ...model import Mode, Model, Move, Order, RemoteState
from ...wire import Flow, get, post
from .. import upstream
from ..base import OPTIMIZER, PRETREATMENT, Provider
from ..values import Progress

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

HAILUO_23 = (
    Model("minimax-hailuo-2.3-t2v", modes=(Mode.TEXT,), variants=upstream.HAILUO),
    Model("minimax-hailuo-2.3-i2v", modes=(Mode.IMAGE,), variants=upstream.HAILUO),
    Model(
        "minimax-hailuo-2.3-fast-i2v",
        family="hailuo-2.3-fast",
        modes=(Mode.IMAGE,),
        variants=upstream.HAILUO,
        missing_fields=frozenset({PRETREATMENT}),
    ),
)
"""The three endpoints of Hailuo 2.3."""


# https://novita.ai/docs/api-reference/basic-error-code; PPIO's page has the same names and a few more
FAULTS = {
    **dict.fromkeys(("ILLEGAL_PROMPT", "ILLEGAL_IMAGE_CONTENT"), ContentRefused),
    **dict.fromkeys(("INVALID_REQUEST_BODY", "INVALID_IMAGE_FORMAT", "INVALID_IMAGE_SIZE"), InvalidRequest),
    **dict.fromkeys(("IMAGE_FILE_EXCEEDS_MAX_SIZE", "IMAGE_EXCEEDS_MAX_RESOLUTION", "API_NOT_FOUND"), InvalidRequest),
    **dict.fromkeys(("INVALID_API_KEY", "BILLING_AUTH_FAILED", "API_NOT_ALLOWED"), AuthError),
    "BILLING_BALANCE_NOT_ENOUGH": BalanceError,
    "TASK_NOT_FOUND": JobGone,
    "RATE_LIMIT_EXCEEDED": RateLimited,
    **dict.fromkeys(("BILLING_FAILED", "CREATE_TASK_FAILED", "GET_RESULT_FAILED"), ServerTrouble),
}


class NovitaProtocol(Provider):
    options = frozenset({OPTIMIZER, PRETREATMENT})
    states = {
        "TASK_STATUS_QUEUED": RemoteState.QUEUED,
        "TASK_STATUS_PROCESSING": RemoteState.RUNNING,
        "TASK_STATUS_SUCCEED": RemoteState.DONE,
        "TASK_STATUS_FAILED": RemoteState.FAILED,
    }
    # no document shows the body of an error; the family names its codes "reasons"
    code_paths = (("reason",), ("code",))
    own_paths = (("reason",), ("message",), ("code",))
    # every model has an endpoint of its own, whose absence this names (the pages of the codes, above)
    no_model = frozenset({"API_NOT_FOUND"})
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
        task = reply.inside("task")
        progress = self.progress(task.text("status"), task, percent=task.percent("progress_percent"))
        return progress.with_video(reply.address("videos", 0, "video_url"))
