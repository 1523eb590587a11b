import io
from xml.etree import ElementTree

import numpy as np
import pytest

from jobs.audio.constants import LEVELS, MEL_BANDS
from jobs.audio.drawing import map_svg, palette, side_by_side, spectrogram_png

SVG = "{http://www.w3.org/2000/svg}"


def test_a_spectrogram_is_a_picture_with_low_bands_at_the_bottom():
    image = pytest.importorskip("PIL.Image", reason="Pillow, which reads PNG, is not installed")
    levels = np.zeros((300, MEL_BANDS), np.uint8)
    levels[10, 3] = LEVELS
    with image.open(io.BytesIO(spectrogram_png(levels))) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape == (2 * MEL_BANDS, 300, 3)
    loud = (pixels == palette()[LEVELS]).all(axis=2)
    assert np.argwhere(loud).tolist() == [[2 * (MEL_BANDS - 4), 10], [2 * (MEL_BANDS - 4) + 1, 10]]
    assert (pixels[~loud] == palette()[0]).all()


def test_brighter_is_louder():
    lightness = palette().astype(int) @ [2126, 7152, 722]
    assert (np.diff(lightness) >= 0).all()


def test_windows_lie_side_by_side():
    both = side_by_side([np.full((5, 2), 7, np.uint8), np.full((3, 2), 9, np.uint8)], gap=2)
    assert both[:, 0].tolist() == [7] * 5 + [0] * 2 + [9] * 3


def test_the_map_shows_every_track_and_is_not_led_astray_by_names():
    names = ['<script>alert("x")</script>', "a\0b\x1b", *(f"t{n}" for n in range(20))]
    labels = ["", "<b>", *(f"style {n % 12}" for n in range(20))]
    drawn = ElementTree.fromstring(map_svg("A & B", np.random.default_rng(0).normal(size=(22, 2)), labels, names))
    points = [circle for circle in drawn.iter(f"{SVG}circle") if circle.find(f"{SVG}title") is not None]
    assert {point.find(f"{SVG}title").text for point in points} >= {names[0], "ab"}
    assert len(points) == 22
    width, height = float(drawn.get("width")), float(drawn.get("height"))
    assert all(0 < float(p.get("cx")) < width and 0 < float(p.get("cy")) < height for p in points)
    same = map_svg("one place", np.zeros((2, 2)), ["", ""], ["a", "b"])
    assert "nan" not in same
