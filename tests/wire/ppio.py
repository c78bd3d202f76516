"""PPIO, from its model pages, its page on task results and its list of errors at https://ppio.com/docs.

It is Novita's twin in China: the same paths, prices in yuan, camera commands in Chinese.
"""

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
)
from hailuo_cli.model import RemoteState

from . import KEY, AnImage, Look, OrderScript, Page, Refusal, Script, Turn

DOCS = "https://ppio.com/docs/models/reference-"
RESULT = DOCS + "get-async-task-result"
ERRORS = "https://ppio.com/docs/api/error-codes"
ID = "c7d8e9f0-1a2b-4c3d-9e4f-5a6b7c8d9e0f"
VIDEO = "https://static.example.com/ppio/c7d8e9f0.mp4?Expires=1&Signature=s"
FIRST = "https://static.ppinfra.com/docs/assets/minimax-hailuo-video-02-input-image.jpg"


def _order(name: str, request: dict[str, object], endpoint: str, body: dict[str, object]) -> OrderScript:
    turn = Turn("POST", f"/v3/async/minimax-hailuo-2.3-{endpoint}", {"task_id": ID}, body=body)
    return OrderScript(name, request, (turn,), f"{DOCS}minimax-hailuo-2.3-{endpoint}")


def _status(word: str, percent: int, *, reason: str = "", videos: list[object] | None = None) -> Turn:
    trace = {"request_info": "", "submit_time_ms": "", "execute_time_ms": "", "complete_time_ms": ""}
    reply = {
        "extra": {"seed": "", "debug_info": trace},
        "task": {
            "task_id": ID,
            "status": word,
            "reason": reason,
            "task_type": "MINIMAX_HAILUO_2_3_I2V",
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
    reply = {"task": {"task_id": ID, "status": word, "task_type": "MINIMAX_HAILUO_2_3_I2V"}, **values}
    return Turn("GET", "/v3/async/task-result", reply, query={"task_id": ID})


def _refused(on: str, status: int, reason: str, said: str, error: type[HailuoError]) -> Refusal:
    # names and statuses are documented; the body is the one that clients of its twin read
    return Refusal(on, status, {"code": status, "reason": reason, "message": said, "metadata": {}}, error, ERRORS)


SCRIPT = Script(
    name="ppio",
    # older pages have api.ppinfra.com
    host="https://api.ppio.com",
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
            },
            "i2v",
            {
                "prompt": "It turns its head",
                "image": FIRST,
                "duration": 6,
                "resolution": "1080P",
                "enable_prompt_expansion": True,
            },
        ),
        _order(
            # only a newer reading of the pages has these two
            "from an image, fast pretreatment and a watermark",
            {"prompt": "It waves", "image": FIRST, "fast_pretreatment": True, "watermark": True},
            "i2v",
            {
                "prompt": "It waves",
                "image": FIRST,
                "duration": 6,
                "resolution": "768P",
                "fast_pretreatment": True,
                "aigc_watermark": True,
            },
        ),
        _order(
            "from a file, ten seconds",
            {"prompt": "It waves", "image": "<file>", "duration": 10},
            "i2v",
            {"prompt": "It waves", "image": AnImage(), "duration": 10, "resolution": "768P"},
        ),
        _order(
            "from text, without prompt expansion",
            {"prompt": "A storm", "prompt_optimizer": False},
            "t2v",
            {"prompt": "A storm", "duration": 6, "resolution": "768P", "enable_prompt_expansion": False},
        ),
        _order(
            # the page has the commands in Chinese and in no other language
            "from text, with camera commands in the page's words",
            {"prompt": "A storm", "camera": ("pan left + pedestal up", "truck right")},
            "t2v",
            {"prompt": "A storm [左摇,上升] [右移]", "duration": 6, "resolution": "768P"},
        ),
        _order(
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
            "the fast model from a file, 1080P",
            {"prompt": "It waves", "image": "<file>", "model": "minimax-hailuo-2.3-fast-i2v", "resolution": "1080P"},
            "fast-i2v",
            {"prompt": "It waves", "image": AnImage(), "duration": 6, "resolution": "1080P"},
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
        # two errors of the account that come as 400
        _refused("submit", 400, "MISSING_API_KEY", "no key was sent", AuthError),
        _refused("submit", 400, "BILLING_BALANCE_NOT_ENOUGH", "the balance is too low", BalanceError),
        _refused("submit", 403, "INVALID_API_KEY", "the key is wrong", AuthError),
        _refused("check", 403, "INVALID_API_KEY", "the key is wrong", AuthError),
        _refused("submit", 403, "BILLING_AUTH_FAILED", "the account may not pay", AuthError),
        _refused("submit", 403, "API_NOT_ALLOWED", "this key may not use that", AuthError),
        _refused("submit", 403, "FEATURE_NOT_ALLOWED", "this key may not use that", AuthError),
        _refused("submit", 403, "NEED_REAL_NAME_VERIFY", "the account must be verified first", AuthError),
        _refused("submit", 404, "API_NOT_FOUND", "no such model", InvalidRequest),
        _refused("check", 404, "TASK_NOT_FOUND", "no such task", JobGone),
        _refused("submit", 429, "RATE_LIMIT_EXCEEDED", "too many requests", RateLimited),
        _refused("check", 429, "RATE_LIMIT_EXCEEDED", "too many requests", RateLimited),
        _refused("submit", 500, "BILLING_FAILED", "billing is down", ServerTrouble),
        # no page says whether anything is billed then: doubt
        replace(_refused("submit", 500, "CREATE_TASK_FAILED", "the task was not made", ServerTrouble), not_taken=False),
        _refused("check", 500, "GET_RESULT_FAILED", "the result was not found", ServerTrouble),
        _refused("check", 500, "TASK_FAILED", "the task did not run", ServerTrouble),
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
                    (
                        "MISSING_API_KEY",
                        "INVALID_API_KEY",
                        "BILLING_AUTH_FAILED",
                        "API_NOT_ALLOWED",
                        "FEATURE_NOT_ALLOWED",
                        "NEED_REAL_NAME_VERIFY",
                    ),
                    AuthError,
                ),
                "BILLING_BALANCE_NOT_ENOUGH": BalanceError,
                "TASK_NOT_FOUND": JobGone,
                "RATE_LIMIT_EXCEEDED": RateLimited,
                **dict.fromkeys(
                    ("BILLING_FAILED", "CREATE_TASK_FAILED", "GET_RESULT_FAILED", "TASK_FAILED"), ServerTrouble
                ),
            },
            lambda code: (418, {"code": 418, "reason": code, "message": "as the page says"}),
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "webhook": "https://you.example/hook"},
        {"prompt": "x", "model": "hailuo-2.3-fast", "image": FIRST, "fast_pretreatment": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": FIRST, "last_image": "https://example.com/last.png"},
        {"prompt": "x" * 2001},
    ),
)
