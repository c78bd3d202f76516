"""The camera of an animatic: from camera commands to what each frame sees of a flat picture.

The picture hangs in front of a pinhole camera. Trucks and pedestals slide the camera along it, pushes and pulls
change its distance, pans and tilts turn it, zooms change its focal length. A picture has no depth, so a truck and a
pan differ in the keystone only, and a push and a zoom in the amount only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..model import Move
from ..request.camera import Step

WORDS: Mapping[Move, str] = {move: move.value.capitalize() for move in Move}
"""How MiniMax, and so the sandbox, writes the moves."""

DISTANCE = 1.5
"""From the camera to the picture, in halves of the picture's longer side: a field of view of 67° along it."""

MOST_CROP = 1.65
"""How much larger than the frame the picture may become only to give the moves room."""

MOST_GAIN = 2.6
"""How much larger the picture may become in the closest frame than in the widest."""


class Pose(NamedTuple):
    """Where the camera is, as a difference from where it began."""

    x: float = 0.0  # to the right, in halves of the picture's width
    y: float = 0.0  # up, in halves of its height
    yaw: float = 0.0  # turned to the right, by so many half widths at the picture
    pitch: float = 0.0  # turned up, by so many half heights at the picture
    roll: float = 0.0  # radians
    near: float = 0.0  # logarithm of how many times nearer
    zoom: float = 0.0  # logarithm of how many times longer the focal length

    def plus(self, other: Pose, times: float = 1.0) -> Pose:
        """This pose moved on by another one, so many times."""
        return Pose(*(a + b * times for a, b in zip(self, other, strict=True)))


_REACH = 0.4
MOVES: Mapping[Move, Pose] = {
    Move.TRUCK_LEFT: Pose(x=-_REACH),
    Move.TRUCK_RIGHT: Pose(x=_REACH),
    Move.PAN_LEFT: Pose(yaw=-_REACH),
    Move.PAN_RIGHT: Pose(yaw=_REACH),
    Move.PUSH_IN: Pose(near=math.log(1.35)),
    Move.PULL_OUT: Pose(near=-math.log(1.35)),
    Move.PEDESTAL_UP: Pose(y=_REACH),
    Move.PEDESTAL_DOWN: Pose(y=-_REACH),
    Move.TILT_UP: Pose(pitch=_REACH),
    Move.TILT_DOWN: Pose(pitch=-_REACH),
    Move.ZOOM_IN: Pose(zoom=math.log(1.8)),
    Move.ZOOM_OUT: Pose(zoom=-math.log(1.8)),
    Move.SHAKE: Pose(),  # ends where it began; `_tremor` is what happens meanwhile
    Move.TRACKING_SHOT: Pose(x=0.6 * _REACH, near=math.log(1.12)),  # beside a subject that walks to the right
    Move.STATIC_SHOT: Pose(),
}

UNDIRECTED = Pose(near=math.log(1.12))
"""What the camera does when the prompt does not say: a gentle push in."""


class View(NamedTuple):
    """What a frame sees: a projective map from the frame to the picture, both spanning -1 to 1, y pointing down."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    g: float
    h: float
    i: float

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Where a point of the frame lies in the picture."""
        w = self.depth(u, v)
        return (self.a * u + self.b * v + self.c) / w, (self.d * u + self.e * v + self.f) / w

    def depth(self, u: float, v: float) -> float:
        """How far away a point of the frame is; 1 in the middle."""
        return self.g * u + self.h * v + self.i

    def moved(self, x: float, y: float) -> View:
        """The same view of a picture that is shifted."""
        a, b, c, d, e, f, g, h, i = self
        return View(a + x * g, b + x * h, c + x * i, d + y * g, e + y * h, f + y * i, g, h, i)

    @property
    def share(self) -> float:
        """The part of the picture's width that the frame's middle line sees."""
        (x0, y0), (x1, y1) = self.at(-1, 0), self.at(1, 0)
        return math.hypot(x1 - x0, y1 - y0) / 2


WHOLE = View(1, 0, 0, 0, 1, 0, 0, 0, 1)
_CORNERS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def flight(steps: Sequence[Step], frames: int, seconds: float, aspect: float) -> list[View]:
    """What each frame sees, while the steps share the time equally and each begins where the last ended.

    No view leaves the picture. The first sees it straight, and as large and central as the moves allow. Moves that
    together ask for more picture than there is all become smaller by one factor.
    """
    times = [n / max(frames - 1, 1) for n in range(frames)]
    poses = [_pose(steps, t) for t in times]
    tremors = [_tremor(steps, t, seconds) for t in times]
    gains = [pose.near + pose.zoom for pose in poses]

    def views(size: float, crop: float) -> list[View]:
        return [_view(near.plus(far, size), crop, aspect) for near, far in zip(tremors, poses, strict=True)]

    def most_crop(size: float) -> float:
        return MOST_CROP * math.exp(-min(gains) * size)

    def fits(size: float) -> bool:
        modest = (max(gains) - min(gains)) * size <= math.log(MOST_GAIN)
        return modest and _slack(views(size, most_crop(size))) is not None

    size = 1.0 if fits(1.0) else _edge(1.0, 0.0, fits)
    crop = _edge(0.0, most_crop(size), lambda crop: crop > 0.1 and _slack(views(size, crop)) is not None)
    seen = views(size, crop)
    slack = _slack(seen)
    assert slack is not None  # noqa: S101 - `_edge` ends on a crop that fits
    (left, right), (top, bottom) = slack
    x, y = min(max(0.0, left), right), min(max(0.0, top), bottom)
    return [view.moved(x, y) for view in seen]


def _pose(steps: Sequence[Step], t: float) -> Pose:
    legs = [_sum(step) for step in steps] or [UNDIRECTED]
    leg, part = _leg(t, len(legs))
    pose = Pose()
    for done in legs[:leg]:
        pose = pose.plus(done)
    return pose.plus(legs[leg], ease(part))


def _sum(step: Step) -> Pose:
    pose = Pose()
    for move in step:
        pose = pose.plus(MOVES[move])
    return pose


def _leg(t: float, legs: int) -> tuple[int, float]:
    leg = min(int(t * legs), legs - 1)
    return leg, t * legs - leg


def ease(t: float) -> float:
    """From 0 to 1 with no speed and no acceleration at either end."""
    return t * t * t * (t * (6 * t - 15) + 10)


def _tremor(steps: Sequence[Step], t: float, seconds: float) -> Pose:
    """A hand's unrest, the same at every run: slow sway to 4 Hz tremble, none at the borders of its step."""
    leg, part = _leg(t, max(len(steps), 1))
    if not steps or Move.SHAKE not in steps[leg]:
        return Pose()
    hold = ease(min(1.0, 6 * part, 6 * (1 - part)))

    def sway(axis: int) -> float:
        waves = ((0.83, 0.45), (1.71, 0.3), (2.63, 0.17), (3.97, 0.08))
        return hold * sum(
            size * math.sin(math.tau * (hertz * t * seconds + axis * (0.29 + 0.37 * n)))
            for n, (hertz, size) in enumerate(waves)
        )

    # about 3 % of the frame's width: less is lost on a small window
    return Pose(x=0.045 * sway(1), y=0.055 * sway(2), yaw=0.066 * sway(3), pitch=0.09 * sway(4), roll=0.026 * sway(5))


def _view(pose: Pose, crop: float, aspect: float) -> View:
    half_width, half_height = min(1.0, aspect), min(1.0, 1 / aspect)
    distance = DISTANCE * math.exp(-pose.near)
    focal = DISTANCE * math.exp(pose.zoom) * crop
    yaw, pitch = pose.yaw * half_width / DISTANCE, pose.pitch * half_height / DISTANCE

    def ray(u: float, v: float, ahead: float) -> tuple[float, float, float]:
        x, y, z = u * half_width, v * half_height, ahead * focal
        x, y = x * math.cos(pose.roll) - y * math.sin(pose.roll), x * math.sin(pose.roll) + y * math.cos(pose.roll)
        y, z = y * math.cos(pitch) - z * math.sin(pitch), y * math.sin(pitch) + z * math.cos(pitch)
        x, z = x * math.cos(yaw) + z * math.sin(yaw), z * math.cos(yaw) - x * math.sin(yaw)
        return x * distance / half_width, y * distance / half_height, z

    (a, d, g), (b, e, h), (c, f, i) = ray(1, 0, 0), ray(0, 1, 0), ray(0, 0, 1)
    return View(a, b, c, d, e, f, g, h, i).moved(pose.x, -pose.y)


def _slack(views: Sequence[View]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """How far the views may all be moved together, from and to, across and down; None if they do not fit."""
    if any(view.depth(*corner) < view.i / 3 for view in views for corner in _CORNERS):
        return None  # turned so far that the picture's edge comes near the camera, or behind it
    # a projective map takes the frame to a convex figure, so the corners bound it
    xs, ys = zip(*(view.at(*corner) for view in views for corner in _CORNERS), strict=True)
    across, down = (-1 - min(xs), 1 - max(xs)), (-1 - min(ys), 1 - max(ys))
    nothing = -1e-9  # a static shot leaves no slack, and rounding less than none
    return (across, down) if min(across[1] - across[0], down[1] - down[0]) >= nothing else None


def _edge(bad: float, good: float, holds: Callable[[float], bool]) -> float:
    """The last value for which it holds, on the way from a good value to a bad one."""
    for _ in range(34):
        middle = (bad + good) / 2
        bad, good = (bad, middle) if holds(middle) else (middle, good)
    return good
