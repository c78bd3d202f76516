"""MyRouter: Novita's protocol, with Hailuo 02 and the 01 series besides."""

from __future__ import annotations

from ..errors import AuthError, BalanceError, InvalidRequest, RateLimited, ServerTrouble
from ..model import Mode, Model
from . import upstream
from .base import PRETREATMENT
from .protocols import novita


class MyRouter(novita.NovitaProtocol):
    name = "myrouter"
    title = "MyRouter"
    # its own page hides the status words; those of the protocol are taken
    docs = "https://docs.myrouter.ai/docs/models/reference-minimax-hailuo-2.3-i2v"
    base_url = "https://api.myrouter.ai"
    key_env = "MYROUTER_API_KEY"
    models = (
        *novita.HAILUO_23,
        Model(
            "minimax-hailuo-02",
            family="hailuo-02",
            modes=(Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST),
            variants=upstream.HAILUO,
        ),
        Model("minimax-video-01", family=novita.OLD, variants=upstream.P720, missing_fields=frozenset({PRETREATMENT})),
    )
    camera = novita.CAMERA
    no_model = frozenset({"MODEL_NOT_FOUND"})
    # https://docs.jiekou.ai/en/docs/models/reference-error-code, a provider of the same protocol
    error_codes = {
        **dict.fromkeys(("INVALID_API_KEY", "FAILED_TO_AUTH", "ACCESS_DENY"), AuthError),
        "NOT_ENOUGH_BALANCE": BalanceError,
        **dict.fromkeys(("MODEL_NOT_FOUND", "INVALID_REQUEST_BODY"), InvalidRequest),
        **dict.fromkeys(("RATE_LIMIT_EXCEEDED", "TOKEN_LIMIT_EXCEEDED"), RateLimited),
        "SERVICE_NOT_AVAILABLE": ServerTrouble,
    }
