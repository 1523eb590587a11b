"""The log-mel spectrogram of a signal, and the byte in which each value is stored."""

import librosa
import numpy as np

from jobs.audio.constants import (
    DB_PER_LEVEL,
    DYNAMIC_RANGE_DB,
    FFT_LENGTH,
    HOP_LENGTH,
    MEL_BANDS,
    SAMPLE_RATE,
)


def log_mel(signal: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram, relative to its loudest value.

    signal : np.ndarray [shape=(samples,)], mono, at SAMPLE_RATE

    Returns np.ndarray [shape=(frames, MEL_BANDS), dtype=float32], dB, between -80 and 0; frames is
    1 + samples // HOP_LENGTH.
    """
    power = librosa.feature.melspectrogram(
        y=signal, sr=SAMPLE_RATE, n_fft=FFT_LENGTH, hop_length=HOP_LENGTH, n_mels=MEL_BANDS
    )
    return librosa.power_to_db(power, ref=np.max, top_db=DYNAMIC_RANGE_DB).T.astype(np.float32)


def to_levels(decibels: np.ndarray) -> np.ndarray:
    """dB between -80 and 0 as uint8, rounded to the nearest of 256 levels."""
    return np.rint((decibels + DYNAMIC_RANGE_DB) / DB_PER_LEVEL).astype(np.uint8)


def to_decibels(levels: np.ndarray) -> np.ndarray:
    """The dB value [dtype=float32] of stored levels; at most half a level from what was stored."""
    return levels.astype(np.float32) * np.float32(DB_PER_LEVEL) - np.float32(DYNAMIC_RANGE_DB)
