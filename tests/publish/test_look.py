"""The style sheet: contrast as WCAG 2.1 defines it, in light and dark; nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from jobs.publish import pages

CSS = (Path(pages.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
TEXT, GRAPHICS = 4.5, 3.0  # least contrast for level AA: success criteria 1.4.3 and 1.4.11


def palettes():
    """The colours by name, in light and in dark."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    named = [dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    assert named[0].keys() == named[1].keys()
    return {"light": named[0], "dark": named[1]}


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_gives_the_known_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known grey that just fails


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_has_contrast_on_every_background(scheme):
    colours = palettes()[scheme]
    for text in ("ink", "quiet", "accent", "one", "two", "three", "four", "five"):
        for background in ("paper", "raised"):
            reached = contrast(colours[text], colours[background])
            assert reached >= TEXT, f"{scheme}: {text} on {background} has {reached:.2f}"


def test_every_colour_comes_from_the_palette():
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsl\(|opacity", rules)
    used = set(re.findall(r"(?:color|background|stroke|fill): ([^;]+);", rules))
    assert {value for value in used if not value.startswith("var(--")} <= {"none", "currentColor"}


def test_nothing_is_asked_of_anybody():
    assert "url(" not in CSS
    assert "@import" not in CSS
