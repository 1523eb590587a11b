"""The reward model and its features."""

import json

import numpy as np
import pytest

from jobs.cli import UserError
from jobs.ranking import features, reward
from tests.ranking.worlds import WEEK


def some_features(n=50, seed=0):
    rng = np.random.default_rng(seed)
    return features.matrix({f.name: rng.uniform(f.low, f.high, n) * (rng.random(n) < 0.6) for f in features.FEATURES})


def test_every_feature_is_declared_once_with_a_range_and_a_meaning():
    assert len(set(features.DESIGN_NAMES)) == len(features.DESIGN_NAMES) == len(features.prior())
    assert set(features.KINDS) <= set(features.NAMES)
    for feature in features.FEATURES:
        assert feature.low < feature.high
        assert feature.meaning


def test_values_outside_the_range_are_clipped():
    columns = {f.name: np.array([f.low - 1, f.high + 1]) for f in features.FEATURES}
    found = features.matrix(columns)
    assert found[0].tolist() == [f.low for f in features.FEATURES]
    assert found[1].tolist() == [f.high for f in features.FEATURES]


def test_the_log_gives_the_features_back():
    assert (features.from_log(features.to_log(some_features())) == some_features()).all()


def test_a_feature_that_is_no_longer_known_is_left_out():
    import pyarrow as pa

    logged = pa.array([[("popularity", 0.5), ("shoe size", 42.0)], []], pa.map_(pa.string(), pa.float64()))
    found = features.from_log(logged)
    assert found[0, features.POSITION["popularity"]] == 0.5
    assert found.sum() == 0.5


def test_the_design_has_an_intercept_the_features_and_their_products():
    found = features.design(some_features())
    column = {name: found[:, i] for i, name in enumerate(features.DESIGN_NAMES)}
    assert (column["intercept"] == 1).all()
    assert column["mainstream*popularity"] == pytest.approx(column["mainstream"] * column["popularity"])


def test_the_prior_model_gives_what_the_prior_states():
    nothing = np.zeros((1, len(features.NAMES)))
    assert reward.prior_model().predict(nothing) == pytest.approx(1 / (1 + np.exp(1.5)))
    liked = nothing.copy()
    liked[0, features.POSITION["match_collaborative"]] = 1
    assert reward.prior_model().predict(liked) == pytest.approx(1 / (1 + np.exp(1.5 - 1.6)))


def test_a_model_comes_back_from_its_json():
    model = reward.prior_model()
    assert reward.load(model.model_dump_json(), "v1") == model


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda m: "{", "JSON"),
        (lambda m: json.dumps({**m, "weights": m["weights"][1:]}), "weights for"),
        (lambda m: json.dumps({**m, "weights": [float("nan"), *m["weights"][1:]]}), "finite"),
        (lambda m: json.dumps({**m, "names": ["shoe size", *m["names"][1:]]}), "shoe size"),
        (lambda m: json.dumps({**m, "names": m["names"][::-1]}), "another order"),
        (lambda m: json.dumps({**m, "kind": "oracle"}), "logistic_regression"),
    ],
)
def test_a_damaged_model_is_refused_by_name(damage, message):
    text = damage(json.loads(reward.prior_model().model_dump_json()))
    with pytest.raises(UserError, match="policies: the model of 2026-v1 is damaged") as error:
        reward.load(text, "2026-v1")
    assert message in str(error.value)


def test_the_version_changes_with_the_week_the_weights_and_epsilon():
    model = reward.prior_model()
    other = reward.RewardModel(weights=(0.0, *model.weights[1:]))
    names = {reward.version(WEEK, model, 0.1), reward.version(WEEK, other, 0.1), reward.version(WEEK, model, 0.2)}
    assert len(names) == 3
    assert all(name.startswith("2026-11-23-") for name in names)
