"""MiniMax H3 at MiniMax itself: the second version of its API (video-generation-v2-create, -query, -list)."""

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

from . import KEY, AnImage, Look, OrderScript, Page, Refusal, Script, Told, Turn

REFERENCE = "https://platform.minimax.io/docs/api-reference/video-generation-v2-"
UNWRITTEN = "not on any page: HTTP's own meaning"
ID = "424010985738346"
VIDEO = "https://public-cdn-video-data.example.com/h3/2026-08-01/output.mp4?Expires=1&Signature=s"
FIRST = "https://example.com/first.png"
LAST = "https://example.com/last.png"


def _text(prompt: str) -> dict[str, object]:
    return {"type": "text", "text": prompt}


def _image(url: object, role: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}, "role": role}


def _order(name: str, request: dict[str, object], content: list[object], **rest: object) -> OrderScript:
    body = {"model": "MiniMax-H3", "content": content, **rest}
    turn = Turn("POST", "/v2/video_generation", {"task_id": ID}, body=body)
    return OrderScript(name, {**request, "model": "MiniMax-H3"}, (turn,), REFERENCE + "create")


def _status(word: str, **values: object) -> Turn:
    task = {
        "id": ID,
        "model": "MiniMax-H3",
        "status": word,
        "resolution": "768P",
        "duration": 5,
        "ratio": "16:9",
        "created_at": 1785974400,
        "updated_at": 1785974460,
        **values,
    }
    return Turn("GET", f"/v2/query/video_generation/{ID}", {"task": task})


def _refused(on: str, status: int, kind: str, said: str, error: type[HailuoError]) -> Refusal:
    fault = {"type": kind, "message": said, "http_code": str(status)}
    reply = {"type": "error", "error": fault, "request_id": "0562e3a1b2c34d5e"}
    return Refusal(on, status, reply, error, REFERENCE + "create")


SCRIPT = Script(
    name="minimax",
    host="https://api.minimax.io",
    # an id of this version is asked after elsewhere, so the ticket has to tell; how is hailuo's own business
    ticket=f"v2-{ID}",
    wire_id=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            # what is left out is adaptive, which text alone may not be; that 16:9 goes out is hailuo's choice
            "from text",
            {"prompt": "A storm", "duration": 5, "resolution": "768P"},
            [_text("A storm")],
            duration=5,
            resolution="768P",
            ratio="16:9",
        ),
        _order(
            "from text, 15 seconds, 2K, with everything",
            {
                "prompt": "A storm",
                "duration": 15,
                "resolution": "2K",
                "watermark": True,
                "webhook": "https://you.example/hook",
            },
            [_text("A storm")],
            duration=15,
            resolution="2K",
            ratio="16:9",
            aigc_watermark=True,
            callback_url="https://you.example/hook",
        ),
        _order(
            "from an address",
            {"prompt": "It waves", "image": FIRST, "duration": 4, "resolution": "2K"},
            [_text("It waves"), _image(FIRST, "first_frame")],
            duration=4,
            resolution="2K",
        ),
        _order(
            "from a file, as a data URL",
            {"prompt": "It waves", "image": "<file>", "duration": 6, "resolution": "768P"},
            [_text("It waves"), _image(AnImage(), "first_frame")],
            duration=6,
            resolution="768P",
        ),
        _order(
            "first and last frame",
            {"prompt": "It grows", "image": FIRST, "last_image": LAST, "duration": 6, "resolution": "768P"},
            [_text("It grows"), _image(FIRST, "first_frame"), _image(LAST, "last_frame")],
            duration=6,
            resolution="768P",
        ),
    ),
    looks=(
        Look("queued", RemoteState.QUEUED, (_status("queued"),)),
        Look("running", RemoteState.RUNNING, (_status("running"),)),
        Look(
            "succeeded",
            RemoteState.DONE,
            (_status("succeeded", content={"url": VIDEO}, usage={"output_seconds": 5}),),
            VIDEO,
        ),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", error={"code": "1033", "message": "no luck"}),),
            reason="luck",
        ),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", error={"code": "1027", "message": "sensitive content in the output"}),),
            reason="sensitive content",
            moderated=True,
        ),
        Look("failed", RemoteState.FAILED, (_status("failed"),)),
        Look("cancelled", RemoteState.CANCELLED, (_status("cancelled"),)),
        # a task is kept for seven days
        Look("expired", RemoteState.GONE, (_status("expired"),)),
    ),
    refusals=(
        # the number in brackets is that of the first version
        _refused("submit", 400, "bad_request_error", "invalid params (2013)", InvalidRequest),
        _refused("submit", 401, "authorized_error", "login fail (1004)", AuthError),
        _refused("check", 401, "authorized_error", "login fail (1004)", AuthError),
        _refused("submit", 402, "insufficient_balance_error", "insufficient balance (1008)", BalanceError),
        _refused("submit", 422, "unprocessable_entity_error", "the content cannot be used", InvalidRequest),
        _refused("submit", 429, "rate_limit_error", "rate limit (1002)", RateLimited),
        _refused("check", 429, "rate_limit_error", "rate limit (1002)", RateLimited),
        _refused("submit", 500, "server_error", "internal error (1024)", ServerTrouble),
        # met by public clients: moderation under three statuses
        _refused("submit", 422, "unprocessable_entity_error", "input new_sensitive (1026)", ContentRefused),
        _refused("submit", 400, "bad_request_error", "input new_sensitive (1026)", ContentRefused),
        _refused("submit", 500, "api_error", "input new_sensitive (1026)", ContentRefused),
        Refusal("check", 404, {"message": "task not found"}, JobGone, UNWRITTEN),
    ),
    tells=(Told({"task": {"id": ID, "status": "succeeded"}}, REFERENCE + "create"),),
    pages=(
        Page(
            REFERENCE + "create",
            {
                "bad_request_error": InvalidRequest,
                "authorized_error": AuthError,
                "insufficient_balance_error": BalanceError,
                "unprocessable_entity_error": InvalidRequest,
                "rate_limit_error": RateLimited,
                "server_error": ServerTrouble,
            },
            # the status is the kind's own; a kind under another one is told by its name
            lambda kind: (418, {"type": "error", "error": {"type": kind, "message": "as the page says"}}),
        ),
    ),
    refuses=(
        {"prompt": "x", "model": "MiniMax-H3", "duration": 3},
        {"prompt": "x", "model": "MiniMax-H3", "duration": 16},
        {"prompt": "x", "model": "MiniMax-H3", "resolution": "1080P"},
        {"prompt": "x", "model": "MiniMax-H3", "prompt_optimizer": True},
        {"prompt": "x", "model": "MiniMax-H3", "fast_pretreatment": True},
        {"prompt": "x" * 7001, "model": "MiniMax-H3"},
    ),
    poll=5,
)
