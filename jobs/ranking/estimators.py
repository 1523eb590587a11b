"""Off-policy estimators for single choices: what a policy would earn, from the log of another one.

Every estimate has the form  mean(plain) + Σ weighted / Σ weight  over the logged rounds. So it is made from a handful
of sums, which can be taken over any partition of the log and added; `bootstrap` turns them into intervals.

The estimators: DM, IPS and its clipped form (Bottou et al., "Counterfactual Reasoning and Learning Systems", JMLR
2013), SNIPS (Swaminathan and Joachims, NIPS 2015), DR (Dudík et al., "Doubly Robust Policy Evaluation and Learning",
ICML 2011), SNDR (Thomas and Brunskill, ICML 2016), Switch-DR (Wang et al., "Optimal and Adaptive Off-policy Evaluation
in Contextual Bandits", ICML 2017) and DRos (Su et al., "Doubly Robust Off-policy Evaluation with Shrinkage", ICML
2020).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from jobs.ranking.bootstrap import Terms


@dataclass(frozen=True)
class Rounds:
    """Logged choices, and what the policy to be judged thinks of them; each array float64 (n_rounds,).

    reward : what the logged action earned, finite
    logged_probability : of the logged action, by the policy that was logged, in (0, 1]
    probability : of the logged action, by the policy to be judged, in [0, 1]
    predicted : the reward that a model predicts for the logged action, finite
    expected : the mean of that prediction over the choices of the policy to be judged, finite
    """

    reward: np.ndarray
    logged_probability: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    expected: np.ndarray

    def __post_init__(self):
        for field in fields(self):
            values = np.asarray(getattr(self, field.name), np.float64)
            object.__setattr__(self, field.name, values)
            if values.ndim != 1 or len(values) != len(self.reward):
                raise ValueError(f"{field.name} of shape {values.shape}, not (n_rounds,) = {np.shape(self.reward)[:1]}")
            if not np.isfinite(values).all():
                raise ValueError(f"{field.name} has values that are not finite")
        check_probabilities(self.logged_probability, self.probability)

    @classmethod
    def of_actions(
        cls,
        reward: np.ndarray,
        action: np.ndarray,
        logged_probability: np.ndarray,
        policy: np.ndarray,
        predictions: np.ndarray,
    ) -> "Rounds":
        """Rounds from whole distributions over a few actions.

        Parameters
        ----------
        reward, logged_probability : float64 (n_rounds,); action : int (n_rounds,), the logged one
        policy : float64 (n_rounds, n_actions), the probability of each action; each row sums to 1
        predictions : float64 (n_rounds, n_actions), the predicted reward of each action

        Raises ValueError that names the argument.
        """
        action, policy, predictions = np.asarray(action), np.asarray(policy), np.asarray(predictions)
        if policy.ndim != 2 or policy.shape[:1] != action.shape:
            raise ValueError(f"policy of shape {policy.shape}, not (n_rounds, n_actions), n_rounds = {action.shape}")
        if (policy < 0).any() or not np.allclose(policy.sum(axis=1), 1):
            raise ValueError("policy must hold probabilities, each row with a sum of 1")
        if predictions.shape != policy.shape:
            raise ValueError(f"predictions of shape {predictions.shape}, not that of policy, {policy.shape}")
        if not np.issubdtype(action.dtype, np.integer) or ((action < 0) | (action >= policy.shape[1])).any():
            raise ValueError(f"action must hold integers from 0 to {policy.shape[1] - 1}")
        rows = np.arange(len(action))
        expected = (policy * predictions).sum(axis=1)
        return cls(reward, logged_probability, policy[rows, action], predictions[rows, action], expected)

    @property
    def weight(self) -> np.ndarray:
        """Importance weights, float64 (n_rounds,)."""
        return self.probability / self.logged_probability


@dataclass(frozen=True)
class Tuning:
    """How much bias is taken for less variance: weights are clipped at `clip` (clipped IPS); above `switch` the
    prediction alone counts (Switch-DR); `shrinkage` λ turns a weight w into λw / (w² + λ) (DRos)."""

    clip: float = 10.0
    switch: float = 10.0
    shrinkage: float = 100.0

    def __post_init__(self):
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}, not above 0")


def check_probabilities(logged_probability: np.ndarray, probability: np.ndarray) -> None:
    """Raises ValueError that names the array that holds something else than probabilities."""
    if not ((logged_probability > 0) & (logged_probability <= 1)).all():
        raise ValueError("logged_probability must lie in (0, 1]")
    if not ((probability >= 0) & (probability <= 1 + 1e-9)).all():
        raise ValueError("probability must lie in [0, 1]")


def observed(rounds: Rounds, tuning: Tuning) -> Terms:
    """What was earned by the logged policy itself."""
    return Terms(plain=rounds.reward)


def direct_method(rounds: Rounds, tuning: Tuning) -> Terms:
    """DM: the reward that the model predicts for the policy's choices."""
    return Terms(plain=rounds.expected)


def inverse_propensity(rounds: Rounds, tuning: Tuning) -> Terms:
    """IPS: the logged rewards, each weighted by how much likelier the policy is to choose the same."""
    return Terms(plain=rounds.weight * rounds.reward)


def clipped_inverse_propensity(rounds: Rounds, tuning: Tuning) -> Terms:
    """Clipped IPS: no weight above `tuning.clip`."""
    return Terms(plain=np.minimum(rounds.weight, tuning.clip) * rounds.reward)


def self_normalized(rounds: Rounds, tuning: Tuning) -> Terms:
    """SNIPS: the weighted mean of the logged rewards."""
    return Terms(weighted=rounds.weight * rounds.reward, weight=rounds.weight)


def doubly_robust(rounds: Rounds, tuning: Tuning) -> Terms:
    """DR: the model's prediction, and its weighted errors on the logged choices."""
    return Terms(plain=rounds.expected + rounds.weight * (rounds.reward - rounds.predicted))


def self_normalized_doubly_robust(rounds: Rounds, tuning: Tuning) -> Terms:
    """SNDR: as DR, with the weighted mean of the errors."""
    errors = rounds.reward - rounds.predicted
    return Terms(plain=rounds.expected, weighted=rounds.weight * errors, weight=rounds.weight)


def switch_doubly_robust(rounds: Rounds, tuning: Tuning) -> Terms:
    """Switch-DR: errors count only where the weight is at most `tuning.switch`."""
    weight = np.where(rounds.weight <= tuning.switch, rounds.weight, 0)
    return Terms(plain=rounds.expected + weight * (rounds.reward - rounds.predicted))


def doubly_robust_with_shrinkage(rounds: Rounds, tuning: Tuning) -> Terms:
    """DRos: DR with weights shrunk optimistically, λw / (w² + λ)."""
    weight = tuning.shrinkage * rounds.weight / (rounds.weight**2 + tuning.shrinkage)
    return Terms(plain=rounds.expected + weight * (rounds.reward - rounds.predicted))


ESTIMATORS: Mapping[str, Callable[[Rounds, Tuning], Terms]] = {
    "DM": direct_method,
    "IPS": inverse_propensity,
    "clipped IPS": clipped_inverse_propensity,
    "SNIPS": self_normalized,
    "DR": doubly_robust,
    "SNDR": self_normalized_doubly_robust,
    "Switch-DR": switch_doubly_robust,
    "DRos": doubly_robust_with_shrinkage,
}
"""All estimators of single choices, by name."""


def terms(rounds: Rounds, tuning: Tuning | None = None) -> dict[str, Terms]:
    """What each estimator, and `observed`, takes from each round; for `bootstrap.totals`."""
    tuning = tuning or Tuning()
    return {name: estimator(rounds, tuning) for name, estimator in {"observed": observed, **ESTIMATORS}.items()}
