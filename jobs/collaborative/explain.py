"""Why a track is recommended: what each listen contributes to the score.

Section 5 of Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008), for the
objective of `als`. With the tracks' factors y as they are, the best factors of a listener are

    x = A⁻¹ Σ_j c_j y_j,    A = α0 YᵀY + Σ_j c_j y_j y_jᵀ + λ (n + α0 |I|) · 1

over the n listens j, so the score of track i is a sum with one term for each of them: x·y_i = Σ_j c_j (y_iᵀ A⁻¹ y_j).
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve


def contributions(
    targets: np.ndarray, listens: np.ndarray, confidence: np.ndarray, gram: np.ndarray, ridge: float
) -> np.ndarray:
    """What each listen contributes to the score of each target; a row's sum is the score of the solved factors.

    Parameters
    ----------
    targets : float (n_targets, d), factors of tracks; listens : float (n_listens, d), those of the listener's tracks
    confidence : float (n_listens,), > 0
    gram : float (d, d), α0 YᵀY over all tracks of the matrix
    ridge : λ (n_listens + α0 |I|) > 0

    Returns
    -------
    float64 (n_targets, n_listens). A contribution below 0 speaks against the target. Raises ValueError where shapes do
    not fit, numpy.linalg.LinAlgError where A is not positive definite.
    """
    targets, listens, confidence = (np.asarray(a, np.float64) for a in (targets, listens, confidence))
    if confidence.shape != (len(listens),) or targets.shape[1:] != listens.shape[1:]:
        raise ValueError(f"{confidence.shape} confidences of {listens.shape} listens for {targets.shape} targets")
    system = gram + (listens.T * confidence) @ listens + ridge * np.eye(listens.shape[1])
    return targets @ cho_solve(cho_factor(system), listens.T) * confidence
