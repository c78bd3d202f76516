"""Every provider that hailuo knows, in the order in which `hailuo providers` lists them."""

from __future__ import annotations

from .base import Progress, Provider
from .minimax import MiniMax
from .pixazo import Pixazo
from .sandbox import Sandbox

PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (Pixazo(), MiniMax(), Sandbox())}

__all__ = ["PROVIDERS", "Progress", "Provider"]
