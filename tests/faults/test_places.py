"""Groups G, H and I on the installed command: the ledger, the config, the machine around it, and images.

What NO_PROXY may say is the table NO_PROXY below, one line a test.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hailuo_cli.errors import NotSent
from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.ledger.sqlite_file import VERSION
from hailuo_cli.model import Job, JobState, RemoteState
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.transport import Session
from hailuo_cli.wire import get
from tests.faults.test_credentials import live_at, whole_job
from tests.support.answers import Gate, says
from tests.support.certificates import certified
from tests.support.command import HURRIED, Running, configure, hailuo, on_a_terminal, point_at
from tests.support.fault_server import Origin
from tests.support.standin import StandIn
from tests.support.world import Page, World
from tests.wire import KEY, scripts

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
LINUX = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
PIXAZO = scripts()["pixazo"]
ORDER = ["submit", "a bear", "--provider", "pixazo"]


# G: the ledger


def filled(path: Path, rows: int, prompt: str = "a bear") -> None:
    with Ledger(path) as ledger:
        ledger.begin(Job("", "pixazo", JobState.SAVED, ticket="job-0", prompt=prompt))
    db = sqlite3.connect(path)
    columns = [row[1] for row in db.execute("PRAGMA table_info(jobs)") if row[1] not in ("seq", "id", "ticket")]
    others = ", ".join(f'"{name}"' for name in columns)
    db.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"  # noqa: S608
        f" INSERT INTO jobs (id, ticket, {others}) SELECT printf('%08d', i), 'job-' || i, {others} FROM jobs, n"
    )
    db.commit()
    db.close()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def text(path: Path) -> None:
    path.write_text("pixazo:job-1\n" * 100)


def half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def overwritten(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])


def newer(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()


DAMAGES = {
    "G1 emptied": emptied,
    "G2 random bytes": random_bytes,
    "G2 text": text,
    "G2 half of it": half,
    "G2 a page overwritten": overwritten,
    "G3 of a newer version": newer,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_order_leaves_while_the_ledger_is_not_one_and_it_is_left_as_it_is(
    damage: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "data" / "ledger.sqlite3"
    filled(path, 60, "x" * 300)
    DAMAGES[damage](path)
    before = path.read_bytes()
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        for words in (ORDER, ["jobs"]):
            ran = hailuo(*words, "--json")
            assert ran.code == ran.json["error"]["exit"] == 11, ran.err
            assert str(path) in ran.json["error"]["message"]
            assert re.search("move it away|upgrade", ran.json["error"]["hint"])
        assert not server.asked
    assert path.read_bytes() == before


def test_G6_a_ledger_that_a_stuck_process_holds_stops_the_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "data" / "ledger.sqlite3"
    with Ledger(path):
        pass
    stuck = sqlite3.connect(path, isolation_level=None)
    stuck.execute("BEGIN EXCLUSIVE")
    try:
        with StandIn(PIXAZO) as server:
            point_at(server, home, monkeypatch)
            ran = hailuo(*ORDER, first="import hailuo_cli.ledger.sqlite_file as file; file.BUSY_SECONDS = 1.5")
            assert ran.code == 11, ran.err
            assert ran.err.index("waiting for another process") < ran.err.index("was locked by another process")
            assert not server.asked
    finally:
        stuck.close()


@POSIX
@pytest.mark.parametrize("size", [0, 16384])
def test_G7_a_disk_that_does_not_take_the_intent_stops_the_order(
    size: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo(*ORDER, first=f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, -1))")
        assert ran.code == 9, ran.err
        assert not server.asked
        assert hailuo(*ORDER).code == 0


def test_G7_a_data_folder_that_cannot_be_one_stops_the_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo(*ORDER, env={"HAILUO_DATA_DIR": str(home / "file" / "data")})
        assert ran.code == 9
        assert "HAILUO_DATA_DIR" in ran.err
        assert not server.asked


def test_G20_with_the_ledger_deleted_a_reference_still_brings_the_video(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(PIXAZO, course=(RemoteState.DONE,)) as server:
        point_at(server, home, monkeypatch)
        reference = hailuo(*ORDER).out.strip()
        for path in (home / "data").iterdir():
            path.unlink()
        assert "no jobs yet" in hailuo("jobs").err
        assert hailuo("wait", reference, "-o", "clip.mp4").code == 0
        assert reference in hailuo("jobs", "show", "@last").out
        assert len(server.ordered) == 1


@POSIX
def test_G8_a_reference_that_the_ledger_does_not_take_is_told_kept_elsewhere_and_brought_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = (
        "import resource\n"
        "from hailuo_cli import transport\n"
        "send = transport.Session.send\n"
        "def sent(self, *given):\n"
        "    reply = send(self, *given)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, -1))\n"
        "    return reply\n"
        "transport.Session.send = sent\n"
    )
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo(*ORDER, first=full)
        assert ran.code == 9, ran.err
        reference = f"pixazo:{PIXAZO.ticket[:-4]}0001"  # the first that this server gives
        assert reference in ran.out
        assert reference in ran.err
        listed = hailuo("jobs", "--json").json["data"]["jobs"]
        assert [(job["ref"], job["state"]) for job in listed] == [(reference, "submitted")]
        assert len(server.ordered) == 1


def test_G16_a_list_of_a_hundred_thousand_jobs_takes_no_longer_than_one_of_a_hundred(home: Path) -> None:
    took: dict[int, float] = {}
    for rows in (100, 100_000):
        folder = home / str(rows)
        filled(folder / "ledger.sqlite3", rows)
        times = []
        for _ in range(3):
            began = time.perf_counter()
            ran = hailuo("jobs", "list", env={"HAILUO_DATA_DIR": str(folder)})
            times.append(time.perf_counter() - began)
            assert len(ran.out.splitlines()) == 51
        took[rows] = min(times)
    assert took[100_000] < 3 * took[100]


def test_G17_jobs_are_listed_in_the_order_in_which_they_were_ordered_whatever_the_clock_says(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        for prompt, moment in (("one", 2e9), ("two", 1e9), ("three", 1.5e9)):
            said = hailuo(*ORDER[:1], prompt, *ORDER[2:], first=f"import time; time.time = lambda: {moment}")
            assert said.code == 0, said.err
        assert [job["prompt"] for job in hailuo("jobs", "--json").json["data"]["jobs"]] == ["three", "two", "one"]
        assert "prompt:         three" in hailuo("jobs", "show", "@last").out


@POSIX
def test_G19_a_job_needs_few_open_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(PIXAZO, course=(RemoteState.DONE,)) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("generate", *ORDER[1:], "-o", "clip.mp4", through='ulimit -n 24; exec "$@"')
        assert ran.code == 0, ran.err
        assert len(server.ordered) == 1


# G: the config


NO_CONFIGS: dict[str, tuple[bytes, str]] = {
    "G11 cut off": (b'default_profile = "a"\n[profiles.a', ":2"),
    "G11 NUL": (b'[profiles.a]\noutput = "x\0"\n', ":2"),
    "G11 5,000 levels": (b"a = " + b"[" * 5000, "too deeply"),
    "G11 an unknown key": (b"[profiles.a]\ntimeot = 5\n", ":2"),
    "G11 ESC in a name": (b'[profiles.a]\n"\\u001b]0;x" = 5\n', "\\x1b"),
}


@pytest.mark.parametrize("fault", NO_CONFIGS)
def test_a_config_that_is_not_understood_stops_before_paying_and_is_left_as_it_is(fault: str, home: Path) -> None:
    content, said = NO_CONFIGS[fault]
    path = home / "hailuo.toml"
    path.write_bytes(content)
    ran = hailuo(*ORDER, env={"HAILUO_CONFIG": str(path), "PIXAZO_API_KEY": KEY})
    assert ran.code == 2
    assert f"error: {path}" in ran.err
    assert said in ran.err
    assert path.read_bytes() == content


def test_G11_a_byte_order_mark_is_no_fault(home: Path) -> None:
    path = home / "hailuo.toml"
    path.write_bytes(b'\xef\xbb\xbf[profiles.a]\r\ntimeout = "5m"\r\n')
    assert "5m" in hailuo("config", "show", env={"HAILUO_CONFIG": str(path)}).out


@POSIX
@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"XDG_CONFIG_HOME": "rel", "XDG_DATA_HOME": "rel"}, ".config/hailuo/config.toml"),
        ({"XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}, ".config/hailuo/config.toml"),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="XDG is not of this system")
def test_G10_a_folder_that_is_relative_or_empty_is_not_used(
    environment: Mapping[str, str], place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAILUO_DATA_DIR")
    assert hailuo("config", "path", env=environment).out == f"{home / place}\n"
    assert hailuo("jobs", env=environment).code == 0
    assert list(Path.cwd().iterdir()) == []


@POSIX
def test_G10_without_HOME_the_user_s_own_is_used_and_without_one_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pwd

    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name)
    assert hailuo("config", "path").out.startswith(pwd.getpwuid(os.getuid()).pw_dir)
    nobody = "import pwd\ndef unknown(*_): raise KeyError\npwd.getpwuid = unknown"
    assert hailuo("jobs", first=nobody).code == 0
    monkeypatch.delenv("HAILUO_DATA_DIR")
    for words in (["config", "path"], ["jobs"], ORDER):
        ran = hailuo(*words, first=nobody)
        assert (ran.code, "HOME" in ran.err) == (2, True)


# H: the network around


REFUSALS = {
    "H1 asks for a login": Page(407, headers={"Proxy-Authenticate": "Basic"}),
    "H1 refuses": Page(403, b"not this way"),
    "H1 sends a page": Page(502, b"<html>Bad gateway</html>"),
    "H1 sends a page as if it were through": Page(200, b"<html>Welcome to the hotel</html>"),
}


@pytest.mark.parametrize("fault", [*REFUSALS, "H1 is dead"])
def test_a_proxy_that_does_not_let_through_is_named_without_its_password_and_nothing_is_sent(
    fault: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_at(home, monkeypatch, "pixazo")
    with World(home, whole_job, REFUSALS.get(fault)) as world:
        if fault not in REFUSALS:
            world.close()
        environment = world.environment("me:pr0xypass@")
        ran = hailuo(*ORDER, "-vv", env=environment, first=HURRIED)
        assert not world.visits
    assert ran.code == 6, ran.err
    assert f"by the proxy {environment['HTTPS_PROXY'].rpartition('@')[2]}" in ran.err
    assert "nothing was sent" in ran.err
    assert "pr0xypass" not in ran.err


@pytest.mark.parametrize("address", ["socks5://me:pr0xypass@127.0.0.1:9", "http://me:pr0xypass@[::", "ftp://127.0.0.1"])
@pytest.mark.parametrize("words", [ORDER, ["status", "pixazo:job-1"]], ids=["order", "look"])
def test_H1_a_proxy_that_cannot_be_used_at_all_sends_nothing(
    words: list[str], address: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_at(home, monkeypatch, "pixazo")
    ran = hailuo(*words, env={"HTTPS_PROXY": address})
    assert ran.code == 6, ran.err
    assert "the proxy that the environment names cannot be used" in ran.err
    assert bool(re.search(r"\[socks\]|--extra socks", ran.err)) == address.startswith("socks5")
    assert "pr0xypass" not in ran.err


NO_PROXY = {
    "": True,
    "*": False,
    "api.hailuo.test": False,
    "hailuo.test": False,
    ".hailuo.test": False,
    "API.Hailuo.Test": False,
    "other.test, api.hailuo.test": False,
    "other.test,api.hailuo.test": False,
    "https://api.hailuo.test": False,
    "https://api.hailuo.test:443": False,
    "http://api.hailuo.test": True,
    "other.test": True,
    "lo.test": True,
    "1.2.3.4": True,
    "1.2.3.0/24": True,
    "2001:db8::1": True,
}
"""Whether https://api.hailuo.test is still asked for through the proxy. A host stands for the hosts below it."""


@pytest.mark.parametrize(("listed", "goes_through"), NO_PROXY.items(), ids=ascii)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_H2_what_no_proxy_says_is_honoured(
    variable: str, listed: str, goes_through: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(host: str, *_: object, **__: object) -> list[object]:
        raise socket.gaierror(f"nobody looks up {host}")

    with World(home, whole_job, Page(403)) as world:
        for name, value in {**world.environment(), variable: listed}.items():
            monkeypatch.setenv(name, value)
        if not goes_through:
            monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        with Session(PROVIDERS["pixazo"], "https://api.hailuo.test", None) as session, pytest.raises(NotSent):
            session.send(get("/x"))
        assert bool(world.tunnels) is goes_through


@pytest.mark.parametrize("content", [None, b"no certificate"], ids=["missing", "not PEM"])
def test_H3_certificates_that_cannot_be_read_end_the_command_and_never_the_check(
    content: bytes | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = home / "chosen.pem"
    if content is not None:
        chosen.write_bytes(content)
    live_at(home, monkeypatch, "pixazo")
    with World(home, whole_job) as world:
        ran = hailuo(*ORDER, env={**world.environment(), "SSL_CERT_FILE": str(chosen)})
        assert ran.code == 6
        assert str(chosen) in ran.err
        assert not world.tunnels


SWITCHES = {
    "PYTHONHTTPSVERIFY": "0",
    "SSL_VERIFY": "0",
    "SSL_NO_VERIFY": "1",
    "HTTPX_VERIFY": "0",
    "HAILUO_VERIFY": "0",
    "HAILUO_INSECURE": "1",
    "CURL_INSECURE": "1",
    "GIT_SSL_NO_VERIFY": "1",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
}


def test_H4_nothing_switches_the_check_of_certificates_off(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, _ = certified(home)
    with Origin(says(202, {"request_id": "job-1"}), tls=context) as server:
        live_at(home, monkeypatch, "pixazo", server.url)
        assert hailuo(*ORDER, env=SWITCHES).code == 6
        for option in ("--insecure", "-k"):
            assert hailuo(*ORDER, option).code == 2
        for key in ("verify", "insecure"):
            live_at(home, monkeypatch, "pixazo", server.url, **{key: "false"})
            assert hailuo(*ORDER).code == 2
        assert not server.asked


# H: the machine around


@pytest.fixture
def some_jobs(home: Path) -> None:
    filled(home / "data" / "ledger.sqlite3", 300, "é熊" * 200)


@POSIX
@pytest.mark.parametrize("words", [["jobs", "list", "-n", "300"], ["jobs", "export"], ["camera"]], ids=" ".join)
def test_H6_piped_into_head_nothing_is_said_on_stderr(words: list[str], some_jobs: None) -> None:
    ran = hailuo(*words, through='{ "$@"; echo $? >code; } | head -n 1')
    assert (ran.code, ran.err, len(ran.out.splitlines())) == (0, "", 1)
    assert int(Path("code").read_text()) in (141, 0)  # 0: all of it fitted into the pipe before its reader went away


@POSIX
def test_H7_with_stdout_closed_a_wait_saves_the_video(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("generate", *ORDER[1:], "-o", "clip.mp4", through='exec "$@" >&-')
        assert ran.code == 0, ran.err
    assert Path("clip.mp4").stat().st_size > 0


@POSIX
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_H8_with_stdout_full_a_wait_saves_the_video_and_exits_9(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("generate", *ORDER[1:], "-o", "clip.mp4", through='exec "$@" >/dev/full')
        assert (ran.code, "cannot write to stdout" in ran.err) == (9, True), ran.err
    assert Path("clip.mp4").stat().st_size > 0
    assert hailuo("jobs", "--json").json["data"]["jobs"][0]["state"] == "saved"


@POSIX
@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1"])
def test_H10_in_a_locale_without_utf_8_everything_can_be_printed(locale: str, some_jobs: None) -> None:
    plain = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for words in (["jobs", "list"], ["jobs", "show", "@last"]):
        assert hailuo(*words, env=plain).code == 0


PLAIN_TERMINALS: dict[str, dict[str, str]] = {
    "H11 TERM=dumb": {"TERM": "dumb"},
    "H11 CI": {"CI": "1"},
}


@POSIX
@pytest.mark.parametrize("terminal", PLAIN_TERMINALS)
def test_a_plain_terminal_gets_plain_lines(terminal: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        code, written = on_a_terminal("generate", *ORDER[1:], "-o", "clip.mp4", env=PLAIN_TERMINALS[terminal])
    assert code == 0
    assert "\x1b" not in written
    assert "\r" not in written.replace("\r\n", "\n")
    for word in ("queued", "running", "done", "saved: "):
        assert written.count(f": {word}" if word != "saved: " else word) == 1, written


@POSIX
def test_H11_a_terminal_of_20_columns_gets_lines_of_20_columns(some_jobs: None) -> None:
    code, written = on_a_terminal("jobs", "list", columns=20)
    assert code == 0
    assert max(map(len, written.splitlines())) <= 20


@POSIX
def test_H13_nothing_in_the_working_folder_is_imported_or_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Path(sys.executable).with_name("hailuo")
    if not command.exists():
        pytest.skip("it is not installed as a command")
    touched = home / "touched"
    for module in ("httpx", "json", "typer", "sqlite3", "platformdirs", "rich", "sitecustomize", "usercustomize"):
        Path(f"{module}.py").write_text(f"open({str(touched)!r}, 'w'); raise SystemExit(99)\n")
    for program in ("git", "ffprobe", "ffmpeg", "python3", "sh", "xdg-open", "pass"):
        Path(program).write_text(f"#!/bin/sh\n: > {touched}\n")
        Path(program).chmod(0o755)
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        done = subprocess.run(
            [command, "generate", *ORDER[1:], "-o", "clip.mp4"],
            env={**os.environ, "PATH": f".:{os.environ['PATH']}"},
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert not touched.exists()


# I: images


def png(width: int, height: int, size: int = 0) -> bytes:
    """A PNG by its header and its end, with so many bytes between them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bytes(size)) + chunk(b"IEND", b"")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def gone(_: Path) -> None:
    pass


IMAGES: dict[str, bytes | Callable[[Path], None]] = {
    "I1 65,535 squared": png(65535, 65535, 500_000),
    "I1 13,300 squared": png(13300, 13300, 500_000),
    "I1 the largest number": png(2**31 - 1, 2**31 - 1),
    "I1 nothing wide": png(0, 10),
    "I2 SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"/>',
    "I2 EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "I2 HTML": b"<!doctype html><html></html>",
    "I2 TIFF": b"II*\x00" + bytes(100),
    "I2 GIF": b"GIF89a\x00\x04\x00\x04" + bytes(100),
    "I2 a JPEG that is cut": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    "I4 gone": gone,
    "I4 a named pipe": fifo,
    "I4 a folder": folder,
    "I4 empty": b"",
    "I4 20 MiB": png(800, 600, 20 * 1024 * 1024),
}
ADDRESSES = {
    "I5 a file": "file:///etc/passwd",
    "I5 no TLS": "http://example.com/a.png",
    "I5 a cloud's metadata": "http://169.254.169.254/latest/meta-data",
    "I5 another scheme": "ftp://example.com/a.png",
    "I5 data of another kind": "data:text/html;base64,PGh0bWw+",
    "I5 data that is a bomb": f"data:image/png;base64,{base64.b64encode(png(65535, 65535)).decode()}",
}


@LINUX
def test_images_that_break_a_rule_are_refused_before_paying_and_without_unpacking_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process for all of them, so that its memory says what the worst one took."""
    named: list[str] = []
    for name, content in IMAGES.items():
        path = Path(f"{name}.png")
        if callable(content):
            content(path)
        else:
            path.write_bytes(content)
        named.append(str(path))
    named += ADDRESSES.values()
    each = f"""
import json, re, sys
from hailuo_cli.cli.app import run
codes = [run(["submit", "x", "--provider", "pixazo", "--image", image]) for image in {named!r}]
# not ru_maxrss, which begins with what the process was forked from
peak = re.search("VmHWM: *([0-9]+)", open("/proc/self/status").read().replace("\t", " "))[1]
print(json.dumps([codes, int(peak) // 1024]))
sys.exit(0)
"""
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo(first=each)
        codes, peak = json.loads(ran.out)
        assert dict(zip([*IMAGES, *ADDRESSES], codes, strict=True)) == dict.fromkeys([*IMAGES, *ADDRESSES], 2)
        assert ran.err.count("error: ") == len(named)
        assert not server.asked
    assert not (home / "data").exists()
    assert peak < 100


def test_I4_an_image_is_read_once_and_its_content_is_part_of_what_the_order_is(
    home: Path, frame: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Path("frame.png")
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        words = ["submit", "x", "--provider", "pixazo", "--image", str(image), "--dedupe-key", "mine"]
        image.write_bytes(frame.read_bytes())
        first = hailuo(*words)
        assert hailuo(*words).out == first.out
        image.write_bytes(frame.read_bytes() + b"more")
        assert hailuo(*words).code == 2
        assert len(server.ordered) == 1


@LINUX
def test_I6_the_largest_image_is_sent_in_little_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = Path("large.png")
    image.write_bytes(png(800, 600, 20 * 1024 * 1024 - 100))
    gate = Gate(says(202, {"request_id": "job-1"}))
    with Origin(gate) as server:
        configure(home, server.url, monkeypatch)
        running = Running("submit", "x", "--image", str(image))
        assert gate.arrived.wait(60)
        peak = running.peak()
        gate.open.set()
        assert running.end().code == 0
        assert len(server.asked[0].body) > image.stat().st_size * 4 // 3
    assert peak < 80
