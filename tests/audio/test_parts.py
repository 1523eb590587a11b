import numpy as np
import pytest

from jobs.audio.parts import STOP, TEST, TRAIN, split


def test_an_artist_is_learned_from_stopped_by_or_tested_on_and_stays_what_it_is():
    artists = np.repeat([f"artist {n}" for n in range(400)], 3)
    parts = split(artists, 0.2)
    of_artist = parts.reshape(400, 3)
    assert (of_artist == of_artist[:, :1]).all(), "all tracks of one artist are for the same"
    assert np.bincount(of_artist[:, 0], minlength=3) == pytest.approx([320, 40, 40], abs=25)  # four deviations
    later = split(np.append(artists, ["a newcomer"]), 0.2)
    assert (later[:-1] == parts).all()
    for share in (0.001, 0.999):
        assert set(split(np.array(["a", "b", "c", "c"]), share)) == {TRAIN, STOP, TEST}
