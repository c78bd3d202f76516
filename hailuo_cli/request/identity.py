"""When two requests are the same, and a request kept so that it can be ordered again.

Same: prompt, images (files by content, addresses as written), model family, duration, resolution, camera moves,
switches and raw fields, after defaults are filled in. Who sells it, the price and the webhook do not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..model import LocalImage, Options, Order, RemoteImage
from . import camera

NOT_COUNTED = frozenset({"webhook"})
KEPT_DATA_URL = 64 * 1024
"""A data: URL of more characters is kept by its hash alone."""


def request_hash(order: Order) -> str:
    """The same text for the same request at whatever provider, and only then."""
    text = json.dumps(_counted(order), sort_keys=True, default=_digest)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def document(order: Order) -> str:
    """The whole request as JSON, to order it again: images by path and content hash, addresses as written."""
    kept = {**_counted(order), "model": order.model.id}
    return json.dumps(kept, default=_kept, ensure_ascii=True)


def differences(one: str, other: str) -> list[str]:
    """The names of the fields in which two kept requests differ."""
    a, b = (_comparable(json.loads(text)) for text in (one, other))
    return sorted(name for name in {*a, *b} if a.get(name) != b.get(name))


def _counted(order: Order) -> dict[str, Any]:
    options = {field.name: getattr(order, field.name) for field in fields(Options) if field.name not in NOT_COUNTED}
    request = order.request
    moves = [list(camera.step(text)) for text in request.camera]
    settled = {"prompt": request.prompt, "duration": order.duration, "resolution": order.resolution, "camera": moves}
    everything = {**options, **settled, "family": order.model.family}
    return {name: value for name, value in everything.items() if value not in (None, [], {})}


def _digest(value: object) -> object:
    if isinstance(value, RemoteImage | LocalImage):
        return value.digest
    raise TypeError(f"{type(value).__name__} is not part of a request")


def _kept(value: object) -> object:
    if isinstance(value, LocalImage):
        return {"path": value.path, "sha256": value.digest}
    if isinstance(value, RemoteImage):
        return {"url": value.url if len(value.url) <= KEPT_DATA_URL else None, "sha256": value.digest}
    raise TypeError(f"{type(value).__name__} is not part of a request")


def _comparable(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value["sha256"] if isinstance(value, dict) and "sha256" in value else value
        for name, value in kept.items()
        if name != "model"  # each seller has its own id for a family
    }
