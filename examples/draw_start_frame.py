"""Draws `start-frame.png`: a lighthouse over the sea at dusk, with a foreground, a middle and a horizon.

Every run draws the same picture. Usage: python draw_start_frame.py [FILE]
"""

from __future__ import annotations

import itertools
import math
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

WIDTH, HEIGHT = 1600, 900
HORIZON = 0.585
SUN = (0.335, HORIZON - 0.052)
LAMP = (0.7325, 0.274)
SMOOTH = Image.Resampling.BICUBIC

Colour = tuple[int, int, int]
Point = tuple[float, float]
Stops = Sequence[tuple[float, Colour]]

SKY: Stops = (
    (0.00, (13, 17, 48)),
    (0.22, (37, 36, 88)),
    (0.48, (98, 62, 122)),
    (0.70, (190, 92, 116)),
    (0.86, (244, 144, 104)),
    (1.00, (255, 206, 142)),
)
SEA: Stops = (
    (0.00, (240, 158, 120)),
    (0.08, (190, 104, 116)),
    (0.30, (104, 70, 118)),
    (0.62, (45, 46, 92)),
    (1.00, (16, 22, 54)),
)


class Canvas:
    """The picture so far. Positions are shares of its width and height."""

    def __init__(self, finer: int) -> None:
        self.finer = finer
        self.size = (WIDTH * finer, HEIGHT * finer)
        self.image = Image.new("RGB", self.size)
        self.dice = random.Random(1861)  # noqa: S311 - scatters stars and grass

    def at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.size[0], y * self.size[1]) for x, y in points]

    def fill(self, points: Sequence[Point], colour: Colour) -> None:
        ImageDraw.Draw(self.image).polygon(self.at(points), fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        ImageDraw.Draw(self.image).line(self.at(points), colour, max(1, round(width * self.finer)), "curve")

    def dash(self, x: float, y: float, half: float, thick: float, colour: Colour, level: float) -> None:
        """A short horizontal stroke; `thick` is in pixels of the finished picture."""
        (left, middle), (right, _) = self.at([(x - half, y), (x + half, y)])
        box = (left, middle - thick * self.finer / 2, right, middle + thick * self.finer / 2)
        ImageDraw.Draw(self.image, "RGBA").ellipse(box, (*colour, round(level)))

    def mask(self, shapes: Iterable[tuple[Sequence[Point], int]], blur: float = 0) -> Image.Image:
        """Polygons in levels of 0 to 255, blurred by a radius in pixels of the finished picture."""
        shrink = 4 if blur else 1  # a blur leaves no detail, and costs less when small
        mask = Image.new("L", (self.size[0] // shrink, self.size[1] // shrink))
        pen = ImageDraw.Draw(mask)
        for points, level in shapes:
            pen.polygon([(x / shrink, y / shrink) for x, y in self.at(points)], level)
        if not blur:
            return mask
        return mask.filter(ImageFilter.GaussianBlur(blur * self.finer / shrink)).resize(self.size, SMOOTH)

    def tint(self, colour: Colour, mask: Image.Image) -> None:
        self.image.paste(colour, mask=mask)

    def glow(
        self, centre: Point, radius: float, colour: Colour, strength: float, within: Image.Image | None = None
    ) -> None:
        """Adds a round light that fades to nothing at `radius`, in shares of the height."""
        x, y = (round(share) for share in self.at([centre])[0])
        reach = round(radius * self.size[1])
        box = (max(0, x - reach), max(0, y - reach), min(self.size[0], x + reach), min(self.size[1], y + reach))
        fade = [round(255 * strength * max(0.0, 1 - d / 181) ** 2.2) for d in range(256)]
        level = Image.radial_gradient("L").point(fade).resize((2 * reach, 2 * reach), SMOOTH)
        level = level.crop((box[0] - x + reach, box[1] - y + reach, box[2] - x + reach, box[3] - y + reach))
        if within:
            level = ImageChops.multiply(level, within.crop(box))
        light = Image.new("RGB", level.size)
        light.paste(colour, mask=level)
        self.image.paste(ImageChops.screen(self.image.crop(box), light), box)

    def gradient(self, stops: Stops, top: float, bottom: float) -> None:
        first, last = round(top * self.size[1]), round(bottom * self.size[1])
        pen = ImageDraw.Draw(self.image)
        for y in range(first, last):
            pen.line(((0, y), (self.size[0], y)), shade(stops, (y - first) / (last - first)))


def shade(stops: Stops, t: float) -> Colour:
    for (t0, c0), (t1, c1) in itertools.pairwise(stops):
        if t <= t1:
            return mix(c0, c1, (t - t0) / (t1 - t0))
    return stops[-1][1]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return red, green, blue


def ridge(dice: random.Random, left: Point, right: Point, rough: float, depth: int) -> list[Point]:
    """A broken line from left to right, by displacing midpoints."""
    if depth == 0:
        return [left, right]
    middle = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2 + dice.uniform(-rough, rough))
    first = ridge(dice, left, middle, rough * 0.55, depth - 1)
    return first + ridge(dice, middle, right, rough * 0.55, depth - 1)[1:]


def oval(x: float, y: float, wide: float, high: float) -> list[Point]:
    return [(x + wide * math.cos(a / 24 * math.pi), y + high * math.sin(a / 24 * math.pi)) for a in range(48)]


def disc(x: float, y: float, radius: float) -> list[Point]:
    """`radius` is in shares of the height."""
    return oval(x, y, radius * HEIGHT / WIDTH, radius)


def block(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def sky(c: Canvas) -> None:
    c.gradient(SKY, 0, HORIZON)
    c.glow(SUN, 1.05, (255, 130, 80), 0.62)
    c.glow(SUN, 0.45, (255, 190, 110), 0.8)
    for _ in range(420):
        x, y = c.dice.random(), c.dice.random() ** 1.7 * 0.40
        bright = c.dice.random() ** 3
        level = round((70 + 185 * bright) * max(0.0, 1 - y / 0.42))
        radius = (0.45 + 0.95 * bright) * c.finer
        px, py = c.at([(x, y)])[0]
        ImageDraw.Draw(c.image, "RGBA").circle((px, py), radius, (255, 248, 230, level))
    moon_x, moon_y, radius = 0.145, 0.165, 0.030
    c.glow((moon_x, moon_y), 0.17, (190, 190, 255), 0.35)
    bright_side = c.mask([(disc(moon_x, moon_y, radius), 255)])
    dark_side = c.mask([(disc(moon_x - 0.007, moon_y - 0.0075, radius * 0.94), 255)])
    c.tint((255, 246, 224), ImageChops.subtract(bright_side, dark_side))
    clouds(c)
    c.fill(disc(*SUN, 0.037), (255, 240, 200))


def clouds(c: Canvas) -> None:
    """Long bands, lit from below: each a violet body over a slightly lower, warm edge."""
    for _ in range(24):
        y = c.dice.uniform(0.20, 0.53)
        near = (y - 0.20) / 0.33
        x, long, thick = c.dice.random(), c.dice.uniform(0.10, 0.26), c.dice.uniform(0.003, 0.008) * (1.7 - near)
        puffs = [
            (x + c.dice.gauss(0, long / 2.6), y + c.dice.gauss(0, thick * 0.8), c.dice.uniform(0.25, 0.6) * long)
            for _ in range(9)
        ]
        edge = [(oval(px, py + 0.004, half, thick), 130) for px, py, half in puffs]
        body = [(oval(px, py, half, thick), 120) for px, py, half in puffs]
        c.tint(mix((240, 116, 122), (255, 214, 150), near), c.mask(edge, 3))
        c.tint(mix((70, 52, 112), (204, 100, 116), near), c.mask(body, 3))


def hills(c: Canvas) -> None:
    """Four ranges, each nearer, darker and lower on the left shore; the last ones leave the sun's gap open."""
    ranges: Sequence[tuple[Point, Point, float, Colour]] = (
        ((-0.02, HORIZON - 0.085), (0.60, HORIZON + 0.002), 0.030, (176, 92, 122)),
        ((0.42, HORIZON - 0.004), (1.02, HORIZON - 0.105), 0.026, (150, 80, 118)),
        ((-0.02, HORIZON - 0.105), (0.30, HORIZON + 0.004), 0.030, (116, 64, 110)),
        ((-0.02, HORIZON - 0.070), (0.185, HORIZON + 0.006), 0.024, (72, 46, 92)),
    )
    for left, right, rough, colour in ranges:
        line = ridge(c.dice, left, right, rough, 8)
        c.fill([*line, (right[0], HORIZON + 0.004), (left[0], HORIZON + 0.004)], colour)
        c.line(line, mix(colour, (255, 190, 150), 0.35), 0.7)
    for x in (0.05, 0.25, 0.45, 0.65, 0.85):
        c.glow((x, HORIZON), 0.10, (235, 130, 100), 0.35)


def sea(c: Canvas) -> None:
    """The sky and hills mirrored in water, then ripples that grow towards the viewer, and the sun's path."""
    top, height = round(HORIZON * c.size[1]), c.size[1] - round(HORIZON * c.size[1])
    mirrored = ImageOps.flip(c.image.crop((0, top - height, c.size[0], top))).filter(
        ImageFilter.GaussianBlur(5 * c.finer)
    )
    c.gradient(SEA, HORIZON, 1)
    water = Image.blend(c.image.crop((0, top, *c.size)), mirrored, 0.42)
    c.image.paste(water, (0, top))
    for _ in range(5200):
        t = c.dice.random() ** 1.5
        x, y = c.dice.random(), HORIZON + 0.004 + t * (1 - HORIZON)
        lit = mix((255, 176, 136), (126, 112, 190), min(1.0, t * 1.7))
        colour = lit if c.dice.random() < 0.5 else mix((120, 60, 100), (10, 14, 40), t)
        half = (0.002 + 0.022 * t) * c.dice.uniform(0.4, 1.4)
        c.dash(x, y, half, 0.5 + 2.6 * t, colour, c.dice.randrange(26, 74))
    c.glow((SUN[0], HORIZON + 0.02), 0.36, (255, 150, 90), 0.4)
    for _ in range(1500):
        t = c.dice.random() ** 1.35 * 0.92
        x, y = c.dice.gauss(SUN[0], 0.010 + 0.050 * t), HORIZON + 0.003 + t * (1 - HORIZON)
        half = (0.002 + 0.013 * t) * c.dice.uniform(0.4, 1.3)
        c.dash(x, y, half, 0.8 + 2.8 * t, (255, 214, 150), c.dice.uniform(60, 235) * (1 - 0.75 * t))


def boat(c: Canvas) -> None:
    x, y, s = 0.462, HORIZON + 0.050, 0.030
    dark: Colour = (34, 22, 48)
    c.fill([(x - 0.62 * s, y), (x + 0.7 * s, y), (x + 0.48 * s, y + 0.24 * s), (x - 0.46 * s, y + 0.24 * s)], dark)
    c.fill([(x + 0.03 * s, y - 3.0 * s), (x + 0.03 * s, y - 0.16 * s), (x + 0.66 * s, y - 0.16 * s)], (122, 74, 106))
    c.fill([(x - 0.03 * s, y - 2.7 * s), (x - 0.03 * s, y - 0.16 * s), (x - 0.60 * s, y - 0.16 * s)], (255, 208, 164))
    c.line([(x, y), (x, y - 3.1 * s)], dark, 1.1)
    for n in range(26):
        half = s * (0.55 - n * 0.016) * c.dice.uniform(0.5, 1.1)
        c.dash(x + c.dice.uniform(-0.12, 0.12) * s, y + 0.012 + n * 0.0028, half, 2.2, dark, 150 - 5 * n)


def cliff(c: Canvas) -> None:
    """The headland on the right: buttresses lit from the sun's side, a grassy crown, rocks and foam at its foot."""
    slope = ridge(c.dice, (0.580, 0.640), (0.640, 0.545), 0.012, 4)
    shelf = ridge(c.dice, (0.645, 0.541), (0.815, 0.506), 0.003, 4)
    crown = [*slope, *shelf, *ridge(c.dice, (0.820, 0.504), (1.02, 0.470), 0.010, 5)]
    foot = ridge(c.dice, (1.02, 0.860), (0.556, 0.735), 0.010, 6)
    shape = c.mask([([*crown, *foot], 255)])
    bare = c.image.copy()
    c.fill(block(0.5, 0.4, 1, 1), (48, 30, 62))
    for y in (0.40, 0.53, 0.65, 0.75):  # each tier stands before the one above
        x = 0.54
        while x < 1.02:
            wide = c.dice.uniform(0.016, 0.042)
            top = y + c.dice.uniform(-0.05, 0.05)
            edge, far = x + wide * c.dice.uniform(0.3, 0.55), x + wide
            warm = c.dice.uniform(0.5, 1.0) * (1.12 - x) / 0.56 * (1.25 - y * 0.9)
            c.fill(
                [(x, top + 0.03), (edge, top), (edge + 0.004, 1), (x - 0.006, 1)],
                mix((66, 38, 72), (240, 136, 112), warm),
            )
            c.fill(
                [(edge, top), (far, top + 0.035), (far + 0.006, 1), (edge + 0.004, 1)],
                mix((34, 22, 52), (104, 58, 86), warm),
            )
            for _ in range(3):
                crack = ridge(
                    c.dice, (x, c.dice.uniform(top, top + 0.2)), (far, c.dice.uniform(top, top + 0.2)), 0.012, 3
                )
                c.line(crack, (40, 24, 54), 0.8)
            x = far
    base = [(0.55, 0.66), (1.02, 0.76), (1.02, 0.90), (0.55, 0.80)]
    c.tint((30, 20, 50), c.mask([(base, 190)], 22))
    c.image = Image.composite(c.image, bare, shape)
    c.line(crown, (255, 176, 128), 1.6)
    grass(c, crown)
    surf(c, foot)


def grass(c: Canvas, crown: Sequence[Point]) -> None:
    for (x0, y0), (x1, y1) in itertools.pairwise(crown):
        for _ in range(max(1, round((x1 - x0) * 2600))):
            t = c.dice.random()
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + c.dice.uniform(-0.001, 0.020)
            tall = c.dice.uniform(0.006, 0.013)
            warm = mix((74, 70, 66), (206, 140, 88), c.dice.random() ** 2)
            c.line([(x, y), (x + c.dice.uniform(-0.002, 0.003), y - tall)], warm, 0.6)


def surf(c: Canvas, foot: Sequence[Point]) -> None:
    for x, y in foot:
        w, h = c.dice.uniform(0.004, 0.016), c.dice.uniform(0.004, 0.024)
        y += c.dice.uniform(-0.004, 0.010)
        c.fill([(x - w, y + 0.010), (x - 0.5 * w, y - h), (x + 0.3 * w, y - 0.8 * h), (x + w, y + 0.010)], (36, 24, 52))
        c.fill([(x - w, y + 0.010), (x - 0.5 * w, y - h), (x - 0.1 * w, y + 0.010)], (136, 78, 92))
    for x, y in foot:
        for _ in range(9):
            drop = 0.014 + abs(c.dice.gauss(0, 0.007))
            half = c.dice.uniform(0.002, 0.011)
            c.dash(x + c.dice.gauss(0, 0.012), y + drop, half, 2, (255, 220, 206), c.dice.randrange(40, 170))


def lighthouse(c: Canvas) -> None:
    x, base, top = LAMP[0], 0.528, 0.300
    iron: Colour = (40, 28, 56)
    c.fill(block(x - 0.029, base - 0.014, x + 0.029, base + 0.008), (120, 82, 96))
    slices = 64
    for band in range(7):
        y0, y1 = (base - 0.012 + (top - base + 0.012) * n / 7 for n in (band, band + 1))
        w0, w1 = (0.0215 - 0.0085 * n / 7 for n in (band, band + 1))
        paint = (255, 240, 224) if band % 2 == 0 else (206, 56, 58)
        for n in range(slices):
            a, b = 2 * n / slices - 1, 2 * (n + 1) / slices - 1
            light = 0.5 + 0.5 * math.cos((a + 0.62) * 1.45)  # round, with the sun low on the left
            colour = mix((44, 30, 66), mix(paint, (255, 186, 128), 0.22), 0.14 + 0.86 * light**1.3)
            c.fill([(x + a * w0, y0), (x + b * w0, y0), (x + b * w1, y1), (x + a * w1, y1)], colour)
    for y in (0.478, 0.414, 0.350):
        c.fill(block(x - 0.0022, y - 0.015, x + 0.0022, y), (255, 206, 120))
    c.fill([*block(x - 0.005, base - 0.042, x + 0.005, base - 0.010), (x - 0.005, base - 0.042)], (70, 34, 50))
    c.fill([(x - 0.0195, top), (x + 0.0195, top), (x + 0.0155, top + 0.012), (x - 0.0155, top + 0.012)], iron)
    for n in range(9):
        c.line([(x - 0.018 + 0.0045 * n, top), (x - 0.018 + 0.0045 * n, top - 0.016)], iron, 1)
    c.line([(x - 0.0185, top - 0.016), (x + 0.0185, top - 0.016)], iron, 1.4)
    c.fill(block(x - 0.010, top - 0.054, x + 0.010, top), (255, 224, 150))
    for n in range(5):
        c.line([(x - 0.010 + 0.005 * n, top), (x - 0.010 + 0.005 * n, top - 0.054)], (58, 38, 62), 1.2)
    c.fill([*oval(x, top - 0.054, 0.0125, 0.030)[24:], (x + 0.0125, top - 0.054)], (168, 44, 54))
    c.line([(x, top - 0.082), (x, top - 0.112)], iron, 1.6)
    cottage(c)


def cottage(c: Canvas) -> None:
    x, y = 0.792, 0.520
    gable = [(x, y), (x, y - 0.044), (x - 0.011, y - 0.076), (x - 0.022, y - 0.044), (x - 0.022, y + 0.002)]
    c.fill(block(x, y - 0.044, x + 0.062, y), (150, 106, 116))
    c.fill(gable, (246, 198, 164))
    c.fill(
        [(x - 0.011, y - 0.080), (x + 0.052, y - 0.080), (x + 0.066, y - 0.041), (x + 0.002, y - 0.041)], (92, 42, 62)
    )
    c.fill(block(x + 0.038, y - 0.100, x + 0.046, y - 0.074), (78, 42, 62))
    c.fill(block(x - 0.0145, y - 0.027, x - 0.0075, y), (104, 48, 60))
    for left in (x + 0.014, x + 0.040):
        c.fill(block(left, y - 0.032, left + 0.009, y - 0.014), (255, 212, 122))
        c.glow((left + 0.0045, y - 0.023), 0.05, (255, 170, 80), 0.5)


def beams(c: Canvas) -> None:
    """Two beams out of the lantern, and the light around it."""
    x, y = LAMP
    for end, spread in (((-0.10, 0.075), 0.055), ((1.10, 0.205), 0.040)):
        for wide in (1.0, 0.55, 0.2):
            tip_above, tip_below = (end[0], end[1] - spread * wide), (end[0], end[1] + spread * wide)
            cone = c.mask([([(x, y - 0.004), tip_above, tip_below, (x, y + 0.004)], 90)], 8)
            c.glow(LAMP, 2.0, (255, 232, 184), 0.9, within=cone)
    c.glow(LAMP, 0.24, (255, 196, 110), 0.75)
    c.glow(LAMP, 0.075, (255, 250, 225), 1.0)


def birds(c: Canvas) -> None:
    flock = ((0.575, 0.300, 1.0), (0.602, 0.322, 0.75), (0.560, 0.338, 0.7), (0.636, 0.288, 0.6), (0.242, 0.42, 0.5))
    for x, y, size in flock:
        beat = [n / 10 - 1 for n in range(21)]
        wing = [(x + size * 0.011 * t, y - size * 0.011 * abs(math.sin(t * math.pi)) ** 0.8) for t in beat]
        c.line(wing, (44, 26, 56), 1.5 * size + 0.4)


def foreground(c: Canvas) -> None:
    """The near bank on the left, in silhouette: grass, a fence, a pine that frames the picture."""
    dark: Colour = (15, 12, 30)
    bank = ridge(c.dice, (-0.02, 0.800), (0.20, 0.868), 0.012, 5)
    bank += ridge(c.dice, (0.205, 0.870), (0.52, 1.01), 0.012, 5)
    c.fill([*bank, (-0.02, 1.02)], dark)
    for _ in range(1700):
        n, t = c.dice.randrange(len(bank) - 1), c.dice.random()
        (x0, y0), (x1, y1) = bank[n], bank[n + 1]
        x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + 0.004
        tall, lean = c.dice.uniform(0.012, 0.050), c.dice.uniform(-0.006, 0.012)
        rim = (178, 98, 92) if c.dice.random() < 0.16 else dark
        c.line([(x, y), (x + lean * 0.35, y - tall * 0.6), (x + lean, y - tall)], rim, 0.8)
    posts = [(0.075 + 0.062 * n, 0.838 + 0.0155 * n + 0.0035 * n * n) for n in range(6)]
    for x, y in posts:
        c.fill(block(x - 0.0026, y - 0.072, x + 0.0026, y + 0.04), dark)
        c.line([(x + 0.0022, y - 0.071), (x + 0.0022, y - 0.020)], (190, 104, 92), 0.8)
    for drop in (-0.056, -0.032):
        c.line([(x, y + drop) for x, y in posts], dark, 2.2)
    pine(c, dark)


def pine(c: Canvas, dark: Colour) -> None:
    x, foot, top = 0.062, 0.840, 0.215
    c.fill([(x - 0.0075, foot), (x - 0.001, top), (x + 0.001, top), (x + 0.0075, foot)], dark)
    tiers = 44
    for n in range(2 * tiers):
        side, t = (-1, 1)[n % 2], n // 2 / (tiers - 1)
        y = top + 0.012 + (foot - top - 0.13) * t
        long = (0.006 + 0.066 * t**0.9) * c.dice.uniform(0.6, 1.15)
        drop = long * c.dice.uniform(0.30, 0.70)
        c.line([(x, y - 0.008), (x + side * long / 2, y + drop / 2 - 0.006), (x + side * long, y + drop)], dark, 2.6)
        for k in range(34):
            s = (k + 1) / 34
            twig, hang = (x + side * long * s, y - 0.010 + (drop + 0.006) * s), c.dice.uniform(0.012, 0.034) * (1.2 - s)
            c.line([twig, (twig[0] + side * c.dice.uniform(-0.002, 0.006), twig[1] + hang)], dark, 1.5)


def draw(finer: int = 2) -> Image.Image:
    """The picture, drawn `finer` times as large and reduced, which smooths its edges."""
    c = Canvas(finer)
    for layer in (sky, hills, sea, boat, cliff, lighthouse, beams, birds, foreground):
        layer(c)
    return c.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("start-frame.png")
    draw().save(target, optimize=True)
