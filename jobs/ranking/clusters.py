"""Clusters of taste: tracks with factors in like directions, and how much a listener plays of each."""

import numpy as np

from jobs.ranking.catalogue import Catalogue
from jobs.ranking.listeners import Block
from jobs.vectors import unit

ITERATIONS = 20
SAMPLE = 50_000
"""Tracks that the centres are found from; the others are assigned to them."""

MAIN_SHARE = 0.15
"""Share of a listener's plays from which on a cluster is one of the listener's own."""


def clusters(factors: np.ndarray, n: int, seed: int) -> np.ndarray:
    """The cluster of each track by spherical k-means (Dhillon and Modha, "Concept Decompositions for Large Sparse Text
    Data using Clustering", 2001), from centres that are far apart.

    factors : float32 (n_tracks, n_factors), 0 for a track without. Returns int32 (n_tracks,), -1 for such a track.
    """
    vectors, random = unit(factors), np.random.default_rng(seed)
    known = np.flatnonzero(vectors.any(axis=1)) if factors.shape[1] else np.zeros(0, int)
    found = np.full(len(factors), -1, np.int32)
    if not len(known):
        return found
    sample = vectors[random.choice(known, min(SAMPLE, len(known)), replace=False)]
    centres = _spread(sample, min(n, len(sample)), random)
    for _ in range(ITERATIONS):
        nearest = (sample @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, sample)
        moved = np.where(sums.any(axis=1, keepdims=True), unit(sums), centres)
        if np.abs(moved - centres).max() < 1e-4:
            break
        centres = moved
    found[known] = (vectors[known] @ centres.T).argmax(axis=1)
    return found


def shares(block: Block, catalogue: Catalogue) -> np.ndarray:
    """How a listener's plays are spread over the clusters, float64 (n_listeners, n_clusters): each row sums to 1, or
    is 0 for who plays nothing that has a cluster."""
    rows, tracks, weights = block.played
    n = int(catalogue.cluster.max(initial=-1)) + 1
    spread = np.zeros((len(block), n))
    known = catalogue.cluster[tracks] >= 0
    np.add.at(spread, (rows[known], catalogue.cluster[tracks[known]]), weights[known])
    total = spread.sum(axis=1, keepdims=True)
    return spread / np.where(total > 0, total, 1)


def main(shares: np.ndarray) -> np.ndarray:
    """The cluster that a listener plays most, int (n_listeners,); of equals, the first one; -1: none."""
    if not shares.shape[1]:
        return np.full(len(shares), -1)
    return np.where(shares.any(axis=1), shares.argmax(axis=1), -1)


def quotas(shares: np.ndarray, spread: float, length: int) -> np.ndarray:
    """The places that a list owes to each cluster of taste that is a listener's own, int (n_listeners, n_clusters).

    shares : float64 (n_listeners, n_clusters); spread : in [0, 1], how much of a share is owed
    """
    return np.where(shares >= MAIN_SHARE, np.floor(spread * shares * length + 1e-9), 0).astype(np.int64)


def _spread(vectors: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    """Centres to begin with: the first by chance, each next with a chance that grows with its distance from those
    there are (k-means++)."""
    centres = [vectors[random.integers(len(vectors))]]
    distance = 1 - vectors @ centres[0]
    while len(centres) < n:
        chance = np.maximum(distance, 0) + 1e-12
        centres.append(vectors[random.choice(len(vectors), p=chance / chance.sum())])
        distance = np.minimum(distance, 1 - vectors @ centres[-1])
    return np.array(centres)
