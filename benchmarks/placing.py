"""What the evaluations of cold start share: factorizing, sound, a network, and how well it places."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pyarrow as pa
from scipy.fft import dct
from scipy.sparse import csr_matrix

from jobs.audio.constants import MEL_BANDS
from jobs.settings import AudioSettings, CollaborativeSettings
from jobs.vectors import unit

CEPSTRA = 20  # coefficients, as librosa's default
LIST = 30  # places of a list


@dataclass
class World:
    """listened : float (listeners, tracks), confidence; sound : spectrograms, uint8 (frames, MEL_BANDS);
    groups : the artist or soundtrack of each track; words : (tracks, d) or None, what is written about the artist"""

    listened: csr_matrix
    sound: list[np.ndarray]
    groups: np.ndarray
    words: np.ndarray | None = None
    features: np.ndarray = field(init=False)

    def __post_init__(self):
        self.features = np.stack([mfcc_means(levels) for levels in self.sound])


def spectrograms(paths: Sequence[str], max_seconds: float, workers: int = 2) -> list[np.ndarray | None]:
    """The spectrogram of each file as the pipeline makes it; None where it makes none."""
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_spectrogram, paths, [max_seconds] * len(paths), chunksize=4))


def _spectrogram(path: str, max_seconds: float) -> np.ndarray | None:
    from threadpoolctl import threadpool_limits

    from jobs.audio.library import spectrogram

    with threadpool_limits(1):
        row = spectrogram(path, max_seconds, 1)
    if row.get("error"):
        return None
    return np.frombuffer(row["log_mel"], np.uint8).reshape(row["frames"], row["bands"])


def mfcc_means(levels: np.ndarray) -> np.ndarray:
    """Mean and deviation over time of the MFCCs of a spectrogram and of their first differences: (4 · CEPSTRA,)."""
    from jobs.audio.logmel import to_decibels

    cepstra = dct(to_decibels(levels), axis=1, norm="ortho")[:, :CEPSTRA]
    steps = np.diff(cepstra, axis=0) if len(cepstra) > 1 else np.zeros((1, CEPSTRA))
    return np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0), steps.mean(axis=0), steps.std(axis=0)])


def factorize(listened: csr_matrix, config: CollaborativeSettings, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors of listeners and tracks, float32, by the kernels of jobs.collaborative; 0 where nothing is known."""
    from jobs.collaborative.kernels import cholesky

    sides = [_compressed(listened), _compressed(listened.T.tocsr())]
    generator = np.random.default_rng(seed)
    factors = [generator.normal(0, 0.1 / config.factors**0.5, (n, config.factors)).astype(np.float32)
               for n in listened.shape]  # fmt: skip
    factors[1][np.diff(sides[1][0]) == 0] = 0
    for _ in range(config.epochs):
        for side in (0, 1):
            solve(cholesky, sides[side], factors[1 - side], factors[side], config)
    return factors[0], factors[1]


def solve(kernel: Callable, rows: tuple, other: np.ndarray, factors: np.ndarray, config: CollaborativeSettings) -> None:
    """Solve the factors of rows (indptr, indices, values) against those of the other side, in place."""
    gram = (config.unobserved_weight * (other.T @ other)).astype(np.float32)
    ridge = config.regularization * (np.diff(rows[0]) + config.unobserved_weight * len(other))
    kernel(*rows, other, gram, ridge.astype(np.float32), factors)


def folded_in(listened: csr_matrix, listeners: np.ndarray, config: CollaborativeSettings) -> np.ndarray:
    """Factors of tracks from their listens, the listeners' factors given: (tracks, d)."""
    from jobs.collaborative.kernels import cholesky

    factors = np.zeros((listened.shape[1], listeners.shape[1]), np.float32)
    solve(cholesky, _compressed(listened.T.tocsr()), listeners, factors, config)
    return factors


def _compressed(matrix: csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)


class Network:
    """A trained network over a world's tracks."""

    def __init__(self, world: World, train: np.ndarray, stop: np.ndarray, targets: np.ndarray, config: AudioSettings,
                 seed: int):  # fmt: skip
        """`train`, `stop`: numbers of tracks to learn from, and to stop by; `targets`: of all tracks, of length 1."""
        from jobs.audio.training import Examples, fit
        from jobs.audio.windows import Store

        names = [f"{n:06}" for n in range(len(world.sound))]
        needed = np.concatenate([train, stop])
        batch = pa.RecordBatch.from_pydict(
            {
                "track_id": [names[n] for n in needed],
                "frames": [len(world.sound[n]) for n in needed],
                "bands": [MEL_BANDS] * len(needed),
                "log_mel": [world.sound[n].tobytes() for n in needed],
            }
        )
        parts = [Examples([names[n] for n in part], targets[part]) for part in (train, stop)]
        self.fitted = fit(Store(Path(gettempdir()), [batch]), *parts, config, seed)

    def predict(self, sound: list[np.ndarray]) -> np.ndarray:
        """Directions, float32 (tracks, d)."""
        from jobs.audio.training import predict

        return unit(predict(self.fitted.model, sound))


def judge(scores: np.ndarray, relevant: np.ndarray) -> dict[str, float]:
    """How well scores put the relevant tracks first, mean over the listeners who have relevant and other ones.

    scores : float (listeners, tracks); of equal scores the order is the mean one for AUC, drawn for the list
    relevant : bool (listeners, tracks)
    """
    from scipy.stats import rankdata

    from jobs.collaborative.metrics import list_metrics

    judged = relevant.any(axis=1) & ~relevant.all(axis=1)
    scores, relevant = scores[judged], relevant[judged]
    n = relevant.sum(axis=1)
    ranks = rankdata(scores, axis=1)
    area = ((ranks * relevant).sum(axis=1) - n * (n + 1) / 2) / (n * (relevant.shape[1] - n))
    ties = np.random.default_rng(0).random(scores.shape)
    order = np.lexsort((ties, -scores), axis=1)[:, :LIST]
    lists = list_metrics(np.take_along_axis(relevant, order, axis=1), n)
    return {"AUC": area.mean(), "recall@30": lists["recall"].mean(), "NDCG@30": lists["ndcg"].mean()}


def mean_of(folds: list[dict[str, dict[str, float]]]) -> list[dict[str, object]]:
    """The mean over folds of each figure, one row a contender; and the standard error of AUC over them."""
    rows = []
    for name in folds[0]:
        figures = {key: float(np.mean([fold[name][key] for fold in folds])) for key in folds[0][name]}
        spread = np.std([fold[name]["AUC"] for fold in folds], ddof=1) / len(folds) ** 0.5 if len(folds) > 1 else None
        rows.append({"placed by": name, **figures, "± AUC": None if spread is None else float(spread)})
    return rows
