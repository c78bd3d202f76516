"""The GitHub Action, run as a runner runs it: what it orders, keeps, says and hides, also when it is cancelled."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.canary import KEY
from tests.support.runner import GitHub, Runner
from tests.support.standin import small_video

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / ".github" / "action"
BATCH = """
name = "spring"
output = "out/{name}.mp4"
[defaults]
provider = "pixazo"
[[clip]]
id = "boat"
prompt = "A boat"
[[clip]]
id = "lighthouse"
prompt = "A lighthouse"
"""

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="its scripts are played with POSIX signals"),
]
needs_batch = pytest.mark.skipif(
    importlib.util.find_spec("hailuo_cli.batch") is None, reason="this copy has no hailuo batch"
)


class Seller:
    """A provider on a loopback port that counts orders; videos are ready once `finished` is set."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.looks = 0
        self.finished = threading.Event()
        self.fails: set[str] = set()
        seller = self
        video = small_video()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                seller.orders.append(body["prompt"])
                self._answer({"request_id": f"job-{len(seller.orders)}"})

            def do_GET(self) -> None:
                if self.path.endswith(".mp4"):
                    self._answer(video)
                    return
                seller.looks += 1
                ticket = self.path.rpartition("/")[2]
                prompt = seller.orders[int(ticket.removeprefix("job-")) - 1]
                state = "PROCESSING" if not seller.finished.is_set() else "COMPLETED"
                if prompt in seller.fails and state == "COMPLETED":
                    state = "FAILED"
                found: dict[str, Any] = {"request_id": ticket, "status": state}
                if state == "COMPLETED":
                    found["output"] = {"media_url": [f"{seller.url}/{ticket}.mp4"]}
                self._answer(found)

            def _answer(self, reply: Any) -> None:
                content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("Content-Type", "video/mp4" if isinstance(reply, bytes) else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def seller() -> Iterator[Seller]:
    """A provider that counts."""
    counting = Seller()
    yield counting
    counting.close()


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    """Caches and artifacts that outlive a run."""
    (tmp_path / "github").mkdir()
    return GitHub(tmp_path / "github")


def machine(tmp_path: Path, github: GitHub, seller: Seller | None, number: int, batch: str = BATCH) -> Runner:
    """A new machine with a clone of the repository that has the batch file, and nothing else."""
    place = tmp_path / f"machine-{number}"
    workspace = place / "films"
    workspace.mkdir(parents=True)
    (workspace / "spring.toml").write_text(batch, encoding="utf-8")
    program = place / "hailuo"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hailuo_cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HAILUO_", "GITHUB_"))}
    if seller:
        config = place / "config.toml"
        config.write_text(f'[profiles.test.providers.pixazo]\nbase_url = "{seller.url}"\n', encoding="utf-8")
        config.chmod(0o600)
        environ |= {"HAILUO_CONFIG": str(config), "HAILUO_PROFILE": "test", "PIXAZO_API_KEY": KEY}
    installed = {"install": {"python": sys.executable, "hailuo": str(program)}}
    return Runner(ROOT, github, workspace, place / "temp", environ, str(number), installed)


@needs_batch
def test_a_cancelled_run_is_gone_on_with_by_the_next_machine_and_orders_nothing_twice(
    tmp_path: Path, github: GitHub, seller: Seller
) -> None:
    first = machine(tmp_path, github, seller, 1)
    cancelled = first.run({"manifest": "spring.toml"}, cancel_when=lambda: len(seller.orders) == 2 and seller.looks > 1)
    assert cancelled.conclusion == "cancelled"
    assert sorted(seller.orders) == ["A boat", "A lighthouse"]
    assert cancelled.outputs["saved"] == "0"
    assert cancelled.outputs["spent"] == "0.70"
    assert list(github.caches) == ["hailuo-spring-1-1"]
    assert "hailuo-spring" in github.artifacts

    seller.finished.set()
    second = machine(tmp_path, github, seller, 2)
    ended = second.run({"manifest": "spring.toml"})
    assert (ended.conclusion, ended.code) == ("success", 0), ended.log
    assert len(seller.orders) == 2
    assert (ended.outputs["saved"], ended.outputs["failed"], ended.outputs["unconfirmed"]) == ("2", "0", "0")
    assert float(ended.outputs["spent"]) == 0
    found = {
        path.relative_to(github.artifacts["hailuo-spring"]).as_posix()
        for path in github.artifacts["hailuo-spring"].rglob("*.*")
    }
    assert found == {"hailuo-report.html", "out/boat.mp4", "out/lighthouse.mp4"}
    assert "boat" in ended.summary


@needs_batch
def test_a_record_alone_is_enough_for_the_next_machine(tmp_path: Path, github: GitHub, seller: Seller) -> None:
    inputs = {"manifest": "spring.toml", "keep": "none", "record": "spring.jsonl"}
    first = machine(tmp_path, github, seller, 1)
    first.run(inputs, cancel_when=lambda: len(seller.orders) == 2 and seller.looks > 1)
    assert not github.caches
    seller.finished.set()
    second = machine(tmp_path, github, seller, 2)
    (second.workspace / "spring.jsonl").write_bytes((first.workspace / "spring.jsonl").read_bytes())
    ended = second.run(inputs)
    assert ended.conclusion == "success", ended.log
    assert len(seller.orders) == 2
    assert ended.outputs["saved"] == "2"


@needs_batch
def test_a_failed_row_fails_the_job_after_everything_was_kept(tmp_path: Path, github: GitHub, seller: Seller) -> None:
    seller.finished.set()
    seller.fails.add("A boat")
    ended = machine(tmp_path, github, seller, 1).run({"manifest": "spring.toml"})
    assert (ended.conclusion, ended.code) == ("failure", 8), ended.log
    assert (ended.outputs["saved"], ended.outputs["failed"]) == ("1", "1")
    assert list(github.caches) == ["hailuo-spring-1-1"]
    assert "::error" in ended.log


@needs_batch
@pytest.mark.parametrize(("event", "key"), [("pull_request", True), ("pull_request_target", True), ("push", False)])
def test_a_pull_request_and_a_run_without_a_key_only_plan(
    event: str, key: bool, tmp_path: Path, github: GitHub, seller: Seller
) -> None:
    runner = machine(tmp_path, github, seller if key else None, 1)
    ended = runner.run({"manifest": "spring.toml"}, event)
    assert (ended.conclusion, ended.outputs["mode"]) == ("success", "plan"), ended.log
    assert not seller.orders
    assert not github.caches
    assert not github.artifacts
    assert ended.summary == Path(ended.outputs["summary"]).read_text(encoding="utf-8")
    assert "2 orders, 0.70 USD" in ended.summary


@needs_batch
def test_a_budget_that_is_too_small_orders_nothing(tmp_path: Path, github: GitHub, seller: Seller) -> None:
    ended = machine(tmp_path, github, seller, 1).run({"manifest": "spring.toml", "budget": "0.50"})
    assert (ended.conclusion, ended.code) == ("failure", 4)
    assert not seller.orders


@needs_batch
def test_bad_rows_are_in_the_summary_of_a_plan(tmp_path: Path, github: GitHub, seller: Seller) -> None:
    runner = machine(tmp_path, github, seller, 1, BATCH.replace('"A boat"', '"A boat"\nduration = 7'))
    ended = runner.run({"manifest": "spring.toml", "mode": "plan"})
    assert (ended.conclusion, ended.code) == ("failure", 2)
    assert "| `boat` |" in ended.summary


def test_every_key_is_masked_before_anything_else_is_said(tmp_path: Path, github: GitHub) -> None:
    runner = machine(tmp_path, github, None, 1)
    runner.environ = {**runner.environ, "FAL_KEY": "one-secret", "MINIMAX_API_KEY": "two\nlines"}
    ended = runner.run({"manifest": "spring.toml", "mode": "plan"})
    assert ended.masks == {"one-secret", "two", "lines"}
    assert "one-secret" not in ended.log


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("manifest", "other.toml"),
        ("mode", "go"),
        ("keep", "everything"),
        ("videos", "yes"),
        ("shard", "1"),
        ("shard", "$(id)"),
    ],
)
def test_an_input_that_means_nothing_is_refused_before_anything_is_done(
    name: str, value: str, tmp_path: Path, github: GitHub
) -> None:
    ended = machine(tmp_path, github, None, 1).run({"manifest": "spring.toml", name: value})
    assert (ended.conclusion, ended.code) == ("failure", 2)
    assert f"::error::{name}: " in ended.log
    assert not ended.outputs["report"]


@pytest.mark.parametrize("value", ["$(touch hole)", "`touch hole`", "; touch hole", "a\nmode=run", "--help"])
def test_what_is_in_an_input_is_never_run_nor_written_as_another_output(
    value: str, tmp_path: Path, github: GitHub
) -> None:
    runner = machine(tmp_path, github, None, 1)
    ended = runner.run({"manifest": "spring.toml", "mode": "plan", "name": value, "provider": value, "budget": value})
    assert ended.outputs["mode"] == "plan"
    assert not list(tmp_path.rglob("hole"))


def fake_gh(folder: Path, artifacts: list[dict[str, Any]], archive: bytes) -> dict[str, str]:
    """A `gh` that lists these artifacts, by its own jq filter, and hands out one archive."""
    (folder / "bin").mkdir()
    (folder / "artifacts.json").write_text(json.dumps({"artifacts": artifacts}))
    (folder / "archive.zip").write_bytes(archive)
    program = folder / "bin" / "gh"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in\n*/zip) cat "{folder}/archive.zip" ;;\n'
        f'*) for filter; do :; done; jq -r "$filter" "{folder}/artifacts.json" ;;\nesac\n'
    )
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq")
def test_a_record_of_a_fork_is_not_believed(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("record.jsonl", "{}\n")
    ours = {"head_repository_id": 1, "repository_id": 1}
    theirs = {"head_repository_id": 2, "repository_id": 1}
    artifacts = [
        {"id": 7, "expired": False, "created_at": "2026-01-01", "workflow_run": ours},
        {"id": 8, "expired": False, "created_at": "2026-01-02", "workflow_run": ours},
        {"id": 9, "expired": True, "created_at": "2026-01-03", "workflow_run": ours},
        {"id": 10, "expired": False, "created_at": "2026-01-04", "workflow_run": theirs},
    ]
    kept = tmp_path / "temp" / "hailuo" / "kept"
    kept.mkdir(parents=True)
    environ = fake_gh(tmp_path, artifacts, archive.getvalue()) | {
        "PYTHON": sys.executable,
        "ARTIFACT": "hailuo-record-spring",
        "KEPT": str(kept),
        "GITHUB_REPOSITORY": "me/films",
        "RUNNER_TEMP": str(tmp_path / "temp"),
    }
    script = [str(shutil.which("bash")), str(SCRIPTS / "restore.sh")]
    done = subprocess.run(script, env=environ, capture_output=True, text=True, check=True)
    assert "record of artifact 8" in done.stdout
    assert (kept / "record.jsonl").read_text() == "{}\n"
    (tmp_path / "artifacts.json").write_text('{"artifacts": []}')
    assert "no record" in subprocess.run(script, env=environ, capture_output=True, text=True, check=True).stdout


def test_the_action_is_pinned_and_no_input_is_text_in_a_script() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert re.findall(r"uses: (?!\S+@[0-9a-f]{40} # v)", text) == []
    assert [
        line
        for line in re.findall(r"^ +run: (.*)", text, re.MULTILINE)
        if "${{" in line or not line.startswith("exec bash")
    ] == []
    for script in SCRIPTS.glob("*.sh"):
        assert "${{" not in script.read_text(encoding="utf-8")
        assert not script.stat().st_mode & stat.S_IXUSR, "they are read by bash, whose name the runner knows"
