"""One recording in several files, and different ones."""

import numpy as np
import pytest

from jobs.audio.constants import HOP_LENGTH, SAMPLE_RATE
from jobs.audio.fingerprint import SAME, SIGNS, correlation, packed, rhythm, signs, unpacked
from jobs.audio.logmel import log_mel, to_levels
from jobs.audio.recordings import candidates, same_recordings


def music(seed, seconds=30):
    """Notes of random pitch, length and loudness, and a little noise."""
    generator, signal = np.random.default_rng(seed), np.zeros(seconds * SAMPLE_RATE, np.float32)
    for at in np.cumsum(generator.uniform(0.1, 0.6, 3 * seconds)):
        first = int(at * SAMPLE_RATE)
        times = np.arange(len(signal[first : first + SAMPLE_RATE])) / SAMPLE_RATE
        hertz = 110 * 2 ** (generator.integers(0, 48) / 12)
        signal[first : first + SAMPLE_RATE] += np.exp(-4 * times) * np.sin(2 * np.pi * hertz * times)
    return signal + generator.normal(0, 0.01, len(signal)).astype(np.float32)


def fingerprint(signal):
    return signs(to_levels(log_mel(signal)))


def equalised(signal):
    spectrum = np.fft.rfft(signal)
    return np.fft.irfft(spectrum * np.linspace(2, 0.2, len(spectrum)), len(signal)).astype(np.float32)


VARIANTS = {
    "softer": lambda signal: signal / 8,
    "equalised": equalised,
    "cut by half a frame": lambda signal: signal[HOP_LENGTH // 2 :],
    "cut by seconds": lambda signal: signal[3 * SAMPLE_RATE : -2 * SAMPLE_RATE],
    "behind a pause": lambda signal: np.concatenate([np.zeros(SAMPLE_RATE, np.float32), signal]),
    "compressed": lambda signal: np.tanh(2 * signal),
    "noisy": lambda signal: signal + np.random.default_rng(9).normal(0, 0.005, len(signal)).astype(np.float32),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_of_a_recording_is_known_again(variant):
    signal = music(1)
    assert correlation(fingerprint(signal), fingerprint(VARIANTS[variant](signal))) > 1.5 * SAME


def test_other_music_and_silence_are_not_alike():
    prints = [fingerprint(music(seed)) for seed in range(4)]
    others = [correlation(a, b) for n, a in enumerate(prints) for b in prints[:n]]
    assert max(others) < SAME / 1.5
    silent = np.zeros((400, SIGNS), np.int8)
    assert correlation(silent, silent) == 0
    assert correlation(prints[0], silent) == 0


def test_a_fingerprint_correlates_wholly_with_itself_and_is_packed_without_loss():
    one = fingerprint(music(2, 5))
    assert correlation(one, one) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(unpacked(packed(one)), one)
    short = one[:3]
    np.testing.assert_array_equal(unpacked(packed(short)), short)
    assert signs(np.zeros((2, 128), np.uint8)).shape == (0, SIGNS)


def test_files_of_one_recording_are_found_among_others():
    names = ["a", "a'", "b", "c", "c'", "c''", "d"]
    signals = [music(1), equalised(music(1)), music(2), music(3), music(3)[SAMPLE_RATE:], music(3) / 4, music(4)]
    prints = [fingerprint(signal) for signal in signals]
    seconds = np.array([len(signal) / SAMPLE_RATE for signal in signals])
    pairs = candidates(np.stack([rhythm(one) for one in prints]), seconds)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    rows = same_recordings(np.array(names), pairs, prints.__getitem__)
    assert dict(zip(rows["track_id"], rows["recording_id"], strict=True)) == {
        "a": "a",
        "a'": "a",
        "c": "c",
        "c'": "c",
        "c''": "c",
    }
    assert rows["correlation"].between(SAME, 1.0001).all()


def test_files_of_different_length_are_no_candidates():
    prints = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    assert candidates(prints, np.array([100.0, 95.0, 50.0])).tolist() == [[0, 1]]
    assert candidates(prints[:1], np.array([1.0])).shape == (0, 2)
    assert len(same_recordings(np.array(["a"]), np.zeros((0, 2), int), None)) == 0
