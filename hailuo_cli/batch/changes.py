"""How what a row asks for differs from what was ordered for it."""

from __future__ import annotations

import json
from typing import Any

_NOT_COUNTED = frozenset(("model",))  # each seller has its own id for a family


def differences(before: str, now: str) -> dict[str, tuple[Any, Any]]:
    """Each part of a kept request that is not as it was: its name, what it was, and what it is; None: not said."""
    old, new = _parts(before), _parts(now)
    return {
        name: (old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)
    }


def _parts(request: str) -> dict[str, Any]:
    kept = json.loads(request)
    return {name: _content(value) for name, value in kept.items() if name not in _NOT_COUNTED}


def _content(value: Any) -> Any:
    """An image is what is in it, wherever it is."""
    return f"sha256:{value['sha256']}" if isinstance(value, dict) and "sha256" in value else value
