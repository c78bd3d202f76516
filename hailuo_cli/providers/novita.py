"""Novita: Hailuo 2.3, an endpoint a model; the video is kept for an hour."""

from __future__ import annotations

from ..errors import AuthError, BalanceError, Unsupported
from ..wire import Flow, get
from .protocols import novita


class Novita(novita.NovitaProtocol):
    name = "novita"
    title = "Novita"
    docs = "https://novita.ai/docs/api-reference/model-apis-minimax-hailuo-2.3-t2v"
    base_url = "https://api.novita.ai"
    key_env = "NOVITA_API_KEY"
    models = novita.HAILUO_23
    # its page has 15 commands; that they are those of MyRouter's page, which is a copy of it, is inferred
    camera = novita.CAMERA
    error_codes = {
        **novita.FAULTS,
        "FAILED_TO_AUTH": AuthError,
        "NOT_ENOUGH_BALANCE": BalanceError,
        # https://novita.ai/docs/guides/error: the key is good, the next step is another model
        "model_access_denied": Unsupported,
    }
    retention = "1 hour"

    def balance(self) -> Flow[str]:
        # https://github.com/novitalabs/novita-skills, references/gpu-api.md; the unit is not stated
        reply = yield get("/openapi/v1/billing/balance/detail")
        return f"{reply.number('availableBalance'):g} (Novita does not say of what)"
