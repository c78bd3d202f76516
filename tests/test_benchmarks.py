"""The benchmarks measure what they say, leave out who fails, and write only where the page says so."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.measure import Contender, Launcher
from benchmarks.report import BEGIN, END, plot, table, write_section
from benchmarks.rows import Bars, Row, make_jpeg
from benchmarks.server import make_video
from hailuo_cli.request import images
from hailuo_cli.saving.mp4 import Walk

SVG = "{http://www.w3.org/2000/svg}"


def python(name: str, code: str, every: int = 1) -> Contender:
    return Contender(name, [sys.executable, "-S", "-c", code], every=every)


def test_contenders_run_in_turn_and_one_that_fails_is_left_out_with_its_last_words(tmp_path: Path) -> None:
    told = tmp_path / "told"
    note = f"open({str(told)!r}, 'a').write({{!r}})"
    contenders = [
        python("a", note.format("a")),
        python("bad", "import sys; sys.exit('no such model')"),
        python("b", note.format("b")),
        python("rare", note.format("r"), every=3),
    ]
    with Launcher(tmp_path, tmp_path) as launcher:
        taken = launcher.in_turn(contenders, 4)
    assert told.read_text() == "abr" + "abr" + "ba" + "ba" + "rab"
    assert taken["bad"].failure == "exit 1: no such model"
    assert [taken[name].runs for name in ("a", "b", "rare")] == [4, 4, 2]


def test_a_run_is_measured_without_what_the_caller_holds_in_memory(tmp_path: Path) -> None:
    ballast = bytearray(200_000_000)
    with Launcher(tmp_path, tmp_path) as launcher:
        idle = launcher.run(python("idle", "pass"))
        busy = launcher.run(python("busy", "bytearray(100_000_000); sum(range(3_000_000))"))
    assert len(ballast) > 0
    assert idle.peak < 50 < 90 < busy.peak < 150
    assert idle.cpu < busy.cpu <= busy.wall + 0.1


def test_the_environment_of_the_caller_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXAZO_API_KEY", "secret")
    with Launcher(tmp_path, tmp_path) as launcher:
        launcher.run(Contender("env", [sys.executable, "-c", "import os; print(*os.environ)"], {"GIVEN": "1"}))
        assert {"GIVEN", "HOME"} <= set(launcher.said.split())
        assert "PIXAZO_API_KEY" not in launcher.said


@pytest.mark.parametrize(
    ("ratio", "at_least", "missed"), [(1.2, False, False), (1.3, False, True), (1.3, True, False), (1.2, True, True)]
)
def test_the_table_says_which_target_was_missed(ratio: float, at_least: bool, missed: bool) -> None:
    line = table([Row("it", "5 ms", "4 ms", ratio, 1.25, at_least=at_least)]).splitlines()[-1]
    assert ("missed" in line) == missed
    assert line.count("|") == 7


def test_the_bars_are_as_long_as_their_values() -> None:
    root = ET.fromstring(plot([Bars("a & b", "ms", [("hailuo", 50.0), ("other", 200.0)])]))  # noqa: S314 - our own
    ours, other = (float(bar.attrib["width"]) for bar in root.iter(f"{SVG}rect"))
    assert other == pytest.approx(4 * ours, rel=0.01)
    assert "a & b" in [text.text for text in root.iter(f"{SVG}text")]


def test_only_the_marked_place_of_the_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "speed.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for section in (r"new \1 text", "newer"):
        write_section(page, section)
    assert page.read_text() == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"
    page.write_text("nothing marked")
    with pytest.raises(ValueError, match="no place"):
        write_section(page, "new")


def test_the_page_about_speed_has_a_place_for_the_benchmarks() -> None:
    page = (Path(__file__).parent.parent / "docs" / "speed.md").read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1


def test_what_is_sent_and_saved_in_a_benchmark_is_a_whole_image_and_a_whole_video(tmp_path: Path) -> None:
    make_jpeg(tmp_path / "frame.jpg", 100_000)
    with images.local(str(tmp_path / "frame.jpg")).file as file:
        assert len(file.read()) == 100_000
    make_video(tmp_path / "film.mp4", 100_000)
    walk = Walk()
    walk.feed((tmp_path / "film.mp4").read_bytes())
    walk.finish(100_000)
    assert walk.sealed
