"""Replicate, from its HTTP reference, its pages on predictions, and the schemas of the MiniMax models."""

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
from hailuo_cli.providers import Found

from . import KEY, AFile, Aside, Form, Look, OrderScript, Refusal, Script, Told, Turn

REFERENCE = "https://replicate.com/docs/reference/http"
LIFECYCLE = "https://replicate.com/docs/topics/predictions/lifecycle"
MODELS = "https://replicate.com/minimax/"
CLIENT = "https://github.com/replicate/replicate-python, replicate/exceptions.py"
UNWRITTEN = "not on any page: HTTP's own meaning"
HOST = "https://api.replicate.com"
SECRET = "https://replicate.com/docs/topics/webhooks/verify-webhook"
WEBHOOKS = "https://replicate.com/docs/topics/webhooks/receive-webhook"
ID = "gm3qorzdhgbfurvjtvhg6dckhu"
VIDEO = "https://replicate.delivery/xezq/MQpUhqkESIIQDlWUxtNcsznZLfUTmhEbCV3vdAZGHGPwwaMLA/tmpgl4gvv5n.mp4"
IMAGE = "https://replicate.delivery/pbxt/start.jpeg"
LAST = "https://example.com/last.png"
FILE = "https://api.replicate.com/v1/files/cneqzikepnug6xezperrr4z55o"


def _prediction(status: str, **values: object) -> dict[str, object]:
    return {
        "id": ID,
        "model": "minimax/hailuo-2.3",
        # official models have no version of their own to show
        "version": "hidden",
        "input": {"prompt": "a prompt"},
        "output": None,
        "logs": "",
        "error": None,
        "metrics": {},
        "status": status,
        "created_at": "2026-01-05T10:00:00.148Z",
        "started_at": None,
        "completed_at": None,
        "urls": {
            "get": f"{HOST}/v1/predictions/{ID}",
            "cancel": f"{HOST}/v1/predictions/{ID}/cancel",
            "web": f"https://replicate.com/p/{ID}",
        },
        **values,
    }


def _order(name: str, request: dict[str, object], model: str, values: dict[str, object], **rest: object) -> OrderScript:
    body = {"input": values, **rest}
    turn = Turn("POST", f"/v1/models/minimax/{model}/predictions", _prediction("starting"), 201, body=body)
    return OrderScript(name, request, (turn,), f"{MODELS}{model}/api")


def _status(word: str, **values: object) -> Turn:
    return Turn("GET", f"/v1/predictions/{ID}", _prediction(word, **values))


def _refused(
    on: str, status: int, title: str, detail: str, error: type[HailuoError], source: str = UNWRITTEN
) -> Refusal:
    """Problem details, as the client reads them."""
    return Refusal(on, status, {"title": title, "detail": detail, "status": status}, error, source)


ENDED = {"started_at": "2026-01-05T10:00:01.000Z", "completed_at": "2026-01-05T10:02:31.000Z"}

SCRIPT = Script(
    name="replicate",
    host=HOST,
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            # the page has a schema and no example: every field of it
            "every field of the model's page",
            {
                "prompt": "A storm",
                "image": IMAGE,
                "model": "minimax/hailuo-2.3",
                "duration": 6,
                "resolution": "1080P",
                "prompt_optimizer": True,
            },
            "hailuo-2.3",
            {
                "prompt": "A storm",
                "first_frame_image": IMAGE,
                "duration": 6,
                "resolution": "1080p",
                "prompt_optimizer": True,
            },
        ),
        _order(
            "from text, the defaults are said",
            {"prompt": "A storm"},
            "hailuo-2.3",
            {"prompt": "A storm", "duration": 6, "resolution": "768p"},
        ),
        _order(
            "from text, ten seconds, with a webhook that is told the end",
            {"prompt": "A storm", "duration": 10, "webhook": "https://you.example/hook", "prompt_optimizer": False},
            "hailuo-2.3",
            {"prompt": "A storm", "duration": 10, "resolution": "768p", "prompt_optimizer": False},
            webhook="https://you.example/hook",
            webhook_events_filter=["completed"],
        ),
        _order(
            "the fast model",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast"},
            "hailuo-2.3-fast",
            {"prompt": "It waves", "first_frame_image": IMAGE, "duration": 6, "resolution": "768p"},
        ),
        _order(
            # left out, this model's resolution is 1080p
            "Hailuo 02 from text, ten seconds",
            {"prompt": "A storm", "model": "hailuo-02", "duration": 10, "resolution": "768P"},
            "hailuo-02",
            {"prompt": "A storm", "duration": 10, "resolution": "768p"},
        ),
        _order(
            "Hailuo 02 from an image, 512P",
            {"prompt": "It waves", "image": IMAGE, "model": "minimax/hailuo-02", "resolution": "512P"},
            "hailuo-02",
            {"prompt": "It waves", "first_frame_image": IMAGE, "duration": 6, "resolution": "512p"},
        ),
        _order(
            "Hailuo 02, first and last frame",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "hailuo-02", "resolution": "1080P"},
            "hailuo-02",
            {
                "prompt": "It grows",
                "first_frame_image": IMAGE,
                "last_frame_image": LAST,
                "duration": 6,
                "resolution": "1080p",
            },
        ),
        # the page of H3 was not to be had: the fields are those that a public client quotes from its llms.txt
        _order(
            "MiniMax H3 from text, which must have a ratio",
            {"prompt": "A storm", "model": "minimax/h3", "duration": 4, "resolution": "768P"},
            "h3",
            {"prompt": "A storm", "duration": 4, "resolution": "768P", "ratio": "16:9"},
        ),
        _order(
            "MiniMax H3 from text, in another ratio",
            {"prompt": "A storm", "model": "h3", "duration": 15, "resolution": "2K", "params": {"input.ratio": "9:16"}},
            "h3",
            {"prompt": "A storm", "duration": 15, "resolution": "2K", "ratio": "9:16"},
        ),
        _order(
            "MiniMax H3 from an image",
            {"prompt": "It waves", "image": IMAGE, "model": "minimax/h3", "duration": 5, "resolution": "2K"},
            "h3",
            {"prompt": "It waves", "first_frame_image": IMAGE, "duration": 5, "resolution": "2K"},
        ),
        _order(
            "MiniMax H3, first and last frame",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "minimax/h3"},
            "h3",
            {
                "prompt": "It grows",
                "first_frame_image": IMAGE,
                "last_frame_image": LAST,
                "duration": 6,
                "resolution": "768P",
            },
        ),
        OrderScript(
            "from a file, which is uploaded first",
            {"prompt": "It waves", "image": "<file>"},
            (
                Turn(
                    "POST",
                    "/v1/files",
                    {
                        "id": "cneqzikepnug6xezperrr4z55o",
                        "name": "frame.png",
                        "content_type": "image/png",
                        "size": 154832,
                        "etag": "f1ad",
                        "checksums": {"sha256": "7d86"},
                        "metadata": {},
                        "created_at": "2026-01-05T10:00:00.000Z",
                        "expires_at": "2026-01-06T10:00:00.000Z",
                        "urls": {"get": FILE},
                    },
                    201,
                    body=Form(content=AFile()),
                ),
                Turn(
                    "POST",
                    "/v1/models/minimax/hailuo-2.3/predictions",
                    _prediction("starting"),
                    201,
                    body={
                        "input": {
                            "prompt": "It waves",
                            "first_frame_image": FILE,
                            "duration": 6,
                            "resolution": "768p",
                        }
                    },
                ),
            ),
            REFERENCE + "#files.create",
        ),
    ),
    looks=(
        Look("starting", RemoteState.QUEUED, (_status("starting"),)),
        Look("processing", RemoteState.RUNNING, (_status("processing", started_at="2026-01-05T10:00:01.000Z"),)),
        Look("succeeded", RemoteState.DONE, (_status("succeeded", output=VIDEO, **ENDED),), VIDEO),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", error="no luck (E6716)", **ENDED),),
            reason="no luck (E6716)",
        ),
        # moderation's code is on no page; public clients meet it so
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", error="The input or output was flagged as sensitive. Try again. (E005)", **ENDED),),
            reason="flagged as sensitive",
            moderated=True,
        ),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", error="The input or output was flagged as sensitive.", **ENDED),),
            reason="flagged as sensitive",
            moderated=True,
        ),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", error="Prediction failed: try again with other inputs. (E005)", **ENDED),),
            reason="E005",
            moderated=True,
        ),
        Look("failed", RemoteState.FAILED, (_status("failed", **ENDED),)),
        Look("canceled", RemoteState.CANCELLED, (_status("canceled", **ENDED),)),
        # ended before it began, for example because its deadline passed
        Look("aborted", RemoteState.CANCELLED, (_status("aborted"),)),
    ),
    refusals=(
        _refused("submit", 400, "Bad request", "the body is no JSON", InvalidRequest),
        _refused("submit", 401, "Unauthenticated", "You did not pass a valid authentication token", AuthError, CLIENT),
        _refused("check", 401, "Unauthenticated", "You did not pass a valid authentication token", AuthError, CLIENT),
        _refused("submit", 402, "Insufficient credit", "You have insufficient credit to run this model", BalanceError),
        _refused("submit", 403, "Forbidden", "You do not have permission to do that", AuthError),
        _refused("submit", 404, "Not found", "The requested resource could not be found", InvalidRequest),
        _refused("check", 404, "Not found", "The requested resource could not be found", JobGone),
        _refused("submit", 422, "Input validation failed", "- input: prompt is required", InvalidRequest),
        _refused("submit", 422, "Input validation failed", "flagged as sensitive (E005)", ContentRefused, CLIENT),
        _refused("submit", 429, "Too many requests", "Request was throttled", RateLimited, REFERENCE + "#rate-limits"),
        _refused("check", 429, "Too many requests", "Request was throttled", RateLimited, REFERENCE + "#rate-limits"),
        _refused("submit", 500, "Internal server error", "something broke", ServerTrouble),
        _refused("check", 503, "Service unavailable", "overloaded", ServerTrouble),
        # some answers have only this field
        Refusal("check", 404, {"detail": "Not found."}, JobGone, CLIENT),
    ),
    tells=(Told({"id": ID, "status": "succeeded", "output": VIDEO, "error": None}, WEBHOOKS),),
    asides=(
        Aside(
            "webhook secret",
            (Turn("GET", "/v1/webhooks/default/secret", {"key": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}),),
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            SECRET,
        ),
        Aside(
            "cancel",
            (Turn("POST", f"/v1/predictions/{ID}/cancel", _prediction("canceled")),),
            (RemoteState.CANCELLED, "canceled"),
            REFERENCE + "#predictions.cancel",
        ),
        Aside(
            # what runs may still end well
            "cancel",
            (Turn("POST", f"/v1/predictions/{ID}/cancel", _prediction("processing")),),
            (RemoteState.RUNNING, "processing"),
            REFERENCE + "#predictions.cancel",
        ),
        Aside(
            "find",
            (
                Turn(
                    "GET",
                    "/v1/predictions",
                    {
                        "next": None,
                        "previous": None,
                        "results": [
                            {
                                "id": "this",
                                "model": "minimax/hailuo-2.3",
                                "created_at": "1970-01-01T00:01:40Z",
                                "status": "starting",
                                "input": {"prompt": "A storm"},
                            },
                            # an older one, whose input is no longer kept; and what is no job
                            {"id": "old", "model": "minimax/h3", "created_at": "1970-01-01T00:00:00Z", "input": {}},
                            {"status": "starting"},
                            None,
                        ],
                    },
                ),
            ),
            [Found("this", 100.0, "minimax/hailuo-2.3", "A storm"), Found("old", 0.0, "minimax/h3")],
            REFERENCE + "#predictions.list",
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "resolution": "512P"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "fast_pretreatment": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": IMAGE, "last_image": LAST},
        {"prompt": "x", "model": "minimax/h3", "duration": 3},
        {"prompt": "x", "model": "minimax/h3", "resolution": "1080P"},
        {"prompt": "x", "model": "minimax/h3", "prompt_optimizer": True},
    ),
)
