"""Opening a film, files beside it, its document, and which command installs what is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hailuo_cli.errors import DiskError, UsageError
from hailuo_cli.films import info
from hailuo_cli.films.files import written
from hailuo_cli.films.opener import opener

FILM = Path("/films/a b.mp4")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def having(*names: str) -> object:
    return lambda name: f"/bin/{name}" if name in names else None


@pytest.mark.parametrize(
    ("browser", "argv"),
    [
        ("mpv", ("/bin/mpv", str(FILM))),
        ("mpv --fs %s --loop", ("/bin/mpv", "--fs", str(FILM), "--loop")),
        (f"nothing{os.pathsep}firefox --new-tab", ("/bin/firefox", "--new-tab", str(FILM))),
        (f"mpv 'open{os.pathsep}firefox", ("/bin/firefox", str(FILM))),
    ],
)
def test_the_browser_of_the_environment_comes_first(browser: str, argv: tuple[str, ...]) -> None:
    found = opener(FILM, {"BROWSER": browser}, "linux", having("mpv", "firefox", "xdg-open"))  # type: ignore[arg-type]
    assert found
    assert found.argv == argv


@pytest.mark.parametrize(
    ("platform", "there", "argv"),
    [
        ("linux", "xdg-open", ("/bin/xdg-open", str(FILM))),
        ("linux", "gio", ("/bin/gio", "open", str(FILM))),
        ("freebsd14", "xdg-open", ("/bin/xdg-open", str(FILM))),
        ("darwin", "open", ("/bin/open", str(FILM))),
    ],
)
def test_else_the_system_opens_it(platform: str, there: str, argv: tuple[str, ...]) -> None:
    found = opener(FILM, {}, platform, having(there))  # type: ignore[arg-type]
    assert found
    assert found.argv == argv


def test_windows_opens_it_by_itself() -> None:
    assert opener(FILM, {}, "win32", having()) is None  # type: ignore[arg-type]


def test_without_an_opener_the_path_is_told() -> None:
    with pytest.raises(DiskError, match=r"a b\.mp4 is there"):
        opener(FILM, {"BROWSER": "nothing"}, "linux", having())  # type: ignore[arg-type]


def test_a_file_appears_whole_and_never_over_another(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with written(target) as part:
        part.write_bytes(b"one")
        assert not target.exists()
    assert target.read_bytes() == b"one"
    with pytest.raises(UsageError, match="is there already"), written(target) as part:
        part.write_bytes(b"two")
    with written(target, replace=True) as part:
        part.write_bytes(b"three")
    assert target.read_bytes() == b"three"
    assert names(tmp_path) == {"a.png", "work"}


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.png"

    def write() -> None:
        with written(target) as part:
            part.write_bytes(b"ours")
            target.write_bytes(b"theirs")

    with pytest.raises(UsageError, match="is there already"):
        write()
    assert target.read_bytes() == b"theirs"


@pytest.mark.parametrize("fails", [RuntimeError("x"), KeyboardInterrupt()])
def test_what_goes_wrong_leaves_nothing(fails: BaseException, tmp_path: Path) -> None:
    def write() -> None:
        with written(tmp_path / "a.png") as part:
            part.write_bytes(b"half")
            raise fails

    with pytest.raises(type(fails)):
        write()
    assert names(tmp_path) == {"work"}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError) as caught, written(tmp_path / "no" / "a.png") as part:
        part.write_bytes(b"x")
    assert "mkdir -p" in str(caught.value.hint)


def test_the_document_says_what_made_the_film_and_has_no_address() -> None:
    job = {"id": "a", "model": "MiniMax-Hailuo-2.3", "provider": "kie", "sha256": "1", "video_url": "https://x?sig=1"}
    found = json.loads(info.text(info.document(job, tool="hailuo 1.0", source_sha256="2")))
    assert "video_url" not in found
    assert (found["sha256"], found["source_sha256"]) == ("1", "2")
    assert found["generated"]["by"] == "MiniMax-Hailuo-2.3"
    assert found["generated"]["digital_source_type"].endswith("/trainedAlgorithmicMedia")
    assert info.beside(Path("out/a.b.mp4")) == Path("out/a.b.info.json")
