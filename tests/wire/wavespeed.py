"""WaveSpeed AI, from its pages at https://wavespeed.ai/docs, its model pages and its Python client."""

from dataclasses import replace
from decimal import Decimal

from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobFailed,
    JobGone,
    RateLimited,
    ServerTrouble,
)
from hailuo_cli.model import RemoteState

from . import KEY, AFileName, Aside, Look, OrderScript, Page, Refusal, Script, Some, Told, Turn

MODELS = "https://wavespeed.ai/docs/docs-api/minimax/minimax-"
LLMS = "https://wavespeed.ai/models/minimax/hailuo-2.3/t2v-standard/llms.txt"
PREDICTIONS = "https://wavespeed.ai/docs/what-are-predictions"
RESULT = "https://wavespeed.ai/docs/get-result"
ERRORS = "https://wavespeed.ai/docs/error-codes"
CLIENT = "https://github.com/WaveSpeedAI/wavespeed-python, src/wavespeed/api/client.py"
SECRET = "https://wavespeed.ai/docs/verify-webhooks has the call, public clients the answer"
WEBHOOKS = "https://wavespeed.ai/docs/how-to-use-webhooks"
UNWRITTEN = "not on any page: HTTP's own meaning"
HOST = "https://api.wavespeed.ai"
ID = "5f9c3f1e7b2a4d0c8e6a1b2c3d4e5f60"
VIDEO = "https://d1q70pf5vjeyhc.cloudfront.net/predictions/5f9c3f1e7b2a4d0c8e6a1b2c3d4e5f60/1.mp4"
IMAGE = "https://example.com/start.jpg"
LAST = "https://example.com/last.jpg"
UPLOAD = "https://wavespeed-media.s3.amazonaws.com/media/frame.png?X-Amz-Signature=s"
FILE = "https://d1q70pf5vjeyhc.cloudfront.net/media/frame.png"
WAVE = "A cinematic ocean wave at sunrise, highly detailed"


def _data(status: str, **values: object) -> dict[str, object]:
    data = {
        "id": ID,
        "model": "minimax/hailuo-2.3/t2v-standard",
        "outputs": [],
        "urls": {"get": f"{HOST}/api/v3/predictions/{ID}/result"},
        "has_nsfw_contents": [],
        "status": status,
        "created_at": "2026-01-05T10:00:00.123Z",
        "error": "",
        "executionTime": 0,
        **values,
    }
    return {"code": 200, "message": "success", "data": data}


def _submit(model: str, body: dict[str, object]) -> Turn:
    return Turn("POST", f"/api/v3/minimax/{model}", _data("created"), body=body)


def _order(name: str, request: dict[str, object], model: str, body: dict[str, object], page: str) -> OrderScript:
    return OrderScript(name, request, (_submit(model, body),), page)


def _status(word: str, **values: object) -> Turn:
    return Turn("GET", f"/api/v3/predictions/{ID}/result", _data(word, **values))


def _refused(on: str, status: int, said: str, error: type[HailuoError], source: str = UNWRITTEN) -> Refusal:
    return Refusal(on, status, {"code": status, "message": said}, error, source)


def _coded(status: int, code: int, said: str, error: type[HailuoError]) -> Refusal:
    # the page has these numbers for a task; what status they come with, if a call is refused, is a guess
    return Refusal("submit", status, {"code": code, "message": said}, error, ERRORS)


SCRIPT = Script(
    name="wavespeed",
    host=HOST,
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            "the page's own example",
            {"prompt": WAVE, "duration": 6, "prompt_optimizer": False},
            "hailuo-2.3/t2v-standard",
            {"prompt": WAVE, "duration": 6, "enable_prompt_expansion": False},
            LLMS,
        ),
        _order(
            "from text, ten seconds",
            {"prompt": "A storm", "model": "minimax/hailuo-2.3/t2v-standard", "duration": 10},
            "hailuo-2.3/t2v-standard",
            {"prompt": "A storm", "duration": 10},
            LLMS,
        ),
        OrderScript(
            "with a webhook, whose address goes into the query",
            {"prompt": "A storm", "webhook": "https://you.example/hook?a=1&b=2"},
            (
                replace(
                    _submit("hailuo-2.3/t2v-standard", {"prompt": "A storm", "duration": 6}),
                    query={"webhook": "https://you.example/hook?a=1&b=2"},
                ),
            ),
            WEBHOOKS,
        ),
        _order(
            # pro makes 1080p and has no field for a duration (this page says 5 seconds, MiniMax's own 6)
            "1080P in hailuo's words is pro",
            {"prompt": "A storm", "resolution": "1080P", "prompt_optimizer": True},
            "hailuo-2.3/t2v-pro",
            {"prompt": "A storm", "enable_prompt_expansion": True},
            MODELS + "hailuo-2.3-t2v-pro",
        ),
        # the tables of the next four pages were cut off in every copy: fields as on the pages for text and for 02
        _order(
            "from an image",
            {"prompt": "It waves", "image": IMAGE, "duration": 10},
            "hailuo-2.3/i2v-standard",
            {"prompt": "It waves", "image": IMAGE, "duration": 10},
            MODELS + "hailuo-2.3-i2v-standard",
        ),
        _order(
            "pro from an image",
            {"prompt": "It waves", "image": IMAGE, "resolution": "1080P"},
            "hailuo-2.3/i2v-pro",
            {"prompt": "It waves", "image": IMAGE},
            MODELS + "hailuo-2.3-i2v-pro",
        ),
        _order(
            "the fast model",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "params": {"go_fast": True}},
            "hailuo-2.3/fast",
            {"prompt": "It waves", "image": IMAGE, "duration": 6, "go_fast": True},
            MODELS + "hailuo-2.3-fast",
        ),
        _order(
            # the product page names the variant; that it is its address too is a guess
            "fast pro",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "resolution": "1080P"},
            "hailuo-2.3/fast-pro",
            {"prompt": "It waves", "image": IMAGE},
            "https://wavespeed.ai/hailuo-2-3-api",
        ),
        _order(
            "Hailuo 02 from text",
            {"prompt": "A storm", "model": "hailuo-02", "duration": 10},
            "hailuo-02/t2v-standard",
            {"prompt": "A storm", "duration": 10},
            MODELS + "hailuo-02-t2v-standard",
        ),
        _order(
            "Hailuo 02 from an image",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-02", "prompt_optimizer": True},
            "hailuo-02/i2v-standard",
            {"prompt": "It waves", "image": IMAGE, "duration": 6, "enable_prompt_expansion": True},
            MODELS + "hailuo-02-i2v-standard",
        ),
        _order(
            "Hailuo 02, first and last frame",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "hailuo-02"},
            "hailuo-02/i2v-standard",
            {"prompt": "It grows", "image": IMAGE, "end_image": LAST, "duration": 6},
            MODELS + "hailuo-02-i2v-standard",
        ),
        # the pages of these two were not to be had: fields as on those of the open model wavespeed-ai/minimax-h3,
        # whose resolutions are written in small letters
        _order(
            "MiniMax H3 from text",
            {"prompt": "A storm", "model": "minimax/h3/text-to-video", "duration": 6, "resolution": "768P"},
            "h3/text-to-video",
            {"prompt": "A storm", "duration": 6, "resolution": "768p"},
            "https://wavespeed.ai/minimax-h3-api",
        ),
        _order(
            "MiniMax H3 from an image, 2K",
            {
                "prompt": "It waves",
                "image": IMAGE,
                "model": "minimax/h3/image-to-video",
                "duration": 15,
                "resolution": "2K",
            },
            "h3/image-to-video",
            {"prompt": "It waves", "image": IMAGE, "duration": 15, "resolution": "2k"},
            "https://wavespeed.ai/minimax-h3-api",
        ),
        _order(
            "MiniMax H3, first and last frame",
            {
                "prompt": "It grows",
                "image": IMAGE,
                "last_image": LAST,
                "model": "minimax/h3/image-to-video",
                "duration": 5,
                "resolution": "768P",
            },
            "h3/image-to-video",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "duration": 5, "resolution": "768p"},
            "https://wavespeed.ai/minimax-h3-api",
        ),
        OrderScript(
            "from a file, which is uploaded first",
            {"prompt": "It waves", "image": "<file>"},
            (
                Turn(
                    "POST",
                    "/api/v3/media/uploads",
                    {
                        "code": 200,
                        "message": "success",
                        "data": {
                            "upload": {"method": "PUT", "url": UPLOAD, "headers": {"Content-Type": "image/png"}},
                            "download_url": FILE,
                        },
                    },
                    body={"filename": AFileName(), "size": Some(int), "content_type": "image/png"},
                ),
                Turn("PUT", UPLOAD, None, headers={"Content-Type": "image/png"}),
                _submit("hailuo-2.3/i2v-standard", {"prompt": "It waves", "image": FILE, "duration": 6}),
            ),
            CLIENT,
        ),
    ),
    looks=(
        Look("created", RemoteState.QUEUED, (_status("created"),)),
        Look("processing", RemoteState.RUNNING, (_status("processing"),)),
        Look("completed", RemoteState.DONE, (_status("completed", outputs=[VIDEO], executionTime=93400),), VIDEO),
        # a failed task is no failed call: both codes outside say that all is well
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", code=1405, error="Task execution failed"),),
            reason="Task execution",
        ),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", code=1200, error="The content contains sensitive information"),),
            reason="sensitive",
            moderated=True,
        ),
        Look("failed", RemoteState.FAILED, (_status("failed"),)),
        # the client knows these three ends besides
        Look("cancelled", RemoteState.CANCELLED, (_status("cancelled"),)),
        Look("timeout", RemoteState.FAILED, (_status("timeout", code=5004, error="Timeout"),), reason="Timeout"),
        Look("deleted", RemoteState.GONE, (_status("deleted"),)),
    ),
    refusals=(
        _refused("submit", 400, "duration must be 6 or 10", InvalidRequest),
        _refused("submit", 401, "Unauthorized", AuthError),
        _refused("check", 401, "Unauthorized", AuthError),
        _refused("submit", 402, "Insufficient credits. Please top up.", BalanceError),
        _refused("submit", 403, "Forbidden", AuthError),
        _refused("submit", 404, "model not found", InvalidRequest),
        _refused("check", 404, "prediction not found", JobGone),
        _refused("submit", 429, "Too Many Requests", RateLimited, "https://wavespeed.ai/docs/troubleshooting-guide"),
        _refused("check", 429, "Too Many Requests", RateLimited, "https://wavespeed.ai/docs/troubleshooting-guide"),
        _refused("submit", 500, "internal error", ServerTrouble),
        # every answer has a code of its own, and the client goes by it
        Refusal("submit", 200, {"code": 401, "message": "Unauthorized"}, AuthError, CLIENT),
        _coded(400, 1200, "The content contains sensitive information", ContentRefused),
        _coded(400, 1400, "A required parameter is missing", InvalidRequest),
        _coded(400, 1401, "The parameter value is invalid", InvalidRequest),
        _coded(400, 1402, "Unable to access the provided media URL", InvalidRequest),
        _coded(500, 5000, "An internal error occurred", ServerTrouble),
        _coded(503, 5003, "The service is temporarily unavailable", ServerTrouble),
        _coded(504, 5004, "Timeout", ServerTrouble),
    ),
    tells=(
        Told(
            {
                "id": ID,
                "model": "minimax/hailuo-2.3/t2v-standard",
                "status": "completed",
                "outputs": [VIDEO],
                "error": "",
            },
            WEBHOOKS,
        ),
    ),
    pages=(
        Page(
            ERRORS,
            {
                "1200": ContentRefused,
                **dict.fromkeys(("1400", "1401", "1402"), InvalidRequest),
                "1405": JobFailed,  # task execution failed
                **dict.fromkeys(("5000", "5003", "5004"), ServerTrouble),
            },
            lambda code: (200, {"code": int(code), "message": "as the page says"}),
        ),
    ),
    asides=(
        Aside(
            "webhook secret",
            (
                Turn(
                    "GET",
                    "/api/v3/webhook/secret",
                    {"code": 200, "message": "success", "data": {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}},
                ),
            ),
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            SECRET,
        ),
        Aside(
            "balance",
            (Turn("GET", "/api/v3/balance", {"code": 200, "message": "success", "data": {"balance": 12.5}}),),
            "12.50 USD",
            UNWRITTEN + "; several public clients ask so",
        ),
        *(
            Aside(
                "estimate",
                (
                    Turn(
                        "POST",
                        "/api/v3/model/pricing",
                        {
                            "code": 200,
                            "message": "success",
                            "data": {"model_id": "minimax/hailuo-2.3/t2v-standard", "unit_price": price, "currency": c},
                        },
                        body={
                            "model_id": "minimax/hailuo-2.3/t2v-standard",
                            "inputs": {"prompt": "A storm", "duration": 10, "seed": 7},
                        },
                    ),
                ),
                gives,
                UNWRITTEN + "; several public clients ask so",
                {"prompt": "A storm", "duration": 10, "params": {"seed": 7}},
            )
            for price, c, gives in ((0.56, "USD", Decimal("0.56")), (0, "USD", None), (4, "CNY", None))
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "fast_pretreatment": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": IMAGE, "last_image": LAST},
        {"prompt": "x", "model": "minimax/h3/text-to-video", "duration": 16},
        {"prompt": "x", "model": "minimax/h3/text-to-video", "resolution": "1080P"},
    ),
)
