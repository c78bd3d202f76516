"""The words for camera moves that MiniMax documents; most sellers pass them on, and some have a table of their own."""

from __future__ import annotations

from collections.abc import Mapping

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
