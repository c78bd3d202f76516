"""TokensMind, which runs the new-api gateway: its page has the size in `metadata` and three vocabularies of status words."""

from __future__ import annotations

from ..model import Mode, Model, Move, Order, RemoteState
from ..wire import Reply
from . import camera_words, upstream
from .base import OPTIMIZER, WATERMARK, WEBHOOK
from .protocols.newapi import NewApi
from .webhooks import Webhook


class TokensMind(NewApi):
    name = "tokensmind"
    title = "TokensMind"
    docs = "https://docs.tokensmind.ai/en/guide/video/hailuo/video-generation-query"
    # the video pages print a placeholder for the host; every other page of theirs has this one
    base_url = "https://tokensmind.ai"
    key_env = "TOKENSMIND_API_KEY"
    models = (
        Model("MiniMax-Hailuo-2.3", variants=upstream.HAILUO),
        Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,), variants=upstream.HAILUO),
        Model("MiniMax-Hailuo-02", family="hailuo-02", modes=(Mode.TEXT,), variants=upstream.HAILUO),
        Model("MiniMax-Hailuo-02", family="hailuo-02", modes=(Mode.IMAGE,), variants=upstream.HAILUO + upstream.P512),
        Model("T2V-01", family="video-01", modes=(Mode.TEXT,), variants=upstream.P720),
        Model("T2V-01-Director", family="video-01", modes=(Mode.TEXT,), variants=upstream.P720),
        Model("I2V-01-Director", family="video-01", modes=(Mode.IMAGE,), variants=upstream.P720),
    )
    options = frozenset({OPTIMIZER, WATERMARK, WEBHOOK})
    # MiniMax itself calls, with an id of its own that no ticket has
    webhook = Webhook("body metadata.callback_url", challenge="challenge")
    camera = {
        **{move: move.value for move in Move},
        Move.PUSH_IN: "dolly in",
        Move.PULL_OUT: "dolly out",
        Move.SHAKE: "handheld shake",
        Move.TRACKING_SHOT: "follow",
        Move.STATIC_SHOT: "locked off",
    }
    camera_zh = camera_words.CHINESE
    states = {
        "queued": RemoteState.QUEUED,
        "processing": RemoteState.RUNNING,
        "success": RemoteState.DONE,
        "failed": RemoteState.FAILED,
        "completed": RemoteState.DONE,
        # MiniMax's own words, on the same page
        "Preparing": RemoteState.QUEUED,
        "Queueing": RemoteState.QUEUED,
        "Fail": RemoteState.FAILED,
        # the words of the gateway software
        "NOT_START": RemoteState.QUEUED,
        "SUBMITTED": RemoteState.QUEUED,
        "IN_PROGRESS": RemoteState.RUNNING,
        "FAILURE": RemoteState.FAILED,
        "UNKNOWN": RemoteState.RUNNING,
    }

    def body(self, order: Order) -> dict[str, object]:
        return {
            "model": order.model.id,
            "prompt": order.prompt,
            "duration": order.duration,
            "metadata": {
                "first_frame_image": order.image,
                "resolution": order.resolution,
                "prompt_optimizer": order.prompt_optimizer,
                "callback_url": order.webhook,
                "aigc_watermark": order.watermark,
            },
        }

    def video(self, reply: Reply, ticket: str) -> str | None:
        # the gateway puts the failure's text here when it has no address, so only a web address counts
        return reply.address("result_url")
