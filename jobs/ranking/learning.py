"""Learning the reward model from logged choices, counterfactually.

What was shown was chosen by earlier policies, so each judged recommendation is weighted by the inverse of its logged
propensity, clipped and self-normalised (Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual
Learning", NIPS 2015). Spark brings the judgements of a window of weeks together as arrays, at most `most` of them: of
more, those of listeners whose hash is least. `fitting` fits the model to them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.ranking import features, fitting
from jobs.ranking.fitting import Judged, Method
from jobs.ranking.reward import RewardModel, sigmoid

HELD_OUT_SHARE = 5  # one listener in five is held out


@dataclass(frozen=True)
class Sample:
    """Judgements of a window, in an order of their own.

    judged : as `fitting` takes them; held_out : bool (n,), whether the listener is one of the held-out ones
    """

    judged: Judged
    held_out: np.ndarray

    def __len__(self) -> int:
        return len(self.judged)


@dataclass(frozen=True)
class Learned:
    """A reward model, on how many judgements it was trained, and how it does on held-out listeners (by metric and
    dimension, as in `metrics`). `partial` is a model trained without these: the one to judge on them."""

    model: RewardModel
    rows: int
    metrics: dict[tuple[str, str], float]
    partial: RewardModel


def importance_weights(propensity: np.ndarray, most: float) -> np.ndarray:
    """Inverse propensities, clipped at `most`, float64. They are normalised by their mean where they are used.

    Parameters
    ----------
    propensity : float64 in (0, 1], shape (n,). Raises ValueError for others.
    """
    propensity = np.asarray(propensity, dtype=np.float64)
    if not ((propensity > 0) & (propensity <= 1)).all():
        raise ValueError("propensities must lie in (0, 1]")
    return np.minimum(1.0 / propensity, most)


def held_out() -> Column:
    """Whether a row is of a held-out listener, from its `user_id`."""
    return F.pmod(F.xxhash64("user_id", F.lit("held out")), F.lit(HELD_OUT_SHARE)) == 0


def gather(judged: DataFrame, most_weight: float, most: int) -> Sample:
    """The judgements as arrays, the same for the same rows however they are partitioned.

    Parameters
    ----------
    judged : columns week, user_id, rank, features (map of `discover_weekly`), propensity, reward (0 or 1)
    most_weight : inverse propensities are clipped here
    most : judgements that are brought together; of more, those of as large a share of listeners
    """
    share = min(1.0, most / max(judged.count(), 1))
    hashed = F.pmod(F.xxhash64("user_id"), F.lit(1_000_000))
    rows = (
        judged.where(hashed < int(share * 1_000_000))
        .select(
            "week",
            "user_id",
            "rank",
            "features",
            "propensity",
            "reward",
            held_out().alias("held_out"),
        )
        .mapInArrow(
            _unpacked, "week date, user_id string, rank int, x binary, propensity double, reward int, held_out boolean"
        )
        .toArrow()
        .sort_by([("week", "ascending"), ("user_id", "ascending"), ("rank", "ascending")])
    )
    packed = b"".join(rows["x"].to_pylist())
    return Sample(
        Judged(
            np.frombuffer(packed, np.float32).reshape(-1, len(features.NAMES)),
            rows["reward"].to_numpy().astype(np.float64),
            importance_weights(rows["propensity"].to_numpy(), most_weight),
        ),
        rows["held_out"].to_numpy().astype(bool),
    )


def learn(sample: Sample, prior: np.ndarray, method: Method, seed: int) -> Learned:
    """Train on a sample of judgements; without one it is the prior.

    prior : float64 (n_design,), the weights to stay near to. The held-out metrics, and the calibration, are of a model
    trained without one listener in five; the model itself is trained on all.
    """
    if not len(sample):
        model = fitting.fit(sample.judged, prior, method, seed)
        return Learned(model, 0, {}, model)
    weight = sample.judged.weight
    metrics = {
        ("judgements", ""): len(sample),
        ("effective_sample_size", ""): float(weight.sum() ** 2 / (weight**2).sum()),
        ("reward", "estimate=snips"): float((weight * sample.judged.reward).sum() / weight.sum()),
    }
    partial = model = fitting.fit(sample.judged, prior, method, seed)
    if 0 < sample.held_out.sum() < len(sample):
        training, held_out = sample.judged.of(~sample.held_out), sample.judged.of(sample.held_out)
        partial = fitting.fit(training, prior, method, seed)
        slope, offset = fitting.calibrate(partial, held_out)
        metrics |= _held_out(partial, training, held_out)
        metrics[("calibration", "slope")], metrics[("calibration", "offset")] = slope, offset
        model = model.model_copy(update={"slope": slope, "offset": offset})
    return Learned(model, len(sample), metrics, partial)


def _held_out(model: RewardModel, training: Judged, held_out: Judged) -> dict[tuple[str, str], float]:
    """Log losses on held-out listeners, importance-weighted: of a model trained without them, before it is calibrated
    on them; of its prior; of a constant."""
    x = held_out.features
    rate = np.clip((training.weight * training.reward).sum() / training.weight.sum(), 1e-6, 1 - 1e-6)
    predictions = {
        "learned": model.predict(x),
        "prior": sigmoid(features.design(x) @ np.array(model.prior)),
        "constant": np.full(len(x), rate),
    }
    return {
        ("held_out_judgements", ""): len(held_out),
        **{
            ("held_out_log_loss", f"model={name}"): fitting.log_loss(chances, held_out)
            for name, chances in predictions.items()
        },
    }


def _unpacked(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The map of features as float32 in the order of `features.NAMES`."""
    width = 4 * len(features.NAMES)
    for batch in batches:
        x = features.from_log(batch.column("features")).astype(np.float32)
        offsets = np.arange(0, width * len(x) + 1, width, dtype=np.int32)
        packed = pa.Array.from_buffers(pa.binary(), len(x), [None, pa.py_buffer(offsets), pa.py_buffer(x.tobytes())])
        columns = {name: batch.column(name) for name in ("week", "user_id", "rank")}
        rest = {name: batch.column(name) for name in ("propensity", "reward", "held_out")}
        yield pa.record_batch({**columns, "x": packed, **rest})
