"""Folders and files of the owner alone, and what dead processes left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hailuo_cli import private_files
from hailuo_cli.config.writer import write
from hailuo_cli.ledger.sqlite import Ledger

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_E16_every_new_folder_is_the_owner_s_alone_under_any_umask(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        with Ledger(tmp_path / "a" / "b" / "ledger.sqlite3"):
            pass
    finally:
        os.umask(before)
    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "ledger.sqlite3"]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o700, 0o600]


@POSIX
def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_files.make_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_what_is_there_is_not_created_over(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        private_files.create(tmp_path / "link")
    assert not (tmp_path / "victim").exists()


def test_G13_what_a_killed_writer_left_is_taken_away_once_it_is_old(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    old, young = folder / ".config.toml.0123", folder / ".config.toml.4567"
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    write(folder / "config.toml", "")
    assert sorted(path.name for path in folder.iterdir()) == [".config.toml.4567", "config.toml"]


def test_G4_what_a_killed_maker_of_a_ledger_left_is_taken_away_once_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ledger.sqlite3"
    with Ledger(path):
        pass
    old = [path.with_name(f"{path.name}.0123.new"), path.with_name(f"{path.name}.0123.new-journal")]
    for left in old:
        left.touch()
        os.utime(left, (1, 1))
    with Ledger(path):
        pass
    assert not any(left.exists() for left in old)
    assert path.exists()
