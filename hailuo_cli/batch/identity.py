"""What was asked for, told apart from who makes it: when two requests are the same, and how they differ."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..model import Image, LocalImage, Order, Request
from ..request import camera

_SWITCHES = ("prompt_optimizer", "fast_pretreatment", "watermark")


def canonical(request: Request, order: Order) -> str:
    """A request as text, the same for the same request and only then, once the defaults are filled in.

    Images count by their content, addresses as they are written, camera moves by their film names. Provider, price and
    webhook do not count.
    """
    asked: dict[str, Any] = {
        "prompt": request.prompt,
        "image": _content(request.image),
        "last_image": _content(request.last_image),
        "model": order.model.family,
        "duration": order.duration,
        "resolution": order.resolution,
        "camera": [[move.value for move in camera.step(text)] for text in request.camera] or None,
        **{name: getattr(request, name) for name in _SWITCHES},
        "param": dict(request.params) or None,
    }
    said = {name: value for name, value in asked.items() if value is not None}
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(request: str) -> str:
    """The hash of a canonical request."""
    return hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()


def differences(before: str, now: str) -> dict[str, tuple[Any, Any]]:
    """Each part of a request that is not as it was: its name, what it was, and what it is; None: not said."""
    old, new = json.loads(before), json.loads(now)
    names = dict.fromkeys([*old, *new])
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _content(image: Image | None) -> str | None:
    if image is None:
        return None
    if isinstance(image, LocalImage) or image.url.startswith("data:"):
        return f"sha256:{image.digest}"
    return image.url
