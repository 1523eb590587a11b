import numpy as np
import pytest

from jobs.cold_start.estimate import (
    WEIGHTS,
    WORTHS,
    Mix,
    Tracks,
    blend,
    choose,
    from_words,
    join,
    others_of_artist,
    place,
)
from jobs.vectors import unit

ARTISTS = np.array(["a", "a", "b", "a"])
TARGETS = unit(np.array([[1, 0], [0, 1], [1, 1], [1, 0]], np.float32))


def test_the_other_tracks_of_an_artist_do_not_hold_the_track_itself():
    sums, counts = others_of_artist(ARTISTS, TARGETS, np.full(4, True))
    np.testing.assert_allclose(sums, [[1, 1], [2, 0], [0, 0], [1, 1]], atol=1e-6)
    assert counts.tolist() == [2, 2, 0, 2]
    heard = np.array([True, False, True, True])
    sums, counts = others_of_artist(ARTISTS, TARGETS * heard[:, None], heard)
    np.testing.assert_allclose(sums, [[1, 0], [2, 0], [0, 0], [1, 0]], atol=1e-6)
    assert counts.tolist() == [1, 2, 0, 1]


def test_sound_and_words_are_joined_and_either_stands_in_for_the_other():
    sound = np.array([[1, 0], [1, 0], [0, 0], [0, 0]], np.float32)
    words = np.array([[0, 1], [0, 0], [0, 1], [0, 0]], np.float32)
    np.testing.assert_allclose(join(sound, words, 0.5), [np.sqrt([0.5, 0.5]), [1, 0], [0, 1], [0, 0]], rtol=1e-6)
    np.testing.assert_array_equal(join(sound, words, 0.0), [[1, 0], [1, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(join(sound, words, 1.0), [[0, 1], [1, 0], [0, 1], [0, 0]])


def test_the_blend_goes_from_the_artist_to_the_estimate():
    estimate = np.array([[0, 1], [0, 1], [0, 0]], np.float32)
    sums, counts = np.array([[3, 0], [0, 0], [2, 0]], np.float32), np.array([3, 0, 2])
    np.testing.assert_allclose(blend(estimate, sums, counts, 0.0), [[1, 0], [0, 1], [1, 0]])
    np.testing.assert_allclose(blend(estimate, sums, counts, 3.0)[0], np.sqrt([0.5, 0.5]), rtol=1e-6)
    # Where nothing else is known the artist counts however little it is worth.
    np.testing.assert_array_equal(blend(estimate, sums, counts, np.inf), [[0, 1], [0, 1], [1, 0]])


def test_words_teach_where_an_artist_belongs_and_say_nothing_about_the_others():
    generator = np.random.default_rng(0)
    written = generator.normal(size=(30, 3)).astype(np.float32)
    targets = unit(written @ generator.normal(size=(3, 4))).astype(np.float32)
    artists = np.arange(30)
    wanted = np.vstack([written[:5], np.zeros((1, 3))]).astype(np.float32)
    found = from_words(artists[5:], written[5:], targets[5:], wanted)
    assert np.sum(found[:5] * targets[:5], axis=1).min() > 0.8
    assert not found[5].any()
    assert not from_words(artists[:2], written[:2], targets[:2], wanted).any()  # of two nothing can be learned


def world(sound_noise, words_noise, artist_noise, seed=0):
    """60 artists of 5 tracks each, the first 4 of them heard; how much each source is off."""
    generator = np.random.default_rng(seed)
    artists = np.repeat([f"artist {n}" for n in range(60)], 5)
    centres = np.repeat(unit(generator.normal(size=(60, 8))), 5, axis=0)
    truth = unit(centres + artist_noise * generator.normal(size=centres.shape))
    sound = unit(truth + sound_noise * generator.normal(size=truth.shape))
    written = centres + words_noise * np.repeat(generator.normal(size=(60, 8)), 5, axis=0)
    heard = truth * (np.arange(300) % 5 < 4)[:, None]
    ids = np.array([f"{n:03}" for n in range(300)])
    return Tracks(ids, artists, *(of.astype(np.float32) for of in (heard, sound, written))), truth


@pytest.mark.parametrize(
    ("noises", "weight", "worth"),
    [
        ((0.05, 3.0, 1.0), lambda w: w <= 0.25, lambda w: w >= 8),  # sound knows best
        ((3.0, 0.1, 1.0), lambda w: w >= 0.5, lambda w: True),  # words know better than sound
        ((1.0, 1.0, 0.05), lambda w: True, lambda w: w <= 0.5),  # the artist's tracks are all alike
    ],
)
def test_what_says_more_counts_more(noises, weight, worth):
    tracks, _ = world(*noises)
    placed = place(tracks, 0.3)
    assert placed.mix.words_weight in WEIGHTS
    assert placed.mix.worth in WORTHS
    assert weight(placed.mix.words_weight)
    assert worth(placed.mix.worth)


def test_all_together_place_unheard_tracks_better_than_any_part():
    tracks, truth = world(0.6, 0.3, 0.4)
    placed = place(tracks, 0.3)
    new = np.arange(300) % 5 == 4
    sums, _ = others_of_artist(tracks.artist_ids, tracks.heard, tracks.heard.any(axis=1))
    found = {"content": placed.factors, "sound": tracks.sound, "artist": unit(sums)}
    reached = {name: np.sum(of[new] * truth[new], axis=1).mean() for name, of in found.items()}
    assert reached["content"] > max(reached["sound"], reached["artist"]) + 0.02
    assert placed.cosines["content"] > max(placed.cosines[n] for n in ("sound", "words", "artist", "mean_vector"))
    assert sum(placed.tracks.values()) == 240
    np.testing.assert_allclose(np.linalg.norm(placed.factors, axis=1), 1, rtol=1e-5)


def test_what_nothing_is_known_of_has_no_place():
    tracks, _ = world(0.5, 0.5, 0.5)
    for of in (tracks.heard, tracks.sound, tracks.written):
        of[:5] = 0
    assert not place(tracks, 0.3).factors[:5].any()


def test_without_sound_and_words_the_artist_is_left():
    tracks, truth = world(0.5, 0.5, 0.1)
    tracks.sound[:], tracks.written[:] = 0, 0
    placed = place(tracks, 0.3)
    assert placed.mix == Mix(0.0, np.inf)
    assert np.sum(placed.factors * truth, axis=1).mean() > 0.9


def test_without_a_second_track_of_any_artist_the_artist_does_not_count():
    nothing = np.zeros_like(TARGETS)
    assert choose(TARGETS, nothing, nothing, np.zeros(4, int), TARGETS) == Mix(0.0, np.inf)
