"""How good lists are, given which of their places are hits: recall, NDCG and average precision, many lists at once."""

import numpy as np

METRICS = ("recall", "ndcg", "map")


def list_metrics(hits: np.ndarray, n_relevant: np.ndarray) -> dict[str, np.ndarray]:
    """The `METRICS` of each list, all within [0, 1].

    recall: hits, of the relevant tracks or of the places of the list if these are fewer (as in Rendle et al.,
    "Revisiting the Performance of iALS on Item Recommendation Benchmarks", RecSys 2022). ndcg: the sum of
    1 / log2(1 + place) over the hits, of that of the best list there could be. map: the sum of the precision down to
    each hit, over the same number as recall.

    Parameters
    ----------
    hits : bool (n_lists, n_places), best place first
    n_relevant : int (n_lists,), all ≥ 1 and at least the hits of the list

    Returns
    -------
    dict of float64 (n_lists,). Raises ValueError that names the argument.
    """
    hits, n_relevant = np.asarray(hits, bool), np.asarray(n_relevant)
    if hits.ndim != 2 or n_relevant.shape != hits.shape[:1]:
        raise ValueError(f"n_relevant: one number for each list of hits; {n_relevant.shape} for {hits.shape}")
    if (n_relevant < np.maximum(hits.sum(axis=1), 1)).any():
        raise ValueError("n_relevant: at least 1, and at least the hits of the list")
    places = np.arange(1, hits.shape[1] + 1)
    best = np.minimum(n_relevant, len(places))
    gain = 1 / np.log2(places + 1)
    precision = hits.cumsum(axis=1) / places
    return {
        "recall": hits.sum(axis=1) / best,
        "ndcg": (hits * gain).sum(axis=1) / gain.cumsum()[best - 1],
        "map": (hits * precision).sum(axis=1) / best,
    }
