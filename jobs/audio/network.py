"""The network: a spectrogram window in, track factors out."""

import numpy as np

from jobs.audio.backend import keras
from jobs.audio.constants import LEVELS, MEL_BANDS, WINDOW_FRAMES

KERNEL = 4  # frames that a filter spans
POOLS = (4, 2, 2)  # frames that become one behind the first three convolutions


@keras.saving.register_keras_serializable("discover")
class PoolOverTime(keras.layers.Layer):
    """Mean, maximum and root mean square over the time axis, side by side: (batch, time, c) -> (batch, 3 c)."""

    def call(self, x):
        """Pool one batch."""
        ops = keras.ops
        rms = ops.sqrt(ops.mean(ops.square(x), axis=1) + 1e-8)  # the root has no gradient at 0
        return ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1), rms], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Shape of the result."""
        return input_shape[0], 3 * input_shape[-1]


def build(
    *,
    factors: int,
    filters: int,
    dense_units: int,
    dropout: float,
    mean: np.ndarray,
    deviation: np.ndarray,
    precision: str = "float32",
) -> keras.Model:
    """Dieleman's network of 2014: convolutions along time only, pooled over all of it at three points of the
    distribution, two dense layers, a linear output.

    factors : length of the vectors to predict
    filters : channels of the first two convolutions; the last two have twice as many (2014: 256)
    dense_units : units of the two dense layers (2014: 2048)
    dropout : share of them dropped in training
    mean, deviation : np.ndarray [shape=(MEL_BANDS,)], in levels; each band is standardised with them
    precision : in what convolutions and dense layers compute; weights, pooling and output are float32 in any case

    Takes (batch, WINDOW_FRAMES, MEL_BANDS) stored levels, 0 to LEVELS; gives (batch, factors).
    """
    layers = keras.layers
    inputs = keras.Input((WINDOW_FRAMES, MEL_BANDS), name="levels")
    x = layers.Normalization(
        axis=-1, mean=mean, variance=np.square(np.maximum(deviation, LEVELS / 100)), name="standardise"
    )(inputs)
    for number, (channels, pool) in enumerate(zip((1, 1, 2, 2), (*POOLS, None), strict=True), start=1):
        x = layers.Conv1D(channels * filters, KERNEL, activation="relu", dtype=precision, name=f"convolution_{number}")(
            x
        )
        if pool:
            x = layers.MaxPooling1D(pool, name=f"pool_{number}")(x)
    x = PoolOverTime(name="pool_over_time")(x)
    for number in (1, 2):
        x = layers.Dense(dense_units, activation="relu", dtype=precision, name=f"dense_{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{number}")(x)
    return keras.Model(inputs, layers.Dense(factors, name="factors")(x), name="sound_to_factors")
