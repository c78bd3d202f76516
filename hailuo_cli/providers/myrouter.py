"""MyRouter: an endpoint a model, Novita's protocol; its camera words are translated from the Chinese list."""

from __future__ import annotations

from ..errors import AuthError, BalanceError, InvalidRequest, RateLimited, ServerTrouble
from ..model import Job, Mode, Model, Move, State
from ..wire import Flow, Reply, get, post
from . import upstream
from .base import OPTIMIZER, PRETREATMENT, Progress, Provider

OLD = "video-01"


class MyRouter(Provider):
    name = "myrouter"
    title = "MyRouter"
    docs = "https://docs.myrouter.ai/docs/models/reference-minimax-hailuo-2.3-i2v"
    base_url = "https://api.myrouter.ai"
    key_env = "MYROUTER_API_KEY"
    models = (
        Model("minimax-hailuo-2.3-t2v", modes=(Mode.TEXT,), makes=upstream.HAILUO),
        Model("minimax-hailuo-2.3-i2v", modes=(Mode.IMAGE,), makes=upstream.HAILUO),
        Model(
            "minimax-hailuo-2.3-fast-i2v",
            family="hailuo-2.3-fast",
            modes=(Mode.IMAGE,),
            makes=upstream.HAILUO,
            lacks=frozenset({PRETREATMENT}),
        ),
        Model(
            "minimax-hailuo-02",
            family="hailuo-02",
            modes=(Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST),
            makes=upstream.HAILUO,
        ),
        Model("minimax-video-01", family=OLD, makes=upstream.P720, lacks=frozenset({PRETREATMENT})),
    )
    takes = frozenset({OPTIMIZER, PRETREATMENT})
    # [Pan Left] here slides the camera, as MiniMax's [Truck left] does; MiniMax's [Pan left] is [Rotate Left] here
    camera = {
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
    # its own page hides the list; these are the words of the providers that share its protocol
    states = {
        "TASK_STATUS_QUEUED": State.QUEUED,
        "TASK_STATUS_PROCESSING": State.RUNNING,
        "TASK_STATUS_SUCCEED": State.DONE,
        "TASK_STATUS_FAILED": State.FAILED,
    }
    # https://docs.jiekou.ai/en/docs/models/reference-error-code, a provider of the same protocol
    faults = {
        "INVALID_API_KEY": AuthError,
        "FAILED_TO_AUTH": AuthError,
        "ACCESS_DENY": AuthError,
        "NOT_ENOUGH_BALANCE": BalanceError,
        "MODEL_NOT_FOUND": InvalidRequest,
        "INVALID_REQUEST_BODY": InvalidRequest,
        "RATE_LIMIT_EXCEEDED": RateLimited,
        "TOKEN_LIMIT_EXCEEDED": RateLimited,
        "SERVICE_NOT_AVAILABLE": ServerTrouble,
    }
    poll_seconds = 5  # not stated; clients of its siblings begin with 3 s and go on with 10

    def submit(self, job: Job) -> Flow[str]:
        old = job.model.family == OLD  # it makes one length in one size and has no fields for them
        body = {
            "prompt": job.prompt,
            "image_url" if old else "image": job.image,
            "end_image": job.last_image,
            "duration": None if old else job.duration,
            "resolution": None if old else job.resolution,
            "enable_prompt_expansion": job.prompt_optimizer,
            "fast_pretreatment": job.fast_pretreatment,
        }
        reply = yield post("/v3/async/{model}", body, model=job.model.id)
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
