"""`hailuo camera`: the camera commands, and each provider's words for them."""

from __future__ import annotations

from .show import Result, table, terminal_width


def camera() -> Result:
    """List the camera moves for --camera, with each provider's words."""
    from ..model import Move
    from ..providers import PROVIDERS

    speaking = [p for p in PROVIDERS.values() if p.camera]
    data = {"moves": [{"move": move.value, "words": {p.name: p.camera[move] for p in speaking}} for move in Move]}
    alike: dict[tuple[str, ...], list[str]] = {}
    for provider in speaking:
        alike.setdefault(tuple(provider.camera[move] for move in Move), []).append(provider.name)
    rows = [[move.value, *(f"[{words[n]}]" for words in alike)] for n, move in enumerate(Move)]
    header = ["--camera", *(" ".join(names) for names in alike.values())]
    note = "Elsewhere the words of minimax go out, with a warning."
    return Result(data, [*table(rows, header, terminal_width()), "", note])
