"""The reward model: the chance that a listener streams a track that is offered with a reason."""

import hashlib
from datetime import date
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from jobs.cli import UserError
from jobs.ranking import features


class RewardModel(BaseModel):
    """A logistic regression over `features.design`, as it is stored in `policies.model`.

    `weights` are log-odds, one for each of `names`, which must be the features that the code knows, in its order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["logistic_regression"] = "logistic_regression"
    names: tuple[str, ...] = features.DESIGN_NAMES
    weights: tuple[float, ...]

    @field_validator("names")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if names != features.DESIGN_NAMES:
            odd = sorted(set(names) ^ set(features.DESIGN_NAMES)) or "another order"
            raise ValueError(f"its features are not those of this code: {odd}")
        return names

    @field_validator("weights")
    @classmethod
    def _one_for_each(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if len(weights) != len(features.DESIGN_NAMES):
            raise ValueError(f"{len(weights)} weights for {len(features.DESIGN_NAMES)} features")
        return weights

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Chance of a stream of at least 30 s, in (0, 1), float64.

        Parameters
        ----------
        matrix : float64, shape (n_actions, n_features), as `features.matrix` makes it.
        """
        # A sum along each row, not a matrix product: BLAS rounds a row differently in matrices of different height,
        # and a listener's list must not depend on who else is in the block.
        log_odds = (features.design(matrix) * np.array(self.weights)).sum(axis=1)
        return sigmoid(log_odds)


def prior_model() -> RewardModel:
    """The model before there is any feedback."""
    return RewardModel(weights=tuple(features.prior()))


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), kept off 0 and 1 so that its logarithm is finite."""
    return np.clip(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30))), 1e-12, 1 - 1e-12)


def version(week: date, model: RewardModel, epsilon: float) -> str:
    """The name of the policy: its week, and a hash of what decides its choices."""
    digest = hashlib.sha256(f"{epsilon}/{model.model_dump_json()}".encode()).hexdigest()
    return f"{week.isoformat()}-{digest[:8]}"


def load(text: str, policy_version: str) -> RewardModel:
    """The model in `policies.model`. Raises UserError that names the policy when it is damaged."""
    try:
        return RewardModel.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'model'}: {e['msg']}" for e in error.errors())
        raise UserError(
            f"policies: the model of {policy_version} is damaged ({wrong}); "
            "run `python -m jobs.ranking learn` for its week again"
        ) from None
