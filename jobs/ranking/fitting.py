"""Fitting the reward model to judged choices, in arrays: a penalised, weighted log loss, minimised by L-BFGS.

Σ_n w_n · log loss(r_n, x_n)  +  prior_strength / 2 · ‖weights − prior‖²  +  factor_strength / 2 · ‖factors‖²
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from jobs.ranking import features, machine
from jobs.ranking.reward import Kind, RewardModel, sigmoid

ITERATIONS = 200
TOLERANCE = 1e-6  # relative decrease of the loss below which fitting ends: predictions no longer change
DECIMALS = 6  # of the weights kept
INITIAL_DEVIATION = 0.05  # of the first factors: at 0 their gradient is 0
LEAST_SLOPE = 0.05  # of the calibration: an order that is no better than chance is kept, faintly
CALIBRATION_STRENGTH = 10.0  # precision that the calibration is none: about judgements it is worth


@dataclass(frozen=True)
class Judged:
    """Judged choices.

    features : float32 (n, n_features); reward : float64 (n,), 0 or 1; weight : float64 (n,), > 0
    """

    features: np.ndarray
    reward: np.ndarray
    weight: np.ndarray

    def __post_init__(self):
        n = len(self.reward)
        object.__setattr__(self, "features", np.ascontiguousarray(self.features, np.float32))
        if self.features.shape != (n, len(features.NAMES)):
            raise ValueError(f"features of shape {self.features.shape}, not {(n, len(features.NAMES))}")
        if self.weight.shape != (n,) or not (self.weight > 0).all():
            raise ValueError(f"weight must hold {n} numbers above 0")
        if not np.isin(self.reward, (0, 1)).all():
            raise ValueError("reward must hold 0 and 1")

    def __len__(self) -> int:
        return len(self.reward)

    def of(self, rows: np.ndarray) -> "Judged":
        """Some of them."""
        return Judged(self.features[rows], self.reward[rows], self.weight[rows])


@dataclass(frozen=True)
class Method:
    """What kind of model is fitted, and how closely.

    rank : length of the factors of pairs; triple_rank : of triples, 0: none; both count for a factorization machine
    prior_strength : precision of the Gaussian prior of each weight around `prior`: about the judgements that it is
        worth
    factor_strength : precision of the prior of each factor around 0
    """

    kind: Kind
    rank: int
    triple_rank: int
    prior_strength: float
    factor_strength: float


def fit(judged: Judged, prior: np.ndarray, method: Method, seed: int) -> RewardModel:
    """The model that minimises the penalised loss; the weights of `judged` are taken relative to their mean.

    prior : float64 (n_design,), the weights to stay near to; seed : of the first factors
    """
    n, is_machine = len(features.NAMES), method.kind == "factorization_machine"
    ranks = (method.rank, method.triple_rank) if is_machine else (0, 0)
    cuts = np.cumsum([len(prior), n * ranks[0]])
    movable = np.ones((n, 1))
    movable[features.COLUMN[features.POSITION]] = 0

    def parts(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weights, pairs, triples = np.split(parameters, cuts)
        return weights, pairs.reshape(n, ranks[0]), triples.reshape(n, ranks[1])

    weight = judged.weight / judged.weight.mean() if len(judged) else judged.weight

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, pairs, triples = parts(parameters)
        loss, by_weights, by_pairs, by_triples = machine.loss_and_gradient(
            judged.features, judged.reward, weight, weights, features.LEFT, features.RIGHT, pairs, triples
        )
        away, factors = weights - prior, parameters[len(prior) :]
        loss += method.prior_strength / 2 * away @ away + method.factor_strength / 2 * factors @ factors
        by_factors = np.concatenate([(by_pairs * movable).ravel(), (by_triples * movable).ravel()])
        gradient = np.concatenate([by_weights + method.prior_strength * away, by_factors])
        gradient[len(prior) :] += method.factor_strength * factors
        return loss, gradient

    first = np.random.default_rng(seed).normal(0, INITIAL_DEVIATION, (n, sum(ranks))) * movable
    start = np.concatenate([prior, first[:, : ranks[0]].ravel(), first[:, ranks[0] :].ravel()])
    options = {"maxiter": ITERATIONS, "ftol": TOLERANCE}
    with threadpool_limits(1, "blas"):  # its other threads would wait, busily, on the cores that the kernel works on
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    weights, pairs, triples = parts(np.round(found.x, DECIMALS))
    return RewardModel(
        kind=method.kind,
        weights=tuple(weights.tolist()),
        prior=tuple(np.asarray(prior).tolist()),
        pairs=tuple(map(tuple, pairs.tolist())),
        triples=tuple(map(tuple, triples.tolist())),
    )


def calibrate(model: RewardModel, held_out: Judged) -> tuple[float, float]:
    """Slope and offset by which the log-odds of a model come closest to held-out judgements (Platt, "Probabilistic
    Outputs for Support Vector Machines", 1999), near to no calibration where there are few of them."""
    z, none = model.log_odds(held_out.features), np.array([1.0, 0.0])
    inputs, weight = np.column_stack([z, np.ones(len(z))]), held_out.weight / held_out.weight.mean()

    def objective(found: np.ndarray) -> tuple[float, np.ndarray]:
        p, away = sigmoid(inputs @ found), found - none
        losses = -np.where(held_out.reward > 0, np.log(p), np.log1p(-p))
        gradient = inputs.T @ (weight * (p - held_out.reward)) + CALIBRATION_STRENGTH * away
        return (weight * losses).sum() + CALIBRATION_STRENGTH / 2 * away @ away, gradient

    found = minimize(objective, none, jac=True, method="L-BFGS-B", bounds=[(LEAST_SLOPE, None), (None, None)])
    slope, offset = np.round(found.x, DECIMALS).tolist()
    return slope, offset


def log_loss(chances: np.ndarray, judged: Judged) -> float:
    """Weighted mean log loss in nats of predicted chances, float64 (n,)."""
    losses = -np.where(judged.reward > 0, np.log(chances), np.log1p(-chances))
    return float((judged.weight * losses).sum() / judged.weight.sum())
