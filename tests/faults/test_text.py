"""Group F on the installed command: hostile text in every place that a server can put some, on a pipe and on a terminal."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from hailuo_cli.model import RemoteState
from tests.cli.test_show import EVIL
from tests.support.answers import Play, film, raw, says
from tests.support.clips import clip
from tests.support.command import HURRIED, OF_THE_DISPLAY, configure, hailuo, on_a_terminal, point_at
from tests.support.fault_server import Origin
from tests.support.standin import StandIn
from tests.wire import scripts

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b\u2028\udc80-\udcff]")
MARKUP = "[link=https://e.example]x[/] [/x] [bold]"

TAKEN = says(202, {"request_id": "job-1", "status": "QUEUED"})


def looks(**answer: object) -> Play:
    return says(200, {"request_id": "job-1", **answer})


def header(name: str) -> Play:
    evil = EVIL.replace("\r", "").encode()
    return raw(b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n" + name.encode() + b": " + evil + b"\r\n\r\nhi")


FAILED = looks(status="FAILED", error="no luck")
PLACES: dict[str, tuple[list[Play], int]] = {
    "F1 F2 the message of a refusal": ([says(400, {"message": EVIL})], 2),
    "F1 F2 the message of a refused key": ([says(401, {"message": EVIL})], 3),
    "F1 F2 the message of a rate limit": ([says(429, {"message": EVIL})], 4),
    "F1 F2 the page of a server in trouble": ([says(500, EVIL.encode("utf-8", "surrogatepass"))], 7),
    "F1 F2 the reference": ([says(202, {"request_id": EVIL})], 7),
    "F1 F2 a content type": ([header("Content-Type")], 7),
    "F1 F2 an encoding": ([header("Content-Encoding")], 7),
    "F1 F2 the target of a redirect": ([says(307, Location="https://x.example/\x1b]0;owned\x07\x9b2J")], 12),
    "F1 F2 the reason phrase": ([raw(b"HTTP/1.1 500 \x1b]0;owned\x07\x9b2J\r\nContent-Length: 0\r\n\r\n")], 7),
    "F1 F2 a status word": ([TAKEN, looks(status=EVIL), FAILED], 8),
    "F1 F2 the reason of a failure": ([TAKEN, looks(status="FAILED", error=EVIL)], 8),
    "F1 F2 a reason that is an object": ([TAKEN, looks(status="FAILED", error={"message": EVIL, EVIL: [EVIL]})], 8),
    "F1 F2 the address of the video": (
        [TAKEN, looks(status="COMPLETED", output={"media_url": [f"https://{EVIL}/x"]})], 12
    ),
    "F4 half a character": ([TAKEN, says(200, b'{"status": "FAILED", "error": "\\ud800 \\u0000 x"}')], 8),
    "F4 bytes that are no UTF-8": ([says(400, b'{"message": "\xff\xfe\x9b2J"}')], 2),
    "F4 10 MB": ([TAKEN, looks(status="FAILED", error="x" * 7_000_000), says(404, b"")], 8),
    "F4 a refusal that is all ESC": ([says(400, {"message": "\x1b" * 10_000})], 2),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_hostile_text_is_shown_and_never_obeyed_on_a_pipe(
    place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays, code = PLACES[place]
    with Origin(*plays) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("generate", "a bear", "-v", "--timeout", "2")
        assert ran.code == code, ran.err
        shown = hailuo("jobs", "show", "@last").out if code == 8 else ""
    text = ran.out + ran.err + shown
    assert not RAW.search(text)
    assert max(map(len, text.splitlines())) < 2500


@POSIX
@pytest.mark.parametrize(
    "place", ["F1 F2 the message of a refusal", "F1 F2 a status word", "F1 F2 a reason that is an object"]
)
def test_hostile_text_is_shown_and_never_obeyed_on_a_terminal(
    place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays, code = PLACES[place]
    with Origin(*plays) as server:
        configure(home, server.url, monkeypatch)
        ended, written = on_a_terminal("generate", "a bear", "-v")
    assert ended == code
    assert not RAW.search(OF_THE_DISPLAY.sub("", written))
    assert "\x1b[?25l" in written or code != 8, "the live display was not there"


def test_F2_markup_is_printed_as_it_was_typed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Origin(says(400, {"message": EVIL})) as server:
        configure(home, server.url, monkeypatch)
        assert MARKUP in hailuo("submit", "a bear").err


@pytest.mark.parametrize("flag", ["--json", "--events"])
def test_F10_hostile_text_inside_our_json_is_json(flag: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Origin(TAKEN, looks(status=EVIL), looks(status="FAILED", error=EVIL)) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("generate", EVIL, flag)
    assert ran.code == 8
    assert not RAW.search(ran.out)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert EVIL in lines[-1]["error"]["message"]
    assert lines[-1]["error"]["job"]["prompt"] == EVIL


def test_F9_json_with_quirks_ends_a_look_as_a_failed_try(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quirks = [b"[" * 100_000, b'{"status": ' + b"9" * 5000 + b"}", b"", b"\xff\xfe{", b'{"status": "verr\xfcckt"}']
    with Origin(TAKEN, *[says(200, quirk) for quirk in quirks], FAILED) as server:
        configure(home, server.url, monkeypatch)
        ran = hailuo("generate", "a bear", first=HURRIED)
        assert ran.code == 8, ran.err
        assert "no luck" in ran.err
        assert ran.err.count("warning:") == 1
        assert len(server.asked) == len(quirks) + 2


@POSIX
def test_F5_F8_names_of_a_server_are_not_used_and_links_planted_for_us_are_not_followed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = home / "victim"
    victim.write_bytes(b"mine")
    Path("clip.mp4").symlink_to(victim)
    Path("other.mp4.part").symlink_to(victim)
    video = clip()
    with (
        Origin(film(video, Content_Disposition='attachment; filename="../../x.mp4"')) as server,
        StandIn(scripts()["pixazo"], course=(RemoteState.DONE,), video_at=server.url) as api,
    ):
        job = f"{point_at(api, home, monkeypatch)}:{scripts()['pixazo'].ticket}"
        assert hailuo("download", job, "-o", "other.mp4").code == 9
        assert hailuo("download", job, "-o", "clip.mp4").out == f"{Path('clip-2.mp4').absolute()}\n"
        assert hailuo("download", job, "-o", "clip.mp4", "--force").code == 0
        assert Path("clip.mp4").read_bytes() == video
        assert not Path("clip.mp4").is_symlink()
    assert victim.read_bytes() == b"mine"
    assert not list(home.rglob("x.mp4"))
