"""Official Python clients, pointed at the stand-ins: proof that these speak the providers' protocols.

HAILUO_TEST_SDKS=1 installs each into an environment of its own below the system's folder for temporary files, which is
kept; a client that can be imported anyway is used as it is. Without either, and where it cannot be had, a test is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import certified
from tests.support.standin import StandIn
from tests.wire import KEY, scripts

# as it was before a test has its own home: a package index may need a proxy or a file of settings
ENVIRONMENT = dict(os.environ)
WANTED = ENVIRONMENT.get("HAILUO_TEST_SDKS") == "1"
KEPT = Path(tempfile.gettempdir()) / f"hailuo-sdks-{sys.version_info.major}.{sys.version_info.minor}"

FAL = """
import fal_client
image = fal_client.encode_file(sys.argv[1])
model = "fal-ai/minimax/hailuo-2.3/standard/image-to-video"
job = fal_client.submit(model, {"prompt": "A storm", "duration": "6", "image_url": image})
seen = [type(status).__name__ for status in job.iter_events(interval=0.01)]
again = fal_client.result(model, job.request_id)
say(image=image, seen=seen, video=again["video"]["url"])
"""
FAL_H3 = """
import fal_client
model = "minimax/h3/text-to-video"
job = fal_client.submit(model, {"prompt": "A storm", "duration": 5, "resolution": "768P"})
seen = [type(fal_client.status(model, job.request_id)).__name__ for _ in range(3)]
say(seen=seen, video=job.get()["video"]["url"])
"""
FAL_FAILED = """
import fal_client
job = fal_client.submit("fal-ai/minimax/hailuo-2.3/standard/text-to-video", {"prompt": "A storm"})
try:
    job.get(interval=0.01)
except fal_client.FalClientHTTPError as error:
    say(status=error.status_code, message=error.message)
"""
REPLICATE = """
import replicate
client = replicate.Client(api_token=os.environ["KEY"], base_url=sys.argv[1])
image = client.files.create(sys.argv[2]).urls["get"]
job = client.predictions.create(
    model="minimax/hailuo-2.3", input={"prompt": "A storm", "first_frame_image": image, "duration": 6, "resolution": "768p"}
)
seen = [job.status]
while job.status not in ("succeeded", "failed", "canceled"):
    job.reload()
    seen.append(job.status)
say(uploaded=image, seen=seen, video=job.output)
"""
WAVESPEED = """
from wavespeed import Client
client = Client(api_key=os.environ["KEY"], base_url=sys.argv[1])
image = client.upload(sys.argv[2])
answer = client.run(
    "minimax/hailuo-2.3/i2v-standard", {"prompt": "A storm", "image": image, "duration": 6}, poll_interval=0.01
)
say(uploaded=image, video=answer["outputs"][0])
"""
WAVESPEED_FAILED = """
from wavespeed import Client
client = Client(api_key=os.environ["KEY"], base_url=sys.argv[1])
say(**client.run_no_throw("minimax/hailuo-2.3/t2v-standard", {"prompt": "A storm", "duration": 6}, poll_interval=0.01))
"""
OPENROUTER = """
from openrouter import OpenRouter
frame = {"type": "image_url", "image_url": {"url": "https://example.com/first.png"}, "frame_type": "first_frame"}
with OpenRouter(api_key=os.environ["KEY"], server_url=sys.argv[1] + "/api/v1") as client:
    job = client.video_generation.generate(
        model="minimax/hailuo-2.3", prompt="A storm", duration=6, resolution="768p", frame_images=[frame]
    )
    seen = [job.status]
    while job.status not in ("completed", "failed", "cancelled", "expired"):
        job = client.video_generation.get_generation(job_id=job.id)
        seen.append(job.status)
    content = client.video_generation.get_video_content(job_id=job.id, index=0)
    say(seen=seen, cost=job.usage.cost, content=content.read().hex())
"""


def client_of(package: str, module: str) -> str:
    """The interpreter that has a client."""
    if importlib.util.find_spec(module):
        return sys.executable
    if not WANTED:
        pytest.skip(f"{package} is not installed, and HAILUO_TEST_SDKS is not 1")
    folder = KEPT / package
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    for command in ([sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "-q", package]):
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            pytest.skip(f"{package} cannot be had: {done.stderr.strip().splitlines()[-1:]}")
    return str(python)


def drive(package: str, module: str, driver: str, *words: str, env: Mapping[str, str] | None = None) -> Any:
    """Run a few lines with a client in a process of its own; what they say."""
    start = "import json, os, sys\ndef say(**told):\n    print(json.dumps(told))\n"
    done = subprocess.run(
        [client_of(package, module), "-c", start + driver, *words],
        env={**os.environ, "KEY": KEY, "NO_PROXY": "*", **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def fal(server: StandIn, cert: Path, driver: str, *words: str) -> Any:
    env = {"FAL_KEY": KEY, "FAL_QUEUE_RUN_HOST": server.url.removeprefix("https://"), "SSL_CERT_FILE": str(cert)}
    return drive("fal-client", "fal_client", driver, *words, env=env)


def test_the_official_fal_client_submits_a_data_url_polls_and_gets_the_video(home: Path, frame: Path) -> None:
    # it knows https only
    context, cert = certified(home)
    with StandIn(scripts()["fal"], check_headers=False, tls=context) as server:
        told = fal(server, cert, FAL, str(frame))
        assert told["seen"] == ["Queued", "InProgress", "Completed"]
        assert told["video"] == server.video_url
        assert server.ordered[0].body["image_url"] == told["image"]
        assert not server.complaints


def test_the_official_fal_client_finds_a_job_of_minimax_h3_where_the_stand_in_has_it(home: Path) -> None:
    context, cert = certified(home)
    with StandIn(scripts()["fal_h3"], check_headers=False, tls=context) as server:
        told = fal(server, cert, FAL_H3)
        assert told == {"seen": ["Queued", "InProgress", "Completed"], "video": server.video_url}
        assert not server.complaints


def test_the_official_fal_client_takes_a_completed_job_with_an_error_for_a_failure(home: Path) -> None:
    context, cert = certified(home)
    script = scripts()["fal"]
    failed = next(look for look in script.looks if look.turns[-1].status == 422)
    with StandIn(script, course=(failed,), check_headers=False, tls=context) as server:
        told = fal(server, cert, FAL_FAILED)
        assert told["status"] == 422
        assert told["message"][0]["msg"] == failed.reason
        assert not server.complaints


def test_the_official_replicate_client_uploads_submits_polls_and_gets_the_video(frame: Path) -> None:
    with StandIn(scripts()["replicate"], check_headers=False) as server:
        told = drive("replicate", "replicate", REPLICATE, server.url, str(frame))
        assert told["seen"] == ["starting", "starting", "processing", "succeeded"]
        assert told["video"] == server.video_url
        assert server.ordered[0].body["input"]["first_frame_image"] == told["uploaded"]
        assert not server.complaints


def test_the_official_wavespeed_client_uploads_submits_polls_and_gets_the_video(frame: Path) -> None:
    with StandIn(scripts()["wavespeed"], check_headers=False) as server:
        told = drive("wavespeed", "wavespeed", WAVESPEED, server.url, str(frame))
        assert told["video"] == server.video_url
        assert server.ordered[0].body["image"] == told["uploaded"]
        assert [asked.body for asked in server.fetched] == [frame.read_bytes()]
        assert not server.complaints


def test_the_official_wavespeed_client_takes_a_failed_task_for_a_failure() -> None:
    script = scripts()["wavespeed"]
    failed = next(look for look in script.looks if look.word == "failed")
    with StandIn(script, course=(failed,), check_headers=False) as server:
        told = drive("wavespeed", "wavespeed", WAVESPEED_FAILED, server.url)
        assert told["status"] == "failed"
        assert str(failed.reason) in told["error"]
        assert not server.complaints


def test_the_official_openrouter_client_submits_polls_and_fetches_the_video_with_the_key() -> None:
    with StandIn(scripts()["openrouter"], check_headers=False) as server:
        told = drive("openrouter", "openrouter", OPENROUTER, server.url)
        assert told["seen"] == ["pending", "pending", "in_progress", "completed"]
        assert told["cost"] > 0
        assert bytes.fromhex(told["content"]) == server.video
        assert not server.complaints
