"""The reward model: the chance that a listener streams a track that is offered with a reason."""

import hashlib
from datetime import date
from functools import cached_property
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from jobs.cli import UserError
from jobs.ranking import features, machine
from jobs.ranking.choice import Exploration

Kind = Literal["logistic_regression", "factorization_machine"]


class RewardModel(BaseModel):
    """A reward model as it is stored in `policies.model`.

    Both kinds are logistic over `features.design`; a factorization machine has factors as well, whose products stand
    for all pairs (and triples) of features but the position. `machine` has the formula.

    weights, prior : log-odds, one for each of `names`; `prior` is what the weights were drawn towards
    pairs, triples : for each feature its factors; all of one length, 0 in a logistic regression
    slope, offset : calibration; the chance is σ(slope · log-odds + offset)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Kind = "logistic_regression"
    features_version: Literal[4] = features.VERSION
    names: tuple[str, ...] = features.DESIGN_NAMES
    weights: tuple[float, ...]
    prior: tuple[float, ...]
    pairs: tuple[tuple[float, ...], ...] = ((),) * len(features.NAMES)
    triples: tuple[tuple[float, ...], ...] = ((),) * len(features.NAMES)
    slope: float = 1.0
    offset: float = 0.0

    @field_validator("names")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if names != features.DESIGN_NAMES:
            odd = sorted(set(names) ^ set(features.DESIGN_NAMES)) or "another order"
            raise ValueError(f"its features are not those of this code: {odd}")
        return names

    @field_validator("weights", "prior")
    @classmethod
    def _one_for_each(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if len(weights) != len(features.DESIGN_NAMES):
            raise ValueError(f"{len(weights)} weights for {len(features.DESIGN_NAMES)} features")
        return weights

    @field_validator("pairs", "triples")
    @classmethod
    def _rectangular(cls, factors: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
        if len(factors) != len(features.NAMES) or len({len(of) for of in factors}) > 1:
            raise ValueError(f"not a list of equal length for each of {len(features.NAMES)} features")
        if any(factors[features.COLUMN[features.POSITION]]):
            raise ValueError("the position has factors")
        return factors

    @field_validator("slope")
    @classmethod
    def _rising(cls, slope: float) -> float:
        if slope <= 0:
            raise ValueError("the calibration turns the order around")
        return slope

    @model_validator(mode="after")
    def _factors_of_its_kind(self) -> Self:
        if self.kind == "logistic_regression" and (self.pairs[0] or self.triples[0]):
            raise ValueError("a logistic regression has no factors")
        return self

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        shape = (len(features.NAMES), -1)
        pairs, triples = (np.array(of, np.float64).reshape(shape[0], len(of[0])) for of in (self.pairs, self.triples))
        return np.array(self.weights, np.float64), features.LEFT, features.RIGHT, pairs, triples

    def log_odds(self, matrix: np.ndarray) -> np.ndarray:
        """Calibrated log-odds of a stream, float64 (n_actions,).

        Parameters
        ----------
        matrix : float32 or float64 (n_actions, n_features), as `features.matrix` makes it.
        """
        return self.slope * machine.log_odds(matrix, *self._arrays) + self.offset

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Chance of a stream of at least 30 s, in (0, 1), float64 (n_actions,); `matrix` as in `log_odds`."""
        return sigmoid(self.log_odds(matrix))

    def at_ranks(self, log_odds: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """The log-odds of actions at other places, from those at the first place.

        log_odds : float64 (n,), at rank 1; ranks : int (n,), from 1
        """
        weight = self.weights[1 + features.COLUMN[features.POSITION]]
        return log_odds + self.slope * weight * features.position(ranks)


def stated_model() -> RewardModel:
    """The model that `features` states, before listening history and feedback say more."""
    stated = tuple(features.prior())
    return RewardModel(weights=stated, prior=stated)


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), kept off 0 and 1 so that its logarithm is finite."""
    return np.clip(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30))), 1e-12, 1 - 1e-12)


def version(week: date, model: RewardModel, exploration: Exploration) -> str:
    """The name of a policy: its week, and a hash of what decides its choices."""
    digest = hashlib.sha256(f"{exploration}/{model.model_dump_json()}".encode()).hexdigest()
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
