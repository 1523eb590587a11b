"""Fingerprints: whether two files are one recording, whatever its loudness, equalisation, coding, or a cut at its ends.

After Haitsma, Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): of neighbouring bands and frames,
whether the difference of differences is above 0. What does not change with time (loudness, equalisation) cancels out.
Here a sign is 0 where nothing changes, as in silence, which would otherwise be alike everywhere.
"""

from itertools import pairwise

import numpy as np
from scipy import fft

from jobs.audio.constants import MEL_BANDS

GROUPS = 33  # of mel bands; neighbours make 32 signs a frame
SIGNS = GROUPS - 1
STEP = 2  # frames between which change is looked at: 93 ms, so that half a frame of shift matters little
RHYTHM_FRAMES = 256  # of a stretch whose rhythm is described: 12 s
RHYTHM_BANDS = 8  # of frequencies of change, from 0.1 to 10 Hz
LEAST_OVERLAP = 0.5  # of the shorter one
SAME = 0.25  # correlation from which on two are one recording; see benchmarks/recordings.py


def signs(levels: np.ndarray) -> np.ndarray:
    """The fingerprint of a spectrogram.

    levels : np.ndarray [shape=(frames, MEL_BANDS), dtype=uint8]

    Returns np.ndarray [shape=(max(frames - STEP, 0), SIGNS), dtype=int8], -1, 0 or 1.
    """
    edges = np.linspace(0, MEL_BANDS, GROUPS + 1).astype(int)
    energy = np.add.reduceat(levels.astype(np.float32), edges[:-1], axis=1) / np.diff(edges)
    slope = np.diff(energy, axis=1)
    return np.sign(slope[STEP:] - slope[:-STEP]).astype(np.int8)


def rhythm(fingerprint: np.ndarray) -> np.ndarray:
    """How fast each sign of a fingerprint changes, wherever it begins: what is looked up to find candidates.

    Returns np.ndarray [shape=(SIGNS * RHYTHM_BANDS,), dtype=float32].
    """
    missing = max(0, RHYTHM_FRAMES - len(fingerprint))
    padded = np.pad(fingerprint, ((0, missing), (0, 0))).astype(np.float32)
    starts = range(0, len(padded) - RHYTHM_FRAMES + 1, RHYTHM_FRAMES // 2)
    window = np.hanning(RHYTHM_FRAMES).astype(np.float32)[:, None]
    power = np.mean([np.abs(fft.rfft(padded[s : s + RHYTHM_FRAMES] * window, axis=0)) ** 2 for s in starts], axis=0)
    edges = np.geomspace(1, len(power), RHYTHM_BANDS + 1).astype(int)
    pooled = np.stack([power[a : max(b, a + 1)].mean(axis=0) for a, b in pairwise(edges)])
    return np.log(pooled + 1e-3).astype(np.float32).ravel()


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation of two fingerprints where they fit best: 1 for the same, about 0 for different music.

    first, second : np.ndarray [shape=(frames, SIGNS), dtype=int8], not empty
    """
    length = fft.next_fast_len(len(first) + len(second), real=True)
    a, b = (fft.rfft(one.astype(np.float32), length, axis=0) for one in (first, second))
    products = fft.irfft((a * b.conj()).sum(axis=1), length)
    # What lies within the overlap at each shift, by sums of squares: shift s puts second[0] beside first[s].
    squares = [np.concatenate([[0], np.square(one, dtype=np.float32).sum(axis=1).cumsum()]) for one in (first, second)]
    least = max(1, int(LEAST_OVERLAP * min(len(first), len(second))))
    shifts = np.arange(-(len(second) - least), len(first) - least + 1)
    begins, ends = np.maximum(shifts, 0), np.minimum(shifts + len(second), len(first))
    of_first = squares[0][ends] - squares[0][begins]
    of_second = squares[1][ends - shifts] - squares[1][begins - shifts]
    scale = np.sqrt(of_first * of_second)
    enough = (ends - begins >= least) & (scale > 0)
    return float((products[shifts[enough]] / scale[enough]).max()) if enough.any() else 0.0


def packed(fingerprint: np.ndarray) -> bytes:
    """A fingerprint in 2 bits a sign."""
    return np.packbits(np.stack([fingerprint > 0, fingerprint < 0])).tobytes()


def unpacked(data: bytes) -> np.ndarray:
    """The fingerprint that was packed."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    above, below = bits[: len(bits) // (2 * SIGNS) * 2 * SIGNS].reshape(2, -1, SIGNS).astype(np.int8)
    return above - below
