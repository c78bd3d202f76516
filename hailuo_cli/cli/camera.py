"""`hailuo camera`: the camera commands, and each provider's words for them."""

from __future__ import annotations

from .show import Result, table, terminal_width


def camera() -> Result:
    """List the camera moves for --camera, with each provider's words."""
    from ..model import Move
    from ..providers import PROVIDERS

    speaking = [p for p in PROVIDERS.values() if p.camera]
    rows = [[move.value, *(f"[{p.camera[move]}]" for p in speaking)] for move in Move]
    data = {"moves": [{"move": move.value, "words": {p.name: p.camera[move] for p in speaking}} for move in Move]}
    return Result(data, table(rows, ["--camera", *(p.name for p in speaking)], terminal_width()))
