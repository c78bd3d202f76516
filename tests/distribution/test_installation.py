"""What adds an extra to a copy, for each way in which a copy comes to a machine."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.distribution import installation
from hailuo_cli.distribution.installation import Copy, install_command, missing_extra, running

CLONE = {"url": "file:///src/hailuo", "dir_info": {}}
EDITED = {"url": "file:///src/hailuo", "dir_info": {"editable": True}}
WHEEL = {"url": "file:///dl/hailuo-0.1.0-py3-none-any.whl", "archive_info": {}}
COMMIT = {
    "url": "https://git.example/hailuo",
    "vcs_info": {"vcs": "git", "commit_id": "ab12", "requested_revision": ""},
}
TAG = {"url": "https://git.example/hailuo", "vcs_info": {"vcs": "git", "commit_id": "ab12", "requested_revision": "v1"}}
PY = "/env/bin/python"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the words are quoted for a POSIX shell")


@pytest.mark.parametrize(
    ("copy", "command"),
    [
        (Copy(Path("/env"), PY, installer="pip"), f"{PY} -m pip install 'hailuo[sandbox]'"),
        (Copy(Path("/env"), PY, installer="pip", origin=CLONE), f"{PY} -m pip install '/src/hailuo[sandbox]'"),
        (Copy(Path("/env"), PY, installer="pip", origin=EDITED), f"{PY} -m pip install -e '/src/hailuo[sandbox]'"),
        (
            Copy(Path("/env"), PY, installer="pip", origin=WHEEL),
            f"{PY} -m pip install 'hailuo[sandbox] @ file:///dl/hailuo-0.1.0-py3-none-any.whl'",
        ),
        (
            Copy(Path("/env"), PY, installer="pip", origin=COMMIT),
            f"{PY} -m pip install 'hailuo[sandbox] @ git+https://git.example/hailuo@ab12'",
        ),
        (
            Copy(Path("/env"), PY, installer="pip", origin=TAG),
            f"{PY} -m pip install 'hailuo[sandbox] @ git+https://git.example/hailuo@v1'",
        ),
        (Copy(Path("/env"), "/my env/python"), "'/my env/python' -m pip install 'hailuo[sandbox]'"),
        (
            Copy(Path("/env"), PY, installer="uv", has_pip=False),
            f"uv pip install --python {PY} 'hailuo[sandbox]'",
        ),
        (
            Copy(Path("/usr"), "/usr/bin/python3", is_isolated=False),
            "/usr/bin/python3 -m pip install 'hailuo[sandbox]'",
        ),
        (
            Copy(Path("/usr"), "/usr/bin/python3", is_isolated=False, is_externally_managed=True),
            "pipx install 'hailuo[sandbox]'",
        ),
        # an environment made from such a Python is nobody's but its owner's
        (Copy(Path("/env"), PY, is_externally_managed=True), f"{PY} -m pip install 'hailuo[sandbox]'"),
        (
            Copy(Path("/opt/homebrew/Cellar/hailuo/0.1.0/libexec"), PY, installer="pip", origin=CLONE),
            "pipx install 'hailuo[sandbox]'",
        ),
        (
            Copy(Path("/home/me/.cache/uv/archive-v0/zCMe5gpv"), PY, installer="uv", origin=CLONE, has_pip=False),
            "uvx --from '/src/hailuo[sandbox]' hailuo",
        ),
    ],
)
def test_the_command_fits_the_way_in_which_the_copy_was_installed(copy: Copy, command: str) -> None:
    assert install_command("sandbox", copy) == command


@pytest.mark.parametrize(
    ("folder", "package", "origin", "command"),
    [
        ("venvs", {"package_or_url": "hailuo"}, {}, "pipx install --force 'hailuo[fleet]'"),
        ("venvs", {"package_or_url": "hailuo[sandbox,mcp]"}, {}, "pipx install --force 'hailuo[fleet,mcp,sandbox]'"),
        (
            "venvs",
            {"package_or_url": "/src/hailuo[sandbox]", "suffix": "-next"},
            EDITED,
            "pipx install --force --suffix=-next --editable '/src/hailuo[fleet,sandbox]'",
        ),
        ("ebf3bf9a7bf", {"package_or_url": "hailuo"}, CLONE, "pipx run --spec '/src/hailuo[fleet]' hailuo"),
    ],
)
def test_pipx_is_told_again_what_it_was_told(
    folder: str, package: dict[str, str], origin: dict[str, Any], command: str, tmp_path: Path
) -> None:
    prefix = tmp_path / folder / "hailuo"
    prefix.mkdir(parents=True)
    (prefix / "pipx_metadata.json").write_text(json.dumps({"main_package": package}))
    assert install_command("fleet", Copy(prefix, PY, installer="pip", origin=origin)) == command


@pytest.mark.parametrize(
    ("requirement", "origin", "command"),
    [
        ('{ name = "hailuo" }', {}, "uv tool install --force 'hailuo[fleet]'"),
        (
            '{ name = "hailuo", extras = ["sandbox"], directory = "/src/hailuo" }',
            CLONE,
            "uv tool install --force '/src/hailuo[fleet,sandbox]'",
        ),
        (
            '{ name = "hailuo", editable = "/src/hailuo" }',
            EDITED,
            "uv tool install --force --editable '/src/hailuo[fleet]'",
        ),
    ],
)
def test_uv_is_told_again_what_it_was_told(
    requirement: str, origin: dict[str, Any], command: str, tmp_path: Path
) -> None:
    (tmp_path / "uv-receipt.toml").write_text(f'[tool]\nrequirements = [{{ name = "other" }}, {requirement}]\n')
    assert install_command("fleet", Copy(tmp_path, PY, installer="uv", origin=origin, has_pip=False)) == command


def test_the_environment_of_uv_run_is_added_to_by_uv(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    origin = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    copy = Copy(tmp_path / ".venv", PY, installer="uv", origin=origin, has_pip=False)
    assert install_command("sandbox", copy) == f"uv sync --inexact --extra sandbox --project {tmp_path}"


@pytest.mark.parametrize("note", ["", "[1]", "{", '{"main_package": {}}'])
def test_a_note_that_says_nothing_still_gives_a_command(note: str, tmp_path: Path) -> None:
    for name in ("pipx_metadata.json", "uv-receipt.toml"):
        (tmp_path / name).write_text(note)
    assert "hailuo[sandbox]" in install_command("sandbox", Copy(tmp_path, PY))


def test_the_running_copy_is_described_by_its_own_metadata() -> None:
    copy = running()
    assert copy.prefix == Path(sys.prefix)
    assert copy.python == sys.executable
    assert "sandbox" in install_command("sandbox")


def test_a_source_tree_that_was_never_installed_counts_as_one_for_editing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "NAME", "a-name-nobody-installed")
    root = Path(__file__).parents[2]
    assert running().origin == {"url": root.as_uri(), "dir_info": {"editable": True}}


def test_a_missing_extra_says_what_needs_it_and_what_adds_it() -> None:
    error = missing_extra("sandbox", "the sandbox needs its extra")
    assert (error.exit, str(error), error.hint) == (2, "the sandbox needs its extra", install_command("sandbox"))


def test_every_extra_that_a_hint_names_is_one_of_the_project() -> None:
    root = Path(__file__).parents[2]
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    sources = "".join(path.read_text(encoding="utf-8") for path in (root / "hailuo_cli").rglob("*.py"))
    named = set(re.findall(r'(?:missing_extra|install_command)\(\s*"([a-z]+)"', sources))
    assert named
    assert named <= set(extras)
