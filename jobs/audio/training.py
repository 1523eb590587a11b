"""Training the network on random windows, stopped by artists that it has never heard."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from jobs.audio.backend import be_deterministic, keras, tf
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


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [shape=(n, d)] scaled to length 1; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def held_out_artists(artist_ids: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which tracks belong to the artists that are held out: about `share` of the artists, at least one, never all.

    artist_ids : np.ndarray [shape=(tracks,)], of at least two artists

    Tracks of one artist share voices, instruments and studios: a network tested on other tracks of an artist it knows
    is flattered (Oramas et al. 2017). Returns bool [shape=(tracks,)].
    """
    artists = np.unique(artist_ids)
    held_out = np.clip(round(share * len(artists)), 1, len(artists) - 1)
    return np.isin(artist_ids, np.random.default_rng(seed).permutation(artists)[:held_out])


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
) -> Fitted:
    """Learn to predict the targets from sound.

    The loss is the squared distance of prediction and target. Each epoch sees one random window of every track;
    training stops when the loss on the validation tracks has not improved for `config.patience` epochs, and the best
    weights are kept. The result is a function of the arguments: the same seed gives the same weights.
    """
    be_deterministic(seed)
    means, deviations = band_statistics(store, train.track_ids)
    network = build(
        factors=train.targets.shape[1],
        filters=config.filters,
        dense_units=config.dense_units,
        dropout=config.dropout,
        mean=means.mean(axis=0),
        deviation=np.sqrt(np.square(deviations).mean(axis=0) + means.var(axis=0)),
    )
    learner = keras.Model(network.inputs, network.outputs)  # the same weights; the optimizer's state stays with it
    learner.compile(keras.optimizers.Adam(config.learning_rate), loss=squared_distance, jit_compile=False)
    history = learner.fit(
        _dataset(lambda: random_batches(store, train, config.batch_size, seed), train, tf.data.INFINITE_CARDINALITY),
        validation_data=_dataset(
            lambda: consecutive_batches(store, validation),
            validation,
            math.ceil(len(validation.track_ids) / JUDGED_TRACKS),
        ),
        epochs=config.epochs,
        steps_per_epoch=math.ceil(len(train.track_ids) / config.batch_size),
        shuffle=False,  # random_batches does
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=config.patience, restore_best_weights=True),
            keras.callbacks.LambdaCallback(on_epoch_end=lambda _, logs: on_epoch(logs["loss"], logs["val_loss"])),
        ],
    ).history
    return Fitted(network, history["loss"], history["val_loss"], int(np.argmin(history["val_loss"])) + 1)


def squared_distance(target, prediction):
    """Squared Euclidean distance: (batch, factors) twice -> (batch,)."""
    return keras.ops.sum(keras.ops.square(target - prediction), axis=-1)


def random_batches(
    store: Store, examples: Examples, batch_size: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless batches of windows [shape=(batch, WINDOW_FRAMES, MEL_BANDS), dtype=uint8] and targets: in each epoch
    every track once, in a new order, from a new place."""
    for epoch in count():
        generator = np.random.default_rng([seed, epoch])
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


def _dataset(batches: Callable[[], Iterator], examples: Examples, count: int) -> "tf.data.Dataset":
    """The `count` batches of a generator, the next ones made while the network works on one."""
    signature = (
        tf.TensorSpec((None, WINDOW_FRAMES, MEL_BANDS), tf.uint8),
        tf.TensorSpec((None, examples.targets.shape[1]), tf.float32),
    )
    made = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return made.apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)


def predict(model: "keras.Model", tracks: list[np.ndarray]) -> np.ndarray:
    """The prediction for whole tracks: the mean over consecutive windows.

    tracks : spectrograms [shape=(frames, MEL_BANDS), dtype=uint8]

    Returns np.ndarray [shape=(tracks, factors), dtype=float32].
    """
    windows = [consecutive(levels) for levels in tracks]
    together = np.concatenate(windows)
    predicted = np.concatenate(
        [
            np.asarray(model(together[first : first + PREDICTION_WINDOWS], training=False))
            for first in range(0, len(together), PREDICTION_WINDOWS)
        ]
    )
    counts = np.array([len(w) for w in windows])
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.add.reduceat(predicted, firsts, axis=0) / counts[:, None].astype(np.float32)
