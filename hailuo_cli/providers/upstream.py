"""What MiniMax's own documents say and its resellers pass on: camera words, error codes, what each model makes."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    RateLimited,
    ServerTrouble,
)
from ..model import Move

# https://platform.minimax.io/docs/api-reference/video-generation-i2v
ENGLISH: Mapping[Move, str] = {move: move.value.capitalize() for move in Move}
# the pages of platform.minimaxi.com, in the same order
CHINESE: Mapping[Move, str] = {
    Move.TRUCK_LEFT: "左移",
    Move.TRUCK_RIGHT: "右移",
    Move.PAN_LEFT: "左摇",
    Move.PAN_RIGHT: "右摇",
    Move.PUSH_IN: "推进",
    Move.PULL_OUT: "拉远",
    Move.PEDESTAL_UP: "上升",
    Move.PEDESTAL_DOWN: "下降",
    Move.TILT_UP: "上摇",
    Move.TILT_DOWN: "下摇",
    Move.ZOOM_IN: "变焦推近",
    Move.ZOOM_OUT: "变焦拉远",
    Move.SHAKE: "晃动",
    Move.TRACKING_SHOT: "跟随",
    Move.STATIC_SHOT: "固定",
}

# https://platform.minimax.io/docs/api-reference/errorcode
CODES: Mapping[str, type[HailuoError]] = {
    "1000": ServerTrouble,
    "1001": ServerTrouble,
    "1002": RateLimited,
    "1004": AuthError,
    "1008": BalanceError,
    "1024": ServerTrouble,
    "1026": ContentRefused,
    "1027": ContentRefused,
    "1033": ServerTrouble,
    "2013": InvalidRequest,
    "2049": AuthError,
}

# https://platform.minimax.io/docs/api-reference/video-generation-intro
HAILUO = ((6, "768P"), (10, "768P"), (6, "1080P"))
"""Hailuo 2.3, 2.3-Fast and 02: 10 s only at 768P."""
P512 = ((6, "512P"), (10, "512P"))
"""Hailuo 02 besides, not between two frames."""
P720 = ((6, "720P"),)
"""The 01 series."""
