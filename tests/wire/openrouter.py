"""OpenRouter, from its video guide, its API reference as its Python client has it, and OpenRouterTeam/skills."""

from dataclasses import replace

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

from . import KEY, AnImage, Look, OrderScript, Refusal, Script, Told, Turn, WithKey

GUIDE = "https://openrouter.ai/docs/guides/overview/multimodal/video-generation"
REFERENCE = "https://openrouter.ai/docs/api/api-reference/video-generation/create-videos"
SKILL = "https://github.com/OpenRouterTeam/skills, skills/openrouter-video/SKILL.md"
ERRORS = "https://openrouter.ai/docs/api-reference/errors"
UNWRITTEN = "not on any page: HTTP's own meaning"
HOST = "https://openrouter.ai"
WEBHOOKS = "https://openrouter.ai/docs/cookbook/video-generation/video-generation-webhooks"
ID = "gen-vid-1776686400-Qw3rTy7uIoP2aSdF5gHj"
CONTENT = WithKey(f"/api/v1/videos/{ID}/content", {"index": "0"})
ADDRESS = f"{HOST}/api/v1/videos/{ID}/content?index=0"
FIRST = "https://example.com/first.png"
LAST = "https://example.com/last.png"


def _frame(url: object, kind: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}, "frame_type": kind}


def _order(name: str, request: dict[str, object], body: dict[str, object], source: str = REFERENCE) -> OrderScript:
    accepted = {"id": ID, "polling_url": f"{HOST}/api/v1/videos/{ID}", "status": "pending"}
    return OrderScript(name, request, (Turn("POST", "/api/v1/videos", accepted, 202, body=body),), source)


def _status(word: str, **values: object) -> Turn:
    reply = {"id": ID, "polling_url": f"{HOST}/api/v1/videos/{ID}", "status": word, **values}
    return Turn("GET", f"/api/v1/videos/{ID}", reply)


def _refused(on: str, status: int, said: str, error: type[HailuoError], **metadata: object) -> Refusal:
    fault: dict[str, object] = {"code": status, "message": said}
    if metadata:
        fault["metadata"] = metadata
    return Refusal(on, status, {"error": fault, "user_id": "user_1"}, error, ERRORS)


SCRIPT = Script(
    name="openrouter",
    host=HOST,
    ticket=ID,
    # no other host has it: the API hands it out
    video=ADDRESS,
    key_headers={"Authorization": f"Bearer {KEY}"},
    orders=(
        # which resolutions this model has is told by GET /api/v1/videos/models only; these are MiniMax's, in the
        # spelling of the reference ("768p", "1080p", "2K")
        _order(
            "from text",
            {"prompt": "A storm", "model": "minimax/hailuo-2.3"},
            {"model": "minimax/hailuo-2.3", "prompt": "A storm", "duration": 6, "resolution": "768p"},
        ),
        _order(
            "from text, ten seconds, with a webhook",
            {"prompt": "A storm", "duration": 10, "webhook": "https://you.example/hook"},
            {
                "model": "minimax/hailuo-2.3",
                "prompt": "A storm",
                "duration": 10,
                "resolution": "768p",
                "callback_url": "https://you.example/hook",
            },
        ),
        _order(
            "from an address, 1080P",
            {"prompt": "It waves", "image": FIRST, "resolution": "1080P"},
            {
                "model": "minimax/hailuo-2.3",
                "prompt": "It waves",
                "duration": 6,
                "resolution": "1080p",
                "frame_images": [_frame(FIRST, "first_frame")],
            },
        ),
        _order(
            "from a file, as a data URL",
            {"prompt": "It waves", "image": "<file>"},
            {
                "model": "minimax/hailuo-2.3",
                "prompt": "It waves",
                "duration": 6,
                "resolution": "768p",
                "frame_images": [_frame(AnImage(), "first_frame")],
            },
            SKILL,
        ),
        _order(
            "a field of MiniMax's own, passed through",
            {
                "prompt": "A storm",
                "params": {"provider.options.minimax.parameters.prompt_optimizer": False},
            },
            {
                "model": "minimax/hailuo-2.3",
                "prompt": "A storm",
                "duration": 6,
                "resolution": "768p",
                "provider": {"options": {"minimax": {"parameters": {"prompt_optimizer": False}}}},
            },
            SKILL,
        ),
        # MiniMax H3 is called Hailuo 3 here; 2K and 5 to 15 seconds are from a public skill for this endpoint
        _order(
            "MiniMax H3 from text",
            {"prompt": "A storm", "model": "minimax/hailuo-3", "duration": 6, "resolution": "2K"},
            {"model": "minimax/hailuo-3", "prompt": "A storm", "duration": 6, "resolution": "2K"},
        ),
        _order(
            "MiniMax H3 from an image, 15 seconds",
            {"prompt": "It waves", "image": FIRST, "model": "minimax/hailuo-3", "duration": 15, "resolution": "2K"},
            {
                "model": "minimax/hailuo-3",
                "prompt": "It waves",
                "duration": 15,
                "resolution": "2K",
                "frame_images": [_frame(FIRST, "first_frame")],
            },
        ),
        _order(
            "MiniMax H3, first and last frame",
            {
                "prompt": "It grows",
                "image": FIRST,
                "last_image": LAST,
                "model": "minimax/hailuo-3",
                "duration": 5,
                "resolution": "2K",
            },
            {
                "model": "minimax/hailuo-3",
                "prompt": "It grows",
                "duration": 5,
                "resolution": "2K",
                "frame_images": [_frame(FIRST, "first_frame"), _frame(LAST, "last_frame")],
            },
        ),
    ),
    looks=(
        Look("pending", RemoteState.QUEUED, (_status("pending"),)),
        Look("in_progress", RemoteState.RUNNING, (_status("in_progress"),)),
        # the address is called unsigned: it wants the key
        Look(
            "completed",
            RemoteState.DONE,
            (
                _status(
                    "completed",
                    generation_id=ID,
                    unsigned_urls=[ADDRESS],
                    usage={"cost": 0.4902, "is_byok": False},
                ),
            ),
            CONTENT,
            billed="0.4902",
        ),
        Look("failed", RemoteState.FAILED, (_status("failed", error="no luck"),), reason="no luck"),
        Look("failed", RemoteState.FAILED, (_status("failed"),)),
        Look("cancelled", RemoteState.CANCELLED, (_status("cancelled", error="cancelled upstream"),)),
        # an end without a video; that it means the job is no longer kept is a guess
        Look("expired", RemoteState.GONE, (_status("expired", error="the job expired"),)),
    ),
    refusals=(
        _refused("submit", 400, "duration must be one of 6, 10", InvalidRequest),
        _refused("submit", 401, "User not found.", AuthError),
        _refused("check", 401, "User not found.", AuthError),
        _refused("submit", 402, "Insufficient credits", BalanceError),
        _refused(
            "submit", 403, "Your input was flagged", ContentRefused, reasons=["violence"], flagged_input="a prompt"
        ),
        _refused("submit", 404, "No endpoints found for minimax/hailuo-9", InvalidRequest),
        _refused("check", 404, "Video not found", JobGone),
        _refused("submit", 408, "Request timed out", ServerTrouble),
        _refused("submit", 413, "Payload too large", InvalidRequest),
        _refused("submit", 429, "Rate limit exceeded", RateLimited),
        _refused("check", 429, "Rate limit exceeded", RateLimited),
        _refused("submit", 500, "Internal Server Error", ServerTrouble),
        _refused("submit", 502, "Provider returned error", ServerTrouble),
        replace(
            _refused("submit", 503, "No available model provider meets your routing requirements", ServerTrouble),
            not_taken=True,
        ),
        Refusal("submit", 401, {"error": {"message": "No auth credentials found"}}, AuthError, UNWRITTEN),
    ),
    tells=(
        Told({"type": "video.generation.completed", "data": {"id": ID, "status": "completed"}}, WEBHOOKS),
        Told({"type": "video.generation.expired", "data": {"id": ID, "status": "expired"}}, WEBHOOKS),
    ),
    refuses=(
        {"prompt": "x", "duration": 10, "resolution": "1080P"},
        {"prompt": "x", "watermark": True},
        {"prompt": "x", "fast_pretreatment": True},
        {"prompt": "x", "image": FIRST, "last_image": LAST},
        {"prompt": "x", "model": "minimax/hailuo-3", "duration": 4},
        {"prompt": "x", "model": "minimax/hailuo-3", "duration": 16},
        {"prompt": "x", "model": "minimax/hailuo-3", "resolution": "1080P"},
    ),
    # the guide's own sample sleeps 30 s
    poll=10,
)
