"""Every provider that hailuo knows, in the order in which `hailuo providers` lists them."""

from __future__ import annotations

from .apiinone import ApiInOne
from .atlascloud import AtlasCloud
from .base import Provider
from .fal import Fal
from .kie import Kie
from .minimax import MiniMax
from .muapi import Muapi
from .myrouter import MyRouter
from .novita import Novita
from .openrouter import OpenRouter
from .pixazo import Pixazo
from .pixelbyte import Pixelbyte
from .ppio import Ppio
from .protocols.newapi import NewApi
from .replicate import Replicate
from .sandbox import Sandbox
from .tokensmind import TokensMind
from .values import Cancels, Estimates, Finds, Found, Progress, TellsBalance, TellsWebhookSecret
from .wavespeed import WaveSpeed

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        Pixelbyte(),
        Pixazo(),
        ApiInOne(),
        MyRouter(),
        TokensMind(),
        MiniMax(),
        Fal(),
        Replicate(),
        OpenRouter(),
        WaveSpeed(),
        AtlasCloud(),
        Muapi(),
        Novita(),
        Ppio(),
        Kie(),
        Sandbox(),
    )
}
PROTOCOLS: dict[str, Provider] = {**PROVIDERS, NewApi.name: NewApi()}
"""What a relay in a profile may speak: the protocol of a provider, or of software that many resellers run."""

__all__ = [
    "PROTOCOLS",
    "PROVIDERS",
    "Cancels",
    "Estimates",
    "Finds",
    "Found",
    "Progress",
    "Provider",
    "TellsBalance",
    "TellsWebhookSecret",
]
