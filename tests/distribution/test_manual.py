"""The manual pages say what the commands take, and render."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "man" / "man1").glob("*.1"))


@pytest.fixture(scope="module")
def writer() -> Any:
    """The script that writes them."""
    sys.path.insert(0, str(ROOT / "man"))
    try:
        import write_pages
    finally:
        sys.path.pop(0)
    return write_pages


def test_the_pages_are_not_stale(writer: Any) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in PAGES}
    assert written == writer.pages(), "run python man/write_pages.py"


def test_every_option_of_a_command_is_on_its_page(writer: Any) -> None:
    import typer

    from hailuo_cli.cli.app import app

    pages = {path.name: path.read_text(encoding="utf-8").replace("\\-", "-") for path in PAGES}
    root: Any = typer.main.get_command(app)
    for path, command in writer.commands(("hailuo",), root):
        for param in command.params:
            for name in param.opts if param.param_type_name == "option" else ():
                assert name in pages[f"{'-'.join(path)}.1"]


@pytest.mark.parametrize(
    ("text", "printed"),
    [("-q", "\\-q"), (".hidden", "\\&.hidden"), ("a\\b", "a\\eb"), ("it's `x`", "it\\(aqs \\(gax\\(ga")],
)
def test_text_is_printed_as_it_is(writer: Any, text: str, printed: str) -> None:
    assert writer.roff(text) == printed


@pytest.mark.skipif(not (shutil.which("man") and shutil.which("groff")), reason="no man or no groff")
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_renders_without_a_warning(path: Path) -> None:
    shown = subprocess.run(
        [str(shutil.which("man")), "--warnings", "-l", str(path)],
        env={"MANWIDTH": "100", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MAN_DISABLE_SECCOMP": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stderr == ""
    assert path.stem.upper() in shown.stdout
    assert "SYNOPSIS" in shown.stdout
