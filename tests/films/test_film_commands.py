"""The commands about films, as they are typed, and the steps after saving around a whole job."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hailuo_cli.films.labels import reading
from hailuo_cli.providers import PROVIDERS
from tests.wire import scripts

from ..support import little_terminals
from ..support.canary import KEY
from ..support.command import hailuo, on_a_terminal, point_at
from ..support.films import film
from ..support.standin import StandIn

ORDER = ("a lighthouse at dusk", "--duration", "6", "--resolution", "768P")
SPY = "import json, os, sys; print('on stdout'); json.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1], 'w'))"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return film(tmp_path / "clip.mp4", size=(160, 90))


@pytest.fixture
def server(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in for MyRouter that serves a real film."""
    video = film(tmp_path / "served.mp4", size=(160, 90)).read_bytes()
    with StandIn(scripts()["myrouter"], video=video) as running:
        point_at(running, home, monkeypatch)
        yield running


def raw(*words: str, **environ: str) -> str:
    """What a command writes on stdout, graphics included."""
    done = subprocess.run(
        [sys.executable, "-m", "hailuo_cli", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        check=True,
    )
    return done.stdout


def test_preview_tells_facts_and_writes_strip_and_poster(clip: Path, tmp_path: Path) -> None:
    ran = hailuo("preview", str(clip), "--image", "strip.png", "--poster", "--frames", "5")
    assert ran.code == 0, ran.err
    facts, strip, poster = ran.out.splitlines()
    assert facts.startswith("clip.mp4  160 × 90  5.0 s  8 fps  h264  ")
    assert (strip, poster) == ("strip.png", str(clip.with_suffix(".poster.jpg")))
    with Image.open(strip) as image:
        width = (image.width - 8) / 5
        seen: Any = [image.getpixel((round(8 + width * (n + 0.4)), image.height // 2)) for n in range(5)]
    wanted = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255)]
    assert all(
        abs(a - b) < 40 for have, want in zip(seen, wanted, strict=True) for a, b in zip(have, want, strict=True)
    )
    with Image.open(poster) as image:
        assert image.size == (160, 90)


def test_a_file_that_is_there_is_replaced_only_by_force(clip: Path) -> None:
    Path("strip.png").write_bytes(b"mine")
    ran = hailuo("preview", str(clip), "--image", "strip.png")
    assert (ran.code, Path("strip.png").read_bytes()) == (2, b"mine")
    assert "--force" in ran.err
    assert hailuo("preview", str(clip), "--image", "strip.png", "--force").code == 0
    assert Path("strip.png").read_bytes().startswith(b"\x89PNG")


def test_preview_in_json_has_the_facts_and_no_picture(clip: Path) -> None:
    data = hailuo("preview", str(clip), "--json").json["data"]
    assert (data["width"], data["height"], data["seconds"], data["has_sound"]) == (160, 90, 5.0, False)
    assert data["path"] == str(clip)


@pytest.mark.parametrize("columns", [40, 80])
def test_on_a_terminal_the_picture_is_as_wide_as_the_window_allows(clip: Path, columns: int) -> None:
    code, written = on_a_terminal("preview", str(clip), env={"COLORTERM": "truecolor"}, columns=columns)
    assert code == 0
    lines = written.split("\r\n")
    cells = [little_terminals.blocks(line) for line in lines if "▀" in line]
    assert max(map(len, cells)) <= columns
    assert len(cells) <= 22
    assert max(map(len, cells)) >= min(columns, 48)
    assert "clip.mp4" in written


def test_no_color_draws_with_letters(clip: Path) -> None:
    code, written = on_a_terminal("preview", str(clip), env={"NO_COLOR": "1"})
    assert code == 0
    assert "\x1b" not in written
    assert "@" in written


def test_a_way_that_is_named_draws_into_a_pipe_too(clip: Path) -> None:
    shown, rest = little_terminals.kitty(raw("preview", str(clip), "--how", "kitty", TMUX=""))
    assert shown.columns <= 80
    assert rest.splitlines()[-1].startswith("clip.mp4")
    assert little_terminals.sixel(raw("preview", str(clip), "--how", "sixel"))[0].width <= 800
    assert little_terminals.iterm2(raw("preview", str(clip), "--how", "iterm2"))[0].columns <= 80


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, 2),
        (lambda path: path.mkdir(), 2),
        (lambda path: path.write_bytes(b"no film"), 12),
        (lambda path: path.write_bytes(b""), 12),
    ],
)
@pytest.mark.parametrize("command", [("preview",), ("label", "show"), ("label", "add")])
def test_what_is_no_film_is_refused_by_its_kind(make: Any, code: int, command: tuple[str, ...], tmp_path: Path) -> None:
    make(tmp_path / "x.mp4")
    ran = hailuo(*command, str(tmp_path / "x.mp4"))
    assert ran.code == code, ran.err
    assert ran.out == ""


def test_open_prints_the_path_and_opens_nothing_where_only_that_is_asked_for(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "false")
    ran = hailuo("open", "--print", str(clip))
    assert (ran.code, ran.out) == (0, f"{clip.absolute()}\n")


def test_open_hands_the_film_to_the_browser_without_a_key(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(str(PROVIDERS["myrouter"].key_env), KEY)
    Path("spy.py").write_text(SPY)
    monkeypatch.setenv("BROWSER", f"{sys.executable} spy.py note %s")
    ran = hailuo("open", str(clip))
    assert (ran.code, ran.out) == (0, f"{clip}\n"), ran.err
    arguments, environ = json.loads(Path("note").read_text())
    assert arguments == [str(clip)]
    assert KEY not in environ.values()


def test_a_program_that_cannot_open_it_is_told(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "false")
    ran = hailuo("open", str(clip))
    assert ran.code == 9
    assert str(clip) in ran.err


@pytest.mark.parametrize("command", [("open",), ("preview",), ("label", "show"), ("label", "add")])
def test_a_job_that_is_not_saved_is_still_running_with_the_command_that_saves_it(
    command: tuple[str, ...], server: StandIn
) -> None:
    reference = hailuo("submit", *ORDER, "--provider", "myrouter").out.strip()
    for name in (reference, "@last"):
        ran = hailuo(*command, name)
        assert ran.code == 5, ran.err
        assert f"hailuo wait {reference}" in ran.err


def test_a_saved_job_is_found_and_one_whose_film_is_gone_is_fetched_again(server: StandIn) -> None:
    ran = hailuo("generate", *ORDER, "--provider", "myrouter", "-o", "a.mp4", "--json")
    reference = ran.json["data"]["ref"]
    assert hailuo("preview", reference).out.startswith("a.mp4  160 × 90")
    Path("a.mp4").unlink()
    ran = hailuo("preview", reference)
    assert ran.code == 5
    assert f"hailuo download {reference}" in ran.err


def test_label_add_keeps_the_film_and_tells_both_hashes(clip: Path) -> None:
    before = clip.read_bytes()
    data = hailuo("label", "add", str(clip), "--json").json["data"]
    copy = Path(data["path"])
    assert (copy, clip.read_bytes()) == (clip.with_name("clip.labelled.mp4"), before)
    assert data["source_sha256"] == hashlib.sha256(before).hexdigest()
    assert data["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
    shown = hailuo("label", "show", str(copy), "--json").json["data"]
    assert shown["says_generated"]
    assert shown["aigc"][0]["Label"] == "1"
    assert shown["digital_source_type"][0].endswith("trainedAlgorithmicMedia")
    assert "no label makes a film meet a law" in hailuo("label", "show", str(copy)).err
    assert hailuo("label", "add", str(clip)).code == 2, "a copy that is there is not replaced"
    assert hailuo("label", "add", str(clip), "-o", str(clip), "--force").code == 2


def test_a_whole_job_is_labelled_described_and_handed_on(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    command = f"{sys.executable} -c \"{SPY}\" note {{path}} '{{prompt}}' {{job}}"
    words = (*ORDER, "--provider", "myrouter", "-o", "a.mp4", "--label", "--on-saved", command)
    ran = hailuo("generate", *words, "--json")
    assert ran.code == 0, ran.err
    job, film_ = ran.json["data"], Path("a.mp4").absolute()
    assert "on stdout" in ran.err, "what the program prints is not in the JSON"
    assert server.video
    came, is_now = (hashlib.sha256(content).hexdigest() for content in (server.video, film_.read_bytes()))
    info = json.loads(Path("a.info.json").read_text())
    assert (info["source_sha256"], info["sha256"], job["sha256"]) == (came, is_now, is_now)
    assert info["id"] == job["id"]
    assert "video_url" not in info
    assert info["generated"]["through"] == "myrouter"
    assert reading.read(film_).says_generated
    arguments, environ = json.loads(Path("note").read_text())
    assert arguments == [str(film_), ORDER[0], job["id"]]
    assert KEY not in environ.values()
    # the ledger knows the labelled film: the same command again fetches and orders nothing
    Path("note").unlink()
    again = hailuo("generate", *words)
    assert (again.code, again.out) == (0, f"{film_}\n"), again.err
    assert len(server.ordered) == 1
    assert not Path("note").exists(), "nothing was saved, so nothing is handed on"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--on-saved", "no-such-program {path}"), "no program no-such-program"),
        (("--on-saved", "echo {nope}"), "unknown field"),
        (("--on-saved", ""), "is empty"),
        (("--label", "-o", "-"), "needs a file"),
        (("--write-info-json", "-o", "-"), "needs a file"),
    ],
)
@pytest.mark.parametrize("command", ["generate", "check"])
def test_what_cannot_be_done_afterwards_is_refused_before_the_order(
    command: str, options: tuple[str, ...], words: str, server: StandIn
) -> None:
    ran = hailuo(command, *ORDER, "--provider", "myrouter", *options)
    assert ran.code == 2, ran.err
    assert words in ran.err
    assert not server.ordered


def test_submit_alone_refuses_what_it_would_never_do(server: StandIn) -> None:
    ran = hailuo("submit", *ORDER, "--provider", "myrouter", "--on-saved", "echo {path}")
    assert ran.code == 2
    assert "--wait" in ran.err
    assert not server.ordered


def test_a_program_that_fails_is_a_warning_and_changes_no_exit_code(server: StandIn) -> None:
    ran = hailuo("generate", *ORDER, "--provider", "myrouter", "-o", "a.mp4", "--on-saved", "false")
    assert ran.code == 0
    assert "warning: --on-saved: " in ran.err
    assert "exit code 1" in ran.err


def test_another_document_of_that_name_is_not_replaced(server: StandIn) -> None:
    Path("a.info.json").write_text("mine")
    ran = hailuo("generate", *ORDER, "--provider", "myrouter", "-o", "a.mp4", "--write-info-json")
    assert ran.code == 0
    assert "a.info.json is there already" in ran.err
    assert Path("a.info.json").read_text() == "mine"


def test_the_profile_can_ask_for_all_of_it(server: StandIn, home: Path) -> None:
    config = home / "hailuo.toml"
    lines = ["write_info_json = true", f'on_saved = ["{sys.executable}", "-c", "open(\'note\', \'w\')"]']
    config.write_text(
        config.read_text().replace("[profiles.test.", "[profiles.test]\n" + "\n".join(lines) + "\n[profiles.test.", 1)
    )
    ran = hailuo(
        "generate", *ORDER, "--provider", "myrouter", "-o", "a.mp4", "--profile", "test", "--no-write-info-json"
    )
    assert ran.code == 0, ran.err
    assert Path("note").exists()
    assert not Path("a.info.json").exists(), "an option goes before the profile"


def test_a_notice_is_given_by_the_desktop_or_by_the_terminal(server: StandIn, tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "notify-send"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path / "told"}\n')
    tool.chmod(0o755)
    words = ("generate", *ORDER, "--provider", "myrouter", "--notify", "-o")
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    assert hailuo(*words, "a.mp4", env={"DISPLAY": ":0", "PATH": path}).code == 0
    assert (tmp_path / "told").read_text().endswith("--|hailuo|saved a.mp4|")
