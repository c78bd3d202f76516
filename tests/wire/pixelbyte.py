"""Pixelbyte (Muvi), from its model pages and its API reference at https://developer.pixelbyte.app/docs."""

from decimal import Decimal

from hailuo_cli.errors import (
    AuthError,
    BalanceError,
    HailuoError,
    InvalidRequest,
    JobGone,
    RateLimited,
    ServerTrouble,
    Unsupported,
)
from hailuo_cli.model import RemoteState
from hailuo_cli.providers import Found

from . import KEY, AFileName, Aside, Look, OrderScript, Page, Refusal, Script, Told, Turn

DOCS = "https://developer.pixelbyte.app/docs/"
MODELS = DOCS + "models/video/minimax-plus/"
SUBMIT = DOCS + "api-reference/jobs/submit"
PRESIGN = DOCS + "api-reference/uploads/presign"
QUICKSTART = DOCS + "quickstart"
ERRORS = DOCS + "concepts/errors"
WEBHOOKS = "https://developer.muvi.video/docs/concepts/webhooks"
ID = "job_abc123def456"
VIDEO = "https://cdn.muvi.video/outputs/job_abc123def456/output_0.mp4"
IMAGE = "https://example.com/image.jpg"
# the page cuts the upload address off after /temp/; hosts as printed, from before the vendor's move to muvi.video
UPLOAD = "https://storage.pixelbyte.app/temp/user_abc123/uuid_my-image.png?signature=s"
FILE = "https://assetsv2.cdn.pixelbyte.app/temp/user_abc123/uuid_my-image.png"

# the status of an accepted job is not written anywhere; the examples read like 200
ACCEPTED = {
    "jobId": ID,
    "requestId": "req_789xyz",
    "status": "pending",
    "estimatedCompletionTime": "2026-02-18T15:30:00Z",
    "costMicroCents": 500000,
}
# the quickstart's form of the same answer
ACCEPTED_INSIDE = {
    "success": True,
    "data": {
        "jobId": ID,
        "status": "pending",
        "model": "minimax-plus/hailuo-2.3-standard/text-to-video",
        "estimatedCost": 210000,
        "createdAt": "2026-02-18T12:00:00Z",
    },
    "requestId": "req_xyz789",
}
PRESIGNED = {
    "success": True,
    "data": {
        "uploadUrl": UPLOAD,
        "fileUrl": FILE,
        "fileId": "3f44e3c6-acd9-4cc3-a91b-e63ec517b383",
        "expiresAt": "2026-02-25T11:42:21.949Z",
        "maxSize": 10485760,
    },
    "requestId": "req_abc123",
}


def _submit(model: str, values: dict[str, object], reply: object = ACCEPTED, **rest: object) -> Turn:
    slug = f"minimax-plus/{model}"
    return Turn("POST", "/v1/jobs/submit", reply, body={"model": slug, "input": values, **rest})


_FLAT = {
    "jobId": ID,
    "output": None,
    "outputs": None,
    "error": None,
    "createdAt": "2026-02-18T15:00:00Z",
    "completedAt": None,
}


def _status(word: str, **values: object) -> Turn:
    return Turn("GET", f"/v1/jobs/{ID}", {**_FLAT, "status": word, **values})


def _inside(word: str, **values: object) -> Turn:
    """The quickstart's envelope, which has no progress."""
    data = {"jobId": ID, "status": word, "model": "minimax-plus/hailuo-2.3-standard/text-to-video", **values}
    return Turn("GET", f"/v1/jobs/{ID}", {"success": True, "data": data, "requestId": "req_def456"})


OUTPUTS = [
    {
        "url": VIDEO,
        "type": "video",
        "thumbnail": "https://cdn.muvi.video/outputs/job_abc123def456/thumb_0.jpg",
        "posterImage": "https://cdn.muvi.video/outputs/job_abc123def456/poster_0.jpg",
    }
]
ENDED = {"progress": 100, "completedAt": "2026-02-18T15:02:30Z"}
NO_LUCK = {"code": "GENERATION_FAILED", "message": "the model could not make this video; refunded"}


def _refused(
    status: int,
    code: str,
    said: str,
    error: type[HailuoError],
    *,
    on: str = "submit",
    details: dict[str, object] | None = None,
    source: str = ERRORS,
) -> Refusal:
    fault = {"code": code, "message": said, "details": details or {}}
    return Refusal(on, status, {"success": False, "error": fault, "requestId": "req_abc123"}, error, source)


SCRIPT = Script(
    name="pixelbyte",
    host="https://api.muvi.video",
    ticket=ID,
    video=VIDEO,
    # one page (get a model) shows x-api-key; every other one, and the model pages, show Bearer
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        OrderScript(
            "the page's own example",
            {
                "prompt": "Slow dolly-in with cinematic depth of field",
                "image": IMAGE,
                "model": "minimax-plus/hailuo-2.3-pro/image-to-video",
            },
            (
                _submit(
                    "hailuo-2.3-pro/image-to-video",
                    {"image_url": IMAGE, "prompt": "Slow dolly-in with cinematic depth of field"},
                ),
            ),
            MODELS + "hailuo-2-3-pro-image-to-video",
        ),
        OrderScript(
            "from text, accepted inside an envelope",
            {"prompt": "A bear leaps into a river"},
            (
                _submit(
                    "hailuo-2.3-standard/text-to-video",
                    {"prompt": "A bear leaps into a river", "duration": "6"},
                    ACCEPTED_INSIDE,
                ),
            ),
            MODELS + "hailuo-2-3-standard-text-to-video",
        ),
        OrderScript(
            "standard from text by its slug, ten seconds",
            {
                "prompt": "A bear leaps into a river",
                "model": "minimax-plus/hailuo-2.3-standard/text-to-video",
                "duration": 10,
                "resolution": "768P",
            },
            (_submit("hailuo-2.3-standard/text-to-video", {"prompt": "A bear leaps into a river", "duration": "10"}),),
            MODELS + "hailuo-2-3-standard-text-to-video",
        ),
        OrderScript(
            "the standard page's own example",
            {
                "prompt": "The waves crash gently against the shore as the sun sets",
                "image": IMAGE,
                "model": "minimax-plus/hailuo-2.3-standard/image-to-video",
                "duration": 6,
            },
            (
                _submit(
                    "hailuo-2.3-standard/image-to-video",
                    {
                        "image_url": IMAGE,
                        "prompt": "The waves crash gently against the shore as the sun sets",
                        "duration": "6",
                    },
                ),
            ),
            MODELS + "hailuo-2-3-standard-image-to-video",
        ),
        OrderScript(
            "from an image, with a webhook",
            {"prompt": "It waves", "image": IMAGE, "duration": 10, "webhook": "https://you.example/hook"},
            (
                _submit(
                    "hailuo-2.3-standard/image-to-video",
                    {"image_url": IMAGE, "prompt": "It waves", "duration": "10"},
                    webhookUrl="https://you.example/hook",
                ),
            ),
            SUBMIT,
        ),
        OrderScript(
            "pro from text",
            {"prompt": "A city at night", "model": "minimax-plus/hailuo-2.3-pro/text-to-video"},
            (_submit("hailuo-2.3-pro/text-to-video", {"prompt": "A city at night"}),),
            MODELS + "hailuo-2-3-pro-text-to-video",
        ),
        OrderScript(
            # there is no field for it: the slug is the resolution, and only the pro slugs make 1080p
            "1080P in hailuo's words is the pro slug",
            {"prompt": "A city at night", "resolution": "1080P"},
            (_submit("hailuo-2.3-pro/text-to-video", {"prompt": "A city at night"}),),
            MODELS + "hailuo-2-3-pro-text-to-video",
        ),
        OrderScript(
            "the fast model, ten seconds",
            {"prompt": "It waves", "image": IMAGE, "model": "hailuo-2.3-fast", "duration": 10},
            (_submit("hailuo-2.3-fast/image-to-video", {"image_url": IMAGE, "prompt": "It waves", "duration": "10"}),),
            MODELS + "hailuo-2-3-fast-image-to-video",
        ),
        OrderScript(
            "the fast model by its slug",
            {"prompt": "It waves", "image": IMAGE, "model": "minimax-plus/hailuo-2.3-fast/image-to-video"},
            (_submit("hailuo-2.3-fast/image-to-video", {"image_url": IMAGE, "prompt": "It waves", "duration": "6"}),),
            MODELS + "hailuo-2-3-fast-image-to-video",
        ),
        OrderScript(
            "fast pro, of a certain version",
            {
                "prompt": "It waves",
                "image": IMAGE,
                "model": "minimax-plus/hailuo-2.3-fast-pro/image-to-video",
                "params": {"version": "1.0"},
            },
            (_submit("hailuo-2.3-fast-pro/image-to-video", {"image_url": IMAGE, "prompt": "It waves"}, version="1.0"),),
            MODELS + "hailuo-2-3-fast-pro-image-to-video",
        ),
        OrderScript(
            "from a file, which is uploaded first",
            {"prompt": "It waves", "image": "<file>"},
            (
                Turn(
                    "POST",
                    "/v1/uploads/presign",
                    PRESIGNED,
                    # the page's own name is "my-image.png"
                    body={"filename": AFileName(), "contentType": "image/png"},
                ),
                # what storage answers is not written; its body is nothing to read
                Turn("PUT", UPLOAD, None, headers={"Content-Type": "image/png"}),
                _submit(
                    "hailuo-2.3-standard/image-to-video", {"image_url": FILE, "prompt": "It waves", "duration": "6"}
                ),
            ),
            PRESIGN,
        ),
    ),
    looks=(
        Look("pending", RemoteState.QUEUED, (_status("pending", progress=0),), percent=0),
        Look("processing", RemoteState.RUNNING, (_status("processing", progress=50),), percent=50),
        Look(
            "completed",
            RemoteState.DONE,
            (_status("completed", output=VIDEO, outputs=OUTPUTS, **ENDED),),
            VIDEO,
            percent=100,
        ),
        Look(
            "failed",
            RemoteState.FAILED,
            (_status("failed", progress=0, error=NO_LUCK),),
            percent=0,
            reason="could not make",
            unbilled=True,
        ),
        # no page shows a cancelled job; the fields are those of every other answer
        Look("cancelled", RemoteState.CANCELLED, (_status("cancelled", progress=0),), percent=0, unbilled=True),
        # the same words in the quickstart's envelope, where the output is an object and there is no progress
        Look("pending", RemoteState.QUEUED, (_inside("pending"),)),
        Look("processing", RemoteState.RUNNING, (_inside("processing"),)),
        Look(
            "completed",
            RemoteState.DONE,
            (
                _inside(
                    "completed",
                    output={"url": VIDEO, "contentType": "video/mp4", "durationSeconds": 6},
                    cost=210000,
                    createdAt="2026-02-18T12:00:00Z",
                    completedAt="2026-02-18T12:01:30Z",
                ),
            ),
            VIDEO,
        ),
        Look("failed", RemoteState.FAILED, (_inside("failed", error=NO_LUCK),), reason="could not make", unbilled=True),
        Look("cancelled", RemoteState.CANCELLED, (_inside("cancelled"),), unbilled=True),
        # both forms crossed: a public client of this API meets the envelope with a plain output and with only the list
        Look("completed", RemoteState.DONE, (_inside("completed", output=VIDEO, outputs=OUTPUTS),), VIDEO),
        Look("completed", RemoteState.DONE, (_inside("completed", output=None, outputs=OUTPUTS),), VIDEO),
        # `output` is called a convenience; the list is the full answer
        Look("completed", RemoteState.DONE, (_status("completed", outputs=OUTPUTS, **ENDED),), VIDEO, percent=100),
        # `error` may be null
        Look("failed", RemoteState.FAILED, (_status("failed", progress=0),), percent=0, unbilled=True),
    ),
    no_model=frozenset({"MODEL_NOT_FOUND", "MODEL_VERSION_NOT_FOUND", "MODEL_VERSION_NOT_ACTIVE"}),
    refusals=(
        _refused(400, "INVALID_INPUT", "duration is none of 6, 10", InvalidRequest),
        _refused(400, "INVALID_MODEL_SLUG", "that is not the form of a slug", InvalidRequest),
        _refused(400, "MODEL_VERSION_NOT_ACTIVE", "this version is switched off", InvalidRequest),
        _refused(400, "INVALID_WEBHOOK_URL", "the webhook is no https address", InvalidRequest),
        # belongs to the cancel call, which hailuo does not make
        _refused(400, "JOB_CANNOT_BE_CANCELLED", "too late to cancel", InvalidRequest),
        # these two come from the upload page, which gives no status: 400 is a guess
        _refused(400, "VALIDATION_ERROR", "filename is missing", InvalidRequest, source=PRESIGN),
        _refused(400, "INVALID_CONTENT_TYPE", "image/tiff is not allowed", InvalidRequest, source=PRESIGN),
        _refused(401, "UNAUTHORIZED", "no key was sent", AuthError),
        _refused(401, "INVALID_API_KEY", "no such key", AuthError),
        _refused(401, "INVALID_API_KEY", "no such key", AuthError, on="check"),
        _refused(401, "API_KEY_INACTIVE", "the key is switched off", AuthError),
        _refused(401, "API_KEY_EXPIRED", "the key ran out", AuthError),
        _refused(401, "INVALID_SESSION", "the session ran out", AuthError),
        _refused(401, "INVALID_WORKER_SECRET", "wrong worker secret", AuthError),
        _refused(402, "INSUFFICIENT_BALANCE", "the balance is too low for this job", BalanceError),
        # the key is good, the model is not among what it may use: the next step is another model
        _refused(403, "MODEL_ACCESS_DENIED", "no access to this model", Unsupported),
        _refused(403, "IP_NOT_WHITELISTED", "this address is not on the key's list", AuthError),
        _refused(403, "OPERATION_NOT_ALLOWED", "the key lacks the scope submit_job", AuthError),
        _refused(403, "OPERATION_NOT_ALLOWED", "the key lacks the scope check_status", AuthError, on="check"),
        _refused(403, "USER_BANNED", "the account is banned", AuthError),
        _refused(403, "USER_INACTIVE", "the account is inactive", AuthError),
        _refused(403, "UNAUTHORIZED_ACCESS", "somebody else's job", AuthError, on="check"),
        _refused(403, "FORBIDDEN", "access denied", AuthError),
        _refused(404, "MODEL_NOT_FOUND", "no such model", InvalidRequest),
        _refused(404, "MODEL_VERSION_NOT_FOUND", "no such version", InvalidRequest),
        # it is the account that is not there, so the key is at fault and not the request or the job
        _refused(404, "USER_NOT_FOUND", "no such account", AuthError),
        _refused(404, "JOB_NOT_FOUND", "no such job", JobGone, on="check"),
        _refused(429, "CONCURRENT_JOBS_EXCEEDED", "too many jobs at once", RateLimited, details={"retryAfter": 30}),
        _refused(500, "INTERNAL_ERROR", "something broke", ServerTrouble),
        _refused(500, "INTERNAL_ERROR", "something broke", ServerTrouble, on="check"),
        _refused(500, "CONFIG_ERROR", "the server is set up wrongly", ServerTrouble),
        _refused(503, "PUBSUB_PUBLISH_FAILED", "the queue did not take it", ServerTrouble),
    ),
    tells=(
        # the page shows a picture only
        Told(
            {
                "jobId": ID,
                "requestId": "req_789xyz",
                "status": "completed",
                "output": {"imageUrl": "https://cdn.muvi.video/outputs/output_0.png"},
                "completedAt": "2026-02-18T15:02:30Z",
            },
            WEBHOOKS,
        ),
        Told({"jobId": ID, "requestId": "req_789xyz", "status": "failed", "error": NO_LUCK}, WEBHOOKS),
    ),
    pages=(
        Page(
            ERRORS,
            {
                **dict.fromkeys(
                    (
                        "INVALID_INPUT",
                        "INVALID_MODEL_SLUG",
                        "MODEL_VERSION_NOT_ACTIVE",
                        "JOB_CANNOT_BE_CANCELLED",
                        "INVALID_WEBHOOK_URL",
                        "MODEL_NOT_FOUND",
                        "MODEL_VERSION_NOT_FOUND",
                    ),
                    InvalidRequest,
                ),
                **dict.fromkeys(
                    (
                        "UNAUTHORIZED",
                        "INVALID_API_KEY",
                        "API_KEY_INACTIVE",
                        "API_KEY_EXPIRED",
                        "INVALID_SESSION",
                        "INVALID_WORKER_SECRET",
                        "IP_NOT_WHITELISTED",
                        "OPERATION_NOT_ALLOWED",
                        "USER_BANNED",
                        "USER_INACTIVE",
                        "USER_NOT_FOUND",
                        "UNAUTHORIZED_ACCESS",
                        "FORBIDDEN",
                    ),
                    AuthError,
                ),
                "INSUFFICIENT_BALANCE": BalanceError,
                "MODEL_ACCESS_DENIED": Unsupported,
                "JOB_NOT_FOUND": JobGone,
                "CONCURRENT_JOBS_EXCEEDED": RateLimited,
                **dict.fromkeys(("INTERNAL_ERROR", "CONFIG_ERROR", "PUBSUB_PUBLISH_FAILED"), ServerTrouble),
            },
            lambda code: (200, {"success": False, "error": {"code": code, "message": "as the page says"}}),
        ),
        Page(
            PRESIGN,
            {"VALIDATION_ERROR": InvalidRequest, "INVALID_CONTENT_TYPE": InvalidRequest},
            lambda code: (200, {"success": False, "error": {"code": code, "message": "as the page says"}}),
        ),
    ),
    asides=(
        Aside(
            "cancel",
            (
                Turn(
                    "POST",
                    f"/v1/jobs/{ID}/cancel",
                    {"jobId": ID, "status": "cancelled", "refundedMicroCents": 210000},
                ),
            ),
            (RemoteState.CANCELLED, "cancelled"),
            DOCS + "api-reference/jobs/cancel",
        ),
        Aside(
            "find",
            (
                Turn(
                    "GET",
                    "/v1/jobs",
                    {
                        "jobs": [
                            # what a row has is not shown; the ids and the time are those of a status
                            {
                                "jobId": "job_1",
                                "modelId": "m",
                                "createdAt": "1970-01-01T00:01:40Z",
                                "status": "pending",
                            },
                            {"jobId": "job_2", "input": {"prompt": "A bear"}},
                        ],
                        "nextCursor": None,
                        "hasMore": False,
                    },
                    query={"limit": "100"},
                ),
            ),
            [Found("job_1", 100.0, "m"), Found("job_2", prompt="A bear")],
            DOCS + "api-reference/jobs/list",
        ),
        *(
            Aside(
                "estimate",
                (
                    Turn(
                        "POST",
                        "/v1/jobs/estimate",
                        {"baseCostMicroCents": 210000, "estimatedCostMicroCents": cost, "hasDiscount": True},
                        body={
                            "model": "minimax-plus/hailuo-2.3-standard/text-to-video",
                            "input": {"prompt": "A bear", "duration": "6"},
                            # what is asked about is what would be ordered
                            "version": "1.0",
                        },
                    ),
                ),
                gives,
                DOCS + "api-reference/jobs/estimate",
                {"prompt": "A bear", "params": {"version": "1.0"}},
            )
            for cost, gives in ((199500, Decimal("0.1995")), (0, None), (None, None))
        ),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "prompt_optimizer": True},
        {"prompt": "x", "watermark": False},
        {"prompt": "x", "model": "hailuo-2.3-fast"},
        {"prompt": "x", "image": "https://example.com/a.png", "last_image": "https://example.com/b.png"},
        {"prompt": "x" * 2501},
    ),
    poll=5,
)
