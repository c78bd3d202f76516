"""Novita AI, from its model pages, its page on task results and its two lists of errors at https://novita.ai/docs."""

from dataclasses import replace

from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobGone,
    RateLimited,
    ServerTrouble,
    Unsupported,
)
from hailuo_cli.model import RemoteState

from . import KEY, AnImage, Aside, Look, OrderScript, Page, Refusal, Script, Turn

DOCS = "https://novita.ai/docs/api-reference/model-apis-"
RESULT = DOCS + "task-result"
ERRORS = "https://novita.ai/docs/api-reference/basic-error-code"
GUIDE = "https://novita.ai/docs/guides/error"
ID = "a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
VIDEO = (
    "https://faas-output-video.s3.ap-southeast-1.amazonaws.com/prod/a1b2c3d4.mp4?X-Amz-Expires=3600&X-Amz-Signature=s"
)
FIRST = "https://example.com/first.png"


def _order(name: str, request: dict[str, object], endpoint: str, body: dict[str, object]) -> OrderScript:
    turn = Turn("POST", f"/v3/async/minimax-hailuo-2.3-{endpoint}", {"task_id": ID}, body=body)
    return OrderScript(name, request, (turn,), f"{DOCS}minimax-hailuo-2.3-{endpoint}")


def _status(word: str, percent: int, *, reason: str = "", videos: list[object] | None = None) -> Turn:
    reply = {
        "extra": {"seed": "", "enable_nsfw_detection": False},
        "task": {
            "task_id": ID,
            "task_type": "MINIMAX_HAILUO_2_3_T2V",
            "status": word,
            "reason": reason,
            "eta": 0,
            "progress_percent": percent,
        },
        "images": [],
        "videos": videos or [],
        "audios": [],
    }
    return Turn("GET", "/v3/async/task-result", reply, query={"task_id": ID})


VIDEOS: list[object] = [{"video_url": VIDEO, "video_url_ttl": "3600", "video_type": "mp4"}]


def _bare(word: str, **values: object) -> Turn:
    """Only what the page calls required."""
    reply = {"task": {"task_id": ID, "task_type": "MINIMAX_HAILUO_2_3_T2V", "status": word}, **values}
    return Turn("GET", "/v3/async/task-result", reply, query={"task_id": ID})


def _refused(on: str, status: int, reason: str, said: str, error: type[HailuoError], source: str = ERRORS) -> Refusal:
    # names and statuses are documented; the body is the one that public clients read
    return Refusal(on, status, {"code": status, "reason": reason, "message": said, "metadata": {}}, error, source)


SCRIPT = Script(
    name="novita",
    host="https://api.novita.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            # the page has placeholders; every field of it
            "every field of the page, from an image",
            {
                "prompt": "It turns its head",
                "image": FIRST,
                "duration": 6,
                "resolution": "1080P",
                "prompt_optimizer": True,
                "fast_pretreatment": True,
            },
            "i2v",
            {
                "prompt": "It turns its head",
                "image": FIRST,
                "duration": 6,
                "resolution": "1080P",
                "enable_prompt_expansion": True,
                "fast_pretreatment": True,
            },
        ),
        _order(
            "from a file, ten seconds",
            {"prompt": "It waves", "image": "<file>", "model": "hailuo-2.3", "duration": 10},
            "i2v",
            {"prompt": "It waves", "image": AnImage(), "duration": 10, "resolution": "768P"},
        ),
        _order(
            "from text, without prompt expansion",
            {"prompt": "A storm", "prompt_optimizer": False, "fast_pretreatment": False},
            "t2v",
            {
                "prompt": "A storm",
                "duration": 6,
                "resolution": "768P",
                "enable_prompt_expansion": False,
                "fast_pretreatment": False,
            },
        ),
        _order(
            "from text by the name of its endpoint, 1080P",
            {"prompt": "A storm", "model": "minimax-hailuo-2.3-t2v", "resolution": "1080P"},
            "t2v",
            {"prompt": "A storm", "duration": 6, "resolution": "1080P"},
        ),
        _order(
            # this page has no fast_pretreatment
            "the fast model",
            {"prompt": "It waves", "image": FIRST, "model": "hailuo-2.3-fast", "prompt_optimizer": True},
            "fast-i2v",
            {
                "prompt": "It waves",
                "image": FIRST,
                "duration": 6,
                "resolution": "768P",
                "enable_prompt_expansion": True,
            },
        ),
        _order(
            "the fast model from a file",
            {"prompt": "It waves", "image": "<file>", "model": "minimax-hailuo-2.3-fast-i2v", "duration": 10},
            "fast-i2v",
            {"prompt": "It waves", "image": AnImage(), "duration": 10, "resolution": "768P"},
        ),
    ),
    looks=(
        Look("TASK_STATUS_QUEUED", RemoteState.QUEUED, (_status("TASK_STATUS_QUEUED", 0),), percent=0),
        Look("TASK_STATUS_PROCESSING", RemoteState.RUNNING, (_status("TASK_STATUS_PROCESSING", 40),), percent=40),
        Look(
            "TASK_STATUS_SUCCEED", RemoteState.DONE, (_status("TASK_STATUS_SUCCEED", 100, videos=VIDEOS),), VIDEO, 100
        ),
        Look(
            "TASK_STATUS_FAILED",
            RemoteState.FAILED,
            (_status("TASK_STATUS_FAILED", 0, reason="no luck"),),
            percent=0,
            reason="no luck",
        ),
        Look("TASK_STATUS_SUCCEED", RemoteState.DONE, (_status("TASK_STATUS_SUCCEED", 0, videos=VIDEOS),), VIDEO, 0),
        Look("TASK_STATUS_PROCESSING", RemoteState.RUNNING, (_status("TASK_STATUS_PROCESSING", 100),), percent=100),
        Look("TASK_STATUS_QUEUED", RemoteState.QUEUED, (_bare("TASK_STATUS_QUEUED"),)),
        Look(
            "TASK_STATUS_SUCCEED",
            RemoteState.DONE,
            (_bare("TASK_STATUS_SUCCEED", videos=[{"video_url": VIDEO}]),),
            VIDEO,
        ),
        Look("TASK_STATUS_FAILED", RemoteState.FAILED, (_bare("TASK_STATUS_FAILED"),)),
    ),
    no_model=frozenset({"API_NOT_FOUND"}),
    refusals=(
        _refused("submit", 400, "INVALID_REQUEST_BODY", "duration must be 6 or 10", InvalidRequest),
        _refused("submit", 400, "IMAGE_FILE_EXCEEDS_MAX_SIZE", "the image is too big", InvalidRequest),
        _refused("submit", 400, "INVALID_IMAGE_FORMAT", "that is no image", InvalidRequest),
        _refused("submit", 400, "IMAGE_EXCEEDS_MAX_RESOLUTION", "the image has too many pixels", InvalidRequest),
        _refused("submit", 400, "INVALID_IMAGE_SIZE", "the image is too wide", InvalidRequest),
        _refused("submit", 400, "ILLEGAL_PROMPT", "the prompt is not allowed", ContentRefused),
        _refused("submit", 400, "ILLEGAL_IMAGE_CONTENT", "the image is not allowed", ContentRefused),
        _refused("submit", 401, "FAILED_TO_AUTH", "the key is wrong", AuthError),
        _refused("check", 401, "FAILED_TO_AUTH", "the key is wrong", AuthError),
        _refused("submit", 403, "INVALID_API_KEY", "the key is wrong", AuthError),
        _refused("submit", 403, "BILLING_AUTH_FAILED", "the account may not pay", AuthError),
        _refused("submit", 403, "API_NOT_ALLOWED", "this key may not use that", AuthError),
        # two names for one thing; readers of the page report 403, its Chinese twin 400
        _refused("submit", 403, "BILLING_BALANCE_NOT_ENOUGH", "the balance is too low", BalanceError),
        _refused("submit", 400, "BILLING_BALANCE_NOT_ENOUGH", "the balance is too low", BalanceError),
        _refused("submit", 403, "NOT_ENOUGH_BALANCE", "the balance is too low", BalanceError),
        # the key is good, the model is not among what it may use: the next step is another model
        _refused("submit", 403, "model_access_denied", "this key may not use that model", Unsupported, GUIDE),
        _refused("submit", 404, "API_NOT_FOUND", "no such model", InvalidRequest),
        _refused("check", 404, "TASK_NOT_FOUND", "no such task", JobGone),
        _refused("submit", 429, "RATE_LIMIT_EXCEEDED", "too many requests", RateLimited),
        _refused("check", 429, "RATE_LIMIT_EXCEEDED", "too many requests", RateLimited),
        _refused("submit", 500, "BILLING_FAILED", "billing is down", ServerTrouble),
        # no page says whether anything is billed then: doubt
        replace(_refused("submit", 500, "CREATE_TASK_FAILED", "the task was not made", ServerTrouble), not_taken=False),
        _refused("check", 500, "GET_RESULT_FAILED", "the result was not found", ServerTrouble),
        # the guide lists bare statuses
        Refusal("submit", 400, {"message": "bad request"}, InvalidRequest, GUIDE),
        Refusal("submit", 401, {"message": "unauthorized"}, AuthError, GUIDE),
        Refusal("submit", 403, {"message": "forbidden"}, AuthError, GUIDE),
        Refusal("submit", 429, {"message": "too many requests"}, RateLimited, GUIDE),
        Refusal("check", 503, {"message": "unavailable"}, ServerTrouble, GUIDE),
    ),
    pages=(
        Page(
            ERRORS,
            {
                **dict.fromkeys(
                    (
                        "INVALID_REQUEST_BODY",
                        "IMAGE_FILE_EXCEEDS_MAX_SIZE",
                        "INVALID_IMAGE_FORMAT",
                        "IMAGE_EXCEEDS_MAX_RESOLUTION",
                        "INVALID_IMAGE_SIZE",
                        "API_NOT_FOUND",
                    ),
                    InvalidRequest,
                ),
                **dict.fromkeys(("ILLEGAL_PROMPT", "ILLEGAL_IMAGE_CONTENT"), ContentRefused),
                **dict.fromkeys(
                    ("FAILED_TO_AUTH", "INVALID_API_KEY", "BILLING_AUTH_FAILED", "API_NOT_ALLOWED"), AuthError
                ),
                **dict.fromkeys(("BILLING_BALANCE_NOT_ENOUGH", "NOT_ENOUGH_BALANCE"), BalanceError),
                "TASK_NOT_FOUND": JobGone,
                "RATE_LIMIT_EXCEEDED": RateLimited,
                **dict.fromkeys(("BILLING_FAILED", "CREATE_TASK_FAILED", "GET_RESULT_FAILED"), ServerTrouble),
            },
            lambda code: (418, {"code": 418, "reason": code, "message": "as the page says"}),
        ),
        Page(
            GUIDE,
            {"model_access_denied": Unsupported},
            lambda code: (403, {"code": 403, "reason": code, "message": "as the page says"}),
        ),
    ),
    asides=(
        Aside(
            "balance",
            (
                Turn(
                    "GET",
                    "/openapi/v1/billing/balance/detail",
                    {"availableBalance": "1250", "cashBalance": "1250", "creditLimit": "0", "outstandingInvoices": "0"},
                ),
            ),
            "1250 (Novita does not say of what)",
            "https://github.com/novitalabs/novita-skills, references/gpu-api.md",
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "webhook": "https://you.example/hook"},
        {"prompt": "x", "model": "hailuo-2.3-fast", "image": FIRST, "fast_pretreatment": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": FIRST, "last_image": "https://example.com/last.png"},
        {"prompt": "x" * 2001},
    ),
)
