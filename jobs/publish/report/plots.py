"""Plots as SVG inside a page: colours are those of its style sheet, in light and in dark; numbers stand beside them.

Every plot is drawn for the width of a phone and grows a little on larger screens, so that its text stays readable.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from jobs.axes import nice_ticks, tick_text

WIDTH, HEIGHT = 400, 210  # units of the drawing; a unit is a pixel or a little more
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 26
BAR, LABEL = 26, 172  # height of a bar with its gap, and room for its label
SERIES = ("one", "two", "three", "four", "five")  # classes of the style sheet
SHOWN_LABEL = 27  # characters of a bar's label


@dataclass(frozen=True)
class Point:
    """A value at a place on the axis (0, 1, 2, ...), with the ends of its interval where it has one."""

    at: int
    value: float
    low: float | None = None
    high: float | None = None


def lines(title: str, labels: Sequence[str], curves: Mapping[str, Sequence[Point]], percent: bool = False) -> Markup:
    """A plot of at most five curves over labels such as weeks; intervals are drawn as bars.

    Raises ValueError when there is nothing to draw, or too much.
    """
    points = [point for curve in curves.values() for point in curve]
    if not points or len(curves) > len(SERIES):
        raise ValueError(f"{title}: {len(curves)} curves with {len(points)} points")
    values = [v for p in points for v in (p.value, p.low, p.high) if v is not None]
    ticks = nice_ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]

    def x(at: float) -> float:
        return LEFT + (at + 0.5) / len(labels) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [_open(title, HEIGHT)]
    for tick in ticks:
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
            f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick_text(tick, ticks, percent)}</text>'
        )
    every = max(1, math.ceil(len(labels) / 5))
    for at in range((len(labels) - 1) % every, len(labels), every):
        parts.append(f'<text x="{x(at):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(labels[at])}</text>')
    for series, curve in zip(SERIES, curves.values(), strict=False):
        path = " ".join(f"{x(p.at):.1f},{y(p.value):.1f}" for p in curve)
        parts.append(f'<g class="{series}"><polyline points="{path}"/>')
        for p in curve:
            if p.low is not None and p.high is not None:
                parts.append(f'<line x1="{x(p.at):.1f}" x2="{x(p.at):.1f}" y1="{y(p.low):.1f}" y2="{y(p.high):.1f}"/>')
            parts.append(f'<circle cx="{x(p.at):.1f}" cy="{y(p.value):.1f}" r="3"/>')
        parts.append("</g>")
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - what comes from data is escaped above


def bars(title: str, values: Mapping[str, Sequence[float]], percent: bool = False) -> Markup:
    """Bars side by side, a row for each label; with two values a row the second one is drawn thin, below the first.

    values: at least 0. Raises ValueError when there is nothing to draw.
    """
    most = max((value for row in values.values() for value in row), default=0)
    if not most:
        raise ValueError(f"{title}: no bar has a length")
    scale = (WIDTH - LABEL - 62) / most
    parts = [_open(title, len(values) * BAR + 4)]
    for number, (label, row) in enumerate(values.items()):
        top = number * BAR + 4
        shown = label if len(label) <= SHOWN_LABEL else label[: SHOWN_LABEL - 1] + "…"
        parts.append(f'<text x="{LABEL - 8}" y="{top + 13}" text-anchor="end">{escape(shown)}</text>')
        parts.append(f'<rect class="one" x="{LABEL}" y="{top + 2}" width="{row[0] * scale:.1f}" height="12"/>')
        if len(row) > 1:
            parts.append(f'<rect class="two" x="{LABEL}" y="{top + 15}" width="{row[1] * scale:.1f}" height="4"/>')
        end = LABEL + max(row) * scale + 6
        parts.append(f'<text x="{end:.1f}" y="{top + 13}">{value_text(row[0], percent)}</text>')
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - what comes from data is escaped above


def value_text(value: float, percent: bool = False) -> str:
    """A number for people.

    >>> value_text(0.1234, True), value_text(1234.0), value_text(0.01234)
    ('12.3 %', '1,234', '0.01234')
    """
    if percent:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.4g}"


def _open(title: str, height: int) -> str:
    return f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {height}">'
