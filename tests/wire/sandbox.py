"""The sandbox, from its page."""

from hailuo_cli.errors import InvalidRequest, JobGone
from hailuo_cli.model import RemoteState
from hailuo_cli.providers.values import Found

from . import AnImage, Aside, Look, OrderScript, Refusal, Script, Turn

PAGE = "docs/sandbox.md"
ID = "sbx_0123456789abcdef"
VIDEO = "http://127.0.0.1:8765/v1/videos/sbx_0123456789abcdef/video.mp4"


def _status(word: str, **values: object) -> Turn:
    return Turn("GET", f"/v1/videos/{ID}", {"id": ID, "status": word, **values})


SCRIPT = Script(
    name="sandbox",
    host="http://127.0.0.1",
    ticket=ID,
    video=VIDEO,
    key_headers={},
    orders=(
        OrderScript(
            "from a file, quickly",
            {"prompt": "A lighthouse [Push in]", "image": "<file>", "params": {"seconds": 1}},
            (
                Turn(
                    "POST",
                    "/v1/videos",
                    {"id": ID, "status": "queued"},
                    status=202,
                    body={
                        "prompt": "A lighthouse [Push in]",
                        "image": AnImage(),
                        "duration": 6,
                        "resolution": "768P",
                        "seconds": 1,
                    },
                ),
            ),
            PAGE,
        ),
        OrderScript(
            "first and last frame",
            {"prompt": "From here to there", "image": "<file>", "last_image": "<file>"},
            (
                Turn(
                    "POST",
                    "/v1/videos",
                    {"id": ID, "status": "queued"},
                    status=202,
                    body={
                        "prompt": "From here to there",
                        "image": AnImage(),
                        "last_image": AnImage(),
                        "duration": 6,
                        "resolution": "768P",
                    },
                ),
            ),
            PAGE,
        ),
        OrderScript(
            "from text",
            {"prompt": "A lighthouse", "duration": 10, "watermark": True},
            (
                Turn(
                    "POST",
                    "/v1/videos",
                    {"id": ID, "status": "queued"},
                    status=202,
                    body={"prompt": "A lighthouse", "duration": 10, "resolution": "768P", "watermark": True},
                ),
            ),
            PAGE,
        ),
    ),
    looks=(
        Look("queued", RemoteState.QUEUED, (_status("queued", progress=0),), percent=0),
        Look("processing", RemoteState.RUNNING, (_status("processing", progress=42),), percent=42),
        Look("done", RemoteState.DONE, (_status("done", progress=100, video_url=VIDEO),), video=VIDEO, percent=100),
        Look("failed", RemoteState.FAILED, (_status("failed", error="no luck"),), reason="no luck", unbilled=True),
        Look("cancelled", RemoteState.CANCELLED, (_status("cancelled"),), unbilled=True),
        Look("gone", RemoteState.GONE, (_status("gone"),)),
    ),
    refusals=(
        Refusal("submit", 400, {"error": {"message": "prompt must be a text"}}, InvalidRequest, PAGE),
        Refusal("check", 404, {"error": {"message": "no such job in this sandbox"}}, JobGone, PAGE),
    ),
    refuses=(
        {"prompt": "x", "webhook": "https://you.example/hook"},
        {"prompt": "x", "image": "https://example.com/a.png"},
    ),
    asides=(
        Aside(
            "cancel",
            (Turn("POST", f"/v1/videos/{ID}/cancel", {"id": ID, "status": "cancelled"}),),
            (RemoteState.CANCELLED, "cancelled"),
            PAGE,
        ),
        Aside(
            "find",
            (
                Turn(
                    "GET",
                    "/v1/videos",
                    {"videos": [{"id": ID, "created_at": "1970-01-01T00:01:40+00:00", "prompt": "A lighthouse"}]},
                ),
            ),
            [Found(ID, 100.0, None, "A lighthouse")],
            PAGE,
        ),
    ),
    poll=0.5,
)
