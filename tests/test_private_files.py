"""Folders and files of the owner alone, and what dead processes left."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli import private_files
from hailuo_cli.config.writer import write
from hailuo_cli.errors import HailuoError
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


WAYS = ("in one step", "by a second name", "under a lock")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a name can be given on a file system, the better ways taken away; a lock is slow here, to show a gap."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "not on this file system")

    if request.param != WAYS[0]:
        monkeypatch.setattr(private_files, "_rename_exclusively", refuse)
    if request.param == WAYS[2]:
        monkeypatch.setattr(os, "link", refuse)
        real = Path.rename

        def rename(old: Path, new: Path) -> Path:
            time.sleep(0.05)
            return real(old, new)

        monkeypatch.setattr(Path, "rename", rename)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_C6_a_name_that_is_free_is_given(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"content")
    private_files.rename_new(tmp_path / "old", tmp_path / "new")
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "new").read_bytes() == b"content"


@POSIX
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("taken", ["file", "folder", "link", "dangling link", "fifo"])
def test_C6_nothing_that_has_a_name_is_replaced(tmp_path: Path, taken: str) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"content")
    make: dict[str, Callable[[], object]] = {
        "file": new.touch,
        "folder": new.mkdir,
        "link": lambda: new.symlink_to(old),
        "dangling link": lambda: new.symlink_to(tmp_path / "nothing"),
        "fifo": lambda: os.mkfifo(new),
    }
    make[taken]()
    before = new.lstat()
    with pytest.raises(FileExistsError):
        private_files.rename_new(old, new)
    assert os.path.samestat(new.lstat(), before)
    assert old.read_bytes() == b"content"


@pytest.mark.usefixtures("way")
def test_C6_of_many_who_want_one_name_one_gets_it(tmp_path: Path) -> None:
    won: list[int] = []
    start = threading.Barrier(8)

    def want(number: int) -> None:
        old = tmp_path / f"old-{number}"
        old.write_text(str(number))
        start.wait()
        try:
            private_files.rename_new(old, tmp_path / "new")
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=want, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / "new").read_text()] == [str(number) for number in won]
    assert len(list(tmp_path.glob("old-*"))) == 7


@pytest.mark.usefixtures("way")
def test_C6_a_file_that_is_not_there_is_given_no_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        private_files.rename_new(tmp_path / "old", tmp_path / "new")
    assert not (tmp_path / "new").exists()


REFUSALS = [errno.EINVAL, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EACCES]


@POSIX
@pytest.mark.parametrize("number", [*REFUSALS, errno.EIO])
def test_E2_what_a_file_system_does_not_have_stops_nobody_and_a_broken_disk_does(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One policy for the ledger, the config and videos."""
    real = os.fsync

    def fsync(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(number, os.strerror(number))
        real(fd)

    def chmod(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "chmod", chmod)
    steps: list[Callable[[], object]] = [
        lambda: private_files.sync_folder(tmp_path),
        lambda: private_files.set_mode(tmp_path, 0o700),
        lambda: write(tmp_path / "config.toml", ""),
        lambda: Ledger(tmp_path / "ledger.sqlite3").__enter__().__exit__(),
    ]
    for step in steps:
        if number == errno.EIO:
            with pytest.raises((OSError, HailuoError)):
                step()
        else:
            step()


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_an_ordinary_mode_is_that_of_an_ordinary_file(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        (tmp_path / "ordinary").touch()
        assert private_files.ordinary_mode() == stat.S_IMODE((tmp_path / "ordinary").stat().st_mode)
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
