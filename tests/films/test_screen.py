"""Pictures on terminals: what is written is read back by little terminals that were written from the protocols' pages."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from hailuo_cli.films import preview, sheet
from hailuo_cli.films.frames import Facts, Film
from hailuo_cli.films.screen import blocks, inline, sixel
from hailuo_cli.films.screen.terminal import Colours, Look, Screen, Way, detected

from ..support import little_terminals


def picture(size: tuple[int, int] = (60, 34)) -> Image.Image:
    """Four corners in four colours, with a hole in the middle."""
    image = Image.new("RGBA", size, "red")
    pen, (width, height) = ImageDraw.Draw(image), size
    pen.rectangle((width // 2, 0, width, height // 2 - 1), "lime")
    pen.rectangle((0, height // 2, width // 2 - 1, height), "blue")
    pen.rectangle((width // 2, height // 2, width, height), "white")
    pen.rectangle((width // 2 - 3, height // 2 - 3, width // 2 + 2, height // 2 + 2), (0, 0, 0, 0))
    return image


def unlike(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, out of 255, with transparency counted."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))).mean)


def film(size: tuple[int, int] = (640, 360)) -> Film:
    frames = [Image.new("RGB", size, colour) for colour in ("red", "lime", "blue", "yellow")]
    return Film(Facts(*size, 6.0, 24.0, "h264", False, 1000), Image.new("RGB", size, "white"), frames)


TERMINALS = {
    "kitty": ({"TERM": "xterm-kitty"}, Way.KITTY, Colours.TRUE),
    "kitty over ssh": ({"TERM": "xterm-kitty", "SSH_TTY": "/dev/pts/1"}, Way.KITTY, Colours.TRUE),
    "Ghostty": ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, Way.KITTY, Colours.TRUE),
    "iTerm2": ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Way.ITERM2, Colours.TRUE),
    "iTerm2 over ssh": ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Way.ITERM2, Colours.TRUE),
    "WezTerm": ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Way.ITERM2, Colours.TRUE),
    "foot": ({"TERM": "foot"}, Way.SIXEL, Colours.TRUE),
    "mlterm": ({"TERM": "mlterm"}, Way.SIXEL, Colours.TRUE),
    "GNOME": ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Way.BLOCKS, Colours.TRUE),
    "Windows Terminal": ({"WT_SESSION": "1"}, Way.BLOCKS, Colours.TRUE),
    "macOS Terminal": ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, Way.BLOCKS, Colours.INDEXED),
    "tmux in kitty": ({"TERM": "tmux-256color", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, Way.BLOCKS, Colours.INDEXED),
    "screen": ({"TERM": "screen", "STY": "1"}, Way.TEXT, Colours.NONE),
    "the Linux console": ({"TERM": "linux"}, Way.TEXT, Colours.NONE),
    "dumb": ({"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"}, Way.TEXT, Colours.NONE),
    "NO_COLOR": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Way.TEXT, Colours.NONE),
    "NO_COLOR in kitty": ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, Way.KITTY, Colours.NONE),
}


@pytest.mark.parametrize("name", TERMINALS)
def test_a_terminal_is_known_by_its_environment(name: str) -> None:
    environ, way, colours = TERMINALS[name]
    look = detected(environ)
    assert (look.way, look.colours) == (way, colours)


def test_blocks_need_an_encoding_that_has_them() -> None:
    environ = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    assert detected(environ, encoding="iso-8859-1").way is Way.TEXT
    assert detected(environ, encoding="UTF-8").way is Way.BLOCKS


def test_a_way_that_is_named_is_taken_and_no_color_still_holds() -> None:
    assert detected({}, how=Way.BLOCKS) == Look(Way.BLOCKS, Colours.TRUE)
    assert detected({"NO_COLOR": "1"}, how=Way.SIXEL) == Look(Way.SIXEL, Colours.NONE)
    assert detected({"TMUX": "x", "TERM": "tmux-256color"}, how=Way.KITTY).in_tmux


@pytest.mark.parametrize("size", [(60, 34), (61, 37), (400, 300)])
def test_kitty_and_iterm2_get_the_very_picture(size: tuple[int, int]) -> None:
    image = picture(size)
    for show, terminal in ((inline.kitty, little_terminals.kitty), (inline.iterm2, little_terminals.iterm2)):
        shown, rest = terminal(show(image, 12, 3))
        assert unlike(shown.image, image) == 0
        assert (shown.columns, shown.rows, rest) == (12, 3, "")


def test_kittys_picture_comes_in_chunks() -> None:
    noise = Image.effect_noise((200, 200), 90).convert("RGBA")
    text = inline.kitty(noise, 20, 10)
    assert text.count("\x1b_G") > 5
    assert unlike(little_terminals.kitty(text)[0].image, noise) == 0


@pytest.mark.parametrize("size", [(60, 34), (61, 37), (7, 6)])
def test_sixels_are_the_picture_with_its_hole(size: tuple[int, int]) -> None:
    image = picture(size)
    shown, rest = little_terminals.sixel(sixel.sixel(image))
    assert rest == ""
    assert unlike(shown.getchannel("A").convert("RGBA"), image.getchannel("A").convert("RGBA")) == 0
    ground = Image.new("RGBA", size)
    assert unlike(Image.alpha_composite(ground, shown), Image.alpha_composite(ground, image)) < 2


def test_sixels_are_near_a_picture_of_many_colours(frame: object) -> None:
    image = Image.open(str(frame)).convert("RGB").resize((200, 112))
    shown, _ = little_terminals.sixel(sixel.sixel(image))
    assert unlike(shown, image) < 8


def test_half_blocks_show_two_pixels_a_cell() -> None:
    lines = [little_terminals.blocks(line) for line in blocks.lines(picture((8, 8)), Colours.TRUE)]
    assert [len(line) for line in lines] == [8] * 4
    assert lines[0][0] == ("▀", "2;255;0;0", "2;255;0;0")
    assert lines[0][7] == ("▀", "2;0;255;0", "2;0;255;0")
    assert lines[3][0] == ("▀", "2;0;0;255", "2;0;0;255")
    assert lines[1][4] == (" ", None, None), "what is transparent keeps the terminal's ground"


def test_half_blocks_at_the_edge_of_a_hole_colour_one_half() -> None:
    image = Image.new("RGBA", (2, 3), (0, 0, 0, 0))
    image.putpixel((0, 0), (255, 0, 0, 255))
    image.putpixel((1, 1), (0, 0, 255, 255))
    upper, lower = (little_terminals.blocks(line) for line in blocks.lines(image, Colours.TRUE))
    assert upper == [("▀", "2;255;0;0", None), ("▄", "2;0;0;255", None)]
    assert lower == [(" ", None, None), (" ", None, None)]


@pytest.mark.parametrize(
    ("colour", "number"),
    [((255, 0, 0), 196), ((0, 0, 0), 16), ((255, 255, 255), 231), ((128, 128, 128), 244), ((95, 135, 175), 67)],
)
def test_256_colours_are_xterms_own(colour: tuple[int, int, int], number: int) -> None:
    assert blocks.nearest(*colour) == number


def test_letters_tell_bright_from_dark() -> None:
    ramp = Image.new("L", (10, 2))
    ramp.putdata([-(-n * 255 // 9) for n in range(10)] * 2)
    (line,) = blocks.letters(ramp.convert("RGB"))
    assert line == blocks.RAMP


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("size", [(640, 360), (360, 640), (500, 500)])
@pytest.mark.parametrize("way", Way)
def test_a_film_fits_the_window_and_is_not_distorted(way: Way, size: tuple[int, int], columns: int) -> None:
    screen = Screen(columns, 24, 9, 18)
    text = preview.drawn(film(size), Look(way, Colours.TRUE), screen)
    assert text.endswith("\n")
    if way in (Way.BLOCKS, Way.TEXT):
        lines = text.splitlines()
        assert len(lines) <= 21
        assert max(len(little_terminals.blocks(line)) for line in lines) <= columns
        return
    if way is Way.SIXEL:
        image, rest = little_terminals.sixel(text)
    else:
        shown, rest = (little_terminals.kitty if way is Way.KITTY else little_terminals.iterm2)(text)
        image = shown.image
        assert (image.width, image.height) == (shown.columns * 9, shown.rows * 18), "the box has the picture's shape"
        assert shown.columns <= columns
        assert shown.rows <= 21
    assert rest == "\n"
    red, green, blue, alpha = image.convert("RGBA").point([255 * (level > 200) for level in range(256)] * 4).split()
    box = ImageChops.multiply(ImageChops.multiply(red, green), ImageChops.multiply(blue, alpha)).getbbox()
    assert box
    assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(size[0] / size[1], rel=0.06)


def test_a_picture_is_as_wide_as_the_window_where_its_height_allows() -> None:
    for columns in (40, 80):
        lines = preview.drawn(film(), Look(Way.BLOCKS, Colours.TRUE), Screen(columns, 60)).splitlines()
        assert {len(little_terminals.blocks(line)) for line in lines} == {columns}


def test_without_colours_a_picture_is_grey_and_letters_have_none() -> None:
    shown, _ = little_terminals.kitty(preview.drawn(film(), Look(Way.KITTY, Colours.NONE), Screen(40, 24)))
    red, green, blue, _ = shown.image.split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()
    assert "\x1b" not in preview.drawn(film(), Look(Way.BLOCKS, Colours.NONE), Screen(40, 24))


def test_inside_tmux_the_picture_is_wrapped() -> None:
    text = preview.drawn(film(), Look(Way.KITTY, Colours.TRUE, in_tmux=True), Screen(40, 24))
    shown, rest = little_terminals.kitty(little_terminals.tmux(text))
    assert (shown.columns <= 40, rest) == (True, "")
    text = preview.drawn(film(), Look(Way.SIXEL, Colours.TRUE, in_tmux=True), Screen(40, 24))
    assert little_terminals.sixel(little_terminals.tmux(text))[1] == ""


@pytest.mark.parametrize("size", [(640, 360), (360, 640)])
def test_a_strip_has_every_frame_in_order(size: tuple[int, int]) -> None:
    strip = sheet.strip(film(size).frames, height=90, gap=6)
    width = (strip.width - 6) // 4
    middles = [strip.getpixel((6 + width // 2 + n * width, strip.height // 2)) for n in range(4)]
    assert middles == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
