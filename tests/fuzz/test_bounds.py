"""What 64 KiB of the worst input may cost: so many lines of ours, so much memory; no clock that others slow down."""

from __future__ import annotations

import contextlib
import io
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import hailuo_cli
from hailuo_cli import durations
from hailuo_cli.backoff import retry_after
from hailuo_cli.cli.show import clean
from hailuo_cli.config import schema
from hailuo_cli.errors import HailuoError
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.request import build as asking
from hailuo_cli.request import images
from hailuo_cli.saving import naming
from hailuo_cli.saving.answer import Validators, promised
from hailuo_cli.saving.file_kinds import described
from hailuo_cli.saving.mp4 import Walk
from hailuo_cli.transport.bodies import parsed
from hailuo_cli.urls import is_web, must_be_safe
from hailuo_cli.wire import Call, Reply, check_ticket, post
from tests.request.test_images import chunk, png
from tests.support.clips import box

SIZE = 64 * 1024
MOST_LINES = 40 * SIZE
MOST_MEMORY = 32 * 1024 * 1024
HANG_SECONDS = 20.0
"""Of processor time: a regular expression that runs away is in no line of ours."""
OURS = str(Path(hailuo_cli.__file__).parent)


def full(piece: str, most: int = SIZE) -> str:
    return (piece * most)[:most]


def answered(body: bytes) -> None:
    for provider in PROVIDERS.values():
        for status in (200, 400, 500):
            error = provider.refusal(Call("POST", "/order"), Reply(parsed(body), status))
            clean(str(error))


def looked_at(content: bytes) -> None:
    images.local("-", stdin=io.BytesIO(content)).file.close()


def walked(data: bytes, step: int) -> None:
    walk = Walk()
    for at in range(0, len(data), step):
        walk.feed(data[at : at + step])
    walk.finish(len(data))


def given(text: str) -> None:
    name, value = asking._param(text)
    post("/order", {}).extended({name: value})


def read(text: str) -> None:
    schema.parse(text, Path("config.toml"))


def named(output: str, value: str) -> None:
    naming.target(output, dict.fromkeys(naming.FIELDS, value))


WORST: dict[str, tuple[Callable[..., Any], Any]] = {
    "T1 lists": (answered, (full("[").encode(),)),
    "T1 objects": (answered, (full('{"a":').encode(),)),
    "T2 digits": (answered, (full("9").encode(),)),
    "T2 many small ones": (answered, (b"[" + b'{"a":1},' * (SIZE // 8) + b"1]",)),
    "T3 a long reason": (answered, (('{"error": {"message": "' + full("\\u001b", SIZE - 40) + '"}}').encode(),)),
    "T4 labels": (must_be_safe, ("https://" + full("a."), "https://api.example")),
    "T4 logins": (must_be_safe, ("https://" + full("@"), "https://api.example")),
    "T4 brackets": (is_web, ("https://" + full("["),)),
    "T4 a ticket": (check_ticket, (full("."),)),
    "T6 digits": (retry_after, ({"retry-after": full("9")},)),
    "T6 a date": (retry_after, ({"retry-after": full("Wed, 21 Oct ")},)),
    "T6 spaces": (retry_after, ({"retry-after": full(" ") + "x", "date": full("0 ")},)),
    "T6 codings": (promised, (200, {"content-encoding": full("gzip,")}, 0, Validators())),
    "T6 a piece": (promised, (206, {"content-range": "bytes " + full("1")}, 5, Validators())),
    "T7 a value": (naming.clean, (full("e\u0301 "),)),
    "T7 a prompt": (named, ("{prompt}.mp4", full("word "))),
    "T7 blanks": (named, (full("{prompt}", 512), "x")),
    "T7 braces": (named, (full("{", 512), "x")),
    "T8 escapes": (clean, (full("\x1b"),)),
    "T9 padding": (looked_at, (b"\xff\xd8" + b"\xff" * SIZE,)),
    "T9 segments": (looked_at, (b"\xff\xd8" + b"\xff\xe0\0\2" * (SIZE // 4),)),
    "T9 chunks": (looked_at, (png(400, 400, chunk(b"tEXt", b"") * (SIZE // 12))[:-1],)),
    "T9 spaces": (looked_at, (full(" ").encode(),)),
    "T10 boxes": (walked, (box(b"ftyp") + box(b"free") * (SIZE // 8), SIZE)),
    "T10 bytes": (walked, (struct.pack(">I4s", SIZE, b"ftyp") + bytes(SIZE - 8), 1)),
    "T10 spaces": (described, (full(" ").encode(),)),
    "T11 brackets": (read, (full("["),)),
    "T11 a dotted key": (read, (full("a.", 1000) + "a = 1",)),
    "T11 many lines": (read, ("[profiles.a]\n" + "".join(f"k{n} = 1\n" for n in range(SIZE // 10)),)),
    "T11 a long list": (read, ("[profiles.a]\ncamera = [" + full("'a',") + "]",)),
    "T13 a size": (asking.size, (full("1"),)),
    "T13 a length of time": (durations.seconds, (full("1h"),)),
    "T14 a deep name": (given, (full("a.") + "a=1",)),
    "T14 a deep value": (given, ("a=" + full("["),)),
    "T14 digits": (given, ("a=" + full("9"),)),
}


@pytest.mark.parametrize(("parser", "inputs"), WORST.values(), ids=WORST)
def test_the_worst_64_KiB_cost_a_bounded_number_of_steps_and_little_memory(
    parser: Callable[..., Any], inputs: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = 0

    def counted(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        lines += event == "line"
        return counted

    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [])
    before = sys.gettrace()
    began = time.thread_time()
    tracemalloc.start()
    sys.settrace(counted)
    try:
        with contextlib.suppress(HailuoError):
            parser(*inputs)
    finally:
        sys.settrace(before)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert lines < MOST_LINES
    assert peak < MOST_MEMORY
    assert time.thread_time() - began < HANG_SECONDS
