"""What an image must be at every provider: its sides, its shape, its size. Each rule says how to mend the image.

https://platform.minimax.io/docs/api-reference/video-generation-i2v; a provider's own, tighter limits are its facts.
"""

from __future__ import annotations

from ..errors import InvalidImage

MIB = 1024 * 1024
LIMIT = 20 * MIB
"""An image is smaller than this, in bytes."""
SHORT_SIDE = 300
"""The short side is longer than this, in pixels."""
MEGAPIXELS = 120
"""No vendor names a limit; a phone photo of 108 megapixels passes, a bomb of 13,300 × 13,300 does not."""


def refuse_sides(label: str, width: int, height: int) -> None:
    """InvalidImage for a picture that is too small, too long or too fine; sides in pixels."""
    # an EXIF rotation by 90° swaps the sides; every rule here says the same about both ways round
    short, long = sorted((width, height))
    seen = f"{width} × {height}"

    def turned(length: int, breadth: int) -> str:
        return f"{length} × {breadth}" if width >= height else f"{breadth} × {length}"

    if short <= SHORT_SIDE:
        fix = turned(min(720 * long // max(short, 1), 1800), 720)
        too_small = InvalidImage(
            f"{label} is {short} px on its short side ({seen}); it must be more than {SHORT_SIDE}",
            hint=f"make it larger, e.g. {fix}",
        )
        raise mended_by(too_small, *(["crop", "pad"] if 2 * long > 5 * short else ["scale"]))
    if 2 * long > 5 * short:
        hundredths = -(-100 * long // short)  # rounded up, so that 2.501 is not shown as the 2.50 that is allowed
        ratio = f"{hundredths // 100}.{hundredths % 100:02}"
        too_long = InvalidImage(
            f"{label} is {f'{ratio}:1' if width > height else f'1:{ratio}'} ({seen}); allowed are 2:5 to 5:2",
            hint=f"crop it to {turned(5 * short // 2, short)}",
        )
        raise mended_by(too_long, "crop", "pad")
    if width * height > MEGAPIXELS * 10**6:
        too_fine = InvalidImage(
            f"{label} has {-(-width * height // 10**6):,} megapixels ({seen}); at most {MEGAPIXELS} are allowed",
            hint=f"make it smaller, e.g. {turned(2048, 2048 * short // long)}",
        )
        raise mended_by(too_fine, "scale")


def too_big(label: str, measured: str, limit: int) -> InvalidImage:
    """The error for a file that is not smaller than the limit, in bytes."""
    error = InvalidImage(
        f"{label} is {measured}; it must be less than {limit:,} ({limit / MIB:g} MiB)",
        hint="save it as JPEG, with a lower quality or fewer pixels",
    )
    return mended_by(error, "scale")


def mended_by(error: InvalidImage, *ways: str) -> InvalidImage:
    """The error, with the ways of --fit that would make this image keep the rule."""
    error.mended_by = ways
    return error
