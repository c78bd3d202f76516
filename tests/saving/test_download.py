"""Downloads over real sockets from a server that misbehaves: the final name holds a whole video or nothing."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from hailuo_cli import private_files
from hailuo_cli.errors import (
    BadVideo,
    DiskError,
    HailuoError,
    JobGone,
    LedgerError,
    NetworkError,
    NotSent,
    RateLimited,
    ReaderGone,
    Unanswered,
    UnsafeReply,
)
from hailuo_cli.saving import download, file_hash, part, transfer
from hailuo_cli.saving.answer import ExpectedBody, Validators, WrongRange, promised
from hailuo_cli.saving.download import (
    Downloading,
    DownloadRetry,
    Saved,
    Streamed,
    fetch,
    remove_leftovers,
    stream,
    verified,
)
from hailuo_cli.transport import Fetcher
from tests.support.answers import (
    Answer,
    Asked,
    End,
    Play,
    aborts,
    chunked,
    closes,
    cut,
    endless,
    film,
    raw,
    says,
    slowed,
    unframed,
)
from tests.support.clips import box, clip, fragmented, open_ended
from tests.support.fault_server import FaultServer

VIDEO = clip()
OTHER = clip(seed=8)
HASH = hashlib.sha256(VIDEO).hexdigest()
WEDNESDAY = "Wed, 21 Oct 2015 07:28:00 GMT"

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


class Clock:
    """Stands still but for sleeps, or goes on by `step` seconds whenever it is looked at."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 0.0
        self.step = step
        self.slept: list[float] = []

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def serving(*plays: Play) -> FaultServer:
    """A server of which each answer is wanted once."""
    return FaultServer(*plays, strict=True)


def opener(server: FaultServer) -> download.Opener:
    def opened(headers: Mapping[str, str]) -> AbstractContextManager[download.Body]:
        return Fetcher(server.url).open(f"{server.url}/video?signature=canary", headers)

    return opened


def run(server: FaultServer, target: Path, clock: Clock | None = None, **options: Any) -> list[Any]:
    clock = clock or Clock()
    return rested(fetch(opener(server), target, clock=clock, chance=lambda: 0.0, **options), clock)


def rested(items: Iterator[Any], clock: Clock) -> list[Any]:
    """The items of a download whose reader rests for as long as it says."""
    seen = []
    for item in items:
        seen.append(item)
        if isinstance(item, DownloadRetry):
            clock.sleep(item.wait)
    return seen


def fails(
    server: FaultServer, target: Path, kind: type[HailuoError], clock: Clock | None = None, **options: Any
) -> Any:
    with pytest.raises(kind) as caught:
        run(server, target, clock, **options)
    assert not os.path.lexists(target)
    return caught.value


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def interrupted(server: FaultServer, target: Path) -> None:
    """A run that is stopped as soon as its first connection breaks."""
    for item in fetch(opener(server), target):
        if isinstance(item, DownloadRetry):
            return


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    films = tmp_path / "films"
    films.mkdir()
    return films


@pytest.fixture
def target(folder: Path) -> Path:
    return folder / "clip.mp4"


def assert_whole(target: Path, items: list[Any]) -> None:
    assert items[-1] == Saved(target, len(VIDEO), HASH)
    assert target.read_bytes() == VIDEO
    assert files(target.parent) == [target.name]


# the plain way


def test_a_video_is_saved_under_its_name_and_nothing_else_stays(target: Path) -> None:
    with serving(film(VIDEO)) as server:
        items = run(server, target)
    assert_whole(target, items)
    assert Downloading(len(VIDEO), len(VIDEO), None) in items


@posix
def test_a_saved_video_has_the_mode_of_an_ordinary_file(target: Path) -> None:
    ordinary = target.with_name("ordinary")
    ordinary.touch()
    with serving(film(VIDEO)) as server:
        run(server, target)
    assert target.stat().st_mode == ordinary.stat().st_mode


def test_E3_requests_carry_no_key_and_no_cookie_and_ask_for_plain_bytes(target: Path) -> None:
    with serving(cut(film(VIDEO, Set_Cookie="a=b"), 5000), film(VIDEO)) as server:
        run(server, target)
    for asked in server.asked:
        assert not {"authorization", "cookie", "x-api-key"} & set(asked.headers)
        assert asked.headers["accept-encoding"] == "identity"


def test_progress_is_told_at_most_ten_times_a_second(target: Path) -> None:
    pieces = [VIDEO[at : at + 1000] for at in range(0, len(VIDEO), 1000)]

    class Slowly:
        status, headers = 200, {"content-length": str(len(VIDEO))}

        def __enter__(self) -> Slowly:
            return self

        def __exit__(self, *_: object) -> None: ...

        def chunks(self) -> Iterator[bytes]:
            for piece in pieces:
                clock.now += 0.01
                yield piece

    clock = Clock()
    items = list(fetch(lambda _: Slowly(), target, clock=clock))
    told = [item for item in items if isinstance(item, Downloading)]
    assert len(told) <= 10 * clock.now + 2
    assert told[len(told) // 2].speed == pytest.approx(100_000)
    assert [item.done for item in told] == sorted(item.done for item in told)


def test_there_is_nothing_under_the_final_name_until_the_ledger_knows_it(target: Path) -> None:
    seen: list[tuple[Saved, list[str]]] = []
    with serving(film(VIDEO)) as server:
        run(server, target, before_rename=lambda saved: seen.append((saved, files(target.parent))))
    [(saved, there)] = seen
    assert saved == Saved(target, len(VIDEO), HASH)
    assert target.name not in there


def test_a_ledger_that_fails_before_the_rename_leaves_the_part(target: Path) -> None:
    def refuse(_: Saved) -> None:
        raise LedgerError("locked")

    with serving(film(VIDEO), film(VIDEO)) as server:
        fails(server, target, LedgerError, before_rename=refuse)
        assert_whole(target, run(server, target))
    assert server.starts == [0, len(VIDEO)]


# what the connection does


@pytest.mark.parametrize("end", [closes, aborts])
@pytest.mark.parametrize("percent", [1, 10, 50, 99])
def test_D1_a_dropped_connection_is_taken_up_where_it_broke(target: Path, percent: int, end: End) -> None:
    at = len(VIDEO) * percent // 100
    with serving(cut(film(VIDEO), at, end=end), film(VIDEO)) as server:
        items = run(server, target)
    assert_whole(target, items)
    gained = at >= transfer.LEAST_GAIN
    waits = [item.wait for item in items if isinstance(item, DownloadRetry)]
    assert end is aborts or waits == [transfer.BACKOFF.pause(1 if gained else 2)]
    if end is closes:
        assert server.starts == [0, at]
    if server.starts[1]:
        assert server.asked[1].headers["if-range"] == '"v1"'


def test_D1_a_video_known_by_its_date_alone_is_taken_up_too(target: Path) -> None:
    dated = film(VIDEO, etag=None, modified=WEDNESDAY)
    with serving(cut(dated, 5000), dated) as server:
        assert_whole(target, run(server, target))
    assert server.asked[1].headers["if-range"] == WEDNESDAY


@pytest.mark.parametrize("etag", [None, 'W/"v1"', '"a\tb"', "v1"])
def test_D1_without_a_strong_validator_it_starts_from_zero(target: Path, etag: str | None) -> None:
    with serving(cut(film(VIDEO, etag=etag), 5000), film(VIDEO, etag=etag)) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 0]


def test_D1_another_process_goes_on_with_the_part(target: Path) -> None:
    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        interrupted(server, target)
        assert files(target.parent) == ["clip.mp4.part", "clip.mp4.part.json"]
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000]


def test_E18_the_note_beside_a_part_holds_no_address(target: Path) -> None:
    with serving(cut(film(VIDEO), 70_000)) as server:
        interrupted(server, target)
    note = target.with_name("clip.mp4.part.json").read_text()
    assert json.loads(note) == {"etag": '"v1"', "modified": None, "total": len(VIDEO)}


@pytest.mark.parametrize(
    "note", ["", "{", "[]", '{"etag": 1}', '{"etag":"\\"v1\\"\\r\\nX: y","modified":null,"total":1}', None]
)
def test_a_part_with_a_damaged_note_starts_from_zero(target: Path, note: str | None) -> None:
    sidecar = target.with_name("clip.mp4.part.json")
    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        interrupted(server, target)
        sidecar.unlink() if note is None else sidecar.write_text(note)
        assert_whole(target, run(server, target))
    assert server.starts == [0, 0]


def test_a_part_that_is_no_video_is_thrown_away(target: Path) -> None:
    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        interrupted(server, target)
        target.with_name("clip.mp4.part").write_bytes(b"garbage" * 50_000)
        assert_whole(target, run(server, target))
    assert server.starts == [0, 0]


def test_D2_a_server_that_ignores_the_range_gets_a_full_restart(target: Path) -> None:
    whole = says(200, VIDEO, ETag='"v1"')
    with serving(cut(whole, 70_000), whole) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000]


def test_D2_a_server_that_starts_over_each_time_is_given_up(target: Path) -> None:
    with FaultServer(cut(film(VIDEO, etag=None), 70_000)) as server:
        error = fails(server, target, NetworkError)
    assert "130000 bytes early" in error.message
    assert len(server.asked) == 1 + transfer.MOST_TRIES


def test_D4_a_server_whose_video_changes_each_time_is_given_up(target: Path) -> None:
    versions = [cut(film(VIDEO, etag=f'"{number}"'), 10_000 * number) for number in range(1, 9)]
    with FaultServer(*versions) as server:
        error = fails(server, target, NetworkError)
    assert "starts it over" in error.message
    assert len(server.asked) == transfer.RESTARTS + 2


@pytest.mark.parametrize("seal", [{}, {"ETag": '"v2"'}, {"Last-Modified": WEDNESDAY}], ids=str)
def test_C2_a_piece_that_does_not_prove_its_video_is_not_taken(target: Path, seal: dict[str, str]) -> None:
    """A node that ignores If-Range and loses the validator, which RFC 9110 wants in a 206 too."""
    mixed = lambda asked: Answer(206, {"Content-Range": f"bytes 70000-{SIZE - 1}/{SIZE}", **seal}, [OTHER[70_000:]])  # noqa: E731
    with serving(cut(film(VIDEO), 70_000), mixed, film(OTHER, '"v2"')) as server:
        run(server, target)
    assert target.read_bytes() == OTHER
    assert server.starts == [0, 70_000, 0]


def piece(span: str, body: bytes, etag: str = '"v1"', **headers: Any) -> Play:
    return says(206, body, Content_Range=span, ETag=etag, **headers)


SIZE = len(VIDEO)
REST = VIDEO[70_000:]
WRONG_PIECES = {
    "another start": piece(f"bytes 60000-{SIZE - 1}/{SIZE}", VIDEO[60_000:]),
    "no range": says(206, REST, ETag='"v1"'),
    "an unknown total": piece(f"bytes 70000-{SIZE - 1}/*", REST),
    "an end behind the end": piece(f"bytes 70000-{SIZE}/{SIZE}", REST),
    "an end before the start": piece(f"bytes 70000-60000/{SIZE}", REST),
    "another length": piece(f"bytes 70000-{SIZE - 1}/{SIZE}", REST[:-1]),
    "a number of 5000 digits": piece(f"bytes 70000-{SIZE - 1}/{'9' * 5000}", REST),
    "other digits": piece(f"bytes ²70000-{SIZE - 1}/{SIZE}", REST),
}


@pytest.mark.parametrize("wrong", WRONG_PIECES.values(), ids=WRONG_PIECES)
def test_D3_a_wrong_piece_costs_one_restart(target: Path, wrong: Play) -> None:
    with serving(cut(film(VIDEO), 70_000), wrong, film(VIDEO)) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000, 0]


def test_D3_a_second_wrong_piece_is_the_end(target: Path) -> None:
    wrong = WRONG_PIECES["another start"]
    with serving(cut(film(VIDEO), 70_000), wrong, cut(film(VIDEO), 70_000), wrong) as server:
        fails(server, target, UnsafeReply)
    assert VIDEO[60_000:] not in b"".join(path.read_bytes() for path in target.parent.iterdir())


CHANGED = {
    "etag": piece(f"bytes 70000-{SIZE - 1}/{SIZE}", OTHER[70_000:], etag='"v2"'),
    "date": piece(f"bytes 70000-{SIZE - 1}/{SIZE}", OTHER[70_000:], Last_Modified="Thu, 22 Oct 2015 07:28:00 GMT"),
    "total": piece(f"bytes 70000-{SIZE}/{SIZE + 1}", OTHER[70_000:] + b"x"),
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_D4_a_video_that_changed_is_never_mixed(target: Path, changed: Play) -> None:
    honest = film(VIDEO, modified=WEDNESDAY)
    with serving(cut(honest, 70_000), changed, honest) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000, 0]


def test_D4_an_honest_server_sends_a_changed_video_from_the_start(target: Path) -> None:
    with serving(cut(film(OTHER), 70_000), film(VIDEO, etag='"v2"')) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000]


def stopped_at_the_end(server: FaultServer, target: Path) -> None:
    """A run that dies with every byte there and nothing under the final name."""

    def die(_: Saved) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(server, target, before_rename=die)
    assert files(target.parent) == ["clip.mp4.part", "clip.mp4.part.json"]


def test_D5_a_part_that_is_complete_is_verified_and_named(target: Path) -> None:
    with serving(film(VIDEO), film(VIDEO)) as server:
        stopped_at_the_end(server, target)
        assert_whole(target, run(server, target))
    assert server.starts == [0, len(VIDEO)]


@pytest.mark.parametrize(
    "answer",
    [
        says(416, Content_Range=f"bytes */{SIZE - 1}", ETag='"v1"'),
        says(416, Content_Range=f"bytes */{SIZE}", ETag='"v2"'),
        says(416, Content_Range="bytes */x" + "9" * 30, ETag='"v2"'),
    ],
    ids=["shorter", "changed", "nonsense"],
)
def test_D5_a_part_that_is_not_exactly_the_video_is_restarted(target: Path, answer: Play) -> None:
    with serving(film(VIDEO), answer, film(VIDEO)) as server:
        stopped_at_the_end(server, target)
        assert_whole(target, run(server, target))
    assert server.starts == [0, len(VIDEO), 0]


def test_D6_five_tries_without_progress_are_enough_and_the_part_is_kept(target: Path) -> None:
    clock = Clock()
    short = film(VIDEO)
    with FaultServer(cut(short, 70_000), cut(short, 0)) as server:
        error = fails(server, target, NetworkError, clock)
    assert "clip.mp4.part" in error.message
    assert "70000 bytes are kept" in error.message
    assert len(server.asked) == 1 + 5
    assert clock.slept == [transfer.BACKOFF.pause(tries) for tries in range(1, 6)]
    assert target.with_name("clip.mp4.part").read_bytes() == VIDEO[:70_000]


def test_D6_progress_counts_from_anew(target: Path) -> None:
    nothing = cut(film(VIDEO), 0)
    plays = [nothing, nothing, nothing, nothing, cut(film(VIDEO), transfer.LEAST_GAIN)] * 3
    with serving(*plays, film(VIDEO)) as server:
        assert_whole(target, run(server, target))
    assert server.starts[-1] == 3 * transfer.LEAST_GAIN


@pytest.mark.parametrize("bytes_each", [1, 100, transfer.LEAST_GAIN - 1])
def test_C4_a_few_bytes_a_connection_are_no_progress(target: Path, bytes_each: int) -> None:
    with FaultServer(cut(film(VIDEO), bytes_each)) as server:
        fails(server, target, NetworkError)
    assert len(server.asked) == transfer.MOST_TRIES


def test_C4_the_same_bytes_again_are_no_progress(target: Path) -> None:
    """Each connection brings the whole video and then a minute of nothing."""
    clock = Clock()

    class Endless:
        status, headers = 200, {"transfer-encoding": "chunked"}

        def __enter__(self) -> Endless:
            return self

        def __exit__(self, *_: object) -> None: ...

        def chunks(self) -> Iterator[bytes]:
            yield VIDEO
            clock.now += 30
            raise Unanswered("nothing for 30 s")

    opened: list[float] = []

    def open_(_: Mapping[str, str]) -> Any:
        opened.append(clock.now)
        return Endless()

    with pytest.raises(NetworkError):
        rested(fetch(open_, target, clock=clock, chance=lambda: 0.0), clock)
    assert len(opened) == 2


def test_D6_a_run_that_got_nothing_leaves_nothing(target: Path) -> None:
    with FaultServer(says(503)) as server:
        error = fails(server, target, NetworkError)
    assert files(target.parent) == []
    assert error.hint is None


def test_D6_a_piece_that_ends_before_the_end_is_gone_on_with(target: Path) -> None:
    small = piece(f"bytes 70000-99999/{SIZE}", VIDEO[70_000:100_000])
    with serving(cut(film(VIDEO), 70_000), small, film(VIDEO)) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000, 100_000]


def test_D7_a_length_that_is_too_short_is_no_whole_video(target: Path) -> None:
    with serving(says(200, VIDEO[:-1])) as server:
        error = fails(server, target, BadVideo)
    assert "1 bytes are missing" in error.message
    assert files(target.parent) == []


def test_D7_bytes_behind_the_length_are_not_written(target: Path) -> None:
    with serving(says(200, VIDEO + b"more", length=SIZE)) as server:
        assert_whole(target, run(server, target))


def test_D8_without_a_length_a_whole_video_is_known_by_its_boxes(target: Path) -> None:
    with serving(unframed(film(VIDEO))) as server:
        assert_whole(target, run(server, target))


OPEN_ENDED = open_ended(bytes(1000))
FRAGMENTED = fragmented(bytes(100), bytes(100))


@pytest.mark.parametrize("data", [VIDEO[:-1], OPEN_ENDED[:-1], FRAGMENTED], ids=["cut", "open end", "fragments"])
def test_D8_without_a_length_nothing_is_taken_on_trust(target: Path, data: bytes) -> None:
    with serving(unframed(film(data))) as server:
        fails(server, target, BadVideo)
    assert files(target.parent) == []


@pytest.mark.parametrize("data", [OPEN_ENDED, FRAGMENTED], ids=["open end", "fragments"])
def test_D8_with_a_length_every_layout_is_fine(target: Path, data: bytes) -> None:
    with serving(film(data)) as server:
        run(server, target)
    assert target.read_bytes() == data


LYING = f"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 999999\r\n\r\n{SIZE:x}\r\n".encode()
CHUNKS = {
    "whole": (chunked(film(VIDEO)), [0]),
    "whole, with a length that lies": (raw(LYING + VIDEO + b"\r\n0\r\n\r\n"), [0]),
    "cut": (cut(chunked(film(VIDEO)), 70_000), None),
    "bad size": (chunked(film(VIDEO[:70_000]), b"zz\r\n"), None),
}


@pytest.mark.parametrize(("play", "starts"), CHUNKS.values(), ids=CHUNKS)
def test_D9_chunks_are_whole_or_resumed(target: Path, play: Play, starts: list[int] | None) -> None:
    with serving(play, *([] if starts else [film(VIDEO)])) as server:
        assert_whole(target, run(server, target))
    if starts:
        assert server.starts == starts
    else:
        assert len(server.starts) == 2


STRANGERS = {
    "an HTML page": b"<!doctype html><title>Sign in to the network</title>",
    "a JSON text": b'{"error": "expired"}',
    "an XML document (AccessDenied)": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
}


@pytest.mark.parametrize(("name", "data"), STRANGERS.items())
def test_D10_what_came_instead_of_a_video_is_named_and_not_saved(target: Path, name: str, data: bytes) -> None:
    with serving(says(200, data, Content_Type="video/mp4")) as server:
        error = fails(server, target, BadVideo)
    assert name in error.message
    assert files(target.parent) == []


def test_D30_a_program_that_says_it_is_a_video_is_not_saved(target: Path) -> None:
    with serving(says(200, b"MZ\x90\0" + bytes(5000), Content_Type="video/mp4")) as server:
        assert "Windows program" in fails(server, target, BadVideo).message
    assert files(target.parent) == []


@pytest.mark.parametrize(
    "play", [says(200), unframed(film(b"")), chunked(film(b""))], ids=["length", "none", "chunked"]
)
def test_D11_an_empty_video_is_none(target: Path, play: Play) -> None:
    with serving(play) as server:
        assert "empty" in fails(server, target, BadVideo).message
    assert files(target.parent) == []


# addresses that expire


class Renewal:
    def __init__(self, *fresh: download.Opener) -> None:
        self.fresh = list(fresh)

    def __call__(self) -> download.Opener:
        return self.fresh.pop(0)


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("at", [0, 100_000])
def test_D12_an_expired_address_is_renewed_and_gone_on_with(target: Path, status: int, at: int) -> None:
    before = [cut(film(VIDEO), at)] if at else []
    with serving(*before, says(status)) as old, serving(film(VIDEO)) as new:
        assert_whole(target, run(old, target, renew=Renewal(opener(new))))
    assert new.starts == [at]


def test_D12_another_video_behind_the_new_address_starts_from_zero(target: Path) -> None:
    with serving(cut(film(OTHER), 100_000), says(403)) as old, serving(film(VIDEO, etag='"v2"')) as new:
        assert_whole(target, run(old, target, renew=Renewal(opener(new))))


@pytest.mark.parametrize(("status", "kind"), [(403, NetworkError), (404, JobGone), (410, JobGone)])
@pytest.mark.parametrize("renewals", [0, 3])
def test_D12_an_address_that_stays_dead_is_given_up(
    target: Path, status: int, kind: type[HailuoError], renewals: int
) -> None:
    with FaultServer(says(status)) as server:
        renew = Renewal(*[opener(server)] * 3) if renewals else None
        error = fails(server, target, kind, renew=renew)
    assert str(status) in error.message
    assert len(server.asked) == 1 + renewals


def test_D12_trouble_while_asking_for_the_new_address_is_tried_again(target: Path) -> None:
    with serving(says(403), says(403), film(VIDEO)) as server:
        answers: list[Callable[[], download.Opener]] = [broken_look, lambda: opener(server)]
        assert_whole(target, run(server, target, renew=lambda: answers.pop(0)()))


def broken_look() -> download.Opener:
    raise NotSent("cannot reach the provider")


# limits


def test_D13_an_endless_body_ends_at_max_size(target: Path) -> None:
    head = box(b"ftyp", b"isom") + (1 << 30).to_bytes(4, "big") + b"mdat"
    with serving(endless(film(head))) as server:
        error = fails(server, target, UnsafeReply, max_size=1 << 20)
    assert "--max-size" in error.message
    assert files(target.parent) == []


def test_D13_a_declared_size_above_the_limit_costs_no_byte(target: Path) -> None:
    with serving(film(VIDEO)) as server:
        error = fails(server, target, UnsafeReply, max_size=SIZE - 1)
    assert f"has {SIZE} bytes" in error.message
    assert "--max-size" in error.message
    assert files(target.parent) == []
    with serving(film(VIDEO)) as server:
        assert_whole(target, run(server, target, max_size=SIZE))


def test_D14_a_trickle_is_cut_off_and_given_up(target: Path) -> None:
    clock = Clock(step=1.0)
    with FaultServer(slowed(film(VIDEO), 1000)) as server:
        error = fails(server, target, NetworkError, clock)
    assert "1024 bytes a second" in error.message
    assert len(server.asked) <= 3


def test_D14_a_slow_reader_of_ours_is_not_a_slow_server(target: Path) -> None:
    clock = Clock()
    with serving(film(VIDEO)) as server:
        items = []
        for item in fetch(opener(server), target, clock=clock):
            items.append(item)
            clock.now += 100
    assert_whole(target, items)


def test_C4_a_server_that_is_slow_but_faster_than_the_least_is_waited_for(target: Path) -> None:
    clock = Clock()

    class Slowly:
        status, headers = 200, {"content-length": str(SIZE)}

        def __enter__(self) -> Slowly:
            return self

        def __exit__(self, *_: object) -> None: ...

        def chunks(self) -> Iterator[bytes]:
            for at in range(0, SIZE, 5000):
                clock.now += 4
                yield VIDEO[at : at + 5000]

    items = list(fetch(lambda _: Slowly(), target, clock=clock))
    assert_whole(target, items)
    assert clock.now > 2 * transfer.PATIENCE


@pytest.mark.parametrize("hops", [6, 100])
def test_D15_too_many_redirects_are_unsafe(target: Path, hops: int) -> None:
    with FaultServer(says(302, Location="/again")) as server:
        fails(server, target, UnsafeReply)
    assert len(server.asked) == 6
    assert files(target.parent) == []


def test_D15_a_redirect_keeps_the_range(target: Path) -> None:
    with serving(cut(film(VIDEO), 70_000), says(302, Location="/elsewhere"), film(VIDEO)) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000, 70_000]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 429])
def test_a_passing_problem_of_the_server_is_waited_out(target: Path, status: int) -> None:
    clock = Clock()
    with serving(says(status, Retry_After="7"), says(status), film(VIDEO)) as server:
        items = run(server, target, clock)
    assert_whole(target, items)
    assert clock.slept == [7.0, transfer.BACKOFF.pause(3)]
    kinds = {type(item.error) for item in items if isinstance(item, DownloadRetry)}
    assert (RateLimited in kinds) is (status == 429)


@pytest.mark.parametrize(
    ("text", "wait"), [("86400", 120), ("9" * 400, 1.25), ("-1", 1.25), ("²", 1.25), ("nan", 1.25)]
)
def test_A8_no_wait_is_longer_than_two_minutes(target: Path, text: str, wait: float) -> None:
    clock = Clock()
    with serving(says(503, Retry_After=text), film(VIDEO)) as server:
        run(server, target, clock)
    assert clock.slept == [wait]


@pytest.mark.parametrize("status", [400, 401, 405, 451, 202, 204])
def test_another_status_is_not_tried_again(target: Path, status: int) -> None:
    with serving(says(status)) as server:
        assert str(status) in fails(server, target, NetworkError).message
    assert files(target.parent) == []


def test_E19_a_certificate_that_does_not_fit_is_not_tried_again(target: Path) -> None:
    error = NotSent("the certificate does not fit")
    error.passing = False

    def refuse(_: Mapping[str, str]) -> AbstractContextManager[download.Body]:
        raise error

    with pytest.raises(NotSent):
        list(fetch(refuse, target))


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
}


@pytest.mark.parametrize(("coding", "pack"), PACKED.items(), ids=PACKED)
def test_D17_a_packed_video_is_unpacked_and_never_resumed(
    target: Path, coding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = film(pack(VIDEO), Content_Encoding=coding)
    with serving(cut(packed, 70_000), packed) as server:
        assert_whole(target, run(server, target))
    assert server.starts == [0, 0]


def test_D17_a_bomb_stops_at_max_size(target: Path) -> None:
    bomb = gzip.compress(box(b"ftyp", b"isom") + (1 << 30).to_bytes(4, "big") + b"mdat" + bytes(50 << 20))
    with serving(says(200, bomb, Content_Encoding="gzip")) as server:
        fails(server, target, UnsafeReply, max_size=1 << 20)
    assert files(target.parent) == []


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("br", VIDEO),
        ("gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(VIDEO)))),
        ("gzip", VIDEO),
        ("gzip", gzip.compress(VIDEO)[:-4]),
    ],
    ids=["unknown", "three", "not packed", "cut"],
)
def test_D17_another_packing_is_refused(target: Path, coding: str, data: bytes) -> None:
    with serving(says(200, data, Content_Encoding=coding)) as server:
        fails(server, target, BadVideo)
    assert files(target.parent) == []


@pytest.mark.parametrize("expected", [SIZE - 1, SIZE + 1])
@pytest.mark.parametrize("play", [film(VIDEO), unframed(film(VIDEO))], ids=["declared", "counted"])
def test_D26_another_size_than_promised_is_refused(target: Path, play: Play, expected: int) -> None:
    with serving(play) as server:
        fails(server, target, BadVideo, expected_size=expected)
    with serving(play) as server:
        assert_whole(target, run(server, target, expected_size=SIZE))


# names that are taken


def test_D18_a_taken_name_gets_a_number_and_the_same_video_is_there_already(target: Path) -> None:
    target.write_bytes(b"mine")
    with FaultServer(film(VIDEO)) as server:
        first, second = run(server, target)[-1], run(server, target)[-1]
    numbered = target.with_name("clip-2.mp4")
    assert first == Saved(numbered, SIZE, HASH)
    assert second == Saved(numbered, SIZE, HASH, already=True)
    assert target.read_bytes() == b"mine"
    assert files(target.parent) == ["clip-2.mp4", "clip.mp4"]


def test_D18_force_replaces(target: Path) -> None:
    target.write_bytes(b"mine")
    with serving(film(VIDEO)) as server:
        assert_whole(target, run(server, target, force=True))


@pytest.mark.parametrize("force", [False, True])
def test_D19_a_failure_leaves_what_was_there(target: Path, force: bool) -> None:
    target.write_bytes(b"mine")
    with serving(says(200, b"<html>")) as server, pytest.raises(BadVideo):
        run(server, target, force=force)
    assert target.read_bytes() == b"mine"
    assert files(target.parent) == ["clip.mp4"]


WAYS = ("in one step", "by a second name", "under a lock")
"""How a file gets a name that nothing may have: as the system and the file system allow it."""


def only(way: str, patch: pytest.MonkeyPatch) -> None:
    """Take away the better ways to name a file."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "not on this file system")

    if way != WAYS[0]:
        patch.setattr(private_files, "_rename_exclusively", refuse)
    if way == WAYS[2]:
        patch.setattr(os, "link", refuse)


@pytest.mark.parametrize("way", WAYS)
def test_D18_a_name_taken_at_the_last_moment_is_not_overwritten(
    target: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(way, monkeypatch)
    told: list[Path] = []

    def race(saved: Saved) -> None:
        told.append(saved.path)
        if len(told) == 1:
            saved.path.write_bytes(b"theirs")

    with serving(film(VIDEO)) as server:
        saved = run(server, target, before_rename=race)[-1]
    assert saved.path.name == "clip-2.mp4"
    assert told == [target, saved.path]
    assert target.read_bytes() == b"theirs"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moves", [True, False])
def test_a_name_is_given_in_every_way(target: Path, way: str, moves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    only(way, monkeypatch)
    monkeypatch.setattr(part, "MOVES_OPEN_FILES", moves)
    with serving(film(VIDEO), film(OTHER), film(VIDEO)) as server:
        assert_whole(target, run(server, target))
        assert run(server, target)[-1].path.name == "clip-2.mp4"
        assert run(server, target)[-1].already
    assert files(target.parent) == ["clip-2.mp4", "clip.mp4"]


@posix
@pytest.mark.parametrize("force", [False, True])
def test_F8_a_link_at_the_target_leaves_its_victim_alone(target: Path, folder: Path, force: bool) -> None:
    victim = folder / "victim"
    victim.write_bytes(VIDEO)
    target.symlink_to(victim)
    with serving(film(VIDEO)) as server:
        saved = run(server, target, force=force)[-1]
    assert saved.path == (target if force else target.with_name("clip-2.mp4"))
    assert not saved.path.is_symlink()
    assert saved.path.stat().st_ino != victim.stat().st_ino
    assert victim.read_bytes() == VIDEO


@posix
@pytest.mark.parametrize("trap", ["symlink", "dangling", "fifo", "folder"])
def test_F8_a_trap_at_the_part_is_refused(target: Path, folder: Path, trap: str) -> None:
    victim, planted = folder / "victim", folder / "clip.mp4.part"
    if trap != "dangling":
        victim.write_bytes(b"victim")
    if trap == "fifo":
        os.mkfifo(planted)
    elif trap == "folder":
        planted.mkdir()
    else:
        planted.symlink_to(victim)
    with FaultServer(strict=True) as server:
        error = fails(server, target, DiskError)
    assert "clip.mp4.part is in the way" in error.message
    assert victim.exists() is (trap != "dangling")
    assert not victim.exists() or victim.read_bytes() == b"victim"


@posix
@pytest.mark.parametrize("name", ["clip.mp4.part", "clip.mp4.part.json"])
def test_F8_a_second_name_of_a_victim_is_not_written_through(target: Path, folder: Path, name: str) -> None:
    victim = folder / "victim"
    victim.write_bytes(b"victim")
    (folder / name).hardlink_to(victim)
    with serving(film(VIDEO)) as server:
        run(server, target)
    assert victim.read_bytes() == b"victim"
    assert files(folder) == ["clip.mp4", "victim"]


@posix
def test_F8_a_link_at_the_note_leaves_its_victim_alone(target: Path, folder: Path) -> None:
    victim = folder / "victim"
    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        interrupted(server, target)
        note = folder / "clip.mp4.part.json"
        text = note.read_text()
        note.rename(victim)
        note.symlink_to(victim)
        run(server, target)
    assert victim.read_text() == text
    assert server.starts == [0, 0]


def test_a_part_that_somebody_swapped_is_not_given_the_name(target: Path) -> None:
    def swap(_: Saved) -> None:
        part_file = target.with_name("clip.mp4.part")
        part_file.unlink()
        part_file.write_bytes(OTHER)

    for force in (False, True):
        with serving(film(VIDEO)) as server:
            fails(server, target, DiskError, before_rename=swap, force=force)


@posix
def test_a_part_that_was_finished_while_we_waited_for_its_lock_is_not_written(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = part._locked
    target.with_name("clip.mp4.part").write_bytes(VIDEO)

    def late(fd: int, new: bool) -> bool:
        if not new:
            target.with_name("clip.mp4.part").rename(target)
        return real(fd, new)

    monkeypatch.setattr(part, "_locked", late)
    with serving(film(OTHER)) as server:
        assert run(server, target)[-1].path.name == "clip-2.mp4"
    assert target.read_bytes() == VIDEO


def test_a_note_without_bytes_is_replaced(target: Path) -> None:
    target.with_name("clip.mp4.part").touch()
    note = target.with_name("clip.mp4.part.json")
    note.write_text('{"etag": "\\"old\\"", "modified": null, "total": 5}')
    with serving(cut(film(VIDEO), 70_000)) as server:
        interrupted(server, target)
    assert json.loads(note.read_text())["etag"] == '"v1"'


@posix
@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022])
def test_C5_a_part_is_its_owner_s_alone_until_it_is_checked(target: Path, umask: int) -> None:
    modes: list[int] = []
    before = os.umask(umask)
    try:
        with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
            interrupted(server, target)
            modes += [path.stat().st_mode & 0o777 for path in target.parent.iterdir()]
            on_its_way = target.with_name("clip.mp4.part")
            run(server, target, before_rename=lambda _: modes.append(on_its_way.stat().st_mode & 0o777))
    finally:
        os.umask(before)
    assert modes == [0o600] * 3
    assert target.stat().st_mode & 0o777 == 0o666 & ~umask


@posix
@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_C5_a_part_that_others_could_write_is_not_gone_on_with(target: Path, mode: int) -> None:
    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        interrupted(server, target)
        target.with_name("clip.mp4.part").chmod(mode)
        assert_whole(target, run(server, target))
    assert server.starts == [0, 0]


@posix
@pytest.mark.parametrize("size", [SIZE, 2 * file_hash.WORTH_A_THREAD], ids=["small", "large"])
def test_C5_the_hash_is_of_the_file_whoever_wrote_into_it(target: Path, size: int) -> None:
    video = clip(size)

    class Meddled:
        status, headers = 200, {"content-length": str(size), "etag": '"v1"'}

        def __enter__(self) -> Meddled:
            return self

        def __exit__(self, *_: object) -> None: ...

        def chunks(self) -> Iterator[bytes]:
            half = size // 2
            yield video[:half]
            with target.with_name("clip.mp4.part").open("r+b") as theirs:
                theirs.seek(half)
                theirs.write(b"theirs")
            yield video[half : half + 6]
            with target.with_name("clip.mp4.part").open("r+b") as theirs:
                theirs.seek(size - 6)
                theirs.write(b"theirs")
            yield video[half + 6 : -6]

    class Whole(Meddled):
        def chunks(self) -> Iterator[bytes]:
            yield from super().chunks()
            yield video[-6:]

    saved = list(fetch(lambda _: Whole(), target))[-1]
    assert isinstance(saved, Saved)
    assert saved.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()


@pytest.mark.parametrize("follows", [True, False])
def test_C5_a_large_file_is_hashed_while_it_comes_and_after_a_restart(
    target: Path, follows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_hash, "WORTH_A_THREAD", 50_000)
    monkeypatch.setattr(file_hash, "PIECE", 7_000)
    monkeypatch.setattr(file_hash, "FOLLOWS", follows)
    plays = [cut(film(OTHER), 150_000), cut(film(VIDEO, '"v2"'), 70_000), cut(film(VIDEO, '"v2"'), 150_000)]
    with serving(*plays, film(VIDEO, '"v2"')) as server:
        assert_whole(target, run(server, target))
    assert not [thread for thread in threading.enumerate() if "_follow" in thread.name]


@posix
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("kind", ["fifo", "device", "socket", "folder"])
def test_C7_what_is_no_file_is_never_renamed_over(target: Path, kind: str, force: bool) -> None:
    def appear(_: Saved) -> None:
        if os.path.lexists(target):
            return
        if kind == "fifo":
            os.mkfifo(target)
        elif kind == "folder":
            target.mkdir()
        elif kind == "device":
            os.mknod(target, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        else:
            with socket.socket(socket.AF_UNIX) as unix:
                unix.bind(str(target))

    if kind == "device" and os.geteuid() != 0:
        pytest.skip("only root makes devices")
    with serving(film(VIDEO)) as server:
        if force:
            with pytest.raises(DiskError, match=r"clip\.mp4\.part"):
                run(server, target, before_rename=appear, force=True)
        else:
            assert run(server, target, before_rename=appear)[-1].path.name == "clip-2.mp4"
    assert not stat.S_ISREG(target.lstat().st_mode)


# several processes

SAVE = """
import sys
from pathlib import Path
from hailuo_cli.saving.download import fetch
from hailuo_cli.transport import Fetcher
home, url, target = sys.argv[1:]
for item in fetch(lambda headers: Fetcher(home).open(url, headers), Path(target)):
    last = item
print(last.path, last.already)
"""


def process(server: FaultServer, target: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SAVE, server.url, f"{server.url}/video?signature=canary", str(target)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_D20_two_processes_with_one_target_end_in_one_file(target: Path) -> None:
    together = threading.Barrier(2, timeout=30)

    def meet(asked: Asked) -> Answer:
        answer = film(VIDEO)(asked)

        def body() -> Iterator[bytes]:
            yield VIDEO[:50_000]
            together.wait()
            yield VIDEO[50_000:]

        return replace(answer, body=body())

    with serving(meet, meet) as server:
        both = [process(server, target) for _ in range(2)]
        said = [one.communicate(timeout=60) for one in both]
    assert sorted(out.split()[-1] for out, _ in said) == ["False", "True"]
    assert [err for _, err in said] == ["", ""]
    assert target.read_bytes() == VIDEO
    assert files(target.parent) == ["clip.mp4"]


@posix
def test_B12_the_part_of_a_killed_process_is_taken_over(target: Path) -> None:
    half, gone = threading.Event(), threading.Event()

    def hold(asked: Asked) -> Answer:
        def body() -> Iterator[bytes]:
            yield VIDEO[:100_000]
            half.set()
            gone.wait(30)

        return replace(film(VIDEO)(asked), body=body())

    on_its_way = target.with_name("clip.mp4.part")
    with serving(hold, film(VIDEO)) as server:
        child = process(server, target)
        assert half.wait(30)
        while on_its_way.stat().st_size < 100_000:
            assert child.poll() is None
            time.sleep(0.005)
        child.kill()
        child.communicate()
        gone.set()
        assert_whole(target, run(server, target))
    assert server.starts == [0, 100_000]


def test_D20_a_part_that_a_living_download_holds_is_left_alone(target: Path) -> None:
    with serving(cut(film(VIDEO), 70_000), film(VIDEO), film(VIDEO)) as server:
        first = fetch(opener(server), target)
        while not isinstance(next(first), DownloadRetry):
            pass
        second = fetch(opener(server), target)
        next(second)
        assert "clip.mp4.2.part" in files(target.parent)
        assert [item for item in second if isinstance(item, Saved)] == [Saved(target, SIZE, HASH)]
        assert list(first)[-1] == Saved(target, SIZE, HASH, already=True)
    assert files(target.parent) == ["clip.mp4"]


# crashes at the end


def crash(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("way", WAYS)
def test_B14_a_crash_between_the_name_and_the_ledger_costs_no_download(
    target: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Saved] = []
    only(way, monkeypatch)
    monkeypatch.setattr(part, "sync_folder", crash)
    with serving(film(VIDEO)) as server, pytest.raises(KeyboardInterrupt):
        run(server, target, before_rename=noted.append)
    monkeypatch.undo()
    [saved] = noted
    assert verified(saved.path, saved.size, saved.sha256)
    remove_leftovers(saved.path)
    assert files(target.parent) == ["clip.mp4"]
    assert target.read_bytes() == VIDEO


def test_B14_a_leftover_second_name_never_damages_the_saved_video(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def link_and_die(source: Path, path: Path) -> None:
        path.hardlink_to(source)
        raise KeyboardInterrupt

    monkeypatch.setattr(private_files, "_rename_exclusively", link_and_die)
    with serving(film(VIDEO)) as server, pytest.raises(KeyboardInterrupt):
        run(server, target)
    monkeypatch.undo()
    with serving(film(OTHER)) as server:
        assert run(server, target)[-1].path.name == "clip-2.mp4"
    assert target.read_bytes() == VIDEO
    assert files(target.parent) == ["clip-2.mp4", "clip.mp4"]


def test_settling_leaves_a_stranger_alone(target: Path) -> None:
    target.write_bytes(VIDEO)
    stranger = target.with_name("other.mp4.part")
    stranger.write_bytes(VIDEO)
    target.with_name("clip.mp4.part.json").write_text("{}")
    remove_leftovers(target)
    assert files(target.parent) == ["clip.mp4", "other.mp4.part"]


def test_a_file_is_that_video_only_with_its_size_and_its_hash(target: Path) -> None:
    assert not verified(target, SIZE, HASH)
    target.write_bytes(VIDEO)
    assert verified(target, SIZE, HASH)
    assert not verified(target, SIZE + 1, HASH)
    assert not verified(target, SIZE, HASH[::-1])
    assert not verified(Path(os.devnull), 0, hashlib.sha256(b"").hexdigest())
    target.write_bytes(OTHER)
    assert not verified(target, SIZE, HASH)


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit])
def test_B5_an_interrupt_leaves_a_part_to_go_on_with_and_no_lock(target: Path, how: type[BaseException]) -> None:
    class Stopping(Clock):
        def sleep(self, seconds: float) -> None:
            raise how

    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        with pytest.raises(how):
            run(server, target, Stopping())
        assert_whole(target, run(server, target))
    assert server.starts == [0, 70_000]


# the disk


STEPS = ("open", "write", "ftruncate", "fsync", "chmod", "link", "unlink", "rename", "replace", "lseek", "pread")


class Fate:
    """Counts the calls that touch the disk; at one of them, or at all from there on, something happens."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: BaseException, *, for_good: bool) -> None:
        self.count = 0
        self.at, self.error, self.for_good = at, error, for_good
        for name in STEPS:
            patch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.count += 1
            if self.count == self.at or (self.for_good and self.count > self.at):
                raise self.error
            return real(*args, **options)

        return call


FATES = {
    "killed": (KeyboardInterrupt(), True),
    "EIO": (OSError(errno.EIO, "Input/output error"), False),
    "ENOSPC": (OSError(errno.ENOSPC, "No space left on device"), False),
    "EACCES": (PermissionError(errno.EACCES, "Permission denied"), False),
    "EROFS": (OSError(errno.EROFS, "Read-only file system"), True),
}


@posix
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(("error", "for_good"), FATES.values(), ids=FATES)
def test_B2_whatever_step_on_the_disk_goes_wrong_the_name_holds_a_whole_video_or_nothing(
    folder: Path, error: BaseException, for_good: bool, begun: bool, force: bool
) -> None:
    """After a death no clean-up works either; after a failed call everything else does. The next run finishes."""
    at = steps = 0
    while at <= steps:
        at += 1
        target = folder / str(at) / "clip.mp4"
        target.parent.mkdir()
        with FaultServer(film(VIDEO)) as server:
            if begun:
                with serving(cut(film(VIDEO), 70_000)) as broken:
                    interrupted(broken, target)
            with pytest.MonkeyPatch.context() as patch:
                fate = Fate(patch, at, error, for_good=for_good)
                with contextlib.suppress(DiskError, KeyboardInterrupt):
                    run(server, target, force=force)
            steps = fate.count
            assert not target.exists() or target.read_bytes() == VIDEO
            run(server, target, force=force)
            remove_leftovers(target)
        assert target.read_bytes() == VIDEO
        assert files(target.parent) == ["clip.mp4"]
    assert at > 10


@posix
@pytest.mark.parametrize("room", [*range(1, SIZE, SIZE // 10), SIZE - 1])
def test_D21_a_full_disk_keeps_the_part_and_says_what_is_needed(
    target: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def full(fd: int, data: bytes) -> int:
        left = room - os.fstat(fd).st_size
        if left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:left])

    monkeypatch.setattr(os, "write", full)
    with serving(film(VIDEO), film(VIDEO)) as server:
        error = fails(server, target, DiskError)
        monkeypatch.undo()
        assert f"{SIZE - room} bytes still needed" in error.message
        assert " free" in error.message
        assert f"{room} bytes are kept in {target}.part" in error.message
        assert_whole(target, run(server, target))
    assert server.starts == [0, room]


@posix
def test_D21_a_real_limit_of_the_kernel_is_a_disk_error(target: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with serving(film(VIDEO), film(VIDEO)) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, before[1]))
        try:
            fails(server, target, DiskError)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert_whole(target, run(server, target))
    assert server.starts == [0, 150_000]


def test_D22_a_video_larger_than_the_disk_costs_no_byte(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(target.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=SIZE - 1))
    with serving(film(VIDEO)) as server:
        error = fails(server, target, DiskError)
    assert f"{SIZE} bytes needed, {SIZE - 1} free" in error.message
    assert files(target.parent) == []


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_D23_after_a_failed_sync_the_part_is_not_trusted(
    target: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with serving(film(VIDEO), film(VIDEO)) as server:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            assert os.strerror(number) in fails(server, target, DiskError).message
        assert files(target.parent) == []
        assert_whole(target, run(server, target))
    assert server.starts == [0, 0]


@pytest.mark.parametrize("force", [False, True])
def test_D23_a_failed_rename_names_the_part_and_keeps_it(
    target: Path, force: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with serving(film(VIDEO), film(VIDEO)) as server:
        with monkeypatch.context() as patch:
            patch.setattr(private_files, "_rename_exclusively", fail)
            patch.setattr(os, "replace", fail)
            patch.setattr(Path, "replace", fail)
            assert "clip.mp4.part" in fails(server, target, DiskError, force=force).message
        assert_whole(target, run(server, target))


def test_D23_a_folder_that_cannot_be_synced_does_not_matter_but_a_broken_disk_does(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fail_on_folders(number: int) -> Callable[[int], None]:
        def fsync(fd: int) -> None:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                raise OSError(number, os.strerror(number))
            real(fd)

        return fsync

    with FaultServer(film(VIDEO)) as server:
        monkeypatch.setattr(os, "fsync", fail_on_folders(errno.EIO))
        with pytest.raises(DiskError):
            run(server, target)
        target.unlink()
        monkeypatch.setattr(os, "fsync", fail_on_folders(errno.EINVAL))
        assert_whole(target, run(server, target))


def test_D24_a_folder_that_is_not_there_is_not_made(target: Path) -> None:
    with FaultServer(strict=True) as server:
        error = fails(server, target.parent / "films" / "clip.mp4", DiskError)
    assert "mkdir -p" in str(error.hint)
    assert files(target.parent) == []


@posix
def test_D24_a_folder_that_vanishes_is_a_disk_error(folder: Path) -> None:
    with serving(film(VIDEO)) as server:
        fails(server, folder / "clip.mp4", DiskError, before_rename=lambda _: shutil.rmtree(folder))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_D24_a_folder_that_is_read_only_is_a_disk_error(folder: Path) -> None:
    folder.chmod(0o555)
    with FaultServer(strict=True) as server:
        fails(server, folder / "clip.mp4", DiskError)


# to a pipe


def streamed(server: FaultServer, out: Any, **options: Any) -> list[Any]:
    clock = Clock()
    return rested(stream(opener(server), out, clock=clock, chance=lambda: 0.0, **options), clock)


def test_D25_a_pipe_gets_the_video_and_an_interruption_does_not_show(folder: Path) -> None:
    out = io.BytesIO()
    with serving(cut(film(VIDEO), 70_000), film(VIDEO)) as server:
        assert streamed(server, out)[-1] == Streamed(SIZE, HASH)
    assert out.getvalue() == VIDEO
    assert server.starts == [0, 70_000]


def test_D25_a_pipe_never_gets_the_start_twice() -> None:
    out = io.BytesIO()
    with serving(cut(film(OTHER), 70_000), film(VIDEO, etag='"v2"')) as server, pytest.raises(NetworkError) as caught:
        streamed(server, out)
    assert out.getvalue() == OTHER[:70_000]
    assert "-o FILE" in str(caught.value.hint)


def test_D25_a_pipe_gets_no_page_instead_of_a_video() -> None:
    out = io.BytesIO()
    with serving(says(200, b"<!doctype html>")) as server, pytest.raises(BadVideo):
        streamed(server, out)
    assert out.getvalue() == b""


@pytest.mark.parametrize(
    ("error", "kind"), [(BrokenPipeError(errno.EPIPE, "gone"), ReaderGone), (OSError(errno.ENOSPC, "full"), DiskError)]
)
def test_H8_a_pipe_that_breaks_is_told_from_a_full_one(error: OSError, kind: type[BaseException]) -> None:
    class Broken(io.BytesIO):
        def write(self, _: Any) -> int:
            raise error

    with serving(film(VIDEO)) as server, pytest.raises(kind):
        streamed(server, Broken())


# headers as such

texts = st.text(st.characters(codec="latin-1"), max_size=30) | st.sampled_from(
    ["bytes 5-9/10", "bytes */5", "5", "gzip", "9" * 5000, "²", '"v1"', 'W/"v1"', "-1", "1e9", "bytes 5-4/10"]
)
names = st.sampled_from(["content-range", "content-length", "etag", "last-modified", "content-encoding", "retry-after"])


KNOWN = Validators('"v1"', WEDNESDAY, 10)
SAME = {"etag": '"v1"'}
ANSWERS: dict[str, tuple[int, dict[str, str], Validators, ExpectedBody | None]] = {
    "the rest": (
        206,
        {"content-range": "bytes 5-9/10", **SAME},
        KNOWN,
        ExpectedBody(5, 5, 10, Validators('"v1"', None, 10)),
    ),
    "all there": (
        416,
        {"content-range": "bytes */5", **SAME},
        Validators('"v1"'),
        ExpectedBody(5, 0, 5, Validators('"v1"')),
    ),
    "all there by the note": (
        416,
        SAME,
        Validators('"v1"', None, 5),
        ExpectedBody(5, 0, 5, Validators('"v1"', None, 5)),
    ),
    "all there, and nothing proves it": (416, {"content-range": "bytes */5"}, Validators('"v1"', None, 5), None),
    "a rest that nothing proves": (206, {"content-range": "bytes 5-9/10"}, KNOWN, None),
    "a rest with the date alone": (206, {"content-range": "bytes 5-9/10", "last-modified": WEDNESDAY}, KNOWN, None),
    "too much there": (416, {"content-range": "bytes */4", **SAME}, Validators('"v1"'), None),
    "nobody knows": (416, SAME, Validators('"v1"'), None),
    "a weak tag": (200, {"etag": 'W/"v1"'}, KNOWN, ExpectedBody(0, None, None, Validators(), framed=False)),
    "changed in the second of its answer": (
        200,
        {"last-modified": WEDNESDAY, "date": WEDNESDAY},
        KNOWN,
        ExpectedBody(0, None, None, Validators(), framed=False),
    ),
    "no date": (200, {"last-modified": "x\r\nKey: y"}, KNOWN, ExpectedBody(0, None, None, Validators(), framed=False)),
    "packed": (200, {"content-encoding": "GZip", **SAME}, KNOWN, ExpectedBody(0, None, None, Validators(), ["gzip"])),
}


@pytest.mark.parametrize(("status", "headers", "known", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_T6_what_an_answer_promises_after_5_bytes(
    status: int, headers: dict[str, str], known: Validators, expected: ExpectedBody | None
) -> None:
    assert promised(status, headers, 5, known) == expected


@pytest.mark.parametrize("span", ["5-10/10", "5-4/10", "4-9/10", "5-9/*", "5-9/", "5-9"])
def test_T6_a_piece_that_cannot_be_right_is_told_so(span: str) -> None:
    with pytest.raises(WrongRange):
        promised(206, {"content-range": f"bytes {span}"}, 5, Validators('"v1"'))
