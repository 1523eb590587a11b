"""Which tracks are one recording: candidates by their rhythm, decided by their fingerprints."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from jobs.audio.fingerprint import SAME, correlation

CANDIDATES = 10  # for each track: those of the most similar rhythm
LENGTHS = 0.1  # share by which the lengths of one recording may differ: cuts, fades and silence


def candidates(rhythms: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Pairs of tracks that may be one recording.

    rhythms : np.ndarray [shape=(n, d), dtype=float32], `fingerprint.rhythm`
    seconds : np.ndarray [shape=(n,)], lengths of the files

    Returns np.ndarray [shape=(pairs, 2), dtype=int64], the lower number first, each pair once.
    """
    from jobs.collaborative.retrieval import Lists, Tracks, best

    n = len(rhythms)
    if n < 2:
        return np.zeros((0, 2), np.int64)
    spread = rhythms.std(axis=0)
    centred = (rhythms - rhythms.mean(axis=0)) / np.where(spread > 0, spread, 1)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    directions = (centred / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    itself = Lists(np.arange(n + 1, dtype=np.int64), np.arange(n, dtype=np.int32))
    nearest, _ = best(directions, Tracks.of(directions), min(CANDIDATES, n - 1), itself)
    pairs = np.stack([np.repeat(np.arange(n), nearest.shape[1]), nearest.ravel()], axis=1)
    pairs = np.unique(np.sort(pairs[pairs[:, 1] >= 0], axis=1), axis=0)
    shorter, longer = np.sort(seconds[pairs], axis=1).T
    return pairs[shorter >= (1 - LENGTHS) * longer]


def same_recordings(
    track_ids: np.ndarray,
    pairs: np.ndarray,
    fingerprint_of: Callable[[int], np.ndarray],
    on_pair: Callable[[], None] = lambda: None,
) -> pd.DataFrame:
    """The rows of `recordings`.

    track_ids : np.ndarray [shape=(n,)], sorted
    pairs : np.ndarray [shape=(pairs, 2)]
    fingerprint_of : the fingerprint of a track by its number
    """
    found, values = [], []
    for first, second in pairs:
        value = correlation(fingerprint_of(first), fingerprint_of(second))
        on_pair()
        if value >= SAME:
            found.append((first, second))
            values.append(value)
    left, right = np.array(found, np.int64).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(left)), (left, right)), (len(track_ids), len(track_ids)))
    _, group = connected_components(graph, directed=False)
    first = pd.Series(track_ids).groupby(group).min()
    nearest = np.full(len(track_ids), -1.0)
    for side in (left, right):
        np.maximum.at(nearest, side, values)
    shared = np.flatnonzero(nearest >= 0)
    return pd.DataFrame(
        {
            "track_id": track_ids[shared],
            "recording_id": first[group[shared]].to_numpy(),
            "correlation": nearest[shared],
        }
    )
