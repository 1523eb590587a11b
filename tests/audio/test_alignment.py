"""Predictions of one week's factors in the coordinates of another's."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import ortho_group

from jobs.audio.alignment import from_week, rotation
from jobs.cli import UserError
from jobs.lake import ALL

WEEK, LATER = date(2026, 11, 16), date(2026, 11, 23)


@pytest.fixture
def lake(lake):
    """With the tracks a, b and t0 to t11."""
    ids = ["a", "b", *(f"t{n}" for n in range(12))]
    lake.publish("artists", pd.DataFrame({"artist_id": ["a"], "name": ["A"]}), ALL)
    lake.publish("tracks", pd.DataFrame({"track_id": ids, "artist_id": "a", "title": "x", "work_id": ids}), ALL)
    return lake


def publish(lake, week, track_ids, factors):
    rows = {"track_id": track_ids, "factors": [f.tolist() for f in factors], "listeners": [1] * len(track_ids)}
    lake.publish("track_factors", pa.table(rows), {"week": week, "origin": "collaborative"})


def test_a_rotation_of_the_factors_is_found_again():
    generator = np.random.default_rng(0)
    before, turn = generator.normal(size=(50, 8)), ortho_group.rvs(8, random_state=1)
    np.testing.assert_allclose(rotation(before, before @ turn), turn, atol=1e-5)
    noisy = before @ turn + generator.normal(size=(50, 8)) / 10
    np.testing.assert_allclose(rotation(before, noisy), turn, atol=0.1)


def test_weeks_are_aligned_by_the_tracks_that_they_have_in_common(lake):
    before, turn = np.random.default_rng(0).normal(size=(12, 3)), ortho_group.rvs(3, random_state=1)
    ids = [f"t{n}" for n in range(12)]
    publish(lake, WEEK, ids[:10], before[:10])
    publish(lake, LATER, ids[2:], (before @ turn)[2:])
    np.testing.assert_allclose(from_week(lake, WEEK, LATER), turn, atol=1e-4)


def test_weeks_that_have_nothing_in_common_cannot_be_aligned(lake):
    publish(lake, WEEK, ["a"], np.ones((1, 3)))
    publish(lake, LATER, ["b"], np.ones((1, 3)))
    with pytest.raises(UserError, match="no tracks in common"):
        from_week(lake, WEEK, LATER)
    publish(lake, LATER, ["a"], np.ones((1, 2)))
    with pytest.raises(UserError, match="different lengths"):
        from_week(lake, WEEK, LATER)
