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
    ("pixazo", '"first_frame_image": job.image', '"image": job.image'),
    ("pixazo", '"duration": job.duration', '"duration": str(job.duration)'),
    ("pixazo", '"imageToVideo" if job.mode is Mode.IMAGE else "generate"', '"generate"'),
    ("pixazo", '"X-Webhook-URL"', '"X-Webhook"'),
    ("pixazo", '"COMPLETED": State.DONE', '"COMPLETED": State.RUNNING'),
    ("pixazo", '"ERROR": State.FAILED', '"ERROR": State.DONE'),
    ("pixazo", 'reason=reply.find("error")', "reason=None"),
    ("pixazo", 'reply.address("output", "media_url", 0)', 'reply.find("output", "media_url", 0)'),
    ("base", "if self.state is State.DONE else self", "if self.state is not State.QUEUED else self"),
    ("minimax", '"model": job.model.id', '"model": job.model.family'),
    ("minimax", '"last_frame_image": job.last_image', '"end_image": job.last_image'),
    ("minimax", '"callback_url": job.webhook', '"callback_url": None'),
    ("minimax", 'return None if code == "0" else code', "return None"),
    ("minimax", 'if self.state(reply.find("status") or "") is State.FAILED:', "if False:"),
    ("minimax", '"Fail": State.FAILED', '"Fail": State.RUNNING'),
    ("minimax", "file_id=file_id", 'file_id="1"'),
    ("minimax", 'get("/v1/query/video_generation", task_id=ticket)', 'get("/v1/query/video_generation/{t}", t=ticket)'),
    ("pixelbyte", "str(job.duration)", "job.duration"),
    ("pixelbyte", 'NO_DURATION if "pro" in tier', 'frozenset() if "pro" in tier'),
    ("pixelbyte", 'reply.inside("data").text("jobId")', 'reply.text("jobId")'),
    ("pixelbyte", '("output", "url"), ', ""),
    ("pixelbyte", '{"Content-Type": image.media_type})', "{})"),
    ("pixelbyte", '"INSUFFICIENT_BALANCE": BalanceError', '"INSUFFICIENT_BALANCE": AuthError'),
    ("pixelbyte", 'post("/v1/uploads/presign", body, bills=False)', 'post("/v1/uploads/presign", body)'),
    ("pixelbyte", '"cancelled": State.CANCELLED', '"cancelled": State.FAILED'),
    ("apiinone", 'return None if code in ("200", "0") else code', "return None"),
    ("apiinone", '"duration": str(job.duration)', '"duration": job.duration'),
    ("apiinone", 'reply.inside("data").text("task_id")', 'reply.text("task_id")'),
    ("apiinone", '"IN_PROGRESS": State.RUNNING', '"IN_PROGRESS": State.DONE'),
    ("myrouter", '"end_image": job.last_image', '"last_image": job.last_image'),
    ("myrouter", '"enable_prompt_expansion"', '"prompt_optimizer"'),
    ("myrouter", '"NOT_ENOUGH_BALANCE": BalanceError', '"NOT_ENOUGH": BalanceError'),
    ("myrouter", 'Move.TRUCK_LEFT: "Pan Left"', 'Move.TRUCK_LEFT: "Truck Left"'),
    ("myrouter", '"image_url" if old else "image"', '"image"'),
    ("myrouter", 'base_url = "https://api.myrouter.ai"', 'base_url = "https://api.myrouter.com"'),
    ("myrouter", "poll_seconds = 5", "poll_seconds = 600"),
    (
        "minimax",
        'Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast", modes=(Mode.IMAGE,))',
        'Model("MiniMax-Hailuo-2.3-Fast", family="hailuo-2.3-fast")',
    ),
    ("pixelbyte", "prompt_limit=2500", "prompt_limit=5000"),
    ("apiinone", "local_images = False", "local_images = True"),
    ("tokensmind", '"first_frame_image": job.image', '"image": job.image'),
    ("tokensmind", 'reply.address("result_url")', 'reply.find("result_url")'),
    ("tokensmind", 'return None if code in ("200", "success") else code', "return None"),
    ("tokensmind", 'reason=reply.find("fail_reason")', "reason=None"),
    ("tokensmind", '"insufficient_user_quota": BalanceError,', ""),
    ("tokensmind", '"FAILURE": State.FAILED', '"FAILURE": State.RUNNING'),
    ("tokensmind", '"resolution": job.resolution', '"size": job.resolution'),
)


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
        only = [] if provider == "base" else ["-k", provider]
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
