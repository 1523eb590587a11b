"""The sound: of the length asked for, audible, the same for the same seed, and told apart by style."""

from itertools import pairwise

import numpy as np
import pytest

from jobs.sample.instruments import FM, SAMPLE_RATE, STRINGS, VOICES, drum, note
from jobs.sample.music import STEPS, manner, render
from jobs.sample.styles import INDEX, STYLES


def random(*numbers):
    return np.random.default_rng(numbers)


@pytest.mark.parametrize("instrument", sorted({*VOICES, *FM, *STRINGS}))
def test_an_instrument_sounds_at_the_frequency_of_its_note(instrument):
    frequency = 220.5  # Hz; a period of 100 samples
    wave = note(instrument, frequency, 1.0, 0.0, random(1))[: SAMPLE_RATE // 2]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    harmonic = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)[spectrum.argmax()] / frequency
    assert harmonic == pytest.approx(round(harmonic), abs=0.02 * max(1, harmonic)) or instrument == "bell"
    assert np.isfinite(wave).all()
    assert 0.2 < np.abs(wave).max() < 2.5


@pytest.mark.parametrize("name", ["kick", "snare", "rim", "brush", "hat", "shaker", "ride"])
def test_a_drum_is_heard_and_dies_away(name):
    wave = drum(name, 1.0, random(2))
    fifth = len(wave) // 5
    assert np.abs(wave).max() > 0.1
    assert np.abs(wave[-fifth:]).max() < 0.35 * np.abs(wave).max()


@pytest.mark.parametrize("seconds", [1.0, 4.0, 17.3])
def test_a_track_is_as_long_as_asked_for_and_neither_silent_nor_clipped(seconds):
    for style in range(len(STYLES)):
        wave = render(manner(style, style, 0, random(3, style)), seconds, random(4), random(5))
        assert wave.shape == (int(seconds * SAMPLE_RATE),)
        assert wave.dtype == np.float32
        assert np.abs(wave).max() == pytest.approx(0.9, abs=1e-3)


def test_no_track_stops_in_the_middle():
    for style in range(len(STYLES)):
        wave = render(manner(style, style, 0, random(6, style)), 16, random(7, style), random(8))
        loudness = np.abs(wave[: 16 * SAMPLE_RATE]).reshape(16, -1).max(axis=1)
        assert loudness.min() > 0.02, STYLES[style].name


def test_versions_of_a_song_are_alike_but_not_the_same():
    played = manner(2, 2, 0, random(9))
    first, second = (render(played, 6, random(10), random(version)) for version in (11, 12))
    other = render(played, 6, random(13), random(11))
    assert not np.array_equal(first, second)
    assert np.corrcoef(first, second)[0, 1] > 0.7 > np.corrcoef(first, other)[0, 1]
    assert np.array_equal(first, render(played, 6, random(10), random(11)))


def test_an_artist_who_leans_on_nobody_keeps_to_the_style():
    for style in STYLES:
        own = manner(INDEX[style.name], 0, 0.0, random(14, INDEX[style.name]))
        slow, fast = style.rhythm.tempo
        assert slow <= own.rhythm.tempo[0] <= own.rhythm.tempo[1] <= fast
        assert set(own.parts[1].rhythms) <= set(style.chords.rhythms)


def test_patterns_are_one_bar_long_and_neighbours_exist():
    for style in STYLES:
        parts = (style.bass.rhythms, style.chords.rhythms, style.lead.rhythms)
        for patterns in (style.rhythm.kick, style.rhythm.snare, style.rhythm.hat, *parts):
            assert all(len(pattern) == STEPS and set(pattern) <= set("xo-") for pattern in patterns)
        assert set(style.neighbours) <= set(INDEX) - {style.name}


def test_simple_features_tell_the_styles_better_than_chance_but_not_perfectly():
    """Nearest centroid over the mean and spread of 12 octave-like bands; artists of the test are not in the training.
    Chance is 1 in 8."""

    def features(style, artist, track):
        second = INDEX[STYLES[style].neighbours[artist % 2]]
        wave = render(manner(style, second, 0.2, random(15, style, artist)), 3, random(style, artist, track), random(0))
        frames = np.abs(np.fft.rfft(wave[: len(wave) // 2048 * 2048].reshape(-1, 2048), axis=1)) + 1e-4
        edges = np.geomspace(4, 1024, 13).astype(int)
        bands = np.log(np.stack([frames[:, a:b].mean(axis=1) for a, b in pairwise(edges)], axis=1))
        return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])

    data = np.array([[[features(s, a, t) for t in range(2)] for a in range(6)] for s in range(len(STYLES))])
    data = (data - data.mean(axis=(0, 1, 2))) / data.std(axis=(0, 1, 2))
    centroids = data[:, :4].mean(axis=(1, 2))
    away = np.linalg.norm(data[:, 4:, :, None, :] - centroids, axis=-1)
    right = (away.argmin(axis=-1) == np.arange(len(STYLES))[:, None, None]).mean()
    assert 0.4 < right < 1
