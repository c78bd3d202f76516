"""An image made fit for the rules on purpose: turned, converted, cropped or padded, scaled, encoded. Needs Pillow.

A function from bytes to bytes: what comes out is the same for the same input, way and limits, so that the hash of
what is sent stays the same for the same picture. Nothing is distorted, and nothing is done that was not needed.
"""

from __future__ import annotations

import enum
import io
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidImage

if TYPE_CHECKING:
    from PIL import Image


class Fit(enum.StrEnum):
    """How a shape beyond 2:5 to 5:2 is made fit: cut off at the ends, bars added, or not at all."""

    CROP = "crop"
    PAD = "pad"
    SCALE = "scale"


@dataclass(frozen=True)
class Limits:
    """What an image has to keep. All but `most_pixels` and the ratio are exclusive."""

    bytes: int
    short_side: int
    most_pixels: int
    ratio: tuple[int, int] = (5, 2)


@dataclass(frozen=True)
class Fitted:
    """An image that keeps the limits. Without `notes` its content is the source's own bytes."""

    content: bytes
    media_type: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


TARGET_SHORT_SIDE = 720
"""Pixels: what a picture that is too small is enlarged to, as the rule's own hint says."""
TARGET_LONG_SIDE = 4096
"""Pixels: what a picture with too many is reduced to; no model of Hailuo makes a frame that is larger."""
QUALITIES = (95, 90, 85, 80, 70)
_SMALLER = 0.85

_TURN = 0x0112
_SENT = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_READ = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "HEIF", "JPEG2000", "PPM")
"""What is opened at all. Not EPS, which Pillow hands to another program, and none of the rare ones."""
_LOSSLESS = frozenset({"PNG", "GIF", "BMP", "DIB", "TIFF", "PPM"})
_NAMES = {"MPO": "JPEG", "WEBP": "WebP", "HEIF": "HEIC", "DIB": "BMP", "JPEG2000": "JPEG 2000"}


def fit(source: bytes, how: Fit, limits: Limits, label: str = "the image") -> Fitted:
    """Make an image keep the limits; one that keeps them already comes back as it is.

    UsageError without Pillow. InvalidImage for what Pillow cannot read or `how` cannot mend; `label` names it there.
    """
    with _opened(source, label) as image:
        width, height = image.size
        if (media_type := _SENT.get(str(image.format))) and not _flaws(image, source, limits):
            return Fitted(source, media_type, width, height)
        notes: list[str] = []
        try:
            picture = _upright(image, notes)
            picture = _in_rgb(picture, source, notes, label)
            picture = _in_shape(picture, how, limits, notes, label)
            picture = _in_size(picture, limits, notes).copy()
            picture.info.clear()  # profiles, places and times do not go out
            return _encoded(picture, str(image.format), limits, notes, label)
        except (OSError, SyntaxError, ValueError, MemoryError) as error:
            raise InvalidImage(
                f"{label} is cut off or damaged: {error}", hint="save or download it again; --fit mends no such file"
            ) from error


def _opened(source: bytes, label: str) -> Image.Image:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        from ..distribution.installation import missing_extra

        raise missing_extra("films", "--fit needs the extra hailuo[films]") from error
    _register_heif()
    Image.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(source), formats=[name for name in _READ if name in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise InvalidImage(
            f"{label} has too many pixels to be decoded", hint="make it smaller, e.g. 2048 × 1152"
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _unread(source, label) from error


def _register_heif() -> None:
    """HEIC is read where one of Pillow's plugins for it is installed."""
    for name in ("pillow_heif", "pi_heif"):
        try:
            plugin: Any = __import__(name)
        except ImportError:
            continue
        plugin.register_heif_opener()
        return


def _unread(source: bytes, label: str) -> InvalidImage:
    from .image_headers import KINDS, what

    head = source[:512]
    if any(kind.signature.match(head) for kind in KINDS):
        return InvalidImage(f"{label} is cut off or damaged", hint="save or download it again")
    kind = what(head)
    if kind == "a HEIC":
        return InvalidImage(
            f"{label} is a HEIC, which needs one more package to be read",
            hint="save it as JPEG or PNG, or add the package pillow-heif to where hailuo is installed",
        )
    return InvalidImage(f"{label} is {kind}, which --fit cannot read", hint="save it as JPEG or PNG")


def _flaws(image: Image.Image, source: bytes, limits: Limits) -> bool:
    """Whether anything about an image of a kind that is sent has to be mended."""
    width, height = image.size
    return bool(
        len(source) >= limits.bytes
        or min(width, height) <= limits.short_side
        or _is_too_long(width, height, limits)
        or width * height > limits.most_pixels
        or image.getexif().get(_TURN, 1) != 1
        or image.mode in ("CMYK", "YCCK", "LAB", "HSV")
        or _is_deep(image, source)
        or _profile(image) is not None
    )


def _is_too_long(width: int, height: int, limits: Limits) -> bool:
    most, least = limits.ratio
    return least * max(width, height) > most * min(width, height)


def _is_deep(image: Image.Image, source: bytes) -> bool:
    """Whether its samples have more than 8 bits. Pillow cuts a PNG's colours to 8 without saying so."""
    return image.mode.startswith(("I", "F")) or (image.format == "PNG" and source[24:25] == b"\x10")


def _profile(image: Image.Image) -> tuple[Any, str] | None:
    """The colour profile of an image and its name, None where it has none, has a broken one, or is sRGB anyway."""
    content = image.info.get("icc_profile")
    if not content:
        return None
    try:
        from PIL import ImageCms

        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        name = ImageCms.getProfileDescription(profile).strip()
    except (ImportError, OSError, ValueError, TypeError):
        return None
    return None if "srgb" in name.casefold() else (profile, name or "its colour profile")


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    from PIL import ImageOps

    if getattr(image, "n_frames", 1) > 1 and image.format not in ("MPO", "JPEG"):
        notes.append("its first frame")
        image.seek(0)
    if image.getexif().get(_TURN, 1) not in range(2, 9):
        return image
    notes.append("turned as its EXIF says")
    return ImageOps.exif_transpose(image)


def _in_rgb(image: Image.Image, source: bytes, notes: list[str], label: str) -> Image.Image:
    """The picture in 8 bits of red, green and blue, or grey; what is transparent becomes white."""
    from PIL import Image

    if image.mode == "F":
        raise InvalidImage(f"{label} has floating-point samples, which nothing here can show", hint="save it as PNG")
    if _is_deep(image, source):
        notes.append("16 bits to 8")
        if image.mode.startswith("I"):
            image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if found := _profile(image):
        image = _converted(image, *found, notes)
    elif image.mode not in ("1", "L", "P", "RGB", "RGBA", "LA", "PA", "La", "RGBa"):
        notes.append(f"{image.mode} to RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema() != (255, 255):
            notes.append("what is transparent made white")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "L" else image.convert("RGB")


def _converted(image: Image.Image, profile: Any, name: str, notes: list[str]) -> Image.Image:
    from PIL import ImageCms

    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    try:
        changed = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode=_rgb(image))
    except (ImageCms.PyCMSError, ValueError):
        return image  # a profile of another kind of picture: without it the picture is what most programs show
    notes.append(f"{name} to sRGB")
    return changed or image


def _rgb(image: Image.Image) -> str:
    return "RGBA" if image.mode == "RGBA" else "RGB"


def _in_shape(image: Image.Image, how: Fit, limits: Limits, notes: list[str], label: str) -> Image.Image:
    from PIL import Image

    width, height = image.size
    if not _is_too_long(width, height, limits):
        return image
    if how is Fit.SCALE:
        long, short = max(width, height), min(width, height)
        raise InvalidImage(
            f"{label} is {long / short:.2f}:1 ({width} × {height}), and --fit scale keeps the shape",
            hint="--fit crop cuts it, --fit pad adds bars",
        )
    most, least = limits.ratio
    if how is Fit.CROP:
        long = min(width, height) * most // least
        size = (long, height) if width > height else (width, long)
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        notes.append(f"cropped from {width} × {height} to {size[0]} × {size[1]}")
        return image.crop((left, top, left + size[0], top + size[1]))
    short = -(-max(width, height) * least // most)
    size = (width, short) if width > height else (short, height)
    notes.append(f"padded with black from {width} × {height} to {size[0]} × {size[1]}")
    ground = Image.new(image.mode, size, 0)
    ground.paste(image, ((size[0] - width) // 2, (size[1] - height) // 2))
    return ground


def _in_size(image: Image.Image, limits: Limits, notes: list[str]) -> Image.Image:
    short, long = min(image.size), max(image.size)
    if short <= limits.short_side:
        return _scaled(image, max(TARGET_SHORT_SIDE, limits.short_side + 1) / short, limits, notes)
    if image.width * image.height > limits.most_pixels:
        return _scaled(image, TARGET_LONG_SIDE / long, limits, notes)
    return image


def _scaled(image: Image.Image, factor: float, limits: Limits, notes: list[str] | None = None) -> Image.Image:
    """Larger or smaller in one shape; rounding is never away from what the ratio allows."""
    from PIL import Image

    most, least = limits.ratio
    short = max(1, round(min(image.size) * factor))
    long = min(round(max(image.size) * factor), short * most // least)
    size = (long, short) if image.width >= image.height else (short, long)
    if notes is not None:
        word = "enlarged" if factor > 1 else "reduced"
        notes.append(f"{word} from {image.width} × {image.height} to {size[0]} × {size[1]}")
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def _encoded(image: Image.Image, source: str, limits: Limits, notes: list[str], label: str) -> Fitted:
    was = _NAMES.get(source, source)
    for kind, quality, picture in _tries(image, source, limits):
        file = io.BytesIO()
        how: dict[str, Any] = {"optimize": True} if kind == "PNG" else {"quality": quality, "subsampling": 0}
        picture.save(file, kind, **how)
        if len(content := file.getvalue()) < limits.bytes:
            break
    else:
        raise InvalidImage(f"{label} cannot be made smaller than {limits.bytes:,} bytes", hint="use another picture")
    if kind != was:
        notes.append(f"{was} to {kind}")
    if quality < QUALITIES[0]:
        notes.append(f"JPEG quality {quality}")
    if picture.size != image.size:
        notes.append(f"reduced to {picture.width} × {picture.height} for its size in bytes")
    return Fitted(content, _SENT[kind], picture.width, picture.height, tuple(notes or ["encoded again"]))


def _tries(image: Image.Image, source: str, limits: Limits) -> Iterator[tuple[str, int, Image.Image]]:
    """Kind, quality and picture of each try, best first: lossless, then worse JPEGs, then fewer pixels."""
    if source in _LOSSLESS:
        yield "PNG", QUALITIES[0], image
    for quality in QUALITIES:
        yield "JPEG", quality, image
    factor = _SMALLER
    while min(image.size) * factor > limits.short_side + 1 and math.prod(image.size) * factor**2 > 1:
        yield "JPEG", QUALITIES[-1], _scaled(image, factor, limits)
        factor *= _SMALLER
