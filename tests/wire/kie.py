"""Kie.ai, from its OpenAPI pages at https://docs.kie.ai; for MiniMax H3 as a public client has typed them off."""

from collections.abc import Mapping

from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    HailuoError,
    InvalidRequest,
    JobFailed,
    JobGone,
    RateLimited,
    ServerTrouble,
    Unsupported,
)
from hailuo_cli.model import RemoteState

from . import KEY, AFileName, AnImage, Aside, Look, OrderScript, Page, Refusal, Script, Some, Told, Turn

DOCS = "https://docs.kie.ai/"
MARKET = DOCS + "market/"
DETAIL = MARKET + "common/get-task-detail"
UPLOAD = DOCS + "file-upload-api/upload-file-base-64"
UNWRITTEN = "not on any page: HTTP's own meaning"
VERIFY = DOCS + "common-api/webhook-verification"
ID = "task_hailuo_1765182976860"
VIDEO = "https://tempfile.aiquickdraw.com/h/hailuo_1765182976860.mp4"
FIRST = "https://file.aiquickdraw.com/custom-page/akr/section-images/17585207681646umf3lz8.png"
LAST = "https://file.aiquickdraw.com/custom-page/akr/section-images/1758521423357w8586uq8.png"
GEISHA_IMAGE = "https://file.aiquickdraw.com/custom-page/akr/section-images/1761736831884xl56xfiw.webp"
GEISHA = "A graceful geisha performs a traditional Japanese dance indoors."
FILE = "https://tempfile.redpandaai.co/xxx/images/frame.png"
PRO = "hailuo/2-3-image-to-video-pro"
STANDARD = "hailuo/2-3-image-to-video-standard"


def _submit(model: str, values: dict[str, object], **rest: object) -> Turn:
    accepted = {"code": 200, "msg": "success", "data": {"taskId": ID}}
    return Turn("POST", "/api/v1/jobs/createTask", accepted, body={"model": model, "input": values, **rest})


def _order(name: str, request: dict[str, object], model: str, values: dict[str, object], **rest: object) -> OrderScript:
    return OrderScript(name, {**request, "model": model}, (_submit(model, values, **rest),), MARKET + model)


def _status(word: str, values: Mapping[str, object] | None = None, *, field: str = "msg") -> Turn:
    data = {
        "taskId": ID,
        "model": STANDARD,
        "state": word,
        "param": '{"model":"hailuo/2-3-image-to-video-standard","input":{"prompt":"a prompt"}}',
        "resultJson": "",
        "failCode": "",
        "failMsg": "",
        "costTime": 0,
        "completeTime": 0,
        "createTime": 1698765400000,
        "updateTime": 1698765432000,
        **(values or {}),
    }
    reply = {"code": 200, field: "success", "data": data}
    return Turn("GET", "/api/v1/jobs/recordInfo", reply, query={"taskId": ID})


# a text that is JSON again
RESULT = f'{{"resultUrls":["{VIDEO}"]}}'
ENDED = {"resultJson": RESULT, "costTime": 15000, "completeTime": 1698765432000}


def _refused(on: str, code: int, said: str, error: type[HailuoError], *, status: int = 200) -> Refusal:
    """The answer's own code counts: the pages list the codes below HTTP 200."""
    return Refusal(on, status, {"code": code, "msg": said, "data": None}, error, MARKET + PRO)


SCRIPT = Script(
    name="kie",
    host="https://api.kie.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            "the page's own example",
            {
                "prompt": GEISHA,
                "image": GEISHA_IMAGE,
                "duration": 6,
                "resolution": "768P",
                "webhook": "https://your-domain.com/api/callback",
            },
            PRO,
            {"prompt": GEISHA, "image_url": GEISHA_IMAGE, "duration": "6", "resolution": "768P"},
            callBackUrl="https://your-domain.com/api/callback",
        ),
        _order(
            "pro, 1080P",
            {"prompt": "It waves", "image": FIRST, "resolution": "1080P"},
            PRO,
            {"prompt": "It waves", "image_url": FIRST, "duration": "6", "resolution": "1080P"},
        ),
        _order(
            "standard, ten seconds",
            {"prompt": "It waves", "image": FIRST, "duration": 10},
            STANDARD,
            {"prompt": "It waves", "image_url": FIRST, "duration": "10", "resolution": "768P"},
        ),
        _order(
            "standard, 1080P, with a field of Kie's own",
            {"prompt": "It waves", "image": FIRST, "resolution": "1080P", "params": {"input.nsfw_checker": True}},
            STANDARD,
            {
                "prompt": "It waves",
                "image_url": FIRST,
                "duration": "6",
                "resolution": "1080P",
                "nsfw_checker": True,
            },
        ),
        _order(
            "Hailuo 02 standard from text, the page's own example",
            {"prompt": "A llama and a raccoon battle it out", "duration": 6, "prompt_optimizer": True},
            "hailuo/02-text-to-video-standard",
            {"prompt": "A llama and a raccoon battle it out", "duration": "6", "prompt_optimizer": True},
        ),
        _order(
            # it has no field for a duration or a resolution
            "Hailuo 02 pro from text",
            {"prompt": "A storm", "prompt_optimizer": False},
            "hailuo/02-text-to-video-pro",
            {"prompt": "A storm", "prompt_optimizer": False},
        ),
        _order(
            "Hailuo 02 standard from an image, 512P",
            {"prompt": "It waves", "image": FIRST, "duration": 6, "resolution": "512P"},
            "hailuo/02-image-to-video-standard",
            {"prompt": "It waves", "image_url": FIRST, "duration": "6", "resolution": "512P"},
        ),
        _order(
            "Hailuo 02 standard, first and last frame, the page's own example",
            {
                "prompt": "Epic aerial shot",
                "image": FIRST,
                "last_image": LAST,
                "duration": 10,
                "resolution": "768P",
                "prompt_optimizer": True,
            },
            "hailuo/02-image-to-video-standard",
            {
                "prompt": "Epic aerial shot",
                "image_url": FIRST,
                "end_image_url": LAST,
                "duration": "10",
                "resolution": "768P",
                "prompt_optimizer": True,
            },
        ),
        _order(
            "Hailuo 02 pro, first and last frame",
            {"prompt": "It grows", "image": FIRST, "last_image": LAST},
            "hailuo/02-image-to-video-pro",
            {"prompt": "It grows", "image_url": FIRST, "end_image_url": LAST},
        ),
        _order(
            # the ratio is required here and "adaptive" is none; the duration is a number
            "MiniMax H3 from text",
            {"prompt": "A storm", "duration": 4, "resolution": "768P"},
            "minimax-h3/text-to-video",
            {"prompt": "A storm", "aspect_ratio": "16:9", "duration": 4, "resolution": "768P"},
        ),
        _order(
            "MiniMax H3 from an image, 15 seconds, 2K",
            {"prompt": "It waves", "image": FIRST, "duration": 15, "resolution": "2K"},
            "minimax-h3/image-to-video",
            {"prompt": "It waves", "first_frame_url": FIRST, "duration": 15, "resolution": "2K"},
        ),
        _order(
            "MiniMax H3, first and last frame",
            {"prompt": "It grows", "image": FIRST, "last_image": LAST, "duration": 6, "resolution": "2K"},
            "minimax-h3/image-to-video",
            {
                "prompt": "It grows",
                "first_frame_url": FIRST,
                "last_frame_url": LAST,
                "duration": 6,
                "resolution": "2K",
            },
        ),
        OrderScript(
            # of the three ways to upload this is the one for "small files such as images"
            "from a file, which is uploaded first",
            {"prompt": "It waves", "image": "<file>", "model": STANDARD},
            (
                Turn(
                    "POST",
                    "/api/file-base64-upload",
                    {
                        "success": True,
                        "code": 200,
                        "msg": "File uploaded successfully",
                        "data": {
                            "fileName": "frame.png",
                            "filePath": "images/frame.png",
                            "downloadUrl": FILE,
                            "fileSize": 154832,
                            "mimeType": "image/png",
                            "uploadedAt": "2025-01-01T12:00:00.000Z",
                        },
                    },
                    host="https://kieai.redpandaai.co",
                    body={"base64Data": AnImage(), "uploadPath": Some(str), "fileName": AFileName()},
                ),
                _submit(STANDARD, {"prompt": "It waves", "image_url": FILE, "duration": "6", "resolution": "768P"}),
            ),
            UPLOAD,
        ),
    ),
    looks=(
        Look("waiting", RemoteState.QUEUED, (_status("waiting"),)),
        Look("queuing", RemoteState.QUEUED, (_status("queuing"),)),
        Look("generating", RemoteState.RUNNING, (_status("generating"),)),
        # the page says msg; clients report that this answer says message
        Look("generating", RemoteState.RUNNING, (_status("generating", field="message"),)),
        Look("success", RemoteState.DONE, (_status("success", ENDED),), VIDEO),
        Look("success", RemoteState.DONE, (_status("success", ENDED, field="message"),), VIDEO),
        Look(
            "fail", RemoteState.FAILED, (_status("fail", {"failCode": "501", "failMsg": "no luck"}),), reason="no luck"
        ),
        Look("fail", RemoteState.FAILED, (_status("fail"),)),
    ),
    refusals=(
        _refused("submit", 401, "You do not have access permissions", AuthError),
        _refused("check", 401, "Unauthorized", AuthError, status=401),
        _refused("submit", 402, "Insufficient credits", BalanceError),
        _refused("submit", 404, "Not found", InvalidRequest),
        _refused("check", 404, "Task not found", JobGone, status=404),
        _refused("submit", 422, "The request parameters failed validation", InvalidRequest),
        _refused("submit", 422, "The request parameters failed validation", InvalidRequest, status=422),
        # the one example of this code on the page of the status: there is no such task
        _refused("check", 422, "recordInfo is null", JobGone, status=422),
        _refused("check", 422, "recordInfo is null", JobGone),
        _refused("check", 400, "taskId parameter is required", InvalidRequest, status=400),
        _refused("submit", 429, "Request limit has been exceeded", RateLimited),
        _refused("check", 429, "Rate limit exceeded", RateLimited, status=429),
        # a limit that the owner of the key has set for it
        _refused("submit", 433, "Sub-key Usage Exceeds Limit", RateLimited),
        _refused("submit", 455, "System is currently undergoing maintenance", ServerTrouble),
        _refused("submit", 500, "Server Error", ServerTrouble),
        _refused("check", 500, "Server Error", ServerTrouble, status=500),
        _refused("check", 408, "No result has been returned for over 10 minutes", ServerTrouble),
        _refused("check", 501, "Content generation task failed", JobFailed),
        _refused("submit", 505, "The requested feature is currently disabled", Unsupported),
        # the upload's own answers
        Refusal("submit", 400, {"success": False, "code": 400, "msg": "uploadPath is missing"}, InvalidRequest, UPLOAD),
        Refusal("submit", 401, {"success": False, "code": 401, "msg": "Invalid API Key"}, AuthError, UPLOAD),
        Refusal("submit", 500, {"success": False, "code": 500, "msg": "Internal error"}, ServerTrouble, UPLOAD),
    ),
    tells=(
        # the page's sample reads `task_id`, the bodies it prints have `taskId`
        Told({"code": 200, "data": {"taskId": ID, "state": "success", "resultJson": RESULT}, "msg": "success"}, VERIFY),
        Told({"code": 200, "data": {"task_id": ID}, "msg": "success"}, VERIFY),
    ),
    pages=(
        Page(
            MARKET + PRO,
            {
                "401": AuthError,
                "402": BalanceError,
                "404": InvalidRequest,
                "408": ServerTrouble,
                "422": InvalidRequest,
                "429": RateLimited,
                "433": RateLimited,
                "455": ServerTrouble,
                "500": ServerTrouble,
                "501": JobFailed,
                "505": Unsupported,
            },
            lambda code: (200, {"code": int(code), "msg": "as the page says", "data": None}),
        ),
    ),
    asides=(
        Aside(
            "balance",
            (Turn("GET", "/api/v1/chat/credit", {"code": 200, "msg": "success", "data": 100}),),
            "100 credits",
            DOCS + "common-api/get-account-credits",
        ),
    ),
    refuses=(
        # there is no page for Hailuo 2.3 from text
        {"prompt": "x"},
        {"prompt": "x", "image": FIRST, "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "image": FIRST, "prompt_optimizer": True},
        {"prompt": "x", "image": FIRST, "watermark": True},
        {"prompt": "x", "image": FIRST, "last_image": LAST},
        {"prompt": "x" * 5001, "image": FIRST},
        {"prompt": "x" * 1501, "model": "hailuo/02-text-to-video-pro"},
        {"prompt": "x", "model": "minimax-h3/text-to-video", "duration": 3},
        {"prompt": "x", "model": "minimax-h3/text-to-video", "resolution": "1080P"},
        {"prompt": "x" * 7001, "model": "minimax-h3/text-to-video"},
    ),
    # "start with 2-3 second intervals, increase gradually"
    poll=2,
)
