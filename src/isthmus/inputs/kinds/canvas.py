"""Small pictures of numbers, drawn by hand: a page may hold thousands of them, too many for a plotting library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from isthmus._core.look import FOUND, rgb
from isthmus.inputs.kinds.base import Pixels

SIDE = 224  # pixels of a picture
INK, QUIET, PAPER = (34, 34, 34), (150, 150, 150), (255, 255, 255)
BLUE, RED = np.array([5, 48, 97]), np.array([178, 24, 43])  # below and above zero
BAR = rgb(FOUND)


def colored(values: NDArray[np.float64], scale: float) -> Pixels:
    """Numbers (height, width) as colours: blue below zero, white at zero, red above, full at plus and minus `scale`."""
    share = (values / scale if scale > 0 else values * 0).clip(-1, 1)[..., None]
    ends = np.where(share < 0, BLUE, RED)
    found: Pixels = (255 + (ends - 255) * np.abs(share) ** 0.7).round().astype(np.uint8)
    return found


def grey(values: NDArray[np.float64]) -> Pixels:
    """Numbers (height, width) between 0 and 1 as grey, dark where they are high."""
    shade = (255 * (1 - values.clip(0, 1))).round().astype(np.uint8)
    return np.repeat(shade[..., None], 3, axis=2)


def bars(names: Sequence[str], shares: Sequence[tuple[float, float]], values: Sequence[str]) -> Pixels:
    """A line for each name: a bar between two shares of the width, and its value in words."""
    row = min(28, SIDE // max(1, len(names)))
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw, font = ImageDraw.Draw(image), _font(max(8, row // 2))
    for number, (name, (begin, end), value) in enumerate(zip(names, shares, values, strict=True)):
        top = number * row
        low, high = sorted((begin, end))
        draw.rectangle((0, top + row * 0.62, SIDE, top + row * 0.88), fill=(238, 238, 238))
        draw.rectangle((low * SIDE, top + row * 0.62, max(high * SIDE, low * SIDE + 2), top + row * 0.88), fill=BAR)
        short = fitting(draw, value, 0.66 * SIDE, font)  # the name needs room as well
        width = draw.textlength(short, font=font)
        draw.text((2, top + 1), fitting(draw, name, SIDE - width - 10, font), INK, font=font)
        draw.text((SIDE - width - 2, top + 1), short, QUIET, font=font)
    return np.asarray(image)


def wave(low: NDArray[np.float64], high: NDArray[np.float64], scale: float) -> Pixels:
    """A wave (channels, width) between its lowest and highest value in each column, channels one below the other."""
    channels, width = low.shape
    tall = max(24, SIDE // (2 * channels))
    picture = np.full((tall * channels, width, 3), 255, np.uint8)
    down = np.arange(tall)[:, None]
    for number in range(channels):
        place = [((1 - part[number] / (scale or 1.0)) / 2 * (tall - 1)).clip(0, tall - 1) for part in (high, low)]
        inside = (down >= np.floor(place[0])) & (down <= np.ceil(place[1]))
        part = picture[number * tall : (number + 1) * tall]
        part[tall // 2] = 225
        part[inside] = BAR
    return picture


def words(lines: Sequence[Sequence[tuple[str, bool]]]) -> Pixels:
    """Lines of words, those that are marked in colour."""
    tall = SIDE // 2
    image = Image.new("RGB", (SIDE, tall), PAPER)
    draw, font = ImageDraw.Draw(image), _font(16)
    y = 4.0
    for line in lines:
        x = 4.0
        for word, marked in line:
            shown = fitting(draw, word, SIDE - 8, font)
            width = draw.textlength(shown + " ", font=font)
            if x > 4 and x + width > SIDE:
                x, y = 4.0, y + 20
            if y > tall - 20:
                draw.text((x, y - 6), "…", QUIET, font=font)
                return np.asarray(image)
            draw.text((x, y), shown, BAR if marked else INK, font=font)
            x += width
        y += 20
    return np.asarray(image)


def fitting(draw: ImageDraw.ImageDraw, text: str, room: float, font: ImageFont.FreeTypeFont) -> str:
    """The text, cut to fit."""
    if draw.textlength(text, font=font) <= room:
        return text
    while text and draw.textlength(text + "…", font=font) > room:
        text = text[:-1]
    return text + "…"


_fonts: dict[int, ImageFont.FreeTypeFont] = {}


def _font(size: int) -> ImageFont.FreeTypeFont:
    if size not in _fonts:
        _fonts[size] = ImageFont.load_default(size)  # type: ignore[assignment]
    return _fonts[size]
