"""Training the network on random windows, stopped by artists that it has never heard."""

import hashlib
import math
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from jobs.audio.backend import be_deterministic, keras, tf
from jobs.audio.constants import MEL_BANDS, WINDOW_FRAMES
from jobs.audio.network import build
from jobs.audio.windows import Store, consecutive, random_window
from jobs.settings import AudioSettings

TRAIN, STOP, TEST = 0, 1, 2  # what a track is for, see `split`
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


def split(artist_ids: np.ndarray, share: float) -> np.ndarray:
    """Which tracks are for what: TRAIN, STOP (training stops when it gets worse on these) or TEST (reported on).

    artist_ids : np.ndarray [shape=(tracks,)], of at least three artists
    share : of the artists that are held out, half of them for each of STOP and TEST, at least one

    Tracks of one artist share voices, instruments and studios: a network tested on other tracks of an artist it knows
    is flattered (Oramas et al. 2017). An artist's part depends on its id alone, so next week's network is not tested
    on artists that this week's has learned from. Returns int [shape=(tracks,)].
    """
    artists, of_track = np.unique(artist_ids, return_inverse=True)
    hashes = [hashlib.blake2b(str(artist).encode(), digest_size=8).digest() for artist in artists]
    places = np.array([int.from_bytes(digest) / 2**64 for digest in hashes])
    parts = np.select([places < share / 2, places < share], [TEST, STOP], TRAIN)
    by_place = artists[np.argsort(places)]
    if len(np.unique(parts)) < 3:  # so few artists that one of the parts is empty
        parts = np.select([artists == by_place[0], artists == by_place[1]], [TEST, STOP], TRAIN)
    return parts[of_track]


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
    progress: "Progress | None" = None,
) -> Fitted:
    """Learn to predict the targets from sound.

    The loss is the squared distance of prediction and target. Each epoch sees one random window of every track;
    training stops when the loss on the validation tracks has not improved for `config.patience` epochs, and the best
    weights are kept. The result is a function of the arguments: the same seed gives the same weights.

    start : a network whose weights to start from, if it has the same shape
    progress : keeps each epoch; training goes on after the last one that it has, with the result it would have had
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
    learner.optimizer.build(learner.trainable_variables)
    state = [*learner.variables, *learner.optimizer.variables]
    if start is not None and [w.shape for w in start.weights] == [w.shape for w in network.weights]:
        network.set_weights(start.get_weights())
    judged = _dataset(
        lambda: consecutive_batches(store, validation), validation, math.ceil(len(validation.track_ids) / JUDGED_TRACKS)
    )
    train_losses, val_losses, best = [], [], network.get_weights()
    kept = progress.load() if progress else None
    if kept is not None:
        train_losses, val_losses, best, values = kept
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
    steps = math.ceil(len(train.track_ids) / config.batch_size)
    while len(val_losses) < config.epochs and not _settled(val_losses, config.patience):
        each = [seed, len(val_losses)]
        batches = _dataset(partial(random_batches, store, train, config.batch_size, each), train, steps)
        history = learner.fit(batches, validation_data=judged, epochs=1, shuffle=False, verbose=0).history
        train_losses.append(history["loss"][0])
        val_losses.append(history["val_loss"][0])
        if val_losses[-1] == min(val_losses):
            best = network.get_weights()
        if progress:
            progress.save(train_losses, val_losses, best, [variable.numpy() for variable in state])
        on_epoch(train_losses[-1], val_losses[-1])
    network.set_weights(best)
    return Fitted(network, train_losses, val_losses, int(np.argmin(val_losses)) + 1)


def _settled(val_losses: list[float], patience: int) -> bool:
    return bool(val_losses) and len(val_losses) - 1 - int(np.argmin(val_losses)) >= patience


class Progress:
    """A training as it stands, in a file that a killed process leaves behind."""

    def __init__(self, path: Path, key: str):
        """`path`: of the file; `key`: what the training is made from: a file with another key does not count."""
        self.path, self.key = path, key

    def load(self) -> tuple[list[float], list[float], list[np.ndarray], list[np.ndarray]] | None:
        """What `save` was given last; None: nothing, of this training."""
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                if str(kept["key"]) != self.key:
                    return None
                arrays = {
                    name: [kept[f"{name}-{n}"] for n in range(int(kept[f"n_{name}"]))] for name in ("best", "state")
                }
                return kept["train"].tolist(), kept["val"].tolist(), arrays["best"], arrays["state"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def save(
        self,
        train_losses: list[float],
        val_losses: list[float],
        best: list[np.ndarray],
        state: list[np.ndarray],
    ) -> None:
        """Keep the losses so far, the best weights, and all variables of the learner and its optimizer."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        named = {f"{name}-{n}": a for name, arrays in (("best", best), ("state", state)) for n, a in enumerate(arrays)}
        with part.open("wb") as file:
            counts = {"n_best": len(best), "n_state": len(state)}
            np.savez(file, key=self.key, train=train_losses, val=val_losses, **counts, **named)
        part.rename(self.path)

    def clear(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


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
