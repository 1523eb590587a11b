"""How near predictions come to the factors of artists that were held out, beside what a network has to beat."""

from typing import TYPE_CHECKING

import numpy as np

from jobs.audio.ridge import ridge_predictions
from jobs.audio.training import Examples, band_statistics, predict
from jobs.audio.windows import Store
from jobs.vectors import unit

if TYPE_CHECKING:
    import keras


def cosines(
    store: Store,
    training: Examples,
    test: Examples,
    model: "keras.Model",
    present: "tuple[keras.Model, np.ndarray] | None" = None,
) -> dict[str, float]:
    """Mean cosine of prediction and target over the test tracks, by what predicts.

    network : the model
    present : the network in use until now, its predictions turned by the matrix beside it (`alignment.rotation`)
    ridge : ridge regression on mean and deviation of each mel band over the track
    mean_vector : the mean of the training targets for every track
    """
    features = np.hstack(band_statistics(store, training.track_ids))
    new_features = np.hstack(band_statistics(store, test.track_ids))
    tracks = [store[track_id] for track_id in test.track_ids]
    predictions = {
        "network": predict(model, tracks),
        "ridge": ridge_predictions(features, training.targets, new_features),
        "mean_vector": np.broadcast_to(training.targets.mean(axis=0), test.targets.shape),
    }
    if present is not None:
        predictions["present"] = predict(present[0], tracks) @ present[1]
    return {name: mean_cosine(predicted, test.targets) for name, predicted in predictions.items()}


def mean_cosine(predicted: np.ndarray, targets: np.ndarray) -> float:
    """Mean over tracks of the cosine of prediction and target, both [shape=(tracks, factors)]."""
    return float(np.mean(np.sum(unit(predicted) * unit(targets), axis=1)))
