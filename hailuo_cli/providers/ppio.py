"""PPIO: Novita's service for mainland China, priced in CNY."""

from __future__ import annotations

from ..errors import AuthError
from . import upstream
from .base import OPTIMIZER, PRETREATMENT, WATERMARK, Prices
from .protocols import novita


class Ppio(novita.NovitaProtocol):
    name = "ppio"
    title = "PPIO"
    docs = "https://ppio.com/docs/models/reference-minimax-hailuo-2.3-t2v"
    base_url = "https://api.ppio.com"
    key_env = "PPIO_API_KEY"
    models = novita.hailuo_23(
        usual={(6, "768P"): 2, (10, "768P"): 4, (6, "1080P"): 3.5},
        fast={(6, "768P"): 1.35, (10, "768P"): 2.25, (6, "1080P"): 2.3},
    )
    options = frozenset({OPTIMIZER, PRETREATMENT, WATERMARK})
    camera = upstream.CHINESE
    error_codes = {**novita.FAULTS, "MISSING_API_KEY": AuthError}
    retention = "1 hour"
    # no rate to USD is published, so a limit in USD cannot be held
    prices = Prices(
        source="https://ppio.com/docs/models/reference-minimax-hailuo-2.3-t2v", seen="2026-10", unit="CNY", usd=None
    )
