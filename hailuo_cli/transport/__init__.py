"""Everything that touches the network, and the only package that knows httpx.

Two clients that never mix. `Session` talks to one configured origin with its key and follows no redirect.
`Fetcher` goes wherever a result address points, without key, cookies or netrc, and follows a few safe redirects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fetcher import Fetcher, Stream
    from .session import Session

__all__ = ["Fetcher", "Session", "Stream"]


def __getattr__(name: str) -> Any:
    """httpx is loaded when a client is asked for: what only looks at a request loads none of it."""
    import importlib

    homes = {"Session": "session", "Fetcher": "fetcher", "Stream": "fetcher"}
    if name in homes:
        return getattr(importlib.import_module(f".{homes[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
