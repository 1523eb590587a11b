import numpy as np
import pytest

from jobs.audio.artists import WORTHS, best_worth, blend, others_of_artist, unit

ARTISTS = np.array(["a", "a", "b", "a"])
TARGETS = unit(np.array([[1, 0], [0, 1], [1, 1], [1, 0]], np.float32))


def test_the_other_tracks_of_an_artist_do_not_hold_the_track_itself():
    sums, counts = others_of_artist(ARTISTS, TARGETS)
    np.testing.assert_allclose(sums, [[1, 1], [2, 0], [0, 0], [1, 1]], atol=1e-6)
    assert counts.tolist() == [2, 2, 0, 2]
    heard = np.array([True, False, True, True])
    sums, counts = others_of_artist(ARTISTS, TARGETS * heard[:, None], heard)
    np.testing.assert_allclose(sums, [[1, 0], [2, 0], [0, 0], [1, 0]], atol=1e-6)
    assert counts.tolist() == [1, 2, 0, 1]


def test_the_blend_goes_from_the_artist_to_the_sound():
    sound = np.tile(np.array([[0, 1]], np.float32), (2, 1))
    sums, counts = np.array([[3, 0], [0, 0]], np.float32), np.array([3, 0])
    np.testing.assert_allclose(blend(sound, sums, counts, 0.0), [[1, 0], [0, 1]])
    np.testing.assert_allclose(blend(sound, sums, counts, 3.0)[0], np.sqrt([0.5, 0.5]), rtol=1e-6)
    np.testing.assert_array_equal(blend(sound, sums, counts, np.inf), sound)


@pytest.mark.parametrize(("sound_noise", "artist_noise", "expected"), [(0.0, 1.0, "sound"), (3.0, 0.1, "artist")])
def test_what_says_more_counts_more(sound_noise, artist_noise, expected):
    generator = np.random.default_rng(0)
    artists = np.repeat(np.arange(40), 5)
    centres = generator.normal(size=(40, 8))[artists]
    targets = unit(centres + artist_noise * generator.normal(size=centres.shape))
    predicted = unit(targets + sound_noise * generator.normal(size=targets.shape))
    worth = best_worth(artists, predicted, targets)
    assert worth in WORTHS
    assert (worth == np.inf) if expected == "sound" else (worth <= 0.5)


def test_without_a_second_track_of_any_artist_the_artist_does_not_count():
    assert best_worth(np.arange(4), TARGETS, TARGETS) == np.inf
