"""Every example of docs/python.md, run against the sandbox; and what importing the client costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import SMALL_CLIPS

ROOT = Path(__file__).parent.parent
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("code", EXAMPLES, ids=lambda code: re.sub(r"\W+", "-", code)[30:70])
def test_an_example_of_the_python_page_runs(code: str, tmp_path: Path) -> None:
    quick = f"{SMALL_CLIPS}\n" + code.replace('provider="sandbox"', 'provider="sandbox", param={"seconds": 0}')
    env = {**os.environ, "HAILUO_DATA_DIR": str(tmp_path / "data"), "HAILUO_CONFIG": "", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", quick],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the client writes to no stream"


def test_the_client_imports_neither_the_terminal_nor_the_network() -> None:
    code = "import sys; from hailuo_cli import Client, errors; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"typer", "rich", "httpx", "httpcore", "PIL", "click"}
