"""`hailuo setup`: answers become a config, all at the end or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hailuo_cli.config.profiles import load
from tests.support.canary import KEY
from tests.support.command import hailuo

if sys.platform == "win32":
    pytest.skip("a terminal of its own is POSIX", allow_module_level=True)

from tests.support.pty_shell import Typing


def begun() -> Typing:
    typing = Typing([sys.executable, "-m", "hailuo_cli", "setup"], {**os.environ, "TERM": "dumb"})
    typing.until("only the sandbox): ")
    return typing


def test_without_a_terminal_it_says_what_to_do_instead(home: Path) -> None:
    ran = hailuo("setup")
    assert ran.code == 2
    assert "hailuo config set-key PROVIDER < KEYFILE" in ran.err
    assert not (home / "config").exists()


def test_the_answers_are_written_at_the_end_and_the_key_is_not_shown(home: Path) -> None:
    path = home / "config" / "hailuo" / "config.toml"
    with begun() as typing:
        typing.type("pixaso\r")
        typing.until('did you mean "pixazo"?')
        typing.until("only the sandbox): ")
        typing.type("pixazo\r")
        typing.until("(it is not shown): ")
        typing.type(f"{KEY}\r")
        typing.until("where --provider is not given? [y/N] ")
        assert not path.exists()
        typing.type("y\r")
        typing.until(f"written to {path}")
        typing.until("bills nothing [y/N] ")
        typing.type("n\r")
        typing.until("stays on this machine [y/N] ")
        typing.type("n\r")
        assert typing.code() == 0
        assert KEY not in typing.heard
    found = load(None, None, os.environ)
    assert found.settings.provider == "pixazo"
    key = found.unlocked(found.account("pixazo")).key
    assert key is not None
    assert key.reveal() == KEY
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("way_out", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_leaves_before_the_end_has_changed_nothing(way_out: str, home: Path) -> None:
    folder = home / "config" / "hailuo"
    folder.mkdir(parents=True)
    path = folder / "config.toml"
    path.write_text("# mine\n[profiles.mine]\n")
    path.chmod(0o600)
    with begun() as typing:
        typing.type("pixazo\r")
        typing.until("(it is not shown): ")
        typing.type(way_out)
        assert typing.code() in (2, 130)
    assert path.read_text() == "# mine\n[profiles.mine]\n"
    assert [entry.name for entry in folder.iterdir()] == ["config.toml"]


def test_every_other_line_of_the_file_is_kept(home: Path) -> None:
    folder = home / "config" / "hailuo"
    folder.mkdir(parents=True)
    path = folder / "config.toml"
    before = '# mine\ndefault_profile = "work"  # why not\n\n[profiles.work]\ntimeout = "5m"\n'
    path.write_text(before)
    path.chmod(0o600)
    with begun() as typing:
        typing.type("minimax\r")
        typing.until("(it is not shown): ")
        typing.type(f"{KEY}\r")
        typing.until("[y/N] ")
        typing.type("n\r")
        typing.until("written to")
        typing.type("n\rn\r")
        assert typing.code() == 0
    assert set(before.splitlines()) <= set(path.read_text().splitlines())
    assert load(None, None, os.environ).account("minimax").has_key
