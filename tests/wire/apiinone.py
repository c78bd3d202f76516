"""API in One, from its page at https://apiin.one/model/hailuo-2-3 (image to video only).

The page documents the two requests; of the answers it shows the accepted order and names two status words.
"""

from hailuo_cli.errors import AuthError, BalanceError, HailuoError, InvalidRequest, JobGone, RateLimited, ServerTrouble
from hailuo_cli.model import RemoteState

from . import KEY, Look, OrderScript, Refusal, Script, Told, Turn

PAGE = "https://apiin.one/model/hailuo-2-3"
UNWRITTEN = "not on the page: HTTP's own meaning"
ID = "n51xxxx_hailuo"
# no page shows a result's address
VIDEO = "https://cdn.example.com/n51xxxx_hailuo/output.mp4"
IMAGE = "https://example.com/golden-retriever.jpg"
STANDARD = "hailuo/2-3-image-to-video-standard"
PRO = "hailuo/2-3-image-to-video-pro"
ACCEPTED = {"code": 200, "message": "success", "data": {"task_id": ID, "status": "IN_PROGRESS"}}


def _order(name: str, request: dict[str, object], body: dict[str, object]) -> OrderScript:
    return OrderScript(name, request, (Turn("POST", "/api/v1/videos/generations", ACCEPTED, body=body),), PAGE)


def _status(word: str, **values: object) -> Turn:
    # the answer's form is not on the page; this is that of the accepted order
    reply = {"code": 200, "message": "success", "data": {"task_id": ID, "status": word, **values}}
    return Turn("GET", f"/api/v1/tasks/{ID}", reply)


def _bare(word: str, **values: object) -> Turn:
    """Without the envelope, as the unverified client also reads it."""
    return Turn("GET", f"/api/v1/tasks/{ID}", {"status": word, **values})


def _refused(on: str, status: int, said: str, error: type[HailuoError]) -> Refusal:
    # no error body is on the page; the unverified client reads this one
    return Refusal(on, status, {"error": {"message": said}}, error, UNWRITTEN)


SCRIPT = Script(
    name="apiinone",
    host="https://apiin.one",
    ticket=ID,
    video=VIDEO,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        _order(
            # its field table has the two slugs below for the model, its example has this id
            "the page's own example",
            {
                "prompt": "A golden retriever running through a sunflower field at sunset, slow motion",
                "image": IMAGE,
                "duration": 6,
                "resolution": "768P",
            },
            {
                "model": "hailuo-2-3",
                "prompt": "A golden retriever running through a sunflower field at sunset, slow motion",
                "image": IMAGE,
                "duration": "6",
                "resolution": "768P",
            },
        ),
        _order(
            "the defaults are said",
            {"prompt": "It runs", "image": IMAGE, "model": "hailuo-2-3"},
            {"model": "hailuo-2-3", "prompt": "It runs", "image": IMAGE, "duration": "6", "resolution": "768P"},
        ),
        _order(
            "standard, ten seconds",
            {"prompt": "It runs", "image": IMAGE, "model": STANDARD, "duration": 10},
            {"model": STANDARD, "prompt": "It runs", "image": IMAGE, "duration": "10", "resolution": "768P"},
        ),
        _order(
            "standard, 1080P",
            {"prompt": "It runs", "image": IMAGE, "model": STANDARD, "resolution": "1080P"},
            {"model": STANDARD, "prompt": "It runs", "image": IMAGE, "duration": "6", "resolution": "1080P"},
        ),
        _order(
            "pro, 1080P",
            {"prompt": "It runs", "image": IMAGE, "model": PRO, "resolution": "1080P"},
            {"model": PRO, "prompt": "It runs", "image": IMAGE, "duration": "6", "resolution": "1080P"},
        ),
        _order(
            # the page promises webhooks; the field's name is on its older copy
            "pro, ten seconds, with a webhook",
            {
                "prompt": "It runs",
                "image": IMAGE,
                "model": PRO,
                "duration": 10,
                "webhook": "https://you.example/hook",
            },
            {
                "model": PRO,
                "prompt": "It runs",
                "image": IMAGE,
                "duration": "10",
                "resolution": "768P",
                "callback_url": "https://you.example/hook",
            },
        ),
    ),
    # no word for a waiting job is documented: an accepted one is IN_PROGRESS at once
    looks=(
        Look("IN_PROGRESS", RemoteState.RUNNING, (_status("IN_PROGRESS"),)),
        # the word is on the page; where the address stands is not, and the unverified client looks in these three places
        Look("completed", RemoteState.DONE, (_status("completed", output={"video_url": VIDEO}),), VIDEO),
        Look("completed", RemoteState.DONE, (_status("completed", video_url=VIDEO),), VIDEO),
        Look("completed", RemoteState.DONE, (_bare("completed", output={"video_url": VIDEO}),), VIDEO),
        # the word is on the page, the place of the reason is the unverified client's
        Look("failed", RemoteState.FAILED, (_status("failed", error="no luck"),), reason="no luck"),
        Look("failed", RemoteState.FAILED, (_status("failed"),)),
        Look("failed", RemoteState.FAILED, (_bare("failed"),)),
        # these two words are only in that client: unverified
        Look("SUCCESS", RemoteState.DONE, (_status("SUCCESS", output={"video_url": VIDEO}),), VIDEO),
        Look("ERROR", RemoteState.FAILED, (_status("ERROR", error="no luck"),), reason="no luck"),
    ),
    refusals=(
        _refused("submit", 400, "resolution must be 768P or 1080P", InvalidRequest),
        _refused("submit", 401, "the key is missing or wrong", AuthError),
        _refused("submit", 402, "not enough credits", BalanceError),
        _refused("submit", 403, "forbidden", AuthError),
        _refused("submit", 404, "no such model", InvalidRequest),
        _refused("submit", 422, "duration must be a string", InvalidRequest),
        _refused("submit", 429, "too many requests", RateLimited),
        _refused("submit", 500, "something broke", ServerTrouble),
        _refused("submit", 503, "overloaded", ServerTrouble),
        _refused("check", 401, "the key is missing or wrong", AuthError),
        _refused("check", 404, "no such task", JobGone),
        _refused("check", 429, "too many requests", RateLimited),
        _refused("check", 502, "bad gateway", ServerTrouble),
        # the accepted order has its text under `message`; an error may too
        Refusal("submit", 401, {"code": 401, "message": "the key is wrong", "data": None}, AuthError, UNWRITTEN),
        Refusal("submit", 402, {"code": 402, "message": "not enough credits", "data": None}, BalanceError, UNWRITTEN),
        # no page shows it, but every answer has a `code` of its own: what it says counts, whatever HTTP says
        Refusal("submit", 200, {"code": 402, "message": "not enough credits", "data": None}, BalanceError, PAGE),
        Refusal("check", 200, {"code": 404, "message": "no such task", "data": None}, JobGone, PAGE),
    ),
    tells=(
        # the page promises calls and shows none
        Told({"task_id": ID, "status": "completed"}, "a guess", names_job=False),
    ),
    refuses=(
        {"prompt": "x"},
        {"prompt": "x", "image": "<file>"},
        {"prompt": "x", "image": "https://example.com/a.png", "prompt_optimizer": True},
        {"prompt": "x", "image": "https://example.com/a.png", "last_image": "https://example.com/b.png"},
    ),
)
