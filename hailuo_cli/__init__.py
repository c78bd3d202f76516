"""MiniMax Hailuo video through any provider. `Client` is the way in; start reading at `orders/submit.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import errors
    from .choosing.quotes import Quote
    from .client import Client
    from .model import Job
    from .orders.events import DownloadProgress, Event, Finished, PassedOn, Retrying, StatusChecked

__version__ = "0.1.0"
__all__ = [
    "Client",
    "DownloadProgress",
    "Event",
    "Finished",
    "Job",
    "PassedOn",
    "Quote",
    "Retrying",
    "StatusChecked",
    "__version__",
    "errors",
]
_HOMES = {"Client": "client", "Job": "model", "Quote": "choosing.quotes"} | dict.fromkeys(
    ("DownloadProgress", "Event", "Finished", "PassedOn", "Retrying", "StatusChecked"), "orders.events"
)


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are asked for: a quick command loads none of them."""
    import importlib

    if name == "errors":
        return importlib.import_module(".errors", __name__)
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
