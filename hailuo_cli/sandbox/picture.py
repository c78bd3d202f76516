"""The pictures of an animatic as Pillow images: opened, split into the planes of video, seen by the camera, marked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image, ImageDraw, ImageFont, ImageOps

from .moves import View

Size = tuple[int, int]

# RGB to the limited-range Y, U and V of BT.709
_LUMA = (0.18259, 0.61423, 0.06201, 16.0)
_BLUE = (-0.10064, -0.33857, 0.43922, 128.0)
_RED = (0.43922, -0.39894, -0.04027, 128.0)

OVERSAMPLING = 2
"""A view is read off with a bilinear filter, from planes so much denser than the frame that it shows no blur."""


def opened(path: Path) -> Image.Image:
    """An image file as RGB: turned as its EXIF says, what is transparent white."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")  # 16 bits, which RGB clips
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


@dataclass(frozen=True)
class Planes:
    """A picture as video keeps it: brightness, and two colour differences of half the width and height."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @classmethod
    def of(cls, image: Image.Image) -> Self:
        """The planes of an image, colours at half the size."""
        y, u, v = (image.convert("L", row) for row in (_LUMA, _BLUE, _RED))
        return cls(y, u.reduce(2), v.reduce(2))

    @classmethod
    def dense(cls, image: Image.Image, size: Size) -> Self:
        """Planes for a camera that resolves `size` in the picture: no finer detail, more samples."""
        if image.width > size[0]:
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        width, height = (side * OVERSAMPLING for side in size)
        half = (width // 2, height // 2)
        y, u, v = (image.convert("L", row) for row in (_LUMA, _BLUE, _RED))
        smooth = Image.Resampling.BICUBIC
        return cls(y.resize((width, height), smooth), u.resize(half, smooth), v.resize(half, smooth))

    def seen(self, view: View, size: Size) -> Planes:
        """What a view shows of them, at a size."""
        half = (size[0] // 2, size[1] // 2)
        # H.264 takes a colour sample to stand at the left of the two pixels it colours, half a pixel off their middle
        left = 1 / size[0]
        return Planes(_seen(self.y, view, size, 0), _seen(self.u, view, half, left), _seen(self.v, view, half, left))

    def blended(self, other: Planes, share: float) -> Planes:
        """A mixture with other planes; `share` of the other."""
        return Planes(
            Image.blend(self.y, other.y, share),
            Image.blend(self.u, other.u, share),
            Image.blend(self.v, other.v, share),
        )


def _seen(plane: Image.Image, view: View, size: Size, left: float) -> Image.Image:
    """`left` shifts every sample to the left, in halves of the frame's width."""
    (across, down), (width, height) = size, plane.size
    a, b, c, d, e, f, g, h, i = view
    # pixels to the span of -1 to 1, for the frame on the right side and for the picture on the left
    rows = (
        ((a + g) * width / 2, (b + h) * width / 2, (c + i) * width / 2),
        ((d + g) * height / 2, (e + h) * height / 2, (f + i) * height / 2),
        (g, h, i),
    )
    scaled = [(p * 2 / across, q * 2 / down, r - p * (1 + left) - q) for p, q, r in rows]
    (a, b, c), (d, e, f), (g, h, i) = scaled
    data = (a / i, b / i, c / i, d / i, e / i, f / i, g / i, h / i)
    return plane.transform(size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR)


class Mark:
    """The word SANDBOX in the frame's lower right corner: a small pill that lets the picture through."""

    def __init__(self, size: Size) -> None:
        short = min(size)
        height = max(12, round(short * 0.036))
        pill, alpha = _pill("SANDBOX", height)
        gap = round(short * 0.028)
        self._at = tuple((side - own - gap) // 2 * 2 for side, own in zip(size, pill.size, strict=True))
        self._planes = Planes.of(pill)
        self._alpha = alpha

    def stamp(self, planes: Planes) -> None:
        """Put the mark onto a frame."""
        x, y = self._at
        planes.y.paste(self._planes.y, (x, y), self._alpha)
        small = self._alpha.reduce(2)
        planes.u.paste(self._planes.u, (x // 2, y // 2), small)
        planes.v.paste(self._planes.v, (x // 2, y // 2), small)


def _pill(word: str, height: int) -> tuple[Image.Image, Image.Image]:
    finer = 4  # Pillow draws rounded corners without smoothing
    tall = height * finer
    font = ImageFont.load_default(tall * 0.56)
    spacing = tall * 0.09
    length = sum(font.getlength(letter) + spacing for letter in word) - spacing
    size = (round(length + tall * 1.1), tall)
    size = (size[0] // (2 * finer) * 2 * finer, size[1] // (2 * finer) * 2 * finer)
    colour, alpha = Image.new("RGB", size, (14, 16, 24)), Image.new("L", size, 0)
    ImageDraw.Draw(alpha).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), size[1] / 2, 105)
    letters = Image.new("L", size, 0)
    pen, x = ImageDraw.Draw(letters), (size[0] - length) / 2
    for letter in word:
        pen.text((x, size[1] / 2), letter, 255, font, anchor="lm")
        x += font.getlength(letter) + spacing
    colour.paste((255, 255, 255), mask=letters)
    alpha.paste(215, mask=letters)
    return colour.reduce(finer), alpha.reduce(finer)
