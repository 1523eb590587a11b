"""The reward model and its features."""

import json
from itertools import combinations

import numpy as np
import pytest

from jobs.cli import UserError
from jobs.ranking import features, reward
from tests.ranking.worlds import WEEK, exploration


def some_features(n=50, seed=0):
    rng = np.random.default_rng(seed)
    return features.matrix({f.name: rng.uniform(f.low, f.high, n) * (rng.random(n) < 0.6) for f in features.FEATURES})


def test_every_feature_is_declared_once_with_a_range_and_a_meaning():
    assert len(set(features.DESIGN_NAMES)) == len(features.DESIGN_NAMES) == len(features.prior())
    assert set(features.KINDS) <= set(features.NAMES)
    for feature in features.FEATURES:
        assert feature.low < feature.high
        assert feature.meaning
    in_groups = (*features.OF_TRACK, *features.OF_REASON, *features.OF_LISTENER, features.POSITION)
    assert in_groups == features.NAMES


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
    assert found[0, features.COLUMN["popularity"]] == 0.5
    assert found.sum() == 0.5


def test_the_design_has_an_intercept_the_features_and_their_products():
    found = features.design(some_features())
    column = {name: found[:, i] for i, name in enumerate(features.DESIGN_NAMES)}
    assert (column["intercept"] == 1).all()
    assert column["mainstream*popularity"] == pytest.approx(column["mainstream"] * column["popularity"])


def test_the_stated_model_gives_what_is_stated():
    nothing = np.zeros((1, len(features.NAMES)))
    assert reward.stated_model().predict(nothing) == pytest.approx(1 / (1 + np.exp(1.5)))
    liked = nothing.copy()
    liked[0, features.COLUMN["match_collaborative"]] = 1
    assert reward.stated_model().predict(liked) == pytest.approx(1 / (1 + np.exp(1.5 - 1.6)))


def test_a_model_comes_back_from_its_json():
    model = reward.stated_model()
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
        (lambda m: json.dumps({**m, "features_version": 1}), "features_version"),
        (lambda m: json.dumps({**m, "pairs": [[0.1]] * len(m["pairs"])}), "the position has factors"),
        (lambda m: json.dumps({**m, "pairs": m["pairs"][1:]}), "list of equal length"),
        (lambda m: json.dumps({**m, "pairs": [*m["pairs"][:-2], [0.1], []]}), "list of equal length"),
        (lambda m: json.dumps({**m, "pairs": [*[[0.1]] * (len(m["pairs"]) - 1), [0.0]]}), "regression has no factors"),
        (lambda m: json.dumps({**m, "slope": -1.0}), "turns the order around"),
    ],
)
def test_a_damaged_model_is_refused_by_name(damage, message):
    text = damage(json.loads(reward.stated_model().model_dump_json()))
    with pytest.raises(UserError, match="policies: the model of 2026-v1 is damaged") as error:
        reward.load(text, "2026-v1")
    assert message in str(error.value)


def test_the_version_changes_with_the_week_the_weights_and_how_it_explores():
    model = reward.stated_model()
    other = reward.RewardModel(weights=(0.0, *model.weights[1:]), prior=model.prior)
    how, more = exploration(), exploration(epsilon=0.2)
    names = {reward.version(WEEK, model, how), reward.version(WEEK, other, how), reward.version(WEEK, model, more)}
    assert len(names) == 3
    assert all(name.startswith("2026-11-23-") for name in names)


def a_machine(seed=0, rank=3, triple_rank=2):
    """A factorization machine with all its parts, calibrated."""
    rng, n = np.random.default_rng(seed), len(features.NAMES)
    factors = [rng.normal(size=(n, r)) for r in (rank, triple_rank)]
    for of in factors:
        of[features.COLUMN["position"]] = 0
    return reward.RewardModel(
        kind="factorization_machine",
        weights=tuple(rng.normal(size=len(features.DESIGN_NAMES))),
        prior=tuple(features.prior()),
        pairs=tuple(map(tuple, factors[0])),
        triples=tuple(map(tuple, factors[1])),
        slope=0.7,
        offset=-0.2,
    )


def test_a_machine_is_its_formula_worked_out_pair_by_pair_and_triple_by_triple():
    model, x = a_machine(), some_features(6)
    pairs, triples = np.array(model.pairs), np.array(model.triples)
    expected = features.design(x) @ np.array(model.weights)
    for row, features_of in enumerate(x):
        for i, j in combinations(range(len(features_of)), 2):
            expected[row] += pairs[i] @ pairs[j] * features_of[i] * features_of[j]
        for i, j, k in combinations(range(len(features_of)), 3):
            product = triples[i] * triples[j] * triples[k]
            expected[row] += product.sum() * features_of[i] * features_of[j] * features_of[k]
    assert model.log_odds(x) == pytest.approx(0.7 * expected - 0.2)
    assert model.predict(x) == pytest.approx(reward.sigmoid(0.7 * expected - 0.2))


def test_a_row_is_predicted_alike_in_any_company():
    model, x = a_machine(), some_features(40)
    assert (model.predict(x)[7:9] == model.predict(x[7:9])).all()


def test_the_place_moves_the_log_odds_of_all_actions_alike():
    model, x = a_machine(), some_features(5)
    x[:, features.COLUMN["position"]] = 0
    ranks = np.array([1, 2, 7, 30, 30])
    at_ranks = x.copy()
    at_ranks[:, features.COLUMN["position"]] = features.position(ranks)
    assert model.at_ranks(model.log_odds(x), ranks) == pytest.approx(model.log_odds(at_ranks))
    assert features.position(np.array([1, 30])).tolist() == [0, 1]
