"""The baseline that the network has to beat: ridge regression on the average sound of a track."""

import numpy as np

PENALTIES = np.logspace(-3, 3, 13)  # times the number of tracks


def ridge_predictions(features: np.ndarray, targets: np.ndarray, new_features: np.ndarray) -> np.ndarray:
    """Linear regression with an L2 penalty that generalised cross-validation chooses (Golub, Heath, Wahba 1979).

    features : np.ndarray [shape=(n, f)]; each is standardised
    targets : np.ndarray [shape=(n, d)]
    new_features : np.ndarray [shape=(m, f)]

    Returns the predictions for `new_features` [shape=(m, d)]. With the mean and deviation of each mel band as features
    this contains regression on mean MFCCs, which are linear in the mean bands.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1)
    centre = targets.mean(axis=0)
    left, singular, right = np.linalg.svd((features - mean) / deviation, full_matrices=False)
    rotated = left.T @ (targets - centre)

    def shrinkage(penalty: float) -> np.ndarray:
        return singular**2 / (singular**2 + penalty * len(features))

    def cross_validation(penalty: float) -> float:
        kept = shrinkage(penalty)
        residual = targets - centre - left @ (kept[:, None] * rotated)
        return float(np.sum(residual**2) / (len(features) - 1 - kept.sum()) ** 2)

    kept = shrinkage(min(PENALTIES, key=cross_validation))
    weights = right.T @ (np.divide(kept, singular, out=np.zeros_like(kept), where=singular > 0)[:, None] * rotated)
    return (new_features - mean) / deviation @ weights + centre
