"""Group D on the installed command: a process of its own, real sockets, and what is on the disk afterwards."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import JobState, RemoteState
from tests.support.answers import Answer, Asked, Play, chunked, cut, endless, film, says, unframed
from tests.support.canary import SIGNATURE
from tests.support.clips import box, clip
from tests.support.command import HURRIED, hailuo, point_at
from tests.support.fault_server import Origin
from tests.support.standin import StandIn
from tests.wire import scripts

VIDEO, OTHER = clip(), clip(seed=8)
SIZE = len(VIDEO)
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
PIXAZO = scripts()["pixazo"]
JOB = f"pixazo:{PIXAZO.ticket}"


@contextmanager
def finished_job(home: Path, monkeypatch: pytest.MonkeyPatch, *plays: Play, forever: bool = False) -> Iterator[Origin]:
    """A job that is done, whose video is at a server that behaves like this."""
    with ExitStack() as stack:
        server = stack.enter_context(Origin(*plays, strict=not forever))
        address = f"{server.url}/video?Signature={SIGNATURE}"
        api = stack.enter_context(StandIn(PIXAZO, course=(RemoteState.DONE,), video_at=address))
        point_at(api, home, monkeypatch)
        yield server


def files() -> list[str]:
    return sorted(path.name for path in Path.cwd().iterdir())


def state_of(home: Path) -> JobState:
    with Ledger(home / "data" / "ledger.sqlite3") as ledger:
        (entry,) = ledger.recent()
        return entry.state


def status(*answers: int) -> list[Play]:
    return [says(code) for code in answers]


def shifted(asked: Asked) -> Answer:
    """Another piece than was asked for."""
    span = f"bytes {asked.start + 1}-{SIZE - 1}/{SIZE}"
    rest = VIDEO[asked.start + 1 :]
    return Answer(206, {"Content-Range": span, "Content-Length": str(len(rest)), "ETag": '"v1"'}, [rest])


def of_another_size(asked: Asked) -> Answer:
    """The right piece of a video that has another size than before."""
    span = f"bytes {asked.start}-{SIZE - 1}/{SIZE + 1}"
    rest = VIDEO[asked.start :]
    return Answer(206, {"Content-Range": span, "Content-Length": str(len(rest)), "ETag": '"v1"'}, [rest])


def redirected(location: str) -> Play:
    return says(302, Location=location)


HALF = cut(film(VIDEO), SIZE // 2)


@dataclass(frozen=True)
class Saves:
    """Exit 0 and a whole video; `starts`: from which byte each request wanted it."""

    plays: list[Play]
    starts: list[int]
    video: bytes = VIDEO


SAVES = {
    **{
        f"D1 dropped at {percent}%": Saves(
            [cut(film(VIDEO), SIZE * percent // 100), film(VIDEO)], [0, SIZE * percent // 100]
        )
        for percent in (1, 10, 50, 99)
    },
    "D2 the range is ignored": Saves([HALF, says(200, VIDEO, ETag='"v1"')], [0, SIZE // 2]),
    "D3 one wrong piece": Saves([HALF, shifted, film(VIDEO)], [0, SIZE // 2, 0]),
    "D3 one piece of another size": Saves([HALF, of_another_size, film(VIDEO)], [0, SIZE // 2, 0]),
    "D4 another ETag": Saves([HALF, film(OTHER, '"v2"')], [0, SIZE // 2], OTHER),
    "D4 another ETag inside a 206": Saves(
        [HALF, lambda a: Answer(206, {"Content-Range": f"bytes {a.start}-{SIZE - 1}/{SIZE}", "ETag": '"v2"'},
                                [OTHER[a.start :]]), film(OTHER, '"v2"')], [0, SIZE // 2, 0], OTHER
    ),
    "D6 ended early": Saves([HALF, cut(film(VIDEO), 1), film(VIDEO)], [0, SIZE // 2, SIZE // 2 + 1]),
    "D8 no length, whole by its boxes": Saves([unframed(film(VIDEO))], [0]),
    "D9 chunks that are cut": Saves([cut(chunked(film(VIDEO)), 1007), film(VIDEO)], [0, 1000]),
    "D12 expired at the start": Saves([*status(403), film(VIDEO)], [0, 0]),
    "D12 expired half-way": Saves([HALF, *status(410), film(VIDEO)], [0, SIZE // 2, SIZE // 2]),
    "D12 another video at the fresh address": Saves(
        [HALF, *status(403), film(OTHER, '"v2"')], [0, SIZE // 2, SIZE // 2], OTHER
    ),
    "D15 five redirects": Saves([*[redirected("/again")] * 5, film(VIDEO)], [0] * 6),
}  # fmt: skip


@pytest.mark.parametrize("fault", SAVES)
def test_trouble_on_the_way_ends_in_a_whole_video(fault: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = SAVES[fault]
    with finished_job(home, monkeypatch, *row.plays) as server:
        ran = hailuo("download", JOB, "-o", "clip.mp4", "--json", first=HURRIED)
        assert ran.code == 0, ran.err
        assert ran.json["data"]["jobs"][0]["sha256"] == hashlib.sha256(row.video).hexdigest()
        assert Path("clip.mp4").read_bytes() == row.video
        assert files() == ["clip.mp4"]
        assert server.starts == row.starts
    assert state_of(home) is JobState.SAVED


@dataclass(frozen=True)
class Fails:
    """An exit code and words of the message, and no file with the final name. `part`: how much is kept beside it."""

    plays: list[Play]
    exit: int
    says: str
    part: int | None = None
    words: tuple[str, ...] = ()
    forever: bool = False


BARE = says(200, b"")
PAGES = {
    "a login page": (b"<!doctype html><html><title>Sign in</title></html>", "HTML"),
    "a JSON error": (b'{"error": "expired"}', "JSON"),
    "an XML error": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
}
FAILS = {
    "D3 two wrong pieces": Fails([HALF, shifted, HALF, shifted], 12, "another part of the video", SIZE // 2),
    "D6 five tries without a byte": Fails(
        [HALF, *[cut(film(VIDEO), 0)] * 5], 6, f"{SIZE // 2} bytes are kept", SIZE // 2
    ),
    "D7 a length that is too short": Fails([film(VIDEO[: SIZE - 5])], 12, "cut off"),
    "D7 no index": Fails([film(b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x10mdat" + bytes(8))], 12, "without the index"),
    "D8 no length and closed early": Fails([unframed(film(VIDEO[: SIZE // 2]))], 12, "cut off"),
    **{f"D10 {name}": Fails([says(200, page)], 12, kind) for name, (page, kind) in PAGES.items()},
    "D11 no byte": Fails([BARE], 12, "empty file"),
    "D12 an address that stays dead": Fails([says(403)], 6, "no longer good", forever=True),
    "D13 a body without an end": Fails(
        [endless(says(200, box(b"ftyp", b"isom") + bytes(4) + b"mdat"))],
        12, "--max-size allows 1048576 bytes", words=("--max-size", "1M"),
    ),
    "D15 a loop": Fails([redirected("/video")], 12, "more than 5 times", forever=True),
    **{
        f"D16 to {where}": Fails([redirected(where)], 12, "the address given for the file")
        for where in ("http://example.com/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "https://me:pw@example.com/x")
    },
    "D22 more than the disk has": Fails(
        [says(200, b"", Content_Length="9000000000000000")], 9, "bytes needed", words=("--max-size", "9000000G")
    ),
    "D30 a program": Fails([says(200, b"MZ" + bytes(2000), Content_Type="video/mp4")], 12, "not a video"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAILS)
def test_trouble_that_stays_ends_with_its_exit_code_and_nothing_under_the_final_name(
    fault: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = FAILS[fault]
    with finished_job(home, monkeypatch, *row.plays, forever=row.forever):
        ran = hailuo("download", JOB, "-o", "clip.mp4", "--json", *row.words, first=HURRIED)
        assert ran.code == ran.json["error"]["exit"] == row.exit, ran.err
        assert row.says in ran.json["error"]["message"]
        assert ran.json["error"]["hint"].endswith(f"hailuo download {JOB} -o clip.mp4")
        kept = Path("clip.mp4.part")
        assert (kept.stat().st_size if kept.exists() else None) == row.part
        assert not Path("clip.mp4").exists()
    assert state_of(home) is JobState.SUCCEEDED


def test_D1_B12_the_next_command_goes_on_with_the_part(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with finished_job(home, monkeypatch, HALF, *[cut(film(VIDEO), 0)] * 5, film(VIDEO)) as server:
        assert hailuo("download", JOB, "-o", "clip.mp4", first=HURRIED).code == 6
        assert hailuo("download", JOB, "-o", "clip.mp4").code == 0
        assert server.starts[-1] == SIZE // 2
        assert Path("clip.mp4").read_bytes() == VIDEO
        assert files() == ["clip.mp4"]


def test_D18_a_taken_name_gets_a_number_and_force_replaces(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Path("clip.mp4")
    mine.write_bytes(b"mine")
    with finished_job(home, monkeypatch, film(VIDEO), forever=True):
        ran = hailuo("download", JOB, "-o", "clip.mp4")
        assert ran.out == f"{mine.absolute().with_name('clip-2.mp4')}\n"
        again = hailuo("download", JOB, "-o", "clip.mp4")
        assert (again.code, again.out) == (0, ran.out)
        assert "already made" in again.err
        assert (files(), mine.read_bytes()) == (["clip-2.mp4", "clip.mp4"], b"mine")
        assert hailuo("download", JOB, "-o", "clip.mp4", "--force").code == 0
        assert mine.read_bytes() == VIDEO


def test_D19_a_failure_takes_only_its_own_part_away(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("clip.mp4").write_bytes(b"mine")
    Path("clip-2.mp4").write_bytes(b"mine too")
    with finished_job(home, monkeypatch, film(VIDEO[:-5])):
        assert hailuo("download", JOB, "-o", "clip.mp4").code == 12
    assert files() == ["clip-2.mp4", "clip.mp4"]
    assert Path("clip.mp4").read_bytes() == b"mine"


def test_D20_two_commands_for_one_job_end_in_one_video(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with finished_job(home, monkeypatch, film(VIDEO), forever=True):
        words = [sys.executable, "-m", "hailuo_cli", "download", JOB, "-o", "clip.mp4"]
        both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        ended = [process.communicate(timeout=60) for process in both]
        assert [process.returncode for process in both] == [0, 0], ended
        assert {out.decode() for out, _ in ended} == {f"{Path('clip.mp4').absolute()}\n"}
        assert Path("clip.mp4").read_bytes() == VIDEO
        assert files() == ["clip.mp4"]


def room_for_a_part(size: int) -> str:
    """No file grows beyond this from the moment when the part is opened: the ledger is no matter of this test."""
    return f"""
import resource
from hailuo_cli.saving import part
opened = part.PartFile.open
def limited(target):
    resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, -1))
    return opened(target)
part.PartFile.open = limited
"""


@POSIX
@pytest.mark.parametrize("room", [1024, 199680])
def test_D21_a_disk_with_too_little_room_keeps_the_part_and_the_next_command_goes_on(
    room: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with finished_job(home, monkeypatch, film(VIDEO), film(VIDEO)) as server:
        ran = hailuo("download", JOB, "-o", "clip.mp4", first=room_for_a_part(room))
        assert ran.code == 9, ran.err
        assert f"{SIZE - room} bytes still needed" in ran.err
        assert Path("clip.mp4.part").stat().st_size == room
        assert hailuo("download", JOB, "-o", "clip.mp4").code == 0
        assert server.starts == [0, room]
        assert Path("clip.mp4").read_bytes() == VIDEO


def fails_at(call: str, number: str) -> str:
    """The disk refuses this call, as far as the part is concerned."""
    return f"""
import errno, os
def fail(*_, **__):
    raise OSError(errno.{number}, os.strerror(errno.{number}))
from hailuo_cli.saving import part
class Os:
    def __getattr__(self, name):
        return fail if name == {call!r} else getattr(os, name)
part.os = Os()
if {call!r} == "rename":
    part.rename_new = fail
"""


@pytest.mark.parametrize(
    ("call", "number", "part"), [("fsync", "EIO", None), ("rename", "ENOSPC", SIZE), ("write", "EDQUOT", None)]
)
def test_D23_G19_a_disk_that_fails_is_told_and_the_next_command_saves_the_video(
    call: str, number: str, part: int | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with finished_job(home, monkeypatch, film(VIDEO), forever=True):
        ran = hailuo("download", JOB, "-o", "clip.mp4", first=fails_at(call, number))
        assert ran.code == 9, ran.err
        assert not Path("clip.mp4").exists()
        kept = Path("clip.mp4.part")
        assert (kept.stat().st_size if kept.exists() else None) == part
        assert state_of(home) is JobState.SUCCEEDED
        assert hailuo("download", JOB, "-o", "clip.mp4").code == 0
        assert Path("clip.mp4").read_bytes() == VIDEO
        assert files() == ["clip.mp4"]


def no_folder() -> tuple[str, str]:
    return "gone/clip.mp4", "there is no folder"


def a_file_for_a_folder() -> tuple[str, str]:
    Path("gone").touch()
    return "gone/clip.mp4", "there is no folder"


def on_proc() -> tuple[str, str]:
    return "/proc/clip.mp4", "cannot save to"


@POSIX
@pytest.mark.parametrize("place", [no_folder, a_file_for_a_folder, on_proc])
def test_D24_a_place_that_takes_no_file_is_a_disk_error_before_the_first_byte(
    place: Callable[[], tuple[str, str]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place is on_proc and not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    target, said = place()
    with finished_job(home, monkeypatch) as server:
        ran = hailuo("download", JOB, "-o", target)
        assert ran.code == 9
        assert said in ran.err
        assert not server.asked


def test_D24_a_folder_that_goes_away_names_where_the_part_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("films")
    folder.mkdir()

    def then_gone(_: Asked) -> Answer:
        def pieces() -> Iterator[bytes]:
            yield VIDEO[:1000]
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
            yield VIDEO[1000:]

        return Answer(200, {"Content-Length": str(SIZE), "ETag": '"v1"'}, pieces())

    with finished_job(home, monkeypatch, then_gone, film(VIDEO)):
        ran = hailuo("download", JOB, "-o", "films/clip.mp4")
        assert ran.code == 9, ran.err
        assert "films/clip.mp4.part" in ran.err
        folder.mkdir()
        assert hailuo("download", JOB, "-o", "films/clip.mp4").code == 0


@POSIX
def test_D25_a_target_is_stdout_a_folder_or_a_file_and_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("films").mkdir()
    os.mkfifo("pipe")
    with finished_job(home, monkeypatch, film(VIDEO), forever=True):
        streamed = subprocess.run(
            [sys.executable, "-m", "hailuo_cli", "download", JOB, "-o", "-"],
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert streamed.stdout == VIDEO
        inside = hailuo("download", JOB, "-o", "films/")
        assert Path(inside.out.rstrip("\n")).parent == Path("films").absolute()
        assert hailuo("download", JOB, "-o", "films").code == 0
        for target in ("pipe", "/dev/null"):
            ran = hailuo("download", JOB, "-o", target)
            assert (ran.code, "a device or a pipe" in ran.err) == (2, True)


def test_F7_a_template_keeps_a_prompt_inside_its_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("films").mkdir()
    with StandIn(PIXAZO, course=(RemoteState.DONE,)) as api:
        name = point_at(api, home, monkeypatch)
        for prompt in ("../../a", "~/$(id)", "..", "\x1b]0;t\a\u202egpm" + "x" * 300):
            ran = hailuo("generate", prompt, "--provider", name, "-o", "films/{prompt}.mp4")
            assert ran.code == 0, ran.err
            saved = Path(ran.out.rstrip("\n"))
            assert saved.parent == Path("films").absolute()
            assert re.fullmatch(r"[\w=@,+.-]+\.mp4", saved.name)
            assert saved.is_file()
    assert files() == ["films"]
