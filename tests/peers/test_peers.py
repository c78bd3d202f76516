"""Clients that nobody here wrote, pointed at the stand-ins: proof that these speak the provider's protocol.

npm install -g mmx-cli, then run this file; without the client it is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.standin import StandIn
from tests.wire import KEY, scripts

MMX = shutil.which("mmx")


def mmx(server: StandIn, home: Path, *words: str) -> Any:
    """Run MiniMax's own command-line client against a stand-in; its answer as JSON."""
    done = subprocess.run(
        [str(MMX), *words, "--base-url", server.url, "--api-key", KEY, "--output", "json", "--non-interactive"],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(home), "MINIMAX_REGION": "global"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(MMX is None, reason="mmx-cli is not installed")
def test_the_official_minimax_client_submits_to_the_stand_in_and_reads_the_status(home: Path, frame: Path) -> None:
    with StandIn(scripts()["minimax"], check_headers=False) as server:
        prompt = ["video", "generate", "--prompt", "A man picks up a book", "--async"]
        assert mmx(server, home, *prompt)["taskId"]
        ticket = mmx(server, home, *prompt, "--image", str(frame))["taskId"]
        seen = [mmx(server, home, "video", "task", "get", "--task-id", ticket)["status"] for _ in range(3)]
        assert seen == ["Preparing", "Processing", "Success"]
        assert len(server.ordered) == 2
        assert not server.complaints
