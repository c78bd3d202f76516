"""TokensMind, which runs the new-api gateway: MiniMax's fields ride in `metadata`, three vocabularies of status words."""

from __future__ import annotations

from ..errors import BalanceError, JobGone, ServerTrouble
from ..model import Job, Mode, Model, Move, State
from ..wire import Flow, Reply, get, post
from . import upstream
from .base import OPTIMIZER, WATERMARK, WEBHOOK, Progress, Provider


class TokensMind(Provider):
    name = "tokensmind"
    title = "TokensMind"
    docs = "https://docs.tokensmind.ai/en/guide/video/hailuo/video-generation-query"
    # the video pages print a placeholder for the host; every other page of theirs has this one
    base_url = "https://tokensmind.ai"
    key_env = "TOKENSMIND_API_KEY"
    models = (
        Model("MiniMax-Hailuo-2.3", makes=upstream.HAILUO),
        Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,), makes=upstream.HAILUO),
        Model("MiniMax-Hailuo-02", family="hailuo-02", modes=(Mode.TEXT,), makes=upstream.HAILUO),
        Model("MiniMax-Hailuo-02", family="hailuo-02", modes=(Mode.IMAGE,), makes=upstream.HAILUO + upstream.P512),
        Model("T2V-01", family="video-01", modes=(Mode.TEXT,), makes=upstream.P720),
        Model("T2V-01-Director", family="video-01", modes=(Mode.TEXT,), makes=upstream.P720),
        Model("I2V-01-Director", family="video-01", modes=(Mode.IMAGE,), makes=upstream.P720),
    )
    takes = frozenset({OPTIMIZER, WATERMARK, WEBHOOK})
    camera = {
        **{move: move.value for move in Move},
        Move.PUSH_IN: "dolly in",
        Move.PULL_OUT: "dolly out",
        Move.SHAKE: "handheld shake",
        Move.TRACKING_SHOT: "follow",
        Move.STATIC_SHOT: "locked off",
    }
    camera_zh = upstream.CHINESE
    states = {
        "queued": State.QUEUED,
        "processing": State.RUNNING,
        "success": State.DONE,
        "failed": State.FAILED,
        "completed": State.DONE,
        # MiniMax's own words, on the same page
        "Preparing": State.QUEUED,
        "Queueing": State.QUEUED,
        "Fail": State.FAILED,
        # the words of the gateway software
        "NOT_START": State.QUEUED,
        "SUBMITTED": State.QUEUED,
        "IN_PROGRESS": State.RUNNING,
        "FAILURE": State.FAILED,
        "UNKNOWN": State.RUNNING,
    }
    faults = {
        **upstream.CODES,
        # passed on from MiniMax, these are about TokensMind's own account there
        **dict.fromkeys(("1004", "1008", "2049"), ServerTrouble),
        "insufficient_user_quota": BalanceError,
        "task_not_exist": JobGone,
    }

    def submit(self, job: Job) -> Flow[str]:
        body = {
            "model": job.model.id,
            "prompt": job.prompt,
            "duration": job.duration,
            "metadata": {
                "first_frame_image": job.image,
                "resolution": job.resolution,
                "prompt_optimizer": job.prompt_optimizer,
                "callback_url": job.webhook,
                "aigc_watermark": job.watermark,
            },
        }
        reply = (yield post("/v1/video/generations", body)).inside("data")
        return reply.find("task_id") or reply.text("id")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/v1/video/generations/{task_id}", task_id=ticket)).inside("data").about(ticket, "task_id")
        progress = self.progress(
            reply.text("status"), reason=reply.find("fail_reason"), percent=reply.percent("progress")
        )
        # the gateway puts the failure's text here when it has no address, so only a web address counts
        return progress.with_video(reply.address("result_url"))

    def balance(self) -> Flow[str]:
        # not in its own documents: the routes of the gateway software, in OpenAI's form (usage in cents)
        limit = yield get("/v1/dashboard/billing/subscription")
        used = yield get("/v1/dashboard/billing/usage")
        return f"{limit.number('hard_limit_usd') - used.number('total_usage') / 100:.2f} USD"

    def fault_code(self, reply: Reply) -> str | None:
        code = reply.find("error", "code") or reply.find("code")
        return None if code in ("200", "success") else code
