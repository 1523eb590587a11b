"""Off-policy estimators for whole lists: the reward per list of a policy that draws a list place by place.

IIPS (Li et al., "Offline Evaluation of Ranking Policies with Click Models", KDD 2018) takes places as independent of
each other; RIPS (McInerney et al., "Counterfactual Evaluation of Slate Recommendations with Sequential Reward
Interactions", KDD 2020) lets a reward depend on all places above; cascade-DR (Kiyohara et al., "Doubly Robust
Off-Policy Evaluation for Ranking Policies under the Cascade Behavior Model", WSDM 2022) adds a model of the reward
from a place downwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from jobs.ranking.bootstrap import Terms
from jobs.ranking.estimators import check_probabilities


@dataclass(frozen=True)
class LoggedLists:
    """Logged lists, and what the policy to be judged thinks of them; each array float64 (n_lists, length).

    Where a list has ended, rewards and predictions are 0 and probabilities 1.

    reward : what each place earned, finite; 0 where it was not reached
    logged_probability : of the logged action given those above, by the policy that was logged, in (0, 1]
    probability : the same, by the policy to be judged, in [0, 1]
    predicted : the reward that a model predicts from this place to the end, given the logged action, finite
    expected : the mean of that prediction over the choices of the policy to be judged for this place, finite
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
            if values.ndim != 2 or values.shape != np.shape(self.reward):
                raise ValueError(f"{field.name} of shape {values.shape}, not (n_lists, length) {np.shape(self.reward)}")
            if not np.isfinite(values).all():
                raise ValueError(f"{field.name} has values that are not finite")
        check_probabilities(self.logged_probability, self.probability)

    @property
    def weight(self) -> np.ndarray:
        """Importance weight of each place alone, float64 (n_lists, length)."""
        return self.probability / self.logged_probability


def observed(lists: LoggedLists) -> Terms:
    """What was earned by the logged policy itself."""
    return Terms(plain=lists.reward.sum(axis=1))


def independent_ips(lists: LoggedLists) -> Terms:
    """IIPS: each place weighted by its own choice."""
    return Terms(plain=(lists.weight * lists.reward).sum(axis=1))


def reward_interaction_ips(lists: LoggedLists) -> Terms:
    """RIPS: each place weighted by its choice and all above."""
    return Terms(plain=(lists.weight.cumprod(axis=1) * lists.reward).sum(axis=1))


def self_normalized_reward_interaction_ips(lists: LoggedLists) -> Terms:
    """SNRIPS: as RIPS, with a weighted mean for each place, which long lists need."""
    weight = lists.weight.cumprod(axis=1)
    return Terms(weighted=weight * lists.reward, weight=weight)


def cascade_doubly_robust(lists: LoggedLists) -> Terms:
    """Cascade-DR: Σ over places k of w₁…w_k (r_k − Q_k) + w₁…w_{k−1} E[Q_k], with Q the predicted reward from k on."""
    down_to = lists.weight.cumprod(axis=1)
    above = np.hstack([np.ones((len(down_to), 1)), down_to[:, :-1]])
    return Terms(plain=(down_to * (lists.reward - lists.predicted) + above * lists.expected).sum(axis=1))


ESTIMATORS: Mapping[str, Callable[[LoggedLists], Terms]] = {
    "IIPS": independent_ips,
    "RIPS": reward_interaction_ips,
    "SNRIPS": self_normalized_reward_interaction_ips,
    "cascade-DR": cascade_doubly_robust,
}
"""All estimators of whole lists, by name."""


def terms(lists: LoggedLists) -> dict[str, Terms]:
    """What each estimator, and `observed`, takes from each list; for `bootstrap.totals`."""
    return {name: estimator(lists) for name, estimator in {"observed": observed, **ESTIMATORS}.items()}
