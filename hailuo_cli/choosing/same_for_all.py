"""One request for every seller: what nobody said is settled once, so that prices of the same thing are compared."""

from __future__ import annotations

from dataclasses import replace

from ..model import FAMILY_ALIASES, Model, Request
from ..providers import PROVIDERS
from ..request.rules import resolution

FAMILY = "hailuo-2.3"
"""The model family where no model is named."""


def settled(request: Request) -> Request:
    """The same request with a model family, a duration and a resolution, as the maker of the models would settle them.

    Where MiniMax does not make it, what was not said stays so.
    """
    wanted = request.model or FAMILY
    family = _family(wanted)
    size = resolution(request.resolution) if request.resolution else None
    for model in PROVIDERS["minimax"].models:
        if model.family != family or request.mode not in model.modes:
            continue
        for duration, makes in model.variants:
            if request.duration in (None, duration) and size in (None, makes):
                return replace(request, model=wanted, duration=duration, resolution=makes)
    return replace(request, model=wanted)


def _family(wanted: str) -> str:
    models: list[Model] = [model for provider in PROVIDERS.values() for model in provider.models]
    named = FAMILY_ALIASES.get(wanted.lower(), wanted)
    return next((model.family for model in models if model.id == wanted), named)
