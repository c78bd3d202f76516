"""muapi.ai, from SamurAIGPT/Generative-Media-Skills: schema_data.json for the fields, core/media/*.sh for the calls."""

from dataclasses import replace

from hailuo_cli.errors import AuthError, BalanceError, HailuoError, InvalidRequest, JobGone, RateLimited, ServerTrouble
from hailuo_cli.model import RemoteState

from . import KEY, AFile, Aside, Form, Look, OrderScript, Refusal, Script, Told, Turn

SKILLS = "https://github.com/SamurAIGPT/Generative-Media-Skills, "
SCHEMAS = SKILLS + "schema_data.json"
H3 = "https://github.com/Anil-matcha/MiniMax-H3-API, minimax_h3_api.py"
SCRIPTS = SKILLS + "core/media/image-to-video.sh"
WEBHOOKS = "on no page; several public clients ask with ?webhook= and get the answer of a look"
UNWRITTEN = "not on any page: HTTP's own meaning"
ID = "8f3c1a52-6d0e-4b7f-9c21-5e7a9b3d4c60"
VIDEO = "https://cdn.muapi.ai/outputs/8f3c1a526d0e4b7f9c215e7a9b3d4c60.mp4"
IMAGE = "https://example.com/start.jpg"
LAST = "https://example.com/last.jpg"
FILE = "https://cdn.muapi.ai/uploads/frame.png"


def _submit(model: str, body: dict[str, object]) -> Turn:
    # the scripts read nothing but the id; the word beside it is a guess
    return Turn("POST", f"/api/v1/minimax-{model}", {"request_id": ID, "status": "processing"}, body=body)


def _order(
    name: str, request: dict[str, object], model: str, body: dict[str, object], source: str = SCHEMAS
) -> OrderScript:
    return OrderScript(name, request, (_submit(model, body),), source)


def _status(word: str, **values: object) -> Turn:
    # flat: it is WaveSpeed's answer without its envelope
    reply = {"id": ID, "status": word, "outputs": [], "error": None, **values}
    return Turn("GET", f"/api/v1/predictions/{ID}/result", reply)


def _refused(on: str, status: int, said: str, error: type[HailuoError], field: str = "detail") -> Refusal:
    # the scripts look for a reason under both names; which statuses there are is not written
    return Refusal(on, status, {field: said}, error, UNWRITTEN)


SCRIPT = Script(
    name="muapi",
    host="https://api.muapi.ai",
    ticket=ID,
    video=VIDEO,
    key_headers={"x-api-key": KEY},
    orders=(
        _order(
            "from text",
            {"prompt": "A storm"},
            "hailuo-2.3-standard-t2v",
            {"prompt": "A storm", "duration": 6},
        ),
        _order(
            "from text, ten seconds, by its name",
            {"prompt": "A storm", "model": "minimax-hailuo-2.3-standard-t2v", "duration": 10},
            "hailuo-2.3-standard-t2v",
            {"prompt": "A storm", "duration": 10},
        ),
        OrderScript(
            "with a webhook, whose address goes into the query",
            {"prompt": "A storm", "webhook": "https://you.example/hook"},
            (
                replace(
                    _submit("hailuo-2.3-standard-t2v", {"prompt": "A storm", "duration": 6}),
                    query={"webhook": "https://you.example/hook"},
                ),
            ),
            WEBHOOKS,
        ),
        _order(
            # its only resolution need not be said
            "1080P in hailuo's words is pro",
            {"prompt": "A storm", "resolution": "1080P"},
            "hailuo-2.3-pro-t2v",
            {"prompt": "A storm"},
        ),
        _order(
            "from an image",
            {"prompt": "It waves", "image": IMAGE, "duration": 10},
            "hailuo-2.3-standard-i2v",
            {"prompt": "It waves", "image_url": IMAGE, "duration": 10},
        ),
        _order(
            "pro from an image",
            {"prompt": "It waves", "image": IMAGE, "resolution": "1080P"},
            "hailuo-2.3-pro-i2v",
            {"prompt": "It waves", "image_url": IMAGE},
        ),
        _order(
            "the fast model",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "params": {"go_fast": False}},
            "hailuo-2.3-fast",
            {"prompt": "It waves", "image_url": IMAGE, "duration": 6, "go_fast": False},
        ),
        _order(
            "Hailuo 02 from text",
            {"prompt": "A storm", "model": "hailuo-02", "duration": 10, "resolution": "768P"},
            "hailuo-02-standard-t2v",
            {"prompt": "A storm", "duration": 10},
        ),
        _order(
            "Hailuo 02 from text, 1080P",
            {"prompt": "A storm", "model": "hailuo-02", "resolution": "1080P"},
            "hailuo-02-pro-t2v",
            {"prompt": "A storm"},
        ),
        _order(
            # left out, this one's resolution is 512P
            "Hailuo 02 from an image",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-02", "resolution": "768P"},
            "hailuo-02-standard-i2v",
            {"prompt": "It waves", "image_url": IMAGE, "duration": 6, "resolution": "768P"},
        ),
        _order(
            "Hailuo 02, first and last frame, 512P",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "hailuo-02", "resolution": "512P"},
            "hailuo-02-standard-i2v",
            {"prompt": "It grows", "image_url": IMAGE, "end_image_url": LAST, "duration": 6, "resolution": "512P"},
        ),
        _order(
            "Hailuo 02, first and last frame, 1080P",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "hailuo-02", "resolution": "1080P"},
            "hailuo-02-pro-i2v",
            {"prompt": "It grows", "image_url": IMAGE, "end_image_url": LAST},
        ),
        # MiniMax H3 as muapi's own client has it: 2K is all there is, and the ratio is 16:9 where none is said
        _order(
            "MiniMax H3 from text",
            {"prompt": "A storm", "model": "minimax-h3-text-to-video", "duration": 5},
            "h3-text-to-video",
            {"prompt": "A storm", "duration": 5, "resolution": "2k"},
            H3,
        ),
        _order(
            "MiniMax H3 from an image, in words that every provider shares",
            {"prompt": "It waves", "image": IMAGE, "model": "h3", "duration": 15, "resolution": "2K"},
            "h3-image-to-video",
            {"prompt": "It waves", "image_url": IMAGE, "duration": 15, "resolution": "2k"},
            H3,
        ),
        _order(
            "MiniMax H3, first and last frame",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "minimax-h3-image-to-video"},
            "h3-image-to-video",
            {"prompt": "It grows", "image_url": IMAGE, "last_image_url": LAST, "duration": 6, "resolution": "2k"},
            H3,
        ),
        OrderScript(
            "from a file, which is uploaded first",
            {"prompt": "It waves", "image": "<file>"},
            (
                Turn("POST", "/api/v1/upload_file", {"url": FILE}, body=Form(file=AFile())),
                _submit("hailuo-2.3-standard-i2v", {"prompt": "It waves", "image_url": FILE, "duration": 6}),
            ),
            SKILLS + "core/media/upload.sh",
        ),
    ),
    looks=(
        # of these words only the ends are in the scripts
        Look("processing", RemoteState.RUNNING, (_status("processing"),)),
        Look("completed", RemoteState.DONE, (_status("completed", outputs=[VIDEO]),), VIDEO),
        Look("failed", RemoteState.FAILED, (_status("failed", error="no luck"),), reason="no luck"),
        Look("failed", RemoteState.FAILED, (_status("failed"),)),
    ),
    refusals=(
        _refused("submit", 400, "bad request", InvalidRequest),
        _refused("submit", 401, "Invalid API key", AuthError),
        _refused("check", 401, "Invalid API key", AuthError),
        _refused("submit", 402, "Insufficient credits", BalanceError),
        _refused("submit", 402, "Insufficient credits", BalanceError, field="error"),
        _refused("submit", 403, "Forbidden", AuthError),
        _refused("submit", 404, "Not Found", InvalidRequest),
        _refused("check", 404, "Not Found", JobGone),
        _refused("submit", 422, "prompt: field required", InvalidRequest),
        _refused("submit", 429, "Too many requests", RateLimited),
        _refused("submit", 500, "Internal Server Error", ServerTrouble),
        _refused("check", 502, "Bad Gateway", ServerTrouble),
    ),
    tells=(
        Told({"request_id": ID, "status": "completed", "outputs": [VIDEO]}, WEBHOOKS),
        Told({"id": ID, "status": "completed", "outputs": [VIDEO], "error": None}, WEBHOOKS),
    ),
    asides=(
        Aside(
            "balance",
            (Turn("GET", "/api/v1/account/balance", {"balance": 42.5}),),
            "42.50 credits",
            "https://www.muapi.ai/docs/credits",
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "prompt_optimizer": True},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "model": "hailuo-2.3-fast", "image": IMAGE, "resolution": "1080P"},
        {"prompt": "x", "image": IMAGE, "last_image": LAST},
        {"prompt": "x", "model": "h3", "duration": 4},
        {"prompt": "x", "model": "h3", "resolution": "768P"},
    ),
    poll=5,
)
