"""Learning the reward model from logged choices: counterfactual, distributed, and never far from the prior on little.

What was shown was chosen by earlier policies, so each judged recommendation is weighted by the inverse of its logged
propensity, clipped and self-normalised (Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual
Learning", NIPS 2015). The weights β of the logistic regression minimise

    Σ_n w_n · log loss(r_n, σ(x_n·β))  +  prior_strength / 2 · ‖β − β_prior‖²

by Newton's method. The sums run in Spark, one pass over the cached design matrix an iteration; the driver holds
n_design² numbers.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.ranking import features
from jobs.ranking.reward import RewardModel, prior_model, sigmoid

ITERATIONS = 30
TOLERANCE = 1e-4  # largest change of a weight after which Newton's method stops, log-odds; what is left is its square
DECIMALS = 6  # of the weights kept: sums over partitions differ beyond, by their order
HELD_OUT_SHARE = 5  # one listener in five is held out

Statistics = Callable[[np.ndarray], "tuple[float, np.ndarray, np.ndarray]"]


@dataclass(frozen=True)
class Learned:
    """A reward model, on how many judgements it was trained, and how it does on held-out listeners (by metric and
    dimension, as in `metrics`)."""

    model: RewardModel
    rows: int
    metrics: dict[tuple[str, str], float]


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


def statistics(
    x: np.ndarray, reward: np.ndarray, weight: np.ndarray, beta: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Weighted log loss in nats (a sum), its gradient (n_design,) and its Hessian (n_design, n_design).

    x : (n, n_design); reward : (n,) of 0 and 1; weight : (n,); beta : (n_design,); all float64
    """
    p = sigmoid(x @ beta)
    loss = -(weight * np.where(reward > 0, np.log(p), np.log1p(-p))).sum()
    gradient = x.T @ (weight * (p - reward))
    hessian = (x * (weight * p * (1 - p))[:, None]).T @ x
    return float(loss), gradient, hessian


def fit(summed: Statistics, prior: np.ndarray, prior_strength: float, start: np.ndarray | None = None) -> np.ndarray:
    """The weights that minimise the penalised loss, by Newton's method with step halving, shape (n_design,).

    summed : gives loss, gradient and Hessian of the data at given weights; the sample weights in it have mean 1
    start : where to begin; by default at the prior
    """
    beta = prior if start is None else start
    loss, gradient, hessian = _penalised(summed, beta, prior, prior_strength)
    for _ in range(ITERATIONS):
        step = np.linalg.solve(hessian, gradient)
        while True:
            trial = beta - step
            trial_loss, gradient, hessian = _penalised(summed, trial, prior, prior_strength)
            if trial_loss <= loss + 1e-9 * abs(loss) or np.abs(step).max() < TOLERANCE:
                break
            step /= 2
        beta, loss = trial, trial_loss
        if np.abs(step).max() < TOLERANCE:
            break
    return beta


def learn(judged: DataFrame, prior_strength: float, most_weight: float) -> Learned:
    """Train on judged recommendations.

    Parameters
    ----------
    judged : columns user_id, features (map of `discover_weekly`), propensity, reward (0 or 1)
    prior_strength : precision of the Gaussian prior around `features.prior()`; a feature needs about this many
        judgements that speak for another weight before the data counts more than the prior
    most_weight : inverse propensities are clipped here

    Without a row it is the prior. The held-out metrics are of a model trained without one listener in five; the
    model itself is trained on all.
    """
    data = _design_rows(judged, most_weight).cache()
    try:
        totals = {
            row["held_out"]: row
            for row in data.groupBy("held_out")
            .agg(
                F.count("*").alias("rows"),
                F.sum("weight").alias("weight"),
                F.sum(F.col("weight") ** 2).alias("squares"),
                F.sum(F.col("weight") * F.col("reward")).alias("rewarded"),
            )
            .collect()
        }
        rows = sum(row["rows"] for row in totals.values())
        if not rows:
            return Learned(prior_model(), 0, {})
        squares = sum(row["squares"] for row in totals.values())
        metrics = {
            ("judgements", ""): rows,
            ("effective_sample_size", ""): sum(row["weight"] for row in totals.values()) ** 2 / squares,
            ("reward", "estimate=snips"): sum(row["rewarded"] for row in totals.values())
            / sum(row["weight"] for row in totals.values()),
        }
        start = None
        if len(totals) == 2:
            start, losses = _held_out(data, totals, prior_strength)
            metrics |= losses
        mean_weight = sum(row["weight"] for row in totals.values()) / rows
        beta = fit(_summed(data, mean_weight), features.prior(), prior_strength, start)
        return Learned(RewardModel(weights=tuple(np.round(beta, DECIMALS))), rows, metrics)
    finally:
        data.unpersist()


def _held_out(data: DataFrame, totals: dict, prior_strength: float) -> tuple[np.ndarray, dict[tuple[str, str], float]]:
    """A model trained without the held-out listeners, and log losses on them: of this model, of the prior, of a
    constant. Nats a judgement, importance-weighted."""
    training, held_out = totals[False], totals[True]
    prior = features.prior()
    beta = fit(_summed(data.where("NOT held_out"), training["weight"] / training["rows"]), prior, prior_strength)
    constant = np.zeros_like(prior)
    rate = np.clip(training["rewarded"] / training["weight"], 1e-6, 1 - 1e-6)
    constant[0] = np.log(rate / (1 - rate))
    losses = _losses(data.where("held_out"), np.array([beta, prior, constant])) / held_out["weight"]
    named = zip(("learned", "prior", "constant"), losses, strict=True)
    return beta, {
        ("held_out_judgements", ""): held_out["rows"],
        **{("held_out_log_loss", f"model={name}"): float(loss) for name, loss in named},
    }


def _design_rows(judged: DataFrame, most_weight: float) -> DataFrame:
    """Columns x (a row of the design matrix), reward, weight (clipped, not normalised), held_out."""

    def convert(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            x = features.design(features.from_log(batch.column("features")))
            offsets = np.arange(0, x.size + 1, x.shape[1], dtype=np.int32)
            weight = importance_weights(batch.column("propensity").to_numpy(), most_weight)
            yield pa.record_batch(
                {
                    "x": pa.ListArray.from_arrays(pa.array(offsets), pa.array(x.ravel())),
                    "reward": batch.column("reward").cast(pa.float64()),
                    "weight": pa.array(weight),
                    "held_out": batch.column("held_out"),
                }
            )

    held_out = F.pmod(F.xxhash64("user_id"), F.lit(HELD_OUT_SHARE)) == 0
    return judged.select("features", "propensity", "reward", held_out.alias("held_out")).mapInArrow(
        convert, "x array<double>, reward double, weight double, held_out boolean"
    )


def _summed(data: DataFrame, weight_unit: float) -> Statistics:
    """`statistics` over all rows of `_design_rows`, with weights divided by `weight_unit`; one Spark job a call."""

    def at(beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        def partial(x: np.ndarray, reward: np.ndarray, weight: np.ndarray) -> np.ndarray:
            loss, gradient, hessian = statistics(x, reward, weight / weight_unit, beta)
            return np.concatenate([[loss], gradient, hessian.ravel()])

        n = len(beta)
        sums = _sum_over(data, partial, n, 1 + n + n * n)
        return float(sums[0]), sums[1 : 1 + n], sums[1 + n :].reshape(n, n)

    return at


def _losses(data: DataFrame, betas: np.ndarray) -> np.ndarray:
    """The weighted log loss, a sum in nats, at each row of `betas`."""

    def partial(x: np.ndarray, reward: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return np.array([statistics(x, reward, weight, beta)[0] for beta in betas])

    return _sum_over(data, partial, betas.shape[1], len(betas))


def _sum_over(data: DataFrame, partial: Callable[..., np.ndarray], n_design: int, n_sums: int) -> np.ndarray:
    """The sum of `partial(x, reward, weight)` over all rows of `_design_rows`, in one Spark job; (n_sums,)."""

    def add(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = np.zeros(n_sums)
        for batch in batches:
            x = batch.column("x").flatten().to_numpy().reshape(-1, n_design)
            total += partial(x, batch.column("reward").to_numpy(), batch.column("weight").to_numpy())
        yield pa.record_batch({"sums": pa.array([total.tolist()], pa.list_(pa.float64()))})

    return np.sum([row["sums"] for row in data.mapInArrow(add, "sums array<double>").collect()], axis=0)


def _penalised(
    summed: Statistics, beta: np.ndarray, prior: np.ndarray, strength: float
) -> tuple[float, np.ndarray, np.ndarray]:
    loss, gradient, hessian = summed(beta)
    away = beta - prior
    return (
        loss + strength / 2 * away @ away,
        gradient + strength * away,
        hessian + strength * np.eye(len(beta)),
    )
