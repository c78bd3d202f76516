"""Draws `start-frame.png`: a lighthouse over the sea at dusk, with a foreground, a middle and a horizon.

Every run draws the same picture. Usage: python draw_start_frame.py [FILE]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

WIDTH, HEIGHT = 1600, 900
FINER = 2  # everything is drawn twice as large and reduced, which smooths the edges
HORIZON = 0.585
SUN = (0.335, HORIZON - 0.012)
LAMP = (0.7325, 0.262)

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

    def __init__(self) -> None:
        self.size = (WIDTH * FINER, HEIGHT * FINER)
        self.image = Image.new("RGB", self.size)
        self.dice = random.Random(1861)  # noqa: S311 - scatters stars and grass

    def at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.size[0], y * self.size[1]) for x, y in points]

    def fill(self, points: Sequence[Point], colour: Colour) -> None:
        ImageDraw.Draw(self.image).polygon(self.at(points), fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        ImageDraw.Draw(self.image).line(self.at(points), colour, max(1, round(width * FINER)), "curve")

    def mask(self, paint: Callable[[ImageDraw.ImageDraw], None], blur: float = 0) -> Image.Image:
        """What is painted in levels of 0 to 255, blurred by a radius in pixels of the finished picture."""
        shrink = 4 if blur >= 8 else 1  # a wide blur has no detail, and costs less when small
        mask = Image.new("L", self.size)
        paint(ImageDraw.Draw(mask))
        if not blur:
            return mask
        soft = mask.reduce(shrink).filter(ImageFilter.GaussianBlur(blur * FINER / shrink))
        return soft.resize(self.size, Image.Resampling.BICUBIC)

    def tint(self, colour: Colour, mask: Image.Image) -> None:
        self.image.paste(colour, mask=mask)

    def shine(self, colour: Colour, mask: Image.Image) -> None:
        """Adds light, which never darkens."""
        light = Image.composite(Image.new("RGB", self.size, colour), Image.new("RGB", self.size), mask)
        self.image = ImageChops.screen(self.image, light)

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float) -> None:
        """A round light that fades to nothing at `radius`, in shares of the height."""
        x, y = self.at([centre])[0]
        reach = round(radius * self.size[1])
        level = Image.radial_gradient("L").point(
            [round(255 * strength * max(0.0, 1 - d / 181) ** 2.2) for d in range(256)]
        )
        mask = Image.new("L", self.size)
        mask.paste(level.resize((2 * reach, 2 * reach), Image.Resampling.BICUBIC), (round(x) - reach, round(y) - reach))
        self.shine(colour, mask)

    def gradient(self, stops: Stops, top: float, bottom: float) -> None:
        first, last = round(top * self.size[1]), round(bottom * self.size[1])
        pen = ImageDraw.Draw(self.image)
        for y in range(first, last):
            pen.line(((0, y), (self.size[0], y)), shade(stops, (y - first) / (last - first)))


def shade(stops: Stops, t: float) -> Colour:
    for (t0, c0), (t1, c1) in zip(stops, stops[1:], strict=False):
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
    return ridge(dice, left, middle, rough * 0.55, depth - 1) + ridge(dice, middle, right, rough * 0.55, depth - 1)[1:]


def sky(c: Canvas) -> None:
    c.gradient(SKY, 0, HORIZON)
    c.glow(SUN, 1.05, (255, 130, 80), 0.62)
    c.glow(SUN, 0.45, (255, 190, 110), 0.8)
    for _ in range(420):
        x, y = c.dice.random(), c.dice.random() ** 1.7 * 0.40
        bright = c.dice.random() ** 3
        level = round((70 + 185 * bright) * max(0.0, 1 - y / 0.42))
        radius = (0.45 + 0.95 * bright) * FINER
        px, py = c.at([(x, y)])[0]
        ImageDraw.Draw(c.image, "RGBA").circle((px, py), radius, (255, 248, 230, level))
    moon, width = (0.145, 0.165), 0.030 * HEIGHT * FINER
    c.glow(moon, 0.17, (190, 190, 255), 0.35)
    x, y = c.at([moon])[0]
    disc = c.mask(lambda pen: pen.circle((x, y), width, 255))
    dark = c.mask(lambda pen: pen.circle((x - width * 0.42, y - width * 0.25), width * 0.94, 255))
    c.tint((255, 246, 224), ImageChops.subtract(disc, dark))
    clouds(c)
    half = 0.036 * HEIGHT * FINER
    x, y = c.at([SUN])[0]
    c.shine((255, 232, 176), c.mask(lambda pen: pen.circle((x, y), half, 255), 1.2))


def clouds(c: Canvas) -> None:
    """Long bands, lit from below: each a violet body over a slightly lower, warm edge."""
    for _ in range(26):
        y = c.dice.uniform(0.20, 0.53)
        near = (y - 0.20) / 0.33
        x, long, thick = c.dice.random(), c.dice.uniform(0.10, 0.26), c.dice.uniform(0.003, 0.008) * (1.7 - near)
        puffs = [
            (x + c.dice.gauss(0, long / 2.6), y + c.dice.gauss(0, thick * 0.8), c.dice.uniform(0.25, 0.6) * long)
            for _ in range(9)
        ]

        def band(pen: ImageDraw.ImageDraw, drop: float, level: int, puffs: list[tuple[float, float, float]] = puffs, thick: float = thick) -> None:
            for px, py, half in puffs:
                (x0, y0), (x1, y1) = c.at([(px - half, py - thick + drop), (px + half, py + thick + drop)])
                pen.ellipse((x0, y0, x1, y1), level)

        c.tint(mix((232, 112, 120), (255, 214, 150), near), c.mask(lambda pen: band(pen, 0.004, 120), 3))
        c.tint(mix((62, 48, 104), (196, 96, 116), near), c.mask(lambda pen: band(pen, 0, 130), 3))


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
    mist = c.mask(lambda pen: pen.rectangle([*c.at([(0, HORIZON - 0.012)])[0], *c.at([(1, HORIZON + 0.004)])[0]], 120), 9)
    c.shine((235, 130, 100), mist)


def sea(c: Canvas) -> None:
    """The sky and hills mirrored in water, then ripples that grow towards the viewer, and the sun's path."""
    top, height = round(HORIZON * c.size[1]), c.size[1] - round(HORIZON * c.size[1])
    mirrored = ImageOps.flip(c.image.crop((0, top - height, c.size[0], top))).filter(ImageFilter.GaussianBlur(5 * FINER))
    c.gradient(SEA, HORIZON, 1)
    water = Image.blend(c.image.crop((0, top, *c.size)), mirrored, 0.42)
    c.image.paste(water, (0, top))
    pen = ImageDraw.Draw(c.image, "RGBA")
    for _ in range(5200):
        t = c.dice.random() ** 1.5
        y = HORIZON + 0.004 + t * (1 - HORIZON)
        x, half = c.dice.random(), (0.002 + 0.022 * t) * c.dice.uniform(0.4, 1.4)
        thick = (0.5 + 2.6 * t) * FINER
        light = c.dice.random() < 0.5
        colour = mix((255, 176, 136), (126, 112, 190), min(1.0, t * 1.7)) if light else mix((120, 60, 100), (10, 14, 40), t)
        (x0, py), (x1, _) = c.at([(x - half, y), (x + half, y)])
        pen.ellipse((x0, py - thick / 2, x1, py + thick / 2), (*colour, c.dice.randrange(26, 74)))
    c.glow((SUN[0], HORIZON + 0.02), 0.36, (255, 150, 90), 0.4)
    for path, colour, spread, count in ((SUN[0], (255, 214, 150), 0.050, 1500), (LAMP[0] - 0.05, (255, 226, 170), 0.010, 0)):
        pen = ImageDraw.Draw(c.image, "RGBA")
        for _ in range(count):
            t = c.dice.random() ** 1.35 * 0.92
            wide = 0.010 + spread * t
            x, y = c.dice.gauss(path, wide), HORIZON + 0.003 + t * (1 - HORIZON)
            half, thick = (0.002 + 0.013 * t) * c.dice.uniform(0.4, 1.3), (0.8 + 2.8 * t) * FINER
            (x0, py), (x1, _) = c.at([(x - half, y), (x + half, y)])
            level = round(c.dice.uniform(60, 235) * (1 - 0.75 * t))
            pen.ellipse((x0, py - thick / 2, x1, py + thick / 2), (*colour, level))


def boat(c: Canvas) -> None:
    x, y, s = 0.462, HORIZON + 0.050, 0.030
    c.fill([(x - 0.62 * s, y), (x + 0.70 * s, y), (x + 0.48 * s, y + 0.24 * s), (x - 0.46 * s, y + 0.24 * s)], (34, 22, 48))
    c.fill([(x + 0.03 * s, y - 3.0 * s), (x + 0.03 * s, y - 0.16 * s), (x + 0.66 * s, y - 0.16 * s)], (92, 56, 92))
    c.fill([(x - 0.03 * s, y - 2.7 * s), (x - 0.03 * s, y - 0.16 * s), (x - 0.60 * s, y - 0.16 * s)], (255, 208, 164))
    c.line([(x, y), (x, y - 3.1 * s)], (34, 22, 48), 1.1)
    pen = ImageDraw.Draw(c.image, "RGBA")
    for n in range(26):
        drop = 0.012 + n * 0.0028
        half = s * (0.55 - n * 0.016) * c.dice.uniform(0.5, 1.1)
        sway = c.dice.uniform(-0.12, 0.12) * s
        (x0, py), (x1, _) = c.at([(x - half + sway, y + drop), (x + half + sway, y + drop)])
        pen.ellipse((x0, py - 1.1 * FINER, x1, py + 1.1 * FINER), (34, 22, 52, 150 - 5 * n))


def cliff(c: Canvas) -> None:
    """The headland on the right: lit and shaded strata, a grassy crown, rocks and foam at its foot."""
    crown = [*ridge(c.dice, (0.585, 0.640), (0.640, 0.545), 0.012, 4), *ridge(c.dice, (0.650, 0.540), (0.810, 0.506), 0.004, 4), *ridge(c.dice, (0.815, 0.504), (1.02, 0.470), 0.010, 5)]
    face = ridge(c.dice, (0.560, 0.735), (0.585, 0.640), 0.006, 4)
    foot = ridge(c.dice, (1.02, 0.860), (0.560, 0.735), 0.010, 6)
    outline = [*face, *crown, *foot]
    c.fill(outline, (58, 36, 66))
    shape = c.mask(lambda pen: pen.polygon(c.at(outline), 255))
    rock = Image.new("L", c.size)
    pen = ImageDraw.Draw(rock)
    for _ in range(520):
        x = c.dice.uniform(0.55, 1.02)
        y = c.dice.uniform(0.52, 0.86)
        w, h = c.dice.uniform(0.004, 0.018), c.dice.uniform(0.02, 0.075)
        pen.polygon(c.at([(x, y), (x + w, y + 0.2 * h), (x + 0.7 * w, y + h), (x - 0.3 * w, y + 0.8 * h)]), c.dice.randrange(30, 140))
    lit = ImageChops.multiply(rock, shape)
    west = Image.linear_gradient("L").rotate(90).resize(c.size)  # bright towards the sun
    c.tint((232, 128, 108), ImageChops.multiply(lit, west.point([round(v * 0.9) for v in range(256)])))
    shadow = Image.new("L", c.size)
    pen = ImageDraw.Draw(shadow)
    for _ in range(420):
        x, y = c.dice.uniform(0.56, 1.02), c.dice.uniform(0.53, 0.86)
        w, h = c.dice.uniform(0.003, 0.012), c.dice.uniform(0.02, 0.09)
        pen.polygon(c.at([(x, y), (x + w, y + 0.3 * h), (x + 0.4 * w, y + h)]), c.dice.randrange(60, 170))
    c.tint((28, 18, 46), ImageChops.multiply(shadow, shape))
    c.line([*face[-6:], *crown], (255, 176, 128), 1.6)
    grass(c, crown)
    surf(c, foot)


def grass(c: Canvas, crown: Sequence[Point]) -> None:
    for (x0, y0), (x1, y1) in zip(crown, crown[1:], strict=False):
        for _ in range(max(1, round((x1 - x0) * 2600))):
            t = c.dice.random()
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + c.dice.uniform(-0.001, 0.020)
            tall = c.dice.uniform(0.006, 0.013)
            warm = mix((74, 70, 66), (206, 140, 88), c.dice.random() ** 2)
            c.line([(x, y), (x + c.dice.uniform(-0.002, 0.003), y - tall)], warm, 0.6)


def surf(c: Canvas, foot: Sequence[Point]) -> None:
    for x, y in foot[::2]:
        size = c.dice.uniform(0.006, 0.018)
        c.fill([(x - size, y + 0.012), (x - 0.4 * size, y - size), (x + 0.5 * size, y - 0.7 * size), (x + size, y + 0.012)], (38, 24, 52))
        c.line([(x - 0.9 * size, y + 0.006), (x - 0.4 * size, y - size)], (214, 122, 110), 0.9)

    def foam(pen: ImageDraw.ImageDraw) -> None:
        for x, y in foot:
            for _ in range(7):
                fx, fy = x + c.dice.gauss(0, 0.012), y + 0.012 + abs(c.dice.gauss(0, 0.006))
                half = c.dice.uniform(0.002, 0.011)
                (x0, y0), (x1, y1) = c.at([(fx - half, fy - 0.0012), (fx + half, fy + 0.0012)])
                pen.ellipse((x0, y0, x1, y1), c.dice.randrange(50, 190))

    c.tint((255, 220, 206), c.mask(foam, 0.8))


def lighthouse(c: Canvas) -> None:
    x, base, top = LAMP[0], 0.528, 0.300
    foot, neck = 0.0215, 0.0130
    c.fill([(x - 0.030, base + 0.006), (x + 0.030, base + 0.006), (x + 0.027, base - 0.014), (x - 0.027, base - 0.014)], (120, 82, 96))
    slices = 64
    for band in range(7):
        y0, y1 = (base - 0.012 + (top - base + 0.012) * n / 7 for n in (band, band + 1))
        w0, w1 = (foot + (neck - foot) * n / 7 for n in (band, band + 1))
        paint: Colour = (255, 240, 224) if band % 2 == 0 else (206, 56, 58)
        for s in range(slices):
            a, b = (2 * n / slices - 1 for n in (s, s + 1))
            light = 0.5 + 0.5 * math.cos((a + 0.62) * 1.45)  # round, with the sun low on the left
            colour = mix((44, 30, 66), mix(paint, (255, 186, 128), 0.22), 0.14 + 0.86 * max(0.0, light) ** 1.3)
            c.fill([(x + a * w0, y0), (x + b * w0, y0), (x + b * w1, y1), (x + a * w1, y1)], colour)
    for level in (0.22, 0.50, 0.78):
        y = base + (top - base) * level
        c.fill([(x - 0.0022, y), (x + 0.0022, y), (x + 0.0022, y - 0.015), (x - 0.0022, y - 0.015)], (255, 206, 120))
    c.fill([(x - 0.0050, base - 0.010), (x + 0.0050, base - 0.010), (x + 0.0050, base - 0.040), (x, base - 0.047), (x - 0.0050, base - 0.040)], (70, 34, 50))
    c.fill([(x - 0.0195, top), (x + 0.0195, top), (x + 0.0155, top + 0.012), (x - 0.0155, top + 0.012)], (40, 28, 56))
    for n in range(9):
        post = x - 0.0180 + 0.0045 * n
        c.line([(post, top), (post, top - 0.016)], (40, 28, 56), 1)
    c.line([(x - 0.0185, top - 0.016), (x + 0.0185, top - 0.016)], (40, 28, 56), 1.4)
    c.fill([(x - 0.0100, top), (x + 0.0100, top), (x + 0.0100, top - 0.054), (x - 0.0100, top - 0.054)], (255, 224, 150))
    for n in range(5):
        bar = x - 0.0100 + 0.0050 * n
        c.line([(bar, top), (bar, top - 0.054)], (58, 38, 62), 1.2)
    dome = [(x + 0.0125 * math.cos(a), top - 0.054 - 0.030 * math.sin(a)) for a in (math.pi * n / 24 for n in range(25))]
    c.fill(dome, (168, 44, 54))
    c.line(dome[14:], (255, 168, 128), 1.2)
    c.line([(x, top - 0.082), (x, top - 0.112)], (40, 28, 56), 1.6)
    cottage(c)


def cottage(c: Canvas) -> None:
    x, y = 0.792, 0.520
    c.fill([(x, y), (x + 0.062, y - 0.004), (x + 0.062, y - 0.044), (x, y - 0.044)], (150, 106, 116))
    c.fill([(x, y), (x, y - 0.044), (x - 0.011, y - 0.076), (x - 0.022, y - 0.044), (x - 0.022, y + 0.002)], (246, 198, 164))
    c.fill([(x - 0.011, y - 0.080), (x + 0.052, y - 0.080), (x + 0.066, y - 0.041), (x + 0.002, y - 0.041)], (92, 42, 62))
    c.fill([(x + 0.038, y - 0.074), (x + 0.046, y - 0.074), (x + 0.046, y - 0.100), (x + 0.038, y - 0.100)], (78, 42, 62))
    for left in (0.014, 0.040):
        c.fill([(x + left, y - 0.014), (x + left + 0.009, y - 0.014), (x + left + 0.009, y - 0.032), (x + left, y - 0.032)], (255, 212, 122))
        c.glow((x + left + 0.0045, y - 0.023), 0.05, (255, 170, 80), 0.5)
    c.fill([(x - 0.0145, y), (x - 0.0075, y), (x - 0.0075, y - 0.027), (x - 0.0145, y - 0.027)], (104, 48, 60))


def beams(c: Canvas) -> None:
    """Two beams out of the lantern, and the light around it."""
    x, y = LAMP
    y += 0.012
    for far, spread, level in (((-0.10, 0.075), 0.055, 120), ((1.10, 0.205), 0.040, 84)):
        for wide, part in ((1.0, 0.45), (0.55, 0.6), (0.2, 0.6)):
            cone = [(x, y - 0.004), (far[0], far[1] - spread * wide), (far[0], far[1] + spread * wide), (x, y + 0.004)]
            mask = c.mask(lambda pen, cone=cone, power=round(level * part): pen.polygon(c.at(cone), power), 8)  # type: ignore[misc]
            fade = Image.linear_gradient("L").rotate(90 if far[0] < x else -90)
            lamp = fade.point([round(255 * (v / 255) ** 1.1) for v in range(256)])
            c.shine((255, 232, 184), ImageChops.multiply(mask, toward(lamp, c.size, x, far[0] < x)))
    c.glow((x, y), 0.24, (255, 196, 110), 0.75)
    c.glow((x, y), 0.075, (255, 250, 225), 1.0)


def toward(fade: Image.Image, size: tuple[int, int], x: float, left: bool) -> Image.Image:
    """A fade that is brightest at x and reaches nothing at the edge on one side."""
    across = round(size[0] * x)
    mask = Image.new("L", size, 255)
    part = across if left else size[0] - across
    side = ImageOps.mirror(fade) if fade.getpixel((0, 0)) == (255 if left else 0) else fade
    mask.paste(side.resize((part, size[1])), (0 if left else across, 0))
    return mask


def birds(c: Canvas) -> None:
    for x, y, size in ((0.575, 0.300, 1.0), (0.602, 0.322, 0.75), (0.560, 0.338, 0.7), (0.636, 0.288, 0.6), (0.530, 0.318, 0.55), (0.242, 0.42, 0.5), (0.262, 0.433, 0.4)):
        wing = [(x + size * 0.011 * t, y - size * 0.011 * (abs(math.sin(t * math.pi)) ** 0.8)) for t in (n / 10 - 1 for n in range(21))]
        c.line(wing, (44, 26, 56), 1.5 * size + 0.4)


def foreground(c: Canvas) -> None:
    """The near bank on the left, in silhouette: grass, a path's fence, a pine that frames the picture."""
    dark: Colour = (15, 12, 30)
    bank = [*ridge(c.dice, (-0.02, 0.800), (0.20, 0.868), 0.012, 5), *ridge(c.dice, (0.205, 0.870), (0.52, 1.01), 0.012, 5)]
    c.fill([*bank, (-0.02, 1.02)], dark)
    c.line(bank, (86, 48, 74), 1)
    for _ in range(1500):
        t = c.dice.random()
        (x0, y0), (x1, y1) = (pair := c.dice.randrange(len(bank) - 1)) and bank[pair] or bank[0], bank[pair + 1]
        x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + 0.004
        tall, lean = c.dice.uniform(0.012, 0.050), c.dice.uniform(-0.006, 0.012)
        rim = c.dice.random() < 0.16
        c.line([(x, y), (x + lean * 0.35, y - tall * 0.6), (x + lean, y - tall)], (178, 98, 92) if rim else dark, 0.8)
    posts = [(0.075 + 0.062 * n, 0.846 + 0.0155 * n + 0.0035 * n * n) for n in range(6)]
    for x, y in posts:
        c.fill([(x - 0.0028, y + 0.03), (x - 0.0024, y - 0.070), (x + 0.0024, y - 0.073), (x + 0.0028, y + 0.03)], dark)
        c.line([(x + 0.0022, y - 0.072), (x + 0.0026, y)], (190, 104, 92), 0.8)
    for drop in (-0.056, -0.030):
        c.line([(x, y + drop) for x, y in posts], dark, 2.2)
    pine(c, dark)


def pine(c: Canvas, dark: Colour) -> None:
    x, foot, top = 0.062, 0.840, 0.215
    c.fill([(x - 0.0075, foot), (x - 0.001, top), (x + 0.001, top), (x + 0.0075, foot)], dark)
    tiers = 30
    for n in range(tiers):
        t = n / (tiers - 1)
        y = top + 0.020 + (foot - top - 0.14) * t
        for side in (-1, 1):
            long = (0.008 + 0.066 * t**0.85) * c.dice.uniform(0.66, 1.12)
            tip = (x + side * long, y + long * c.dice.uniform(0.30, 0.62))
            c.line([(x, y - 0.008), ((x + tip[0]) / 2, (y + tip[1]) / 2 - 0.006), tip], dark, 2.4)
            for k in range(26):
                s = (k + 1) / 26
                bx, by = x + (tip[0] - x) * s, y - 0.008 + (tip[1] - y + 0.008) * s
                hang = c.dice.uniform(0.010, 0.026) * (1.15 - s)
                c.line([(bx, by - 0.004), (bx + side * 0.005 * c.dice.random(), by + hang)], dark, 1.5)


def draw() -> Image.Image:
    c = Canvas()
    for layer in (sky, hills, sea, boat, cliff, lighthouse, beams, birds, foreground):
        layer(c)
    return c.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("start-frame.png")
    draw().save(target, optimize=True)
