"""Axes of plots: round numbers, and how they are written."""

import math
from collections.abc import Sequence


def nice_ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers that reach from at most `low` to at least `high`.

    >>> nice_ticks(0.13, 0.61)
    [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]
    """
    if high <= low:
        low, high = (low - 0.5, high + 0.5) if low else (0.0, 1.0)
    raw = (high - low) / 4
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [step * at for at in range(first, max(last, first + 1) + 1)]


def tick_text(tick: float, ticks: Sequence[float], percent: bool = False) -> str:
    """A number on an axis, with as many decimals as its steps need.

    >>> [tick_text(tick, [0, 0.025, 0.05], True) for tick in (0, 0.025, 0.05)]
    ['0.0 %', '2.5 %', '5.0 %']
    >>> tick_text(7500, [5000, 7500]), tick_text(0.75, [0.5, 0.75])
    ('7,500', '0.75')
    """
    factor = 100 if percent else 1
    step = (ticks[1] - ticks[0]) * factor
    decimals = next((d for d in range(12) if abs(round(step, d) - step) < 1e-6 * step), 12)
    return f"{tick * factor:,.{decimals}f}{' %' if percent else ''}"
