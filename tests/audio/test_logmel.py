import librosa
import numpy as np
import pytest
import scipy.signal

from jobs.audio.constants import DB_PER_LEVEL, FFT_LENGTH, HOP_LENGTH, MEL_BANDS, SAMPLE_RATE
from jobs.audio.logmel import log_mel, to_decibels, to_levels
from tests.audio.sounds import noise, tone


@pytest.fixture(scope="module")
def signal():
    return noise(3) * np.linspace(0, 1, 3 * SAMPLE_RATE, dtype=np.float32) + tone(3, 440)


def test_it_is_the_mel_spectrogram_that_the_definition_gives(signal):
    # written out with SciPy: centred frames, periodic Hann window, power, Slaney's mel bands, dB below the maximum
    padded = np.pad(signal.astype(np.float64), FFT_LENGTH // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_LENGTH)[::HOP_LENGTH]
    power = np.abs(np.fft.rfft(frames * scipy.signal.get_window("hann", FFT_LENGTH))) ** 2
    mel = power @ librosa.filters.mel(sr=SAMPLE_RATE, n_fft=FFT_LENGTH, n_mels=MEL_BANDS).T.astype(np.float64)
    expected = np.maximum(10 * np.log10(np.maximum(mel, 1e-10) / mel.max()), -80)
    assert log_mel(signal).shape == (1 + len(signal) // HOP_LENGTH, MEL_BANDS)
    np.testing.assert_allclose(log_mel(signal), expected, atol=0.01)  # dB; float32 against float64


def test_it_is_what_librosa_gives(signal):
    mel = librosa.feature.melspectrogram(
        y=signal, sr=SAMPLE_RATE, n_fft=FFT_LENGTH, hop_length=HOP_LENGTH, n_mels=MEL_BANDS
    )
    # dB; both compute in float32
    np.testing.assert_allclose(log_mel(signal), librosa.power_to_db(mel, ref=np.max).T, atol=1e-3)


def test_storing_errs_by_at_most_half_a_level(signal):
    exact = log_mel(signal)
    assert np.abs(to_decibels(to_levels(exact)) - exact).max() <= DB_PER_LEVEL / 2 + 1e-4


def test_the_ends_of_the_scale_are_stored_exactly():
    assert to_levels(np.array([-80.0, 0.0])).tolist() == [0, 255]
    assert to_decibels(np.array([0, 255], np.uint8)).tolist() == [-80.0, 0.0]


def test_a_tone_is_loudest_in_the_band_around_its_frequency():
    centres = librosa.mel_frequencies(MEL_BANDS + 2, fmax=SAMPLE_RATE / 2)[1:-1]
    loudest = log_mel(tone(2, 1000))[20].argmax()
    assert abs(centres[loudest] - 1000) == np.abs(centres - 1000).min()


def test_loudness_does_not_matter(signal):
    np.testing.assert_allclose(log_mel(signal), log_mel(signal * np.float32(0.125)), atol=1e-3)


def test_every_mel_band_has_bins_of_its_own():
    weights = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=FFT_LENGTH, n_mels=MEL_BANDS)
    assert (weights > 0).any(axis=1).all()
