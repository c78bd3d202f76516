"""Atlas Cloud, from its page on predictions and its model pages; uploads from public clients.

The model pages list no fields in any copy: these are WaveSpeed's, whose names for the models it has.
"""

from decimal import Decimal

from hailuo_cli.errors import AuthError, BalanceError, HailuoError, InvalidRequest, JobGone, RateLimited, ServerTrouble
from hailuo_cli.model import RemoteState

from . import KEY, AFile, Aside, Form, Look, OrderScript, Refusal, Script, Told, Turn

PREDICTIONS = "https://www.atlascloud.ai/docs/en/predictions"
MODELS = "https://www.atlascloud.ai/models/minimax/hailuo-2.3/"
TOOL = "https://github.com/calesthio/OpenMontage, tools/atlas_client.py (unverified client)"
WEBHOOKS = "https://atlascloud.ai/docs/en/webhooks"
UNWRITTEN = "not on any page: HTTP's own meaning"
ID = "0f9d6d5c4b3a42918f7e6d5c4b3a2910"
VIDEO = "https://atlas-media.oss-us-west-1.aliyuncs.com/videos/0f9d6d5c4b3a42918f7e6d5c4b3a2910.mp4"
IMAGE = "https://example.com/start.jpg"
FILE = "https://atlas-media.oss-us-west-1.aliyuncs.com/uploads/frame.png"


def _answer(status: str, **values: object) -> dict[str, object]:
    data = {"id": ID, "status": status, "outputs": None, "error": "", **values}
    return {"code": 200, "message": "success", "data": data}


def _submit(model: str, values: dict[str, object]) -> Turn:
    body = {"model": f"minimax/hailuo-2.3/{model}", **values}
    return Turn("POST", "/api/v1/model/generateVideo", _answer("processing"), body=body)


def _order(name: str, request: dict[str, object], model: str, values: dict[str, object]) -> OrderScript:
    return OrderScript(name, request, (_submit(model, values),), f"{MODELS}{model}/llms.txt")


def _status(word: str, **values: object) -> Turn:
    return Turn("GET", f"/api/v1/model/prediction/{ID}", _answer(word, **values))


def _refused(on: str, status: int, said: str, error: type[HailuoError]) -> Refusal:
    # no body of an error is on any page; the form is that of every other answer
    return Refusal(on, status, {"code": status, "message": said}, error, UNWRITTEN)


SCRIPT = Script(
    name="atlascloud",
    host="https://api.atlascloud.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            "from text",
            {"prompt": "A storm", "model": "minimax/hailuo-2.3/t2v-standard"},
            "t2v-standard",
            {"prompt": "A storm", "duration": 6},
        ),
        _order(
            "from text, ten seconds, without prompt expansion",
            {"prompt": "A storm", "duration": 10, "prompt_optimizer": False},
            "t2v-standard",
            {"prompt": "A storm", "duration": 10, "enable_prompt_expansion": False},
        ),
        _order(
            "1080P in hailuo's words is pro",
            {"prompt": "A storm", "resolution": "1080P"},
            "t2v-pro",
            {"prompt": "A storm"},
        ),
        _order(
            "from an image",
            {"prompt": "It waves", "image": IMAGE},
            "i2v-standard",
            {"prompt": "It waves", "image": IMAGE, "duration": 6},
        ),
        _order(
            "pro from an image",
            {"prompt": "It waves", "image": IMAGE, "resolution": "1080P"},
            "i2v-pro",
            {"prompt": "It waves", "image": IMAGE},
        ),
        _order(
            "the fast model",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "duration": 10},
            "fast",
            {"prompt": "It waves", "image": IMAGE, "duration": 10},
        ),
        OrderScript(
            "with a webhook",
            {"prompt": "A storm", "webhook": "https://you.example/hook"},
            (_submit("t2v-standard", {"prompt": "A storm", "duration": 6, "webhook_url": "https://you.example/hook"}),),
            WEBHOOKS,
        ),
        OrderScript(
            "from a file, which is uploaded first",
            {"prompt": "It waves", "image": "<file>"},
            (
                Turn(
                    "POST",
                    "/api/v1/model/uploadMedia",
                    {"code": 200, "message": "success", "data": {"download_url": FILE}},
                    body=Form(file=AFile()),
                ),
                _submit("i2v-standard", {"prompt": "It waves", "image": FILE, "duration": 6}),
            ),
            TOOL,
        ),
    ),
    looks=(
        # the page has three words and none for a job that waits
        Look("processing", RemoteState.RUNNING, (_status("processing"),)),
        Look("completed", RemoteState.DONE, (_status("completed", outputs=[VIDEO]),), VIDEO),
        # "released back to your balance when a task ends in a failed state": its page of refunds
        Look("failed", RemoteState.FAILED, (_status("failed", error="no luck"),), reason="no luck", unbilled=True),
        Look("failed", RemoteState.FAILED, (_status("failed"),), unbilled=True),
        # public clients accept these too
        Look("succeeded", RemoteState.DONE, (_status("succeeded", outputs=[VIDEO]),), VIDEO),
        Look("error", RemoteState.FAILED, (_status("error", error="no luck"),), reason="no luck"),
        Look("canceled", RemoteState.CANCELLED, (_status("canceled"),)),
        Look("cancelled", RemoteState.CANCELLED, (_status("cancelled"),)),
    ),
    refusals=(
        _refused("submit", 400, "invalid parameters", InvalidRequest),
        _refused("submit", 401, "invalid api key", AuthError),
        _refused("check", 401, "invalid api key", AuthError),
        _refused("submit", 402, "insufficient balance", BalanceError),
        # their guide to errors has 403 for a key without the right and for one without credits; no field tells which
        _refused("submit", 403, "forbidden", AuthError),
        _refused("submit", 404, "model not found", InvalidRequest),
        _refused("check", 404, "prediction not found", JobGone),
        _refused("submit", 429, "too many requests", RateLimited),
        _refused("check", 429, "too many requests", RateLimited),
        _refused("submit", 500, "internal error", ServerTrouble),
        _refused("check", 503, "overloaded", ServerTrouble),
        # the code in the body counts, whatever HTTP says
        Refusal("submit", 200, {"code": 401, "message": "invalid api key", "data": None}, AuthError, TOOL),
        Refusal("submit", 200, {"code": 402, "message": "insufficient balance", "data": None}, BalanceError, TOOL),
        Refusal("check", 200, {"code": 404, "message": "prediction not found", "data": None}, JobGone, TOOL),
    ),
    tells=(
        Told(
            {
                "event_type": "video.task.terminal",
                "session_id": ID,
                "status": "OK",
                "payload": {"id": ID, "status": "completed", "outputs": [VIDEO]},
                "error": "",
            },
            WEBHOOKS,
        ),
    ),
    asides=(
        *(
            Aside(
                "estimate",
                (
                    Turn(
                        "POST",
                        "/api/v1/model/calculate",
                        {"code": 200, "data": {"price": price}},
                        body={
                            "model": "minimax/hailuo-2.3/t2v-standard",
                            "prompt": "A storm",
                            "duration": 10,
                            "seed": 7,
                        },
                    ),
                ),
                gives,
                "https://atlascloud.ai/docs/en/billing names it; address and answer are those of public clients",
                {"prompt": "A storm", "duration": 10, "params": {"seed": 7}},
            )
            for price, gives in ((0.49, Decimal("0.49")), (0, None))
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": IMAGE, "last_image": "https://example.com/last.jpg"},
    ),
)
