"""Plants one defect after the other in a copy of the adapters and asks whether the conformance suite notices.

Run by hand: python -m tests.plant_defects. A defect that stays green is a hole in the suite; exit code 1 says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

DEFECTS: tuple[tuple[str, str, str], ...] = (
    ("pixazo", '"Ocp-Apim-Subscription-Key"', '"Authorization"'),
    ("pixazo", '"first_frame_image": order.image', '"image": order.image'),
    ("pixazo", '"duration": order.duration', '"duration": str(order.duration)'),
    ("pixazo", '"imageToVideo" if order.mode is Mode.IMAGE else "generate"', '"generate"'),
    ("pixazo", '"X-Webhook-URL"', '"X-Webhook"'),
    ("pixazo", '"COMPLETED": RemoteState.DONE', '"COMPLETED": RemoteState.RUNNING'),
    ("pixazo", '"ERROR": RemoteState.FAILED', '"ERROR": RemoteState.DONE'),
    ("pixazo", 'reason=reply.find("error")', "reason=None"),
    ("pixazo", 'reply.address("output", "media_url", 0)', 'reply.find("output", "media_url", 0)'),
    ("base", "if self.state is RemoteState.DONE else self", "if self.state is not RemoteState.QUEUED else self"),
    ("minimax", '"model": order.model.id,\n            "prompt"', '"model": order.model.family,\n            "prompt"'),
    ("minimax", '"last_frame_image": order.last_image', '"end_image": order.last_image'),
    ("minimax", '            "callback_url": order.webhook', '            "callback_url": None'),
    ("minimax", 'return None if code == "0" else code', "return None"),
    ("minimax", 'if self.state(reply.find("status") or "") is RemoteState.FAILED:', "if False:"),
    ("minimax", '"Fail": RemoteState.FAILED', '"Fail": RemoteState.RUNNING'),
    ("minimax", "file_id=file_id", 'file_id="1"'),
    ("minimax", 'get("/v1/query/video_generation", task_id=ticket)', 'get("/v1/query/video_generation/{t}", t=ticket)'),
    ("pixelbyte", "str(order.duration)", "order.duration"),
    ("pixelbyte", 'NO_DURATION if "pro" in tier', 'frozenset() if "pro" in tier'),
    ("pixelbyte", 'reply.inside("data").text("jobId")', 'reply.text("jobId")'),
    ("pixelbyte", '("output", "url"), ', ""),
    ("pixelbyte", '{"Content-Type": image.media_type})', "{})"),
    ("pixelbyte", '"INSUFFICIENT_BALANCE": BalanceError', '"INSUFFICIENT_BALANCE": AuthError'),
    ("pixelbyte", 'post("/v1/uploads/presign", body, bills=False)', 'post("/v1/uploads/presign", body)'),
    ("pixelbyte", '"cancelled": RemoteState.CANCELLED', '"cancelled": RemoteState.FAILED'),
    ("apiinone", 'return None if code in ("200", "0") else code', "return None"),
    ("apiinone", '"duration": str(order.duration)', '"duration": order.duration'),
    ("apiinone", 'reply.inside("data").text("task_id")', 'reply.text("task_id")'),
    ("apiinone", '"IN_PROGRESS": RemoteState.RUNNING', '"IN_PROGRESS": RemoteState.DONE'),
    ("protocols/novita", '"end_image": order.last_image', '"last_image": order.last_image'),
    ("protocols/novita", '"enable_prompt_expansion"', '"prompt_optimizer"'),
    ("myrouter", '"NOT_ENOUGH_BALANCE": BalanceError', '"NOT_ENOUGH": BalanceError'),
    ("protocols/novita", 'Move.TRUCK_LEFT: "Pan Left"', 'Move.TRUCK_LEFT: "Truck Left"'),
    ("protocols/novita", '"image_url" if old else "image"', '"image"'),
    ("myrouter", 'base_url = "https://api.myrouter.ai"', 'base_url = "https://api.myrouter.com"'),
    ("protocols/novita", "poll_seconds = 5", "poll_seconds = 600"),
    (
        "minimax",
        'Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,))',
        'Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast")',
    ),
    ("pixelbyte", "prompt_limit=2500", "prompt_limit=5000"),
    ("apiinone", "local_images = False", "local_images = True"),
    ("tokensmind", '"first_frame_image": order.image', '"image": order.image'),
    ("tokensmind", 'reply.address("result_url")', 'reply.find("result_url")'),
    ("protocols/newapi", 'return None if code in ("200", "success") else code', "return None"),
    ("protocols/newapi", 'reason=reply.find("fail_reason")', "reason=None"),
    ("protocols/newapi", '"insufficient_user_quota": BalanceError,', ""),
    ("tokensmind", '"FAILURE": RemoteState.FAILED', '"FAILURE": RemoteState.RUNNING'),
    ("tokensmind", '"resolution": order.resolution', '"size": order.resolution'),
    (
        "minimax",
        'return V2 + (yield post("/v2/video_generation", _v2(order)))',
        'return (yield post("/v2/video_generation", _v2(order)))',
    ),
    ("minimax", '"ratio": order.unless_param("ratio", upstream.H3_RATIO) if order.mode is Mode.TEXT else None,', ""),
    ("minimax", '(order.last_image, "last_frame")', '(order.last_image, "first_frame")'),
    ("fal", 'f"Key {key}"', 'f"Bearer {key}"'),
    ("fal", "else str(duration)", "else duration"),
    ("fal", '("h3-" if h3 else "")', '""'),
    ("fal", "        if error:", "        if False:"),
    ("fal", "UNPROCESSABLE = 422", "UNPROCESSABLE = 999"),
    ("fal", "fal_webhook=order.webhook", "webhook=order.webhook"),
    ("replicate", 'send_file("/v1/files", image, "content")', 'send_file("/v1/files", image)'),
    ("replicate", "order.resolution.lower()", "order.resolution"),
    ("replicate", '"aborted": RemoteState.CANCELLED', '"aborted": RemoteState.RUNNING'),
    ("openrouter", 'index="0"', 'index="1"'),
    ("openrouter", '.replace("P", "p")', ""),
    ("openrouter", 'if reply.value("error", "metadata", "reasons")', "if reply.status == 999"),
    ("wavespeed", 'reply.texts("upload", "headers")', "{}"),
    ("wavespeed", '"last_image" if h3 else "end_image"', '"end_image"'),
    ("protocols/predictions", 'return None if code == "200" else code', "return None"),
    ("atlascloud", '"model": order.model.id,', ""),
    ("atlascloud", '"error": RemoteState.FAILED', '"error": RemoteState.RUNNING'),
    ("muapi", '"x-api-key"', '"Authorization"'),
    ("muapi", '"last_image_url" if h3 else "end_image_url"', '"end_image_url"'),
    ("novita", '"model_access_denied": Unsupported', '"model_access_denied": BalanceError'),
    ("ppio", "camera = upstream.CHINESE", "camera = upstream.ENGLISH"),
    ("kie", "uploads=True", "uploads=False"),
    ("kie", 'reply.unpacked("resultJson")', 'reply.inside("resultJson")'),
    ("kie", "else str(duration)", "else duration"),
    ("kie", '"501": JobFailed,', ""),
    ("kie", 'call.method == "GET" and self.fault_code(reply) == "422"', "False"),
)

SPEAKERS = {
    "protocols/novita": "myrouter or novita or ppio",
    "protocols/newapi": "tokensmind",
    "protocols/predictions": "wavespeed or atlascloud or muapi",
}
"""Whose conversations a shared protocol is."""


def notices(provider: str, old: str, new: str) -> bool:
    """Whether the suite turns red with one defect planted."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("hailuo_cli", "tests", "examples"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = copy / "hailuo_cli" / "providers" / f"{provider}.py"
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"{provider}: {old} stands {text.count(old)} times in the adapter; mend this list")
        file.write_text(text.replace(old, new), encoding="utf-8")
        only = [] if provider == "base" else ["-k", SPEAKERS.get(provider, provider)]
        suites = [
            "tests/test_conformance.py",
            "tests/test_relays.py::test_camera_moves_go_out_in_the_words_of_the_provider",
        ]
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", *only, *suites],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            check=False,
        )
        return ran.returncode == 1


def main() -> int:
    """Plant them all, one at a time; the number that stayed unnoticed."""
    missed = 0
    for provider, old, new in DEFECTS:
        seen = notices(provider, old, new)
        missed += not seen
        sys.stdout.write(f"{'noticed' if seen else 'MISSED '}  {provider}: {old}  →  {new or 'nothing'}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(DEFECTS) - missed} of {len(DEFECTS)} planted defects were noticed\n")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
