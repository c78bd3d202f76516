"""PPIO: Novita's service for mainland China, priced in CNY."""

from __future__ import annotations

from ..errors import AuthError, ServerTrouble
from . import camera_words
from .base import OPTIMIZER, PRETREATMENT, WATERMARK
from .protocols import novita


class Ppio(novita.NovitaProtocol):
    name = "ppio"
    title = "PPIO"
    docs = "https://ppio.com/docs/models/reference-minimax-hailuo-2.3-t2v"
    base_url = "https://api.ppio.com"
    key_env = "PPIO_API_KEY"
    models = novita.HAILUO_23
    options = frozenset({OPTIMIZER, PRETREATMENT, WATERMARK})
    camera = camera_words.CHINESE
    # https://ppio.com/docs/api/error-codes
    error_codes = {
        **novita.FAULTS,
        **dict.fromkeys(("MISSING_API_KEY", "FEATURE_NOT_ALLOWED", "NEED_REAL_NAME_VERIFY"), AuthError),
        "TASK_FAILED": ServerTrouble,
    }
    retention = "1 hour"
