"""Whether a place takes a video, found out without leaving anything there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hailuo_cli.errors import DiskError
from hailuo_cli.saving import destination


class Died(BaseException):
    """The process ends here."""


@pytest.mark.skipif(not destination.NAMELESS, reason="files without a name are Linux's")
def test_a_process_that_dies_while_it_tries_a_folder_leaves_nothing_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise Died

    monkeypatch.setattr(Path, "unlink", dies)
    destination.check(str(tmp_path / "films" / "a.mp4"), {})
    assert list((tmp_path / "films").iterdir()) == []


@pytest.mark.skipif(not destination.NAMELESS, reason="files without a name are Linux's")
@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EISDIR, errno.EROFS])
def test_where_there_are_no_files_without_a_name_one_with_a_name_is_tried(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def nameless_fails(path: os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        if flags & destination.NAMELESS == destination.NAMELESS:
            raise OSError(number, os.strerror(number))
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", nameless_fails)
    if number == errno.EROFS:
        with pytest.raises(DiskError, match="cannot write into"):
            destination.check(str(tmp_path / "films" / "a.mp4"), {})
    else:
        destination.check(str(tmp_path / "films" / "a.mp4"), {})
    assert list((tmp_path / "films").iterdir()) == []
