"""Frames laid out as one picture: a strip, or a poster with frames beside it. Needs Pillow."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

Size = tuple[int, int]

STRIP_HEIGHT = 270
STRIP_GAP = 8
_GROUND = (17, 18, 24)


def strip(frames: Sequence[Image.Image], height: int = STRIP_HEIGHT, gap: int = STRIP_GAP) -> Image.Image:
    """The frames side by side on a dark ground, each `height` pixels high."""
    width = max(1, round(frames[0].width * height / frames[0].height))
    size = (len(frames) * (width + gap) + gap, height + 2 * gap)
    sheet = Image.new("RGB", size, _GROUND)
    for number, frame in enumerate(frames):
        sheet.paste(_scaled(frame, (width, height)), (gap + number * (width + gap), gap))
    return sheet


def sheet(poster: Image.Image, frames: Sequence[Image.Image], room: Size, gap: int) -> Image.Image:
    """A poster with the frames below it (a wide film) or beside it (a high one), as large as `room` allows.

    The gaps between them, in pixels, are transparent.
    """
    is_wide = poster.width >= poster.height
    aspect = poster.width / poster.height
    columns = len(frames) if is_wide else -(-len(frames) // 2)
    rows = 1 if is_wide else 2

    def laid_out(unit: int) -> tuple[Size, Size, Size]:
        """Sizes of the poster, of a frame and of the whole, for a poster that is `unit` pixels wide."""
        main = (unit, max(1, round(unit / aspect)))
        if is_wide:
            across = max(1, (unit - gap * (columns - 1)) // columns)
            small = (across, max(1, round(across / aspect)))
            return main, small, (unit, main[1] + gap + small[1])
        down = max(1, (main[1] - gap) // rows)
        small = (max(1, round(down * aspect)), down)
        return main, small, (unit + columns * (gap + small[0]), main[1])

    unit = room[0]
    while unit > 1 and any(side > most for side, most in zip(laid_out(unit)[2], room, strict=True)):
        unit -= 1
    main, small, whole = laid_out(unit)
    picture = Image.new("RGBA", whole, (0, 0, 0, 0))
    picture.paste(_scaled(poster, main), (0, 0))
    left, top = (0, main[1] + gap) if is_wide else (main[0] + gap, 0)
    for number, frame in enumerate(frames):
        row, column = divmod(number, columns)
        at = (left + column * (small[0] + gap), top + row * (small[1] + gap))
        picture.paste(_scaled(frame, small), at)
    return picture


def _scaled(image: Image.Image, size: Size) -> Image.Image:
    return image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
