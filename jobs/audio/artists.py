"""New tracks of known artists: what is known of the artist's other tracks beside what is heard.

An artist's tracks lie close together, so their mean is an estimate of a new one's factors, which gets better with their
number n; the prediction from sound is another one. Both together, as the mean of a normal distribution whose prior is
the prediction (an empirical-Bayes estimate):

    factors = (worth · prediction + sum of the factors of the artist's tracks) / (worth + n)

`worth`, in tracks, is chosen on artists that the network has never heard: each of their tracks is taken for new.
"""

import numpy as np

WORTHS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, np.inf)  # inf: the artist does not count; 0: sound does not, if any


def blend(predicted: np.ndarray, sums: np.ndarray, counts: np.ndarray, worth: float) -> np.ndarray:
    """Predictions together with the artists' factors, as directions.

    predicted : np.ndarray [shape=(tracks, d)], from sound, of length 1
    sums : np.ndarray [shape=(tracks, d)], of the factors (of length 1) of other tracks of the artist
    counts : np.ndarray [shape=(tracks,)], of how many; where it is 0 the prediction is left as it is
    worth : tracks that a prediction is worth, 0 to inf

    Returns np.ndarray [shape=(tracks, d), dtype=float32], of length 1.
    """
    known = (counts > 0)[:, None]
    mixed = predicted if np.isinf(worth) else worth * predicted + sums
    return unit(np.where(known, mixed, predicted).astype(np.float32))


def others_of_artist(
    artists: np.ndarray, targets: np.ndarray, heard: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """For each track the sum of the factors of the artist's other tracks, and how many these are.

    artists : np.ndarray [shape=(tracks,)]
    targets : np.ndarray [shape=(tracks, d)], 0 where there are none
    heard : np.ndarray [shape=(tracks,), dtype=bool], which tracks have factors; by default all
    """
    heard = np.ones(len(artists), bool) if heard is None else heard
    names, of_track = np.unique(artists, return_inverse=True)
    sums = np.zeros((len(names), targets.shape[1]), targets.dtype)
    np.add.at(sums, of_track, targets)
    counts = np.bincount(of_track, weights=heard, minlength=len(names)).astype(int)
    return sums[of_track] - targets, counts[of_track] - heard


def best_worth(artists: np.ndarray, predicted: np.ndarray, targets: np.ndarray) -> float:
    """Which of WORTHS brings the blend nearest (mean cosine) to the targets of tracks of artists that the network has
    not heard, each track taken for new; of equals the largest. inf where no artist has two tracks."""
    sums, counts = others_of_artist(artists, targets)
    if not (counts > 0).any():
        return np.inf
    cosines = [np.sum(blend(predicted, sums, counts, worth) * targets, axis=1).mean() for worth in WORTHS]
    return WORTHS[len(WORTHS) - 1 - int(np.argmax(cosines[::-1]))]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [shape=(n, d)] scaled to length 1; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
