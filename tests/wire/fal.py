"""fal.ai, from its queue page, its model pages, the page of its storage and its two pages of errors.

Hailuo 2.3 and 02, which belong to the app fal-ai/minimax. MiniMax H3 is another app: tests/wire/fal_h3.py.
"""

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

QUEUE = "https://docs.fal.ai/model-endpoints/queue"
MODELS = "https://fal.ai/models/fal-ai/minimax/"
ERRORS = "https://fal.ai/docs/documentation/model-apis/errors"
REQUEST_ERRORS = "https://fal.ai/docs/documentation/model-apis/request-errors"
UNWRITTEN = "not on any page: HTTP's own meaning"
HOST = "https://queue.fal.run"
WEBHOOKS = "https://docs.fal.ai/model-endpoints/webhooks"
ID = "80e732af-660e-45cd-bd63-580e4f2a94cc"
# the path of the model that was ordered is not in it, only its owner and its app
REQUEST = f"/fal-ai/minimax/requests/{ID}"
VIDEO = "https://v3b.fal.media/files/b/koala/4nfJ0Xkq_output.mp4"
IMAGE = "https://storage.googleapis.com/falserverless/example_inputs/hailuo23/standard_i2v_in.jpg"
LAST = "https://example.com/last.png"
STATION = "The space station slowly rotates in orbit, its solar panels tracking the sun."
ACCEPTED = {
    "status": "IN_QUEUE",
    "request_id": ID,
    "response_url": HOST + REQUEST,
    "status_url": f"{HOST}{REQUEST}/status",
    "cancel_url": f"{HOST}{REQUEST}/cancel",
    "queue_position": 0,
}


def _order(name: str, request: dict[str, object], model: str, body: dict[str, object], **query: str) -> OrderScript:
    turn = Turn("POST", f"/fal-ai/minimax/{model}", ACCEPTED, body=body, query=query)
    return OrderScript(name, request, (turn,), f"{MODELS}{model}/llms.txt")


def _status(word: str, status: int = 202, **values: object) -> Turn:
    reply = {**ACCEPTED, "status": word, "logs": None, **values}
    return Turn("GET", f"{REQUEST}/status", reply, status, allows=("logs",))


def _result(reply: object, status: int = 200) -> Turn:
    return Turn("GET", REQUEST, reply, status)


def _faults(kind: str, said: str, field: str = "image_url") -> dict[str, object]:
    """The form of a model's errors: a list of typed ones."""
    url = f"https://docs.fal.ai/errors#{kind}"
    return {"detail": [{"loc": ["body", field], "msg": said, "type": kind, "url": url, "input": "x"}]}


def _rejected(status: int, kind: str, said: str, error: type[HailuoError], on: str = "submit") -> Refusal:
    return Refusal(on, status, _faults(kind, said), error, ERRORS)


def _broke(status: int, kind: str, said: str) -> Refusal:
    return Refusal("check", status, {"detail": said, "error_type": kind}, ServerTrouble, REQUEST_ERRORS)


def _refused(on: str, status: int, said: str, error: type[HailuoError], source: str = UNWRITTEN) -> Refusal:
    return Refusal(on, status, {"detail": said}, error, source)


SCRIPT = Script(
    name="fal",
    host=HOST,
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Key {KEY}"},
    orders=(
        _order(
            "the page's own example, from an image",
            {"prompt": STATION, "image": IMAGE, "prompt_optimizer": True, "duration": 6},
            "hailuo-2.3/standard/image-to-video",
            {"prompt": STATION, "prompt_optimizer": True, "duration": "6", "image_url": IMAGE},
        ),
        _order(
            "from text, ten seconds",
            {"prompt": "A storm", "duration": 10},
            "hailuo-2.3/standard/text-to-video",
            {"prompt": "A storm", "duration": "10"},
        ),
        _order(
            # the address of a webhook goes into the query of the order
            "from text, with a webhook",
            {"prompt": "A storm", "webhook": "https://you.example/hook", "prompt_optimizer": False},
            "hailuo-2.3/standard/text-to-video",
            {"prompt": "A storm", "duration": "6", "prompt_optimizer": False},
            fal_webhook="https://you.example/hook",
        ),
        _order(
            # pro makes 1080p and has no field for a duration
            "1080P in hailuo's words is pro",
            {"prompt": "A storm", "resolution": "1080P"},
            "hailuo-2.3/pro/text-to-video",
            {"prompt": "A storm"},
        ),
        _order(
            "pro from an image",
            {"prompt": "It waves", "image": IMAGE, "resolution": "1080P", "prompt_optimizer": False},
            "hailuo-2.3/pro/image-to-video",
            {"prompt": "It waves", "image_url": IMAGE, "prompt_optimizer": False},
        ),
        _order(
            "pro by its name",
            {"prompt": "It waves", "image": IMAGE, "model": "fal-ai/minimax/hailuo-2.3/pro/image-to-video"},
            "hailuo-2.3/pro/image-to-video",
            {"prompt": "It waves", "image_url": IMAGE},
        ),
        _order(
            "the fast model, ten seconds",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "duration": 10},
            "hailuo-2.3-fast/standard/image-to-video",
            {"prompt": "It waves", "image_url": IMAGE, "duration": "10"},
        ),
        _order(
            "the fast model, 1080P",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "resolution": "1080P"},
            "hailuo-2.3-fast/pro/image-to-video",
            {"prompt": "It waves", "image_url": IMAGE},
        ),
        _order(
            "Hailuo 02 from text",
            {"prompt": "A storm", "model": "hailuo-02", "duration": 10},
            "hailuo-02/standard/text-to-video",
            {"prompt": "A storm", "duration": "10"},
        ),
        _order(
            "Hailuo 02 from text, 1080P",
            {"prompt": "A storm", "model": "hailuo-02", "resolution": "1080P"},
            "hailuo-02/pro/text-to-video",
            {"prompt": "A storm"},
        ),
        _order(
            # the one page with a field for the resolution
            "Hailuo 02 from an image, 512P",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-02", "resolution": "512P"},
            "hailuo-02/standard/image-to-video",
            {"prompt": "It waves", "image_url": IMAGE, "duration": "6", "resolution": "512P"},
        ),
        _order(
            "Hailuo 02, first and last frame",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "hailuo-02", "resolution": "768P"},
            "hailuo-02/standard/image-to-video",
            {
                "prompt": "It grows",
                "image_url": IMAGE,
                "end_image_url": LAST,
                "duration": "6",
                "resolution": "768P",
            },
        ),
        _order(
            "Hailuo 02, first and last frame, 1080P",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "model": "hailuo-02", "resolution": "1080P"},
            "hailuo-02/pro/image-to-video",
            {"prompt": "It grows", "image_url": IMAGE, "end_image_url": LAST},
        ),
        _order(
            # the page of its storage, and "Files" on the model pages: a data URI does where an address does. The storage
            # (https://rest.fal.ai) would be a second host for the key
            "from a file, as a data URL",
            {"prompt": "It waves", "image": "<file>"},
            "hailuo-2.3/standard/image-to-video",
            {"prompt": "It waves", "duration": "6", "image_url": AnImage()},
        ),
    ),
    looks=(
        Look("IN_QUEUE", RemoteState.QUEUED, (_status("IN_QUEUE", queue_position=3),)),
        Look("IN_PROGRESS", RemoteState.RUNNING, (_status("IN_PROGRESS"),)),
        # done is not good: the answer of the model may be an error
        Look(
            "COMPLETED",
            RemoteState.DONE,
            (
                _status("COMPLETED", 200, metrics={"inference_time": 93.4}),
                _result({"video": {"url": VIDEO, "content_type": "video/mp4", "file_name": "output.mp4"}}),
            ),
            VIDEO,
        ),
        # the page's example of an answer has only the address
        Look("COMPLETED", RemoteState.DONE, (_status("COMPLETED", 200), _result({"video": {"url": VIDEO}})), VIDEO),
        Look(
            "COMPLETED",
            RemoteState.FAILED,
            (_status("COMPLETED", 200), _result(_faults("image_too_small", "Image too small"), 422)),
            reason="Image too small",
        ),
        Look(
            "COMPLETED",
            RemoteState.FAILED,
            (
                _status("COMPLETED", 200),
                _result(_faults("content_policy_violation", "flagged by a content checker", "prompt"), 422),
            ),
            reason="flagged by a content checker",
            moderated=True,
        ),
        # both fields are documented; whether they stand here or only in the answer of the model is not clear
        Look(
            "COMPLETED",
            RemoteState.FAILED,
            (_status("COMPLETED", 200, error="Request timed out", error_type="request_timeout"),),
            reason="Request timed out",
            # "5xx: never charged", where a 422 may be
            unbilled=True,
        ),
    ),
    refusals=(
        _refused("submit", 401, "Authentication is required to access this application", AuthError),
        _refused("check", 401, "Authentication is required to access this application", AuthError),
        _refused("submit", 403, "Access denied", AuthError),
        # public clients meet this one; the key is good, the money is gone
        _refused("submit", 403, "User is locked. Reason: Exhausted balance. Top up your balance.", BalanceError),
        _refused("submit", 404, "Application 'minimax' not found", InvalidRequest),
        _refused("check", 404, "Request not found", JobGone, QUEUE),
        _refused("submit", 429, "Too many requests", RateLimited),
        _rejected(422, "content_policy_violation", "flagged by a content checker", ContentRefused),
        _rejected(422, "image_too_small", "Image too small", InvalidRequest),
        _rejected(422, "image_too_large", "Image too large", InvalidRequest),
        _rejected(422, "image_load_error", "Image load error", InvalidRequest),
        _rejected(422, "unsupported_image_format", "Unsupported image format", InvalidRequest),
        _rejected(422, "file_download_error", "File download error", InvalidRequest),
        _rejected(422, "file_too_large", "File too large", InvalidRequest),
        _rejected(422, "sequence_too_short", "prompt is too short", InvalidRequest),
        _rejected(422, "sequence_too_long", "prompt is too long", InvalidRequest),
        _rejected(422, "one_of", "Input should be '6' or '10'", InvalidRequest),
        _rejected(422, "feature_not_supported", "Feature not supported", InvalidRequest),
        # a 400 that is nobody's request: the service behind fal is in trouble
        _rejected(400, "downstream_service_error", "Downstream service error", ServerTrouble),
        _rejected(500, "downstream_service_unavailable", "Downstream service unavailable", ServerTrouble),
        _rejected(500, "internal_server_error", "Internal server error", ServerTrouble),
        _rejected(504, "generation_timeout", "Generation timeout", ServerTrouble),
        _broke(504, "request_timeout", "Request timed out"),
        _broke(504, "startup_timeout", "The runner did not start in time"),
        _broke(503, "runner_scheduling_failure", "No runner could be allocated"),
        _broke(503, "runner_connection_timeout", "The connection to the runner timed out"),
        _broke(503, "runner_disconnected", "The runner disconnected"),
    ),
    tells=(
        Told(
            {"request_id": ID, "gateway_request_id": ID, "status": "OK", "payload": {"video": {"url": VIDEO}}},
            WEBHOOKS,
        ),
        Told(
            {
                "request_id": ID,
                "gateway_request_id": ID,
                "status": "ERROR",
                "error": "Invalid status code: 422",
                "payload": {
                    "detail": [{"loc": ["body", "prompt"], "msg": "field required", "type": "value_error.missing"}]
                },
            },
            WEBHOOKS,
        ),
    ),
    pages=(
        Page(
            ERRORS,
            {
                "content_policy_violation": ContentRefused,
                **dict.fromkeys(
                    (
                        "image_too_small",
                        "image_too_large",
                        "image_load_error",
                        "unsupported_image_format",
                        "file_download_error",
                        "file_too_large",
                        "sequence_too_short",
                        "sequence_too_long",
                        "one_of",
                        "feature_not_supported",
                    ),
                    InvalidRequest,
                ),
                **dict.fromkeys(
                    (
                        "downstream_service_error",
                        "downstream_service_unavailable",
                        "internal_server_error",
                        "generation_timeout",
                    ),
                    ServerTrouble,
                ),
            },
            lambda kind: (418, _faults(kind, "as the page says")),
        ),
        Page(
            REQUEST_ERRORS,
            dict.fromkeys(
                (
                    "request_timeout",
                    "startup_timeout",
                    "runner_scheduling_failure",
                    "runner_connection_timeout",
                    "runner_disconnected",
                ),
                ServerTrouble,
            ),
            lambda kind: (418, {"detail": "as the page says", "error_type": kind}),
        ),
    ),
    asides=(
        Aside(
            # a wish: what runs may still end well
            "cancel",
            (Turn("PUT", f"{REQUEST}/cancel", {"status": "CANCELLATION_REQUESTED"}, 202),),
            (RemoteState.RUNNING, "CANCELLATION_REQUESTED"),
            QUEUE,
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "duration": 7},
        {"prompt": "x", "resolution": "512P"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "fast_pretreatment": True},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "model": "hailuo-02", "resolution": "512P"},
        {"prompt": "x", "image": IMAGE, "last_image": LAST},
    ),
)
