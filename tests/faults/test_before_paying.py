"""A1: every error that can be known here is known before an order, for every entrance; the server is not asked once.

One table of errors. Each is walked through `generate`, `submit`, `submit --wait` and `check`: the same exit code and
words, POST=0 at the server, and no row in the ledger.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import FRAME
from tests.support.answers import says
from tests.support.command import configure, hailuo, ledger_rows
from tests.support.fault_server import FaultServer

ENTRANCES = (("generate",), ("submit",), ("submit", "--wait"), ("check",))


def nothing(_: Path) -> None:
    """No preparation."""


def a_file(folder: Path) -> None:
    (folder / "file").write_bytes(b"x")


def a_small_image(folder: Path) -> None:
    (folder / "small.png").write_bytes(b"\x89PNG\r\n\x1a\n")


def a_read_only_folder(folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)


def a_folder_for_the_part(folder: Path) -> None:
    (folder / "a.mp4.part").mkdir()


def a_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(folder / "socket"))


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


@dataclass(frozen=True)
class Wrong:
    """A local error: the options that make it, and what is said of it."""

    name: str
    options: tuple[str, ...]
    words: str
    code: int = 2
    prompt: str = "a bear"
    prepare: Callable[[Path], None] = field(default=nothing)
    needs_user: bool = False
    only_orders: bool = False
    """`check` needs neither key nor ledger: there it is a warning."""


WRONG = (
    Wrong("an unknown field", ("-o", "{nope}.mp4"), "unknown field {nope}"),
    Wrong("an empty output", ("-o", ""), "--output is empty"),
    Wrong("a name without --name", ("-o", "{name}.mp4"), "--name"),
    Wrong("a name that is too long", ("-o", "x" * 300 + ".mp4"), "too long"),
    Wrong("a folder that is a file", ("-o", "file/a.mp4"), "not a folder", prepare=a_file),
    Wrong("a device", ("-o", "/dev/null"), "device"),
    Wrong("a socket", ("-o", "socket"), "not a file", prepare=a_socket),
    Wrong("a pipe", ("-o", "pipe"), "not a file", prepare=a_pipe),
    Wrong(
        "a folder that takes nothing", ("-o", "locked/a.mp4"), "locked", 9, prepare=a_read_only_folder, needs_user=True
    ),
    Wrong("a folder of the system", ("-o", "/sys/hailuo/b.mp4"), "/sys"),
    Wrong(
        "a folder that cannot be made",
        ("-o", "locked/b/a.mp4"),
        "locked",
        9,
        prepare=a_read_only_folder,
        needs_user=True,
    ),
    Wrong("a timeout that is none", ("--timeout", "soon"), "soon"),
    Wrong("an empty timeout", ("--timeout", ""), "--timeout"),
    Wrong("a size that is none", ("--max-size", "big"), "big"),
    Wrong("an empty key", ("--dedupe-key", ""), "--dedupe-key"),
    Wrong("a missing image", ("--image", "nowhere.png"), "nowhere.png"),
    Wrong("an image that is cut", ("--image", "small.png"), "small.png", prepare=a_small_image),
    Wrong("an image over http", ("--image", "http://example.com/a.png"), "https"),
    Wrong("a last image alone", ("--last-image", str(FRAME)), "--image"),
    Wrong("a length nobody makes", ("--duration", "7"), "--duration 6"),
    Wrong("10 s at 1080P", ("--duration", "10", "--resolution", "1080P"), "768P"),
    Wrong("a model nobody sells", ("--model", "hailuo-9"), "hailuo-9"),
    Wrong("an empty prompt", (), "prompt is empty", prompt=" "),
    Wrong("a prompt that is too long", (), "characters", prompt="x" * 2001),
    Wrong("a missing prompt file", (), "nowhere.txt", prompt="@nowhere.txt"),
    Wrong("a camera move that is none", ("--camera", "fly"), "fly"),
    Wrong("a raw field that is none", ("--param", "seed"), "KEY=JSON"),
    Wrong("a raw field that goes out already", ("--param", "prompt=x"), "--param prompt"),
    Wrong("a raw field given twice", ("--param", "seed=1", "--param", "seed=2"), "--param seed"),
    Wrong("a folder where the part belongs", ("-o", "a.mp4"), "a.mp4.part", 9, prepare=a_folder_for_the_part),
    Wrong("several takes for stdout", ("--takes", "2", "-o", "-"), "only one video"),
    Wrong("an unknown provider", ("--provider", "nobody"), "nobody"),
    Wrong("an unknown option", ("--nope",), "--nope"),
    Wrong("a price above the limit", ("--max-cost", "0.01"), "--max-cost", 4),
    Wrong("a limit that is no number", ("--max-cost", "nan"), "--max-cost"),
    Wrong("too few takes", ("--takes", "0"), "takes"),
    Wrong("an unknown profile", ("--profile", "nobody"), "nobody"),
    Wrong("a missing config", ("--config", "nowhere.toml"), "nowhere.toml"),
)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(says(202, {"request_id": "job-1", "status": "QUEUED"})) as running:
        yield running


@pytest.mark.parametrize("entrance", ENTRANCES, ids=" ".join)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_A1_what_is_wrong_here_is_said_before_anything_is_paid(
    wrong: Wrong, entrance: tuple[str, ...], server: FaultServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wrong.needs_user and hasattr(os, "geteuid") and os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    configure(home, server.url, monkeypatch)
    wrong.prepare(Path())
    chosen = () if "--provider" in wrong.options else ("--provider", "pixazo")
    ran = hailuo(*entrance, wrong.prompt, *chosen, *wrong.options)
    assert (ran.code, ran.out) == (wrong.code, ""), ran.err
    assert wrong.words in ran.err
    assert [asked for asked in server.asked if asked.method == "POST"] == []
    assert ledger_rows(home) == []
