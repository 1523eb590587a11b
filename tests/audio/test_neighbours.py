import numpy as np
import pandas as pd
import pytest

from jobs.audio.neighbours import find, nearest
from jobs.cli import UserError

TRACKS = pd.DataFrame({"track_id": ["t1", "t2"], "name": ["Björk - Jóga", "AIR - La Femme d'Argent"]})


@pytest.mark.parametrize("wanted", ["björk - jóga", "Björk - Jóga", "t1"])
def test_a_track_is_found_by_name_in_any_case_or_by_identifier(wanted):
    assert find(TRACKS, wanted) == "t1"


def test_a_wrong_name_is_answered_with_near_ones():
    with pytest.raises(UserError, match="did you mean 'Björk - Jóga'"):
        find(TRACKS, "bjork - joga")


def test_the_nearest_are_those_of_the_same_direction_whatever_their_length():
    ids = np.array(["a", "b", "c", "d"], object)
    factors = np.array([[1, 0], [0, 9], [5, 5], [-1, 0]], np.float32)
    found = nearest(ids, factors, "a", 3)
    assert found["track_id"].tolist() == ["c", "b", "d"]
    np.testing.assert_allclose(found["cosine"], [np.sqrt(0.5), 0, -1], atol=1e-6)
