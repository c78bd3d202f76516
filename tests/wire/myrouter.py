"""MyRouter, from its model pages and "Query Task Result" at https://docs.myrouter.ai.

It is one of a family with the same paths (Novita, PPIO, JieKou). What only a sibling documents is marked so.
"""

from hailuo_cli.errors import AuthError, BalanceError, HailuoError, InvalidRequest, JobGone, RateLimited, ServerTrouble
from hailuo_cli.model import RemoteState

from . import KEY, AnImage, Look, OrderScript, Page, Refusal, Script, Turn

DOCS = "https://docs.myrouter.ai/docs/models/reference-"
RESULT = DOCS + "get-async-task-result"
# MyRouter's own error page was not found: these are the sibling's
ERRORS = "https://docs.jiekou.ai/en/docs/models/reference-error-code (sibling)"
PROSE = "https://novita.ai/docs/guides/error (sibling)"
# the page prints "<string>"; the form of an id is not documented
ID = "2f8a9c1e-5b7d-4e36-9a40-c1d2e3f4a5b6"
VIDEO = "https://model-output.example.com/2f8a9c1e-5b7d-4e36-9a40-c1d2e3f4a5b6.mp4?X-Amz-Expires=3600&X-Amz-Signature=s"
FIRST = "https://example.com/first.png"
LAST = "https://example.com/last.png"


def _order(name: str, request: dict[str, object], endpoint: str, body: dict[str, object]) -> OrderScript:
    turn = Turn("POST", f"/v3/async/minimax-{endpoint}", {"task_id": ID}, body=body)
    return OrderScript(name, request, (turn,), DOCS + f"minimax-{endpoint}")


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


# the time to live is a text here
VIDEOS: list[object] = [{"video_url": VIDEO, "video_url_ttl": "3600", "video_type": "mp4"}]


def _bare(word: str, **values: object) -> Turn:
    """Only what cannot be missing."""
    reply = {"task": {"task_id": ID, "status": word}, **values}
    return Turn("GET", "/v3/async/task-result", reply, query={"task_id": ID})


def _refused(on: str, status: int, reason: str, said: str, error: type[HailuoError]) -> Refusal:
    # the names and statuses are documented, the body is not: a client of a sibling reads `message` at the top,
    # and the names are called reasons
    reply = {"code": status, "reason": reason, "message": said, "metadata": {}}
    return Refusal(on, status, reply, error, ERRORS)


SCRIPT = Script(
    name="myrouter",
    host="https://api.myrouter.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            # the page has placeholders; every field of it, in its order
            "the page's own example",
            {
                "prompt": "It turns its head … [Push In]",
                "image": FIRST,
                "duration": 6,
                "resolution": "1080P",
                "prompt_optimizer": True,
                "fast_pretreatment": True,
            },
            "hailuo-2.3-i2v",
            {
                "prompt": "It turns its head … [Push In]",
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
            "hailuo-2.3-i2v",
            {"prompt": "It waves", "image": AnImage(), "duration": 10, "resolution": "768P"},
        ),
        _order(
            "from text, without prompt expansion",
            {"prompt": "A lighthouse", "prompt_optimizer": False, "fast_pretreatment": False},
            "hailuo-2.3-t2v",
            {
                "prompt": "A lighthouse",
                "duration": 6,
                "resolution": "768P",
                "enable_prompt_expansion": False,
                "fast_pretreatment": False,
            },
        ),
        _order(
            # MiniMax's "pan" is called "rotate" here, and its "truck" is called "pan"; the page writes a space
            # after the comma in [Rotate Left, Rise], other vendors of this model do not
            "from text, with camera commands in the page's words",
            {"prompt": "A lighthouse", "camera": ("pan left + pedestal up", "truck right", "static shot")},
            "hailuo-2.3-t2v",
            {
                "prompt": "A lighthouse [Rotate Left,Rise] [Pan Right] [Static]",
                "duration": 6,
                "resolution": "768P",
            },
        ),
        _order(
            "from text, by the name of its endpoint",
            {"prompt": "A lighthouse", "model": "minimax-hailuo-2.3-t2v", "resolution": "1080P"},
            "hailuo-2.3-t2v",
            {"prompt": "A lighthouse", "duration": 6, "resolution": "1080P"},
        ),
        _order(
            # this page has no fast_pretreatment
            "the fast model",
            {"prompt": "It waves", "image": FIRST, "model": "hailuo-2.3-fast", "prompt_optimizer": True},
            "hailuo-2.3-fast-i2v",
            {
                "prompt": "It waves",
                "image": FIRST,
                "duration": 6,
                "resolution": "768P",
                "enable_prompt_expansion": True,
            },
        ),
        _order(
            "the fast model by the name of its endpoint, from a file",
            {"prompt": "It waves", "image": "<file>", "model": "minimax-hailuo-2.3-fast-i2v", "resolution": "1080P"},
            "hailuo-2.3-fast-i2v",
            {"prompt": "It waves", "image": AnImage(), "duration": 6, "resolution": "1080P"},
        ),
        _order(
            "Hailuo 02 from text",
            {"prompt": "A lighthouse", "model": "hailuo-02", "duration": 10, "fast_pretreatment": True},
            "hailuo-02",
            {"prompt": "A lighthouse", "duration": 10, "resolution": "768P", "fast_pretreatment": True},
        ),
        _order(
            "Hailuo 02 from an image",
            {"prompt": "It waves", "image": FIRST, "model": "minimax-hailuo-02", "resolution": "1080P"},
            "hailuo-02",
            {"prompt": "It waves", "image": FIRST, "duration": 6, "resolution": "1080P"},
        ),
        _order(
            "Hailuo 02, first and last frame",
            {"prompt": "A girl grows up", "image": FIRST, "last_image": LAST, "model": "hailuo-02"},
            "hailuo-02",
            {"prompt": "A girl grows up", "image": FIRST, "end_image": LAST, "duration": 6, "resolution": "768P"},
        ),
        _order(
            "Hailuo 02, first and last frame from files",
            {"prompt": "A girl grows up", "image": "<file>", "last_image": "<file>", "model": "hailuo-02"},
            "hailuo-02",
            {
                "prompt": "A girl grows up",
                "image": AnImage(),
                "end_image": AnImage(),
                "duration": 6,
                "resolution": "768P",
            },
        ),
        _order(
            # always 6 s and 720p: it has no field for either
            "Video-01 from text",
            {"prompt": "A lighthouse", "model": "video-01", "prompt_optimizer": False},
            "video-01",
            {"prompt": "A lighthouse", "enable_prompt_expansion": False},
        ),
        _order(
            # an address: whether this field takes data URLs is not documented
            "Video-01 from an image",
            {"prompt": "It waves", "image": FIRST, "model": "video-01"},
            "video-01",
            {"prompt": "It waves", "image_url": FIRST},
        ),
    ),
    looks=(
        # the page's own list of words was not found: these four are the siblings'
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
        # a sibling's own sample of a finished task has progress 0
        Look("TASK_STATUS_SUCCEED", RemoteState.DONE, (_status("TASK_STATUS_SUCCEED", 0, videos=VIDEOS),), VIDEO, 0),
        # running at 100 % is not done
        Look("TASK_STATUS_PROCESSING", RemoteState.RUNNING, (_status("TASK_STATUS_PROCESSING", 100),), percent=100),
        Look("TASK_STATUS_FAILED", RemoteState.FAILED, (_status("TASK_STATUS_FAILED", 100),), percent=100),
        # nothing says which fields always come
        Look("TASK_STATUS_QUEUED", RemoteState.QUEUED, (_bare("TASK_STATUS_QUEUED"),)),
        Look(
            "TASK_STATUS_SUCCEED",
            RemoteState.DONE,
            (_bare("TASK_STATUS_SUCCEED", videos=[{"video_url": VIDEO}]),),
            VIDEO,
        ),
    ),
    no_model=frozenset({"MODEL_NOT_FOUND"}),
    refusals=(
        _refused("submit", 400, "INVALID_REQUEST_BODY", "duration must be 6 or 10", InvalidRequest),
        _refused("submit", 401, "FAILED_TO_AUTH", "the key is wrong", AuthError),
        _refused("check", 401, "FAILED_TO_AUTH", "the key is wrong", AuthError),
        _refused("submit", 403, "INVALID_API_KEY", "no key was sent", AuthError),
        _refused("check", 403, "INVALID_API_KEY", "no key was sent", AuthError),
        # this family says 403 where others say 402
        _refused("submit", 403, "NOT_ENOUGH_BALANCE", "the balance is too low", BalanceError),
        _refused("submit", 403, "ACCESS_DENY", "access denied", AuthError),
        _refused("submit", 404, "MODEL_NOT_FOUND", "no such model", InvalidRequest),
        _refused("submit", 429, "RATE_LIMIT_EXCEEDED", "too many requests", RateLimited),
        _refused("check", 429, "RATE_LIMIT_EXCEEDED", "too many requests", RateLimited),
        _refused("submit", 429, "TOKEN_LIMIT_EXCEEDED", "too many tokens", RateLimited),
        _refused("submit", 503, "SERVICE_NOT_AVAILABLE", "overloaded", ServerTrouble),
        _refused("check", 503, "SERVICE_NOT_AVAILABLE", "overloaded", ServerTrouble),
        # another sibling lists bare statuses
        Refusal("submit", 400, {"message": "bad request"}, InvalidRequest, PROSE),
        Refusal("submit", 401, {"message": "unauthorized"}, AuthError, PROSE),
        Refusal("submit", 403, {"message": "forbidden"}, AuthError, PROSE),
        Refusal("submit", 429, {"message": "too many requests"}, RateLimited, PROSE),
        Refusal("submit", 500, {"message": "internal error"}, ServerTrouble, PROSE),
        Refusal("check", 504, {"message": "timeout"}, ServerTrouble, PROSE),
        Refusal("check", 404, {"message": "task not found"}, JobGone, "not on any page: HTTP's own meaning"),
    ),
    pages=(
        Page(
            "https://docs.jiekou.ai/en/docs/models/reference-error-code",
            {
                **dict.fromkeys(("INVALID_API_KEY", "FAILED_TO_AUTH", "ACCESS_DENY"), AuthError),
                "NOT_ENOUGH_BALANCE": BalanceError,
                **dict.fromkeys(("MODEL_NOT_FOUND", "INVALID_REQUEST_BODY"), InvalidRequest),
                **dict.fromkeys(("RATE_LIMIT_EXCEEDED", "TOKEN_LIMIT_EXCEEDED"), RateLimited),
                "SERVICE_NOT_AVAILABLE": ServerTrouble,
            },
            lambda code: (418, {"code": 418, "reason": code, "message": "as the page says"}),
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "webhook": "https://you.example/hook"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "model": "hailuo-2.3-fast", "image": "https://example.com/a.png", "fast_pretreatment": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": "https://example.com/a.png", "last_image": "https://example.com/b.png"},
        {"prompt": "x" * 2001},
    ),
)
