"""MiniMax, from its API reference (video-generation-t2v, -i2v, -fl2v, -query, -download, errorcode)."""

from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    InvalidRequest,
    RateLimited,
    ServerTrouble,
    Unsupported,
)
from hailuo_cli.model import RemoteState

from . import KEY, AnImage, Look, OrderScript, Page, Refusal, Script, Told, Turn

REFERENCE = "https://platform.minimax.io/docs/api-reference/"
CODES = REFERENCE + "errorcode"
CALLBACK = REFERENCE + "video-generation-s2v"
ID = "106916112212032"
FILE = "176844028768320"
VIDEO = (
    "https://public-cdn-video-data.example.com/inference_output/video/2026-01-01/output_aigc.mp4?Expires=1&Signature=s"
)
OK = {"status_code": 0, "status_msg": "success"}
ACCEPTED = {"task_id": ID, "base_resp": OK}
QUERY = "/v1/query/video_generation"


def _status(word: str, **values: object) -> Turn:
    return Turn("GET", QUERY, {"task_id": ID, "status": word, "base_resp": OK, **values}, query={"task_id": ID})


def _order(name: str, request: dict[str, object], body: dict[str, object], page: str) -> OrderScript:
    return OrderScript(name, request, (Turn("POST", "/v1/video_generation", ACCEPTED, body=body),), REFERENCE + page)


def _refused(code: int, said: str, error: type) -> Refusal:
    reply = {"task_id": "", "base_resp": {"status_code": code, "status_msg": said}}
    # "retry later", and not that nothing was taken
    return Refusal("submit", 200, reply, error, CODES, not_taken=False if error is ServerTrouble else None)


def _coded(code: str) -> tuple[int, object]:
    return 200, {"base_resp": {"status_code": int(code), "status_msg": "as the page says"}}


RETRIEVE = Turn(
    "GET",
    "/v1/files/retrieve",
    {
        "file": {
            "file_id": int(FILE),  # a number in live samples, a text in the documents
            "bytes": 5896337,
            "created_at": 1700469398,
            "filename": "output_aigc.mp4",
            "purpose": "video_generation",
            "download_url": VIDEO,
        },
        "base_resp": OK,
    },
    query={"file_id": FILE},
)

SCRIPT = Script(
    name="minimax",
    host="https://api.minimax.io",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            "from text",
            {"prompt": "A man picks up a book [Pedestal up]", "duration": 6, "resolution": "1080P"},
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "A man picks up a book [Pedestal up]",
                "duration": 6,
                "resolution": "1080P",
            },
            "video-generation-t2v",
        ),
        _order(
            "from an address, with everything",
            {
                "prompt": "A mouse runs toward the camera",
                "image": "https://example.com/mouse.jpg",
                "duration": 10,
                "prompt_optimizer": False,
                "fast_pretreatment": True,
                "watermark": True,
                "webhook": "https://you.example/hook",
            },
            {
                "model": "MiniMax-Hailuo-2.3",
                "prompt": "A mouse runs toward the camera",
                "first_frame_image": "https://example.com/mouse.jpg",
                "duration": 10,
                "resolution": "768P",
                "prompt_optimizer": False,
                "fast_pretreatment": True,
                "aigc_watermark": True,
                "callback_url": "https://you.example/hook",
            },
            "video-generation-i2v",
        ),
        _order(
            "the fast model, from a file",
            {"prompt": "It waves", "image": "<file>", "model": "hailuo-2.3-fast"},
            {
                "model": "MiniMax-Hailuo-2.3-Fast",
                "prompt": "It waves",
                "first_frame_image": AnImage(),
                "duration": 6,
                "resolution": "768P",
            },
            "video-generation-i2v",
        ),
        _order(
            "Hailuo 02 from text, ten seconds",
            {"prompt": "A storm", "model": "hailuo-02", "duration": 10, "resolution": "512P"},
            {"model": "MiniMax-Hailuo-02", "prompt": "A storm", "duration": 10, "resolution": "512P"},
            "video-generation-t2v",
        ),
        _order(
            "Hailuo 02 from an image",
            {"prompt": "It waves", "model": "MiniMax-Hailuo-02", "image": "https://example.com/mouse.jpg"},
            {
                "model": "MiniMax-Hailuo-02",
                "prompt": "It waves",
                "first_frame_image": "https://example.com/mouse.jpg",
                "duration": 6,
                "resolution": "768P",
            },
            "video-generation-i2v",
        ),
        _order(
            "the 01 series from text",
            {"prompt": "A storm [Pan left]", "model": "T2V-01-Director"},
            {"model": "T2V-01-Director", "prompt": "A storm [Pan left]", "duration": 6, "resolution": "720P"},
            "video-generation-t2v",
        ),
        _order(
            "the 01 series from an image",
            {"prompt": "It waves", "model": "I2V-01-live", "image": "https://example.com/mouse.jpg"},
            {
                "model": "I2V-01-live",
                "prompt": "It waves",
                "first_frame_image": "https://example.com/mouse.jpg",
                "duration": 6,
                "resolution": "720P",
            },
            "video-generation-i2v",
        ),
        _order(
            "first and last frame",
            {
                "prompt": "A girl grows up",
                "image": "https://example.com/first.png",
                "last_image": "https://example.com/last.png",
                "model": "MiniMax-Hailuo-02",
            },
            {
                "model": "MiniMax-Hailuo-02",
                "prompt": "A girl grows up",
                "first_frame_image": "https://example.com/first.png",
                "last_frame_image": "https://example.com/last.png",
                "duration": 6,
                "resolution": "768P",
            },
            "video-generation-fl2v",
        ),
    ),
    looks=(
        Look("Preparing", RemoteState.QUEUED, (_status("Preparing"),)),
        Look("Queueing", RemoteState.QUEUED, (_status("Queueing"),)),
        Look("Processing", RemoteState.RUNNING, (_status("Processing"),)),
        Look(
            "Success",
            RemoteState.DONE,
            (_status("Success", file_id=FILE, video_width=1024, video_height=768), RETRIEVE),
            video=VIDEO,
        ),
        Look("Fail", RemoteState.FAILED, (_status("Fail"),)),
        # a failed job may carry its reason where a failed call does; either way the job is over
        *(
            Look(
                "Fail",
                RemoteState.FAILED,
                (_status("Fail", base_resp={"status_code": c, "status_msg": said}),),
                reason=said,
                moderated=c == 1027,
            )
            for c, said in ((1027, "sensitive content in the output"), (1033, "system error"), (0, "the model is off"))
        ),
        # MiniMax's own command-line client also accepts these two
        Look("Failed", RemoteState.FAILED, (_status("Failed"),)),
        Look("Error", RemoteState.FAILED, (_status("Error"),)),
    ),
    refusals=(
        _refused(1000, "unknown error", ServerTrouble),
        _refused(1001, "request timeout", ServerTrouble),
        _refused(1002, "rate limit", RateLimited),
        _refused(1004, "not authorized", AuthError),
        _refused(1008, "insufficient balance", BalanceError),
        _refused(1024, "internal error", ServerTrouble),
        _refused(1026, "sensitive content in the input", ContentRefused),
        _refused(1027, "sensitive content in the output", ContentRefused),
        _refused(1033, "system error", ServerTrouble),
        _refused(2013, "invalid params", InvalidRequest),
        _refused(2049, "invalid api key", AuthError),
        # these four come from MiniMax's command-line client, not from the page
        _refused(1028, "plan quota exhausted", BalanceError),
        _refused(1030, "plan quota exhausted", BalanceError),
        # calls it a content filter; the page calls it a limit, and the page wins
        _refused(1039, "token limit", RateLimited),
        _refused(2061, "model not in the plan", Unsupported),
        Refusal("submit", 401, {"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, AuthError, CODES),
        Refusal("submit", 429, {"message": "too many requests"}, RateLimited, REFERENCE),
    ),
    tells=(
        # "the same structure as the answer to a query", in small letters
        Told({"task_id": ID, "status": "processing", "base_resp": OK}, CALLBACK),
        Told({"task_id": ID, "status": "success", "file_id": FILE, "base_resp": OK}, CALLBACK),
    ),
    pages=(
        Page(
            CODES,
            {
                "1000": ServerTrouble,  # unknown error
                "1001": ServerTrouble,  # request timeout
                "1002": RateLimited,
                "1004": AuthError,
                "1008": BalanceError,
                "1024": ServerTrouble,  # internal error
                "1026": ContentRefused,
                "1027": ContentRefused,
                "1033": ServerTrouble,  # system error
                "1039": RateLimited,  # token limit
                "1041": RateLimited,  # connection limit
                "1042": InvalidRequest,  # invisible character ratio limit
                "1043": InvalidRequest,  # similarity check
                "1044": InvalidRequest,  # similarity check
                "2013": InvalidRequest,
                "20132": InvalidRequest,  # samples or voice_id
                "2037": InvalidRequest,  # voice duration
                "2039": InvalidRequest,  # voice id duplicate
                "2042": InvalidRequest,  # no access to this voice_id
                "2045": RateLimited,  # rate growth limit
                "2048": InvalidRequest,  # prompt audio too long
                "2049": AuthError,
                "2056": RateLimited,  # usage limit exceeded: wait for the next window of five hours
            },
            _coded,
        ),
        Page(REFERENCE + "file-management-retrieve", {"1013": ServerTrouble}, _coded),
        Page(
            "https://github.com/MiniMax-AI/cli, src/errors/api.ts",
            {"1028": BalanceError, "1030": BalanceError, "2061": Unsupported},
            _coded,
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "model": "MiniMax-Hailuo-2.3-Fast"},
        {"prompt": "x", "resolution": "512P"},
        {"prompt": "x", "image": "https://example.com/a.png", "last_image": "https://example.com/b.png"},
        {
            "prompt": "x",
            "image": "https://example.com/a.png",
            "last_image": "https://example.com/b.png",
            "model": "MiniMax-Hailuo-02",
            "resolution": "512P",
        },
        {"prompt": "x" * 2001},
    ),
    poll=5,
)
