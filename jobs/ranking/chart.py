"""Line charts as SVG, without a drawing library."""

from collections.abc import Mapping, Sequence
from html import escape

from jobs.axes import nice_ticks, tick_text

COLOURS = ("#7f7f7f", "#bcbd22", "#1f77b4", "#ff9896", "#d62728", "#98df8a", "#2ca02c", "#9467bd")
WIDTH, HEIGHT, MARGIN, LEGEND = 720, 320, 48, 190  # pixels


def lines(title: str, across: str, up: str, curves: Mapping[str, Sequence[float]]) -> str:
    """A chart of some curves as an SVG document.

    across, up : what the axes are; curves : values at 0, 1, 2, ... by name, at least one of them, finite
    Raises ValueError when there is nothing to draw.
    """
    if not any(len(values) for values in curves.values()):
        raise ValueError("no curve has a value")
    every = [value for values in curves.values() for value in values]
    ticks = nice_ticks(min(every), max(every))
    low, high = ticks[0], ticks[-1]
    last = max(max(len(values) for values in curves.values()) - 1, 1)

    def x(at: float) -> float:
        return MARGIN + at / last * (WIDTH - MARGIN - LEGEND)

    def y(value: float) -> float:
        return HEIGHT - MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * MARGIN)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{MARGIN}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{x(last / 2):.1f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>',
        f'<text x="{MARGIN}" y="38">{escape(up)}</text>',
    ]
    for tick in ticks:
        parts.append(
            f'<line x1="{x(0):.1f}" x2="{x(last):.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>'
            f'<text x="{MARGIN - 4}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick_text(tick, ticks)}</text>'
        )
    for at in range(0, last + 1, max(1, last // 8)):
        parts.append(f'<text x="{x(at):.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{at}</text>')
    for number, (name, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in enumerate(values))
        top = MARGIN + 16 * number
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<line x1="{WIDTH - LEGEND + 12}" x2="{WIDTH - LEGEND + 32}" y1="{top}" y2="{top}" stroke="{colour}" '
            f'stroke-width="3"/><text x="{WIDTH - LEGEND + 38}" y="{top + 4}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
