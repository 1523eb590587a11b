"""One coordinate system from week to week.

Factorization starts from last week's factors and each week's network is trained on that week's factors, so both move
little. Where a network is used in a later week than the one it was trained for, its predictions are turned from the
coordinates of the one into those of the other.
"""

from datetime import date

import numpy as np
from scipy.linalg import orthogonal_procrustes

from jobs.cli import UserError
from jobs.lake import Lake
from jobs.vectors import matrix


def rotation(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The rotation (and reflection) R with `before @ R` nearest to `after` in squared distance (Schoenemann 1966).

    before, after : np.ndarray [shape=(tracks, d)], factors of the same tracks

    Returns np.ndarray [shape=(d, d), dtype=float32].
    """
    return orthogonal_procrustes(before.astype(np.float64), after.astype(np.float64))[0].astype(np.float32)


def from_week(lake: Lake, trained_on: date, week: date) -> np.ndarray:
    """What turns predictions of the factors of one week into those of another, [shape=(d, d)].

    Raises UserError when the two have no track with factors in common, or factors of different lengths.
    """
    both = lake.sql(
        "SELECT b.factors AS before, a.factors AS after FROM track_factors b JOIN track_factors a USING (track_id) "
        "WHERE b.week = ? AND a.week = ? AND b.origin = 'collaborative' AND a.origin = 'collaborative' "
        "ORDER BY track_id",
        [trained_on, week],
    )
    if not len(both) or len(both["before"][0]) != len(both["after"][0]):
        raise UserError(
            f"a network of {trained_on} cannot serve {week}: the factors of these weeks have no tracks in common, or "
            f"different lengths; python -m jobs.audio train --week {week}"
        )
    return rotation(*(matrix(both[name]) for name in ("before", "after")))
