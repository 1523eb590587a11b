"""Ticks are round, reach around the values, and are written as what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.axes import nice_ticks, tick_text

NUMBERS = st.floats(-1e6, 1e6).map(lambda number: round(number, 4))


@given(NUMBERS, NUMBERS, st.booleans())
def test_ticks_reach_around_the_values_and_are_written_as_what_they_are(one, other, percent):
    low, high = sorted((one, other))
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] <= low + 1e-9 * abs(low)
    assert ticks[-1] >= high - 1e-9 * abs(high)
    written = [float(tick_text(tick, ticks, percent).removesuffix(" %").replace(",", "")) for tick in ticks]
    expected = [100 * tick if percent else tick for tick in ticks]
    assert written == pytest.approx(expected, rel=1e-9, abs=1e-9)
