"""TokensMind, from its Hailuo pages at https://docs.tokensmind.ai/en/guide/video/hailuo.

The pages fit the open-source gateway QuantumNous/new-api; what only that software says is marked so.
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

from . import KEY, AnImage, Aside, Look, OrderScript, Page, Refusal, Script, Told, Turn
from .minimax import SCRIPT as MINIMAX

DOCS = "https://docs.tokensmind.ai/en/guide/video/hailuo/video-generation-"
CODES = "https://docs.tokensmind.ai/en/FAQs/http-code"
SOFTWARE = "https://github.com/QuantumNous/new-api (the software it seems to run)"
ID = "task_pNzpa5Aw21zihhdYrACj6Jy0ZVW76BEe"
VIDEO = "https://cdn.example.com/generated_video.mp4"
FRAME = "https://example.com/start_frame.png"
# three forms of the same acceptance: the image page's, the text page's, the software's
ACCEPTED: dict[str, object] = {"task_id": ID, "status": "queued"}
ACCEPTED_TEXT = {
    "id": ID,
    "task_id": ID,
    "status": "processing",
    "model": "MiniMax-Hailuo-2.3",
    "progress": 0,
    "created_at": 1774595255,
}
ACCEPTED_VIDEO = {**ACCEPTED_TEXT, "object": "video", "status": "queued"}


def _order(
    name: str,
    request: dict[str, object],
    body: dict[str, object],
    page: str = "t2v",
    reply: dict[str, object] = ACCEPTED_TEXT,
) -> OrderScript:
    return OrderScript(name, request, (Turn("POST", "/v1/video/generations", reply, body=body),), DOCS + page)


def _status(word: str, **values: object) -> Turn:
    """The form of the Hailuo page: the code is a text, and so is the percentage."""
    data = {"task_id": ID, "status": word, "submit_time": 1774595255, **values}
    return Turn("GET", f"/v1/video/generations/{ID}", {"code": "200", "message": "success", "data": data})


def _task(word: str, progress: str, *, upstream: object = None, fail_reason: str = "", **values: object) -> Turn:
    """The form of the software, which TokensMind's own Vidu page shows: code "success", percent with its sign."""
    data = {
        "id": 4711,
        "created_at": 1774595255,
        "updated_at": 1774595300,
        "task_id": ID,
        "platform": "35",
        "user_id": 7,
        "group": "default",
        "channel_id": 0,
        "quota": 140000,
        "action": "generate",
        "status": word,
        "fail_reason": fail_reason,
        "submit_time": 1774595255,
        "start_time": 1774595260,
        "finish_time": 0,
        "progress": progress,
        "properties": {"input": "", "upstream_model_name": "MiniMax-Hailuo-2.3"},
        "data": upstream,
        **values,
    }
    return Turn("GET", f"/v1/video/generations/{ID}", {"code": "success", "message": "", "data": data})


def _upstream(word: str, code: int = 0, said: str = "success", **values: object) -> dict[str, object]:
    return {
        "task_id": "106916112212032",
        "status": word,
        **values,
        "base_resp": {"status_code": code, "status_msg": said},
    }


ENDED = {"progress": "100", "video_width": 1280, "video_height": 720, "finish_time": 1774595315}


def _gate(on: str, status: int, said: str, error: type[HailuoError], code: str = "", source: str = CODES) -> Refusal:
    # statuses and reasons are the page's; its bodies were not found, this one is the software's outer gate
    fault = {"message": f"{said} (tid: 2026041412000000)", "type": "new_api_error", "param": "", "code": code}
    return Refusal(on, status, {"error": fault}, error, source)


def _refused(on: str, status: int, code: str, said: str, error: type[HailuoError], source: str = SOFTWARE) -> Refusal:
    return Refusal(on, status, {"code": code, "message": said, "data": None}, error, source)


def _passed(code: int, said: str, error: type[HailuoError]) -> Refusal:
    """MiniMax's own number, passed on as the code of a 400 whatever it means."""
    refusal = _refused("submit", 400, str(code), f"hailuo api error: {said}", error)
    # a timeout behind the gateway is no refusal, although its status is that of one
    return replace(refusal, not_taken=False) if code in (1000, 1001, 1024, 1033) else refusal


SCRIPT = Script(
    name="tokensmind",
    host="https://tokensmind.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            "the page's own example",
            {
                "prompt": "Contemporary dance, the people in the picture are performing, [dolly in]",
                "image": FRAME,
                "model": "MiniMax-Hailuo-2.3",
                "duration": 6,
                "resolution": "1080P",
                "prompt_optimizer": True,
                "watermark": False,
            },
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "Contemporary dance, the people in the picture are performing, [dolly in]",
                "duration": 6,
                "metadata": {
                    "first_frame_image": FRAME,
                    "resolution": "1080P",
                    "prompt_optimizer": True,
                    "aigc_watermark": False,
                },
            },
            "i2v",
            ACCEPTED,
        ),
        _order(
            "the text page's own example, with a webhook",
            {
                "prompt": "A kitten running through the forest, [dolly in], then [pan left]",
                "duration": 6,
                "resolution": "1080P",
                "prompt_optimizer": True,
                "webhook": "https://your-server.com/callback",
            },
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "A kitten running through the forest, [dolly in], then [pan left]",
                "duration": 6,
                "metadata": {
                    "prompt_optimizer": True,
                    "resolution": "1080P",
                    "callback_url": "https://your-server.com/callback",
                },
            },
        ),
        _order(
            "from text, ten seconds, with a watermark",
            {"prompt": "A lighthouse", "model": "hailuo-2.3", "duration": 10, "watermark": True},
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "A lighthouse",
                "duration": 10,
                "metadata": {"resolution": "768P", "aigc_watermark": True},
            },
            reply=ACCEPTED_VIDEO,
        ),
        _order(
            # [shake], [tracking shot] and [static shot] of other vendors have names of their own here
            "camera commands in the page's words",
            {
                "prompt": "A lighthouse",
                "camera": ("push in + tilt up", "truck left", "shake + tracking shot", "static shot"),
            },
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "A lighthouse [dolly in,tilt up] [truck left] [handheld shake,follow] [locked off]",
                "duration": 6,
                "metadata": {"resolution": "768P"},
            },
        ),
        _order(
            "from a file, with everything",
            {
                "prompt": "It waves",
                "image": "<file>",
                "duration": 10,
                "prompt_optimizer": False,
                "watermark": True,
                "webhook": "https://you.example/hook",
            },
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "It waves",
                "duration": 10,
                "metadata": {
                    "first_frame_image": AnImage(),
                    "resolution": "768P",
                    "prompt_optimizer": False,
                    "aigc_watermark": True,
                    "callback_url": "https://you.example/hook",
                },
            },
            "i2v",
        ),
        _order(
            "the fast model, from a file",
            {"prompt": "It waves", "image": "<file>", "model": "hailuo-2.3-fast"},
            {
                "model": "MiniMax-Hailuo-2.3-Fast",
                "prompt": "It waves",
                "duration": 6,
                "metadata": {"first_frame_image": AnImage(), "resolution": "768P"},
            },
            "i2v",
        ),
        _order(
            # the gateway hands metadata on as it is, which no page promises: a raw field, no option
            "a raw field inside metadata",
            {
                "prompt": "It waves",
                "image": FRAME,
                "model": "MiniMax-Hailuo-2.3-Fast",
                "params": {"metadata.last_frame_image": "https://example.com/last.png"},
            },
            {
                "model": "MiniMax-Hailuo-2.3-Fast",
                "prompt": "It waves",
                "duration": 6,
                "metadata": {
                    "first_frame_image": FRAME,
                    "resolution": "768P",
                    "last_frame_image": "https://example.com/last.png",
                },
            },
            "i2v",
        ),
        _order(
            "Hailuo 02 from text",
            {"prompt": "A lighthouse", "model": "hailuo-02", "duration": 10},
            {
                "model": "MiniMax-Hailuo-02",
                "prompt": "A lighthouse",
                "duration": 10,
                "metadata": {"resolution": "768P"},
            },
        ),
        _order(
            # the image page's list leaves this model out ("e.g."), its notes name it; 512P is on that page only
            "Hailuo 02 from an image, 512P",
            {"prompt": "It waves", "image": FRAME, "model": "MiniMax-Hailuo-02", "resolution": "512P"},
            {
                "model": "MiniMax-Hailuo-02",
                "prompt": "It waves",
                "duration": 6,
                "metadata": {"first_frame_image": FRAME, "resolution": "512P"},
            },
            "i2v",
        ),
        *(
            # the text page lists 720P without saying for what: MiniMax's 01 models make nothing else
            _order(
                f"{name} from text",
                {"prompt": "A lighthouse", "model": name},
                {
                    "model": name,
                    "prompt": "A lighthouse",
                    "duration": 6,
                    "metadata": {"resolution": "720P"},
                },
            )
            for name in ("T2V-01", "T2V-01-Director")
        ),
        _order(
            # the image page names the model and leaves its only resolution, 720P, out of the list
            "I2V-01-Director from an image",
            {"prompt": "It waves", "image": FRAME, "model": "I2V-01-Director"},
            {
                "model": "I2V-01-Director",
                "prompt": "It waves",
                "duration": 6,
                "metadata": {"first_frame_image": FRAME, "resolution": "720P"},
            },
            "i2v",
        ),
    ),
    looks=(
        # the status page's field table
        Look("processing", RemoteState.RUNNING, (_status("processing", progress="50"),), percent=50),
        Look("success", RemoteState.DONE, (_status("success", result_url=VIDEO, **ENDED),), VIDEO, percent=100),
        Look("failed", RemoteState.FAILED, (_status("failed", fail_reason="no luck"),), reason="no luck"),
        # the create pages
        Look("queued", RemoteState.QUEUED, (_status("queued", progress="0"),), percent=0),
        Look("completed", RemoteState.DONE, (_status("completed", result_url=VIDEO, **ENDED),), VIDEO, percent=100),
        # the status page's second list, which is MiniMax's
        Look("Preparing", RemoteState.QUEUED, (_status("Preparing"),)),
        Look("Queueing", RemoteState.QUEUED, (_status("Queueing"),)),
        Look("Processing", RemoteState.RUNNING, (_status("Processing", progress="50"),), percent=50),
        Look("Success", RemoteState.DONE, (_status("Success", result_url=VIDEO),), VIDEO),
        Look("Fail", RemoteState.FAILED, (_status("Fail", fail_reason="no luck"),), reason="no luck"),
        Look("Fail", RemoteState.FAILED, (_status("Fail"),)),
        # the software's words in the software's form
        Look("NOT_START", RemoteState.QUEUED, (_task("NOT_START", "0%"),), percent=0),
        Look("SUBMITTED", RemoteState.QUEUED, (_task("SUBMITTED", "10%"),), percent=10),
        Look("QUEUED", RemoteState.QUEUED, (_task("QUEUED", "20%"),), percent=20),
        Look(
            "IN_PROGRESS",
            RemoteState.RUNNING,
            (_task("IN_PROGRESS", "30%", upstream=_upstream("Queueing")),),
            percent=30,
        ),
        Look(
            "IN_PROGRESS",
            RemoteState.RUNNING,
            (_task("IN_PROGRESS", "50%", upstream=_upstream("Processing")),),
            percent=50,
        ),
        Look(
            "SUCCESS",
            RemoteState.DONE,
            (_task("SUCCESS", "100%", upstream=_upstream("Success", file_id="176844028768320"), result_url=VIDEO),),
            VIDEO,
            percent=100,
        ),
        # a failed task of this software has its reason where the address would be
        Look(
            "FAILURE",
            RemoteState.FAILED,
            (_task("FAILURE", "100%", fail_reason="task failed", result_url="task failed", finish_time=1774595315),),
            percent=100,
            reason="task failed",
        ),
        Look(
            "FAILURE",
            RemoteState.FAILED,
            (
                _task(
                    "FAILURE",
                    "100%",
                    upstream=_upstream("Fail", 1027, "sensitive output"),
                    fail_reason="sensitive output",
                    result_url="sensitive output",
                ),
            ),
            percent=100,
            reason="sensitive output",
            moderated=True,
        ),
        # the number inside a sentence, and nowhere else
        Look(
            "FAILURE",
            RemoteState.FAILED,
            (_task("FAILURE", "100%", fail_reason="task failed, code: 1026 , msg: input new_sensitive"),),
            percent=100,
            reason="code: 1026",
            moderated=True,
        ),
        # the software's word for a status it does not know: it looks again, so it is no end
        Look("UNKNOWN", RemoteState.RUNNING, (_task("UNKNOWN", "30%"),), percent=30),
        # the software's other vocabulary, of its routes under /v1/videos
        Look("in_progress", RemoteState.RUNNING, (_status("in_progress", progress="50%"),), percent=50),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", fail_reason="no luck", result_url="no luck"),),
            reason="luck",
        ),
    ),
    refusals=(
        _gate("submit", 401, "no access token was sent", AuthError),
        _gate("submit", 401, "the access token is invalid or ran out", AuthError),
        _gate("check", 401, "the access token is invalid or ran out", AuthError),
        _gate("submit", 403, "the balance is too low", BalanceError, "insufficient_user_quota"),
        _gate("submit", 403, "the account is suspended", AuthError),
        _gate("submit", 403, "insufficient permissions", AuthError),
        _gate("submit", 403, "this key is for certain address ranges only", AuthError),
        # no code tells these three from the ones before, so they are about the key too
        _gate("submit", 403, "this key is not for that model", AuthError),
        _gate("submit", 403, "this key may not choose a channel", AuthError),
        _gate("submit", 403, "the channel is switched off", AuthError),
        _gate("submit", 429, "too many requests", RateLimited),
        _gate("check", 429, "too many requests", RateLimited),
        replace(
            # nobody was there to pass the order on to
            _gate("submit", 503, "no channel for this model in this group", ServerTrouble, "model_not_found"),
            not_taken=True,
        ),
        _gate("submit", 503, "the vendor behind it throttles", ServerTrouble),
        _gate("submit", 400, "no such channel", InvalidRequest),
        # these two are listed for other kinds of model
        _gate("submit", 400, "a prompt is required", InvalidRequest, "prompt_missing"),
        _gate("submit", 400, "the prompt is too long", InvalidRequest, "prompt_too_long"),
        # the software's inner form
        _refused("submit", 403, "insufficient_user_quota", "the balance is too low", BalanceError, CODES),
        _refused("submit", 400, "invalid_request", "model is required", InvalidRequest),
        _refused("submit", 429, "fail_to_fetch_task", "the vendor behind it throttles", RateLimited),
        _refused("submit", 500, "do_request_failed", "the vendor behind it cannot be reached", ServerTrouble),
        _refused("check", 400, "task_not_exist", "task_not_exist", JobGone),
        _refused("check", 500, "get_task_failed", "the database is gone", ServerTrouble),
        _passed(1000, "unknown error", ServerTrouble),
        _passed(1001, "timeout", ServerTrouble),
        _passed(1002, "rate limit", RateLimited),
        # the next two are about TokensMind's own account at MiniMax, not about the user's key or money
        _passed(1004, "not authorized", ServerTrouble),
        _passed(1008, "insufficient balance", ServerTrouble),
        _passed(1024, "internal error", ServerTrouble),
        _passed(1026, "sensitive content in the input", ContentRefused),
        _passed(1027, "sensitive content in the output", ContentRefused),
        _passed(1033, "system error", ServerTrouble),
        _passed(2013, "invalid params", InvalidRequest),
        # likewise TokensMind's own key
        _passed(2049, "invalid api key", ServerTrouble),
    ),
    tells=(
        # MiniMax itself calls: with its own id and not with the one that TokensMind gave
        Told({"task_id": "106916112212032", "status": "success"}, DOCS + "t2v", names_job=False),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "fast_pretreatment": True},
        {"prompt": "x", "image": "https://example.com/a.png", "last_image": "https://example.com/b.png"},
        {"prompt": "x", "model": "hailuo-02", "resolution": "512P"},
        {"prompt": "x" * 2001},
    ),
    pages=(
        Page(
            CODES,
            {
                "insufficient_user_quota": BalanceError,
                "model_not_found": ServerTrouble,
                **dict.fromkeys(("prompt_missing", "prompt_too_long"), InvalidRequest),
            },
            lambda code: (418, {"error": {"message": "as the page says", "type": "new_api_error", "code": code}}),
        ),
        Page(
            # MiniMax's whole page, passed on as the code of a 400
            "https://platform.minimax.io/docs/api-reference/errorcode",
            {
                **MINIMAX.pages[0].codes,
                **MINIMAX.pages[1].codes,
                **dict.fromkeys(("1004", "1008", "2049"), ServerTrouble),  # about TokensMind's own account
            },
            lambda code: (400, {"code": code, "message": "hailuo api error: as the page says", "data": None}),
        ),
    ),
    asides=(
        Aside(
            "balance",
            (
                Turn(
                    "GET",
                    "/v1/dashboard/billing/subscription",
                    {"object": "billing_subscription", "hard_limit_usd": 10},
                ),
                # in cents
                Turn("GET", "/v1/dashboard/billing/usage", {"object": "list", "total_usage": 250.0}),
            ),
            "7.50 USD",
            SOFTWARE + ", router/dashboard.go",
        ),
    ),
    poll=5,
)
