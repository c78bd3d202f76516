"""Pixazo, from the two pages at https://www.pixazo.ai/models/hailuo (text to video, image to video)."""

from hailuo_cli.errors import AuthError, BalanceError, InvalidRequest, JobGone, RateLimited, ServerTrouble
from hailuo_cli.model import RemoteState

from . import KEY, AnImage, Look, OrderScript, Refusal, Script, Told, Turn

PAGE = "https://www.pixazo.ai/models/hailuo"
ID = "minimax-hailuo-ai_019dxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
VIDEO = "https://pub-582b7213209642b9b995c96c95a30381.r2.dev/v1/minimax-hailuo-ai_019dxxxx-xxxx/output.ext"
STATUS = f"/v2/requests/status/{ID}"
ACCEPTED = {
    "request_id": ID,
    "status": "QUEUED",
    "polling_url": f"https://gateway.pixazo.ai/v2/requests/status/{ID}",
}


def _status(word: str, **values: object) -> Turn:
    reply = {"request_id": ID, "status": word, "model_id": "minimax-hailuo-ai", "error": None, "output": None, **values}
    return Turn("GET", STATUS, reply)


DONE = {
    "output": {"media_url": [VIDEO], "media_type": "application/octet-stream"},
    "created_at": "2026-03-31T10:00:00.000Z",
    "updated_at": "2026-03-31T10:00:15.000Z",
    "completed_at": "2026-03-31T10:00:15.000Z",
}

SCRIPT = Script(
    name="pixazo",
    host="https://gateway.pixazo.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"Ocp-Apim-Subscription-Key": KEY},
    extras={"Cache-Control": "no-cache"},
    orders=(
        OrderScript(
            "the page's own example, from an image",
            {
                "prompt": "Man walked into winter cave with polar bear",
                "image": "https://pub-582b7213209642b9b995c96c95a30381.r2.dev/manwithbear.jpg",
                "duration": 6,
                "resolution": "768P",
                "prompt_optimizer": True,
                "fast_pretreatment": False,
                "watermark": False,
            },
            (
                Turn(
                    "POST",
                    "/minimax-hailuo-ai/v1/imageToVideo",
                    ACCEPTED,
                    status=202,
                    body={
                        "prompt": "Man walked into winter cave with polar bear",
                        "first_frame_image": "https://pub-582b7213209642b9b995c96c95a30381.r2.dev/manwithbear.jpg",
                        "duration": 6,
                        "resolution": "768P",
                        "prompt_optimizer": True,
                        "fast_pretreatment": False,
                        "aigc_watermark": False,
                    },
                ),
            ),
            PAGE,
        ),
        OrderScript(
            "from text",
            {"prompt": "A bear leaps into a river", "duration": 10},
            (
                Turn(
                    "POST",
                    "/minimax-hailuo-ai/v1/generate",
                    ACCEPTED,
                    status=202,
                    body={"prompt": "A bear leaps into a river", "duration": 10, "resolution": "768P"},
                ),
            ),
            PAGE,
        ),
        OrderScript(
            "from a file, with a webhook",
            {"prompt": "It waves", "image": "<file>", "resolution": "1080P", "webhook": "https://you.example/hook"},
            (
                Turn(
                    "POST",
                    "/minimax-hailuo-ai/v1/imageToVideo",
                    ACCEPTED,
                    status=202,
                    headers={"X-Webhook-URL": "https://you.example/hook"},
                    body={"prompt": "It waves", "first_frame_image": AnImage(), "duration": 6, "resolution": "1080P"},
                ),
            ),
            PAGE,
        ),
    ),
    looks=(
        Look("QUEUED", RemoteState.QUEUED, (_status("QUEUED"),)),
        Look("PROCESSING", RemoteState.RUNNING, (_status("PROCESSING"),)),
        Look("COMPLETED", RemoteState.DONE, (_status("COMPLETED", **DONE),), video=VIDEO),
        Look("FAILED", RemoteState.FAILED, (_status("FAILED", error="no luck"),), reason="no luck"),
        Look(
            "ERROR",
            RemoteState.FAILED,
            (_status("ERROR", error="Description of the error"),),
            reason="Description of the error",
            # "System error, not charged"
            unbilled=True,
        ),
    ),
    refusals=(
        Refusal(
            "submit",
            402,
            {"error": "Insufficient Balance", "message": "Your wallet does not have enough balance."},
            BalanceError,
            PAGE,
        ),
        Refusal(
            "submit",
            400,
            {"error": "Model not found", "message": "Model 'minimax-hailuo-ai' not found or is disabled"},
            InvalidRequest,
            PAGE,
        ),
        # the page lists these codes without bodies; the form is that of the API gateway whose header it uses
        Refusal("submit", 401, {"statusCode": 401, "message": "Access denied due to missing key"}, AuthError, PAGE),
        Refusal("submit", 403, {"statusCode": 403, "message": "Forbidden"}, AuthError, PAGE),
        Refusal("submit", 429, {"statusCode": 429, "message": "Rate limit is exceeded"}, RateLimited, PAGE),
        Refusal("submit", 500, {"message": "Internal Server Error"}, ServerTrouble, PAGE),
        Refusal("check", 404, {"message": "not found"}, JobGone, "not on the page: HTTP's own meaning"),
    ),
    tells=(
        Told(
            {"request_id": ID, "status": "ERROR", "model_id": "minimax-hailuo-ai", "error": "x", "output": None}, PAGE
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 7},
        {"prompt": "x", "image": "https://example.com/a.png", "last_image": "https://example.com/b.png"},
    ),
    poll=5,
)
