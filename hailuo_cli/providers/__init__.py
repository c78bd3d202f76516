"""Every provider that hailuo knows, in the order in which `hailuo providers` lists them."""

from __future__ import annotations

from .apiinone import ApiInOne
from .base import Found, Progress, Provider
from .minimax import MiniMax
from .myrouter import MyRouter
from .pixazo import Pixazo
from .pixelbyte import Pixelbyte
from .sandbox import Sandbox
from .tokensmind import TokensMind

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (Pixelbyte(), Pixazo(), ApiInOne(), MyRouter(), TokensMind(), MiniMax(), Sandbox())
}

__all__ = ["PROVIDERS", "Found", "Progress", "Provider"]
