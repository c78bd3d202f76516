"""One film being made: its pictures, the flight of the camera over them, and the encoder. Needs Pillow and PyAV."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import av
from PIL import Image, ImageOps

from ..request import camera
from . import card, picture
from .moves import WHOLE, WORDS, View, ease, flight
from .picture import Mark, Planes, Size
from .shot import Shot, frame_size

DISSOLVE = 0.4
"""The part of the film over which the last image comes in."""

MOST_DENSE = 1.6
_BT709 = 1
_LIMITED_RANGE = 1


@dataclass(frozen=True)
class Film:
    """What a camera sees of a picture, frame by frame."""

    fps: int
    size: Size
    views: list[View]
    planes: Planes
    last: Planes | None
    mark: Mark

    @classmethod
    def of(cls, shot: Shot, size: Size | None, fps: int) -> Self:
        """The film of a shot, at a size or that of its resolution."""
        image = picture.opened(shot.image) if shot.image else None
        size = size or frame_size(shot.resolution, image.width / image.height if image else 16 / 9)
        steps = camera.steps(shot.prompt, WORDS)
        views = flight(steps, shot.duration * fps, shot.duration, size[0] / size[1])
        shares = [view.share for view in views]
        # dense enough for the closest frame would shimmer in the widest: the middle of both, within memory's reason
        density = min(MOST_DENSE, 1 / math.sqrt(min(shares) * max(shares)))
        fine = (2 * round(size[0] * density / 2), 2 * round(size[1] * density / 2))
        if image is None:
            facts = f"TEXT TO VIDEO   ·   {shot.resolution}   ·   {shot.duration} s"
            image = card.drawn(shot.prompt, facts, steps, fine)
        last = None
        if shot.last_image:
            whole = ImageOps.fit(picture.opened(shot.last_image), size, Image.Resampling.LANCZOS)
            last = Planes.dense(whole, size).seen(WHOLE, size)
        return cls(
            fps=fps,
            size=size,
            views=views,
            planes=Planes.dense(image, fine),
            last=last,
            mark=Mark(size),
        )

    def write(self, target: Path, tell: Callable[[float], None]) -> None:
        """Encode every frame into a new file, telling the finished share before each."""
        options = {"movflags": "+faststart"}
        with (
            closing(self._frames()) as frames,
            av.open(str(target), "w", format="mp4", options=options) as file,
        ):
            stream = file.add_stream("libx264", self.fps, {"preset": "veryfast", "crf": "20"})
            stream.width, stream.height = self.size
            stream.pix_fmt = "yuv420p"
            stream.gop_size = 2 * self.fps
            codec = stream.codec_context
            codec.color_primaries = codec.color_trc = codec.colorspace = _BT709
            codec.color_range = _LIMITED_RANGE
            for number, frame in enumerate(frames):
                tell(number / len(self.views))
                frame.pts = number
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))

    def _frames(self) -> Generator[av.VideoFrame, None, None]:
        """Every frame in order, a few being drawn ahead of the one that is asked for."""
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers, "animatic") as pool:
            coming: deque[Future[av.VideoFrame]] = deque()
            for number in range(len(self.views)):
                coming.append(pool.submit(self._frame, number))
                if len(coming) > 2 * workers:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()

    def _frame(self, number: int) -> av.VideoFrame:
        planes = self.planes.seen(self.views[number], self.size)
        if self.last:
            begun = 1 - (1 - number / max(len(self.views) - 1, 1)) / DISSOLVE
            planes = planes.blended(self.last, ease(max(begun, 0.0)))
        self.mark.stamp(planes)
        frame = av.VideoFrame(*self.size, "yuv420p")
        for plane, image in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
            plane.update(image.tobytes("raw", "L", plane.line_size, 1))
        return frame
