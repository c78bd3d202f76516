"""The sandbox's films, rendered small and read back from the file: what a viewer would see is what is measured."""

from __future__ import annotations

import importlib.util
import itertools
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat

from hailuo_cli.distribution.installation import install_command
from hailuo_cli.errors import UsageError
from hailuo_cli.model import Move
from hailuo_cli.request import camera
from hailuo_cli.sandbox import lettering, picture
from hailuo_cli.sandbox.animatic import render
from hailuo_cli.sandbox.moves import WORDS, flight
from hailuo_cli.sandbox.shot import SHORT_SIDES, Shot, frame_size
from tests.support import ROOT

EXAMPLES = ROOT / "examples"
SMALL, FPS = (320, 180), 12
STILL = "[Static shot]"

Point = tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """Where the four coloured discs of `marked` are in a frame, in pixels."""

    red: Point
    green: Point
    blue: Point
    yellow: Point

    @property
    def x(self) -> float:
        return (self.red[0] + self.green[0] + self.blue[0] + self.yellow[0]) / 4

    @property
    def y(self) -> float:
        return (self.red[1] + self.green[1] + self.blue[1] + self.yellow[1]) / 4

    @property
    def size(self) -> float:
        return (math.dist(self.red, self.yellow) + math.dist(self.green, self.blue)) / 2

    @property
    def left_to_right(self) -> float:
        return math.dist(self.red, self.blue) / math.dist(self.green, self.yellow)

    @property
    def top_to_bottom(self) -> float:
        return math.dist(self.red, self.green) / math.dist(self.blue, self.yellow)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey picture with a red and a green disc above, a blue and a yellow one below, around its middle."""
    image = Image.new("RGB", (960, 540), (128, 128, 128))
    pen = ImageDraw.Draw(image)
    for (x, y), colour in zip(
        ((390, 210), (570, 210), (390, 330), (570, 330)), ("red", "lime", "blue", "yellow"), strict=True
    ):
        pen.circle((x, y), 32, colour)
    path = tmp_path_factory.mktemp("picture") / "marked.png"
    image.save(path)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., list[Image.Image]]:
    """Renders a shot and gives its frames."""

    def made(
        prompt: str,
        image: Path | None = None,
        last: Path | None = None,
        seconds: int = 2,
        size: tuple[int, int] | None = SMALL,
        fps: int = FPS,
    ) -> list[Image.Image]:
        target = tmp_path / "film.mp4"
        render(Shot(prompt, seconds, "512P", image, last), target, size=size, fps=fps)
        return frames(target)

    return made


def frames(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as file:
        decoded: Iterator[Any] = file.decode(video=0)  # PyAV leaves `to_image` without types
        return [frame.to_image() for frame in decoded]


def chart(frame: Image.Image) -> Chart:
    red, green, blue = (band.point([255 * (level > 165) for level in range(256)]) for band in frame.split())
    no_red, no_green, no_blue = (band.point([255 * (level < 90) for level in range(256)]) for band in frame.split())
    return Chart(
        red=middle(red, no_green, no_blue),
        green=middle(no_red, green, no_blue),
        blue=middle(no_red, no_green, blue),
        yellow=middle(red, green, no_blue),
    )


def middle(*conditions: Image.Image) -> Point:
    mask = conditions[0]
    for condition in conditions[1:]:
        mask = ImageChops.darker(mask, condition)
    columns = mask.convert("F").resize((mask.width, 1), Image.Resampling.BOX)
    rows = mask.convert("F").resize((1, mask.height), Image.Resampling.BOX)
    return centroid(columns), centroid(rows)


def centroid(line: Image.Image) -> float:
    levels = [float(str(line.getpixel((x, y)))) for x, y in itertools.product(range(line.width), range(line.height))]
    assert sum(levels) > 0, "a disc has left the frame"
    return sum(at * level for at, level in enumerate(levels)) / sum(levels)


def charts(images: list[Image.Image]) -> list[Chart]:
    return [chart(image) for image in images]


def speeds(positions: list[float]) -> list[float]:
    return [b - a for a, b in itertools.pairwise(positions)]


def mean(image: Image.Image) -> list[float]:
    return ImageStat.Stat(image.crop((0, 0, image.width, image.height * 3 // 4))).mean


def unlike(a: Image.Image, b: Image.Image) -> float:
    """The mean difference of two frames, in levels."""
    return sum(ImageStat.Stat(ImageChops.difference(a, b)).mean) / 3


# what a move does to the picture on the screen: to the right, down, growth, and the two keystones (left side to
# right side, top to bottom); the sign of the change from the first frame to the last, 0 for none
EFFECTS: dict[Move, tuple[int, int, int, int, int]] = {
    Move.TRUCK_LEFT: (1, 0, 0, 0, 0),
    Move.TRUCK_RIGHT: (-1, 0, 0, 0, 0),
    Move.PAN_LEFT: (1, 0, 0, -1, 0),
    Move.PAN_RIGHT: (-1, 0, 0, 1, 0),
    Move.PUSH_IN: (0, 0, 1, 0, 0),
    Move.PULL_OUT: (0, 0, -1, 0, 0),
    Move.PEDESTAL_UP: (0, 1, 0, 0, 0),
    Move.PEDESTAL_DOWN: (0, -1, 0, 0, 0),
    Move.TILT_UP: (0, 1, 0, 0, -1),
    Move.TILT_DOWN: (0, -1, 0, 0, 1),
    Move.ZOOM_IN: (0, 0, 1, 0, 0),
    Move.ZOOM_OUT: (0, 0, -1, 0, 0),
    Move.SHAKE: (0, 0, 0, 0, 0),
    Move.TRACKING_SHOT: (-1, 0, 1, 0, 0),
    Move.STATIC_SHOT: (0, 0, 0, 0, 0),
}


def test_every_move_has_a_known_effect() -> None:
    assert set(EFFECTS) == set(Move)


@pytest.mark.parametrize("move", Move, ids=lambda move: move.value.replace(" ", "_"))
def test_a_move_changes_the_picture_on_the_screen_in_its_own_way(
    move: Move, marked: Path, film: Callable[..., list[Image.Image]]
) -> None:
    seen = film(f"a bay [{WORDS[move]}]", marked)
    first, last = chart(seen[0]), chart(seen[-1])
    right, down, growth, sides, ends = EFFECTS[move]

    def goes(sign: int, change: float, least: float, most_rest: float) -> bool:
        return change * sign >= least if sign else abs(change) <= most_rest

    assert goes(right, last.x - first.x, 35, 1.5)
    assert goes(down, last.y - first.y, 25, 1.5)
    # what turns away from the picture also changes its size a little
    assert goes(growth, math.log(last.size / first.size), math.log(1.1), 0.02 if not sides and not ends else 0.12)
    assert goes(sides, math.log(last.left_to_right / first.left_to_right), 0.05, 0.015)
    assert goes(ends, math.log(last.top_to_bottom / first.top_to_bottom), 0.02, 0.012)


def test_truck_left_moves_the_picture_to_the_right(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    places = [c.x for c in charts(film("[Truck left]", marked))]
    assert all(speed > -0.3 for speed in speeds(places))
    assert places[-1] - places[0] > SMALL[0] / 5


def test_a_zoom_grows_more_than_a_push(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    push, zoom = (film(f"[{word}]", marked) for word in ("Push in", "Zoom in"))
    assert chart(zoom[-1]).size > 1.2 * chart(push[-1]).size


def test_a_push_grows_around_the_middle(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    for seen in charts(film("[Push in]", marked)):
        assert seen.x == pytest.approx(SMALL[0] / 2, abs=1.2)
        assert seen.y == pytest.approx(SMALL[1] / 2, abs=1.2)


def test_a_prompt_without_a_tag_is_a_gentle_push(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    undirected = charts(film("a bay [a note]", marked))
    assert 1.05 < undirected[-1].size / undirected[0].size < 1.2


def test_a_static_shot_does_not_move_at_all(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    seen = film(STILL, marked)
    assert all(unlike(seen[0], frame) < 1 for frame in seen)


def test_a_shake_wanders_a_little_and_comes_back(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    seen = charts(film("[Shake]", marked, fps=24))
    away = [math.hypot(c.x - seen[0].x, c.y - seen[0].y) for c in seen]
    turns = sum(a * b < 0 for a, b in itertools.pairwise(speeds([c.x for c in seen])))
    assert 2 < max(away) < SMALL[0] / 12
    assert away[-1] < 0.7
    assert turns >= 3
    assert max(map(abs, speeds(away))) < max(away) / 2


def test_a_move_starts_and_ends_softly_and_never_jumps(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    moving = speeds([c.x for c in charts(film("[Truck right]", marked))])
    fastest = max(map(abs, moving))
    assert max(abs(moving[0]), abs(moving[-1])) < fastest / 5
    assert abs(moving[len(moving) // 2]) > fastest * 0.8
    assert max(map(abs, speeds(moving))) < fastest / 3


def test_tags_run_in_sequence_and_each_starts_where_the_last_ended(
    marked: Path, film: Callable[..., list[Image.Image]]
) -> None:
    seen = charts(film("[Truck left] then [Pedestal down]", marked))
    half = len(seen) // 2
    across, down = speeds([c.x for c in seen]), speeds([c.y for c in seen])
    assert sum(across[: half - 1]) > 35
    assert abs(sum(down[: half - 1])) < 1.5
    assert sum(down[half:]) < -25
    assert abs(sum(across[half:])) < 1.5
    border = slice(half - 2, half + 1)
    assert max(map(abs, (*across[border], *down[border]))) < max(map(abs, across)) / 3


def test_moves_in_one_tag_run_at_once(marked: Path, film: Callable[..., list[Image.Image]]) -> None:
    seen = charts(film("[Truck left,Pedestal up,Push in]", marked))
    part = len(seen) // 2
    for a, b in ((seen[0], seen[part]), (seen[part], seen[-1])):
        assert b.x - a.x > 10
        assert b.y - a.y > 8
        assert b.size > a.size * 1.05


CROWDED = (
    " ".join(["[Truck left,Pan left,Pedestal up]"] * 6),
    " ".join(["[Pan right,Tilt down,Zoom out]"] * 6),
    " ".join(["[Tilt up,Pull out,Shake]"] * 6),
    "[Zoom in,Push in,Tracking shot] [Shake,Pan left,Tilt up] [Zoom out] [Pedestal down,Truck right]",
    "[Shake]",
)


@pytest.mark.parametrize("prompt", CROWDED)
@pytest.mark.parametrize("shape", [(960, 540), (450, 900)])
def test_no_frame_shows_what_is_outside_of_the_picture(
    prompt: str, shape: tuple[int, int], tmp_path: Path, film: Callable[..., list[Image.Image]]
) -> None:
    bright = Image.new("RGB", shape, (235, 220, 90))
    bright.paste((120, 200, 240), (40, 40, shape[0] - 40, shape[1] - 40))
    bright.save(tmp_path / "bright.png")
    size = SMALL if shape[0] > shape[1] else (160, 320)
    for frame in film(prompt, tmp_path / "bright.png", size=size):
        grey = frame.convert("L")
        across, down = grey.size
        for edge in ((0, 0, across, 2), (0, down - 2, across, down), (0, 0, 2, down), (across - 2, 0, across, down)):
            darkest = ImageStat.Stat(grey.crop(edge)).extrema[0][0]
            assert darkest > 140


moves_at_once = st.lists(st.sampled_from(list(Move)), min_size=1, max_size=3).map(tuple)


@settings(deadline=None, max_examples=40)
@given(steps=st.lists(moves_at_once, max_size=6), aspect=st.floats(0.4, 2.5))
def test_any_flight_is_straight_at_first_and_stays_inside_without_a_jump(
    steps: list[camera.Step], aspect: float
) -> None:
    views = flight(steps, 96, 4, aspect)
    corners = [[view.at(u, v) for u in (-1, 1) for v in (-1, 1)] for view in views]
    assert len(views) == 96
    assert all(abs(share) <= 1 + 1e-6 for frame in corners for corner in frame for share in corner)
    assert max(view.share for view in views) > 0.55  # room for the moves never costs half of the picture
    assert min(view.share for view in views) > 0.2
    assert views[0].g == pytest.approx(0, abs=1e-9)
    assert views[0].h == pytest.approx(0, abs=1e-9)
    for before, after in itertools.pairwise(corners):
        assert max(math.dist(a, b) for a, b in zip(before, after, strict=True)) < 0.25


@pytest.mark.parametrize(
    ("resolution", "aspect", "expected"),
    [
        ("512P", 16 / 9, (910, 512)),
        ("720P", 16 / 9, (1280, 720)),
        ("768P", 16 / 9, (1366, 768)),
        ("1080P", 16 / 9, (1920, 1080)),
        ("2K", 16 / 9, (2560, 1440)),
        ("768P", 9 / 16, (768, 1366)),
        ("1080P", 9 / 16, (1080, 1920)),
        ("768P", 1, (768, 768)),
        ("768P", 4 / 3, (1024, 768)),
        ("720P", 3 / 4, (720, 960)),
        ("768P", 2.5, (1920, 768)),
        ("512P", 0.4, (512, 1280)),
    ],
)
def test_a_frame_keeps_the_shape_and_has_the_resolution_as_its_short_side(
    resolution: str, aspect: float, expected: tuple[int, int]
) -> None:
    assert frame_size(resolution, aspect) == expected


@given(st.sampled_from(sorted(SHORT_SIDES)), st.floats(0.4, 2.5))
def test_a_frame_has_even_sides(resolution: str, aspect: float) -> None:
    assert all(side % 2 == 0 for side in frame_size(resolution, aspect))


def test_an_unknown_resolution_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="999P") as refused:
        frame_size("999P", 1)
    assert "768P" in str(refused.value.hint)


def boxes(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data):
        yield data[at + 4 : at + 8].decode()
        at += int.from_bytes(data[at : at + 4])


def test_the_file_is_what_players_expect(marked: Path, tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    render(Shot("a bay", 2, "512P", marked), target)
    with av.open(str(target)) as file:
        stream = file.streams.video[0]
        codec = stream.codec_context
        times = [frame.time for frame in file.decode(stream)]
        assert (codec.name, codec.pix_fmt, codec.profile) == ("h264", "yuv420p", "High")
        assert (codec.width, codec.height) == (910, 512)
        assert (codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range) == (1, 1, 1, 1)
        assert stream.average_rate == 24
        assert stream.frames == len(times) == 2 * 24
        assert times == pytest.approx([n / 24 for n in range(48)])
    order = list(boxes(target.read_bytes()))
    assert order.index("moov") < order.index("mdat")


def test_a_portrait_picture_gives_a_portrait_film(tmp_path: Path, film: Callable[..., list[Image.Image]]) -> None:
    Image.new("RGB", (360, 480), "teal").save(tmp_path / "portrait.jpg")
    assert film(STILL, tmp_path / "portrait.jpg", seconds=1, size=None, fps=2)[0].size == (512, 682)


def test_colours_arrive_as_they_were(tmp_path: Path, film: Callable[..., list[Image.Image]]) -> None:
    Image.new("RGB", (640, 360), (220, 40, 60)).save(tmp_path / "red.png")
    frame = film(STILL, tmp_path / "red.png", seconds=1, fps=2)[0]
    assert mean(frame) == pytest.approx([220, 40, 60], abs=4)


def test_two_renders_give_the_same_bytes(marked: Path, tmp_path: Path) -> None:
    shot = Shot("[Shake,Pan left]", 1, "512P", marked)
    for name in ("a.mp4", "b.mp4"):
        render(shot, tmp_path / name, size=SMALL, fps=FPS)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_the_film_dissolves_into_the_last_image_at_its_end(
    tmp_path: Path, film: Callable[..., list[Image.Image]]
) -> None:
    Image.new("RGB", (640, 360), (200, 60, 40)).save(tmp_path / "first.png")
    Image.new("RGB", (500, 500), (40, 80, 200)).save(tmp_path / "last.png")
    seen = film("[Push in]", tmp_path / "first.png", tmp_path / "last.png")
    blue = [mean(frame)[2] for frame in seen]
    assert mean(seen[0]) == pytest.approx([200, 60, 40], abs=4)
    assert blue[len(blue) // 2] == pytest.approx(40, abs=4)
    assert mean(seen[-1]) == pytest.approx([40, 80, 200], abs=4)
    assert all(speed > -2 for speed in speeds(blue))
    assert speeds(blue)[-1] < max(speeds(blue)) / 3


def test_without_a_picture_there_is_a_card_with_the_prompt_and_the_camera_moves_over_it(
    film: Callable[..., list[Image.Image]],
) -> None:
    card = film("A fox in the snow [Truck left]")
    other = film("Two boats in the harbour at noon [Truck left]")
    blank = film("[Truck left]")
    assert unlike(card[0], card[-1]) > 3
    assert unlike(card[0], other[0]) > 1
    assert unlike(card[0], blank[0]) > 1
    assert film("A fox", seconds=1, size=None, fps=1)[0].size == (910, 512)


@pytest.mark.parametrize("prompt", ["一只猫在雨夜奔跑，霓虹灯下", "ж" * 2000, "word " * 400, "🙂\u200d\x07 é ß", "[]"])
def test_a_card_takes_any_prompt(prompt: str, film: Callable[..., list[Image.Image]]) -> None:
    assert film(prompt, seconds=1, fps=1)[0].size == SMALL


def test_lettering_keeps_what_the_font_has_and_nears_what_it_lacks() -> None:
    assert lettering.plain("  Café\n in\tZürich — “dusk”\x07 ") == "Cafe in Zurich - “dusk”"
    assert not lettering.lacks("Cafe in Zurich - “dusk”")
    assert lettering.lacks("猫")


@pytest.mark.parametrize("text", ["a lighthouse at dusk " * 60, "猫" * 300, "x" * 900])
def test_lettering_stays_in_its_room(text: str) -> None:
    lines = lettering.fitted(text, 500, 200, 40)
    assert lines.height <= 200
    assert len(lines.lines) > 1


def test_a_mark_stands_still_in_the_lower_right_corner(tmp_path: Path, film: Callable[..., list[Image.Image]]) -> None:
    Image.new("RGB", (640, 360), (90, 150, 90)).save(tmp_path / "plain.png")
    seen = film("[Truck left]", tmp_path / "plain.png")
    assert all(unlike(seen[0], frame) < 1 for frame in seen)
    difference = ImageChops.difference(seen[0], Image.new("RGB", SMALL, (90, 150, 90))).convert("L")
    left, top, right, bottom = difference.point([255 * (d > 12) for d in range(256)]).getbbox() or (0, 0, 0, 0)
    assert left > SMALL[0] * 0.7
    assert top > SMALL[1] * 0.85
    assert right < SMALL[0]
    assert bottom < SMALL[1]


@pytest.mark.parametrize(
    ("mode", "colour", "name", "options", "expected"),
    [
        ("RGB", (200, 100, 50), "a.jpg", {"quality": 95}, (200, 100, 50)),
        ("CMYK", (0, 0, 0, 128), "a.jpg", {"quality": 95}, (127, 127, 127)),
        ("L", 90, "a.png", {}, (90, 90, 90)),
        ("1", 1, "a.png", {}, (255, 255, 255)),
        ("I;16", 40000, "a.png", {}, (156, 156, 156)),
        ("RGBA", (200, 0, 0, 0), "a.png", {}, (255, 255, 255)),
        ("LA", (0, 128), "a.png", {}, (127, 127, 127)),
        ("RGBA", (0, 0, 200, 255), "a.webp", {"lossless": True}, (0, 0, 200)),
    ],
)
def test_every_kind_of_picture_opens_as_rgb(
    mode: str, colour: Any, name: str, options: dict[str, Any], expected: tuple[int, ...], tmp_path: Path
) -> None:
    Image.new(mode, (320, 310), colour).save(tmp_path / name, **options)
    image = picture.opened(tmp_path / name)
    assert image.mode == "RGB"
    assert image.getpixel((100, 100)) == pytest.approx(expected, abs=3)


def test_what_a_palette_makes_transparent_is_white(tmp_path: Path) -> None:
    image = Image.new("P", (320, 310), 1)
    image.putpalette([10, 20, 30, 200, 0, 0])
    image.paste(0, (0, 0, 320, 155))
    image.save(tmp_path / "a.png", transparency=1)
    opened = picture.opened(tmp_path / "a.png")
    assert (opened.getpixel((9, 9)), opened.getpixel((9, 300))) == ((10, 20, 30), (255, 255, 255))


def test_a_picture_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    lying = Image.new("RGB", (400, 320), "black")
    lying.paste("white", (0, 0, 400, 160))
    lying.save(tmp_path / "a.jpg", exif=exif)
    image = picture.opened(tmp_path / "a.jpg")
    assert image.size == (320, 400)
    assert image.getpixel((300, 200)) == pytest.approx((255, 255, 255), abs=3)


def test_progress_rises_to_one_and_the_file_appears_only_then(marked: Path, tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    told: list[tuple[float, bool]] = []
    render(
        Shot(STILL, 1, "512P", marked), target, lambda share: told.append((share, target.exists())), size=SMALL, fps=8
    )
    assert told == [*((n / 8, False) for n in range(8)), (1.0, True)]


def test_an_interrupted_render_leaves_nothing_and_keeps_what_was_there(marked: Path, tmp_path: Path) -> None:
    def interrupt(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    folder = tmp_path / "out"
    folder.mkdir()
    shot = Shot(STILL, 1, "512P", marked)
    with pytest.raises(KeyboardInterrupt):
        render(shot, folder / "film.mp4", interrupt, size=SMALL, fps=FPS)
    assert list(folder.iterdir()) == []

    (folder / "film.mp4").write_bytes(b"earlier")
    with pytest.raises(KeyboardInterrupt):
        render(shot, folder / "film.mp4", interrupt, size=SMALL, fps=FPS)
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("film.mp4", b"earlier")]


def test_without_the_extra_the_way_to_install_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "hailuo_cli.sandbox.film", raising=False)
    with pytest.raises(UsageError, match="the sandbox needs its extra") as refused:
        render(Shot("a bay", 6, "768P"), tmp_path / "film.mp4")
    assert refused.value.hint == install_command("sandbox")


def test_naming_a_shot_imports_neither_pillow_nor_pyav() -> None:
    code = "import sys, hailuo_cli.sandbox.animatic; sys.exit(bool({'av', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_example_start_frame_is_one_that_providers_take() -> None:
    path = EXAMPLES / "start-frame.png"
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (1600, 900))
    assert path.stat().st_size < 1_500_000


def test_the_example_start_frame_is_what_its_script_draws() -> None:
    spec = importlib.util.spec_from_file_location("draw_start_frame", EXAMPLES / "draw_start_frame.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rough = script.draw(finer=1).resize((320, 180))  # the same picture with harder edges, in a fifth of the time
    with Image.open(EXAMPLES / "start-frame.png") as image:
        assert unlike(rough, image.resize((320, 180))) < 4
