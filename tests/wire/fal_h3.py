"""MiniMax H3 at fal.ai: another app of the same queue, from its model pages at https://fal.ai/models/minimax/h3.

The pages themselves were not to be had; their fields are those that public clients quote from them.
"""

from hailuo_cli.model import RemoteState

from . import KEY, Aside, Look, OrderScript, Script, Told, Turn
from .fal import ACCEPTED, HOST, ID, IMAGE, LAST, VIDEO
from .fal import SCRIPT as HAILUO

WEBHOOKS = "https://docs.fal.ai/model-endpoints/webhooks"
MODELS = "https://fal.ai/models/minimax/h3/"
REQUEST = f"/minimax/h3/requests/{ID}"
TAKEN = {
    **ACCEPTED,
    "response_url": HOST + REQUEST,
    "status_url": f"{HOST}{REQUEST}/status",
    "cancel_url": f"{HOST}{REQUEST}/cancel",
}


def _order(name: str, request: dict[str, object], model: str, body: dict[str, object]) -> OrderScript:
    asked = {**request, "model": f"minimax/h3/{model}"}
    return OrderScript(
        name, asked, (Turn("POST", f"/minimax/h3/{model}", TAKEN, body=body),), f"{MODELS}{model}/llms.txt"
    )


def _status(word: str, status: int = 202) -> Turn:
    return Turn("GET", f"{REQUEST}/status", {**TAKEN, "status": word, "logs": None}, status, allows=("logs",))


SCRIPT = Script(
    name="fal",
    host=HOST,
    # an id is looked up below its app, so the ticket has to tell the apps apart; how is hailuo's own business
    ticket=f"h3-{ID}",
    wire_id=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Key {KEY}"},
    orders=(
        # the duration is a number here, and the resolution a field
        _order(
            "from text",
            {"prompt": "A storm", "duration": 5, "resolution": "768P"},
            "text-to-video",
            {"prompt": "A storm", "duration": 5, "resolution": "768P"},
        ),
        _order(
            "from text, 15 seconds, 2K",
            {"prompt": "A storm", "duration": 15, "resolution": "2K"},
            "text-to-video",
            {"prompt": "A storm", "duration": 15, "resolution": "2K"},
        ),
        _order(
            "from an image",
            {"prompt": "It waves", "image": IMAGE, "duration": 8, "resolution": "2K"},
            "image-to-video",
            {"prompt": "It waves", "image_url": IMAGE, "duration": 8, "resolution": "2K"},
        ),
        _order(
            "first and last frame",
            {"prompt": "It grows", "image": IMAGE, "last_image": LAST, "duration": 6, "resolution": "768P"},
            "image-to-video",
            {
                "prompt": "It grows",
                "image_url": IMAGE,
                "end_image_url": LAST,
                "duration": 6,
                "resolution": "768P",
            },
        ),
    ),
    looks=(
        Look("IN_QUEUE", RemoteState.QUEUED, (_status("IN_QUEUE"),)),
        Look("IN_PROGRESS", RemoteState.RUNNING, (_status("IN_PROGRESS"),)),
        Look(
            "COMPLETED",
            RemoteState.DONE,
            (_status("COMPLETED", 200), Turn("GET", REQUEST, {"video": {"url": VIDEO}})),
            VIDEO,
        ),
        Look(
            "COMPLETED",
            RemoteState.FAILED,
            (
                _status("COMPLETED", 200),
                Turn("GET", REQUEST, {"detail": [{"loc": ["body"], "msg": "no luck", "type": "one_of"}]}, 422),
            ),
            reason="no luck",
        ),
    ),
    refusals=HAILUO.refusals,
    tells=(Told({"request_id": ID, "gateway_request_id": ID, "status": "OK", "payload": {}}, WEBHOOKS),),
    pages=HAILUO.pages,
    asides=(
        Aside(
            "cancel",
            (Turn("PUT", f"{REQUEST}/cancel", {"status": "CANCELLATION_REQUESTED"}, 202),),
            (RemoteState.RUNNING, "CANCELLATION_REQUESTED"),
            HAILUO.asides[0].source,
        ),
    ),
    refuses=(
        {"prompt": "x", "model": "minimax/h3/text-to-video", "duration": 4},
        {"prompt": "x", "model": "minimax/h3/text-to-video", "duration": 16},
        {"prompt": "x", "model": "minimax/h3/text-to-video", "resolution": "1080P"},
        {"prompt": "x", "model": "minimax/h3/image-to-video"},
    ),
)
