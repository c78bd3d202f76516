"""Plants one defect after the other in a copy of the adapters and asks whether the conformance suite notices.

Run by hand: python -m tests.plant_defects. A defect that stays green is a hole in the suite; exit code 1 says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
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
    ("pixazo", 'unbilled_ends = frozenset({"error"})', 'unbilled_ends = frozenset({"error", "failed"})'),
    ("pixazo", '(("error",), ("message",), ("request_id",))', '(("request_id",),)'),
    ("pixazo", 'reply.address("output", "media_url", 0)', 'reply.find("output", "media_url", 0)'),
    ("values", "if self.state is RemoteState.DONE else self", "if self.state is not RemoteState.QUEUED else self"),
    ("base", "error.is_foreign = not own", "pass"),
    ("base", "if own and {*said", "if {*said"),
    ("base", "and not said & self.doubtful", ""),
    ("base", 'reply.value("success") is False', "False"),
    ("base", "text.casefold() not in SUCCESS", "text"),
    ("base", '        ("failMsg",),\n', ""),
    ("base", "if_repeated=ended", "if_repeated=None"),
    ("base", "end = plain_end(word)", "end = RemoteState.FAILED"),
    ("base", "unbilled=bool(ends & self.unbilled_ends)", "unbilled=False"),
    ("base", "return numbers + [", "return numbers or []\n        return ["),
    ("base", "return numbers + [", "return ["),
    (
        "base",
        "if self._kind_of(code) is ContentRefused), next(iter(known), None))",
        "if False), next(iter(known), None))",
    ),
    ("base", "if shape in model.variants)", ")"),
    ("answers", '_NOT_YET = re.compile("ing$|request|pending|retry")', '_NOT_YET = re.compile("never")'),
    ("answers", "|失败|失敗", "|失敗"),
    ("answers", "404: InvalidRequest if call.method", "404: JobGone if call.method"),
    ("answers", 'SUCCESS = frozenset({"0", "200", "ok", "success"})', 'SUCCESS = frozenset({"200", "success"})'),
    ("prices", "Decimal(second or 0) * seconds", "Decimal(second or 0)"),
    ("prices", "name.endswith", "not name.endswith"),
    ("prices", '"minimax-hailuo-2.3-fast-i2v"', '"minimax-hailuo-2.4-fast-i2v"'),
    ("prices", "usd = amount * self.rate.usd if self.rate else amount", "usd = amount"),
    ("../wire", " and not _DOTS.search(text)", ""),
    ("../wire", "if _DOTS.search(values[name]) or not values[name]:", "if not values[name]:"),
    ("../wire", "found.is_finite() and found > 0", "found.is_finite()"),
    ("minimax", '"model": order.model.id,\n            "prompt"', '"model": order.model.family,\n            "prompt"'),
    ("minimax", '"last_frame_image": order.last_image', '"end_image": order.last_image'),
    ("minimax", '            "callback_url": order.webhook', '            "callback_url": None'),
    ("minimax", "success_codes = SUCCESS", "success_codes = frozenset()"),
    ("minimax", "and not (failed and reply.status < 300)", ""),
    ("minimax", '("base_resp", "status_code"), ', ""),
    ("minimax", '("error", "type"))', ")"),
    ("upstream", '"1039", ', ""),
    ("upstream", '"2056"', '"2057"'),
    ("upstream", '"1042", ', ""),
    ("upstream", '"1013", "1024", "1033"), ServerTrouble', '"1024", "1033"), ServerTrouble'),
    ("upstream", 'MODERATION = frozenset({"1026", "1027", ', "MODERATION = frozenset({"),
    ("upstream", '"output new_sensitive"', '"output sensitive"'),
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
    ("apiinone", "success_codes = SUCCESS", "success_codes = frozenset()"),
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
    ("protocols/newapi", ', ("data", "base_resp", "status_code")', ""),
    ("protocols/newapi", 'not_taken = frozenset({"model_not_found"})', "not_taken = frozenset()"),
    ("protocols/newapi", "doubtful = upstream.RETRY_LATER", "doubtful = frozenset()"),
    ("protocols/newapi", '"/v1/dashboard/billing/usage"', '"/v1/dashboard/usage"'),
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
    ("fal", 'if status.find("error"):', "if False:"),
    ("fal", "and self.is_own(reply)", ""),
    ("fal", "unbilled_ends = SERVER_ERRORS", "unbilled_ends = frozenset()"),
    ("fal", '"runner_disconnected"', '"runner_lost"'),
    ("fal", '"{path}/cancel"', '"{path}/stop"'),
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
    ("protocols/predictions", "success_codes = SUCCESS", "success_codes = frozenset()"),
    ("atlascloud", '"model": order.model.id,', ""),
    ("atlascloud", '"error": RemoteState.FAILED', '"error": RemoteState.RUNNING'),
    ("muapi", '"x-api-key"', '"Authorization"'),
    ("muapi", '"last_image_url" if h3 else "end_image_url"', '"end_image_url"'),
    ("novita", '"model_access_denied": Unsupported', '"model_access_denied": BalanceError'),
    ("ppio", "camera = camera_words.CHINESE", "camera = camera_words.ENGLISH"),
    ("kie", "uploads=True", "uploads=False"),
    ("kie", 'reply.unpacked("resultJson")', 'reply.inside("resultJson")'),
    ("kie", "else str(duration)", "else duration"),
    ("kie", '"501": JobFailed,', ""),
    ("kie", 'call.method == "GET" and "422" in self.codes(reply)', "False"),
    ("kie", "/api/v1/chat/credit", "/api/v1/credit"),
    ("pixelbyte", 'get("/v1/jobs", limit="100")', 'get("/v1/job", limit="100")'),
    ("pixelbyte", ".extended(order.params)", ""),
    ("pixelbyte", "amount / 1_000_000", "amount / 100_000"),
    ("pixelbyte", '"/v1/jobs/{jobId}/cancel"', '"/v1/jobs/{jobId}"'),
    ("pixelbyte", 'unbilled_ends = frozenset({"failed", "cancelled"})', 'unbilled_ends = frozenset({"failed"})'),
    ("replicate", 'get("/v1/predictions"))', 'get("/v1/models"))'),
    ("replicate", ', row.find("input", "prompt")', ""),
    ("replicate", '"E005": ContentRefused, ', ""),
    ("openrouter", 'not_taken = frozenset({"503"})', 'not_taken = frozenset({"502"})'),
    ("protocols/novita", '"BILLING_AUTH_FAILED", ', ""),
    ("wavespeed", '"/api/v3/model/pricing"', '"/api/v3/model/prices"'),
    ("wavespeed", 'if reply.find("currency") == "USD" else None', ""),
    ("wavespeed", '"1405": JobFailed,', ""),
    ("atlascloud", '"/api/v1/model/calculate"', '"/api/v1/model/price"'),
    ("atlascloud", 'unbilled_ends = frozenset({"failed"})', "unbilled_ends = frozenset()"),
    ("muapi", "/api/v1/account/balance", "/api/v1/balance"),
)

SPEAKERS = {
    "protocols/novita": "myrouter or novita or ppio",
    "protocols/newapi": "tokensmind",
    "protocols/predictions": "wavespeed or atlascloud or muapi",
    "upstream": "minimax or tokensmind or kie",
    "base": "minimax or fal or tokensmind or pixelbyte or kie or openrouter or price",
    "values": "minimax or fal",
    "prices": "price",
    "answers": "minimax or apiinone or tokensmind",
    "../wire": "fal or pixelbyte or replicate",
}
"""Whose conversations a shared protocol is."""


def notices(provider: str, old: str, new: str) -> bool:
    """Whether the suite turns red with one defect planted."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("hailuo_cli", "tests", "examples"):
            shutil.copytree(ROOT / name, copy / name)  # with what is compiled: only the defect is compiled anew
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = copy / "hailuo_cli" / "providers" / f"{provider}.py"
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"{provider}: {old} stands {text.count(old)} times in the adapter; mend this list")
        file.write_text(text.replace(old, new), encoding="utf-8")
        only = ["-k", SPEAKERS.get(provider, provider)]
        suites = [
            "tests/providers/test_conformance.py",
            "tests/providers/test_relays.py::test_camera_moves_go_out_in_the_words_of_the_provider",
        ]
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:randomly", *only, *suites],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            check=False,
        )
        return ran.returncode == 1


def main() -> int:
    """Plant them all, each in a copy of its own; 1 where one stayed unnoticed."""
    missed = 0
    with ThreadPoolExecutor(os.cpu_count()) as crew:
        for (provider, old, new), seen in zip(DEFECTS, crew.map(notices, *zip(*DEFECTS, strict=True)), strict=True):
            missed += not seen
            sys.stdout.write(f"{'noticed' if seen else 'MISSED '}  {provider}: {old}  →  {new or 'nothing'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(DEFECTS) - missed} of {len(DEFECTS)} planted defects were noticed\n")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
