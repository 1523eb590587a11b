"""The log-mel spectrogram of a signal, and the byte in which each value is stored."""

from functools import cache

import librosa
import numpy as np
from scipy import fft

from jobs.audio.constants import (
    DB_PER_LEVEL,
    DYNAMIC_RANGE_DB,
    FFT_LENGTH,
    HOP_LENGTH,
    MEL_BANDS,
    SAMPLE_RATE,
)

BLOCK_FRAMES = 64  # frames transformed at a time: 0.8 MB, which stays in the processor's cache
LEAST_POWER = 1e-10  # power of silence


@cache
def _filters() -> tuple[np.ndarray, np.ndarray]:
    """The periodic Hann window (FFT_LENGTH,) and Slaney's mel filters (1 + FFT_LENGTH // 2, MEL_BANDS), float32."""
    window = np.hanning(FFT_LENGTH + 1)[:-1].astype(np.float32)
    mel = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=FFT_LENGTH, n_mels=MEL_BANDS)
    return window, np.ascontiguousarray(mel.T, np.float32)


def log_mel(signal: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram, relative to its loudest value.

    The same as librosa's `melspectrogram` and `power_to_db(ref=np.max, top_db=80)`, in half the time: in blocks that
    stay in the cache, and without the roots that are squared again.

    signal : np.ndarray [shape=(samples,), dtype=float32], mono, at SAMPLE_RATE

    Returns np.ndarray [shape=(frames, MEL_BANDS), dtype=float32], dB, between -80 and 0; frames is
    1 + samples // HOP_LENGTH.
    """
    window, mel = _filters()
    padded = np.pad(np.asarray(signal, np.float32), FFT_LENGTH // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_LENGTH)[::HOP_LENGTH]
    power = np.empty((len(frames), MEL_BANDS), np.float32)
    for first in range(0, len(frames), BLOCK_FRAMES):
        block = slice(first, first + BLOCK_FRAMES)
        spectrum = fft.rfft(frames[block] * window)
        squares = np.square(spectrum.real)
        squares += np.square(spectrum.imag)
        np.matmul(squares, mel, out=power[block])
    np.maximum(power, LEAST_POWER, out=power)
    decibels = np.log10(power, out=power)
    decibels *= 10
    decibels -= decibels.max()
    return np.maximum(decibels, -DYNAMIC_RANGE_DB, out=decibels)


def to_levels(decibels: np.ndarray) -> np.ndarray:
    """dB between -80 and 0 as uint8, rounded to the nearest of 256 levels."""
    return np.rint((decibels + DYNAMIC_RANGE_DB) / DB_PER_LEVEL).astype(np.uint8)


def to_decibels(levels: np.ndarray) -> np.ndarray:
    """The dB value [dtype=float32] of stored levels; at most half a level from what was stored."""
    return levels.astype(np.float32) * np.float32(DB_PER_LEVEL) - np.float32(DYNAMIC_RANGE_DB)
