"""Training the network on random windows, stopped by artists that it has never heard."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from jobs.audio.backend import be_deterministic, keras, tf
from jobs.audio.checkpoint import Progress
from jobs.audio.constants import MEL_BANDS, WINDOW_FRAMES
from jobs.audio.network import build
from jobs.audio.windows import Store, consecutive, random_window
from jobs.settings import AudioSettings

JUDGED_TRACKS = 16  # validation tracks that go through the network at once
PREDICTION_WINDOWS = 128  # windows that go through the network at once: 17 MB of input


@dataclass(frozen=True)
class Examples:
    """Tracks to learn from or to be judged on.

    track_ids : list of n identifiers that the store has
    targets : np.ndarray [shape=(n, factors), dtype=float32], vectors of length 1
    """

    track_ids: list[str]
    targets: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it got there: the loss of every epoch, and the epoch (from 1) whose weights it has."""

    model: "keras.Model"
    train_losses: list[float]
    val_losses: list[float]
    best_epoch: int


def band_statistics(store: Store, track_ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over time of each band of each track, in levels: two arrays
    [shape=(tracks, MEL_BANDS), dtype=float32]."""
    statistics = [(levels.mean(axis=0), levels.std(axis=0)) for levels in map(store.__getitem__, track_ids)]
    means, deviations = zip(*statistics, strict=True)
    return np.asarray(means, np.float32), np.asarray(deviations, np.float32)


def fit(
    store: Store,
    train: Examples,
    validation: Examples,
    config: AudioSettings,
    seed: int,
    on_epoch: Callable[[float, float], None] = lambda train_loss, val_loss: None,
    start: "keras.Model | None" = None,
    progress: Progress | None = None,
    precision: str | None = None,
) -> Fitted:
    """Learn to predict the targets from sound.

    The loss is the squared distance of prediction and target. Each epoch sees one random window of every track;
    training stops when the loss on the validation tracks has not improved for `config.patience` epochs, and the best
    weights are kept. The result is a function of the arguments: the same seed gives the same weights.

    start : a network whose weights to start from, if it has the same shape
    progress : keeps each epoch; training goes on after the last one that it has, with the result it would have had
    precision : "float32" or "mixed_float16"; by default the latter where there is a GPU
    """
    be_deterministic(seed)
    network, learner = networks(config, train.targets.shape[1], *band_statistics(store, train.track_ids), precision)
    state = [*learner.variables, *learner.optimizer.variables]
    if start is not None and [w.shape for w in start.weights] == [w.shape for w in network.weights]:
        learner.set_weights(start.get_weights())
    judged = dataset(
        lambda: consecutive_batches(store, validation), validation, math.ceil(len(validation.track_ids) / JUDGED_TRACKS)
    )
    train_losses, val_losses, best = [], [], learner.get_weights()
    kept = progress.load() if progress else None
    if kept is not None:
        train_losses, val_losses, best, values = kept
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
    steps = math.ceil(len(train.track_ids) / config.batch_size)
    while len(val_losses) < config.epochs and not _settled(val_losses, config.patience):
        each = [seed, len(val_losses)]
        batches = dataset(partial(random_batches, store, train, config.batch_size, each), train, steps)
        history = learner.fit(batches, validation_data=judged, epochs=1, shuffle=False, verbose=0).history
        train_losses.append(history["loss"][0])
        val_losses.append(history["val_loss"][0])
        if val_losses[-1] == min(val_losses):
            best = learner.get_weights()
        if progress:
            progress.save(train_losses, val_losses, best, [variable.numpy() for variable in state])
        on_epoch(train_losses[-1], val_losses[-1])
    network.set_weights(best)
    return Fitted(network, train_losses, val_losses, int(np.argmin(val_losses)) + 1)


def networks(
    config: AudioSettings,
    factors: int,
    means: np.ndarray,
    deviations: np.ndarray,
    precision: str | None = None,
) -> "tuple[keras.Model, keras.Model]":
    """The network, and one of the same shape that is compiled for training, in the precision that suits the machine.

    means, deviations : `band_statistics` of what it will learn from
    precision : as for `fit`
    """
    precision = precision or ("mixed_float16" if tf.config.list_physical_devices("GPU") else "float32")
    shape = {
        "factors": factors,
        "filters": config.filters,
        "dense_units": config.dense_units,
        "dropout": config.dropout,
        "mean": means.mean(axis=0),
        "deviation": np.sqrt(np.square(deviations).mean(axis=0) + means.var(axis=0)),
    }
    network, learner = build(**shape), build(**shape, precision=precision)
    optimizer = keras.optimizers.Adam(config.learning_rate)
    if precision == "mixed_float16":  # gradients are scaled, so that small ones are not 0 in 16 bits
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    learner.compile(optimizer, loss=squared_distance, jit_compile=False)
    learner.optimizer.build(learner.trainable_variables)
    return network, learner


def _settled(val_losses: list[float], patience: int) -> bool:
    return bool(val_losses) and len(val_losses) - 1 - int(np.argmin(val_losses)) >= patience


def squared_distance(target, prediction):
    """Squared Euclidean distance: (batch, factors) twice -> (batch,)."""
    return keras.ops.sum(keras.ops.square(target - prediction), axis=-1)


def random_batches(
    store: Store, examples: Examples, batch_size: int, seed: list[int]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One epoch of batches of windows [shape=(batch, WINDOW_FRAMES, MEL_BANDS), dtype=uint8] and targets: every track
    once, in an order and from a place that depend on the seed."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(examples.track_ids))
    for first in range(0, len(order), batch_size):
        chosen = order[first : first + batch_size]
        windows = [random_window(store[examples.track_ids[n]], generator) for n in chosen]
        yield np.stack(windows), examples.targets[chosen]


def consecutive_batches(store: Store, examples: Examples) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All windows of every track, JUDGED_TRACKS tracks a batch, with the track's target for each."""
    for first in range(0, len(examples.track_ids), JUDGED_TRACKS):
        chosen = slice(first, first + JUDGED_TRACKS)
        windows = [consecutive(store[track_id]) for track_id in examples.track_ids[chosen]]
        yield np.concatenate(windows), np.repeat(examples.targets[chosen], [len(w) for w in windows], axis=0)


def dataset(batches: Callable[[], Iterator], examples: Examples, count: int) -> "tf.data.Dataset":
    """The `count` batches of a generator, the next ones made while the network works on one."""
    signature = (
        tf.TensorSpec((None, WINDOW_FRAMES, MEL_BANDS), tf.uint8),
        tf.TensorSpec((None, examples.targets.shape[1]), tf.float32),
    )
    made = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return made.apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)


def predict(model: "keras.Model", tracks: list[np.ndarray]) -> np.ndarray:
    """The prediction for whole tracks: the mean over consecutive windows. Some tracks are held at a time.

    tracks : spectrograms [shape=(frames, MEL_BANDS), dtype=uint8]

    Returns np.ndarray [shape=(tracks, factors), dtype=float32].
    """
    predicted = np.empty((len(tracks), model.output_shape[1]), np.float32)
    for first in range(0, len(tracks), JUDGED_TRACKS):
        windows = [consecutive(levels) for levels in tracks[first : first + JUDGED_TRACKS]]
        together = np.concatenate(windows)
        by_window = np.concatenate(
            [
                np.asarray(model(together[at : at + PREDICTION_WINDOWS], training=False))
                for at in range(0, len(together), PREDICTION_WINDOWS)
            ]
        )
        counts = np.array([len(w) for w in windows])
        firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        means = np.add.reduceat(by_window, firsts, axis=0) / counts[:, None]
        predicted[first : first + JUDGED_TRACKS] = means
    return predicted
